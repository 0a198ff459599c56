//! What the guest wants: what the model makes of the whole message, where it is sure enough.

use super::Intent;
use super::lexicon;
use super::model::{Class, Judged, Model};
use super::slots::{Span, span};
use super::words::Token;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// An intent is taken for one from this probability on, 0..=100.
const ENOUGH: u8 = 50;
/// In doubt, a person: what hands the dialog over is taken for it a little earlier.
const ENOUGH_FOR_A_PERSON: u8 = 40;
/// A message hands the dialog over from this probability of [`Class::HandsOver`] on, whichever intent it is: of several
/// that are alike («проверьте, дошла ли оплата») none need be likely by itself.
const HANDS_OVER: u8 = 45;
/// An intent hands the dialog over against that if it is as probable as this.
const ENOUGH_ALONE: u8 = 60;
/// A booking, new or had, changes nothing but whose deal it is: it may be heard early.
const ENOUGH_FOR_A_BOOKING: u8 = 35;
/// What is so surely unclear hands nothing over by itself: it is asked back («Я насчёт того вопроса»).
const CERTAIN: u8 = 95;
/// In doubt it is asked back: a message may be plain by so little more and is unclear still.
const NEARLY: u8 = 3;
/// Silence is the worst answer to a guest who asked something.
const ENOUGH_FOR_SILENCE: u8 = 75;
/// So sure is the model that the guest asks something plain beside another intent.
const ENOUGH_BESIDE: u8 = 70;

/// So many features are looked at for the words to quote.
const WEIGHTIEST: usize = 4;
/// No more words than these are quoted.
const QUOTED: usize = 8;

/// The intents of a message of one word at least, and where each was read. `says_more`: it states facts or brings
/// something along, and so is more than thanks or a greeting.
pub(super) fn read(
    tokens: &[Token],
    model: &Model,
    judged: &Judged,
    said: &Said,
    says_more: bool,
    spans: &mut BTreeMap<String, Span>,
) -> BTreeSet<Intent> {
    let intents = taken(model, judged, tokens, said, says_more);
    for intent in &intents {
        // Of the weightiest features the one that quotes most words tells a reader most.
        let reasons = model.reasons(judged, Class::Intent(*intent), WEIGHTIEST);
        let quoted = reasons.iter().map(|reason| reason.tokens.clone());
        let quoted = quoted
            .filter(|at| at.len() <= QUOTED)
            .max_by_key(Range::len);
        let called = said.called.clone();
        let called = called.filter(|_| *intent == Intent::HumanRequest);
        // What follows from no word of its own is read from all of them.
        let at = called.or(quoted).unwrap_or(0..tokens.len());
        spans.insert(intent.name().to_owned(), span(tokens, at.start, at.end));
    }
    intents
}

