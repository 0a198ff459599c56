//! BEHAVIOUR §3: which deal a message belongs to, and how one is claimed or made.

use super::*;
use crate::time::{DAY, MINUTE};

fn first_question(scene: &mut Scene) {
    scene.guest("Есть ли места на май?", nothing());
    scene.burst_ends();
}

#[test]
fn masterplan_1_a_new_guest_is_answered_before_there_is_a_deal() {
    let mut scene = Scene::new_guest();
    first_question(&mut scene);
    scene.bot_answers();
    scene.run();
    assert_eq!(scene.delivered(), 1);
    assert_eq!((scene.state.deal, scene.new_deals()), (None, 0));
}

#[test]
fn behaviour_3_a_deal_that_the_crm_makes_by_itself_is_adopted_at_the_5_second_look() {
    let mut scene = Scene::new_guest();
    first_question(&mut scene);
    scene.contact = Some(CONTACT);
    scene.deals = vec![scene.deal(DEAL, "new")];
    scene.wait(seconds(5));
    scene.run();
    assert_eq!(scene.state.deal, Some(DEAL));
    assert!(scene.traced("deal.adopted"));
    scene.wait(MINUTE);
    scene.run();
    assert_eq!(scene.new_deals(), 0);
    assert_eq!(scene.field(), FieldValue::Bot);
}

#[test]
fn behaviour_3_a_deal_is_adopted_at_the_20_second_end_else_made_after_its_contact() {
    for (row, comes) in [("it comes", true), ("it never comes", false)] {
        let mut scene = Scene::new_guest();
        first_question(&mut scene);
        scene.wait(seconds(5));
        scene.run();
        scene.wait(seconds(15) - 1);
        assert_eq!(
            scene
                .pending
                .iter()
                .filter(|(_, a)| *a == Action::ReadCrm)
                .count(),
            0,
            "{row}"
        );
        if comes {
            scene.contact = Some(CONTACT);
            scene.deals = vec![scene.deal(DEAL, "new")];
        }
        scene.wait(1);
        scene.run();
        assert_eq!(scene.new_deals(), usize::from(!comes), "{row}");
        assert_eq!(
            scene.count(|a| *a == Action::CreateContact),
            usize::from(!comes),
            "{row}"
        );
        assert_eq!(scene.state.deal, Some(scene.deals[0].id), "{row}");
    }
}

#[test]
fn behaviour_3_a_known_contact_is_not_made_again() {
    let mut scene = Scene::new_guest();
    scene.contact = Some(CONTACT);
    first_question(&mut scene);
    for _ in 0..3 {
        scene.wait(seconds(20));
        scene.run();
    }
    assert_eq!(
        (
            scene.count(|a| *a == Action::CreateContact),
            scene.new_deals()
        ),
        (0, 1)
    );
}

#[test]
fn promise_3_nothing_twice_we_never_make_a_second_deal_in_an_episode() {
    let mut scene = Scene::new_guest();
    first_question(&mut scene);
    for _ in 0..10 {
        scene.wait(seconds(10));
        scene.run();
        scene.guest("И ещё вопрос", nothing());
        scene.burst_ends();
    }
    assert_eq!(scene.new_deals(), 1);
}

#[test]
fn promise_3_nothing_twice_a_deal_of_ours_that_the_index_does_not_show_yet_is_not_lost() {
    let mut scene = Scene::new_guest();
    first_question(&mut scene);
    scene.bot_answers();
    scene.run();
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!(scene.new_deals(), 1);
    let made = std::mem::take(&mut scene.deals);
    scene.wait(seconds(61));
    first_question(&mut scene);
    assert_eq!(scene.questions(), 2, "routed on what the index showed");
    assert_eq!(scene.state.deal, Some(made[0].id));
    scene.deals = made;
    scene.wait(MINUTE);
    scene.run();
    assert_eq!((scene.new_deals(), scene.state.episodes), (1, 1));
}

