//! Webhook bodies into the inbox: stored and committed before they are acknowledged (DESIGN §5.1).

use super::{Flow, Received, Tenant, failpoint};
use crate::error::StoreError;
use crate::ports::{ChannelHook, Envelope, NewRow, Source, UNTOLD};
use sha2::{Digest, Sha256};
use widget_core::ids::{AccountId, ConversationId, DialogId};

/// The dialog of a conversation: the same for ever, so that a guest's first event can name it.
pub fn dialog_id(account: AccountId, conversation: &ConversationId) -> DialogId {
    let digest = Sha256::digest(format!("{account}/{conversation}"));
    DialogId(hex::encode(&digest[..8]))
}

impl Flow {
    /// Stores a Pact webhook body.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be stored: the caller must not acknowledge it.
    pub async fn receive_pact(
        &self,
        tenant: &Tenant,
        body: Vec<u8>,
    ) -> Result<Received, StoreError> {
        let envelope = self.hooks.pact_envelope(&body);
        if let Ok(Envelope {
            tenant: Some(company),
            ..
        }) = &envelope
            && *company != tenant.pact_company
        {
            return Ok(Received::Foreign);
        }
        let says = self.hooks.pact(&body);
        let readable = envelope.is_ok();
        tenant.alerts.heard(self.clock.now_ms());
        let envelope = envelope.unwrap_or_else(|_| unreadable(body));
        match says {
            ChannelHook::Ignored(why) => {
                let received = self.file(tenant, envelope, &why, readable).await?;
                self.channel_is(tenant, &why).await;
                if why == UNTOLD {
                    self.hurry.up(tenant.account);
                }
                Ok(received)
            }
            _ => {
                self.store_envelopes(tenant, Source::Pact, vec![envelope], readable)
                    .await
            }
        }
    }

    /// Keeps a body that nothing follows from: two of three that Pact sends for an answer are such, and none of them may
    /// cost a look at its dialog.
    async fn file(
        &self,
        tenant: &Tenant,
        envelope: Envelope,
        why: &str,
        readable: bool,
    ) -> Result<Received, StoreError> {
        let row = self.row(tenant, Source::Pact, envelope);
        let is_new = self.store.file(row).await?;
        if is_new {
            metrics::counter!("estafeta_hooks_ignored_total", "why" => why.to_owned()).increment(1);
        }
        Ok(Received::of(readable, is_new))
    }

    /// Stores an amoCRM webhook body: each of its items is an event of its own.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be stored: the caller must not acknowledge it.
    pub async fn receive_amocrm(
        &self,
        tenant: &Tenant,
        body: Vec<u8>,
    ) -> Result<Received, StoreError> {
        let Ok(envelopes) = self.hooks.amocrm_envelopes(&body) else {
            return self
                .store_envelopes(tenant, Source::Amocrm, vec![unreadable(body)], false)
                .await;
        };
        let foreign = envelopes.iter().any(|envelope| {
            envelope
                .tenant
                .is_some_and(|id| id != tenant.amocrm_account)
        });
        if foreign {
            return Ok(Received::Foreign);
        }
        self.store_envelopes(tenant, Source::Amocrm, envelopes, true)
            .await
    }

    pub(super) async fn store_envelopes(
        &self,
        tenant: &Tenant,
        source: Source,
        envelopes: Vec<Envelope>,
        readable: bool,
    ) -> Result<Received, StoreError> {
        let from = match source {
            Source::Pact => "pact",
            Source::Amocrm => "amocrm",
            Source::Act => "act",
        };
        let rows = envelopes
            .into_iter()
            .map(|envelope| self.row(tenant, source, envelope))
            .collect::<Vec<_>>();
        if rows.is_empty() {
            return Ok(Received::Stored);
        }
        let for_dialogs = rows.iter().filter(|row| row.dialog.is_some()).count();
        let hints = rows.len() - for_dialogs;
        let new = self.store.ingest(rows).await?;
        for _ in 0..for_dialogs {
            self.bells.dialog_is_ready();
        }
        if hints > 0 {
            self.bells.hint_has_come();
        }
        let any_new = new.contains(&true);
        if any_new {
            failpoint::hit_of("after_ack", from);
        }
        Ok(Received::of(readable, any_new))
    }

    fn row(&self, tenant: &Tenant, source: Source, envelope: Envelope) -> NewRow {
        let conversation = envelope.conversation;
        NewRow {
            account: tenant.account,
            dialog: conversation
                .as_ref()
                .map(|conversation| dialog_id(tenant.account, conversation)),
            conversation,
            source,
            dedup_key: envelope.dedup_key,
            body: envelope.body,
            at: self.clock.now_ms(),
        }
    }
}

impl Received {
    fn of(readable: bool, is_new: bool) -> Self {
        match (readable, is_new) {
            (false, _) => Self::Unreadable,
            (true, true) => Self::Stored,
            (true, false) => Self::Duplicate,
        }
    }
}

/// A body that nobody can read is kept under its hash, for a look.
fn unreadable(body: Vec<u8>) -> Envelope {
    Envelope {
        tenant: None,
        dedup_key: format!("unreadable:{}", hex::encode(Sha256::digest(&body))),
        conversation: None,
        body,
    }
}
