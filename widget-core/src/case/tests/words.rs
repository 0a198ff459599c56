//! Cases that are decided from the guest's words alone: the bot has not been asked, and nothing is known beside the text.

use super::*;
use crate::action::{SendKind, TextPart};
use crate::case::judge_and_tell;

fn heard(stage: &str, text: &str) -> String {
    line(&verdict(Some(stage), text, json!({"kb": "none"})))
}

#[rustfmt::skip]
const TRIGGERS: &[(&str, &[&str])] = &[
    ("payment_status", &["деньги дошли?", "Подскажите, оплата прошла?", "Дошла ли моя предоплата?", "dengi doshli?", "Has my payment arrived?"]),
    ("refund_status", &["Когда вернёте деньги?", "возврат так и не пришёл", "что с моим возвратом"]),
    ("payment_check", &["Проверьте, пожалуйста, мою оплату", "с меня списали дважды, разберитесь", "пересчитайте сумму, она не сходится"]),
    ("payment_link_again", &["ссылка не открывается, пришлите новую", "Ссылка на оплату истекла", "потеряла ссылку, скиньте ещё раз", "The payment link has expired, please resend"]),
    ("refund_link_again", &["оформите возврат повторно", "ссылка на возврат не работает"]),
    ("paid_notice", &["я оплатил", "Оплатила 👍", "перевёл предоплату сегодня утром", "oplatil", "I have paid the deposit"]),
    ("receipt_sent", &["вот чек", "отправила квитанцию об оплате", "скрин перевода выше"]),
    ("extension_cost", &["Сколько стоит продлить на 2 дня?", "почём остаться ещё на сутки", "How much is one more night?"]),
    ("extra_service_cost", &["сколько стоит массаж", "Почём трансфер от вокзала?", "цена сауны за час", "how much is the airport transfer"]),
    ("human_request", &["Позовите менеджера", "хочу поговорить с живым человеком", "перезвоните мне", "хватит бота, дайте оператора", "human please"]),
    ("complaint", &["в номере грязно и воняет, это безобразие", "Ужасное обслуживание, нахамили на ресепшене", "третий день не отвечаете, что за бардак"]),
    ("urgent", &["Помогите, маме плохо, потеряла сознание", "нас затапливает, вода льёт с потолка", "в коридоре дым, пожар", "захлопнулась дверь, стою босиком в коридоре, помогите"]),
    ("multi_deal", &["Перенесите обе брони на неделю", "вопрос по двум моим броням"]),
    ("guests_over_4", &["нас пятеро", "Нас будет 6 человек", "2 взрослых и 3 детей", "мы с мужем и трое детей", "едем вшестером", "we are five"]),
    ("child_le_3", &["с нами ребёнок 3 года", "дочке полтора года", "сыну годик", "малышу 10 месяцев", "внуку 3 исполнилось в сентябре", "дочке 4 будет в апреле", "родилась 12.03.2023, едет с нами", "our son is 2"]),
    ("multi_room", &["нужны два номера", "хотим 2 номера рядом", "отдельный номер для родителей и один нам", "two rooms please"]),
    ("pet", &["можно с собакой?", "едем с котом", "с нами будет йорк", "can we bring our dog?"]),
];

#[test]
fn masterplan_scenario_2_every_trigger_is_heard_in_the_guests_words() {
    for (reason, texts) in TRIGGERS {
        for text in *texts {
            assert_eq!(
                heard("Проведена консультация", text),
                handoff(reason),
                "{text}"
            );
        }
    }
    for text in [
        "Забронируйте тот же номер, что в прошлый раз",
        "отдыхали у вас летом, хотим опять в ту же комнату",
    ] {
        assert_eq!(heard("Новая заявка", text), handoff("past_stays"), "{text}");
    }
}

#[test]
fn masterplan_scenario_2_a_past_stay_counts_for_a_guest_without_a_deal_too() {
    let text = "Мы отдыхали у вас в прошлом году, сколько сейчас стоит номер?";
    for stage in [None, Some("Отказ")] {
        let verdict = verdict(stage, text, json!({"kb": "none"}));
        assert_eq!(line(&verdict), new_deal_handoff("past_stays"), "{stage:?}");
    }
    assert_eq!(heard("Заезд", text), ANSWER, "no new booking");
    // Without a deal such a message is about the past stay itself.
    for text in ["Забыла в номере зарядку", "где можно оставить отзыв?"]
    {
        let verdict = verdict(None, text, json!({"kb": "none"}));
        assert_eq!(verdict.reason, None, "{text}");
    }
}

