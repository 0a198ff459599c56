//! An account's rules: taken in at the start, and kept current while the backend runs. A change of the policy file, or a
//! version that somebody else stored, is in force within seconds; no restart.

use super::AppError;
use crate::adapters::amocrm::{AmoCrm, FieldNames, Names, TaskTypes};
use crate::clock::Clock;
use crate::config::{Account, DEFAULT_EDITION, DEFAULT_POLICY, mode_of, with_mode};
use crate::error::StoreError;
use crate::flow::{Flow, Rules, Tenant};
use crate::ports::{Origin, Store, StoredPolicy};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use widget_core::ids::AccountId;
use widget_core::policy::{self, Finding, Policy};
use widget_core::trace::Lang;

/// File and store are looked at so often, by the machine's clock.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A file that changed is read again after this: somebody may be in the middle of writing it.
const SETTLE: Duration = Duration::from_millis(200);

/// Stores what the settings say as the account's newest version, if it is news.
pub(super) async fn take_in(
    store: &dyn Store,
    account: &Account,
    now: i64,
) -> Result<(), StoreError> {
    let (id, text) = (AccountId(account.id), &account.policy);
    if account.policy_file.is_none() {
        return take_in_default(store, id, text, now).await;
    }
    store
        .put_policy(id, text, Origin::File, now)
        .await
        .map(|_| ())
}

/// Stores this edition of the default rules, if the account has an earlier one. It leaves a running account in its mode.
async fn take_in_default(
    store: &dyn Store,
    account: AccountId,
    text: &str,
    now: i64,
) -> Result<(), StoreError> {
    let newest = store.policy(account, None).await?;
    let mode = newest.and_then(|newest| mode_of(&newest.toml));
    let in_its_mode = mode.and_then(|mode| with_mode(text, &mode).ok());
    let text = in_its_mode.as_deref().unwrap_or(text);
    store
        .put_default(account, text, DEFAULT_EDITION, now)
        .await
        .map(|_| ())
}

/// The account's newest version. One of a newer version of Estafeta that this one cannot read leaves the one before in
/// force, if that is in the same mode, as it would had this instance not begun anew. Where there is none before, and it is a
/// later edition of the default rules, this version's own edition of them is in force in that mode.
///
/// # Errors
/// There is none, or none can be read as this version of Estafeta reads policies.
pub(super) async fn newest(store: &dyn Store, account: &Account) -> Result<Rules, AppError> {
    let refused = |problem| AppError::Policy {
        account: account.name.clone(),
        problem,
    };
    let stored = store.policy(AccountId(account.id), None).await;
    let stored = stored
        .map_err(|cause| refused(cause.to_string()))?
        .ok_or_else(|| refused("it has no version".to_owned()))?;
    let (version, findings) = match read(&stored) {
        Ok(rules) => return Ok(rules),
        Err(findings) => (stored.version, told(&findings)),
    };
    let before = newest_that_reads(store, AccountId(account.id), &stored).await;
    let before = before.map_err(|cause| refused(cause.to_string()))?;
    if let Some(rules) = before {
        let old = rules.version;
        tracing::error!(account = %account.name, findings, "policy {version} is refused; policy {old} is in force");
        return Ok(rules);
    }
    let own = own_default(store, AccountId(account.id), &stored).await;
    let own = own.map_err(|cause| refused(cause.to_string()))?;
    if own.is_some() {
        tracing::warn!(account = %account.name, findings, "policy {version}, a later edition of the default rules, cannot be read; this version's own are in force");
    }
    own.ok_or_else(|| {
        refused(format!(
            "version {version}: {findings}; store a version without that, as a policy file"
        ))
    })
}

/// The newest version before `refused` that can be read, of those in its mode: what is said of who may be written to holds.
async fn newest_that_reads(
    store: &dyn Store,
    account: AccountId,
    refused: &StoredPolicy,
) -> Result<Option<Rules>, StoreError> {
    let mode = mode_of(&refused.toml);
    for version in store.policies(account).await? {
        if version.version < refused.version
            && version.mode == mode
            && let Some(stored) = store.policy(account, Some(version.version)).await?
            && let Ok(rules) = read(&stored)
        {
            return Ok(Some(rules));
        }
    }
    Ok(None)
}

/// This version's own default rules in the place of an edition of them that it cannot read, in that one's mode. Nobody else
/// is to have them, so they are not stored.
async fn own_default(
    store: &dyn Store,
    account: AccountId,
    refused: &StoredPolicy,
) -> Result<Option<Rules>, StoreError> {
    let versions = store.policies(account).await?;
    let of_refused = versions
        .iter()
        .find(|version| version.version == refused.version);
    if of_refused.is_none_or(|version| version.origin != Origin::Default) {
        return Ok(None);
    }
    let own = mode_of(&refused.toml).and_then(|mode| with_mode(DEFAULT_POLICY, &mode).ok());
    let own = own.map(|toml| StoredPolicy {
        toml,
        ..refused.clone()
    });
    Ok(own.and_then(|own| read(&own).ok()))
}

