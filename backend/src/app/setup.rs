//! Behind the setup page: what was filled in is checked against the services themselves and kept; an account that is
//! whole becomes one like those of the operator's file. The adapters and checks are those that serve and examine it.

mod farewell;
mod rules;
mod trial;

use super::doctor::{self, Examined};
use super::{AppError, CallLogs};
use crate::adapters::amocrm::{
    Access, AmoConfig, AmoCrm, Integration, Keyring, KeyringConfig, account_behind, first_pair,
    invitation,
};
use crate::adapters::bot::http::{BotConfig, HttpBot};
use crate::adapters::bot::openai::{OpenAiBot, OpenAiConfig};
use crate::adapters::pact::{Pact, PactConfig};
use crate::clock::Clock;
use crate::config::{
    Account, BotKeys, BotMaker, Config, DEFAULT_PROMPT, MasterKey, PactKeys, SetUp, amocrm_address,
    is_on_this_machine, mode_of, pages_of, service_address,
};
use crate::error::{CallError, StoreError};
use crate::http::{InvitationKey, OAUTH_CALLBACK};
use crate::ports::{
    Bot, BotContact, BotMessage, BotPolicy, BotRequest, Checked, Draft, Filled, Finding, Grants,
    Install, Installed, KeptSetup, Origin, People, Service, SetupDesk, SetupLine, Step, Store,
    Survey, TrialNews, Trouble, Voices,
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Notify};
use tokio::time::timeout;
use widget_core::ids::{AccountId, UserId};
use widget_core::policy;
use widget_core::understand::Facts;

/// The bot's answer to a question of ours is waited for so long: less than a request may take.
const BOT_PATIENCE: Duration = Duration::from_secs(15);
/// The accounts that are being set up are looked at so often, however often anybody asks.
const INSTALLS_EVERY: Duration = Duration::from_secs(2);
/// The steps without which no account goes to work.
const NEEDED: [Step; 5] = [
    Step::Keys,
    Step::Access,
    Step::Pact,
    Step::Bot,
    Step::Stages,
];

/// The accounts that the page has set up and that are at work, as the settings would name them. One that is not whole,
/// or that an account of the file stands in the way of, is left out.
///
/// # Errors
/// [`StoreError`] when the store fails.
pub(super) async fn accounts(
    store: &dyn Store,
    config: &Config,
) -> Result<Vec<Account>, StoreError> {
    let mut accounts: Vec<Account> = Vec::new();
    for kept in store.setups().await? {
        if !kept.served {
            continue;
        }
        let id = kept.id;
        let Some(account) = read(&kept).and_then(|set_up| set_up.account(&config.master_key))
        else {
            tracing::error!(
                id,
                "an account of the setup page is not whole and is left out"
            );
            continue;
        };
        let others = config.accounts.iter().chain(&accounts);
        if others.into_iter().any(|other| is_same(other, &account)) {
            tracing::error!(
                id,
                account = account.id,
                "an account of the setup page is left out: the settings have one with the same id, account of amoCRM or company of Pact"
            );
            continue;
        }
        accounts.push(account);
    }
    Ok(accounts)
}

/// Whether requests could not tell two accounts apart.
fn is_same(one: &Account, other: &Account) -> bool {
    one.id == other.id
        || one.amocrm.account_id == other.amocrm.account_id
        || one.pact.company_id == other.pact.company_id
        || (one.amocrm.client_id == other.amocrm.client_id
            && one.amocrm.client_secret.expose_secret()
                != other.amocrm.client_secret.expose_secret())
}

fn read(kept: &KeptSetup) -> Option<SetUp> {
    serde_json::from_str(kept.body.expose_secret()).ok()
}

/// An account of the operator's file, as far as the page has to know it.
struct OfFile {
    name: String,
    id: i64,
    amocrm: i64,
    company: i64,
}

/// The desk behind the page.
pub(super) struct Workbench {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    logs: Arc<CallLogs>,
    key: MasterKey,
    invitation_key: InvitationKey,
    public_url: String,
    of_file: Vec<OfFile>,
    /// The ways to amoCRM of the accounts at work here.
    served: BTreeMap<i64, Arc<AmoCrm>>,
    /// Whether requests are counted.
    limited: bool,
    /// Rings when the accounts at work are others than before.
    bell: Arc<Notify>,
    /// The accounts that are being set up, as they were last looked at.
    installs: Mutex<Option<(Instant, Arc<Vec<Install>>)>>,
}

impl Workbench {
    pub(super) fn new(
        config: &Config,
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
        logs: &Arc<CallLogs>,
        bell: &Arc<Notify>,
        served: BTreeMap<i64, Arc<AmoCrm>>,
    ) -> Self {
        let of_file = config.accounts.iter().map(|account| OfFile {
            name: account.name.clone(),
            id: account.id,
            amocrm: account.amocrm.account_id,
            company: account.pact.company_id,
        });
        Self {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            logs: Arc::clone(logs),
            key: config.master_key.clone(),
            invitation_key: InvitationKey::derive(config.master_key.bytes()),
            public_url: config.server.public_url.clone(),
            of_file: of_file.collect(),
            served,
            limited: config.limited,
            bell: Arc::clone(bell),
            installs: Mutex::default(),
        }
    }