#[test]
fn behaviour_3_an_older_read_that_arrives_late_is_not_believed() {
    let mut scene = Scene::talking();
    let older = scene.state.crm.clone().unwrap();
    scene.wait(2 * MINUTE);
    first_question(&mut scene);
    let known = scene.state.crm.clone();
    assert_ne!(known.as_ref(), Some(&older));
    scene.event(Event::CrmRead(older));
    assert_eq!(scene.state.crm, known);
}

#[test]
fn behaviour_3_a_foreign_deal_that_comes_while_ours_is_made_is_left_alone() {
    let mut scene = Scene::new_guest();
    scene.contact = Some(CONTACT);
    first_question(&mut scene);
    scene.bot_answers();
    scene.run();
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run_reads();
    assert_eq!(scene.new_deals(), 1, "on its way");
    let foreign = DealId(999);
    scene.deals = vec![scene.deal(foreign, "new")];
    scene.wait(seconds(61));
    first_question(&mut scene);
    assert_eq!(scene.questions(), 2, "routed meanwhile");
    scene.run();
    let ours = scene.state.deal;
    assert!(ours.is_some() && ours != Some(foreign));
    scene.bot_answers();
    scene.run();
    scene.wait(2 * MINUTE);
    first_question(&mut scene);
    assert_eq!(
        (scene.state.deal, scene.questions()),
        (ours, 3),
        "not asked which one is meant"
    );
}

#[test]
fn behaviour_3_the_stages_of_a_single_deal() {
    for (stage, own) in [
        ("new", true),
        ("consulted", true),
        ("prebooked", true),
        ("prepaid", true),
        ("arrival", true),
        ("staying", true),
        ("departure", true),
        ("refused", false),
        ("won", false),
    ] {
        let mut scene = Scene::at_stage(stage);
        first_question(&mut scene);
        assert_eq!(scene.questions(), 1, "{stage}: answered");
        assert_eq!(scene.state.deal == Some(DEAL), own, "{stage}");
        scene.wait(seconds(5));
        scene.run();
        scene.wait(seconds(15));
        scene.run();
        assert_eq!(
            scene.new_deals(),
            usize::from(!own),
            "{stage}: a new deal is made"
        );
    }
}

#[test]
fn behaviour_3_an_unmapped_stage_belongs_to_people_and_never_gets_a_second_deal() {
    let mut scene = Scene::at_stage("Партнёры");
    first_question(&mut scene);
    scene.run();
    scene.wait(MINUTE);
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::StageUnmapped));
    assert_eq!(
        (scene.questions(), scene.new_deals(), scene.tasks()),
        (0, 0, 1)
    );
}

#[test]
fn behaviour_3_several_open_deals_are_clarified_once_then_a_person() {
    let mut scene = Scene::at_stage("prepaid");
    let older = scene.deal(DealId(600), "arrival");
    scene.deals.push(DealFacts {
        created_at: older.created_at - DAY,
        amount: None,
        ..older
    });
    first_question(&mut scene);
    scene.run();
    assert_eq!(
        scene.texts(),
        [(SendKind::Clarify, "intro+clarify_deal_plain".to_owned())]
    );
    assert_eq!(scene.questions(), 0);
    scene.guest("О майской", nothing());
    scene.burst_ends();
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::MultiDeal));
    assert_eq!(scene.state.deal, Some(DEAL), "the task is on the newest");
    // A person settles it: from then on the episode's deal is the one meant.
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.run();
    scene.guest("А Wi-Fi есть?", nothing());
    scene.burst_ends();
    assert_eq!(scene.questions(), 1);
}

#[test]
fn behaviour_3_the_episodes_own_deal_is_meant_when_another_appears() {
    let mut scene = Scene::talking();
    scene.deals.insert(0, scene.deal(DealId(800), "new"));
    scene.wait(2 * MINUTE);
    scene.guest("А парковка?", nothing());
    scene.burst_ends();
    assert_eq!((scene.questions(), scene.state.deal), (2, Some(DEAL)));
}