fn read(stored: &StoredPolicy) -> Result<Rules, Vec<Finding>> {
    Ok(Rules {
        version: stored.version,
        account_epoch: stored.account_epoch,
        policy: policy::parse(&stored.toml)?,
    })
}

fn told(findings: &[Finding]) -> String {
    let sentences = findings.iter().map(|finding| finding.text(Lang::En));
    sentences.collect::<Vec<_>>().join("; ")
}

/// What a policy calls things in amoCRM; `None` when it has no stage.
pub(super) fn names(policy: &Policy) -> Option<Names> {
    let values = &policy.ownership.values;
    let stages = policy.stages.iter();
    Some(Names {
        stages: stages
            .map(|stage| (stage.key.clone(), stage.name.clone()))
            .collect(),
        first_stage: policy.first_stage()?.key.clone(),
        field_name: policy.ownership.field.clone(),
        field_values: FieldNames {
            bot: values.bot.clone(),
            waiting: values.waiting.clone(),
            manager: values.manager.clone(),
        },
        task_types: TaskTypes {
            whatsapp: policy.tasks.whatsapp.kind.clone(),
            contact: policy.tasks.contact.kind.clone(),
        },
    })
}

/// Keeps the rules of one account current, with all that was made of them.
pub(super) struct Keeper {
    account: AccountId,
    name: String,
    file: Option<PathBuf>,
    /// The text at the start: the file's, or that of the default rules.
    taken_in: String,
    tenant: Arc<Tenant>,
    crm: Arc<AmoCrm>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    renamed: Notify,
}

/// What was looked at already, so that nothing is refused twice.
struct Seen {
    file: Result<String, String>,
    version: i64,
}

/// Keeps the rules of all accounts current until `stop`. One look at the store serves them all, however many they are;
/// what this instance has stored itself is looked at at once.
pub(super) async fn keep_current(
    keepers: Vec<Arc<Keeper>>,
    flow: Arc<Flow>,
    stop: CancellationToken,
) {
    let mut seen: Vec<Seen> = keepers.iter().map(|keeper| keeper.first_seen()).collect();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(LOOK_EVERY) => {}
            () = flow.bells.for_rules() => {}
        }
        let failed = |account: AccountId, error: StoreError| {
            tracing::error!(%account, %error, "the rules could not be looked at; they are looked at again");
        };
        for (keeper, seen) in keepers.iter().zip(&mut seen) {
            if let Err(error) = keeper.look_at_file(seen).await {
                failed(keeper.account, error);
            }
        }
        let newest = flow.store.newest_versions().await.unwrap_or_else(|error| {
            tracing::error!(%error, "the rules could not be looked at; they are looked at again");
            BTreeMap::new()
        });
        for (keeper, seen) in keepers.iter().zip(&mut seen) {
            let newest = newest.get(&keeper.account).copied();
            if let Err(error) = keeper.look_at_store(newest, seen).await {
                failed(keeper.account, error);
            }
        }
    }
}

impl Keeper {
    pub(super) fn new(
        account: &Account,
        tenant: Arc<Tenant>,
        crm: Arc<AmoCrm>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            account: AccountId(account.id),
            name: account.name.clone(),
            file: account.policy_file.clone(),
            taken_in: account.policy.clone(),
            tenant,
            crm,
            store,
            clock,
            renamed: Notify::new(),
        }
    }

    /// Waits until the rules call things otherwise in the CRM than before, or the CRM lets us in anew.
    pub(super) async fn renamed(&self) {
        self.renamed.notified().await;
    }

    /// Account and channel are to be prepared now.
    pub(super) fn prepare_again(&self) {
        self.renamed.notify_one();
    }

    /// What is in force, before anything was looked at.
    fn first_seen(&self) -> Seen {
        Seen {
            file: Ok(self.taken_in.clone()),
            version: self.tenant.rules().version,
        }
    }

    /// Takes in the policy file, if it changed.
    async fn look_at_file(&self, seen: &mut Seen) -> Result<(), StoreError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let Some(found) = changed(file, &seen.file).await else {
            return Ok(());
        };
        if let Ok(text) = &found {
            self.import(file, text).await?;
        } else if let Err(error) = &found {
            let (file, version) = (file.display(), self.tenant.rules().version);
            tracing::error!(account = %self.account, %file, error, "the policy file cannot be read; policy {version} stays in force");
        }
        seen.file = found;
        Ok(())
    }

    /// Puts the store's newest version in force, if there is a newer one than was seen.
    async fn look_at_store(&self, newest: Option<i64>, seen: &mut Seen) -> Result<(), StoreError> {
        if newest.is_none_or(|newest| newest <= seen.version) {
            return Ok(());
        }
        if self.file.is_none() {
            // An instance of before editions had numbers stores its own default rules whenever it starts.
            let now = self.clock.now_ms();
            take_in_default(&*self.store, self.account, &self.taken_in, now).await?;
        }
        if let Some(newest) = self.store.policy(self.account, None).await? {
            seen.version = newest.version;
            self.put_in_force(&newest);
        }
        Ok(())
    }

    /// Stores the file's new text, unless it is wrong.
    async fn import(&self, file: &Path, text: &str) -> Result<(), StoreError> {
        if let Err(findings) = policy::parse(text) {
            let (file, version) = (file.display(), self.tenant.rules().version);
            let findings = told(&findings);
            tracing::error!(account = %self.account, %file, findings, "the policy file is refused; policy {version} stays in force");
            return Ok(());
        }
        let now = self.clock.now_ms();
        self.store
            .put_policy(self.account, text, Origin::File, now)
            .await?;
        Ok(())
    }

    fn put_in_force(&self, stored: &StoredPolicy) {
        let version = stored.version;
        let rules = match read(stored) {
            Ok(rules) => rules,
            Err(findings) => {
                let (findings, old) = (told(&findings), self.tenant.rules().version);
                tracing::error!(account = %self.account, findings, "policy {version} is refused; policy {old} stays in force");
                return;
            }
        };
        let is_renamed = names(&rules.policy).is_some_and(|names| self.crm.rename(names));
        self.tenant.in_force.put(rules);
        if is_renamed {
            self.renamed.notify_one();
        }
        tracing::info!("policy {version} in force for account {}", self.name);
    }
}

