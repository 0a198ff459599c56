//! What is known of the causes of an account's incidents. A process that has just begun knows nothing of most of them,
//! and says so: nothing is over because somebody forgot it.

use super::rule::Sign;
use super::words::SENDS;
use crate::error::CallError;
use crate::flow::line::may_concern_all;
use crate::flow::{Provider, Rules, Tenant};
use crate::ports::{
    AlertHook, AlertKind, ChannelState, Connection, HookFound, Incident, Pulse, Standing, Way,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use widget_core::ids::UserId;
use widget_core::policy::Mode;
use widget_core::time::{DAY, MINUTE};

/// Something in the outbox is late after so long, ms.
const LATE: i64 = 5 * MINUTE;
/// A token's end is told so long before it, ms.
const TOKEN_NOTICE: i64 = 14 * DAY;
/// That the channel was heard is kept so often, ms.
const HEARD_EVERY: i64 = MINUTE;
/// amoCRM says that the token opens nothing.
const UNAUTHORISED: u16 = 401;

/// Whom an account's incidents are told, and when some begin.
#[derive(Clone)]
pub struct AlertSettings {
    /// The account's name for people.
    pub name: String,
    /// For whom the task is; `None` = there is none.
    pub tech_user: Option<UserId>,
    /// The operator's webhook.
    pub hook: Option<Arc<dyn AlertHook>>,
    /// The channel's webhook is suspiciously silent after so much working time, ms; `None` = never.
    pub silence_after: Option<i64>,
    /// When the long-lived token of the CRM ends, unix ms.
    pub token_ends: Option<i64>,
    /// How the account is connected by OAuth.
    pub connection: Option<Arc<dyn Connection>>,
    /// Whom to ask whether the channel is on; `None` = nobody.
    pub channel: Option<Arc<dyn ChannelState>>,
}

/// The incidents of one account, as this process knows them.
pub struct Alerts {
    pub(super) settings: AlertSettings,
    /// What somebody has found out, by the cause and by who it is about.
    found: Mutex<BTreeMap<(AlertKind, &'static str), Sign>>,
    /// The open ones.
    open: RwLock<Arc<Vec<Incident>>>,
    /// When the channel's webhook last brought something here, and what of that is kept, unix ms.
    heard_at: AtomicI64,
    kept_at: AtomicI64,
    /// When the channel was last asked whether it is on, unix ms; 0 = it is not looked at yet; and whether somebody asks it now.
    asked_at: AtomicI64,
    asking: Arc<AtomicBool>,
    /// Whether somebody tells something, by way.
    telling: [Arc<AtomicBool>; 2],
}

/// Somebody does something that one at a time does; another begins only when this is dropped.
pub(super) struct Turn(Arc<AtomicBool>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Default for Alerts {
    fn default() -> Self {
        Self::new(AlertSettings {
            name: String::new(),
            tech_user: None,
            hook: None,
            silence_after: None,
            token_ends: None,
            connection: None,
            channel: None,
        })
    }
}

impl Alerts {
    /// Nothing is known yet.
    pub fn new(settings: AlertSettings) -> Self {
        Self {
            settings,
            found: Mutex::default(),
            open: RwLock::default(),
            heard_at: AtomicI64::new(0),
            kept_at: AtomicI64::new(0),
            asked_at: AtomicI64::new(0),
            asking: Arc::default(),
            telling: std::array::from_fn(|_| Arc::default()),
        }
    }

    /// The cause is there; more of it: never a secret, nothing of a guest.
    pub fn is_ill(&self, kind: AlertKind, whose: &'static str, detail: impl Into<String>) {
        self.find(kind, whose, Sign::Ill(detail.into()));
    }

    /// The cause is not there.
    pub fn is_well(&self, kind: AlertKind, whose: &'static str) {
        self.find(kind, whose, Sign::Well);
    }

    /// Nobody knows whether the cause is there.
    pub(super) fn forget(&self, kind: AlertKind, whose: &'static str) {
        self.find(kind, whose, Sign::Unknown);
    }

    /// A provider was prepared, or was not: what that says of it.
    pub fn prepared(&self, provider: Provider, outcome: &Result<HookFound, CallError>) {
        let name = provider.name();
        let shown = match provider {
            Provider::Amocrm => "amoCRM",
            Provider::Pact => "Pact",
        };
        match outcome {
            Ok(hook) => {
                self.is_well(refusal(provider, 0), name);
                if provider == Provider::Amocrm {
                    self.is_well(AlertKind::NeedsReauth, name);
                }
                let knew_it = self.knows(AlertKind::HookOff, name);
                match hook {
                    HookFound::Active => self.is_well(AlertKind::HookOff, name),
                    // The first time it is only made.
                    HookFound::Missing if !knew_it => self.is_well(AlertKind::HookOff, name),
                    HookFound::Off | HookFound::Missing => {
                        self.is_ill(AlertKind::HookOff, name, shown);
                    }
                }
            }
            Err(CallError::Refused { status, .. }) if may_concern_all(*status) => {
                self.is_ill(refusal(provider, *status), name, status.to_string());
            }
            Err(_) => {}
        }
    }

    /// The channel's webhook has brought something at unix ms `now`.
    pub fn heard(&self, now: i64) {
        self.heard_at.fetch_max(now, Ordering::Relaxed);
    }

    /// The incidents that are open.
    pub fn open(&self) -> Arc<Vec<Incident>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&open)
    }

    fn knows(&self, kind: AlertKind, whose: &'static str) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.contains_key(&(kind, whose))
    }

    fn find(&self, kind: AlertKind, whose: &'static str, sign: Sign) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert((kind, whose), sign);
    }

    fn found(&self, kind: AlertKind, of: &[&'static str]) -> Sign {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |whose: &&'static str| {
            let sign = found.get(&(kind, *whose)).cloned();
            sign.unwrap_or(Sign::Unknown)
        };
        of.iter()
            .map(one)
            .reduce(Sign::and)
            .unwrap_or(Sign::Unknown)
    }

    /// When the channel was heard, if that is to be kept.
    pub(super) fn newly_heard(&self) -> Option<i64> {
        let heard_at = self.heard_at.load(Ordering::Relaxed);
        let kept_at = self.kept_at.load(Ordering::Relaxed);
        (heard_at - kept_at >= HEARD_EVERY).then_some(heard_at)
    }

    /// It is kept that the channel was heard then.
    pub(super) fn kept(&self, at: i64) {
        self.kept_at.store(at, Ordering::Relaxed);
    }

    /// The cards show these from now on, those that are open.
    pub(super) fn show(&self, mut known: Vec<Incident>) {
        for incident in &known {
            let (account, kind) = (incident.account.to_string(), incident.kind.name());
            let is_open = f64::from(u8::from(incident.ended.is_none()));
            metrics::gauge!("estafeta_alert", "account" => account, "kind" => kind).set(is_open);
        }
        known.retain(|incident| incident.ended.is_none());
        known.sort_by_key(|incident| incident.kind);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if **open != known {
            *open = Arc::new(known);
        }
    }

    /// The right to ask the channel, where it is time at unix ms `now`; for the first time after a first span.
    pub(super) fn begins_to_ask(&self, now: i64, every: i64) -> Option<Turn> {
        let _ = self
            .asked_at
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        if now - self.asked_at.load(Ordering::Relaxed) < every {
            return None;
        }
        let free = !self.asking.swap(true, Ordering::AcqRel);
        free.then(|| {
            self.asked_at.store(now, Ordering::Relaxed);
            Turn(Arc::clone(&self.asking))
        })
    }

    /// The right to tell in this way, to one at a time.
    pub(super) fn begins_to_tell(&self, way: Way) -> Option<Turn> {
        let telling = match way {
            Way::Task => &self.telling[0],
            Way::Webhook => &self.telling[1],
        };
        let free = !telling.swap(true, Ordering::AcqRel);
        free.then(|| Turn(Arc::clone(telling)))
    }
}

/// As what a provider that refuses the whole account with this status is told.
pub(super) fn refusal(provider: Provider, status: u16) -> AlertKind {
    match (provider, status) {
        (Provider::Amocrm, UNAUTHORISED) => AlertKind::NeedsReauth,
        (Provider::Amocrm, _) => AlertKind::AmocrmRefused,
        (Provider::Pact, _) => AlertKind::PactRefused,
    }
}

/// What is known of a cause at unix ms `now`.
pub(super) fn of(tenant: &Tenant, kind: AlertKind, pulse: &Pulse, now: i64) -> Sign {
    let alerts = &tenant.alerts;
    match kind {
        AlertKind::ChannelOff => alerts.found(kind, &[super::CHANNEL]),
        AlertKind::PactRefused => refused(tenant, kind, Provider::Pact),
        AlertKind::AmocrmRefused => match refused(tenant, kind, Provider::Amocrm) {
            // That is told as what it is.
            Sign::Ill(status) if status == UNAUTHORISED.to_string() => Sign::Unknown,
            sign => sign,
        },
        AlertKind::NeedsReauth => reauth(tenant),
        AlertKind::HookOff => alerts.found(kind, &["amocrm", "pact"]),
        AlertKind::BotDown => match tenant.bot_health.is_down() {
            Some(true) => Sign::Ill(String::new()),
            Some(false) => Sign::Well,
            None => Sign::Unknown,
        },
        AlertKind::OutboxLate => late(tenant, pulse, now),
        // They happen, and are kept where they do.
        AlertKind::SendFailed | AlertKind::HandoffFailed => Sign::Well,
        AlertKind::TokenEnds => match alerts.settings.token_ends {
            Some(ends) if now >= ends - TOKEN_NOTICE => Sign::Ill(date(ends)),
            _ => Sign::Well,
        },
        AlertKind::NoEvents => silence(alerts, pulse, &tenant.rules(), now),
    }
}

fn refused(tenant: &Tenant, kind: AlertKind, provider: Provider) -> Sign {
    match tenant.lines.to(provider).shut() {
        Some(shut) => Sign::Ill(shut.status.to_string()),
        None => tenant.alerts.found(kind, &[provider.name()]),
    }
}

/// A connection by OAuth knows itself whether it has to be made anew; a long-lived token is refused.
fn reauth(tenant: &Tenant) -> Sign {
    let amocrm = Provider::Amocrm;
    let is_refused = tenant.lines.to(amocrm).shut();
    let refused = match is_refused {
        Some(shut) if shut.status == UNAUTHORISED => Sign::Ill(UNAUTHORISED.to_string()),
        _ => tenant
            .alerts
            .found(AlertKind::NeedsReauth, &[amocrm.name()]),
    };
    match &tenant.alerts.settings.connection {
        None => refused,
        Some(connection) => match connection.standing() {
            Standing::NeedsReauth { .. } => Sign::Ill(String::new()),
            Standing::Connected => Sign::Well,
            Standing::NotConnected => Sign::Unknown,
        },
    }
}

/// Where a provider refuses everything, that is what is told, not that things wait for it.
fn late(tenant: &Tenant, pulse: &Pulse, now: i64) -> Sign {
    let shut = |provider| tenant.lines.to(provider).shut().is_some();
    if Provider::ALL.into_iter().any(shut) || matches!(reauth(tenant), Sign::Ill(_)) {
        return Sign::Unknown;
    }
    match pulse.oldest {
        Some((at, is_send)) if now - at > LATE => {
            Sign::Ill(if is_send { SENDS } else { "crm" }.to_owned())
        }
        _ => Sign::Well,
    }
}

/// Whether the channel's webhook has brought nothing for too long in working hours.
fn silence(alerts: &Alerts, pulse: &Pulse, rules: &Rules, now: i64) -> Sign {
    let heard_here = alerts.heard_at.load(Ordering::Relaxed);
    let heard_at = pulse.heard_at.or(pulse.activated_at);
    let (Some(after), Some(heard_at)) = (alerts.settings.silence_after, heard_at) else {
        return Sign::Unknown;
    };
    if rules.policy.mode == Mode::Off {
        return Sign::Unknown;
    }
    let calendar = &rules.policy.calendar;
    let suspicious_at = calendar.add_working(heard_at.max(heard_here), after, &rules.zone(now));
    if now >= suspicious_at {
        return Sign::Ill(String::new());
    }
    Sign::Well
}

/// As people in Russia write it.
fn date(at: i64) -> String {
    let day = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    day.strftime("%d.%m.%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-18 00:00 in Moscow, a Wednesday; the sanatorium works from nine to six.
    const MIDNIGHT: i64 = 1_794_949_200_000;
    const HOUR: i64 = 60 * MINUTE;

    fn rules(mode: Mode) -> Rules {
        let policy = include_str!("../../../policies/sanatorium.toml");
        let mut policy = widget_core::policy::parse(policy).unwrap();
        policy.mode = mode;
        Rules {
            version: 1,
            account_epoch: 0,
            policy,
        }
    }

    fn alerts(silence_after: Option<i64>) -> Alerts {
        let settings = Alerts::default().settings.clone();
        Alerts::new(AlertSettings {
            silence_after,
            ..settings
        })
    }

    fn ill() -> Sign {
        Sign::Ill(String::new())
    }

    #[test]
    fn behaviour_5_alerts_only_working_time_makes_silence_suspicious() {
        let alerts = alerts(Some(30 * MINUTE));
        let rules = rules(Mode::On);
        let heard_at = MIDNIGHT + 18 * HOUR - 10 * MINUTE;
        let pulse = Pulse {
            heard_at: Some(heard_at),
            activated_at: Some(MIDNIGHT),
            oldest: None,
        };
        for (at, sign) in [
            (18 * HOUR, Sign::Well),
            (23 * HOUR, Sign::Well),
            (33 * HOUR + 19 * MINUTE, Sign::Well),
            (33 * HOUR + 20 * MINUTE, ill()),
        ] {
            assert_eq!(
                silence(&alerts, &pulse, &rules, MIDNIGHT + at),
                sign,
                "{at}"
            );
        }
        // Heard here, and not kept yet.
        alerts.heard(MIDNIGHT + 33 * HOUR);
        let now = MIDNIGHT + 33 * HOUR + 20 * MINUTE;
        assert_eq!(silence(&alerts, &pulse, &rules, now), Sign::Well);
    }

    #[test]
    fn behaviour_5_alerts_silence_counts_from_the_first_service_and_not_where_it_is_wished() {
        let pulse = Pulse {
            activated_at: Some(MIDNIGHT + 10 * HOUR),
            ..Pulse::default()
        };
        let now = MIDNIGHT + 11 * HOUR;
        let some = alerts(Some(30 * MINUTE));
        assert_eq!(silence(&some, &pulse, &rules(Mode::On), now), ill());
        assert_eq!(
            silence(&some, &pulse, &rules(Mode::Off), now),
            Sign::Unknown
        );
        let nothing = Pulse::default();
        assert_eq!(
            silence(&some, &nothing, &rules(Mode::On), now),
            Sign::Unknown
        );
        assert_eq!(
            silence(&alerts(None), &pulse, &rules(Mode::On), now),
            Sign::Unknown
        );
    }

    #[test]
    fn behaviour_5_alerts_what_preparing_a_provider_says_of_it() {
        let alerts = Alerts::default();
        let refused = |status| Err(CallError::refused(status, "no"));
        let of = |kind| alerts.found(kind, &["pact"]);
        assert_eq!(of(AlertKind::PactRefused), Sign::Unknown);
        for status in [401, 402, 403] {
            alerts.prepared(Provider::Pact, &refused(status));
            assert_eq!(of(AlertKind::PactRefused), Sign::Ill(status.to_string()));
        }
        alerts.prepared(Provider::Pact, &refused(404));
        alerts.prepared(Provider::Pact, &Err(CallError::retry("no connection")));
        assert_eq!(
            of(AlertKind::PactRefused),
            Sign::Ill("403".to_owned()),
            "they say nothing"
        );
        alerts.prepared(Provider::Pact, &Ok(HookFound::Missing));
        assert_eq!(of(AlertKind::PactRefused), Sign::Well);
        assert_eq!(
            of(AlertKind::HookOff),
            Sign::Well,
            "at first it is only made"
        );
        alerts.prepared(Provider::Pact, &Ok(HookFound::Missing));
        assert_eq!(
            of(AlertKind::HookOff),
            Sign::Ill("Pact".to_owned()),
            "somebody took it away"
        );
        alerts.prepared(Provider::Pact, &Ok(HookFound::Active));
        assert_eq!(of(AlertKind::HookOff), Sign::Well);
        alerts.prepared(Provider::Amocrm, &refused(401));
        let amocrm = |kind| alerts.found(kind, &["amocrm"]);
        assert_eq!(amocrm(AlertKind::NeedsReauth), Sign::Ill("401".to_owned()));
        assert_eq!(amocrm(AlertKind::AmocrmRefused), Sign::Unknown);
        alerts.prepared(Provider::Amocrm, &refused(402));
        assert_eq!(
            amocrm(AlertKind::AmocrmRefused),
            Sign::Ill("402".to_owned())
        );
    }
}
