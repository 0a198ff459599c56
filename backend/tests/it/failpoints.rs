//! The table of deaths: the backend dies at every failpoint of every kind of action, is started again, and the story
//! ends as if nothing had happened (promises 2 and 3, DESIGN §9).
//!
//! A kind has one story that leads to it; the points are passed in worlds of their own, side by side.

use crate::harness::{
    ANNA, Expected, HANDOFF, IGOR, RETURN_INTRO, World, has_its_task, together, whatsapp_tasks,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PHONE: &str = "79000000001";
/// The signal of `abort`.
const SIGABRT: i32 = 6;
/// Where an action of any kind may die.
const POINTS: [&str; 6] = [
    "after_decide",
    "after_commit",
    "after_claim",
    "after_call",
    "before_result",
    "after_result",
];

/// How a kind of action comes about: what is done before, what brings it about, and what must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// A question that the bot answers, to a guest with a deal.
    Answer,
    /// The same, to a guest of whom the CRM knows nothing.
    NewDeal,
    /// A question for a person.
    Handoff,
    /// One message more of a guest who waits.
    Waiting,
    /// «Ответ не нужен».
    Dismiss,
    /// «Не отвечать ботом».
    Exclude,
    /// «Взять диалог».
    Take,
    /// A question back.
    Clarify,
    /// «Вернуть боту», when nothing waits for an answer.
    Return,
    /// A guest who has waited since the working day writes in the evening.
    Evening,
    /// «Не пишите мне больше».
    OptOut,
    /// A day of silence.
    Touch,
}

impl Story {
    /// Everything before the moment.
    async fn begins(self, world: &World) {
        let guest = world.guest(PHONE);
        match self {
            Self::NewDeal => world.lasting_fault("amocrm", "never_deal").await,
            _ => {
                world.has_a_deal(PHONE).await;
            }
        }
        match self {
            Self::Answer | Self::NewDeal | Self::Handoff => {}
            Self::Clarify => {
                let unclear = json!([{"contains": "по поводу", "intents": ["unclear"]}]);
                world.bot_knows(unclear).await;
            }
            Self::OptOut | Self::Exclude => {
                guest.asks("Сколько стоит номер?").await;
                guest.hears(1).await;
            }
            Self::Touch => {
                guest.asks("Сколько стоит номер?").await;
                guest.hears(1).await;
                world.settles().await;
                world.it_is("2026-11-19T10:50:00+03:00").await;
                world.settles().await;
            }
            Self::Evening => {
                world.it_is("2026-11-18T17:55:00+03:00").await;
                is_handed_over(world).await;
                world.it_is("2026-11-18T18:05:00+03:00").await;
            }
            Self::Waiting | Self::Dismiss | Self::Take => is_handed_over(world).await,
            Self::Return => {
                is_handed_over(world).await;
                let anna = world.manager(ANNA);
                anna.takes(PHONE).await;
                anna.writes(PHONE, "Да, найдём два номера рядом", "amocrm")
                    .await;
            }
        }
        world.settles().await;
    }

    /// The moment.
    async fn goes_on(self, world: &World) {
        let guest = world.guest(PHONE);
        match self {
            Self::Answer | Self::NewDeal => _ = guest.writes("Сколько стоит номер?").await,
            Self::Handoff => _ = guest.writes("Нас будет пятеро").await,
            Self::Waiting | Self::Evening => _ = guest.writes("Вы тут?").await,
            Self::Clarify => _ = guest.writes("Я по поводу того").await,
            Self::OptOut => _ = guest.writes("Не пишите мне больше").await,
            Self::Touch => world.it_is("2026-11-19T11:03:00+03:00").await,
            Self::Dismiss | Self::Take | Self::Return | Self::Exclude => {
                _ = self.clicks(world).await;
            }
        }
    }