    /// Stand-ins on this machine may be named only where the backend itself is reached there.
    fn is_local(&self) -> bool {
        is_on_this_machine(&self.public_url)
    }

    async fn kept(&self, id: i64) -> Result<(KeptSetup, SetUp), Trouble> {
        let kept = self.store.setup(id).await.map_err(store_is_down)?;
        let kept = kept.ok_or(Trouble::Gone)?;
        let set_up = read(&kept).ok_or(Trouble::Gone)?;
        Ok((kept, set_up))
    }

    /// Keeps what was filled in. Accounts at work take it on at once.
    async fn keep(&self, mut kept: KeptSetup, set_up: &SetUp) -> Result<(), Trouble> {
        let body = serde_json::to_string(set_up).map_err(|_| Trouble::Store)?;
        kept.body = SecretString::from(body);
        kept.account = set_up.account_id.map(AccountId);
        if !self.store.put_setup(&kept).await.map_err(store_is_down)? {
            return Err(self.why_not_kept(&kept).await);
        }
        self.bell.notify_one();
        Ok(())
    }

    async fn why_not_kept(&self, kept: &KeptSetup) -> Trouble {
        match self.store.setup(kept.id).await {
            Ok(Some(now)) if now.version == kept.version => Trouble::AccountTaken,
            Ok(_) => Trouble::Changed,
            Err(_) => Trouble::Store,
        }
    }

    /// The text of the account's rules; those of a new one where there are none yet.
    async fn rules(&self, account: Option<i64>) -> Result<(Option<i64>, String), Trouble> {
        let Some(account) = account else {
            return Ok((None, rules::of_a_new_account()));
        };
        let newest = self.store.policy(AccountId(account), None).await;
        Ok(match newest.map_err(store_is_down)? {
            Some(newest) => (Some(newest.version), newest.toml),
            None => (None, rules::of_a_new_account()),
        })
    }

    /// Changes the account's rules; they are in force within seconds.
    async fn change_rules(
        &self,
        set_up: &SetUp,
        change: impl FnOnce(&str) -> Result<String, Trouble>,
    ) -> Result<(), Trouble> {
        let account = set_up.account_id.ok_or(Trouble::NotConnected)?;
        let (_, text) = self.rules(Some(account)).await?;
        self.put_rules(account, &change(&text)?).await
    }

    async fn put_rules(&self, account: i64, text: &str) -> Result<(), Trouble> {
        let now = self.clock.now_ms();
        let put = self
            .store
            .put_policy(AccountId(account), text, Origin::Api, now);
        put.await.map(|_| ()).map_err(store_is_down)
    }

    // ------------------------------------------------------------ amoCRM

    fn integration(&self, set_up: &SetUp) -> Integration {
        Integration {
            id: set_up.client_id.clone(),
            secret: SecretString::from(set_up.client_secret.as_str()),
            redirect_uri: format!("{}{OAUTH_CALLBACK}", self.public_url),
        }
    }

    /// What opens the account now, and where it is. A pair that is over is renewed by the same keys that serve.
    async fn access(&self, set_up: &SetUp) -> Result<(Access, String), Trouble> {
        let address = set_up.address.clone().ok_or(Trouble::NotConnected)?;
        if let Some(token) = &set_up.token {
            return Ok((Access::Token(SecretString::from(token.as_str())), address));
        }
        let id = AccountId(set_up.account_id.ok_or(Trouble::NotConnected)?);
        let granted = self.store.grant(id).await.map_err(store_is_down)?;
        let granted = granted.ok_or(Trouble::NotConnected)?;
        let pair = granted.pair.filter(|_| granted.trouble.is_none());
        let pair = pair.ok_or(Trouble::NotConnected)?;
        if self.clock.now_ms() < pair.expires_at {
            return Ok((Access::Token(pair.access), pair.endpoint));
        }
        let keyring = KeyringConfig {
            account: id,
            amocrm_account: id.0,
            endpoint: address.clone(),
            integration: self.integration(set_up),
            log: self.logs.of(id, "amocrm"),
            answered: || {},
        };
        let store = Arc::clone(&self.store) as Arc<dyn Grants>;
        let keyring = Keyring::new(keyring, store, Arc::clone(&self.clock), Arc::default());
        let keyring = keyring.map_err(|error| of_amocrm(&error))?;
        Ok((Access::Keyring(keyring), address))
    }

    /// The account's CRM.
    async fn crm(&self, set_up: &SetUp) -> Result<AmoCrm, Trouble> {
        let (access, endpoint) = self.access(set_up).await?;
        let (_, text) = self.rules(set_up.account_id).await?;
        let policy = policy::parse(&text).map_err(|_| no_rules())?;
        let config = AmoConfig {
            endpoint,
            account: set_up.account_id.ok_or(Trouble::NotConnected)?,
            access,
            pipeline: set_up.pipeline.clone(),
            names: super::rules::names(&policy).ok_or_else(no_rules)?,
            limited: false,
        };
        AmoCrm::new(config, Arc::clone(&self.clock)).map_err(|error| of_amocrm(&error))
    }

