//! The bot over the sample base, on a real database.

use super::*;
use crate::adapters::knowledge::Library;
use crate::adapters::store::SqliteStore;
use crate::ports::{
    BotBooking, BotContact, BotHistory, BotMessage, BotPolicy, Knowledge, NewBase, Origin,
};
use std::collections::BTreeMap;
use tempfile::TempDir;
use widget_core::booking::PLACEHOLDER;
use widget_core::ids::{DialogId, MessageId, TurnId};
use widget_core::knowledge::measure::{Figures, Labelled, by_search, by_words_alone};
use widget_core::knowledge::{BaseFile, Index, read};
use widget_core::understand::Facts;

const ACCOUNT: AccountId = AccountId(7);
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/knowledge");

/// The files of the sample base, by name.
fn sample() -> Vec<BaseFile> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(SAMPLE).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if matches!(name.rsplit_once('.'), Some((_, "md" | "csv"))) {
            let text = std::fs::read_to_string(format!("{SAMPLE}/{name}")).unwrap();
            files.push(BaseFile { name, text });
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

/// A bot with the sample base, and the folder that its database is in.
async fn bot() -> (FaqBot, TempDir) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("estafeta.sqlite");
    let store = Arc::new(SqliteStore::open(&file, &[1; 32]).await.unwrap());
    let files = sample();
    let passages = read(&files).unwrap();
    let base = NewBase::of(files, &passages, (None, Origin::File, None));
    store.put_base(ACCOUNT, base, 1).await.unwrap();
    let library = Arc::new(Library::new(store as Arc<dyn Knowledge>));
    (FaqBot::new(ACCOUNT, library), folder)
}

fn turn(messages: &[&str]) -> BotRequest {
    let message = |(n, text): (usize, &&str)| BotMessage {
        id: MessageId(format!("m{n}")),
        text: (*text).to_owned(),
        attachments: Vec::new(),
        at: "2026-11-18T08:00:00Z".to_owned(),
    };
    BotRequest {
        turn_id: TurnId("t1".to_owned()),
        dialog: DialogId("d".to_owned()),
        introduce: false,
        manager_note: None,
        messages: messages.iter().enumerate().map(message).collect(),
        contact: BotContact::default(),
        deal: None,
        facts: Facts::default(),
        history: Vec::new(),
        policy: BotPolicy {
            texts: BTreeMap::new(),
            triggers: Vec::new(),
            collect: ["dates", "programme", "room_category", "guests"]
                .map(str::to_owned)
                .to_vec(),
            bot_name: "виртуальный помощник".to_owned(),
            organisation: "санатория".to_owned(),
            booking: None,
        },
    }
}

fn said(from: &str, text: &str) -> BotHistory {
    BotHistory {
        from: from.to_owned(),
        text: text.to_owned(),
        at: "2026-11-18T07:59:00Z".to_owned(),
    }
}

#[tokio::test]
async fn issue_9_3_it_answers_with_the_passage_and_cites_it() {
    let (bot, _folder) = bot().await;
    let reply = bot
        .answer(&turn(&["Здравствуйте! а басейн у вас есть?"]))
        .await
        .unwrap();
    assert_eq!(
        (reply.kb, &*reply.cited),
        (Kb::Hit, &["pool".to_owned()][..])
    );
    assert_eq!(reply.replies, reply.passages);
    assert!(reply.replies[0].starts_with("Крытый бассейн"));
    assert!(reply.confidence >= 70);
    assert_eq!(reply.done, [BotDone::Consulted]);

    let two = bot
        .answer(&turn(&["Есть вайфай?", "И можно с собакой?"]))
        .await
        .unwrap();
    assert_eq!(two.cited, ["wifi", "pets"]);
    assert_eq!(two.replies.len(), 2);
}

#[tokio::test]
async fn issue_9_3_what_the_base_does_not_have_is_a_miss() {
    let (bot, _folder) = bot().await;
    for text in [
        "Есть ли вертолётная площадка?",
        "кто победил вчера в футболе?",
        "How much is the room?",
    ] {
        let reply = bot.answer(&turn(&[text])).await.unwrap();
        assert_eq!(
            (reply.kb, reply.replies.len()),
            (Kb::Miss, 0),
            "{text}: {reply:?}"
        );
    }
    // Half an answer is none: the manager reads what was found.
    let half = bot
        .answer(&turn(&["Есть бассейн? А барокамера есть?"]))
        .await
        .unwrap();
    assert_eq!(half.kb, Kb::Miss);
    let (reason, note) = half.handoff.unwrap();
    assert_eq!(reason, "no_kb");
    assert!(note.unwrap().contains("Бассейн"));
}

#[tokio::test]
async fn issue_9_3_greetings_and_thanks_are_answered_as_such() {
    let (bot, _folder) = bot().await;
    let greeted = bot.answer(&turn(&["Добрый день!"])).await.unwrap();
    assert_eq!(greeted.replies, [words::HOW_TO_HELP]);
    assert_eq!(greeted.kb, Kb::None);
    let thanked = bot.answer(&turn(&["Спасибо большое!"])).await.unwrap();
    assert!(thanked.silent && thanked.replies.is_empty());
}