/// Which intents are taken for certain enough. One at least: what is neither an intent nor plain is unclear.
fn taken(
    model: &Model,
    judged: &Judged,
    tokens: &[Token],
    said: &Said,
    says_more: bool,
) -> BTreeSet<Intent> {
    let sure = |intent: Intent| judged.sure(Class::Intent(intent));
    let hands_over = judged.sure(Class::HandsOver) >= HANDS_OVER;
    let wanted = |(intent, sure): (Intent, u8)| {
        let says_something = !stands_alone(intent) && intent != Intent::General;
        let alone = hands_over || !is_for_a_person(intent) || sure >= ENOUGH_ALONE;
        (says_something && sure >= enough(intent) && alone).then_some(intent)
    };
    let mut taken: BTreeSet<Intent> = judged.intents().filter_map(wanted).collect();
    let declined = said.nobody;
    let unclear = sure(Intent::Unclear) >= CERTAIN;
    if hands_over && !unclear && !taken.iter().any(|intent| is_for_a_person(*intent)) {
        taken.extend(judged.likeliest(|intent| {
            is_for_a_person(intent) && !(declined && intent == Intent::HumanRequest)
        }));
    }
    if declined {
        taken.remove(&Intent::HumanRequest);
    } else if said.called.is_some() {
        taken.insert(Intent::HumanRequest);
    }
    if !taken.contains(&Intent::OwnBooking) && said.ordered {
        taken.insert(Intent::NewBooking);
    }
    if taken.contains(&Intent::PaymentLinkAgain) && !speaks_of_a_link_before(model, tokens) {
        taken.remove(&Intent::PaymentLinkAgain);
        taken.insert(Intent::HowToPay);
    }
    let general = sure(Intent::General);
    if !taken.is_empty() {
        if general >= ENOUGH_BESIDE {
            taken.insert(Intent::General);
        }
        return taken;
    }
    let likelier = |intent: Intent| sure(intent) >= enough(intent) && sure(intent) > general;
    let polite = [Intent::ThanksOnly, Intent::Greeting]
        .into_iter()
        .find(|one| likelier(*one));
    taken.insert(match polite {
        Some(polite) if !says_more && !asks_or_answers(tokens) => polite,
        // A bare number answers a question.
        _ if !says_more && sure(Intent::Unclear) + NEARLY > general && !is_number(tokens) => {
            Intent::Unclear
        }
        _ => Intent::General,
    });
    taken
}

/// What words say by themselves.
#[derive(Default)]
pub(super) struct Said {
    /// The words of a wish for a person, in which there is none.
    pub nobody: bool,
    /// Where a person is called for.
    pub called: Option<Range<usize>>,
    /// A booking is ordered.
    pub ordered: bool,
}

impl Said {
    pub(super) fn of(tokens: &[Token]) -> Self {
        Self {
            nobody: wants_nobody(tokens),
            called: calls_for_a_person(tokens),
            ordered: tokens.iter().any(|token| is_order(&token.word)),
        }
    }
}

fn wants_nobody(tokens: &[Token]) -> bool {
    declines_a_person(tokens)
        || counts_heads(tokens)
        || moves_money(tokens)
        || speaks_of_a_doctors_deed(tokens)
        || talks_of_a_matter(tokens)
}

/// Whether the message is a number, with marks at most.
fn is_number(tokens: &[Token]) -> bool {
    let digits = |token: &Token| token.word.starts_with(|c: char| c.is_ascii_digit());
    let marks = |token: &Token| !token.word.contains(char::is_alphanumeric);
    tokens.iter().any(digits) && tokens.iter().all(|token| digits(token) || marks(token))
}

/// Whether the words ask something or answer it: then they are more than thanks or a greeting.
fn asks_or_answers(tokens: &[Token]) -> bool {
    let asks_or_answers = |token: &Token| {
        let word = token.word.as_str();
        matches!(
            word,
            "?" | "да" | "нет" | "не" | "ок" | "окей" | "yes" | "no" | "not" | "ok"
        ) || word.starts_with(|c: char| c.is_ascii_digit())
    };
    tokens.iter().any(asks_or_answers)
}

/// A link «again»: one that was there before, is gone, or does not work. «Пришлите ссылку» asks for the first, which is
/// the bot's to send (masterplan: «Проведена консультация»).
fn speaks_of_a_link_before(model: &Model, tokens: &[Token]) -> bool {
    let words: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
    let notions = model.lexicon.read(&words);
    let told =
        |notion: &usize| matches!(lexicon::name(*notion), "again" | "broken" | "works" | "not");
    notions.into_iter().flatten().any(told)
}

/// «Не зовите менеджера», «звать никого не надо», «дайте менеджеру время»: the words of a wish for a person, and the
/// contrary; unless another clause wishes for one.
fn declines_a_person(tokens: &[Token]) -> bool {
    let clauses = || {
        tokens.split(|token| {
            matches!(
                token.word.as_str(),
                "," | "." | "!" | "?" | ";" | "\n" | "…" | "-" | "–"
            )
        })
    };
    clauses().any(declines)
        && !clauses().any(|clause| has(clause, &CALLED_FOR) && !declines(clause))
}

