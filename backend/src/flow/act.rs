//! One action carried out, and what becomes of it after an unknown outcome (DESIGN §5.4).

use super::creation::Before;
use super::inbox::Outcome;
use super::line::{Concerns, Provider, may_concern_all};
use super::outbox::over;
use super::patience::{self, LOOK_FOR_SEND, LOOK_FOR_WRITE};
use super::shared_task::Sharing;
use super::window::{self, Way};
use super::{Flow, Tenant, booking, failpoint, render};
use crate::error::{CallError, StoreError};
use crate::ports::{
    Again, AlertKind, BotSaid, ChannelMessage, ClaimedAct, CrmWrite, Finish, GuestLookup, Lane,
    Phase,
};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicBool, Ordering};
use widget_core::action::{Action, SendKind};
use widget_core::dialog::{Dialog, TaskState};
use widget_core::event::{Done, Failure};
use widget_core::ids::{ActionKey, MessageId, TaskId};
use widget_core::owner::ReasonId;
use widget_core::time::{MINUTE, SECOND};

/// A message of ours may stand in the channel with a time this much before its claim.
const CLOCK_TOLERANCE: i64 = MINUTE;
/// The status by which a provider says that there is no such thing.
const GONE: u16 = 404;

/// What is needed to carry out an action.
struct Context<'a> {
    flow: &'a Flow,
    tenant: &'a Tenant,
    act: &'a ClaimedAct,
    dialog: &'a Dialog,
    /// It failed for good.
    has_failed: AtomicBool,
}