    /// Whether who lets us in may do so, and the account has what is needed.
    async fn check_rights(&self, set_up: &SetUp) -> Result<(), Trouble> {
        let crm = self.crm(set_up).await?;
        crm.survey().await.map_err(|error| of_rights(&error))?;
        crm.may_have_webhooks()
            .await
            .map_err(|error| of_rights(&error))
    }

    /// Whose account it is that `token` opens, if it may be set up here.
    async fn learn_account(
        &self,
        kept: &KeptSetup,
        set_up: &mut SetUp,
        endpoint: &str,
        token: &SecretString,
    ) -> Result<(), Trouble> {
        let (id, name) = account_behind(endpoint, token)
            .await
            .map_err(|error| of_amocrm(&error))?;
        if set_up.account_id.is_some_and(|known| known != id) {
            return Err(Trouble::OtherAccount);
        }
        let of_file = self
            .of_file
            .iter()
            .any(|file| file.id == id || file.amocrm == id);
        let setups = self.store.setups().await.map_err(store_is_down)?;
        let of_another =
            |other: &KeptSetup| other.id != kept.id && other.account == Some(AccountId(id));
        if of_file || setups.iter().any(of_another) {
            return Err(Trouble::AccountTaken);
        }
        set_up.account_id = Some(id);
        set_up.name = name;
        Ok(())
    }

    async fn fill_in_keys(
        &self,
        kept: KeptSetup,
        mut set_up: SetUp,
        (address, client_id): (&str, &str),
        (client_secret, token): (Option<SecretString>, Option<SecretString>),
    ) -> Result<(), Trouble> {
        let address = amocrm_address(address, self.is_local()).ok_or(Trouble::Odd("address"))?;
        set_up.client_id = plain(client_id, "client_id")?;
        if let Some(secret) = client_secret {
            set_up.client_secret = plain(secret.expose_secret(), "client_secret")?;
        }
        if set_up.client_secret.is_empty() {
            return Err(Trouble::Empty("client_secret"));
        }
        set_up.address = Some(address.clone());
        match token {
            Some(token) if token.expose_secret().trim().is_empty() => set_up.token = None,
            Some(token) => {
                let token = SecretString::from(plain(token.expose_secret(), "token")?);
                self.learn_account(&kept, &mut set_up, &address, &token)
                    .await?;
                set_up.token = Some(token.expose_secret().to_owned());
                self.check_rights(&set_up).await?;
                set_up.done.insert(Step::Access.name().to_owned());
            }
            None => {}
        }
        set_up.done.insert(Step::Keys.name().to_owned());
        self.keep(kept, &set_up).await
    }

    /// A pair for the code, kept as the account's.
    async fn take_code(
        &self,
        pair: Result<crate::ports::Pair, CallError>,
        id: i64,
    ) -> Result<(), Trouble> {
        let pair = pair.map_err(|error| match error {
            CallError::Refused { .. } => Trouble::KeyRefused,
            error => of_amocrm(&error),
        })?;
        let (kept, mut set_up) = self.kept(id).await?;
        self.learn_account(&kept, &mut set_up, &pair.endpoint, &pair.access)
            .await?;
        let account = AccountId(set_up.account_id.ok_or(Trouble::NotConnected)?);
        set_up.address = Some(pair.endpoint.clone());
        set_up.token = None;
        set_up.refused = None;
        // The account is ours first: a pair is kept for nobody else.
        self.keep(kept, &set_up).await?;
        self.store
            .put_grant(account, &pair, None)
            .await
            .map_err(store_is_down)?;
        self.check_rights(&set_up).await?;
        let (kept, mut set_up) = self.kept(id).await?;
        set_up.done.insert(Step::Access.name().to_owned());
        self.keep(kept, &set_up).await
    }

    // ------------------------------------------------------------ Pact and the bot

    async fn fill_in_pact(
        &self,
        kept: KeptSetup,
        mut set_up: SetUp,
        (endpoint, company): (&str, &str),
        token: Option<SecretString>,
    ) -> Result<(), Trouble> {
        let endpoint = service_address(endpoint).ok_or(Trouble::Odd("endpoint"))?;
        let is_pacts = service_address("").as_ref() == Some(&endpoint);
        let is_stand_in = self.is_local() && is_on_this_machine(&endpoint);
        if !is_pacts && !is_stand_in {
            return Err(Trouble::Odd("endpoint"));
        }
        let company_id = company.trim().parse::<i64>().ok().filter(|id| *id > 0);
        let company_id = company_id.ok_or(Trouble::Odd("company"))?;
        let before = set_up.pact.as_ref().map(|pact| pact.token.clone());
        let token = match token {
            Some(token) => plain(token.expose_secret(), "token")?,
            None => before.ok_or(Trouble::Empty("token"))?,
        };
        if self.company_is_taken(kept.id, company_id).await? {
            return Err(Trouble::CompanyTaken);
        }
        let pact = Pact::new(PactConfig {
            endpoint: endpoint.clone(),
            company: company_id,
            token: SecretString::from(token.as_str()),
        })
        .map_err(|_| Trouble::Odd("token"))?;
        let is_on = pact
            .whatsapp_is_on()
            .await
            .map_err(|error| of_pact(&error))?;
        if !is_on {
            return Err(Trouble::WhatsappOff);
        }
        set_up.pact = Some(PactKeys {
            endpoint,
            company_id,
            token,
        });
        set_up.done.insert(Step::Pact.name().to_owned());
        self.keep(kept, &set_up).await
    }

