//! The masterplan read from top to bottom: its five scenarios, its funnel, «Отказ», the general rule, task types, risks.

use super::*;
use crate::action::{Note, TaskResult};
use crate::event::{BotDone, BotHandoff};
use crate::time::{DAY, MINUTE};

const BOOKED: [&str; 3] = ["prepaid", "arrival", "staying"];
const OPEN: [&str; 7] = [
    "new",
    "consulted",
    "prebooked",
    "prepaid",
    "arrival",
    "staying",
    "departure",
];

fn link_sent() -> BotAnswer {
    BotAnswer {
        done: BTreeSet::from([BotDone::PaymentLinkSent]),
        ..good()
    }
}

#[test]
fn masterplan_1_a_new_guest_from_the_first_word_to_the_booking() {
    let mut scene = Scene::new_guest();
    scene.hears("Здравствуйте, есть места на май?", nothing());
    assert!(
        matches!(scene.asked[0], Action::ReadCrm),
        "masterplan: Сценарий 1, шаг 3, бот проверяет в CRM"
    );
    scene.answers();
    assert_eq!(
        scene.texts(),
        [(SendKind::Answer, "intro+reply".to_owned())],
        "masterplan: Сценарий 1, шаг 2, представляется"
    );
    scene.grace_ends();
    assert_eq!(
        (scene.new_deals(), scene.deals[0].stage.clone()),
        (1, Some("consulted".into())),
        "masterplan: Сценарий 1, шаг 5, «Новая заявка» → «Проведена консультация»"
    );
    scene.hears("С 1 по 10 мая, вдвоём", nothing());
    scene.bot(link_sent());
    scene.run();
    assert_eq!(
        scene.deals[0].stage,
        Some("prebooked".into()),
        "masterplan: Воронка, после отправки ссылки → «Предварительная бронь»"
    );
    let deal = scene.deals[0].id;
    scene.moved_by(deal, "prepaid", Changer::Robot);
    scene.hears("Какие документы взять?", nothing());
    scene.answers();
    assert_eq!(
        scene.deals[0].stage,
        Some("prepaid".into()),
        "masterplan: «Предоплата получена», отвечает и не двигает"
    );
    assert_eq!((scene.new_deals(), scene.tasks()), (1, 0));
    let intros = scene
        .texts()
        .iter()
        .filter(|(_, text)| text.contains("intro"))
        .count();
    assert_eq!(intros, 1, "one intro per episode");
}

#[test]
fn masterplan_1_step_4_an_active_deal_with_a_booking_is_a_question_about_it() {
    for stage in BOOKED {
        let row = format!("masterplan: Сценарий 1, шаг 4, {stage}");
        let mut scene = Scene::at_stage(stage);
        scene.hears("Во сколько заезд?", nothing());
        assert_eq!(scene.state.deal, Some(DEAL), "{row}");
        scene.answers();
        scene.grace_ends();
        assert_eq!((scene.new_deals(), scene.moves().len()), (0, 0), "{row}");
    }
}

#[test]
fn masterplan_1_step_4_an_early_deal_goes_on_and_no_second_one_is_made() {
    for stage in ["new", "consulted", "prebooked"] {
        let mut scene = Scene::at_stage(stage);
        scene.hears("Хотим забронировать", wants(Intent::NewBooking));
        scene.answers();
        scene.grace_ends();
        assert_eq!(
            (scene.new_deals(), scene.state.deal),
            (0, Some(DEAL)),
            "BEHAVIOUR §3: one on an early stage, {stage}"
        );
    }
}

#[test]
fn masterplan_2_what_the_handoff_does() {
    for (at, text) in [(NOON, HANDOFF), (EVENING, "handoff+off_hours")] {
        let mut scene = Scene::at_stage("consulted");
        scene.now = at;
        scene.hears("Позовите человека", wants(Intent::HumanRequest));
        assert_eq!(
            scene.texts(),
            [(SendKind::Handoff, text.to_owned())],
            "masterplan: Сценарий 2, действия бота, 1"
        );
        assert_eq!(scene.tasks(), 1, "masterplan: Сценарий 2, действия бота, 2");
        scene.forget();
        scene.guest("Жду", nothing());
        scene.passes(10 * MINUTE);
        assert_eq!(
            scene.questions(),
            0,
            "masterplan: Сценарий 2, действия бота, 3: режим ожидания"
        );
        assert_eq!(scene.tasks(), 0, "no second task");
    }
}