#[test]
fn behaviour_3_a_message_after_the_deal_closed_is_a_new_inquiry() {
    let mut scene = Scene::talking();
    scene.wait(HOUR);
    scene.at(DEAL).closed = true;
    scene.guest("Хочу приехать ещё", nothing());
    scene.burst_ends();
    scene.bot_answers();
    assert_eq!(scene.state.episodes, 2);
    assert_eq!(scene.texts()[1].1, "intro+reply");
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!(scene.new_deals(), 1);
}

#[test]
fn behaviour_3_a_handoff_without_a_deal_gets_its_task_once_there_is_one() {
    let mut scene = Scene::new_guest();
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.run();
    assert_eq!((scene.texts().len(), scene.tasks()), (1, 0));
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!((scene.new_deals(), scene.tasks()), (1, 1));
    assert_eq!(scene.field(), FieldValue::Waiting);
    assert_eq!(scene.count(|a| matches!(a, Action::AddNote { .. })), 1);
}

#[test]
fn behaviour_3_a_return_before_there_is_a_deal_leaves_no_task_behind() {
    let mut scene = Scene::new_guest();
    scene.guest("Нас будет пятеро", five());
    scene.burst_ends();
    scene.run();
    scene.event(Event::Dismissed { user: ANNA });
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!((scene.new_deals(), scene.tasks()), (1, 0));
    assert_eq!(scene.field(), FieldValue::Bot);
}

#[test]
fn behaviour_1_crm_down_for_a_new_guest_text_now_task_when_it_is_back() {
    let mut scene = Scene::new_guest();
    scene.crm_is_up = false;
    scene.guest("Есть ли места?", nothing());
    scene.wait(seconds(4));
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::CrmDown));
    assert_eq!(scene.delivered(), 1);
    for _ in 0..5 {
        scene.wait(MINUTE);
        scene.run();
    }
    assert_eq!(scene.tasks(), 0);
    scene.crm_is_up = true;
    for _ in 0..3 {
        scene.wait(MINUTE);
        scene.run();
    }
    assert_eq!((scene.new_deals(), scene.open_task().is_some()), (1, true));
}

#[test]
fn promise_3_nothing_twice_a_made_deal_that_is_deleted_ends_its_episode() {
    let mut scene = Scene::new_guest();
    scene.guest("Позовите человека", wants(Intent::HumanRequest));
    scene.burst_ends();
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!((scene.new_deals(), scene.state.episodes), (1, 1));
    let made = scene.state.deal.unwrap();
    scene.wait(HOUR);
    scene.deals.clear();
    scene.event(Event::DealChanged {
        deal: made,
        by: Changer::Person(ANNA),
        field: None,
        stage: None,
    });
    scene.run();
    scene.person(Some(ANNA));
    scene.returned(ANNA);
    scene.run();
    first_question(&mut scene);
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run();
    assert_eq!(
        (scene.new_deals(), scene.state.episodes),
        (2, 2),
        "one made deal per episode"
    );
}

const NEWER: DealId = DealId(800);
const OLDER: DealId = DealId(600);

fn days(text: &str) -> crate::time::Days {
    text.parse().unwrap()
}

fn named(text: &str) -> Understood {
    facts(Facts {
        dates: Some(days(text)),
        ..Facts::default()
    })
}

/// Two bookings, in May and in September.
fn may_and_september() -> Scene {
    let mut scene = Scene::new_guest();
    scene.contact = Some(CONTACT);
    let mut newer = scene.deal(NEWER, "prepaid");
    newer.booking.days = Some(days("2027-09-01/2027-09-10"));
    let mut older = scene.deal(OLDER, "prepaid");
    older.booking.days = Some(days("2027-05-01/2027-05-10"));
    older.created_at -= DAY;
    scene.deals = vec![newer, older];
    scene
}

