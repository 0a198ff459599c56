//! `decide` is total: no state, time or policy makes it panic or loop.

use super::*;
use crate::dialog::{Armed, Claim, DealWork, SentText, Turn};
use crate::event::CrmSnapshot;
use crate::ids::TurnId;
use crate::policy::{Quiet, Span};

const TIMERS: [Timer; 8] = [
    Timer::Burst,
    Timer::ClaimGrace,
    Timer::AutoReturn,
    Timer::EpisodeIdle,
    Timer::WaitingReminder,
    Timer::WaitingEscalation,
    Timer::FinalTouch,
    Timer::AfterTouch,
];

/// Every kind of event, at the moment `at`.
fn every_event(at: i64) -> Vec<Event> {
    let action = || ActionKey("no key of ours".to_owned());
    let message = |id: &str| GuestMessage {
        id: id.into(),
        at,
        text: None,
        understood: Understood {
            chars: u32::MAX,
            ..five()
        },
        listed: Listed::default(),
        window_until: None,
    };
    let done = |done| Event::ActionDone {
        action: action(),
        done,
    };
    let by = Changer::Unknown;
    let mut events = vec![
        Event::GuestWrote(message("new")),
        Event::GuestWrote(message("a")),
        Event::GuestEdited(message("a")),
        Event::GuestDeleted {
            message: "a".into(),
        },
        Event::Erased,
        Event::CrmRead(CrmSnapshot {
            at,
            action: action(),
            contact: None,
            deals: Vec::new(),
        }),
        Event::BotAnswered {
            turn: "t".into(),
            answer: BotAnswer::default(),
        },
        Event::BotAnswered {
            turn: "t".into(),
            answer: good(),
        },
        Event::BotFailed { turn: "t".into() },
        Event::BotPromised {
            turn: "t".into(),
            at: i64::MAX,
        },
        Event::ManagerTook { user: ANNA },
        Event::TakeUndone { user: ANNA },
        Event::CardOpened {
            user: ANNA,
            responsible: true,
        },
        Event::Returned {
            user: ANNA,
            note: None,
        },
        Event::Dismissed { user: ANNA },
        Event::DealChanged {
            deal: DEAL,
            by,
            field: None,
            stage: None,
        },
        Event::DealMoved {
            deal: DEAL,
            from: None,
            to: Some("consulted".into()),
        },
        Event::TaskChanged {
            task: TaskId(1),
            done: true,
            by,
        },
        done(Done::TaskCreated { task: TaskId(1) }),
        done(Done::ContactCreated { contact: CONTACT }),
        done(Done::DealCreated { deal: DEAL }),
        done(Done::DealMoved {
            deal: DEAL,
            to: "nowhere".into(),
        }),
        done(Done::MoveStale {
            deal: DEAL,
            now: None,
        }),
        done(Done::FieldSet {
            deal: DEAL,
            value: FieldValue::Manager,
        }),
        done(Done::Sent {
            kind: SendKind::Answer,
            message: "m".into(),
            at,
            text: TextRef(1),
        }),
        done(Done::Plain),
    ];
    events.extend([
        Event::TouchDeclined { user: ANNA },
        Event::GuestExcluded { user: ANNA },
        Event::GuestIncluded { user: ANNA },
        Event::Unreadable,
        Event::ServiceBack {
            service: crate::event::Service::Bot,
        },
        Event::DeliveryFailed {
            message: "m".into(),
        },
        Event::GuestWrote(GuestMessage {
            understood: wants(Intent::Urgent),
            window_until: Some(at),
            ..message("urgent")
        }),
        Event::BotAnswered {
            turn: "t".into(),
            answer: BotAnswer {
                intents: BTreeSet::from([Intent::NewBooking, Intent::Review]),
                ..good()
            },
        },
    ]);
    for author in [Author::Bulk, Author::Robot, Author::Person { user: None }] {
        events.push(Event::OutgoingSeen {
            message: "o".into(),
            author,
            at,
            text: Some(TextRef(1)),
        });
    }
    for value in [
        FieldValue::Empty,
        FieldValue::Bot,
        FieldValue::Waiting,
        FieldValue::Manager,
    ] {
        events.push(Event::FieldChanged { value, by });
    }
    for timer in TIMERS {
        events.push(Event::TimerFired {
            timer,
            generation: u64::MAX,
        });
    }
    let sent = Action::Send {
        kind: SendKind::Answer,
        parts: Vec::new(),
        epoch: u64::MAX,
    };
    for what in [Action::ReadCrm, Action::CreateContact, sent] {
        for failure in [Failure::Fenced, Failure::Refused, Failure::Unreachable] {
            events.push(failed(&action(), &what, failure));
        }
    }
    events
}

