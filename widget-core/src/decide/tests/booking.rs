//! The booking link (issue 9, «Booking link»; masterplan: «Воронка и этапы», Сценарий 2): sent once, and the deal moves
//! once it has left.

use super::*;
use crate::booking::{Filled, Refusal};
use crate::policy::BookingPage;

fn made() -> BotAnswer {
    BotAnswer {
        link: Some(Filled::Made { reply: 0 }),
        ..good()
    }
}

fn refused(why: Refusal) -> BotAnswer {
    BotAnswer {
        replies: vec![TextRef(7)],
        link: Some(Filled::Refused { why }),
        ..good()
    }
}

fn asked(stage: &str) -> Scene {
    let mut scene = Scene::at_stage(stage);
    scene.hears("Пришлите ссылку", nothing());
    scene
}

fn links_in_flight(scene: &Scene) -> usize {
    let sent = scene.state.in_flight.values();
    sent.filter(|sent| sent.done.contains(&crate::event::BotDone::PaymentLinkSent))
        .count()
}

#[test]
fn issue_9_5_a_link_moves_the_deal_once_its_send_is_accepted() {
    let mut scene = asked("consulted");
    scene.bot(made());
    assert!(scene.traced("booking.made"));
    assert_eq!(links_in_flight(&scene), 1);
    assert_eq!(scene.state.linked, None, "not before it has left");
    scene.run();
    assert_eq!(scene.deals[0].stage, Some("prebooked".into()));
    let linked = scene.state.linked.expect("remembered");
    assert_eq!(linked.deal, Some(DEAL));
}

#[test]
fn issue_9_5_the_link_counts_with_the_message_that_holds_it() {
    let mut scene = asked("consulted");
    scene.bot(BotAnswer {
        replies: vec![TextRef(7), TextRef(8)],
        ..made()
    });
    let mut sent: Vec<_> = scene.state.in_flight.iter().collect();
    sent.sort_by_key(|(key, _)| key.0.clone());
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].1.done.len(), 1, "{sent:?}");
    assert!(sent[1].1.done.is_empty(), "{sent:?}");
}

#[test]
fn issue_9_5_a_link_that_never_left_is_none() {
    let mut scene = asked("consulted");
    scene.bot(made());
    scene.send_fails(Failure::Refused);
    scene.run();
    assert_eq!(scene.state.linked, None);
    assert_eq!(scene.deals[0].stage, Some("consulted".into()));
    assert_eq!(scene.reason(), Some(ReasonId::SendFailed));
}

#[test]
fn masterplan_scenario_2_a_second_link_is_a_persons() {
    let mut scene = asked("consulted");
    scene.bot(made());
    scene.run();
    scene.hears("И ещё одну, на другие даты", nothing());
    let before = scene.delivered();
    scene.bot(BotAnswer {
        replies: vec![TextRef(9)],
        ..made()
    });
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::PaymentLinkAgain));
    assert!(scene.traced("booking.again"));
    assert_eq!(scene.delivered(), before + 1, "only the handoff's text");
    let handoff = scene.state.handoff.clone().expect("a handoff");
    assert_eq!(handoff.wanted, [TextRef(9)]);
}

#[test]
fn masterplan_scenario_2_a_second_link_is_a_persons_also_in_another_episode() {
    let mut scene = asked("consulted").with(|policy| {
        for stage in &mut policy.stages {
            stage.payment_link_to = None;
            stage.touch = None;
            stage.no_reply_to = None;
        }
    });
    scene.bot(made());
    scene.run();
    scene.passes(30 * HOUR);
    assert_eq!(scene.state.episode, None);
    scene.hears("Пришлите ссылку", nothing());
    scene.bot(made());
    scene.run();
    assert_eq!(scene.reason(), Some(ReasonId::PaymentLinkAgain));
}

#[test]
fn masterplan_scenario_2_another_booking_has_a_link_of_its_own() {
    let mut scene = asked("consulted");
    scene.bot(made());
    scene.run();
    let next = DealId(701);
    scene.deals[0].closed = true;
    scene.deals[0].stage = Some("won".into());
    let fresh = scene.deal(next, "consulted");
    scene.deals.insert(0, fresh);
    scene.passes(30 * HOUR);
    scene.hears("Хочу приехать ещё раз", nothing());
    assert_eq!(scene.state.deal, Some(next));
    scene.bot(made());
    scene.run();
    assert!(scene.bot_leads());
    assert_eq!(
        scene.state.linked.and_then(|linked| linked.deal),
        Some(next)
    );
}

#[test]
fn masterplan_funnel_where_a_link_leads_and_beyond_the_bot_makes_none() {
    for stage in ["prebooked", "prepaid", "arrival", "staying"] {
        let mut scene = asked(stage);
        scene.bot(made());
        scene.run();
        assert_eq!(scene.reason(), Some(ReasonId::PaymentLinkAgain), "{stage}");
    }
}

#[test]
fn issue_9_5_what_cannot_be_booked_so_is_a_persons_who_reads_why() {
    for why in Refusal::ALL {
        let mut scene = asked("consulted");
        scene.bot(refused(why));
        scene.run();
        assert_eq!(scene.reason(), Some(ReasonId::ReplyBlocked), "{why:?}");
        assert!(scene.traced("booking.refused"));
        let handoff = scene.state.handoff.clone().expect("a handoff");
        assert_eq!(handoff.reason.values["kind"], "booking");
        assert_eq!(handoff.wanted, [TextRef(7)]);
        assert_eq!(scene.deals[0].stage, Some("consulted".into()), "not moved");
    }
}

#[test]
fn issue_9_6_links_to_the_booking_page_are_always_good() {
    let measured = |host: &str| {
        Some(Box::new(crate::guard::Measured {
            hosts: [host.to_owned()].into(),
            ..crate::guard::Measured::default()
        }))
    };
    let answered = |host: &str| {
        let mut scene = asked("consulted").with(|policy| {
            policy.bot.guard.link_hosts = Some(Vec::new());
            policy.booking = Some(BookingPage {
                url: "https://booking.example.org/?a={arrival}&n={nights}&g={adults}".to_owned(),
                max_adults: 4,
                categories: std::collections::BTreeMap::new(),
                programmes: std::collections::BTreeMap::new(),
            });
        });
        scene.bot(BotAnswer {
            measured: measured(host),
            ..made()
        });
        scene.run();
        scene.bot_leads()
    };
    assert!(answered("booking.example.org"));
    assert!(!answered("booking.example.org.evil.example"));
}