#[test]
fn behaviour_3_several_deals_the_one_meant_by_the_days_named() {
    let row = "BEHAVIOUR §3: several → the one meant, by dates";
    for (said, meant) in [
        ("2027-05-01/2027-05-31", OLDER),
        ("2027-05-10", OLDER),
        ("2027-09-05", NEWER),
    ] {
        let mut scene = may_and_september();
        scene.hears("Мы приедем в мае", named(said));
        assert_eq!(
            (scene.questions(), scene.state.deal),
            (1, Some(meant)),
            "{row}: {said}"
        );
    }
    for said in ["2027-07-01", "2027-05-01/2027-09-30", "2027-05-11"] {
        let mut scene = may_and_september();
        scene.hears("Мы приедем", named(said));
        assert_eq!(scene.texts()[0].1, "intro+clarify_deal", "{row}: {said}");
    }
}

#[test]
fn behaviour_3_several_deals_the_answer_to_the_question_settles_it() {
    let mut scene = may_and_september();
    first_question(&mut scene);
    scene.run();
    assert_eq!(scene.texts()[0].1, "intro+clarify_deal");
    scene.hears("О майской", named("2027-05-01/2027-05-31"));
    assert_eq!((scene.questions(), scene.state.deal), (1, Some(OLDER)));
    scene.answers();
    scene.wait(2 * MINUTE);
    scene.hears("А парковка есть?", nothing());
    assert_eq!(
        (scene.questions(), scene.state.deal),
        (2, Some(OLDER)),
        "and stays so in the episode"
    );
    scene.answers();
    scene.hears("А в сентябре?", named("2027-09-05"));
    assert_eq!(scene.state.deal, Some(NEWER), "until the other is named");
}

#[test]
fn behaviour_3_several_deals_the_one_meant_by_what_is_asked() {
    let booking_and_inquiry = || {
        let mut scene = Scene::at_stage("prepaid");
        let inquiry = scene.deal(NEWER, "consulted");
        scene.deals.insert(0, inquiry);
        scene
    };
    for (row, understood, meant) in [
        ("own booking", wants(Intent::OwnBooking), Some(DEAL)),
        ("new booking", wants(Intent::NewBooking), Some(NEWER)),
        (
            "new booking, as a fact",
            facts(Facts {
                new_booking: Some(true),
                ..Facts::default()
            }),
            Some(NEWER),
        ),
        ("neither", nothing(), None),
        (
            "both",
            Understood {
                intents: BTreeSet::from([Intent::OwnBooking, Intent::NewBooking]),
                ..nothing()
            },
            Some(NEWER),
        ),
    ] {
        let mut scene = booking_and_inquiry();
        scene.hears("…", understood);
        let row = format!("BEHAVIOUR §3: several → the one meant, by {row}");
        match meant {
            Some(meant) => assert_eq!(
                (scene.questions(), scene.state.deal),
                (1, Some(meant)),
                "{row}"
            ),
            None => assert_eq!(scene.texts()[0].1, "intro+clarify_deal_plain", "{row}"),
        }
        scene.grace_ends();
        assert_eq!(scene.new_deals(), 0, "{row}");
    }
    let mut two_bookings = may_and_september();
    two_bookings.hears("Что с моей бронью?", wants(Intent::OwnBooking));
    assert_eq!(two_bookings.texts()[0].1, "intro+clarify_deal");
}

#[test]
fn masterplan_2_several_deals_at_once_are_a_persons() {
    let mut scene = may_and_september();
    scene.hears(
        "По обеим броням: есть ли парковка?",
        facts(Facts {
            several_deals: Some(true),
            ..Facts::default()
        }),
    );
    assert_eq!(
        scene.reason(),
        Some(ReasonId::MultiDeal),
        "masterplan: Сценарий 2, «несколько сделок одновременно»"
    );
    assert_eq!((scene.tasks(), scene.questions()), (1, 0));
}

