//! What is left of a dialog whose guest was erased: nothing that was said, nothing that goes on by itself.

use super::*;
use crate::dialog::Claim;

/// Erases; the outbox of the dialog is emptied with it.
fn erased(scene: &mut Scene) {
    scene.pending.clear();
    scene.event(Event::Erased);
}

fn begins_anew(scene: &mut Scene, what: &str) {
    let before = scene.state.clone();
    erased(scene);
    let state = &scene.state;
    assert_eq!(state.view.owner, Owner::Bot, "{what}");
    assert!(state.recent.iter().all(|seen| seen.text.is_none()));
    assert_eq!(state.recent.len(), before.recent.len(), "ids stay known");
    assert_eq!((&state.crm, state.contact, state.deal), (&None, None, None));
    assert!(state.unanswered.is_empty() && state.timers.is_empty());
    assert!(state.turn.is_none() && state.reading.is_none() && state.claim == Claim::Idle);
    // Days later nothing was said, read or asked.
    let (asked, reads) = (scene.asked.len(), scene.questions());
    scene.passes(72 * HOUR);
    assert_eq!((scene.asked.len(), scene.questions()), (asked, reads));
    // The guest comes back as anybody comes the first time: only what the deal says counts.
    let field = scene.deals.first().map(|deal| deal.field);
    scene.hears("Есть ли Wi-Fi?", nothing());
    if let Some(FieldValue::Waiting | FieldValue::Manager) = field {
        assert!(!scene.bot_leads(), "{what}: the deal is with people");
    } else {
        scene.answers();
        assert!(scene.questions() > reads, "{what}: the bot is asked");
    }
}

#[test]
fn privacy_an_erased_guest_begins_anew_whoever_led_and_whatever_was_under_way() {
    let mut asked = Scene::at_stage("prepaid");
    asked.hears("Есть ли Wi-Fi?", nothing());
    begins_anew(&mut asked, "while the bot works");
    begins_anew(&mut Scene::talking(), "after an answer");
    begins_anew(&mut Scene::handed_over(), "while the guest waits");
    let mut led = Scene::handed_over();
    led.took(ANNA);
    begins_anew(&mut led, "while a manager leads");
    let mut new = Scene::new_guest();
    new.hears("Есть ли Wi-Fi?", nothing());
    begins_anew(&mut new, "while a deal is waited for");
}