/// Carries out a claimed action: one call, or one look for the effect of an earlier one.
pub(super) async fn run(flow: &Flow, act: &ClaimedAct) -> Finish {
    let later = |flow: &Flow| Finish::Again {
        phase: act.phase,
        not_before: flow.clock.now_ms() + SECOND,
        why: Again::Waiting,
    };
    let Some(tenant) = flow.tenant(act.account) else {
        return later(flow);
    };
    let context = Context {
        flow,
        tenant: &tenant,
        act,
        dialog: &act.at_hand.dialog,
        has_failed: AtomicBool::new(false),
    };
    if context.is_held() {
        return patience::held(act, flow.clock.now_ms());
    }
    let result = match &act.action {
        Action::ReadCrm => context.read_crm().await,
        Action::AskBot { .. } => context.ask_bot().await,
        Action::Send { .. } => context.send().await,
        _ => context.write_crm().await,
    };
    // Before its end is stored: whoever crashes in between fails once more.
    if context.has_failed.load(Ordering::Relaxed)
        && let Some(kind) = worth_telling(&act.action)
    {
        flow.is_wrong(&tenant, kind, String::new()).await;
    }
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
    flow.making.ends(&act.key);
    let now = flow.clock.now_ms();
    let again = |phase| Finish::Again {
        phase,
        not_before: now + LOOK_FOR_SEND[0],
        why: Again::Failing { at: now },
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
        self.has_failed.store(true, Ordering::Relaxed);
        metrics::counter!("estafeta_actions_failed_total").increment(1);
        if is_of_a_handoff(&self.act.action) {
            let account = self.act.account;
            tracing::error!(%account, action = %self.act.key, "a guest waits for a person, and a part of the handoff failed");
            metrics::counter!("estafeta_handoffs_failed_total").increment(1);
        }
        failed(self.flow, self.act, failure)
    }

    /// The provider refuses the whole account; a guest waits for a read, so that one rather fails.
    fn is_held(&self) -> bool {
        let lane = Lane::of(&self.act.action);
        lane != Lane::Read && self.is_shut(lane)
    }

    fn is_shut(&self, lane: Lane) -> bool {
        let shut = |provider| self.tenant.lines.to(provider).shut().is_some();
        Provider::of(lane).is_some_and(shut)
    }

    /// A call or a look failed. One that may be repeated is, as long as patience lasts; a refusal of the whole account
    /// holds the action as it is; any other refusal is for good.
    async fn did_not_succeed(&self, error: &CallError) -> Finish {
        match error {
            CallError::Refused { status, .. } => self.refused(*status, error).await,
            CallError::Retry { after_ms, .. } => self.once_more(error, *after_ms),
            CallError::Unknown { .. } => self.once_more(error, None),
        }
    }

    fn once_more(&self, error: &CallError, after_ms: Option<i64>) -> Finish {
        let again = patience::once_more(self.act, self.now(), after_ms);
        if matches!(
            &again,
            Some(Finish::Again {
                why: Again::Held,
                ..
            })
        ) {
            tracing::error!(action = %self.act.key, why = %error, "what may have been made cannot be looked for; it is until it can");
        }
        again.unwrap_or_else(|| self.failed(error, Failure::Unreachable))
    }

    async fn refused(&self, status: u16, error: &CallError) -> Finish {
        let provider = Provider::of(Lane::of(&self.act.action));
        let (Some(provider), true) = (provider, may_concern_all(status)) else {
            let failure = match status {
                GONE => Failure::Gone,
                _ => Failure::Refused,
            };
            return self.failed(error, failure);
        };
        match self.flow.concerns(self.tenant, provider, status).await {
            Concerns::TheCall => self.failed(error, Failure::Refused),
            Concerns::TheAccount => patience::held(self.act, self.now()),
            Concerns::Unknown => self.once_more(error, None),
        }
    }

    /// The looks are over, and the effect was not found: another call, or the end of patience.
    fn not_found(&self, schedule: &[i64], n: u32) -> Finish {
        patience::after_a_miss(schedule, n, self.act, self.now()).unwrap_or_else(|| {
            let why = CallError::unknown("no call of it took effect");
            self.failed(&why, Failure::Unreachable)
        })
    }

    async fn read_crm(&self) -> Result<Finish, StoreError> {
        let at = self.now();
        if self.is_shut(Lane::Read) {
            let why = CallError::refused(0, "amoCRM refuses the whole account");
            return Ok(self.not_read(&why).await);
        }
        let found = match self.lookup().await? {
            Ok(lookup) => self
                .tenant
                .crm
                .read(&lookup)
                .await
                .map(|found| (lookup, found)),
            Err(error) => Err(error),
        };
        failpoint::hit_for("after_call", [&self.act.action]);
        Ok(match found {
            Ok((lookup, found)) => {
                self.tenant.crm_health.answered();
                if let Some(contact) = &found.contact {
                    self.flow
                        .store
                        .put_contact(self.act, &lookup.phone, contact.id)
                        .await?;
                }
                self.over(&Outcome::Read {
                    action: self.act.key.clone(),
                    at,
                    found,
                })
            }
            Err(error) => self.not_read(&error).await,
        })
    }

    /// A guest waits for a read, so a refusal ends it at once, whatever it concerns.
    async fn not_read(&self, error: &CallError) -> Finish {
        let finish = match error {
            CallError::Refused { status, .. } => {
                if may_concern_all(*status) {
                    let amocrm = Provider::Amocrm;
                    self.flow.concerns(self.tenant, amocrm, *status).await;
                }
                self.failed(error, Failure::Unreachable)
            }
            _ => self.did_not_succeed(error).await,
        };
        if matches!(finish, Finish::Over { .. }) {
            self.tenant.crm_health.failed(self.now());
        }
        finish
    }

    /// Whom to look up; the channel is asked when no event named the guest.
    async fn lookup(&self) -> Result<Result<GuestLookup, CallError>, StoreError> {
        let store = &self.flow.store;
        let mut guest = self.act.at_hand.guest.clone();
        if guest.is_none() {
            match self.tenant.channel.guest(&self.dialog.conversation).await {
                Ok(Some(found)) => {
                    store.put_found_guest(self.act, &found).await?;
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
            self.dialog,
            &self.act.action,
        )
        .await?;
        let health = &self.tenant.bot_health;
        if !health.may_ask(self.now()) {
            tracing::info!(%turn, "the bot is not asked: it has not answered lately");
            return Ok(self.over(&Outcome::Unanswered { turn: turn.clone() }));
        }
        let reply = self.tenant.bot.turn(&request).await;
        failpoint::hit_for("after_call", [&self.act.action]);
        Ok(match reply {
            Ok(BotSaid::Answer(reply)) => {
                self.flow.bot_has_answered(self.tenant).await?;
                self.over(&Outcome::Answered {
                    turn: turn.clone(),
                    reply: *reply,
                    late: false,
                })
            }
            Ok(BotSaid::Later) => {
                health.promised();
                self.over(&Outcome::Promised {
                    turn: turn.clone(),
                    at: self.now(),
                })
            }
            Err(error) => {
                tracing::warn!(%turn, %error, "the bot gave no answer");
                self.flow.bot_has_failed(self.tenant).await;
                self.over(&Outcome::Unanswered { turn: turn.clone() })
            }
        })
    }

    async fn send(&self) -> Result<Finish, StoreError> {
        let Some(text_ref) = self.act.text else {
            return Ok(failed(self.flow, self.act, Failure::Refused));
        };
        let Some(text) = self.act.at_hand.words.as_deref() else {
            return Ok(failed(self.flow, self.act, Failure::Refused));
        };
        let outcome = match self.act.phase {
            Phase::Call => {
                let sent = self.let_out(text).await?;
                failpoint::hit_for("after_call", [&self.act.action]);
                match sent {
                    Ok(message) => Ok(message),
                    Err(CallError::Unknown { .. }) => {
                        Err(patience::first_look(&LOOK_FOR_SEND, self.act, self.now()))
                    }
                    Err(error) => Err(self.did_not_succeed(&error).await),
                }
            }
            Phase::Check(n) => self.look_for_send(n, text).await?,
        };
        Ok(match outcome {
            Ok(message) => self.over(&Outcome::Sent {
                action: self.act.key.clone(),
                kind: crate::ports::send_kind(&self.act.action).unwrap_or(SendKind::Answer),
                message,
                at: self.now(),
                text: text_ref,
            }),
            Err(finish) => finish,
        })
    }

    /// Makes the call by which a text leaves, if one may leave.
    async fn let_out(&self, text: &str) -> Result<Result<MessageId, CallError>, StoreError> {
        let (flow, tenant, dialog) = (self.flow, self.tenant, self.dialog);
        let way = window::way(flow, tenant, dialog, &self.act.action, self.now()).await?;
        Ok(match way {
            Way::Free => tenant.channel.send(&dialog.conversation, text).await,
            Way::Approved(channel, guest) => channel.write_first(&guest, text).await,
            Way::Closed => Err(CallError::refused(
                0,
                "the guest has been silent for too long: the provider takes no free text",
            )),
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
            Err(error) => return Ok(Err(self.did_not_succeed(&error).await)),
        };
        failpoint::hit_for("after_look", [&self.act.action]);
        let used = self
            .flow
            .store
            .used_messages(self.act.account, &self.act.dialog)
            .await?;
        let since = self.act.sought_since() - CLOCK_TOLERANCE;
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
        Ok(Err(self.not_found(&LOOK_FOR_SEND, n)))
    }

    async fn write_crm(&self) -> Result<Finish, StoreError> {
        let creates = patience::makes_something(&self.act.action);
        let look = match self.act.phase {
            Phase::Check(n) if creates => Some(n),
            Phase::Check(_) | Phase::Call => None,
        };
        // What is written again after a crash may have become needless meanwhile; what may have been made is found.
        if look.is_none()
            && let Some(finish) = self.made_needless().await?
        {
            return Ok(finish);
        }
        let Some(write) = self.crm_write().await? else {
            return Ok(self.done(Done::Plain));
        };
        if let Some(n) = look {
            return self.look_for_write(n, &write).await;
        }
        let written = self.tenant.crm.write(&write).await;
        failpoint::hit_for("after_call", [&self.act.action]);
        match written {
            Ok(done) => self.written(done).await,
            Err(CallError::Unknown { .. }) if creates => {
                Ok(patience::first_look(&LOOK_FOR_WRITE, self.act, self.now()))
            }
            Err(error) => Ok(self.did_not_succeed(&error).await),
        }
    }

    /// What others have done already, or are doing, is not done beside them.
    async fn made_needless(&self) -> Result<Option<Finish>, StoreError> {
        let (flow, tenant) = (self.flow, self.tenant);
        let before = flow.before_creation(tenant, self.act, self.dialog).await?;
        Ok(match before {
            Before::There(done) => Some(self.written(done).await?),
            Before::Refused(error) => Some(self.did_not_succeed(&error).await),
            Before::Later => Some(self.later()),
            Before::Nothing => match flow.sharing(self.act, self.dialog).await? {
                Sharing::Alone => None,
                Sharing::Join(task) => self.join_task(task).await?,
                Sharing::Wait => Some(self.later()),
                Sharing::Needed => Some(self.done(Done::Plain)),
            },
        })
    }

    /// Others are in the way: a short pause. After too long the action has failed.
    fn later(&self) -> Finish {
        let now = self.now();
        if patience::is_given_up(self.act, now) {
            let why = CallError::retry("others were in the way");
            return self.failed(&why, Failure::Unreachable);
        }
        Finish::Again {
            phase: self.act.phase,
            not_before: now + SECOND,
            why: Again::Failing { at: now },
        }
    }

    /// Writes the task of another dialog of the deal for this one too; `None` if that task is gone.
    async fn join_task(&self, task: TaskId) -> Result<Option<Finish>, StoreError> {
        let Action::CreateTask { text, .. } = &self.act.action else {
            return Ok(None);
        };
        let rules = self.tenant.rules();
        let shared = self
            .flow
            .shared_task_text(self.tenant, &rules, self.dialog, task, text);
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
        let since = self.act.sought_since();
        let found = self.tenant.crm.find(write, since).await;
        failpoint::hit_for("after_look", [&self.act.action]);
        match found {
            Ok(Some(done)) => {
                tracing::info!(action = %self.act.key, reconciled = true, "a write of unknown outcome had arrived");
                self.written(done).await
            }
            Ok(None) => Ok(self.not_found(&LOOK_FOR_WRITE, n)),
            Err(error) => Ok(self.did_not_succeed(&error).await),
        }
    }

    async fn written(&self, done: Done) -> Result<Finish, StoreError> {
        if let Done::ContactCreated { contact } = done
            && let Some(guest) = &self.act.at_hand.guest
        {
            self.flow
                .store
                .put_contact(self.act, &guest.phone, contact)
                .await?;
        }
        Ok(self.done(done))
    }

    /// The write with its texts; `None` when a later decision made it pointless. The field, the task's text and its user
    /// are written as of the call, not as of the decision.
    async fn crm_write(&self) -> Result<Option<CrmWrite>, StoreError> {
        let (flow, tenant, dialog) = (self.flow, self.tenant, self.dialog);
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
            Action::AssignTask { task, to } => {
                let open = dialog.task == TaskState::Open { id: task };
                let to = dialog.view.owner.leader().unwrap_or(to);
                open.then_some(CrmWrite::AssignTask { task, to })
            }
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
                let guest = self.act.at_hand.guest.clone();
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
            Action::TagContact {
                contact,
                add,
                remove,
            } => {
                let wanted = dialog.exclusion.as_ref().and_then(|e| e.action.as_ref());
                (wanted == Some(&self.act.key)).then_some(CrmWrite::TagContact {
                    contact,
                    add,
                    remove,
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

/// What a guest or a manager is told by when a person is needed: an escalation too, not what only follows up a guest
/// who does not answer.
fn is_of_a_handoff(action: &Action) -> bool {
    match action {
        Action::Send { kind, .. } => *kind == SendKind::Handoff,
        Action::CreateTask { text, .. } => text.reason.id != ReasonId::NoReply,
        _ => false,
    }
}

/// What an action that failed for good is told as; `None` = it is not.
fn worth_telling(action: &Action) -> Option<AlertKind> {
    if is_of_a_handoff(action) {
        return Some(AlertKind::HandoffFailed);
    }
    matches!(action, Action::Send { .. }).then_some(AlertKind::SendFailed)
}

/// The line that names an action in the CRM: `#e-` and eight characters of its key's hash.
fn marker(key: &ActionKey) -> String {
    let digest = hex::encode(Sha256::digest(key.to_string()));
    format!("#e-{}", &digest[..8])
}