/// A state whose parts contradict each other, under this owner.
fn torn(owner: Owner, at: i64) -> Dialog {
    let mut scene = Scene::talking();
    scene.guest("…", nothing());
    let mut state = scene.state;
    state.view.owner = owner;
    state.seq = u64::MAX;
    state.last_at = at;
    state.episodes = u64::MAX;
    state.turns = u64::MAX;
    state.generation = u64::MAX;
    state.unanswered.push(crate::dialog::Unanswered {
        id: "a".into(),
        at,
        understood: five(),
        handed_back: false,
    });
    state.turn = Some(Turn {
        id: TurnId("t".to_owned()),
        messages: vec!["gone".into()],
        first_asked_at: at,
        superseded: u32::MAX,
        introduce: true,
        promised: false,
        stale: false,
    });
    state.route_wanted = true;
    state.reading = Some(ActionKey("no key of ours".to_owned()));
    state.deal = Some(DealId(-1));
    state.moving = Some("nowhere".into());
    state.claim = Claim::Grace { until: at };
    state.deferred = vec![DealWork::Task];
    state.in_flight.insert(
        ActionKey(String::new()),
        SentText::plain(SendKind::Answer, u64::MAX),
    );
    if let Some(episode) = &mut state.episode {
        episode.clarified = u32::MAX;
        episode.opened_at = at;
    }
    if let Some(crm) = &mut state.crm {
        crm.at = at;
    }
    for timer in TIMERS {
        state.timers.insert(
            timer,
            Armed {
                due: at,
                generation: u64::MAX,
            },
        );
    }
    state
}

#[test]
fn promise_4_decide_is_total_for_torn_states_and_extreme_times() {
    const EXTREMES: [i64; 4] = [i64::MIN, 0, NOON, i64::MAX];
    let mut endless = policy();
    for span in [
        &mut endless.timers.burst_max,
        &mut endless.timers.auto_return_after,
        &mut endless.timers.auto_return_grace,
        &mut endless.timers.episode_idle,
        &mut endless.timers.claim_grace,
        &mut endless.timers.waiting_reminder,
        &mut endless.timers.waiting_escalation,
        &mut endless.timers.final_touch_after,
        &mut endless.timers.after_touch,
        &mut endless.tasks.whatsapp.due,
        &mut endless.tasks.contact.due,
    ] {
        *span = Span(i64::MAX);
    }
    endless.timers.burst_quiet = Span(i64::MIN);
    endless.tasks.escalate_to = Some(IGOR);
    let day = crate::hours::DayTime(u16::MAX);
    endless.timers.quiet = Quiet { from: day, to: day };
    let mut empty = policy();
    empty.stages.clear();
    empty.triggers.clear();
    empty.texts.clear();

    let zones = [
        moscow(),
        Zone {
            transitions: Vec::new(),
        },
        Zone::fixed(i32::MIN),
    ];
    let waiting = Owner::Waiting {
        since: i64::MIN,
        reason: ReasonId::Pet.into(),
    };
    let manager = Owner::Manager {
        user: None,
        since: i64::MAX,
    };
    let mut decisions = 0;
    for policy in [&policy(), &endless, &empty] {
        for (zone, at) in zones
            .iter()
            .zip(EXTREMES)
            .chain(zones.iter().zip([i64::MAX; 3]))
        {
            for owner in [&Owner::Bot, &waiting, &manager] {
                let state = torn(owner.clone(), at);
                for event in EXTREMES.into_iter().flat_map(every_event) {
                    let now = Now {
                        at,
                        zone: zone.clone(),
                    };
                    let decision = decide(policy, &state, &event, &now);
                    let mut after = state.clone();
                    for change in &decision.changes {
                        after.apply(change);
                    }
                    decisions += 1;
                }
            }
        }
    }
    assert!(decisions > 5_000, "{decisions}");
}