#[test]
#[rustfmt::skip]
fn masterplan_scenario_2_what_only_sounds_like_a_trigger_is_for_the_bot() {
    for text in [
        "как оплатить?", "Можно оплатить при заезде?", "завтра оплачу", "а чек дадите?",
        "если отменю, деньги вернут?", "можно ли продлить проживание?", "массаж входит в программу?",
        "Сколько стоит номер на двоих?", "во сколько завтрак?", "парковка у вас есть?", "вы бот?",
        "срочно нужен номер на двоих", "болит спина, какая программа подойдёт?",
        "с какого возраста принимаете детей?", "сыну 25, он едет со мной", "ребёнку 5 лет", "нас четверо",
        "двухкомнатный люкс есть?", "трёхместный номер на 5 ночей", "собаки на территории есть?",
        "у меня аллергия на кошек", "подруга отдыхала у вас", "прочитала отзывы, правда что кормят хорошо?",
        "менеджер вчера сказала, что нужен паспорт", "какие документы взять с собой?", "есть ли бассейн?",
        "с 5 по 12 мая", "двое взрослых", "да", "wifi есть?", "is breakfast included?",
    ] {
        assert_eq!(heard("Проведена консультация", text), ANSWER, "{text}");
    }
}

#[test]
fn masterplan_departure_table_is_read_from_the_guests_words() {
    for (text, expected) in [
        (
            "Где можно оставить отзыв?",
            "accept_review - - current [send_message]".to_owned(),
        ),
        (
            "Мой отзыв: ужасно, грязно, больше не приеду",
            "accept_review handoff complaint current [send_message create_task]".to_owned(),
        ),
        ("Забыла в номере зарядку", ANSWER.to_owned()),
        (
            "пришлите закрывающие документы за проживание",
            ANSWER.to_owned(),
        ),
        (
            "Хочу забронировать номер на весну",
            NEW_DEAL_ANSWER.to_owned(),
        ),
        ("хотим приехать ещё раз осенью", NEW_DEAL_ANSWER.to_owned()),
        (
            "Забронируйте тот же номер, что в прошлый раз",
            new_deal_handoff("past_stays"),
        ),
        ("ну так что там", CLARIFY.to_owned()),
        ("Здравствуйте! Во сколько у вас завтрак?", ANSWER.to_owned()),
        ("Здравствуйте", CLARIFY.to_owned()),
    ] {
        assert_eq!(heard("Выезд", text), expected, "{text}");
    }
}

#[test]
fn behaviour_3_thanks_torn_sentences_and_other_languages() {
    for text in ["спасибо!", "👍", "Спасибо большое за помощь 🙏"]
    {
        assert_eq!(heard("Проживающие", text), SILENT, "{text}");
    }
    for text in [
        "ну так что там",
        "???",
        "ыва фыв",
        "а это",
        "Қалай барамыз осыған",
    ] {
        assert_eq!(heard("Проживающие", text), CLARIFY, "{text}");
    }
    // What is plain in another language counts.
    assert_eq!(
        heard("Новая заявка", "біз 5 адам, орын бар ма?"),
        handoff("guests_over_4")
    );
}

#[test]
fn what_the_guest_reads_is_told_beside_the_verdict() {
    let five = case(Some("Новая заявка"), "Нас будет пятеро", json!({}));
    let five: Case = serde_json::from_value(five).unwrap();
    let told = judge_and_tell(&policy(), &five, moscow);
    assert_eq!(told.verdict, judge(&policy(), &five, moscow));
    let [(SendKind::Handoff, parts)] = &told.said[..] else {
        panic!("{:?}", told.said);
    };
    assert!(parts.contains(&TextPart::Policy("handoff".to_owned())));
    assert!(parts.contains(&TextPart::Policy("work_hours".to_owned())));
    let russian: Vec<_> = told.why.iter().map(|line| line.ru.clone()).collect();
    assert_eq!(russian, told.verdict.trace);
    assert!(
        told.why.iter().any(|line| line.en.contains("more than 4")),
        "{:?}",
        told.why
    );
}
