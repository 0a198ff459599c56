//! One action carried out, and what becomes of it after an unknown outcome (DESIGN §5.4).

use super::creation::Before;
use super::inbox::Outcome;
use super::outbox::over;
use super::shared_task::Sharing;
use super::{Flow, Tenant, booking, failpoint, render};
use crate::error::{CallError, StoreError};
use crate::ports::{ChannelMessage, ClaimedAct, CrmWrite, Finish, GuestLookup, Phase};
use sha2::{Digest, Sha256};
use widget_core::action::Action;
use widget_core::dialog::{Dialog, TaskState};
use widget_core::event::{Done, Failure};
use widget_core::ids::{ActionKey, MessageId, TaskId};
use widget_core::time::{MINUTE, SECOND};

/// When a send of unknown outcome is looked for, counted from its claim.
const LOOK_FOR_SEND: [i64; 3] = [5 * SECOND, 15 * SECOND, 45 * SECOND];
/// When a created thing of unknown outcome is looked for the second time, counted from its claim.
const LOOK_AGAIN: i64 = 45 * SECOND;
/// A message of ours may stand in the channel with a time this much before its claim.
const CLOCK_TOLERANCE: i64 = MINUTE;
/// How long a read of the CRM is tried before the dialog goes on without it.
const CRM_PATIENCE: i64 = 30 * SECOND;
/// How long a send is tried while the channel takes nothing.
const SEND_PATIENCE: i64 = 10 * MINUTE;
/// How long a write to the CRM is tried: it keeps later writes of its dialog waiting.
const WRITE_PATIENCE: i64 = 15 * MINUTE;
/// The longest pause between two tries.
const LONGEST_PAUSE: i64 = MINUTE;

/// What is needed to carry out an action.
struct Context<'a> {
    flow: &'a Flow,
    tenant: &'a Tenant,
    act: &'a ClaimedAct,
    dialog: Dialog,
}

/// Carries out a claimed action: one call, or one look for the effect of an earlier one.
pub(super) async fn run(flow: &Flow, act: &ClaimedAct) -> Finish {
    let later = |flow: &Flow| Finish::Again {
        phase: act.phase,
        not_before: flow.clock.now_ms() + SECOND,
    };
    let Some(tenant) = flow.tenant(act.account) else {
        return later(flow);
    };
    let dialog = match flow.store.dialog(act.account, &act.dialog).await {
        Ok(Some(dialog)) => dialog,
        Ok(None) => return failed(flow, act, Failure::Refused),
        Err(error) => {
            tracing::error!(%error, action = %act.key, "a dialog could not be read");
            return later(flow);
        }
    };
    let context = Context {
        flow,
        tenant: &tenant,
        act,
        dialog,
    };
    let result = match &act.action {
        Action::ReadCrm => context.read_crm().await,
        Action::AskBot { .. } => context.ask_bot().await,
        Action::Send { .. } => context.send().await,
        _ => context.write_crm().await,
    };
    let unknown = matches!(
        result,
        Ok(Finish::Again {
            phase: Phase::Check(_),
            ..
        })
    );
    if !unknown {
        flow.making.ends(&act.key);
    }
    result.unwrap_or_else(|error| {
        tracing::error!(%error, action = %act.key, "the store failed during an action; it is tried again");
        later(flow)
    })
}

/// What becomes of an action that panicked: it goes on as after a crash. One that panics again and again fails for
/// good, and the guest gets a person.
pub(super) fn after_panic(flow: &Flow, act: &ClaimedAct) -> Finish {
    const CALLS: u32 = 3;
    tracing::error!(action = %act.key, "an action panicked");
    let again = |phase| Finish::Again {
        phase,
        not_before: flow.clock.now_ms() + LOOK_FOR_SEND[0],
    };
    let repeats = matches!(act.action, Action::ReadCrm | Action::AskBot { .. });
    match act.phase {
        Phase::Call if repeats && act.tries + 1 < CALLS => again(Phase::Call),
        Phase::Call if !repeats && act.tries < CALLS => again(Phase::Check(0)),
        Phase::Check(n) if n + 1 < CALLS => again(Phase::Check(n + 1)),
        _ => match &act.action {
            Action::AskBot { turn, .. } => {
                let turn = turn.clone();
                over(flow, act, &Outcome::Unanswered { turn })
            }
            Action::ReadCrm => failed(flow, act, Failure::Unreachable),
            _ => failed(flow, act, Failure::Refused),
        },
    }
}