/// «Дешевле на человека?», «номер на одного человека»: heads, nobody to talk to.
fn counts_heads(tokens: &[Token]) -> bool {
    let word = |at: usize| tokens[at].word.as_str();
    let mut heads = (0..tokens.len())
        .filter(|at| word(*at).starts_with("человек"))
        .peekable();
    let of_number = |at: usize| {
        at > 0
            && (matches!(
                word(at - 1),
                "на" | "за" | "для" | "одного" | "двух" | "каждого"
            ) || word(at - 1).starts_with(|c: char| c.is_ascii_digit()))
    };
    heads.peek().is_some()
        && heads.all(of_number)
        && !has(tokens, &STAFF)
        && !has(tokens, &TALKED_TO)
}

/// Somebody to talk to, or the talk.
#[rustfmt::skip]
const TALKED_TO: [&str; 17] = [
    "сотрудник", "специалист", "кто", "зов", "позов", "соедин", "перевед", "переключ", "звон", "перезвон", "жив", "бот",
    "робот", "связ", "свяж", "поговор", "ответ",
];

/// «Переведите деньги обратно»: money is to be moved, not the talk.
fn moves_money(tokens: &[Token]) -> bool {
    const MONEY: [&str; 8] = [
        "деньг",
        "денег",
        "сумм",
        "средств",
        "предоплат",
        "оплат",
        "аванс",
        "возврат",
    ];
    let moved = (0..tokens.len()).any(|at| {
        tokens[at].word.starts_with("перевед")
            && has(&tokens[at + 1..(at + 4).min(tokens.len())], &MONEY)
    });
    let others = tokens
        .iter()
        .filter(|token| !token.word.starts_with("перевед"));
    moved
        && !has(tokens, &STAFF)
        && !others.into_iter().any(|token| {
            TALKED_TO
                .iter()
                .chain(&["человек"])
                .any(|stem| token.word.starts_with(stem))
        })
}

/// «Нужна помощь врача», «консультация доктора обязательна?»: what a physician does, nobody to talk to in this chat.
fn speaks_of_a_doctors_deed(tokens: &[Token]) -> bool {
    const DEEDS: [&str; 7] = [
        "помощ",
        "консультац",
        "осмотр",
        "прием",
        "назначен",
        "заключен",
        "справк",
    ];
    let deed = tokens
        .windows(2)
        .any(|pair| has(&pair[..1], &DEEDS) && has(&pair[1..], &["врач", "доктор", "терапевт"]));
    deed && !has(tokens, &STAFF) && !has(tokens, &TALKED_TO)
}

/// «Хочу поговорить о ценах»: with whom is not said, and the bot will do.
fn talks_of_a_matter(tokens: &[Token]) -> bool {
    let of = |token: &Token| matches!(token.word.as_str(), "о" | "об" | "про" | "насчет");
    let talks = tokens
        .windows(2)
        .any(|pair| has(&pair[..1], &["поговор", "обсуд"]) && of(&pair[1]));
    let with = tokens
        .iter()
        .any(|token| matches!(token.word.as_str(), "с" | "со"));
    talks && !with && !has(tokens, &STAFF)
}

/// Beginnings of the words by which somebody is called or named.
const CALLED_FOR: [&str; 14] = [
    "зов",
    "зва",
    "позов",
    "соедин",
    "переключ",
    "перезвон",
    "перезван",
    "подключ",
    "дайте",
    "менеджер",
    "оператор",
    "администратор",
    "человек",
    "свяж",
];
const STAFF: [&str; 3] = ["менеджер", "оператор", "администратор"];

/// A word that orders a booking.
fn is_order(word: &str) -> bool {
    matches!(
        word,
        "забронируйте" | "забронируй" | "бронируйте" | "бронируй"
    )
}