    async fn company_is_taken(&self, id: i64, company: i64) -> Result<bool, Trouble> {
        let setups = self.store.setups().await.map_err(store_is_down)?;
        let others = setups.iter().filter(|other| other.id != id);
        let companies = others.filter_map(|other| Some(read(other)?.pact?.company_id));
        let of_file = self.of_file.iter().map(|file| file.company);
        Ok(companies.chain(of_file).any(|other| other == company))
    }

    async fn fill_in_bot(
        &self,
        kept: KeptSetup,
        mut set_up: SetUp,
        url: &str,
        model: Option<String>,
        secret: Option<SecretString>,
    ) -> Result<(), Trouble> {
        let url = match url.trim() {
            "" => return Err(Trouble::Empty("url")),
            url => service_address(url).ok_or(Trouble::Odd("url"))?,
        };
        let before = set_up.bot.as_ref().map(|bot| bot.secret.clone());
        let secret = match secret {
            Some(secret) => plain(secret.expose_secret(), "secret")?,
            None => before.ok_or(Trouble::Empty("secret"))?,
        };
        let bot = BotKeys {
            url,
            secret,
            maker: model.map_or(BotMaker::Http, BotMaker::Model),
        };
        self.ask_bot(&bot).await?;
        set_up.bot = Some(bot);
        set_up.done.insert(Step::Bot.name().to_owned());
        self.keep(kept, &set_up).await
    }

