//! The baseline that the reader of messages has to beat: words that stand for an intent, and a number before a word.

use widget_core::understand::{Facts, Intent, Understood};

/// An intent and the beginnings of words of which one is enough.
#[rustfmt::skip]
const WORDS: &[(Intent, &[&str])] = &[
    (Intent::PaymentStatus, &["дошл", "поступил", "зачислил", "прошла", "прошёл", "прошел"]),
    (Intent::RefundStatus, &["возврат", "вернут", "вернете", "refund"]),
    (Intent::PaymentCheck, &["проверьте", "проверить", "сверьте", "пересчита"]),
    (Intent::PaymentLinkAgain, &["ссылк", "link"]),
    (Intent::RefundLinkAgain, &["повторно"]),
    (Intent::PaidNotice, &["оплатил", "перевел", "перевёл", "заплатил", "внес", "paid"]),
    (Intent::ReceiptSent, &["чек", "квитанц", "скрин", "receipt"]),
    (Intent::ExtensionCost, &["продл", "extend"]),
    (Intent::ExtraServiceCost, &["массаж", "трансфер", "саун", "парковк", "экскурс", "transfer", "massage"]),
    (Intent::HumanRequest, &["менеджер", "оператор", "администратор", "человек", "manager", "human"]),
    (Intent::Complaint, &["жалоб", "ужас", "безобраз", "кошмар", "хамств", "гряз"]),
    (Intent::Review, &["отзыв", "review"]),
    (Intent::PastVisit, &["акт", "справк", "забыл", "закрывающ"]),
    (Intent::OptOut, &["отпиш", "рассылк", "unsubscribe"]),
    (Intent::HowToPay, &["оплатить", "реквизит"]),
    (Intent::Urgent, &["срочно", "помогите", "пожар", "скорую", "urgent"]),
    (Intent::NewBooking, &["забронир", "приехать", "заказать", "book"]),
    (Intent::OwnBooking, &["моя", "мою", "моей", "наша", "нашу", "бронь", "брони"]),
];
const THANKS: &[&str] = &["спасибо", "благодар", "thank"];
const GREETINGS: &[&str] = &["здравств", "добрый", "привет", "hello"];
const PETS: &[&str] = &["собак", "кошк", "кот", "питом", "dog", "cat"];
const BEFORE: &[&str] = &["прошлый", "прошлом", "отдыхали", "были"];

/// What words alone say of a message.
pub(super) fn understand(text: &str) -> Understood {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let any = |stems: &[&str]| {
        words
            .iter()
            .any(|word| stems.iter().any(|stem| word.starts_with(stem)))
    };
    let mut understood = Understood::default();
    for (intent, stems) in WORDS {
        if any(stems) {
            understood.intents.insert(*intent);
        }
    }
    if understood.intents.is_empty() {
        let short = words.len() <= 4;
        understood.intents.insert(match () {
            () if short && any(THANKS) => Intent::ThanksOnly,
            () if short && any(GREETINGS) => Intent::Greeting,
            () if words.is_empty() => Intent::Unclear,
            () => Intent::General,
        });
    }
    let number_before = |stems: &[&str]| {
        let mut pairs = words.windows(2);
        pairs.find_map(|pair| {
            let counts = stems.iter().any(|stem| pair[1].starts_with(stem));
            counts.then(|| pair[0].parse::<u32>().ok()).flatten()
        })
    };
    understood.facts = Facts {
        guests: number_before(&["чел", "гост", "взр", "people", "guest"]),
        youngest_child: number_before(&["год", "лет", "year"]).filter(|age| *age < 18),
        rooms: number_before(&["номер", "комнат", "room"]),
        nights: number_before(&["ноч", "сут", "night"]),
        pet: any(PETS).then_some(true),
        past_stay: any(BEFORE).then_some(true),
        several_deals: any(&["обе", "обеим", "both"]).then_some(true),
        ..Facts::default()
    };
    understood
}