#[test]
fn behaviour_3_my_booking_from_a_number_without_deals_is_a_persons() {
    let row = "BEHAVIOUR §3: booking_not_found";
    let mut scene = Scene::new_guest();
    scene.hears("Что с моей бронью?", wants(Intent::OwnBooking));
    assert_eq!(scene.reason(), Some(ReasonId::BookingNotFound), "{row}");
    scene.grace_ends();
    assert_eq!(
        (scene.new_deals(), scene.tasks()),
        (1, 1),
        "{row}: the task needs a deal to stand on"
    );
    let mut closed = Scene::at_stage("won");
    closed.hears("Что с моей бронью?", wants(Intent::OwnBooking));
    assert_eq!(closed.questions(), 1, "{row}: a number with deals is known");
    let mut lenient = Scene::new_guest()
        .with(|policy| policy.inquiry.booking_not_found = crate::policy::InquiryAct::NewDeal);
    lenient.hears("Что с моей бронью?", wants(Intent::OwnBooking));
    assert_eq!(lenient.questions(), 1, "{row}: new_deal");
}

#[test]
fn behaviour_3_each_row_of_the_inquiry_may_be_left_to_people() {
    use crate::policy::{Inquiry, InquiryAct::People};
    type Row = (&'static str, fn(&mut Inquiry), ReasonId);
    let rows: [(Row, &[&str]); 5] = [
        (
            ("early", |i| i.early = People, ReasonId::StagePeople),
            &["new"],
        ),
        (
            ("booking", |i| i.booking = People, ReasonId::StagePeople),
            &["arrival"],
        ),
        (
            ("refused", |i| i.refused = People, ReasonId::StagePeople),
            &["refused"],
        ),
        (("none", |i| i.none = People, ReasonId::StagePeople), &[]),
        (
            ("several", |i| i.several = People, ReasonId::MultiDeal),
            &["prepaid", "arrival"],
        ),
    ];
    for ((row, change, reason), stages) in rows {
        let mut scene = Scene::new_guest().with(|policy| change(&mut policy.inquiry));
        for (n, stage) in (0..).zip(stages) {
            scene.contact = Some(CONTACT);
            let deal = scene.deal(DealId(700 + n), stage);
            scene.deals.push(deal);
        }
        scene.hears("Есть ли места?", nothing());
        assert_eq!(scene.reason(), Some(reason), "{row}");
        assert_eq!(scene.questions(), 0, "{row}");
        scene.grace_ends();
        assert_eq!(scene.tasks(), 1, "{row}");
    }
}

#[test]
fn behaviour_3_an_unmapped_stage_beside_others() {
    let mut beside = Scene::at_stage("prepaid");
    let foreign = beside.deal(NEWER, "Партнёры");
    beside.deals.insert(0, foreign);
    first_question(&mut beside);
    assert_eq!(
        (beside.questions(), beside.state.deal),
        (1, Some(DEAL)),
        "the mapped one is the guest's"
    );
    let mut moved = Scene::talking();
    moved.moved_by(DEAL, "Партнёры", Changer::Person(ANNA));
    moved.wait(2 * MINUTE);
    first_question(&mut moved);
    moved.grace_ends();
    assert_eq!(moved.reason(), Some(ReasonId::StageUnmapped));
    assert_eq!(moved.new_deals(), 0, "never a second deal");
    let mut closed = Scene::at_stage("Партнёры");
    closed.at(DEAL).closed = true;
    first_question(&mut closed);
    assert_eq!(closed.questions(), 1, "one that is over binds nobody");
}

#[test]
fn behaviour_1_deal_deleted_with_several_left_is_asked_about() {
    let mut scene = may_and_september();
    scene.hears("Мы приедем в мае", named("2027-05-05"));
    scene.answers();
    scene.wait(HOUR);
    scene.deals.retain(|deal| deal.id != OLDER);
    scene.event(Event::DealChanged {
        deal: OLDER,
        by: Changer::Unknown,
        field: None,
        stage: None,
    });
    scene.run();
    assert_eq!(scene.state.deal, Some(NEWER), "rebound");
    let noted = |a: &Action| matches!(a, Action::AddNote { note: crate::action::Note::Rebound { from }, .. } if *from == OLDER);
    assert_eq!(scene.count(noted), 1, "and noted");
}

#[test]
fn behaviour_3_an_order_of_a_late_message_waits_for_its_guest_to_be_known() {
    let mut scene = Scene::at_stage("consulted");
    scene.guest_at("Есть ли места?", nothing(), NOON - HOUR);
    assert_eq!(scene.texts(), [], "the CRM is asked first who this is");
    scene.burst_ends();
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::Late));
    assert_eq!(scene.task_deals(), [DEAL]);
}

