//! Edges of the rules: what a change of a single sign in `decide` would break without anybody noticing.

use super::*;
use crate::dialog::Claim;
use crate::policy::Span;

fn reads(scene: &Scene) -> usize {
    scene.count(|action| matches!(action, Action::ReadCrm))
}

/// The oldest pending action of this name fails.
fn fails(scene: &mut Scene, name: &str, failure: Failure) {
    let at = scene.pending.iter().position(|(_, a)| a.name() == name);
    let (key, action) = scene.pending.remove(at.expect("it is asked for"));
    scene.event(failed(&key, &action, failure));
}

#[test]
fn behaviour_3_claim_the_first_look_is_after_5_seconds_or_at_the_end_of_a_shorter_grace() {
    for (grace, first_look) in [(20, 5), (2, 2)] {
        let mut scene = Scene::new_guest().with(|policy| {
            policy.timers.claim_grace = Span(seconds(grace));
        });
        scene.hears("Есть ли Wi-Fi?", nothing());
        let due = scene.now + seconds(first_look);
        assert_eq!(scene.due(Timer::ClaimGrace), Some(due), "grace {grace} s");
    }
}

#[test]
fn behaviour_3_claim_what_the_crm_refuses_is_not_tried_again_and_what_it_missed_is() {
    for (failure, goes_on) in [(Failure::Refused, false), (Failure::Unreachable, true)] {
        let mut scene = Scene::new_guest();
        scene.hears("Есть ли Wi-Fi?", nothing());
        scene.wait(seconds(5));
        scene.run();
        scene.wait(seconds(15));
        scene.run_reads();
        fails(&mut scene, "create_contact", failure);
        let claims = matches!(scene.state.claim, Claim::Grace { .. });
        assert_eq!(claims, goes_on, "{failure:?}");
        assert_eq!(
            scene.due(Timer::ClaimGrace).is_some(),
            goes_on,
            "{failure:?}"
        );
    }
}

#[test]
fn behaviour_3_claim_a_contact_that_is_made_after_all_makes_no_deal_that_nobody_waits_for() {
    let mut scene = Scene::new_guest();
    scene.hears("Есть ли Wi-Fi?", nothing());
    scene.wait(seconds(5));
    scene.run();
    scene.wait(seconds(15));
    scene.run_reads();
    let at = scene
        .pending
        .iter()
        .position(|(_, a)| *a == Action::CreateContact);
    let (key, action) = scene.pending.remove(at.expect("a contact is made"));
    let made = scene.carry_out(&key, &action);
    scene.event(failed(&key, &action, Failure::Refused));
    scene.event(made);
    assert_eq!(scene.new_deals(), 0);
    assert_eq!(scene.state.contact, Some(CONTACT), "but it is known");
}

#[test]
fn masterplan_departure_a_deal_that_the_crm_makes_for_the_new_booking_is_taken_and_none_made() {
    let mut scene = Scene::at_stage("departure");
    scene.hears("Хочу приехать снова", wants(Intent::NewBooking));
    let by_crm = scene.deal(DealId(701), "new");
    scene.deals.insert(0, by_crm);
    scene.grace_ends();
    assert_eq!(
        (scene.state.deal, scene.new_deals()),
        (Some(DealId(701)), 0)
    );
}

#[test]
fn design_9_a_hint_of_the_crm_costs_one_read() {
    let mut scene = Scene::talking();
    scene.forget();
    scene.moved_by(DEAL, "arrival", Changer::Person(ANNA));
    scene.run();
    assert_eq!(reads(&scene), 1);
    assert_eq!(scene.state.hint, None, "and is done with");
}

#[test]
fn design_9_a_waiting_dialog_finds_its_deal_with_one_read() {
    let mut scene = Scene::new_guest();
    scene.guest("Нас будет пятеро", five());
    scene.person(Some(ANNA));
    scene.run_reads();
    scene.contact = Some(CONTACT);
    scene.deals = vec![scene.deal(DEAL, "prepaid")];
    scene.forget();
    scene.took(IGOR);
    scene.run_reads();
    assert_eq!((scene.state.deal, reads(&scene)), (Some(DEAL), 1));
}