    /// One question to the bot, as a guest might ask it.
    async fn ask_bot(&self, keys: &BotKeys) -> Result<(), Trouble> {
        let key = SecretString::from(keys.secret.as_str());
        let patience_ms = u64::try_from(BOT_PATIENCE.as_millis()).unwrap_or(u64::MAX);
        let odd = |_| Trouble::Odd("url");
        let bot: Box<dyn Bot> = match &keys.maker {
            BotMaker::Http => {
                let config = BotConfig {
                    url: keys.url.clone(),
                    secret: key,
                    timeout_ms: patience_ms,
                    retry_within_ms: 0,
                    marks_turns: false,
                };
                Box::new(HttpBot::new(config, Arc::clone(&self.clock)).map_err(odd)?)
            }
            BotMaker::Model(model) => {
                let config = OpenAiConfig {
                    url: keys.url.clone(),
                    key,
                    model: model.clone(),
                    prompt: DEFAULT_PROMPT.to_owned(),
                    timeout_ms: patience_ms,
                    retry_within_ms: 0,
                };
                Box::new(OpenAiBot::new(config).map_err(odd)?)
            }
        };
        let question = question(self.clock.now_ms());
        match timeout(BOT_PATIENCE, bot.turn(&question)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(CallError::Refused {
                status: 401 | 403, ..
            })) => Err(Trouble::BotKey),
            Ok(Err(CallError::Refused { status, why })) => {
                Err(Trouble::Refused(Service::Bot, format!("{status}: {why}")))
            }
            Ok(Err(error)) => Err(Trouble::Silent(Service::Bot, error.to_string())),
            Err(_) => Err(Trouble::Silent(Service::Bot, "timeout".to_owned())),
        }
    }

    // ------------------------------------------------------------ what things are called

    async fn fill_in_stages(
        &self,
        kept: KeptSetup,
        mut set_up: SetUp,
        pipeline: i64,
        meaning: &BTreeMap<i64, widget_core::ids::StageKey>,
    ) -> Result<(), Trouble> {
        let survey = self.look(&set_up).await?;
        let chosen = survey.pipelines.iter().find(|seen| seen.id == pipeline);
        let chosen = chosen.ok_or(Trouble::StageGone)?;
        self.change_rules(&set_up, |text| rules::with_stages(text, chosen, meaning))
            .await?;
        set_up.pipeline = Some(chosen.name.clone());
        set_up.done.insert(Step::Stages.name().to_owned());
        self.keep(kept, &set_up).await
    }

    async fn fill_in_fields(
        &self,
        kept: KeptSetup,
        mut set_up: SetUp,
        fields: &policy::DealFields,
    ) -> Result<(), Trouble> {
        let survey = self.look(&set_up).await?;
        let kind_of = |name: &String| {
            let seen = survey.fields.iter().find(|field| field.name == *name);
            seen.map(|field| field.kind.as_str())
        };
        for name in [&fields.arrival, &fields.departure].into_iter().flatten() {
            // A text may hold a date too; a number or a choice never does.
            if !matches!(
                kind_of(name),
                Some("date" | "date_time" | "birthday" | "text")
            ) {
                return Err(Trouble::FieldKind(name.clone()));
            }
        }
        for name in [
            &fields.category,
            &fields.guests,
            &fields.payment,
            &fields.refund,
        ] {
            if name.as_ref().is_some_and(|name| kind_of(name).is_none()) {
                return Err(Trouble::Odd("field"));
            }
        }
        self.change_rules(&set_up, |text| rules::with_fields(text, fields))
            .await?;
        set_up.done.insert(Step::Fields.name().to_owned());
        self.keep(kept, &set_up).await
    }

    async fn fill_in_people(
        &self,
        kept: KeptSetup,
        mut set_up: SetUp,
        people: &People,
    ) -> Result<(), Trouble> {
        let survey = self.look(&set_up).await?;
        let named = [
            Some(people.fallback),
            people.escalate_to,
            people.duty_user,
            people.tech_user,
        ];
        for user in named.into_iter().flatten() {
            let seen = survey.users.iter().find(|seen| seen.id == user);
            if !seen.is_some_and(|seen| seen.active) {
                return Err(Trouble::UserOff);
            }
        }
        if people.field.trim().is_empty() {
            return Err(Trouble::Empty("owner_field"));
        }
        if people.task_type.trim().is_empty() {
            return Err(Trouble::Empty("task_type"));
        }
        let phone = people.duty_phone.trim();
        if !phone.is_empty() && widget_core::phone::digits(phone).is_none() {
            return Err(Trouble::Phone(phone.to_owned()));
        }
        if jiff::tz::TimeZone::get(people.hours.timezone.trim()).is_err() {
            return Err(Trouble::Odd("timezone"));
        }
        self.change_rules(&set_up, |text| rules::with_people(text, people))
            .await?;
        set_up.tech_user = people.tech_user.map(|user| user.0);
        set_up.done.insert(Step::People.name().to_owned());
        self.keep(kept, &set_up).await
    }

    async fn look(&self, set_up: &SetUp) -> Result<Survey, Trouble> {
        let crm = self.crm(set_up).await?;
        crm.survey().await.map_err(|error| of_rights(&error))
    }

    // ------------------------------------------------------------ to work

    async fn begin_trial(
        &self,
        mut kept: KeptSetup,
        mut set_up: SetUp,
        phones: &[String],
    ) -> Result<(), Trouble> {
        let left = NEEDED
            .into_iter()
            .filter(|step| !set_up.done.contains(step.name()));
        let left: Vec<Step> = left.collect();
        if !left.is_empty() {
            return Err(Trouble::StepsLeft(left));
        }
        if phones.is_empty() {
            return Err(Trouble::Empty("phones"));
        }
        let odd = phones
            .iter()
            .find(|phone| widget_core::phone::digits(phone).is_none());
        if let Some(phone) = odd {
            return Err(Trouble::Phone(phone.clone()));
        }
        set_up.account(&self.key).ok_or(Trouble::NotConnected)?;
        self.check_rights(&set_up).await?;
        self.change_rules(&set_up, |text| rules::on_trial(text, phones))
            .await?;
        set_up.trial_since = Some(self.clock.now_ms());
        set_up.done.insert(Step::Trial.name().to_owned());
        kept.served = true;
        self.keep(kept, &set_up).await
    }

    async fn switch(&self, kept: &KeptSetup, set_up: &SetUp, mode: &str) -> Result<(), Trouble> {
        if !kept.served {
            return Err(Trouble::StepsLeft(vec![Step::Trial]));
        }
        self.change_rules(set_up, |text| rules::in_mode(text, mode))
            .await
    }

    /// The account is served no more; what was filled in stays, but for what opens amoCRM.
    async fn disconnect(&self, mut kept: KeptSetup, mut set_up: SetUp) -> Result<(), Trouble> {
        // Once it is forgotten what opens amoCRM, nothing can be taken back there.
        let was = set_up.account(&self.key).filter(|_| kept.served);
        let crm = match &was {
            Some(_) => self.crm(&set_up).await.ok(),
            None => None,
        };
        kept.served = false;
        set_up.token = None;
        for step in [Step::Access, Step::Trial] {
            set_up.done.remove(step.name());
        }
        let account = kept.account;
        self.keep(kept, &set_up).await?;
        if let Some(was) = was {
            farewell::take_hooks_away(crm, &was, &self.public_url).await;
        }
        match account {
            Some(account) => self
                .store
                .forget_grant(account)
                .await
                .map_err(store_is_down),
            None => Ok(()),
        }
    }

    /// Whether the account's widget runs in amoCRM.
    async fn installed(&self, set_up: &SetUp) -> Result<Installed, Trouble> {
        let seen = match set_up.account_id {
            Some(account) => self.store.widget(AccountId(account)).await,
            None => Ok(None),
        };
        Ok(match seen.map_err(store_is_down)? {
            None => Installed::Unseen,
            Some(seen) => match seen.version {
                Some(version) if version == super::WIDGET => Installed::Current(version, seen.at),
                version => Installed::Other(version, super::WIDGET.to_owned()),
            },
        })
    }

    /// What the page itself has looked at: whether the widget runs, and whether nobody else speaks to guests.
    async fn seen_by_the_page(&self, id: i64, set_up: &SetUp) -> Result<Vec<Checked>, Trouble> {
        const WIDGET: &str = "widget";
        const VOICE: &str = "one voice";
        let widget = match self.installed(set_up).await? {
            Installed::Current(version, _) => Checked::well(WIDGET, format!("version {version}")),
            Installed::Other(version, wanted) => {
                let version = version.unwrap_or_else(|| "?".to_owned());
                let words = format!("version {version} runs, {wanted} is needed");
                Checked::wrong(WIDGET, Finding::WidgetOther(wanted), words)
            }
            Installed::Unseen => {
                let words = "it has never asked for a session";
                Checked::wrong(WIDGET, Finding::WidgetUnseen, words)
            }
        };
        let voice = match self.trial(id).await?.voices {
            Voices::Stranger(said) => {
                let words = "a text of somebody else within seconds of a guest's";
                Some(Checked::wrong(VOICE, Finding::Stranger(said), words))
            }
            Voices::OursAlone => Some(Checked::well(VOICE, "nobody else has answered")),
            Voices::Unknown => None,
        };
        Ok([Some(widget), voice].into_iter().flatten().collect())
    }

    /// The accounts that amoCRM lets us into and that are not at work yet, as they stand now.
    async fn look_at_installs(&self) -> Result<Vec<Install>, StoreError> {
        let kept = self.store.setups().await?;
        let early = kept.iter().filter(|kept| !kept.served);
        let install = |kept: &KeptSetup| {
            let set_up = read(kept)?;
            let is_let_in = set_up.done.contains(Step::Access.name());
            // Who has its keys has the integration, and whose widget talks to us has that.
            let is_clear = |step: &Step| matches!(step, Step::Integration | Step::Widget);
            let is_left = |step: &Step| !is_clear(step) && !set_up.done.contains(step.name());
            Some(Install {
                setup: kept.id,
                left: Step::ALL.into_iter().filter(is_left).collect(),
                account: AccountId(set_up.account_id.filter(|_| is_let_in)?),
                origins: pages_of(set_up.address.as_deref()?),
                client_id: set_up.client_id,
                client_secret: SecretString::from(set_up.client_secret),
            })
        };
        Ok(early.filter_map(install).collect())
    }

    /// Whether amoCRM lets us in, as far as the store knows.
    async fn is_connected(&self, set_up: &SetUp) -> Result<bool, Trouble> {
        if set_up.token.is_some() {
            return Ok(true);
        }
        let Some(account) = set_up.account_id else {
            return Ok(false);
        };
        let granted = self.store.grant(AccountId(account)).await;
        let granted = granted.map_err(store_is_down)?;
        Ok(granted.is_some_and(|granted| granted.pair.is_some() && granted.trouble.is_none()))
    }
}