#[tokio::test]
async fn issue_9_3_it_asks_for_what_a_booking_needs_one_thing_at_a_time() {
    let (bot, _folder) = bot().await;
    let mut request = turn(&["Хочу забронировать номер"]);
    let mut questions = Vec::new();
    let answers = ["с 10 по 17 марта", "нас двое", "с лечением", "люкс"];
    for answer in answers {
        let reply = bot.answer(&request).await.unwrap();
        assert!(reply.handoff.is_none(), "{reply:?}");
        let question = reply.replies.last().unwrap().clone();
        request
            .history
            .push(said("guest", &request.messages[0].text.clone()));
        request.history.push(said("bot", &question));
        request.facts = Asked::read(&request).facts(&request.facts);
        request.messages[0].text = answer.to_owned();
        questions.push(question);
    }
    for (question, about) in questions
        .iter()
        .zip(["даты", "человек", "программу", "категории"])
    {
        assert!(question.contains(about), "{question}");
    }
    let last = bot.answer(&request).await.unwrap();
    let (_, note) = last.handoff.unwrap();
    let note = note.unwrap();
    for known in ["10.03.2027 – 17.03.2027", "гостей: 2", "с лечением", "люкс"]
    {
        assert!(note.contains(known), "{note}");
    }

    // Where guests book by a link, the guest gets it.
    let page = |categories: &[&str]| BotBooking {
        max_adults: 4,
        categories: categories.iter().map(|name| (*name).to_owned()).collect(),
        programmes: vec!["treatment".to_owned()],
    };
    request.policy.booking = Some(page(&["Люкс", "Стандарт"]));
    let linked = bot.answer(&request).await.unwrap();
    assert!(linked.handoff.is_none(), "{linked:?}");
    assert!(
        linked.replies.last().unwrap().contains(PLACEHOLDER),
        "{linked:?}"
    );
    let stay = linked.booking.unwrap();
    assert_eq!(stay.arrival.as_deref(), Some("2027-03-10"));
    assert_eq!(stay.departure.as_deref(), Some("2027-03-17"));
    assert_eq!(stay.adults, Some(2));
    assert_eq!(stay.programme.as_deref(), Some("treatment"));
    // A category that the page does not have, and a child whose age may not be the only one, are a manager's.
    request.policy.booking = Some(page(&["Стандарт"]));
    assert!(bot.answer(&request).await.unwrap().handoff.is_some());
    request.policy.booking = Some(page(&["Люкс"]));
    request.facts.youngest_child = Some(7);
    assert!(bot.answer(&request).await.unwrap().handoff.is_some());
}

#[tokio::test]
async fn issue_9_3_a_wish_to_book_with_dates_is_no_question_that_found_nothing() {
    let (bot, _folder) = bot().await;
    let text = "Добрый день! Хотим приехать вдвоём с 10 по 17 марта. Сколько стоит стандарт?";
    let reply = bot.answer(&turn(&[text])).await.unwrap();
    assert_eq!(reply.kb, Kb::Hit, "{reply:?}");
    assert_eq!(reply.cited, ["prices"]);
    assert!(
        reply.replies.last().unwrap().contains("программу"),
        "{reply:?}"
    );
}

#[tokio::test]
async fn issue_9_3_what_a_guest_does_not_say_twice_a_manager_asks() {
    let (bot, _folder) = bot().await;
    let mut request = turn(&["Хочу забронировать номер"]);
    for _ in 0..2 {
        let reply = bot.answer(&request).await.unwrap();
        request
            .history
            .push(said("bot", reply.replies.last().unwrap()));
        request.messages[0].text = "хочу забронировать".to_owned();
    }
    let reply = bot.answer(&request).await.unwrap();
    let (_, note) = reply.handoff.unwrap();
    assert!(note.unwrap().contains("даты"));
}

#[tokio::test]
async fn issue_9_3_the_same_turn_is_answered_the_same_way() {
    let (bot, _folder) = bot().await;
    let request = turn(&["скок стоит сауна и есть ли парковка?"]);
    let first = bot.answer(&request).await.unwrap();
    assert_eq!(
        first.cited,
        ["sauna", "parking"],
        "two questions of one sentence"
    );
    assert_eq!(bot.answer(&request).await.unwrap(), first);
}

/// The figures of the sample base, beside a plain search of whole words. They may only get better: whoever changes the search
/// or the base and makes them worse hears of it here. The held half was not tuned on.
#[test]
fn issue_9_3_the_sample_questions_find_their_passages_as_well_as_ever() {
    let passages = read(&sample()).unwrap();
    assert!(passages.len() >= 80, "{}", passages.len());
    let questions = std::fs::read_to_string(format!("{SAMPLE}/questions.jsonl")).unwrap();
    let questions: Vec<Labelled> = questions
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(questions.len() >= 300, "{}", questions.len());
    for labelled in &questions {
        for id in labelled.expected.passages() {
            let is_there = passages.iter().any(|passage| passage.id == id);
            assert!(is_there, "{}: there is no {id}", labelled.question);
        }
    }
    let index = Index::new(&passages);
    let percent = |share: f64| (share * 1_000.0).round() / 10.0;
    // (held, hit@1, hit@3, answered rightly, wrong answers), percent.
    for (held, hit_1, hit_3, answered, wrong) in [
        (false, 91.2, 96.0, 75.2, 5.1),
        (true, 86.2, 93.5, 69.3, 5.8),
    ] {
        let half: Vec<&Labelled> = questions.iter().filter(|one| one.held == held).collect();
        let ours = Figures::of(half.iter().copied(), |question| by_search(&index, question));
        let plain = Figures::of(half.iter().copied(), |question| {
            by_words_alone(&passages, question)
        });
        let told = format!("held: {held}, {ours:?}, words alone: {plain:?}");
        assert!(percent(ours.hit_at_1()) >= hit_1, "{told}");
        assert!(percent(ours.hit_at_3()) >= hit_3, "{told}");
        assert!(percent(ours.answered_rightly()) >= answered, "{told}");
        assert!(percent(ours.wrong_answers()) <= wrong, "{told}");
        assert!(ours.hit_at_1() > plain.hit_at_1() + 0.2, "{told}");
        assert!(ours.wrong_answers() < plain.wrong_answers() / 2.0, "{told}");
    }
}
