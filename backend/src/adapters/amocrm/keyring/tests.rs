use super::*;
use crate::adapters::amocrm::Access;
use crate::adapters::amocrm::api::Api;
use crate::adapters::fake::{Fake, Reaction, Seen};
use crate::adapters::store::SqliteStore;
use crate::clock::SetClock;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::mpsc;
use tempfile::TempDir;
use tokio::task::JoinSet;

const ACCOUNT: AccountId = AccountId(1);
const NOW: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// What happened, in order: `saved 2`, `renewed r1`, `called a2`.
type Events = Arc<Mutex<Vec<String>>>;

fn note(events: &Events, event: String) {
    events.lock().unwrap().push(event);
}

/// A real store that notes when a pair is saved.
struct Noted {
    store: SqliteStore,
    events: Events,
}

#[async_trait]
impl Grants for Noted {
    async fn grant(&self, account: AccountId) -> Result<Option<Grant>, StoreError> {
        self.store.grant(account).await
    }

    async fn grants(&self) -> Result<BTreeMap<AccountId, Grant>, StoreError> {
        self.store.grants().await
    }

    async fn put_grant(
        &self,
        account: AccountId,
        pair: &Pair,
        after: Option<i64>,
    ) -> Result<Option<i64>, StoreError> {
        let put = self.store.put_grant(account, pair, after).await?;
        if let Some(version) = put {
            note(&self.events, format!("saved {version}"));
        }
        Ok(put)
    }

    async fn begin_renewal(
        &self,
        account: AccountId,
        version: i64,
        ms: i64,
    ) -> Result<bool, StoreError> {
        self.store.begin_renewal(account, version, ms).await
    }

    async fn set_back(
        &self,
        account: AccountId,
        version: i64,
        setback: Setback,
    ) -> Result<(), StoreError> {
        self.store.set_back(account, version, setback).await
    }

    async fn forget_grant(&self, account: AccountId) -> Result<(), StoreError> {
        self.store.forget_grant(account).await
    }
}

/// amoCRM as documented: a refresh token is exchanged once, and every access token works that it has given.
#[derive(Default)]
struct Rules {
    given: u32,
    /// The next exchanges meet this instead.
    instead: Vec<Reaction>,
    /// Calls of the API meet this instead.
    api: Option<Reaction>,
    /// Waited for before an exchange is answered.
    gate: Option<mpsc::Receiver<()>>,
    /// What new access tokens say of themselves.
    claims: Option<Value>,
}

struct World {
    rules: Arc<Mutex<Rules>>,
    events: Events,
    clock: SetClock,
    store: Arc<Noted>,
    amocrm: Fake,
    _folder: TempDir,
}

fn token(name: &str, n: u32, claims: Option<&Value>) -> String {
    use base64::Engine as _;
    let Some(claims) = claims else {
        return format!("{name}{n}");
    };
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{name}{n}.{claims}.s")
}

impl Rules {
    fn answer(&mut self, seen: &Seen, events: &Events) -> Reaction {
        if seen.is("POST", "/oauth2/access_token") {
            let words = |key: &str| seen.body[key].as_str().unwrap_or_default().to_owned();
            let shown = words("refresh_token") + &words("code");
            note(events, format!("renewed {shown}"));
            if let Some(gate) = self.gate.take() {
                // Others go on meanwhile.
                tokio::task::block_in_place(|| gate.recv().unwrap());
            }
            if !self.instead.is_empty() {
                return self.instead.remove(0);
            }
            if !shown.starts_with("code") && shown != format!("r{}", self.given) {
                let refused = json!({"hint": "Token has been revoked", "status": 400});
                return Reaction::Json(400, refused);
            }
            self.given += 1;
            let access = token("a", self.given, self.claims.as_ref());
            let refresh = format!("r{}", self.given);
            let pair =
                json!({"access_token": access, "refresh_token": refresh, "expires_in": 86_400});
            return Reaction::Json(200, pair);
        }
        let bearer = seen.header("authorization").unwrap_or_default();
        let bearer = bearer.trim_start_matches("Bearer ").to_owned();
        note(events, format!("called {bearer}"));
        let fine = Reaction::Json(200, json!({"id": 31}));
        self.api.clone().unwrap_or(fine)
    }
}

