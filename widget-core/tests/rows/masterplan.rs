//! The customer's requirements, row by row, in the order of the masterplan.

use crate::Row;

/// Every row.
pub const ROWS: &[Row] = &[
    // --- Overview
    Row::code(
        "A001",
        "What is the customer's alone stands in the policy file; no name in code",
        &["policy: organisation"],
        &[
            "widget-core/tests/rows/main.rs::no_source_names_the_customer",
            "backend/tests/it/policy.rs::policy_reload",
        ],
    ),
    Row::code(
        "A002",
        "«читать данные из CRM»",
        &["decide::inquiry", "adapters::amocrm::read"],
        &[
            "backend/src/adapters/amocrm/tests.rs::a_known_contact_costs_two_requests",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    Row::code(
        "A003",
        "«перемещать сделки по воронке»: only the moves that the policy allows",
        &[
            "decide::stages",
            "policy: stages[new].consulted_to",
            "policy: stages[consulted].payment_link_to",
        ],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_funnel_the_bot_moves_two_steps_and_no_other",
            "widget-core/src/decide/tests/stages.rs::behaviour_3_nothing_else_is_moved",
        ],
    ),
    Row::code(
        "A004",
        "«ставить задачи»: one, however often it is tried",
        &["decide::handoff", "adapters::amocrm::write"],
        &[
            "widget-core/src/decide/tests/task.rs::masterplan_2_handoff_is_one_message_one_task_the_field_and_a_note",
            "backend/src/adapters/amocrm/tests.rs::promise_3_nothing_twice_what_took_effect_is_found",
            "backend/tests/it/crash.rs::promise_3_writes_to_the_crm_whose_responses_are_lost_are_not_made_again",
        ],
    ),
    Row::code(
        "A005",
        "«управлять передачей диалога» between the bot and managers; no way leads to a send while a manager leads",
        &["owner::next", "decide::ownership"],
        &[
            "widget-core/src/owner.rs::behaviour_1_every_row_of_the_owner_table",
            "widget-core/src/decide/tests/machine.rs::promises_hold_whatever_happens",
            "widget-core/src/decide/tests/model.rs::behaviour_1_decide_and_the_owner_table_say_the_same_of_who_leads",
        ],
    ),
    Row::code(
        "A006",
        "A bot works already: it gets questions and reports what it cannot answer",
        &["ports::bot::BotRequest", "adapters::bot::http", "adapters::bot::check", "http::openapi"],
        &[
            "backend/src/http/openapi.rs::issue_9_1_the_checked_in_description_is_what_is_served",
            "backend/tests/it/bot_check.rs::issue_9_1_each_broken_bot_fails_its_own_line",
            "backend/src/adapters/bot/http/tests.rs::a_turn_is_signed_over_timestamp_and_body",
            "backend/src/adapters/bot/answer.rs::a_whole_answer",
            "backend/src/adapters/bot/answer.rs::promise_4_in_doubt_a_person_an_odd_answer_carries_nothing_to_say",
        ],
    ),
    Row::code(
        "A007",
        "Knowledge base, booking and payment links exist: their facts are fields of the bot's answer",
        &["event::BotAnswer", "decide::turns"],
        &[
            "backend/src/adapters/bot/answer.rs::a_whole_answer",
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_bots_own_doubts",
            "widget-core/src/decide/tests/stages.rs::behaviour_3_a_payment_link_moves_to_prebooked",
        ],
    ),
    Row::code(
        "A008",
        "The bot's messages appear in amoCRM through Pact: sent there alone, and not posted again as a note",
        &["adapters::pact", "decide::turns"],
        &[
            "backend/src/adapters/pact/tests.rs::a_send_goes_to_the_conversation_with_the_token_in_the_header",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_state_an_answer_is_not_posted_as_a_note",
            "backend/tests/it/crash.rs::promise_3_a_text_whose_response_is_lost_is_not_sent_again",
        ],
    ),
    Row::code(
        "A009",
        "Access to the API of amoCRM: by a long-lived token, or by OAuth with a pair that is renewed once and stored sealed",
        &["adapters::amocrm::keyring", "http::oauth"],
        &[
            "backend/tests/it/oauth.rs::from_nothing_an_account_is_connected_by_a_code_and_its_guests_are_answered",
            "backend/src/adapters/amocrm/keyring/tests.rs::promise_3_nothing_twice_many_calls_of_two_instances_renew_a_pair_once",
            "backend/src/adapters/store/contract.rs::privacy_tokens_are_sealed_and_go_with_their_account",
            "backend/src/config/mod.rs::secrets_are_never_printed",
            "backend/src/adapters/http.rs::a_token_is_not_shown",
        ],
    ),
    // --- Сценарий 1
    Row::code(
        "A010",
        "The guest writes in WhatsApp: verified, once, in any order",
        &["http::webhooks", "flow::ingest"],
        &[
            "backend/tests/it/path.rs::a_raw_webhook_of_pact_is_answered_and_moves_the_deal",
            "backend/tests/it/bad_input.rs::a_wrong_secret_finds_nothing",
            "backend/tests/it/bad_input.rs::promise_2_a_delivery_that_comes_twice_takes_effect_once",
            "backend/tests/it/bad_input.rs::a_guests_messages_out_of_order_are_all_answered",
        ],
    ),
    Row::code(
        "A011",
        "The bot introduces itself as «виртуальный помощник», once in an episode",
        &["policy: texts.intro", "policy: bot_name", "decide::turns"],
        &[
            "widget-core/src/text.rs::masterplan_scenario_1_the_bot_greets_with_and_without_a_name",
            "backend/tests/it/path.rs::the_intro_stands_once_in_an_episode",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_1_a_new_guest_from_the_first_word_to_the_booking",
        ],
    ),
    Row::code(
        "A012",
        "«Есть ли карточка контакта»: by phone in any spelling; none, one or several",
        &["phone::same", "adapters::amocrm::read"],
        &[
            "widget-core/src/phone.rs::masterplan_l198_a_contact_is_found_however_its_number_is_spelled",
            "backend/src/adapters/amocrm/tests.rs::a_search_believes_only_the_same_phone",
            "backend/src/adapters/amocrm/tests.rs::of_two_contacts_the_one_with_an_open_deal_is_meant",
            "backend/src/adapters/amocrm/tests.rs::a_guest_that_nobody_knows_is_nobody",
            "backend/tests/it/path.rs::point_1_a_contact_of_another_spelling_is_the_same_guest",
        ],
    ),
    Row::code(
        "A013",
        "«Есть ли активные сделки» from «Новая заявка» to «Проживающие»; closed ones do not count",
        &["decide::inquiry", "policy: stages"],
        &[
            "widget-core/src/decide/tests/inquiry.rs::behaviour_3_the_stages_of_a_single_deal",
            "widget-core/src/case/tests/deals.rs::closed_deals_count_as_none",
        ],
    ),
    Row::code(
        "A014",
        "A deal from «Предоплата получена» to «Проживающие»: a question on the booking",
        &[
            "policy: inquiry.booking",
            "policy: stages[prepaid].booking",
            "policy: stages[arrival].booking",
            "policy: stages[staying].booking",
        ],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_1_step_4_an_active_deal_with_a_booking_is_a_question_about_it",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_with_a_prepaid_deal_it_is_a_question_about_the_booking",
        ],
    ),
    Row::code(
        "A015",
        "No active deals: a new inquiry",
        &["policy: inquiry.none"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_without_active_deals_it_is_a_new_inquiry",
            "widget-core/src/decide/tests/inquiry.rs::masterplan_1_a_new_guest_is_answered_before_there_is_a_deal",
        ],
    ),
    Row::code(
        "A016",
        "«При неясности» the bot asks back once, then a person answers",
        &["policy: texts.clarify_kind", "policy: bot.clarify_max", "decide::turns"],
        &[
            "widget-core/src/decide/tests/clarify.rs::masterplan_1_unclear_is_asked_back_at_every_stage",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_when_unclear_the_bot_asks_back_and_then_a_manager_answers",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_an_answer_to_the_question_back_goes_on",
            "widget-core/src/case/tests/words.rs::behaviour_3_thanks_torn_sentences_and_other_languages",
        ],
    ),
    Row::code(
        "A017",
        "A deal on one of the first three stages is not in the masterplan: it goes on, no second one is made",
        &["policy: inquiry.early"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_1_step_4_an_early_deal_goes_on_and_no_second_one_is_made",
        ],
    ),
    Row::code(
        "A018",
        "«При успехе перемещает сделку»: on what the bot did, once it has left, not on words",
        &["decide::stages", "policy: bot.consulted_when"],
        &[
            "widget-core/src/decide/tests/stages.rs::behaviour_3_the_first_answer_moves_a_new_deal_once_its_send_is_accepted",
            "widget-core/src/decide/tests/stages.rs::behaviour_3_an_answer_that_never_left_moves_nothing",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_a_new_guest_is_consulted_and_gets_the_link",
        ],
    ),
    // --- Сценарий 2: what hands over
    Row::code(
        "A019",
        "«Не понимает вопрос / не может ответить»",
        &["policy: triggers[bot_unsure]", "decide::turns"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_bots_own_doubts",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_what_the_bot_does_not_know_goes_to_a_manager",
        ],
    ),
    Row::code(
        "A020",
        "«Не нашел информацию в базе знаний»",
        &["policy: triggers[no_kb]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_bots_own_doubts",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_what_the_bot_does_not_know_goes_to_a_manager",
        ],
    ),
    Row::code(
        "A021",
        "«Ссылается на прошлые заезды для нового бронирования»",
        &["policy: triggers[past_stays]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_rows_in_the_masterplans_words",
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_triggers_by_fact_with_their_boundaries",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_every_topic_of_the_list_goes_to_a_manager",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A022",
        "«Несколько сделок одновременно»",
        &["policy: triggers[multi_deal]", "policy: inquiry.several"],
        &[
            "widget-core/src/decide/tests/inquiry.rs::masterplan_2_several_deals_at_once_are_a_persons",
            "widget-core/src/decide/tests/inquiry.rs::behaviour_3_several_open_deals_are_clarified_once_then_a_person",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_of_several_deals_the_guest_is_asked_which_one_and_then_a_manager_answers",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A023",
        "«Есть в инструкции бота»: the triggers are data, and one source for both",
        &["policy: triggers", "ports::bot::BotPolicy"],
        &[
            "widget-core/src/policy/file.rs::masterplan_scenario_2_every_trigger_that_conditions_can_say_is_there",
            "backend/tests/it/policy.rs::policy_reload",
        ],
    )
    .and_later("a test that each question to the bot carries them (`flow::render` does)"),
    Row::code(
        "A024",
        "Asks for the status of a payment or refund; a mapped field that says it is repeated",
        &[
            "policy: triggers[payment_status].repeat",
            "policy: triggers[refund_status].repeat",
            "policy: fields.payment",
            "policy: fields.refund",
            "policy: texts.repeat_payment",
            "policy: texts.repeat_refund",
        ],
        &[
            "widget-core/src/decide/tests/payment.rs::masterplan_2_payment_and_refund_status_are_repeated_from_a_filled_field",
            "widget-core/src/decide/tests/payment.rs::masterplan_2_payment_status_that_the_crm_does_not_know_is_a_persons",
            "backend/tests/it/scenarios/handoff.rs::payment_status_is_repeated_from_a_mapped_field",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A025",
        "«Проверить оплаты, чеки»",
        &["policy: triggers[payment_check]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_rows_in_the_masterplans_words",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_every_topic_of_the_list_goes_to_a_manager",
            "widget-core/src/decide/tests/payment.rs::masterplan_2_payment_status_is_not_repeated_when_another_trigger_fires_too",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A026",
        "«Повторно сформировать ссылку на оплату или возврат»: the bot is not even asked",
        &["policy: triggers[payment_link_again]", "policy: triggers[refund_link_again]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_rows_in_the_masterplans_words",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_every_topic_of_the_list_goes_to_a_manager",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
            "widget-core/src/decide/tests/booking.rs::masterplan_scenario_2_a_second_link_is_a_persons",
            "backend/tests/it/booking.rs::issue_9_5_a_link_is_sent_once_and_the_deal_moves",
        ],
    ),
    Row::code(
        "A027",
        "«Стоимость продления»",
        &["policy: triggers[extension_cost]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_rows_in_the_masterplans_words",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_every_topic_of_the_list_goes_to_a_manager",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A028",
        "«Стоимость доп. услуг»",
        &["policy: triggers[extra_service_cost]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_rows_in_the_masterplans_words",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_every_topic_of_the_list_goes_to_a_manager",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A029",
        "«Сделал оплату»: handed over, and the deal is not moved",
        &["policy: triggers[paid_notice]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_rows_in_the_masterplans_words",
            "widget-core/src/decide/tests/payment.rs::masterplan_2_a_payment_never_moves_the_deal",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_every_topic_of_the_list_goes_to_a_manager",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A030",
        "«Выслал чек»: also a picture or file with hardly a word while the payment is awaited",
        &["policy: triggers[receipt_sent]", "policy: triggers[receipt_attachment]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::behaviour_3_attachments_of_every_kind",
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_attachments",
            "widget-core/src/case/tests/outcomes.rs::an_attachment_alone_goes_to_a_manager_and_one_at_the_prebooking_is_a_receipt",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A031",
        "«Гостей больше 4»: 5 fires, 4 does not",
        &["policy: triggers[guests_over_4]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_triggers_by_fact_with_their_boundaries",
            "widget-core/src/understand/reader/tests.rs::masterplan_scenario_2_the_number_of_guests_is_read",
            "widget-core/src/understand/reader/tests.rs::what_counts_no_guests_states_none",
            "backend/tests/it/path.rs::point_2_five_guests_are_handed_over_with_one_text_one_task_the_field_and_a_note",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_within_the_limits_the_bot_goes_on",
        ],
    ),
    Row::code(
        "A032",
        "«С ребёнком до 3 лет (включительно)»: 3 fires, 4 does not",
        &["policy: triggers[child_le_3]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_triggers_by_fact_with_their_boundaries",
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_rows_in_the_masterplans_words",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_within_the_limits_the_bot_goes_on",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A033",
        "«Более 1 номера в одном бронировании»",
        &["policy: triggers[multi_room]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_triggers_by_fact_with_their_boundaries",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_every_topic_of_the_list_goes_to_a_manager",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_within_the_limits_the_bot_goes_on",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_what_only_sounds_like_a_trigger_is_for_the_bot",
        ],
    ),
    Row::code(
        "A034",
        "«Заезд с питомцем»",
        &["policy: triggers[pet]"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_triggers_by_fact_with_their_boundaries",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_every_topic_of_the_list_goes_to_a_manager",
            "widget-core/src/case/tests/outcomes.rs::masterplan_scenario_2_what_lies_on_the_line_fires_nothing",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_what_only_sounds_like_a_trigger_is_for_the_bot",
        ],
    ),
    // --- Сценарий 2: what is done
    Row::code(
        "A035",
        "«Передаю ваше обращение менеджеру»",
        &["policy: texts.handoff", "decide::handoff"],
        &[
            "widget-core/src/policy/file.rs::masterplan_scenario_2_the_texts_are_the_customers",
            "widget-core/src/decide/tests/task.rs::masterplan_2_handoff_is_one_message_one_task_the_field_and_a_note",
            "backend/tests/it/path.rs::point_2_five_guests_are_handed_over_with_one_text_one_task_the_field_and_a_note",
        ],
    ),
    Row::code(
        "A036",
        "Off hours «В рабочее время вам ответит менеджер»; at 18:00 sharp the day is over",
        &["policy: texts.off_hours", "policy: calendar", "hours::Calendar"],
        &[
            "widget-core/src/decide/tests/waiting.rs::masterplan_2_the_hours_text_at_the_boundaries_of_the_day",
            "widget-core/src/hours.rs::masterplan_scenario_2_working_hours_are_half_open",
            "widget-core/src/decide/tests/calendar.rs::behaviour_5_special_hours_win_over_the_week_and_closed_days",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_off_hours_a_manager_answers_in_working_hours",
            "backend/src/flow/zone.rs::moscow_has_one_offset_and_berlin_changes_twice_a_year",
        ],
    ),
    Row::code(
        "A037",
        "In hours «Вам ответит первый освободившийся менеджер»",
        &["policy: texts.work_hours"],
        &[
            "widget-core/src/decide/tests/waiting.rs::masterplan_2_the_hours_text_at_the_boundaries_of_the_day",
            "widget-core/src/policy/file.rs::masterplan_scenario_2_the_texts_are_the_customers",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_in_working_hours_the_first_free_manager_answers",
        ],
    ),
    Row::code(
        "A038",
        "One open task «WhatsApp»: for the deal's responsible, or as amoCRM distributes",
        &[
            "policy: tasks.whatsapp.type",
            "policy: tasks.assign",
            "policy: tasks.fallback",
            "decide::handoff",
        ],
        &[
            "widget-core/src/decide/tests/task.rs::masterplan_2_the_task_is_for_the_active_responsible_else_the_fallback_else_as_the_crm_does",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_in_working_hours_the_first_free_manager_answers",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_the_task_of_somebody_who_left_goes_to_the_fallback",
            "backend/src/adapters/amocrm/tests.rs::what_is_written_and_what_it_answers",
            "backend/src/adapters/amocrm/tests.rs::a_task_whose_assignee_is_refused_is_created_without",
        ],
    ),
    Row::code(
        "A039",
        "«Бот переходит в режим ожидания»: further messages go into the same task",
        &["owner::Owner", "decide::messages"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_guest_wrote_in_waiting_sets_the_task_anew_and_nothing_else",
            "backend/tests/it/path.rs::point_2_a_second_message_while_waiting_makes_no_second_task_and_no_answer",
            "backend/tests/it/path.rs::point_2_a_second_message_at_once_is_in_the_one_task_too",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_in_working_hours_the_first_free_manager_answers",
        ],
    ),
    // --- Сценарий 3
    Row::code(
        "A040",
        "«Менеджер отмечает, что взял диалог»: the button, or the deal's field",
        &["decide::ownership", "http::dialogs", "policy: ownership.field"],
        &[
            "backend/tests/it/scenarios/take.rs::scenario_3_by_the_button",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_the_field",
            "backend/tests/it/browser.rs::points_2_and_3_clicked_through_in_the_card",
            "backend/tests/it/browser.rs::the_field_of_the_deal_takes_and_returns_in_the_card",
        ],
    ),
    Row::code(
        "A041",
        "«Автоматически, если ответственный менеджер заходит в сделку»; others only look",
        &["policy: ownership.take_on_open", "http::card"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_card_opened_takes_as_the_policy_says",
            "backend/tests/it/scenarios/take.rs::scenario_3_when_the_responsible_opens_the_deal",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_opening_always_as_the_masterplan_reads",
            "backend/tests/it/api.rs::opening_the_card_takes_a_waiting_dialog_for_its_responsible_and_can_be_undone",
        ],
    ),
    Row::code(
        "A042",
        "«Бот не вмешивается»: not even with an answer that is on its way",
        &["decide::messages", "ports::Store"],
        &[
            "widget-core/src/decide/tests/promises.rs::promise_1_one_voice_an_answer_decided_before_the_take_is_fenced_by_its_epoch",
            "widget-core/src/decide/tests/promises.rs::promise_1_one_voice_an_answer_after_the_take_is_dropped",
            "backend/tests/it/path.rs::promise_1_a_take_silences_an_answer_that_is_being_generated",
            "backend/src/adapters/store/contract.rs::promise_1_one_voice_a_send_of_an_older_epoch_is_refused",
            "backend/tests/it/crash.rs::a_take_that_was_answered_survives_a_kill",
        ],
    ),
    Row::code(
        "A043",
        "A manager writes without pressing the button: that takes the dialog",
        &["decide::ownership", "flow::inbox"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_a_persons_message_takes_and_counts_as_the_answer",
            "backend/tests/it/path.rs::point_4_a_person_who_writes_takes_the_dialog_wherever_from",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_a_message_from_amocrm",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_a_message_from_pact_or_the_phone",
            "backend/tests/it/scenarios/take.rs::scenario_3_a_robot_or_a_mailing_takes_nothing",
        ],
    ),
    // --- Сценарий 4
    Row::code(
        "A044",
        "Returned by hand: «Вернуть боту»",
        &["decide::ownership", "http::dialogs"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_returned_from_waiting_and_manager",
            "backend/tests/it/scenarios/give_back.rs::scenario_4_by_the_button",
            "backend/tests/it/browser.rs::points_2_and_3_clicked_through_in_the_card",
        ],
    ),
    Row::code(
        "A045",
        "Returned by itself «20? 40? 60?» minutes after the manager's last message; the deadline is kept in the store",
        &["policy: timers.auto_return_after"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_auto_return_to_the_bot_39_59_and_40_00",
            "widget-core/src/decide/tests/peers.rs::peers_09_10_the_pause_ends_by_itself_so_long_after_a_human_wrote",
            "backend/tests/it/scenarios/give_back.rs::scenario_4_forty_minutes_after_the_managers_last_message",
            "backend/src/adapters/store/contract.rs::timers_are_those_of_the_state_and_come_when_due",
        ],
    ),
    Row::code(
        "A046",
        "On return the bot introduces itself",
        &["policy: texts.return_intro", "decide::turns"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_return_with_nothing_unanswered_brings_the_intro_alone",
            "backend/tests/it/path.rs::point_3_a_return_with_nothing_unanswered_introduces_the_bot_alone",
            "backend/tests/it/scenarios/give_back.rs::scenario_4_what_the_guest_asked_meanwhile_is_answered_once_with_the_intro",
        ],
    ),
    Row::code(
        "A047",
        "The bot answers what else is asked (equipment of the room, documents)",
        &["decide::turns"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_3_and_4_taken_answered_returned_asked_again_handed_over_again",
            "backend/tests/it/scenarios/give_back.rs::scenario_4_by_the_button",
        ],
    ),
    Row::code(
        "A048",
        "«Если не может ответить — снова передаёт»: with a task of its own",
        &["decide::handoff"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_3_and_4_taken_answered_returned_asked_again_handed_over_again",
            "widget-core/src/decide/tests/task.rs::masterplan_4_a_second_handoff_after_a_return_has_its_own_task",
            "backend/tests/it/scenarios/give_back.rs::scenario_4_by_the_button",
        ],
    ),
    // --- Сценарий 5
    Row::code(
        "A049",
        "«Перестал отвечать боту, в процессе бронирования»: only there, and only the bot's guests",
        &["decide::touch", "policy: stages[new].touch"],
        &[
            "widget-core/src/decide/tests/touch.rs::masterplan_5_the_text_fits_the_stage_and_only_while_booking",
            "widget-core/src/decide/tests/touch.rs::behaviour_4_final_touch_never_where_it_would_disturb",
            "widget-core/src/decide/tests/touch.rs::behaviour_4_final_touch_counts_from_the_guests_message_not_from_ours",
            "backend/tests/it/scenarios/silence.rs::scenario_5_whom_a_person_has_written_to_is_not_touched",
        ],
    ),
    Row::code(
        "A050",
        "«24ч? 48ч?» later one message that fits the stage, never in quiet hours",
        &[
            "policy: timers.final_touch_after",
            "policy: timers.final_touch_window",
            "policy: timers.quiet",
            "policy: texts.touch_consult",
            "policy: texts.touch_link",
        ],
        &[
            "widget-core/src/decide/tests/touch.rs::masterplan_5_the_final_touch_is_sent_24_hours_after_the_guests_last_message",
            "widget-core/src/decide/tests/touch.rs::masterplan_5_the_text_fits_the_stage_and_only_while_booking",
            "widget-core/src/decide/tests/touch.rs::behaviour_4_final_touch_comes_at_23_hours_where_the_channel_closes_after_24",
            "widget-core/src/decide/tests/touch.rs::behaviour_3_one_final_touch_per_episode",
            "widget-core/src/decide/tests/touch.rs::masterplan_3_a_manager_who_takes_stops_a_touch_on_its_way",
            "backend/tests/it/scenarios/silence.rs::scenario_5_the_touch_waits_for_the_end_of_the_quiet_hours",
        ],
    ),
    Row::code(
        "A051",
        "No reply: «Отказ» or a task «Связаться», as the stage says",
        &[
            "policy: timers.after_touch",
            "policy: stages[new].no_reply_to",
            "policy: stages[consulted].no_reply_to",
        ],
        &[
            "widget-core/src/decide/tests/touch.rs::behaviour_4_after_the_touch_early_stages_go_to_refused_with_the_reason",
            "widget-core/src/decide/tests/touch.rs::behaviour_4_after_the_touch_prebooked_is_a_task_for_a_person",
            "backend/tests/it/scenarios/silence.rs::scenario_5_who_does_not_answer_the_touch_is_refused_at_an_early_stage",
            "backend/tests/it/scenarios/silence.rs::scenario_5_with_the_link_sent_a_manager_follows_up",
        ],
    ),
    // --- Данные для работы бота
    Row::code(
        "A052",
        "«Имя, Отчество»: in the greeting, and for the bot; either may be missing",
        &["adapters::amocrm::person", "text::render"],
        &[
            "widget-core/src/text.rs::masterplan_scenario_1_the_bot_greets_with_and_without_a_name",
            "backend/src/adapters/amocrm/person.rs::names_in_every_order",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    Row::code(
        "A053",
        "«Заметки о госте»: the newest, cut to size, as data",
        &["adapters::amocrm::read"],
        &[
            "backend/src/adapters/amocrm/tests.rs::notes_are_the_newest_five_of_people_cut_to_500_characters",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    Row::code(
        "A054",
        "«Текущий этап воронки»",
        &["event::DealFacts"],
        &[
            "backend/src/adapters/amocrm/tests.rs::a_known_contact_costs_two_requests",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    Row::code(
        "A055",
        "«Даты заезда/выезда»",
        &["policy: fields.arrival", "policy: fields.departure", "flow::booking"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
            "widget-core/src/decide/tests/inquiry.rs::behaviour_3_several_deals_the_one_meant_by_the_days_named",
        ],
    ),
    Row::code(
        "A056",
        "«Категория номера»",
        &["policy: fields.category", "flow::booking"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    Row::code(
        "A057",
        "«Сумма»: the deal's price",
        &["event::DealFacts"],
        &["backend/src/adapters/amocrm/tests.rs::a_known_contact_costs_two_requests"],
    ),
    Row::code(
        "A058",
        "«Состав гостей»: a mapped field; nothing when it is not mapped",
        &["policy: fields.guests", "flow::booking"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    Row::code(
        "A059",
        "«Для повторных броней»: the bot gets the deal of this guest that is meant, and no other",
        &["flow::render", "adapters::amocrm::read"],
        &[
            "backend/src/adapters/amocrm/tests.rs::a_search_believes_only_the_same_phone",
            "backend/src/adapters/amocrm/tests.rs::a_known_contact_costs_two_requests",
            "widget-core/src/case/tests/deals.rs::the_deal_that_is_meant_is_the_one_that_rules_look_at",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    // --- Воронка и этапы
    Row::code(
        "A060",
        "«Новая заявка»: made by amoCRM, taken up by the bot",
        &["policy: stages[new]", "policy: timers.claim_grace", "decide::claim"],
        &[
            "widget-core/src/decide/tests/inquiry.rs::behaviour_3_a_deal_that_the_crm_makes_by_itself_is_adopted_at_the_5_second_look",
            "backend/tests/it/path.rs::point_1_the_answer_does_not_wait_for_a_deal_and_one_within_the_grace_is_adopted",
        ],
    )
    .and_later("taking a chat out of «Неразобранное»"),
    Row::code(
        "A061",
        "«Новая заявка» → «Проведена консультация»",
        &["policy: stages[new].consulted_to"],
        &[
            "widget-core/src/decide/tests/stages.rs::behaviour_3_the_first_answer_moves_a_new_deal_once_its_send_is_accepted",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_a_new_guest_is_consulted_and_gets_the_link",
        ],
    ),
    Row::code(
        "A062",
        "«Проведена консультация»: dates, programme, room, guests are collected",
        &["policy: stages[consulted].collect", "ports::bot::BotPolicy"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_1_a_new_guest_from_the_first_word_to_the_booking",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_funnel_what_the_bot_collects",
        ],
    )
    .and_later("a test that each question to the bot carries the list (`flow::render` does)"),
    Row::code(
        "A063",
        "The payment link is sent → «Предварительная бронь»",
        &["policy: stages[consulted].payment_link_to"],
        &[
            "widget-core/src/decide/tests/stages.rs::behaviour_3_a_payment_link_moves_to_prebooked",
            "widget-core/src/decide/tests/stages.rs::behaviour_3_a_link_in_an_answer_that_was_not_accepted_moves_nothing",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_a_new_guest_is_consulted_and_gets_the_link",
            "widget-core/src/decide/tests/booking.rs::issue_9_5_a_link_moves_the_deal_once_its_send_is_accepted",
            "backend/tests/it/booking.rs::issue_9_5_a_crash_between_acceptance_and_move_moves_the_deal_once",
        ],
    ),
    Row::code(
        "A064",
        "«Предварительная бронь»: the bot answers; the robot of amoCRM sees to the payment",
        &["policy: stages[prebooked]", "policy: robot_zone.moves"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_funnel_payment_is_the_robots",
            "backend/tests/it/scenarios/robot.rs::robot_conflict_in_the_robots_zone_the_bot_moves_nothing",
        ],
    ),
    Row::code(
        "A065",
        "→ «Предоплата получена» by amoCRM: noticed, and nobody is reminded of it",
        &["decide::inquiry", "decide::touch"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_funnel_payment_is_the_robots",
            "widget-core/src/decide/tests/touch.rs::behaviour_4_final_touch_never_where_it_would_disturb",
            "widget-core/src/decide/tests/touch.rs::behaviour_4_after_the_touch_nothing_when_it_was_answered_or_settled",
        ],
    ),
    Row::code(
        "A066",
        "«Предоплата получена»: answers, else a task (preparation, documents)",
        &["policy: stages[prepaid]"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_with_a_prepaid_deal_it_is_a_question_about_the_booking",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_general_rule_what_the_bot_does_not_know_is_a_task_at_every_stage",
        ],
    ),
    Row::code(
        "A067",
        "«Заезд»: answers, else a task (time, the way, what to bring)",
        &["policy: stages[arrival]"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_with_a_prepaid_deal_it_is_a_question_about_the_booking",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_general_rule_what_the_bot_does_not_know_is_a_task_at_every_stage",
        ],
    ),
    Row::code(
        "A068",
        "«Проживающие»: answers, else a task (services, schedule, Wi-Fi)",
        &["policy: stages[staying]"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_with_a_prepaid_deal_it_is_a_question_about_the_booking",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_general_rule_what_the_bot_does_not_know_is_a_task_at_every_stage",
        ],
    ),
    Row::code(
        "A069",
        "«Выезд»: what is wanted comes first",
        &["policy: stages[departure]", "policy: inquiry.departure", "decide::departure"],
        &[
            "widget-core/src/case/tests/stages.rs::masterplan_departure_table",
            "widget-core/src/decide/tests/departure.rs::behaviour_3_departure_what_no_row_names_is_for_the_bot",
            "widget-core/src/decide/tests/departure.rs::behaviour_3_departure_may_be_left_to_people",
            "widget-core/src/case/tests/words.rs::masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words",
        ],
    ),
    Row::code(
        "A070",
        "On those four stages the bot does not move the deal",
        &["decide::stages"],
        &[
            "widget-core/src/decide/tests/stages.rs::behaviour_3_nothing_else_is_moved",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_funnel_the_bot_moves_two_steps_and_no_other",
        ],
    ),
    // --- Выезд, Отказ, общее правило
    Row::code(
        "A071",
        "«Вопрос по прошлому визиту»: an answer or a task, on the same deal",
        &["policy: departure[past_visit]", "policy: triggers[departure_past_visit]"],
        &[
            "widget-core/src/decide/tests/departure.rs::masterplan_departure_a_question_about_the_past_visit_is_answered_in_its_deal",
            "widget-core/src/decide/tests/departure.rs::masterplan_departure_a_question_about_the_past_visit_that_the_bot_cannot_answer",
            "backend/tests/it/scenarios/departure.rs::departure_table_a_past_visit_is_answered_in_its_deal",
            "backend/tests/it/scenarios/departure.rs::departure_table_a_past_visit_that_the_bot_does_not_know_goes_to_a_manager",
        ],
    ),
    Row::code(
        "A072",
        "«Хочет оставить отзыв»: accepted and noted, with the link; a bad one also goes to a person",
        &[
            "policy: departure[review]",
            "policy: departure[bad_review]",
            "policy: review_url",
            "policy: texts.review_thanks",
            "policy: texts.review_link",
            "policy: texts.review_negative",
        ],
        &[
            "widget-core/src/decide/tests/departure.rs::masterplan_departure_a_review_is_accepted_with_the_link",
            "widget-core/src/decide/tests/departure.rs::behaviour_3_departure_a_complaint_in_a_review_is_accepted_and_handed_over",
            "backend/tests/it/scenarios/departure.rs::departure_table_a_review_is_accepted",
            "backend/tests/it/scenarios/departure.rs::departure_table_a_bad_review_is_accepted_and_goes_to_a_manager",
        ],
    ),
    Row::code(
        "A073",
        "«Хочет новое бронирование»: a new deal, the old one stays",
        &["policy: departure[new_booking]"],
        &[
            "widget-core/src/decide/tests/departure.rs::masterplan_departure_a_new_booking_gets_a_new_deal_and_the_old_one_stays",
            "backend/tests/it/scenarios/departure.rs::departure_table_a_new_booking_opens_a_new_deal",
        ],
    ),
    Row::code(
        "A074",
        "«Неясно»: asked, then handed over",
        &["policy: departure[unclear]", "policy: texts.clarify_departure"],
        &[
            "widget-core/src/decide/tests/departure.rs::masterplan_departure_unclear_is_asked_once_then_a_person",
            "backend/tests/it/scenarios/departure.rs::departure_table_what_is_unclear_is_asked_and_then_a_manager_answers",
        ],
    ),
    Row::code(
        "A075",
        "«Отказ»: whoever writes begins anew, with a new deal",
        &["policy: stages[refused]", "policy: stages[won]", "policy: inquiry.refused"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_refused_a_guest_who_writes_begins_a_new_inquiry",
            "widget-core/src/decide/tests/touch.rs::masterplan_refused_who_writes_after_the_touch_begins_anew",
            "backend/tests/it/scenarios/new_guest.rs::refused_opens_a_new_deal",
        ],
    ),
    Row::code(
        "A076",
        "«Возможно, происходит автоматически»: amoCRM gets its time, we look again, and never make two",
        &["policy: timers.claim_grace", "decide::claim"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_refused_a_guest_who_writes_begins_a_new_inquiry",
            "widget-core/src/decide/tests/inquiry.rs::behaviour_3_a_deal_is_adopted_at_the_20_second_end_else_made_after_its_contact",
            "widget-core/src/decide/tests/inquiry.rs::promise_3_nothing_twice_we_never_make_a_second_deal_in_an_episode",
            "backend/tests/it/path.rs::promise_3_a_deal_that_comes_too_late_does_not_make_us_make_a_second_one",
            "backend/tests/it/crash.rs::promise_3_a_contact_and_a_deal_whose_responses_are_lost_are_not_made_again",
        ],
    ),
    Row::code(
        "A077",
        "«Не знает ответ → задача WhatsApp и сообщает клиенту», at every stage",
        &["policy: triggers[no_kb]", "policy: triggers[bot_unsure]", "decide::turns"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_general_rule_what_the_bot_does_not_know_is_a_task_at_every_stage",
            "widget-core/src/case/tests/stages.rs::masterplan_general_rule_at_every_stage_what_the_bot_does_not_know_goes_to_a_manager",
        ],
    ),
    // --- Типы задач, стек, API
    Row::code(
        "A078",
        "Task type «WhatsApp»: found by its name",
        &["policy: tasks.whatsapp.type", "adapters::amocrm::map"],
        &[
            "backend/src/adapters/amocrm/tests.rs::what_is_written_and_what_it_answers",
            "backend/src/adapters/amocrm/tests.rs::other_names_of_a_policy_are_looked_for_in_what_is_known_and_then_prepared",
        ],
    )
    .and_later(
        "a type that is missing is made by the setup; until then the administrator makes it",
    ),
    Row::code(
        "A079",
        "Task type «Связаться»: follow-ups and escalations",
        &["policy: tasks.contact.type", "policy: tasks.contact.due"],
        &[
            "widget-core/src/decide/tests/touch.rs::behaviour_4_after_the_touch_prebooked_is_a_task_for_a_person",
            "widget-core/src/decide/tests/waiting.rs::behaviour_1_escalation_due_in_waiting_is_one_task_for_escalate_to",
            "backend/tests/it/scenarios/silence.rs::scenario_5_with_the_link_sent_a_manager_follows_up",
        ],
    ),
    Row::code(
        "A080",
        "Other types («Встреча», «Проверить оплату», «Трансфер») are neither made nor closed",
        &["policy: robot_zone.tasks"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_task_types_the_bot_makes_two_kinds_and_closes_only_its_own",
            "backend/tests/it/scenarios/robot.rs::robot_conflict_a_deal_moved_while_the_bot_answers_stays_where_the_robot_put_it",
            "widget-core/src/policy/file.rs::each_rule_of_check_finds_its_mistake",
        ],
    ),
    Row::code(
        "A081",
        "Stack: the bot, Pact and amoCRM behind ports; TravelLine stays behind the bot",
        &["ports"],
        &[
            "backend/tests/it/architecture.rs::every_use_is_an_arrow_of_the_drawing",
            "backend/tests/it/architecture.rs::only_app_names_adapters",
        ],
    ),
    Row::code(
        "A082",
        "GET the contact by phone",
        &["adapters::amocrm::read", "phone::same"],
        &["backend/src/adapters/amocrm/tests.rs::a_search_believes_only_the_same_phone"],
    ),
    Row::code(
        "A083",
        "GET the contact's deals, the open ones apart",
        &["adapters::amocrm::read"],
        &[
            "backend/src/adapters/amocrm/tests.rs::a_known_contact_costs_two_requests",
            "backend/src/adapters/amocrm/tests.rs::an_account_that_refuses_filters_is_read_lead_by_lead",
        ],
    ),
    Row::code(
        "A084",
        "GET the deal's fields",
        &["adapters::amocrm::read", "flow::booking"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    Row::code(
        "A085",
        "PATCH the deal's stage: always with its pipeline",
        &["adapters::amocrm::write"],
        &[
            "backend/src/adapters/amocrm/tests.rs::what_is_written_and_what_it_answers",
            "backend/src/adapters/amocrm/tests.rs::other_names_of_a_policy_are_looked_for_in_what_is_known_and_then_prepared",
        ],
    ),
    Row::code(
        "A086",
        "POST a task: always with a text and a due time",
        &["adapters::amocrm::write"],
        &[
            "backend/src/adapters/amocrm/tests.rs::what_is_written_and_what_it_answers",
            "widget-core/src/decide/tests/task.rs::masterplan_2_handoff_is_one_message_one_task_the_field_and_a_note",
        ],
    ),
    Row::code(
        "A087",
        "Variant 1, chosen: the field «Ведёт диалог» shows who leads and obeys people; our own writes are no orders",
        &[
            "policy: ownership.field",
            "policy: ownership.values.bot",
            "policy: ownership.values.waiting",
            "policy: ownership.values.manager",
        ],
        &[
            "widget-core/src/decide/tests/field.rs::behaviour_1_field_to_manager_takes_in_every_owner",
            "widget-core/src/decide/tests/field.rs::behaviour_1_field_to_bot_or_empty_returns",
            "widget-core/src/decide/tests/field.rs::design_5_5_the_hint_of_our_own_write_is_an_echo",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_the_field",
            "backend/src/adapters/amocrm/tests.rs::prepare_makes_the_owner_field_with_its_codes",
        ],
    ),
    Row::not_code(
        "A088",
        "Variant 2: a tag or the status of a task",
        "variant 1 was taken; the task still counts: closing it by hand takes the dialog (B1.task_closed)",
    ),
    Row::code(
        "A089",
        "«Уточнить: как менеджеры будут отмечать»: the button, the field, opening the deal, or simply writing",
        &["decide::ownership"],
        &[
            "backend/tests/it/browser.rs::points_2_and_3_clicked_through_in_the_card",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_the_button",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_the_field",
            "backend/tests/it/scenarios/take.rs::scenario_3_when_the_responsible_opens_the_deal",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_a_message_from_amocrm",
        ],
    ),
    // --- Открытые вопросы
    Row::code(
        "A090",
        "1. When the final touch is sent",
        &["policy: timers.final_touch_after"],
        &[
            "widget-core/src/decide/tests/touch.rs::masterplan_5_the_final_touch_is_sent_24_hours_after_the_guests_last_message",
        ],
    ),
    Row::code(
        "A091",
        "2. What follows when it is ignored, stage by stage",
        &["policy: stages[new].no_reply_to", "policy: timers.after_touch"],
        &[
            "widget-core/src/decide/tests/touch.rs::behaviour_4_after_the_touch_early_stages_go_to_refused_with_the_reason",
            "widget-core/src/decide/tests/touch.rs::behaviour_4_after_the_touch_prebooked_is_a_task_for_a_person",
        ],
    ),
    Row::code(
        "A092",
        "3. What the robot of amoCRM owns, the bot leaves alone",
        &["policy: robot_zone"],
        &[
            "widget-core/src/decide/tests/stages.rs::behaviour_3_never_a_move_of_the_robots_zone",
            "backend/tests/it/scenarios/robot.rs::robot_conflict_in_the_robots_zone_the_bot_moves_nothing",
            "backend/tests/it/scenarios/robot.rs::robot_conflict_a_message_of_the_robot_takes_nothing",
            "widget-core/src/policy/file.rs::each_rule_of_check_finds_its_mistake",
        ],
    ),
    Row::code(
        "A093",
        "4. How bot and manager change over",
        &["decide::ownership", "owner::next"],
        &[
            "widget-core/src/owner.rs::behaviour_1_every_row_of_the_owner_table",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_3_and_4_taken_answered_returned_asked_again_handed_over_again",
        ],
    ),
    Row::code(
        "A094",
        "5. Working hours",
        &[
            "policy: calendar.week",
            "policy: calendar.special",
            "policy: calendar.closed",
            "policy: calendar.timezone",
        ],
        &[
            "widget-core/src/hours.rs::masterplan_scenario_2_working_hours_are_half_open",
            "widget-core/src/hours.rs::closed_dates_are_closed_every_year_or_once",
            "widget-core/src/decide/tests/calendar.rs::behaviour_5_special_hours_win_over_the_week_and_closed_days",
        ],
    ),
    Row::code(
        "A095",
        "6. Managers work in amoCRM, in Pact or on the phone: each is seen",
        &["flow::inbox"],
        &[
            "backend/tests/it/path.rs::point_4_a_person_who_writes_takes_the_dialog_wherever_from",
            "widget-core/src/decide/tests/peers.rs::peers_02_03_replies_from_the_card_and_from_the_phone_take_and_end_the_follow_up",
        ],
    ),
    // --- Этапы разработки
    Row::code(
        "A096",
        "1: the contact by phone",
        &["adapters::amocrm::read"],
        &[
            "backend/src/adapters/amocrm/tests.rs::a_search_believes_only_the_same_phone",
            "backend/tests/it/bad_input.rs::a_phone_in_any_spelling_is_one_guest",
        ],
    ),
    Row::code(
        "A097",
        "1: active deals and what they say",
        &["adapters::amocrm::read", "flow::booking"],
        &[
            "backend/src/adapters/amocrm/tests.rs::a_known_contact_costs_two_requests",
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say",
        ],
    ),
    Row::code(
        "A098",
        "1: the type of the inquiry",
        &["decide::inquiry", "policy: inquiry"],
        &[
            "widget-core/src/decide/tests/inquiry.rs::behaviour_3_the_stages_of_a_single_deal",
            "widget-core/src/decide/tests/inquiry.rs::behaviour_3_each_row_of_the_inquiry_may_be_left_to_people",
        ],
    ),
    Row::code(
        "A099",
        "2: moving deals",
        &["decide::stages"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_funnel_the_bot_moves_two_steps_and_no_other",
            "backend/src/adapters/amocrm/tests.rs::a_deal_moves_only_from_the_expected_stage",
        ],
    ),
    Row::code(
        "A100",
        "2: tasks for managers",
        &["decide::handoff"],
        &[
            "widget-core/src/decide/tests/task.rs::masterplan_2_handoff_is_one_message_one_task_the_field_and_a_note",
        ],
    ),
    Row::code(
        "A101",
        "2: tasks as the CRM distributes them",
        &["policy: tasks.assign"],
        &[
            "widget-core/src/decide/tests/task.rs::masterplan_2_the_task_is_for_the_active_responsible_else_the_fallback_else_as_the_crm_does",
            "backend/src/adapters/amocrm/tests.rs::a_task_whose_assignee_is_refused_is_created_without",
        ],
    ),
    Row::code(
        "A102",
        "3: handing over",
        &["decide::handoff"],
        &["widget-core/src/decide/tests/scenarios.rs::masterplan_2_what_the_handoff_does"],
    ),
    Row::code(
        "A103",
        "3: seeing that a manager took it",
        &["decide::ownership"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_manager_took_in_every_owner",
            "widget-core/src/decide/tests/owner.rs::behaviour_1_a_persons_message_takes_and_counts_as_the_answer",
            "backend/tests/it/browser.rs::points_2_and_3_clicked_through_in_the_card",
        ],
    ),
    Row::code(
        "A104",
        "3: back to the bot",
        &["decide::ownership"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_returned_from_waiting_and_manager",
            "widget-core/src/decide/tests/owner.rs::behaviour_1_auto_return_to_the_bot_39_59_and_40_00",
        ],
    ),
    Row::code(
        "A105",
        "3: texts by the hour",
        &["policy: texts.work_hours", "policy: texts.off_hours"],
        &[
            "widget-core/src/decide/tests/waiting.rs::masterplan_2_the_hours_text_at_the_boundaries_of_the_day",
        ],
    ),
    Row::code(
        "A106",
        "4: seeing that a guest is silent",
        &["decide::touch"],
        &[
            "widget-core/src/decide/tests/touch.rs::behaviour_4_final_touch_counts_from_the_guests_message_not_from_ours",
            "widget-core/src/decide/tests/touch.rs::behaviour_4_final_touch_is_put_off_by_the_guests_next_message",
        ],
    ),
    Row::code(
        "A107",
        "4: the final message",
        &["decide::touch"],
        &[
            "widget-core/src/decide/tests/touch.rs::masterplan_5_the_final_touch_is_sent_24_hours_after_the_guests_last_message",
        ],
    ),
    Row::code(
        "A108",
        "4: closing: deal and episode end, nothing is awaited any more",
        &["decide::touch", "decide::inquiry"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_5_touched_and_lost",
            "widget-core/src/decide/tests/owner.rs::behaviour_1_deal_closed",
            "widget-core/src/decide/tests/touch.rs::behaviour_3_an_episode_does_not_end_while_its_touch_is_pending",
        ],
    ),
    Row::code(
        "A109",
        "5: all scenarios, from end to end",
        &["flow"],
        &[
            "backend/tests/it/scenarios/new_guest.rs::scenario_1_a_new_guest_is_consulted_and_gets_the_link",
            "backend/tests/it/scenarios/handoff.rs::scenario_2_in_working_hours_the_first_free_manager_answers",
            "backend/tests/it/scenarios/take.rs::scenario_3_by_the_button",
            "backend/tests/it/scenarios/give_back.rs::scenario_4_by_the_button",
            "backend/tests/it/scenarios/silence.rs::scenario_5_who_does_not_answer_the_touch_is_refused_at_an_early_stage",
        ],
    ),
    Row::code(
        "A110",
        "5: beside the robot that amoCRM has",
        &["policy: robot_zone", "decide::stages"],
        &[
            "backend/tests/it/scenarios/robot.rs::robot_conflict_a_deal_moved_while_the_bot_answers_stays_where_the_robot_put_it",
            "backend/tests/it/scenarios/robot.rs::robot_conflict_in_the_robots_zone_the_bot_moves_nothing",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_risks_a_robot_that_moves_the_deal_at_the_same_time_wins",
        ],
    ),
    Row::code(
        "A111",
        "5: corrections without a new version of the program: versions, checks, the way back",
        &["app::rules", "policy::check"],
        &[
            "backend/tests/it/policy.rs::policy_reload",
            "widget-core/src/policy/file.rs::each_rule_of_check_finds_its_mistake",
            "backend/src/adapters/store/contract.rs::versions_of_a_policy_are_kept_with_their_texts",
        ],
    ),
    // --- Риски, будущее, резюме
    Row::code(
        "A112",
        "A conflict with the robot: zones, and a stage that changed meanwhile is left",
        &["policy: robot_zone", "decide::stages"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_risks_a_robot_that_moves_the_deal_at_the_same_time_wins",
            "backend/src/adapters/amocrm/tests.rs::a_deal_moves_only_from_the_expected_stage",
            "widget-core/src/decide/tests/stages.rs::behaviour_3_never_after_anybody_else_moved_the_deal",
        ],
    ),
    Row::code(
        "A113",
        "A wrong guess at the inquiry: rules, a question back, a person",
        &["decide::inquiry", "decide::turns"],
        &[
            "widget-core/src/decide/tests/clarify.rs::masterplan_1_unclear_is_asked_back_at_every_stage",
            "widget-core/src/decide/tests/clarify.rs::behaviour_3_one_question_an_episode_whatever_it_is_about",
            "widget-core/tests/understood.rs::voices_held_aside_are_understood",
            "widget-core/tests/understood.rs::the_embedded_weights_are_what_the_messages_teach",
        ],
    ),
    Row::code(
        "A114",
        "Managers forget to mark: one button, writing takes, and whoever waits is brought up",
        &["policy: timers.waiting_reminder", "policy: timers.waiting_escalation"],
        &[
            "widget-core/src/decide/tests/waiting.rs::behaviour_1_reminder_due_in_waiting_shows_in_the_cards_and_tells_the_guest_nothing",
            "widget-core/src/decide/tests/waiting.rs::behaviour_1_escalation_due_in_waiting_is_one_task_for_escalate_to",
            "backend/tests/it/scenarios/handoff.rs::waiting_is_escalated_after_an_hour_of_work",
            "widget-ui/src/present_tests.rs::after_an_hour_the_line_is_red",
            "backend/tests/it/live.rs::the_responsible_who_looks_is_reminded_of_a_guest_who_waits",
        ],
    ),
    Row::code(
        "A115",
        "amoCRM is slow: what was read serves a while, then a person, and nothing is lost",
        &["policy: timers.snapshot_ttl", "policy: timers.snapshot_max_age"],
        &[
            "widget-core/src/decide/tests/owner.rs::behaviour_1_crm_down_serves_from_a_snapshot_of_30_minutes_else_hands_over",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_risks_a_crm_that_is_slow_loses_nothing",
            "widget-core/src/decide/tests/inquiry.rs::behaviour_1_crm_down_for_a_new_guest_text_now_task_when_it_is_back",
            "widget-core/src/decide/tests/modes.rs::behaviour_4_crm_is_back_a_dialog_that_nobody_took_is_routed",
        ],
    ),
    Row::not_code(
        "A116",
        "Later: analytics of the bot",
        "the masterplan leaves it to the future; the journal already keeps every decision",
    ),
    Row::code(
        "A117",
        "Later: VIP and blacklist: whoever is on the list or has the tag is left to people",
        &["policy: exclude.contact_tags", "policy: exclude.phones"],
        &[
            "widget-core/src/decide/tests/modes.rs::behaviour_5_excluded_guests_get_no_text_contact_deal_or_task",
            "backend/tests/it/scenarios/account.rs::excluded_by_tag",
        ],
    )
    .and_later("rules for VIP guests: the masterplan leaves them to the future"),
    Row::not_code(
        "A118",
        "Later: hours from the managers' own schedule",
        "the masterplan leaves it to the future; the hours are the policy's calendar",
    ),
    Row::code(
        "A119",
        "Later: messages unasked for (arrival, review): none is sent",
        &["decide::touch"],
        &[
            "widget-core/src/decide/tests/touch.rs::masterplan_5_the_text_fits_the_stage_and_only_while_booking",
        ],
    ),
    Row::code(
        "A120",
        "A «виртуальный менеджер»: understands, leads deals, hands over well",
        &["decide"],
        &[
            "widget-core/src/decide/tests/scenarios.rs::masterplan_1_a_new_guest_from_the_first_word_to_the_booking",
            "widget-core/src/decide/tests/scenarios.rs::masterplan_3_and_4_taken_answered_returned_asked_again_handed_over_again",
            "backend/tests/it/browser.rs::the_demo_tells_its_story_on_one_page",
        ],
    ),
    Row::code(
        "A121",
        "«Помогать, а не мешать»: in doubt a person",
        &["decide"],
        &[
            "widget-core/src/decide/tests/triggers.rs::masterplan_2_the_bots_own_doubts",
            "backend/tests/it/path.rs::promise_4_a_bot_that_fails_or_doubts_hands_over",
            "widget-core/src/decide/tests/waiting.rs::promise_4_in_doubt_a_person_an_event_that_cannot_be_read",
            "widget-core/src/decide/tests/machine.rs::promises_hold_whatever_happens",
            "widget-core/src/decide/tests/hostile.rs::promise_4_decide_is_total_for_torn_states_and_extreme_times",
        ],
    ),
];