#[async_trait]
impl SetupDesk for Workbench {
    async fn accounts(&self) -> Result<Vec<SetupLine>, Trouble> {
        let mut lines = Vec::new();
        let mode = async |account: i64| -> Result<Option<String>, Trouble> {
            let newest = self.store.policy(AccountId(account), None).await;
            let newest = newest.map_err(store_is_down)?;
            Ok(newest.and_then(|newest| mode_of(&newest.toml)))
        };
        for file in &self.of_file {
            lines.push(SetupLine {
                id: None,
                name: file.name.clone(),
                mode: mode(file.id).await?,
                served: true,
                lacks_widget: false,
            });
        }
        for kept in self.store.setups().await.map_err(store_is_down)? {
            let Some(set_up) = read(&kept) else { continue };
            let lacks_widget = set_up.done.contains(Step::Access.name())
                && self.installed(&set_up).await? == Installed::Unseen;
            lines.push(SetupLine {
                id: Some(kept.id),
                lacks_widget,
                name: set_up.name,
                mode: match kept.account {
                    Some(account) => mode(account.0).await?,
                    None => None,
                },
                served: kept.served,
            });
        }
        Ok(lines)
    }

    async fn begin(&self) -> Result<i64, Trouble> {
        let mut bytes = [0_u8; 6];
        getrandom::fill(&mut bytes).map_err(|_| Trouble::Store)?;
        let id = bytes
            .iter()
            .fold(0, |id, byte| (id << 8) | i64::from(*byte));
        let fresh = KeptSetup {
            id,
            account: None,
            served: false,
            version: 0,
            body: SecretString::default(),
        };
        self.keep(fresh, &SetUp::default()).await?;
        Ok(id)
    }