#[test]
fn masterplan_3_and_4_taken_answered_returned_asked_again_handed_over_again() {
    let mut scene = Scene::handed_over();
    scene.event(Event::CardOpened {
        user: ANNA,
        responsible: true,
    });
    assert!(
        scene.led_by(ANNA),
        "masterplan: Сценарий 3, 2: ответственный заходит в сделку"
    );
    scene.person(Some(ANNA));
    scene.run();
    scene.forget();
    scene.guest("А Wi-Fi есть?", nothing());
    scene.passes(MINUTE);
    assert_eq!(
        (scene.texts().len(), scene.questions()),
        (0, 0),
        "masterplan: Сценарий 3, 3: бот не вмешивается"
    );
    scene.person(Some(ANNA));
    scene.passes(40 * MINUTE);
    assert!(
        scene.bot_leads(),
        "masterplan: Сценарий 4, 1: автоматически"
    );
    assert_eq!(
        scene.texts(),
        [(SendKind::Intro, "return_intro".to_owned())],
        "masterplan: Сценарий 4, 2: представляется"
    );
    scene.hears("Какие документы взять?", nothing());
    scene.answers();
    assert_eq!(
        scene.texts().last().unwrap().0,
        SendKind::Answer,
        "masterplan: Сценарий 4, 3: отвечает"
    );
    scene.hears("А фен в номере какой марки?", nothing());
    scene.bot(BotAnswer {
        kb: Kb::Miss,
        ..good()
    });
    scene.run();
    assert_eq!(
        scene.reason(),
        Some(ReasonId::NoKb),
        "masterplan: Сценарий 4, 4: снова передаёт"
    );
    assert!(scene.open_task().is_some());
}

#[test]
fn masterplan_5_touched_and_lost() {
    let mut scene = Scene::at_stage("new");
    scene.hears("Есть ли места?", nothing());
    scene.answers();
    scene.passes(DAY);
    scene.passes(2 * DAY);
    assert_eq!(
        scene.at(DEAL).stage,
        Some("refused".into()),
        "masterplan: Сценарий 5, 3"
    );
    assert_eq!(scene.delivered(), 2, "the answer and one touch");
}

#[test]
fn masterplan_funnel_the_bot_moves_two_steps_and_no_other() {
    for stage in OPEN {
        let mut scene = Scene::at_stage(stage);
        scene.hears("Пришлите ссылку", nothing());
        scene.bot(link_sent());
        scene.run();
        let moves = scene.moves();
        let expected: Vec<(String, String)> = match stage {
            "new" => vec![("new", "consulted"), ("consulted", "prebooked")],
            "consulted" => vec![("consulted", "prebooked")],
            _ => Vec::new(),
        }
        .into_iter()
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .collect();
        assert_eq!(moves, expected, "masterplan: Воронка и этапы, {stage}");
    }
}

#[test]
fn masterplan_funnel_payment_is_the_robots() {
    let row = "masterplan: «Предварительная бронь», оплату отслеживает робот";
    let mut scene = Scene::at_stage("prebooked");
    scene.hears("Как оплатить?", wants(Intent::HowToPay));
    scene.answers();
    assert_eq!((scene.moves().len(), scene.tasks()), (0, 0), "{row}");
    scene.moved_by(DEAL, "prepaid", Changer::Robot);
    scene.run();
    assert_eq!(scene.state.stage(), Some(&"prepaid".into()), "{row}");
    assert_eq!(
        scene.due(Timer::FinalTouch),
        None,
        "{row}: and nobody is reminded of it"
    );
    // Even a policy that would move there leaves the robot's move alone.
    let mut greedy = Scene::at_stage("consulted").with(|policy| {
        policy.robot_zone.moves = vec![["consulted".into(), "prebooked".into()]];
    });
    greedy.hears("Пришлите ссылку", nothing());
    greedy.bot(link_sent());
    greedy.run();
    assert_eq!(
        greedy.moves(),
        [],
        "BEHAVIOUR §3: never into the robot's zone"
    );
}

#[test]
fn masterplan_general_rule_what_the_bot_does_not_know_is_a_task_at_every_stage() {
    let doubts: [(&str, BotAnswer); 4] = [
        (
            "нет в базе знаний",
            BotAnswer {
                kb: Kb::Miss,
                ..good()
            },
        ),
        (
            "не уверен",
            BotAnswer {
                confidence: 10,
                ..good()
            },
        ),
        (
            "пустой ответ",
            BotAnswer {
                replies: Vec::new(),
                ..good()
            },
        ),
        (
            "просит передать",
            BotAnswer {
                handoff: Some(BotHandoff {
                    reason: None,
                    note: None,
                }),
                ..good()
            },
        ),
    ];
    for stage in OPEN {
        for (what, answer) in &doubts {
            let row = format!("masterplan: общее правило, {what}, {stage}");
            let mut scene = Scene::at_stage(stage);
            scene.hears("Какого цвета стены?", nothing());
            scene.bot(answer.clone());
            scene.run();
            assert!(scene.reason().is_some(), "{row}");
            assert_eq!(
                scene.texts(),
                [(SendKind::Handoff, HANDOFF.to_owned())],
                "{row}: сообщает клиенту"
            );
            assert_eq!(scene.task_deals(), [DEAL], "{row}: задача WhatsApp");
            assert_eq!(scene.moves(), [], "{row}");
        }
        let mut failing = Scene::at_stage(stage);
        failing.hears("Какого цвета стены?", nothing());
        failing.run_if(|action| matches!(action, Action::AskBot { .. }));
        assert_eq!(
            failing.reason(),
            Some(ReasonId::BotUnavailable),
            "masterplan: ключевой принцип, {stage}"
        );
    }
}

