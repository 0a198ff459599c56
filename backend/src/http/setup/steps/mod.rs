//! The steps, one a file: what it shows, and what it reads from its form. Nothing is checked here: that is the desk's.

mod access;
mod bot;
mod fields;
mod integration;
mod keys;
mod old_bot;
mod on;
mod pact;
mod people;
mod stages;
mod trial;
mod widget;

use super::page::{Sent, View};
use crate::ports::{Filled, SetupDesk, Step, Trouble};
use maud::Markup;

/// A step as it is shown, and after how many seconds it loads itself again.
pub(super) struct Shown {
    pub(super) body: Markup,
    pub(super) reload: Option<u32>,
}

impl From<Markup> for Shown {
    fn from(body: Markup) -> Self {
        Self { body, reload: None }
    }
}

/// What a step shows. `pipeline`: the one that was asked for.
pub(super) async fn show(
    step: Step,
    view: &View<'_>,
    desk: &dyn SetupDesk,
    pipeline: Option<i64>,
) -> Result<Shown, Trouble> {
    let id = view.draft.id;
    Ok(match step {
        Step::Integration => integration::form(view).into(),
        Step::Keys => keys::form(view).into(),
        Step::Access => access::form(view).into(),
        Step::Widget => widget::form(view),
        Step::Pact => pact::form(view).into(),
        Step::OldBot => old_bot::form(view).into(),
        Step::Bot => bot::form(view).into(),
        Step::Stages => stages::form(view, &desk.survey(id).await?, pipeline).into(),
        Step::Fields => fields::form(view, &desk.survey(id).await?).into(),
        Step::People => people::form(view, &desk.survey(id).await?).into(),
        Step::Trial => trial::form(view, &desk.trial(id).await?),
        Step::On => on::form(view, &desk.examine(id).await?).into(),
    })
}

/// What the form of a step says.
pub(super) fn read(step: Step, sent: &Sent) -> Result<Filled, Trouble> {
    Ok(match step {
        Step::Integration | Step::Access | Step::Widget | Step::OldBot => Filled::Confirmed(step),
        Step::Keys => keys::read(sent),
        Step::Pact => pact::read(sent),
        Step::Bot => bot::read(sent),
        Step::Stages => stages::read(sent)?,
        Step::Fields => fields::read(sent),
        Step::People => people::read(sent)?,
        Step::Trial => trial::read(sent),
        Step::On => on::read(sent),
    })
}
