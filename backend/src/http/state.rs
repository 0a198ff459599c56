//! What every handler shares.

use super::bearer::SessionKey;
use super::installed::Noted;
use super::invitation::InvitationKey;
use super::setup::Setup;
use super::sites::Sites;
use crate::flow::{Flow, Tenant};
use crate::ports::{Checkups, Connection, Librarian};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use widget_core::ids::AccountId;

/// Streams that read at once.
const STREAM_READS: usize = 4;

/// The HTTP side of one process.
pub struct Web {
    /// The engine.
    pub flow: Arc<Flow>,
    /// The accounts, as the web meets them.
    pub sites: Sites,
    /// Where browsers and providers reach this server: scheme, host, port.
    pub public_url: String,
    /// Signs the card's sessions.
    pub session_key: SessionKey,
    /// Signs invitations to connect an account.
    pub invitation_key: InvitationKey,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Files of the widget's archive that are served from here too.
    pub widget: Vec<WidgetFile>,
    /// The setup page.
    pub setup: Option<Setup>,
    /// Looks at whether an account has all that it needs.
    pub checkups: Option<Arc<dyn Checkups>>,
    /// Finds passages in the accounts' knowledge bases.
    pub librarian: Option<Arc<dyn Librarian>>,
    /// Cancelled when streams to cards end, because the server does.
    pub closing: CancellationToken,
    /// Which widgets have talked to this process.
    pub(super) noted: Noted,
    /// So many streams read at once: one change that many cards show keeps no other request waiting.
    pub(super) stream_reads: Semaphore,
}

/// One account, as the web meets it.
pub struct Site {
    /// The account's part of the engine.
    pub tenant: Arc<Tenant>,
    /// Last part of the path of Pact's webhook.
    pub pact_secret: SecretString,
    /// Last part of the path of amoCRM's webhook.
    pub amocrm_secret: SecretString,
    /// The integration: `client_uuid` of a one-time token.
    pub client_id: String,
    /// Key of the one-time tokens.
    pub client_secret: SecretString,
    /// Where the account's pages live, such as `https://example.amocrm.ru`: for CORS and as issuers of tokens.
    pub origins: Vec<String>,
    /// How it is connected by OAuth; `None` = by a long-lived token.
    pub connection: Option<Arc<dyn Connection>>,
    /// The settings name a policy file: it comes into force again when it changes.
    pub policy_file: bool,
    /// CRM and channel were prepared at least once.
    pub prepared: AtomicBool,
}

/// A file of the widget.
#[derive(Debug, Clone)]
pub struct WidgetFile {
    /// Its name, a hash included: it never changes.
    pub name: String,
    /// Its content.
    pub bytes: axum::body::Bytes,
}

impl Web {
    /// The HTTP side of `flow`.
    pub fn new(
        flow: Arc<Flow>,
        sites: Sites,
        public_url: String,
        (session_key, invitation_key): (SessionKey, InvitationKey),
        metrics: PrometheusHandle,
        widget: Vec<WidgetFile>,
    ) -> Self {
        Self {
            flow,
            sites,
            public_url,
            session_key,
            invitation_key,
            metrics,
            widget,
            setup: None,
            checkups: None,
            librarian: None,
            closing: CancellationToken::new(),
            noted: Noted::default(),
            stream_reads: Semaphore::new(STREAM_READS),
        }
    }

    /// The account of that id.
    pub(super) fn site(&self, account: AccountId) -> Option<&Arc<Site>> {
        self.sites.account(account)
    }

    /// Business time, unix ms.
    pub(super) fn now(&self) -> i64 {
        self.flow.clock.now_ms()
    }
}

impl Site {
    /// Remembers that CRM and channel are prepared.
    pub fn mark_prepared(&self) {
        self.prepared.store(true, Ordering::Relaxed);
    }
}