    /// A click, if the story has one; whether it was answered. Whoever gets no answer clicks again.
    async fn clicks(self, world: &World) -> bool {
        let (user, action) = match self {
            Self::Dismiss => (ANNA, "dismiss"),
            Self::Take => (IGOR, "take"),
            Self::Return => (ANNA, "return"),
            Self::Exclude => (ANNA, "exclude"),
            _ => return true,
        };
        let dialog = world.dialog_id(PHONE).await;
        world.manager(user).tries(action, &dialog).await.is_some()
    }

    /// What the guest has heard and the CRM shows, once.
    async fn is_told_once(self, world: &World, case: &str) {
        let heard = world.guest(PHONE).heard_from_bot().await;
        let deal = world.deal_of(PHONE).await.expect("exactly one deal");
        let ends = |wanted: &[&str]| {
            assert_eq!(heard.len(), wanted.len(), "{case}: {heard:#?}");
            for (text, wanted) in heard.iter().zip(wanted) {
                assert!(text.contains(wanted), "{case}: «{wanted}» in {heard:#?}");
            }
        };
        match self {
            Self::Answer | Self::NewDeal | Self::Exclude => ends(&["Ответ на «Сколько"]),
            Self::Handoff | Self::Dismiss | Self::Take | Self::Waiting => ends(&[HANDOFF]),
            Self::Clarify => ends(&["вы хотите забронировать новую поездку?"]),
            Self::Return => ends(&[HANDOFF, RETURN_INTRO]),
            Self::Evening => ends(&[HANDOFF, "В рабочее время вам ответит менеджер."]),
            Self::OptOut => ends(&["Ответ на", "больше не буду напоминать"]),
            Self::Touch => ends(&["Ответ на", "Удалось подумать над датами?"]),
        }
        let tasks = whatsapp_tasks(&deal);
        let is_handed_over = matches!(
            self,
            Self::Handoff
                | Self::Waiting
                | Self::Dismiss
                | Self::Take
                | Self::Return
                | Self::Evening
        );
        assert_eq!(tasks.len(), usize::from(is_handed_over), "{case}: {deal:#}");
        match self {
            Self::Answer | Self::NewDeal | Self::Touch => {
                assert_eq!(deal["stage"], "Проведена консультация", "{case}");
            }
            Self::Exclude => assert_eq!(deal["contact"]["tags"], json!(["без бота"]), "{case}"),
            Self::Dismiss | Self::Return => assert_eq!(tasks[0]["done"], true, "{case}"),
            Self::Take => assert_eq!(tasks[0]["responsible"], IGOR, "{case}"),
            Self::Waiting | Self::Evening => assert!(
                tasks[0]["text"]
                    .as_str()
                    .is_some_and(|text| text.contains("Вы тут?")),
                "{case}: {deal:#}"
            ),
            _ => {}
        }
        let notes: Vec<&str> = deal["notes"]
            .as_array()
            .expect("notes")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let different: BTreeSet<_> = notes.iter().collect();
        assert_eq!(notes.len(), different.len(), "{case}: {notes:#?}");
        for (story, note) in [
            (is_handed_over, "Передано менеджеру"),
            (
                deal["stage"] == "Проведена консультация",
                "Бот перевёл сделку",
            ),
            (self == Self::Touch, "Финальное касание"),
        ] {
            let times = notes.iter().filter(|text| text.starts_with(note)).count();
            assert_eq!(times, usize::from(story), "{case}: «{note}» in {notes:#?}");
        }
        if self == Self::NewDeal {
            for made in ["/contacts", "/leads"] {
                assert_eq!(
                    world.count("amocrm", "POST", made).await,
                    1,
                    "{case}: {made}"
                );
            }
        }
    }
}

async fn is_handed_over(world: &World) {
    let guest = world.guest(PHONE);
    guest.asks("Нас будет пятеро").await;
    guest.hears(1).await;
    world.deal_where(PHONE, "its task", has_its_task).await;
}