/// What the file holds now, or why it cannot be read, if that is not what is known of it.
async fn changed(file: &Path, known: &Result<String, String>) -> Option<Result<String, String>> {
    let found = read_file(file).await;
    if found == *known {
        return None;
    }
    sleep(SETTLE).await;
    let again = read_file(file).await;
    (found == again).then_some(found)
}

async fn read_file(file: &Path) -> Result<String, String> {
    let text = tokio::fs::read_to_string(file).await;
    text.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::store::SqliteStore;
    use tempfile::TempDir;

    const ACCOUNT: AccountId = AccountId(1);

    async fn store(folder: &TempDir) -> SqliteStore {
        let file = folder.path().join("estafeta.sqlite");
        SqliteStore::open(&file, &[1; 32]).await.unwrap()
    }

    async fn put(store: &SqliteStore, toml: &str, origin: Origin) -> StoredPolicy {
        use crate::ports::Policies;
        store.put_policy(ACCOUNT, toml, origin, 0).await.unwrap();
        store.policy(ACCOUNT, None).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn the_default_rules_of_an_instance_that_knows_no_editions_give_way() {
        let folder = TempDir::new().unwrap();
        let store = store(&folder).await;
        let trial = with_mode(DEFAULT_POLICY, "trial").unwrap();
        for _ in 0..2 {
            let theirs = format!("{trial}# theirs\n");
            put(&store, &theirs, Origin::Default).await;
            // Whatever the settings say of a new account, it stays in its mode.
            take_in_default(&store, ACCOUNT, DEFAULT_POLICY, 0)
                .await
                .unwrap();
            let newest = put(&store, &trial, Origin::Default).await;
            assert_eq!(newest.toml, trial);
        }
    }

    #[tokio::test]
    async fn a_version_that_does_not_read_leaves_the_one_before_in_force_in_its_mode_alone() {
        let folder = TempDir::new().unwrap();
        let store = store(&folder).await;
        put(&store, DEFAULT_POLICY, Origin::File).await;
        let mine = format!("{DEFAULT_POLICY}# mine\n");
        put(&store, &mine, Origin::Api).await;
        let newer = format!("of_a_newer_version = true\n{DEFAULT_POLICY}");
        let refused = put(&store, &newer, Origin::Api).await;
        assert!(read(&refused).is_err());
        let before = newest_that_reads(&store, ACCOUNT, &refused).await.unwrap();
        assert_eq!(before.map(|rules| rules.version), Some(2));

        let off = with_mode(&newer, "off").unwrap();
        let refused = put(&store, &off, Origin::Api).await;
        let before = newest_that_reads(&store, ACCOUNT, &refused).await.unwrap();
        assert!(before.is_none(), "nobody is written to in the mode off");
        let own = own_default(&store, ACCOUNT, &refused).await.unwrap();
        assert!(own.is_none(), "somebody wrote these rules");
    }

    #[tokio::test]
    async fn a_later_edition_of_the_default_rules_that_does_not_read_gives_way_to_our_own_in_its_mode()
     {
        let folder = TempDir::new().unwrap();
        let store = store(&folder).await;
        let people = with_mode(DEFAULT_POLICY, "people").unwrap();
        let later = format!("of_a_newer_version = true\n{people}");
        let refused = put(&store, &later, Origin::Default).await;
        let before = newest_that_reads(&store, ACCOUNT, &refused).await.unwrap();
        assert!(before.is_none());
        let own = own_default(&store, ACCOUNT, &refused).await.unwrap();
        let own = own.expect("the backend starts");
        assert_eq!(own.version, refused.version);
        assert_eq!(own.policy, policy::parse(&people).unwrap());
        let newest = put(&store, &later, Origin::Default).await;
        assert_eq!(newest, refused, "nothing is stored");
    }
}