/// «Дайте менеджера», «соедините меня с человеком»: words that leave nothing to weigh, and where they stand.
fn calls_for_a_person(tokens: &[Token]) -> Option<Range<usize>> {
    #[rustfmt::skip]
    const COMMANDS: [&str; 18] = [
        "позовите", "позови", "дайте", "дай", "соедините", "соедини", "переключите", "переключи", "свяжите", "подключите",
        "пригласите", "переведите", "нужен", "хочу", "зовите", "зови", "требую", "прошу",
    ];
    #[rustfmt::skip]
    const WHOM: [&str; 14] = [
        "менеджера", "менеджером", "оператора", "оператором", "администратора", "администратором", "человека", "человеком",
        "сотрудника", "сотрудником", "консультанта", "консультантом", "начальника", "директора",
    ];
    /// So many words may stand between, «меня, пожалуйста, с живым».
    const BETWEEN: usize = 4;
    (0..tokens.len()).find_map(|at| {
        let word = tokens[at].word.as_str();
        if !COMMANDS.contains(&word) || at > 0 && tokens[at - 1].word == "не" {
            return None;
        }
        let rest = tokens[at + 1..].iter().take(BETWEEN);
        let to = rest
            // «Номер на одного человека» calls nobody.
            .take_while(|token| !matches!(token.word.as_str(), "." | "!" | "?" | ";" | "\n" | "на"))
            .position(|token| WHOM.contains(&token.word.as_str()))?;
        Some(at..at + to + 2)
    })
}

/// Whether a clause wishes for no person. Only commands and infinitives: «не соединяете» is a reproach, and a wish.
fn declines(clause: &[Token]) -> bool {
    #[rustfmt::skip]
    const COMMANDS: [&str; 14] = [
        "зовите", "звать", "зови", "соединяйте", "соединять", "соединяй", "переключайте", "переключать", "переключай",
        "перезванивайте", "перезванивать", "подключайте", "подключать", "звоните",
    ];
    let word = |at: usize| clause.get(at).map_or("", |token| token.word.as_str());
    let names_bot = has(clause, &["бот", "робот"]);
    (0..clause.len()).any(|at| match (word(at), word(at + 1)) {
        ("не", next) if COMMANDS.contains(&next) => true,
        ("не", "надо" | "нужно" | "нужен" | "нужна") => {
            !names_bot && (has(clause, &STAFF) || has(clause, &COMMANDS))
        }
        ("не", "хочу") => !names_bot && has(clause, &STAFF),
        ("дайте", whom) => whom.ends_with('у') && has(&clause[at + 1..at + 2], &STAFF),
        _ => false,
    })
}

fn has(tokens: &[Token], stems: &[&str]) -> bool {
    let begins = |token: &Token| stems.iter().any(|stem| token.word.starts_with(stem));
    tokens.iter().any(begins)
}

/// Whether a message that says this says nothing else.
fn stands_alone(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::ThanksOnly | Intent::Greeting | Intent::Unclear
    )
}

fn enough(intent: Intent) -> u8 {
    match intent {
        Intent::ThanksOnly => ENOUGH_FOR_SILENCE,
        Intent::NewBooking | Intent::OwnBooking => ENOUGH_FOR_A_BOOKING,
        _ if is_for_a_person(intent) => ENOUGH_FOR_A_PERSON,
        _ => ENOUGH,
    }
}

/// Whether the intent hands the dialog over (masterplan: Сценарий 2).
pub(super) fn is_for_a_person(intent: Intent) -> bool {
    use Intent::{
        Complaint, ExtensionCost, ExtraServiceCost, HumanRequest, PaidNotice, PaymentCheck,
        PaymentLinkAgain, PaymentStatus, ReceiptSent, RefundLinkAgain, RefundStatus, Urgent,
    };
    matches!(
        intent,
        PaymentStatus
            | RefundStatus
            | PaymentCheck
            | PaymentLinkAgain
            | RefundLinkAgain
            | PaidNotice
            | ReceiptSent
            | ExtensionCost
            | ExtraServiceCost
            | HumanRequest
            | Complaint
            | Urgent
    )
}