/// The backend dies at these points, one life each, and then lives on.
async fn dies_at(story: Story, points: &[String]) {
    let case = points.join(", ");
    let world = World::without_backend().await;
    let first = format!("{}:abort", points[0]);
    world.serve(&[("ESTAFETA_FAILPOINT", &first)]).await;
    story.begins(&world).await;
    assert!(world.is_alive(), "{case}: it died before its time");
    story.goes_on(&world).await;
    for next in points[1..].iter().map(Some).chain([None]) {
        world
            .eventually(&format!("{case}: the backend dies"), async || {
                (!world.is_alive()).then_some(())
            })
            .await;
        assert_eq!(world.dies().await, Some(SIGABRT), "{case}");
        match next {
            Some(next) => world.start(&[("ESTAFETA_FAILPOINT", &format!("{next}:abort"))]),
            None => world.serve(&[]).await,
        }
    }
    let again = story.clicks(&world).await;
    assert!(again, "{case}: the click is answered");
    // Pact repeats after a minute what was not acknowledged.
    world.advance_s(61).await;
    world.settles().await;
    let need_nothing = match story {
        Story::OptOut => world
            .guest(PHONE)
            .transcript()
            .await
            .iter()
            .map(|line| line.id)
            .collect(),
        _ => BTreeSet::new(),
    };
    let expected = Expected {
        need_nothing,
        deals: 1,
    };
    world.holds_its_promises(PHONE, &expected).await;
    story.is_told_once(&world, &case).await;
}

/// Kinds that are repeated as they are: nothing is looked for after a death.
const REPEATED: [&str; 8] = [
    "read_crm",
    "ask_bot",
    "move_deal",
    "set_owner_field",
    "set_task_text",
    "complete_task",
    "assign_task",
    "tag_contact",
];

/// Dies at every point of a kind. What cannot be repeated as it is, is looked for after the death: so the second life
/// ends there.
async fn dies_everywhere(story: Story, kind: &str) {
    if !cfg!(feature = "failpoints") {
        eprintln!("not tested: run with --features backend/failpoints");
        return;
    }
    let at = |point: &str| format!("{point}@{kind}");
    let mut cases: Vec<Vec<String>> = POINTS.iter().map(|point| vec![at(point)]).collect();
    if !REPEATED.contains(&kind) {
        cases.push(vec![at("after_call"), at("after_look")]);
    }
    together(cases.iter().map(|points| dies_at(story, points))).await;
}

macro_rules! table {
    ($($name:ident: $kind:literal in $story:ident;)*) => {$(
        #[tokio::test]
        async fn $name() {
            dies_everywhere(Story::$story, $kind).await;
        }
    )*};
}

table! {
    promise_2_a_read_of_the_crm_survives_any_death: "read_crm" in Answer;
    promise_2_a_question_to_the_bot_survives_any_death: "ask_bot" in Answer;
    promise_3_an_answer_survives_any_death: "answer" in Answer;
    promise_3_a_question_back_survives_any_death: "clarify" in Clarify;
    promise_3_an_intro_survives_any_death: "intro" in Return;
    promise_3_a_handoff_survives_any_death: "handoff" in Handoff;
    promise_3_the_hours_survive_any_death: "hours" in Evening;
    promise_3_an_acknowledgement_survives_any_death: "ack" in OptOut;
    promise_3_a_touch_survives_any_death: "touch" in Touch;
    promise_3_a_task_survives_any_death: "create_task" in Handoff;
    promise_3_a_note_survives_any_death: "add_note" in Handoff;
    promise_3_a_contact_survives_any_death: "create_contact" in NewDeal;
    promise_3_a_deal_survives_any_death: "create_deal" in NewDeal;
    promise_2_a_move_survives_any_death: "move_deal" in Answer;
    promise_2_the_owner_field_survives_any_death: "set_owner_field" in Answer;
    promise_2_a_tasks_text_survives_any_death: "set_task_text" in Waiting;
    promise_2_the_closing_of_a_task_survives_any_death: "complete_task" in Dismiss;
    promise_2_the_passing_of_a_task_survives_any_death: "assign_task" in Take;
    promise_2_the_tag_of_an_excluded_guest_survives_any_death: "tag_contact" in Exclude;
}