    async fn draft(&self, id: i64) -> Result<Draft, Trouble> {
        let (kept, set_up) = self.kept(id).await?;
        let (rules_version, text) = self.rules(set_up.account_id).await?;
        let connect_link = set_up.address.as_ref().and_then(|address| {
            let state = self.invitation_key.invite_to_setup(id, self.clock.now_ms());
            invitation(address, &set_up.client_id, &state)
        });
        let is_filled = |model: &BotMaker| match model {
            BotMaker::Http => None,
            BotMaker::Model(name) => Some(name.clone()),
        };
        let mut done: BTreeSet<Step> = set_up
            .done
            .iter()
            .filter_map(|name| Step::of(name))
            .collect();
        let policy = policy::parse(&text).map_err(|_| no_rules())?;
        if kept.served && policy.mode == policy::Mode::On {
            done.insert(Step::On);
        }
        // A person may go on without it, but it is done when it is seen.
        let widget = self.installed(&set_up).await?;
        if matches!(widget, Installed::Current(..)) {
            done.insert(Step::Widget);
        } else {
            done.remove(&Step::Widget);
        }
        Ok(Draft {
            id,
            widget,
            connected: self.is_connected(&set_up).await?,
            connect_link,
            earlier_rules: rules_version.is_some() && !done.contains(&Step::Stages),
            rules_version,
            policy,
            served: kept.served,
            done,
            has_secret: !set_up.client_secret.is_empty(),
            has_token: set_up.token.is_some(),
            refused: set_up.refused.as_deref().map(trouble_of),
            pact: set_up.pact.map(|pact| (pact.endpoint, pact.company_id)),
            bot: set_up.bot.map(|bot| (bot.url, is_filled(&bot.maker))),
            name: set_up.name,
            address: set_up.address,
            client_id: set_up.client_id,
            pipeline: set_up.pipeline,
            tech_user: set_up.tech_user.map(UserId),
        })
    }

    async fn survey(&self, id: i64) -> Result<Survey, Trouble> {
        let (_, set_up) = self.kept(id).await?;
        self.look(&set_up).await
    }

    async fn fill_in(&self, id: i64, filled: Filled) -> Result<(), Trouble> {
        let (kept, mut set_up) = self.kept(id).await?;
        match filled {
            Filled::Confirmed(step) => {
                if step == Step::Access {
                    self.check_rights(&set_up).await?;
                }
                set_up.done.insert(step.name().to_owned());
                self.keep(kept, &set_up).await
            }
            Filled::Keys {
                address,
                client_id,
                client_secret,
                token,
            } => {
                let secrets = (client_secret, token);
                self.fill_in_keys(kept, set_up, (&address, &client_id), secrets)
                    .await
            }
            Filled::Pact {
                endpoint,
                company,
                token,
            } => {
                self.fill_in_pact(kept, set_up, (&endpoint, &company), token)
                    .await
            }
            Filled::Bot { url, model, secret } => {
                self.fill_in_bot(kept, set_up, &url, model, secret).await
            }
            Filled::Stages { pipeline, meaning } => {
                self.fill_in_stages(kept, set_up, pipeline, &meaning).await
            }
            Filled::Fields(fields) => self.fill_in_fields(kept, set_up, &fields).await,
            Filled::People(people) => self.fill_in_people(kept, set_up, &people).await,
            Filled::Trial(phones) => self.begin_trial(kept, set_up, &phones).await,
            Filled::Mode(mode) => self.switch(&kept, &set_up, &mode).await,
            Filled::FreshRules => {
                let account = set_up.account_id.ok_or(Trouble::NotConnected)?;
                self.put_rules(account, &rules::of_a_new_account()).await?;
                for step in [Step::Stages, Step::Fields, Step::People] {
                    set_up.done.remove(step.name());
                }
                self.keep(kept, &set_up).await
            }
            Filled::Disconnect => self.disconnect(kept, set_up).await,
        }
    }

    async fn connect(
        &self,
        id: i64,
        host: &str,
        code: SecretString,
    ) -> Option<Result<(), Trouble>> {
        let (_, set_up) = match self.kept(id).await {
            Ok(kept) => kept,
            Err(trouble) => return Some(Err(trouble)),
        };
        let address = set_up.address.as_deref()?;
        let integration = self.integration(&set_up);
        let now = self.clock.now_ms();
        let pair = first_pair(&integration, address, host, &code, now).await?;
        let outcome = self.take_code(pair, id).await;
        if let Err(trouble) = &outcome {
            self.remember_refusal(id, trouble).await;
        }
        Some(outcome)
    }

    async fn examine(&self, id: i64) -> Result<Vec<(String, Checked)>, Trouble> {
        let (_, set_up) = self.kept(id).await?;
        let mut account = set_up.account(&self.key).ok_or(Trouble::NotConnected)?;
        account.policy = self.rules(set_up.account_id).await?.1;
        let now = self.clock.now_ms();
        let way = match self.served.get(&account.id) {
            Some(crm) => doctor::Way::Served(crm),
            None => doctor::Way::Own {
                limited: self.limited,
            },
        };
        let found =
            doctor::examine_account(&account, &self.public_url, Some(&self.store), way, now);
        let found = found.await.into_iter();
        let mut all: Vec<(String, Checked)> = found
            .map(|Examined { of, checked }| (of, checked))
            .collect();
        for checked in self.seen_by_the_page(id, &set_up).await? {
            all.push((set_up.name.clone(), checked));
        }
        Ok(all)
    }

    async fn trial(&self, id: i64) -> Result<TrialNews, Trouble> {
        let (_, set_up) = self.kept(id).await?;
        let (Some(account), Some(since)) = (set_up.account_id, set_up.trial_since) else {
            return Ok(TrialNews::default());
        };
        let (_, text) = self.rules(Some(account)).await?;
        let policy = policy::parse(&text).map_err(|_| no_rules())?;
        let span = (since, self.clock.now_ms());
        let phones = &policy.trial_phones;
        trial::news(&*self.store, AccountId(account), phones, span)
            .await
            .map_err(store_is_down)
    }