impl World {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("s.sqlite"), &[7; 32]).await;
        let events = Events::default();
        let rules = Arc::<Mutex<Rules>>::default();
        let (its_rules, its_events) = (Arc::clone(&rules), Arc::clone(&events));
        let answer = move |seen: &Seen| its_rules.lock().unwrap().answer(seen, &its_events);
        Self {
            amocrm: Fake::new(answer).await,
            store: Arc::new(Noted {
                store: store.unwrap(),
                events: Arc::clone(&events),
            }),
            rules,
            events,
            clock: SetClock::new(NOW),
            _folder: folder,
        }
    }

    /// An instance's keys.
    fn keyring(&self) -> Keyring {
        let config = KeyringConfig {
            account: ACCOUNT,
            amocrm_account: 31,
            endpoint: self.amocrm.url.clone(),
            integration: Integration {
                id: "client".to_owned(),
                secret: SecretString::from("secret"),
                redirect_uri: "https://bot.example.org/oauth/amocrm/callback".to_owned(),
            },
            log: CallLog::default(),
            answered: || {},
        };
        let store = Arc::clone(&self.store) as Arc<dyn Grants>;
        let clock = Arc::new(self.clock.clone());
        Keyring::new(config, store, clock, Arc::default()).unwrap()
    }

    /// An account that was connected a moment ago, and its API.
    async fn connected() -> (Self, Keyring, Api) {
        let world = Self::new().await;
        let keyring = world.keyring();
        world.connects(&keyring, "code").await;
        let api = api_of(&keyring);
        (world, keyring, api)
    }

    async fn connects(&self, keyring: &Keyring, code: &str) {
        let door = self.amocrm.url.clone();
        keyring
            .clone()
            .take_code(door, SecretString::from(code))
            .await;
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Rules> {
        self.rules.lock().unwrap()
    }

    /// What happened since this was asked last.
    fn happened(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    async fn version(&self) -> i64 {
        self.store.grant(ACCOUNT).await.unwrap().unwrap().version
    }
}

/// The API behind an instance's keys.
fn api_of(keyring: &Keyring) -> Api {
    Api::new("", Access::Keyring(keyring.clone()), None).unwrap()
}

fn status(outcome: &Result<Option<Value>, CallError>) -> u16 {
    match outcome {
        Ok(_) => 200,
        Err(CallError::Refused { status, .. }) => *status,
        Err(_) => 0,
    }
}

#[tokio::test]
async fn an_account_that_nobody_has_connected_is_not_called_and_says_what_to_do() {
    let world = World::new().await;
    let keyring = world.keyring();
    let refused = api_of(&keyring).get("account", &[]).await.unwrap_err();
    assert!(matches!(refused, CallError::Refused { status: 401, .. }));
    assert!(
        refused.to_string().contains("estafeta connect"),
        "{refused}"
    );
    assert_eq!(keyring.standing(), Standing::NotConnected);
    assert!(world.happened().is_empty());
}

#[tokio::test]
async fn a_code_becomes_a_pair_that_is_saved_before_it_is_used() {
    let (world, keyring, api) = World::connected().await;
    assert_eq!(keyring.standing(), Standing::Connected);
    api.get("account", &[]).await.unwrap();
    assert_eq!(world.happened(), ["renewed code", "saved 1", "called a1"]);
    world.clock.set(NOW + DAY);
    api.get("account", &[]).await.unwrap();
    assert_eq!(world.happened(), ["renewed r1", "saved 2", "called a2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_3_nothing_twice_many_calls_of_two_instances_renew_a_pair_once() {
    let (world, one, _) = World::connected().await;
    let other = world.keyring();
    world.happened();
    world.clock.set(NOW + DAY);
    let mut calls = JoinSet::new();
    for n in 0..40 {
        let api = api_of(if n % 2 == 0 { &one } else { &other });
        calls.spawn(async move { status(&api.get("account", &[]).await) });
    }
    assert_eq!(calls.join_all().await, [200; 40]);
    let happened = world.happened();
    let renewed: Vec<_> = happened
        .iter()
        .filter(|e| !e.starts_with("called"))
        .collect();
    assert_eq!(renewed, ["renewed r1", "saved 2"]);
    let called = happened.iter().filter(|e| e.starts_with("called"));
    assert!(called.clone().all(|e| e == "called a2") && called.count() == 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pair_is_renewed_ahead_of_its_end_and_the_old_key_serves_meanwhile() {
    let (world, keyring, api) = World::connected().await;
    world.happened();
    let look = async || keyring.look(world.store.grant(ACCOUNT).await.unwrap());
    world.clock.set(NOW + 18 * HOUR - 1);
    look().await;
    keyring.idle().await;
    assert!(world.happened().is_empty());
    world.clock.set(NOW + 18 * HOUR);
    let (open, gate) = mpsc::channel();
    world.rules().gate = Some(gate);
    look().await;
    look().await;
    open.send(()).unwrap();
    keyring.idle().await;
    api.get("account", &[]).await.unwrap();
    assert_eq!(world.happened(), ["renewed r1", "saved 2", "called a2"]);
}

#[tokio::test]
async fn a_refused_key_is_renewed_once_and_the_write_is_made_again() {
    let (world, keyring, api) = World::connected().await;
    world.happened();
    let revoked = Reaction::Json(401, json!({}));
    world.rules().api = Some(revoked);
    let refused = api.patch("leads/1", json!({})).await.unwrap_err();
    assert!(matches!(refused, CallError::Refused { status: 401, .. }));
    let expected = ["called a1", "renewed r1", "saved 2", "called a2"];
    assert_eq!(world.happened(), expected);
    // A token that was just given opens nothing: nobody goes on trying.
    let refused = api.patch("leads/1", json!({})).await.unwrap_err();
    assert!(refused.to_string().contains("connected anew"), "{refused}");
    assert!(world.happened().is_empty());
    let Standing::NeedsReauth { why, until: None } = keyring.standing() else {
        panic!("{:?}", keyring.standing());
    };
    assert!(why.contains("is the integration on?"), "{why}");
    world.rules().api = None;
    world.connects(&keyring, "code of a person").await;
    api.patch("leads/1", json!({})).await.unwrap();
    assert_eq!(keyring.standing(), Standing::Connected);
}

#[tokio::test]
async fn a_user_who_is_refused_costs_no_renewal() {
    let (world, _, api) = World::connected().await;
    world.rules().api = Some(Reaction::Json(401, json!({})));
    world.happened();
    let user = widget_core::ids::UserId(5);
    assert_eq!(status(&api.get_as(user, "leads/1", &[]).await), 401);
    assert_eq!(world.happened(), ["called a1"]);
}

#[tokio::test]
async fn a_pair_that_was_lost_on_its_way_leaves_the_old_key_until_its_end() {
    let (world, keyring, api) = World::connected().await;
    world.clock.set(NOW + 18 * HOUR);
    world.happened();
    // amoCRM has exchanged the token, and its answer did not come.
    world.rules().given += 1;
    world.rules().instead = vec![Reaction::HangUp];
    let lost = keyring.renew(1).await.unwrap_err();
    assert!(matches!(lost, CallError::Retry { .. }), "{lost}");
    keyring.renew(1).await.unwrap();
    assert_eq!(world.happened(), ["renewed r1", "renewed r1"]);
    let Standing::NeedsReauth { why, until } = keyring.standing() else {
        panic!("{:?}", keyring.standing());
    };
    assert!(why.contains("Token has been revoked"), "{why}");
    assert_eq!(until, Some(NOW + DAY));
    assert_eq!(status(&api.get("account", &[]).await), 200);
    world.clock.set(NOW + DAY);
    assert_eq!(status(&api.get("account", &[]).await), 401);
    assert_eq!(world.happened(), ["called a1"]);
    assert!(matches!(
        keyring.standing(),
        Standing::NeedsReauth { until: None, .. }
    ));
}

#[tokio::test]
async fn what_says_nothing_of_the_token_is_not_the_end_of_it() {
    let (world, keyring, _) = World::connected().await;
    let page = Reaction::Body(200, Vec::new(), "<html>".to_owned());
    for passing in [
        Reaction::Json(429, json!({})),
        Reaction::Json(403, json!({})),
        Reaction::Json(402, json!({})),
        Reaction::Json(500, json!({})),
        page,
    ] {
        world.rules().instead = vec![passing.clone()];
        let failed = keyring.renew(1).await;
        assert!(
            matches!(failed, Err(CallError::Retry { .. })),
            "{passing:?}"
        );
        assert_eq!(keyring.standing(), Standing::Connected, "{passing:?}");
    }
    keyring.renew(1).await.unwrap();
    assert_eq!(world.version().await, 2);
    for last in [400, 401, 404] {
        let version = world.version().await;
        world.rules().instead = vec![Reaction::Json(last, json!({}))];
        keyring.renew(version).await.unwrap();
        let stands = keyring.standing();
        assert!(matches!(stands, Standing::NeedsReauth { .. }), "{last}");
        world.connects(&keyring, "code").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_renewal_goes_on_when_its_caller_is_gone() {
    let (world, keyring, api) = World::connected().await;
    world.happened();
    world.clock.set(NOW + DAY);
    let (open, gate) = mpsc::channel();
    world.rules().gate = Some(gate);
    let call = tokio::spawn(async move { api.get("account", &[]).await });
    while world.events.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    open.send(()).unwrap();
    keyring.idle().await;
    assert_eq!(world.happened(), ["renewed r1", "saved 2"]);
}

#[tokio::test]
async fn a_pair_that_comes_late_is_kept_unless_there_is_another_one() {
    let (world, one, _) = World::connected().await;
    // Another instance was told no, since this one had renewed the pair and not saved it yet.
    let refused = Setback::NotRenewed("refused".to_owned());
    world.store.set_back(ACCOUNT, 1, refused).await.unwrap();
    let late = world.store.grant(ACCOUNT).await.unwrap().unwrap();
    let late = late.pair.unwrap();
    one.save(&late, Some(1)).await;
    assert_eq!(one.standing(), Standing::Connected);
    one.save(&late, Some(1)).await;
    assert_eq!(world.version().await, 2);
}

#[tokio::test]
async fn tokens_of_another_account_are_not_kept() {
    let world = World::new().await;
    let keyring = world.keyring();
    world.rules().claims = Some(json!({"account_id": 32}));
    world.connects(&keyring, "code").await;
    assert!(world.store.grant(ACCOUNT).await.unwrap().is_none());
    // Where the token does not say, the account does.
    world.rules().claims = None;
    world.connects(&keyring, "code").await;
    let api = api_of(&keyring);
    api.is_of_another_account().await;
    world.happened();
    assert_eq!(status(&api.get("account", &[]).await), 401);
    assert!(world.happened().is_empty());
}

#[tokio::test]
async fn what_amocrm_took_back_is_forgotten_everywhere() {
    let (world, keyring, api) = World::connected().await;
    let other = world.keyring();
    let its_api = api_of(&other);
    assert_eq!(status(&its_api.get("account", &[]).await), 200);
    keyring.disconnect();
    keyring.idle().await;
    assert_eq!(keyring.standing(), Standing::NotConnected);
    assert_eq!(status(&api.get("account", &[]).await), 401);
    other.look(world.store.grant(ACCOUNT).await.unwrap());
    world.happened();
    assert_eq!(status(&its_api.get("account", &[]).await), 401);
    assert!(world.happened().is_empty());
}

#[tokio::test]
async fn a_code_whose_exchange_fails_in_passing_is_tried_again() {
    let world = World::new().await;
    let keyring = world.keyring();
    world.rules().instead = vec![Reaction::Json(500, json!({}))];
    world.connects(&keyring, "code").await;
    assert_eq!(keyring.standing(), Standing::Connected);
    world.rules().instead = vec![Reaction::Json(400, json!({}))];
    world.connects(&keyring, "code").await;
    assert_eq!(world.version().await, 1, "what was good stays");
}

#[tokio::test]
async fn of_codes_that_anybody_may_bring_one_in_a_while_is_tried() {
    let (world, keyring, _) = World::connected().await;
    world.happened();
    let brings = async |code: &str, invited: bool| {
        let door = world.amocrm.url.clone();
        keyring.connect(door, SecretString::from(code), invited);
        keyring.idle().await;
        world.happened()
    };
    let first = brings("code 1", false).await;
    assert_eq!(first, ["renewed code 1", "saved 2"]);
    assert!(brings("code 2", false).await.is_empty());
    let invited = brings("code 3", true).await;
    assert_eq!(invited, ["renewed code 3", "saved 3"]);
}

#[tokio::test]
async fn without_a_state_of_ours_only_the_accounts_own_host_counts() {
    let (world, keyring, _) = World::connected().await;
    let own = world.amocrm.url.trim_start_matches("http://").to_owned();
    let door = |host: &str, invited| keyring.door(host, invited);
    assert_eq!(door(&own, false), Some(world.amocrm.url.clone()));
    assert_eq!(door("hotel.amocrm.ru", false), None);
    let hotel = "https://hotel.amocrm.ru".to_owned();
    assert_eq!(door("hotel.amocrm.ru", true), Some(hotel));
    assert_eq!(door("evil.example.org", true), None);
}
