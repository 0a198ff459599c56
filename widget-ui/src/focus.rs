//! Where the keyboard goes when a question inside the card opens and closes.

use crate::store::State;

/// What takes the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The open question.
    Question,
    /// The button that stands in the place of a question that closed.
    Button,
}

/// The question as it was drawn last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    entry: u32,
    open: bool,
}

impl Watch {
    /// Takes in what is drawn now; `None`: the keyboard stays where it is. A card just entered never takes it, whatever
    /// was open in the one before.
    pub fn drawn(&mut self, state: &State) -> Option<Place> {
        let now = Self {
            entry: state.entry,
            open: state.form.is_some(),
        };
        let before = std::mem::replace(self, now);
        if before.entry != now.entry || before.open == now.open {
            return None;
        }
        Some(if now.open {
            Place::Question
        } else {
            Place::Button
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Form;
    use widget_core::ids::DealId;

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
    fn a_question_left_open_takes_nothing_on_the_next_card() {
        let mut watch = Watch::default();
        watch.drawn(&card(1, None));
        watch.drawn(&card(1, Some(Form::Note("x".to_owned()))));
        assert_eq!(watch.drawn(&card(2, None)), None);
        let asked = card(2, Some(Form::Dismiss));
        assert_eq!(watch.drawn(&asked), Some(Place::Question));
    }
}