fn failed(flow: &Flow, act: &ClaimedAct, failure: Failure) -> Finish {
    over(
        flow,
        act,
        &Outcome::Failed {
            action: act.key.clone(),
            what: Box::new(act.action.clone()),
            failure,
        },
    )
}

impl Context<'_> {
    fn now(&self) -> i64 {
        self.flow.clock.now_ms()
    }

    fn over(&self, outcome: &Outcome) -> Finish {
        over(self.flow, self.act, outcome)
    }

    fn done(&self, done: Done) -> Finish {
        self.over(&Outcome::Done {
            action: self.act.key.clone(),
            done,
        })
    }

    fn failed(&self, why: &CallError, failure: Failure) -> Finish {
        tracing::warn!(action = %self.act.key, %why, "an action failed for good");
        metrics::counter!("estafeta_actions_failed_total").increment(1);
        failed(self.flow, self.act, failure)
    }

    /// Another call, after the pause that the other side wants or one that doubles with each try.
    fn call_again(&self, after_ms: Option<i64>) -> Finish {
        let doubled = SECOND << self.act.tries.min(6);
        let pause = after_ms.unwrap_or(doubled).clamp(200, LONGEST_PAUSE);
        Finish::Again {
            phase: Phase::Call,
            not_before: self.now() + pause,
        }
    }

    fn check_at(&self, n: u32, after_claim: i64) -> Finish {
        Finish::Again {
            phase: Phase::Check(n),
            not_before: self.act.claimed_at + after_claim,
        }
    }

    async fn read_crm(&self) -> Result<Finish, StoreError> {
        let at = self.now();
        let found = match self.lookup().await? {
            Ok(lookup) => self
                .tenant
                .crm
                .read(&lookup)
                .await
                .map(|found| (lookup, found)),
            Err(error) => Err(error),
        };
        failpoint::hit("after_call");
        Ok(match found {
            Ok((lookup, found)) => {
                if let Some(contact) = &found.contact {
                    self.flow
                        .store
                        .put_contact(self.act.account, &lookup.phone, contact.id)
                        .await?;
                }
                self.over(&Outcome::Read {
                    action: self.act.key.clone(),
                    at,
                    found,
                })
            }
            Err(CallError::Retry { after_ms, .. })
                if self.now() - self.act.created_at < CRM_PATIENCE =>
            {
                self.call_again(after_ms)
            }
            Err(error) => self.failed(&error, Failure::Unreachable),
        })
    }

    /// Whom to look up; the channel is asked when no event named the guest.
    async fn lookup(&self) -> Result<Result<GuestLookup, CallError>, StoreError> {
        let store = &self.flow.store;
        let mut guest = store.guest(self.act.account, &self.act.dialog).await?;
        if guest.is_none() {
            match self.tenant.channel.guest(&self.dialog.conversation).await {
                Ok(Some(found)) => {
                    store
                        .put_guest(self.act.account, &self.act.dialog, &found)
                        .await?;
                    guest = Some(found);
                }
                Ok(None) => return Ok(Err(CallError::refused(0, "the conversation has no phone"))),
                Err(error) => return Ok(Err(error)),
            }
        }
        let phone = guest.map(|guest| guest.phone).unwrap_or_default();
        let known = match self.dialog.contact {
            Some(contact) => Some(contact),
            None => store.contact(self.act.account, &phone).await?,
        };
        Ok(Ok(GuestLookup {
            phone,
            contact: known,
            with_notes: self.dialog.crm.is_none(),
            fields: booking::names(&self.tenant.rules().policy.fields),
            tags: self.tenant.rules().policy.exclude.contact_tags.clone(),
        }))
    }

    async fn ask_bot(&self) -> Result<Finish, StoreError> {
        let Action::AskBot { turn, .. } = &self.act.action else {
            return Ok(failed(self.flow, self.act, Failure::Refused));
        };
        if self.dialog.turn.as_ref().is_none_or(|t| t.id != *turn) {
            return Ok(self.done(Done::Plain));
        }
        let request = render::bot_request(
            self.flow,
            self.tenant,
            &self.tenant.rules(),
            &self.dialog,
            &self.act.action,
        )
        .await?;
        let health = &self.tenant.bot_health;
        if !health.may_ask(self.now()) {
            tracing::info!(%turn, "the bot is not asked: it has not answered lately");
            return Ok(self.over(&Outcome::Unanswered { turn: turn.clone() }));
        }
        let reply = self.tenant.bot.turn(&request).await;
        failpoint::hit("after_call");
        Ok(match reply {
            Ok(reply) => {
                if health.was_down() {
                    self.flow.bot_is_back(self.tenant).await?;
                }
                health.answered();
                self.over(&Outcome::Answered {
                    turn: turn.clone(),
                    reply,
                })
            }
            Err(error) => {
                tracing::warn!(%turn, %error, "the bot gave no answer");
                metrics::counter!("estafeta_bot_failed_total").increment(1);
                if health.failed(self.now()) {
                    let account = self.act.account;
                    tracing::error!(%account, "the bot does not answer: guests go to managers until it does");
                }
                self.over(&Outcome::Unanswered { turn: turn.clone() })
            }
        })
    }

    async fn send(&self) -> Result<Finish, StoreError> {
        let Some(text_ref) = self.act.text else {
            return Ok(failed(self.flow, self.act, Failure::Refused));
        };
        let texts = self.flow.store.texts(self.act.account, &[text_ref]).await?;
        let Some(text) = texts.into_iter().next().flatten() else {
            return Ok(failed(self.flow, self.act, Failure::Refused));
        };
        let outcome = match self.act.phase {
            Phase::Call => {
                let sent = self
                    .tenant
                    .channel
                    .send(&self.dialog.conversation, &text)
                    .await;
                failpoint::hit("after_call");
                match sent {
                    Ok(message) => Ok(message),
                    Err(CallError::Unknown { .. }) => Err(self.check_at(0, LOOK_FOR_SEND[0])),
                    Err(CallError::Retry { after_ms, .. })
                        if self.now() - self.act.created_at < SEND_PATIENCE =>
                    {
                        Err(self.call_again(after_ms))
                    }
                    Err(error @ CallError::Retry { .. }) => {
                        Err(self.failed(&error, Failure::Unreachable))
                    }
                    Err(error) => Err(self.failed(&error, Failure::Refused)),
                }
            }
            Phase::Check(n) => self.look_for_send(n, &text).await?,
        };
        Ok(match outcome {
            Ok(message) => self.over(&Outcome::Sent {
                action: self.act.key.clone(),
                kind: crate::ports::send_kind(&self.act.action)
                    .unwrap_or(widget_core::action::SendKind::Answer),
                message,
                at: self.now(),
                text: text_ref,
            }),
            Err(finish) => finish,
        })
    }

    /// Reconciliation: is the text in the conversation already?
    async fn look_for_send(
        &self,
        n: u32,
        text: &str,
    ) -> Result<Result<MessageId, Finish>, StoreError> {
        let messages = match self
            .tenant
            .channel
            .messages(&self.dialog.conversation)
            .await
        {
            Ok(messages) => messages,
            Err(error @ CallError::Refused { .. }) => {
                return Ok(Err(self.failed(&error, Failure::Unreachable)));
            }
            Err(error) if self.now() - self.act.created_at > SEND_PATIENCE => {
                return Ok(Err(self.failed(&error, Failure::Unreachable)));
            }
            Err(error) => {
                tracing::warn!(action = %self.act.key, %error, "a send of unknown outcome could not be looked for");
                return Ok(Err(Finish::Again {
                    phase: Phase::Check(n),
                    not_before: self.now() + LOOK_FOR_SEND[0],
                }));
            }
        };
        let used = self
            .flow
            .store
            .used_messages(self.act.account, &self.act.dialog)
            .await?;
        let since = self.act.claimed_at - CLOCK_TOLERANCE;
        let ours = |message: &&ChannelMessage| {
            !message.income
                && message.at >= since
                && !used.contains(&message.id)
                && message.text.as_deref().map(render::plain) == Some(render::plain(text))
        };
        if let Some(found) = messages.iter().find(ours) {
            tracing::info!(action = %self.act.key, reconciled = true, "a send of unknown outcome had arrived");
            return Ok(Ok(found.id.clone()));
        }
        let next = LOOK_FOR_SEND.get(n as usize + 1);
        Ok(Err(match next {
            Some(after) => self.check_at(n + 1, *after),
            None => Finish::Again {
                phase: Phase::Call,
                not_before: self.now(),
            },
        }))
    }

    async fn write_crm(&self) -> Result<Finish, StoreError> {
        if self.act.phase == Phase::Call
            && let Some(finish) = self.made_needless().await?
        {
            return Ok(finish);
        }
        let Some(write) = self.crm_write().await? else {
            return Ok(self.done(Done::Plain));
        };
        let creates = matches!(
            write,
            CrmWrite::CreateTask { .. }
                | CrmWrite::AddNote { .. }
                | CrmWrite::CreateContact { .. }
                | CrmWrite::CreateDeal { .. }
        );
        if let Phase::Check(n) = self.act.phase
            && creates
        {
            return self.look_for_write(n, &write).await;
        }
        let written = self.tenant.crm.write(&write).await;
        failpoint::hit("after_call");
        match written {
            Ok(done) => self.written(done).await,
            Err(CallError::Unknown { .. }) if creates => Ok(self.check_at(0, 0)),
            Err(error @ (CallError::Unknown { .. } | CallError::Retry { .. }))
                if self.now() - self.act.created_at > WRITE_PATIENCE =>
            {
                Ok(self.failed(&error, Failure::Unreachable))
            }
            Err(CallError::Unknown { .. }) => Ok(self.call_again(None)),
            Err(CallError::Retry { after_ms, .. }) => Ok(self.call_again(after_ms)),
            Err(error) => Ok(self.failed(&error, Failure::Refused)),
        }
    }

    /// What others have done already, or are doing, is not done beside them.
    async fn made_needless(&self) -> Result<Option<Finish>, StoreError> {
        let (flow, tenant) = (self.flow, self.tenant);
        let before = flow.before_creation(tenant, self.act, &self.dialog).await?;
        Ok(match before {
            Before::There(done) => Some(self.written(done).await?),
            Before::Refused(error) => Some(self.failed(&error, Failure::Refused)),
            Before::Later => Some(self.later()),
            Before::Nothing => match flow.sharing(self.act, &self.dialog).await? {
                Sharing::Alone => None,
                Sharing::Join(task) => self.join_task(task).await?,
                Sharing::Wait => Some(self.later()),
                Sharing::Needed => Some(self.done(Done::Plain)),
            },
        })
    }

    /// Nothing is wrong with the CRM: a short pause. After too long the action has failed.
    fn later(&self) -> Finish {
        if self.now() - self.act.created_at > WRITE_PATIENCE {
            return self.failed(
                &CallError::retry("others were in the way"),
                Failure::Unreachable,
            );
        }
        self.call_again(Some(SECOND))
    }

    /// Writes the task of another dialog of the deal for this one too; `None` if that task is gone.
    async fn join_task(&self, task: TaskId) -> Result<Option<Finish>, StoreError> {
        let Action::CreateTask { text, .. } = &self.act.action else {
            return Ok(None);
        };
        let rules = self.tenant.rules();
        let shared = self
            .flow
            .shared_task_text(self.tenant, &rules, &self.dialog, task, text);
        let write = CrmWrite::SetTaskText {
            task,
            text: shared.await?,
            marker: String::new(),
        };
        Ok(match self.tenant.crm.write(&write).await {
            Ok(_) => Some(self.done(Done::TaskCreated { task })),
            Err(CallError::Refused { .. }) => None,
            Err(_) => Some(self.later()),
        })
    }

    async fn look_for_write(&self, n: u32, write: &CrmWrite) -> Result<Finish, StoreError> {
        match self.tenant.crm.find(write, self.act.claimed_at).await {
            Ok(Some(done)) => {
                tracing::info!(action = %self.act.key, reconciled = true, "a write of unknown outcome had arrived");
                self.written(done).await
            }
            Ok(None) if n == 0 => Ok(self.check_at(1, LOOK_AGAIN)),
            Ok(None) => Ok(Finish::Again {
                phase: Phase::Call,
                not_before: self.now(),
            }),
            Err(error @ CallError::Refused { .. }) => Ok(self.failed(&error, Failure::Refused)),
            Err(error) => {
                tracing::warn!(action = %self.act.key, %error, "a write of unknown outcome could not be looked for");
                Ok(Finish::Again {
                    phase: Phase::Check(n),
                    not_before: self.now() + LOOK_FOR_SEND[0],
                })
            }
        }
    }

    async fn written(&self, done: Done) -> Result<Finish, StoreError> {
        if let Done::ContactCreated { contact } = done {
            let guest = self
                .flow
                .store
                .guest(self.act.account, &self.act.dialog)
                .await?;
            if let Some(guest) = guest {
                self.flow
                    .store
                    .put_contact(self.act.account, &guest.phone, contact)
                    .await?;
            }
        }
        Ok(self.done(done))
    }

    /// The write with its texts; `None` when a later decision made it pointless. The field and the task's text are
    /// written as of the call, not as of the decision.
    async fn crm_write(&self) -> Result<Option<CrmWrite>, StoreError> {
        let (flow, tenant, dialog) = (self.flow, self.tenant, &self.dialog);
        let rules = tenant.rules();
        Ok(match self.act.action.clone() {
            Action::CreateTask {
                deal,
                kind,
                text,
                due_at,
                assignee,
            } => Some(CrmWrite::CreateTask {
                deal,
                kind,
                text: render::task_text(flow, tenant, &rules, dialog, &text).await?,
                marker: marker(&self.act.key),
                due_at,
                assignee,
            }),
            Action::SetTaskText { task, text } => {
                let open = dialog.task == TaskState::Open { id: task };
                let text = match &dialog.handoff {
                    Some(handoff) if open => widget_core::action::TaskText {
                        reason: handoff.reason.clone(),
                        messages: handoff.messages.clone(),
                    },
                    _ if open => text,
                    _ => return Ok(None),
                };
                let shared = flow.shared_task_text(tenant, &rules, dialog, task, &text);
                Some(CrmWrite::SetTaskText {
                    task,
                    text: shared.await?,
                    marker: String::new(),
                })
            }
            Action::CompleteTask { task, result } => Some(CrmWrite::CompleteTask {
                task,
                result: render::task_result(result).to_owned(),
            }),
            Action::AssignTask { task, to } => Some(CrmWrite::AssignTask { task, to }),
            Action::MoveDeal {
                deal,
                from,
                to,
                loss_reason,
            } => Some(CrmWrite::MoveDeal {
                deal,
                from,
                to,
                loss_reason,
            }),
            Action::CreateContact => {
                let guest = flow.store.guest(self.act.account, &dialog.id).await?;
                guest.map(|guest| CrmWrite::CreateContact {
                    phone: guest.phone,
                    name: guest.name,
                })
            }
            Action::CreateDeal { contact } => Some(CrmWrite::CreateDeal {
                contact,
                name: render::deal_name(flow, tenant, dialog).await?,
            }),
            Action::SetOwnerField { deal, .. } => {
                let due = dialog.field.pending && dialog.deal == Some(deal);
                due.then_some(CrmWrite::SetOwnerField {
                    deal,
                    value: dialog.field.value,
                })
            }
            Action::AddNote { deal, note } => Some(CrmWrite::AddNote {
                deal,
                text: render::note(flow, tenant, &rules, dialog, &note).await?,
                marker: marker(&self.act.key),
            }),
            Action::ReadCrm | Action::AskBot { .. } | Action::Send { .. } => None,
        })
    }
}

/// The line that names an action in the CRM: `#e-` and eight characters of its key's hash.
fn marker(key: &ActionKey) -> String {
    let digest = hex::encode(Sha256::digest(key.to_string()));
    format!("#e-{}", &digest[..8])
}