#[test]
fn behaviour_3_a_late_foreign_deal_is_left_alone_and_noted_once() {
    let mut scene = Scene::new_guest();
    scene.guest("Сколько стоит номер?", nothing());
    scene.burst_ends();
    scene.bot_answers();
    scene.run();
    scene.wait(seconds(20));
    scene.run();
    assert_eq!(scene.new_deals(), 1);
    let ours = scene.state.deal;
    let mut foreign = scene.deal(DealId(801), "new");
    foreign.created_at = scene.now;
    scene.deals.insert(0, foreign);
    for _ in 0..2 {
        scene.wait(seconds(90));
        scene.guest("А с питанием?", nothing());
        scene.burst_ends();
        scene.bot_answers();
        scene.run();
    }
    assert_eq!(scene.state.deal, ours, "BEHAVIOUR §3: left alone");
    let noted = |action: &Action| matches!(action, Action::AddNote { note: crate::action::Note::ForeignDeal { deal }, .. } if *deal == DealId(801));
    assert_eq!(scene.count(noted), 1);
}

#[test]
fn behaviour_3_a_new_inquiry_that_a_manager_takes_at_once_gets_its_deal_too() {
    let mut scene = Scene::new_guest();
    scene.guest("Сколько стоит номер?", nothing());
    scene.took(ANNA);
    scene.run();
    scene.grace_ends();
    scene.grace_ends();
    assert_eq!(scene.new_deals(), 1);
    assert_eq!(scene.field(), FieldValue::Manager);
    assert!(scene.led_by(ANNA));
    assert_eq!(scene.texts(), []);
}

#[test]
fn behaviour_3_a_new_inquiry_taken_while_the_crm_is_down_gets_its_deal_once_it_is_back() {
    let mut scene = Scene::new_guest();
    scene.crm_is_up = false;
    scene.guest("Сколько стоит номер?", nothing());
    scene.took(ANNA);
    scene.run();
    for _ in 0..4 {
        scene.passes(seconds(30));
    }
    assert_eq!((scene.new_deals(), scene.state.deal), (0, None));
    scene.crm_is_up = true;
    for _ in 0..4 {
        scene.passes(seconds(30));
    }
    assert_eq!(scene.new_deals(), 1);
    assert_eq!(scene.field(), FieldValue::Manager);
}

#[test]
fn behaviour_3_a_deal_that_the_crm_makes_while_a_manager_leads_is_adopted() {
    let mut scene = Scene::new_guest();
    scene.guest("Сколько стоит номер?", nothing());
    scene.took(ANNA);
    scene.run();
    scene.contact = Some(CONTACT);
    scene.deals = vec![scene.deal(DEAL, "new")];
    scene.grace_ends();
    assert_eq!(scene.new_deals(), 0);
    assert_eq!(scene.state.deal, Some(DEAL));
    assert_eq!(scene.field(), FieldValue::Manager);
}

#[test]
fn behaviour_5_a_guest_whom_the_bot_leaves_alone_gets_no_deal_by_a_take() {
    let mut scene = Scene::new_guest().with(|policy| policy.mode = crate::policy::Mode::Trial);
    scene.guest("Сколько стоит номер?", nothing());
    scene.took(ANNA);
    scene.run();
    scene.grace_ends();
    assert_eq!((scene.new_deals(), scene.state.deal), (0, None));
    assert!(scene.led_by(ANNA));
}
