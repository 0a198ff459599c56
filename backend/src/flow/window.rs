//! The window of a provider that takes free texts only for a while after the guest's last message. What would be lost
//! behind it is not sent, so that a person learns of it at once; the final touch may go as a text that was approved.

use super::{Flow, Tenant};
use crate::error::StoreError;
use crate::ports::{Guest, WriteFirst, send_kind};
use widget_core::action::{Action, SendKind};
use widget_core::dialog::{Dialog, From};
use widget_core::time::HOUR;

/// Pact's name of the channel that has a window.
const PROVIDER: &str = "whatsapp_business";
/// How long the window is open after the guest's last message, ms.
const WINDOW: i64 = 24 * HOUR;

/// How a text leaves.
pub(super) enum Way<'a> {
    /// As it is.
    Free,
    /// As the text that was approved.
    Approved(&'a dyn WriteFirst, Guest),
    /// Not at all.
    Closed,
}

/// Until when the guest of a message written at `at` may be written to freely; `None` = for ever, or by an approved
/// text. Unix ms.
pub(super) fn open_until(tenant: &Tenant, guest: Option<&Guest>, at: i64) -> Option<i64> {
    let has_window = guest.is_some_and(|guest| guest.provider == PROVIDER);
    (has_window && tenant.write_first.is_none()).then_some(at + WINDOW)
}

/// How a text of ours leaves at `now` (unix ms).
pub(super) async fn way<'a>(
    flow: &Flow,
    tenant: &'a Tenant,
    dialog: &Dialog,
    action: &Action,
    now: i64,
) -> Result<Way<'a>, StoreError> {
    let approved = tenant.write_first.as_deref();
    let open_until = match (dialog.window_until, approved) {
        (Some(until), _) => until,
        (None, Some(_)) => last_heard(dialog).saturating_add(WINDOW),
        (None, None) => return Ok(Way::Free),
    };
    if now < open_until {
        return Ok(Way::Free);
    }
    let guest = flow.store.guest(tenant.account, &dialog.id).await?;
    let Some(guest) = guest.filter(|guest| guest.provider == PROVIDER) else {
        return Ok(Way::Free);
    };
    Ok(match (approved, send_kind(action)) {
        (Some(approved), Some(SendKind::Touch)) => Way::Approved(approved, guest),
        _ => Way::Closed,
    })
}

/// When the guest last wrote, unix ms.
fn last_heard(dialog: &Dialog) -> i64 {
    let mut wrote = dialog.recent.iter().filter(|seen| seen.from == From::Guest);
    wrote.next_back().map_or(0, |seen| seen.at)
}
