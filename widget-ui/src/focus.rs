//! Where the keyboard goes when a question inside the card opens or closes, or an action begins: what was pressed is
//! drawn no more then.

use crate::store::State;

/// What takes the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The open question.
    Question,
    /// The dialog's one button.
    Button,
}

/// What was drawn last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    entry: u32,
    /// A question was open.
    open: bool,
    /// An action was under way.
    busy: bool,
}

impl Watch {
    /// Takes in what is drawn now; `None`: the keyboard stays where it is. A card just entered never takes it, whatever
    /// was open in the one before.
    pub fn drawn(&mut self, state: &State) -> Option<Place> {
        let now = Self {
            entry: state.entry,
            open: state.form.is_some(),
            busy: state.pending.is_some(),
        };
        let before = std::mem::replace(self, now);
        if before.entry != now.entry {
            return None;
        }
        if now.open && !before.open {
            return Some(Place::Question);
        }
        let is_gone = before.open != now.open || (now.busy && !before.busy);
        is_gone.then_some(Place::Button)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Act, Form, Pending};
    use widget_core::ids::DealId;
    use widget_core::owner::{Owner, OwnerView};

    fn card(entry: u32, form: Option<Form>) -> State {
        let (mut state, _) = State::enter(DealId(7), entry, 0);
        state.form = form.map(|form| ("d1".into(), form));
        state
    }

    #[test]
    fn the_keyboard_follows_a_question() {
        let mut watch = Watch::default();
        assert_eq!(watch.drawn(&card(1, None)), None);
        let asked = card(1, Some(Form::Dismiss));
        assert_eq!(watch.drawn(&asked), Some(Place::Question));
        assert_eq!(watch.drawn(&asked), None);
        assert_eq!(watch.drawn(&card(1, None)), Some(Place::Button));
        assert_eq!(watch.drawn(&card(1, None)), None);
    }

    #[test]
    fn the_keyboard_goes_to_the_button_when_a_pressed_link_makes_way_for_its_action() {
        let mut watch = Watch::default();
        let at_rest = card(1, None);
        watch.drawn(&at_rest);
        let mut acts = at_rest.clone();
        acts.pending = Some(Pending {
            dialog: "d1".into(),
            act: Act::Include,
            seen: 1,
            predicted: OwnerView {
                owner: Owner::Bot,
                epoch: 2,
            },
            checking: false,
            queued_until: None,
        });
        assert_eq!(watch.drawn(&acts), Some(Place::Button));
        assert_eq!(watch.drawn(&acts), None);
        assert_eq!(watch.drawn(&at_rest), None, "the links come back");
    }

    #[test]
    fn a_question_left_open_takes_nothing_on_the_next_card() {
        let mut watch = Watch::default();
        watch.drawn(&card(1, None));
        watch.drawn(&card(1, Some(Form::Note("x".to_owned()))));
        assert_eq!(watch.drawn(&card(2, None)), None);
        let asked = card(2, Some(Form::Dismiss));
        assert_eq!(watch.drawn(&asked), Some(Place::Question));
    }
}