#[test]
fn masterplan_refused_a_guest_who_writes_begins_a_new_inquiry() {
    for stage in ["refused", "won"] {
        let row = format!("masterplan: этап «Отказ», {stage}");
        let mut scene = Scene::at_stage(stage);
        scene.hears("Здравствуйте, есть места?", nothing());
        scene.answers();
        scene.grace_ends();
        assert_eq!(scene.new_deals(), 1, "{row}");
        assert_ne!(scene.state.deal, Some(DEAL), "{row}");
        assert_eq!(scene.at(DEAL).stage, Some(stage.into()), "{row}: stays");
    }
    // «возможно происходит автоматически»: then ours is not made.
    let mut automatic = Scene::at_stage("refused");
    automatic.hears("Здравствуйте, есть места?", nothing());
    let by_crm = automatic.deal(DealId(900), "new");
    automatic.deals.insert(0, by_crm);
    automatic.answers();
    automatic.grace_ends();
    assert_eq!(
        (automatic.new_deals(), automatic.state.deal),
        (0, Some(DealId(900))),
        "masterplan: «Отказ», примечание"
    );
}

#[test]
fn masterplan_task_types_the_bot_makes_two_kinds_and_closes_only_its_own() {
    let mut scene = Scene::handed_over();
    let ours = scene.open_task().unwrap();
    let foreign = TaskId(31_337);
    scene.event(Event::TaskChanged {
        task: foreign,
        done: true,
        by: Changer::Person(ANNA),
    });
    assert_eq!(
        scene.reason(),
        Some(ReasonId::GuestsOver4),
        "masterplan: типы задач, чужая задача не наша"
    );
    scene.event(Event::Dismissed { user: ANNA });
    scene.run();
    let closed: Vec<_> = scene
        .asked
        .iter()
        .filter_map(|action| match action {
            Action::CompleteTask { task, result } => Some((*task, *result)),
            _ => None,
        })
        .collect();
    assert_eq!(closed, [(ours, TaskResult::Dismissed)]);
}

#[test]
fn masterplan_risks_a_robot_that_moves_the_deal_at_the_same_time_wins() {
    let row = "masterplan: Риски, конфликт с роботом";
    let mut scene = Scene::at_stage("new");
    scene.hears("Есть ли места?", nothing());
    scene.bot_answers();
    scene.run_sends();
    scene.at(DEAL).stage = Some("prebooked".into());
    scene.run();
    assert_eq!(scene.at(DEAL).stage, Some("prebooked".into()), "{row}");
    let noted = |a: &Action| {
        matches!(
            a,
            Action::AddNote {
                note: Note::NotMoved { .. },
                ..
            }
        )
    };
    assert_eq!(scene.count(noted), 1, "{row}: and the manager reads why");
    assert_eq!(scene.moves().len(), 1, "{row}: tried once");
}

#[test]
fn masterplan_risks_a_crm_that_is_slow_loses_nothing() {
    let row = "masterplan: Риски, задержки API";
    let mut scene = Scene::at_stage("consulted");
    scene.crm_is_up = false;
    scene.guest("Есть ли места?", nothing());
    scene.wait(seconds(4));
    scene.run();
    assert_eq!(scene.delivered(), 1, "{row}: the guest is told at once");
    for _ in 0..10 {
        scene.passes(MINUTE);
    }
    scene.crm_is_up = true;
    for _ in 0..3 {
        scene.passes(MINUTE);
    }
    assert!(scene.open_task().is_some(), "{row}: the task came later");
    assert_eq!((scene.new_deals(), scene.moves().len()), (0, 0), "{row}");
}

#[test]
fn masterplan_state_an_answer_is_not_posted_as_a_note() {
    let mut scene = Scene::talking();
    scene.hears("А парковка?", nothing());
    scene.answers();
    assert_eq!(scene.delivered(), 2);
    let notes = scene.count(|action| matches!(action, Action::AddNote { .. }));
    assert_eq!(
        notes, 0,
        "masterplan: Текущее состояние, сообщения бота видны через Pact"
    );
}

#[test]
fn masterplan_funnel_what_the_bot_collects() {
    let policy = policy();
    for stage in &policy.stages {
        let expected: &[&str] = match stage.key.0.as_str() {
            "consulted" => &["dates", "programme", "room_category", "guests"],
            _ => &[],
        };
        assert_eq!(
            stage.collect, expected,
            "masterplan: Воронка и этапы, {}",
            stage.name
        );
    }
}
