//! One open «WhatsApp» task per deal, though several dialogs are bound to it (promise 3). The dialog that hands over
//! first makes the task; the others join it, and it is closed when none of them needs it.

use super::{Flow, Rules, Tenant, render};
use crate::error::StoreError;
use crate::ports::ClaimedAct;
use widget_core::action::{Action, TaskKind, TaskText};
use widget_core::dialog::{Dialog, TaskState};
use widget_core::ids::{DealId, TaskId};
use widget_core::owner::Owner;

/// What the other dialogs of a deal mean for a write to its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Nothing: the write is made.
    Alone,
    /// Their open task is this dialog's too.
    Join(TaskId),
    /// One of them is making the task.
    Wait,
    /// One of them still needs the task.
    Needed,
}

impl Flow {
    /// What the other dialogs of the deal mean for this action.
    pub(super) async fn sharing(
        &self,
        act: &ClaimedAct,
        dialog: &Dialog,
    ) -> Result<Sharing, StoreError> {
        match &act.action {
            Action::CreateTask {
                deal,
                kind: TaskKind::Whatsapp,
                ..
            } => self.joins(act, dialog, *deal).await,
            Action::CompleteTask { task, .. } => {
                let others = self.others(dialog, dialog.deal).await?;
                let needs = |other: &Dialog| {
                    other.task == TaskState::Open { id: *task } && other.view.owner != Owner::Bot
                };
                Ok(if others.iter().any(needs) {
                    Sharing::Needed
                } else if others.iter().any(|other| other.task == TaskState::Making) {
                    // It may be joining this very task.
                    Sharing::Wait
                } else {
                    Sharing::Alone
                })
            }
            _ => Ok(Sharing::Alone),
        }
    }

    async fn joins(
        &self,
        act: &ClaimedAct,
        dialog: &Dialog,
        deal: DealId,
    ) -> Result<Sharing, StoreError> {
        for other in self.others(dialog, Some(deal)).await? {
            match (other.task, &other.task_action) {
                (TaskState::Open { id }, _) => return Ok(Sharing::Join(id)),
                // The first who was decided goes first; nobody waits for one who waits.
                (TaskState::Making, Some(theirs))
                    if self.store.is_older(act.account, theirs, &act.key).await? =>
                {
                    return Ok(Sharing::Wait);
                }
                _ => {}
            }
        }
        Ok(Sharing::Alone)
    }

    async fn others(
        &self,
        dialog: &Dialog,
        deal: Option<DealId>,
    ) -> Result<Vec<Dialog>, StoreError> {
        let Some(deal) = deal else {
            return Ok(Vec::new());
        };
        let mut dialogs = self.store.dialogs_of_deal(dialog.account, deal).await?;
        dialogs.retain(|other| other.id != dialog.id);
        Ok(dialogs)
    }

    /// The text of a task that several dialogs share: a line for each that waits, this one's first.
    pub(super) async fn shared_task_text(
        &self,
        tenant: &Tenant,
        rules: &Rules,
        dialog: &Dialog,
        task: TaskId,
        own: &TaskText,
    ) -> Result<String, StoreError> {
        let mut text = render::task_text(self, tenant, rules, dialog, own).await?;
        for other in self.others(dialog, dialog.deal).await? {
            let shares = other.task == TaskState::Open { id: task };
            let Some(handoff) = other.handoff.as_ref().filter(|_| shares) else {
                continue;
            };
            let theirs = TaskText {
                reason: handoff.reason.clone(),
                messages: handoff.messages.clone(),
            };
            text.push('\n');
            text.push_str(&render::task_text(self, tenant, rules, &other, &theirs).await?);
        }
        Ok(text)
    }
}