    async fn installs(&self) -> Arc<Vec<Install>> {
        let mut kept = self.installs.lock().await;
        if let Some((at, installs)) = &*kept
            && at.elapsed() < INSTALLS_EVERY
        {
            return Arc::clone(installs);
        }
        let installs = self.look_at_installs().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the accounts that are being set up could not be looked at");
            Vec::new()
        });
        let installs = Arc::new(installs);
        *kept = Some((Instant::now(), Arc::clone(&installs)));
        installs
    }
}

impl Workbench {
    /// So that the page can say why, when the person comes back to it.
    async fn remember_refusal(&self, id: i64, trouble: &Trouble) {
        let Ok((kept, mut set_up)) = self.kept(id).await else {
            return;
        };
        set_up.refused = Some(word_of(trouble).to_owned());
        if self.keep(kept, &set_up).await.is_err() {
            tracing::warn!(id, "why amoCRM was not connected could not be kept");
        }
    }
}

/// The word under which a failed connection is kept.
fn word_of(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::KeyRefused => "key",
        Trouble::NotAdmin => "admin",
        Trouble::Tariff => "tariff",
        Trouble::AccountTaken => "taken",
        Trouble::OtherAccount => "other",
        _ => "silent",
    }
}

fn trouble_of(word: &str) -> Trouble {
    match word {
        "key" => Trouble::KeyRefused,
        "admin" => Trouble::NotAdmin,
        "tariff" => Trouble::Tariff,
        "taken" => Trouble::AccountTaken,
        "other" => Trouble::OtherAccount,
        _ => Trouble::Silent(Service::Amocrm, String::new()),
    }
}

/// A key as it was pasted: without the spaces around it, and none within.
fn plain(said: &str, field: &'static str) -> Result<String, Trouble> {
    let said = said.trim();
    if said.is_empty() {
        return Err(Trouble::Empty(field));
    }
    if said
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Err(Trouble::Odd(field));
    }
    Ok(said.to_owned())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn store_is_down(error: StoreError) -> Trouble {
    tracing::error!(%error, "the setup page: the store failed");
    Trouble::Store
}

fn no_rules() -> Trouble {
    Trouble::Rules("the rules cannot be read".to_owned())
}

fn of_amocrm(error: &CallError) -> Trouble {
    match error {
        CallError::Refused { status: 401, .. } => Trouble::TokenRefused,
        CallError::Refused {
            status: 402 | 403, ..
        } => Trouble::Tariff,
        CallError::Refused { .. } => Trouble::Refused(Service::Amocrm, error.to_string()),
        error => Trouble::Silent(Service::Amocrm, error.to_string()),
    }
}

/// The same where only an administrator may ask.
fn of_rights(error: &CallError) -> Trouble {
    match error {
        CallError::Refused { status: 403, .. } => Trouble::NotAdmin,
        error => of_amocrm(error),
    }
}

fn of_pact(error: &CallError) -> Trouble {
    match error {
        CallError::Refused { status: 401, .. } => Trouble::PactToken,
        CallError::Refused { status: 402, .. } => Trouble::PactTariff,
        CallError::Refused {
            status: 403 | 404, ..
        } => Trouble::PactCompany,
        CallError::Refused { .. } => Trouble::Refused(Service::Pact, error.to_string()),
        error => Trouble::Silent(Service::Pact, error.to_string()),
    }
}

/// A guest's question, of nobody.
fn question(now: i64) -> BotRequest {
    let at = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    BotRequest {
        turn_id: format!("setup-{now}").as_str().into(),
        dialog: "setup".into(),
        introduce: false,
        manager_note: None,
        messages: vec![BotMessage {
            id: "setup".into(),
            text: "Здравствуйте! Есть ли у вас бассейн?".to_owned(),
            attachments: Vec::new(),
            at: at.to_string(),
        }],
        contact: BotContact::default(),
        deal: None,
        facts: Facts::default(),
        history: Vec::new(),
        policy: BotPolicy {
            texts: BTreeMap::new(),
            triggers: Vec::new(),
            collect: Vec::new(),
            bot_name: String::new(),
            organisation: String::new(),
            booking: None,
        },
    }
}

/// A link to the page, good for a day from `now` (business unix ms) and for one time.
pub fn setup_link(config: &Config, now: i64) -> String {
    let key = crate::http::SetupKey::derive(config.master_key.bytes());
    format!("{}/setup?link={}", config.server.public_url, key.link(now))
}

/// The accounts of the page that are at work, with their newest rules, as far as there are data to read them from.
///
/// # Errors
/// The data cannot be read.
pub async fn set_up(config: &Config) -> Result<Vec<Account>, AppError> {
    let desk = match super::Desk::to_read(config).await {
        Ok(desk) => desk,
        Err(AppError::NoData { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let found = accounts(&*desk.store, config).await;
    let mut found = found.map_err(AppError::store(config))?;
    for account in &mut found {
        let newest = desk.policy(account.id, None).await;
        if let Some(newest) = newest.map_err(AppError::store(config))? {
            account.policy = newest.toml;
        }
    }
    desk.close().await;
    Ok(found)
}
