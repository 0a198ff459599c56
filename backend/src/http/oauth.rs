//! `GET /oauth/amocrm/callback` and `GET /oauth/amocrm/disconnect` (reference: amoCRM API §1, amoCRM widget §6).
//!
//! A code is answered at once, with a page for the administrator's browser, and exchanged beside it: amoCRM's own call
//! after an installation waits 3 s and never comes again. Nothing is sent to a host before it has passed the allow-list.
//! A code needs a `state` of ours, used once. Only amoCRM's own call has none; it counts only from the account's own host,
//! where a code of another account means nothing.

use super::invitation::{Invitation, Invited};
use super::sites::Sites;
use super::state::{Site, Web};
use crate::ports::Connection;
use axum::extract::{Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use std::sync::Arc;

/// A code, or the administrator's refusal.
#[derive(Deserialize)]
pub(super) struct Arrival {
    code: Option<SecretString>,
    /// The account's host.
    referer: Option<String>,
    state: Option<String>,
    client_id: Option<String>,
    /// amoCRM's own call after an installation.
    from_widget: Option<String>,
    error: Option<String>,
}

/// What the page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// The code is being exchanged.
    Connecting,
    /// The administrator has refused.
    Denied,
    /// There is no code, or none that is needed.
    NoCode,
    /// The link is not ours, over, or used already.
    LinkOver,
    /// The host is none of amoCRM's.
    NotAmocrm,
    /// The link could not be checked.
    Later,
    /// The account of this setup is connected.
    Connected(i64),
    /// It is not: the setup says why.
    NotConnected(i64),
}

/// A code of amoCRM.
pub(super) async fn callback(
    State(web): State<Arc<Web>>,
    Query(arrival): Query<Arrival>,
) -> Response {
    let said = arrived(&web, arrival).await;
    metrics::counter!("estafeta_oauth_callbacks_total", "outcome" => said.outcome()).increment(1);
    said.page()
}

async fn arrived(web: &Web, arrival: Arrival) -> Said {
    if arrival.error.is_some() {
        tracing::warn!("amoCRM is not connected: the administrator has not allowed it");
        return Said::Denied;
    }
    let (Some(code), Some(host)) = (&arrival.code, &arrival.referer) else {
        return Said::NoCode;
    };
    let state = arrival.state.as_deref();
    let invitation = state.and_then(|state| web.invitation_key.read(state, web.now()));
    if let Some(invitation) = &invitation
        && let Invited::Setup(setup) = invitation.invited
    {
        return set_up(web, setup, invitation, host, code.clone()).await;
    }
    let (connection, door) = match &arrival.state {
        Some(_) => match invited(web, invitation, host).await {
            Ok(found) => found,
            Err(said) => return said,
        },
        None => match installed(web, &arrival, host) {
            Some(found) => found,
            None => return Said::LinkOver,
        },
    };
    connection.connect(door, code.clone(), arrival.state.is_some());
    Said::Connecting
}

/// The account of a `state` of ours, and the door of the code's host. The state is over with it.
async fn invited(
    web: &Web,
    invitation: Option<Invitation>,
    host: &str,
) -> Result<(Arc<dyn Connection>, String), Said> {
    let Some(Invitation {
        invited: Invited::Account(account),
        id,
        until,
    }) = invitation
    else {
        return Err(Said::LinkOver);
    };
    let now = web.now();
    let site = web.site(account).ok_or(Said::LinkOver)?;
    let connection = site.connection.as_ref().ok_or(Said::NoCode)?;
    let Some(door) = connection.door(host, true) else {
        tracing::warn!(%account, "a code came from a host that is none of amoCRM's: nothing was sent there");
        return Err(Said::NotAmocrm);
    };
    match web.flow.store.use_once(account, &id, until, now).await {
        Ok(true) => Ok((Arc::clone(connection), door)),
        Ok(false) => Err(Said::LinkOver),
        Err(cause) => {
            tracing::error!(%account, %cause, "an authorisation link could not be checked");
            Err(Said::Later)
        }
    }
}

/// Exchanges a code for an account that is being set up. The page waits for the outcome, which the setup keeps: it goes
/// on when the browser does not.
async fn set_up(
    web: &Web,
    setup: i64,
    invitation: &Invitation,
    host: &str,
    code: SecretString,
) -> Said {
    let Some(page) = &web.setup else {
        return Said::LinkOver;
    };
    let used = web
        .flow
        .store
        .use_link(&invitation.id, invitation.until, web.now());
    match used.await {
        Ok(true) => {}
        Ok(false) => return Said::LinkOver,
        Err(cause) => {
            tracing::error!(setup, %cause, "an authorisation link could not be checked");
            return Said::Later;
        }
    }
    let (desk, host) = (Arc::clone(&page.desk), host.to_owned());
    let exchange = tokio::spawn(async move { desk.connect(setup, &host, code).await });
    match exchange.await {
        Ok(Some(Ok(()))) => Said::Connected(setup),
        Ok(None) => Said::NotAmocrm,
        _ => Said::NotConnected(setup),
    }
}

/// The account that amoCRM's own call after an installation is for: whose own host it names.
fn installed(web: &Web, arrival: &Arrival, host: &str) -> Option<(Arc<dyn Connection>, String)> {
    arrival.from_widget.as_ref()?;
    let named = arrival.client_id.as_ref();
    let of_integration = |site: &&Arc<Site>| named.is_none_or(|named| *named == site.client_id);
    web.sites
        .all()
        .iter()
        .filter(of_integration)
        .find_map(|site| {
            let connection = site.connection.as_ref()?;
            let door = connection.door(host, false)?;
            Some((Arc::clone(connection), door))
        })
}

/// amoCRM says that the integration was switched off. The integration's id comes under either name.
#[derive(Deserialize)]
pub(super) struct Farewell {
    account_id: Option<i64>,
    client_uuid: Option<String>,
    client_id: Option<String>,
    signature: Option<String>,
}

/// The integration was switched off in an account.
pub(super) async fn disconnect(
    State(web): State<Arc<Web>>,
    Query(farewell): Query<Farewell>,
) -> StatusCode {
    let Some(site) = said_farewell(&web.sites, &farewell) else {
        return StatusCode::NOT_FOUND;
    };
    let account = site.tenant.account;
    tracing::warn!(%account, "the integration was switched off in amoCRM");
    if let Some(connection) = &site.connection {
        connection.disconnect();
    }
    StatusCode::OK
}

/// The account whose signature this is.
fn said_farewell<'a>(sites: &'a Sites, farewell: &Farewell) -> Option<&'a Arc<Site>> {
    let client = farewell
        .client_uuid
        .as_ref()
        .or(farewell.client_id.as_ref())?;
    let signature = hex::decode(farewell.signature.as_ref()?).ok()?;
    let account = farewell.account_id?;
    let site = sites.installed(client, account)?;
    let key = site.client_secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{client}|{account}").as_bytes());
    mac.verify_slice(&signature).ok().map(|()| site)
}

impl Said {
    const fn outcome(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Denied => "denied",
            Self::NoCode => "no_code",
            Self::LinkOver => "link_over",
            Self::NotAmocrm => "not_amocrm",
            Self::Later => "later",
            Self::Connected(_) => "connected",
            Self::NotConnected(_) => "not_connected",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Connecting | Self::Denied | Self::Connected(_) | Self::NotConnected(_) => {
                StatusCode::OK
            }
            Self::NoCode => StatusCode::BAD_REQUEST,
            Self::LinkOver | Self::NotAmocrm => StatusCode::FORBIDDEN,
            Self::Later => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// In Russian and in English.
    const fn words(self) -> [&'static str; 2] {
        match self {
            Self::Connecting => [
                "Подключаем amoCRM. Эту страницу можно закрыть: через минуту «estafeta doctor» покажет, всё ли получилось.",
                "Connecting amoCRM. You may close this page: in a minute “estafeta doctor” shows whether all is well.",
            ],
            Self::Denied => [
                "Доступ не дан, amoCRM не подключена. Откройте ссылку ещё раз и нажмите «Разрешить».",
                "Access was not given, amoCRM is not connected. Open the link again and allow it.",
            ],
            Self::NoCode => [
                "amoCRM не прислала код, или этому аккаунту он не нужен. Новую ссылку даст команда «estafeta connect».",
                "amoCRM has sent no code, or this account needs none. “estafeta connect” prints a new link.",
            ],
            Self::LinkOver => [
                "Ссылка не подошла: она действует сутки и только один раз. Новую даст команда «estafeta connect».",
                "The link is not good: it works for a day and only once. “estafeta connect” prints a new one.",
            ],
            Self::NotAmocrm => [
                "Код пришёл не от amoCRM. Ничего не отправлено. Новую ссылку даст команда «estafeta connect».",
                "The code came from somebody else than amoCRM. Nothing was sent. “estafeta connect” prints a new link.",
            ],
            Self::Connected(_) => ["amoCRM подключена.", "amoCRM is connected."],
            Self::NotConnected(_) => [
                "amoCRM не подключена. Почему и что сделать, сказано на странице настройки.",
                "amoCRM is not connected. The setup page says why, and what to do.",
            ],
            Self::Later => [
                "Сервер сейчас не может этого сделать. Откройте ссылку ещё раз через минуту.",
                "The server cannot do this now. Open the link again in a minute.",
            ],
        }
    }

    fn page(self) -> Response {
        let [russian, english] = self.words();
        let back = match self {
            Self::Connected(setup) | Self::NotConnected(setup) => {
                let to = super::setup::after_consent(setup);
                format!("<p><a href=\"{to}\">Продолжить настройку · Continue the setup</a></p>")
            }
            _ => String::new(),
        };
        let page = format!(
            "<!DOCTYPE html><html lang=\"ru\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>Estafeta</title><h1>Эстафета · Estafeta</h1><p>{russian}</p><p lang=\"en\">{english}</p>{back}</html>"
        );
        // The address of this page holds a code.
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "no-referrer"),
            (
                CONTENT_SECURITY_POLICY,
                "default-src 'none'; frame-ancestors 'none'",
            ),
            (X_FRAME_OPTIONS, "DENY"),
        ];
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        (self.status(), headers, page).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fake::{NOW, OTHER, OURS, World, call, get};
    use axum::body::to_bytes;
    use widget_core::ids::AccountId;
    use widget_core::time::HOUR;

    const CALLBACK: &str = "/oauth/amocrm/callback";

    fn state(world: &World, account: i64, now: i64) -> String {
        world.web.invitation_key.invite(AccountId(account), now)
    }

    /// Status of the callback, and what was exchanged at which door.
    async fn arrives(world: &World, query: &str) -> (u16, Vec<(String, String)>) {
        let answer = call(world, get(&format!("{CALLBACK}?{query}"))).await;
        (answer.status().as_u16(), world.connection.taken())
    }

    fn taken(code: &str) -> Vec<(String, String)> {
        vec![("https://ours.amocrm.ru".to_owned(), code.to_owned())]
    }

    #[tokio::test]
    async fn a_code_with_a_state_of_ours_is_taken_once() {
        let world = World::new();
        let state = state(&world, OURS, NOW);
        let query = format!("code=c1&referer=ours.amocrm.ru&state={state}&platform=1");
        assert_eq!(arrives(&world, &query).await, (200, taken("c1")));
        assert_eq!(
            arrives(&world, &query).await,
            (403, taken("c1")),
            "replayed"
        );
    }

    #[tokio::test]
    async fn a_code_without_a_good_state_is_not_taken() {
        let world = World::new();
        let over = state(&world, OURS, NOW - 25 * HOUR);
        let unknown = state(&world, 77, NOW);
        for bad in ["", "1.2.3.4", &over, &unknown] {
            let query = format!("code=c1&referer=ours.amocrm.ru&state={bad}");
            assert_eq!(arrives(&world, &query).await, (403, vec![]), "{bad}");
        }
        let none = "code=c1&referer=ours.amocrm.ru";
        assert_eq!(arrives(&world, none).await, (403, vec![]));
        // This account has a long-lived token.
        let needless = state(&world, OTHER, NOW);
        let query = format!("code=c1&referer=ours.amocrm.ru&state={needless}");
        assert_eq!(arrives(&world, &query).await, (400, vec![]));
    }

    #[tokio::test]
    async fn a_code_from_a_hostile_host_is_not_taken_and_the_link_stays_good() {
        let world = World::new();
        let state = state(&world, OURS, NOW);
        for host in ["evil.example.org", "ours.amocrm.ru.evil.example.org", ""] {
            let query = format!("code=c1&referer={host}&state={state}");
            assert_eq!(arrives(&world, &query).await, (403, vec![]), "{host}");
        }
        let query = format!("code=c2&referer=ours.amocrm.ru&state={state}");
        assert_eq!(arrives(&world, &query).await, (200, taken("c2")));
    }

    #[tokio::test]
    async fn the_call_after_an_installation_is_taken_from_the_accounts_own_host_alone() {
        let world = World::new();
        for (query, status) in [
            ("code=c1&referer=hotel.amocrm.ru&from_widget=1", 403),
            (
                "code=c1&referer=ours.amocrm.ru&from_widget=1&client_id=no",
                403,
            ),
            ("code=c1&referer=ours.amocrm.ru&from_widget=1&state=x", 403),
        ] {
            assert_eq!(arrives(&world, query).await, (status, vec![]), "{query}");
        }
        let good = "code=c1&referer=ours.amocrm.ru&from_widget=1&client_id=client-1";
        assert_eq!(arrives(&world, good).await, (200, taken("c1")));
    }

    #[tokio::test]
    async fn a_refusal_and_an_empty_call_are_answered_in_words() {
        let world = World::new();
        assert_eq!(arrives(&world, "error=access_denied&state=x").await.0, 200);
        assert_eq!(arrives(&world, "").await, (400, vec![]));
        assert_eq!(arrives(&world, "code=c1").await, (400, vec![]));
        let answer = call(&world, get(&format!("{CALLBACK}?error=access_denied"))).await;
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers()[REFERRER_POLICY], "no-referrer");
        let body = to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("a body");
        let page = String::from_utf8(body.into()).expect("UTF-8");
        assert!(page.contains("Разрешить") && page.contains("Access was not given"));
    }

    fn signature(secret: &str, message: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(message.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    #[tokio::test]
    async fn a_signed_farewell_disconnects_and_no_other_does() {
        let world = World::new();
        let good = signature("client-secret-1", &format!("client-1|{OURS}"));
        let others = signature("client-secret-2", &format!("client-1|{OURS}"));
        let swapped = signature("client-secret-1", &format!("{OURS}|client-1"));
        let farewell = |account: i64, client: &str, signature: &str| {
            format!(
                "/oauth/amocrm/disconnect?account_id={account}&client_uuid={client}&signature={signature}"
            )
        };
        for path in [
            farewell(OURS, "client-1", &others),
            farewell(OURS, "client-1", &swapped),
            farewell(OURS, "client-1", &good[..62]),
            farewell(OURS, "client-1", "not-hex"),
            farewell(OURS, "client-2", &good),
            farewell(OTHER, "client-1", &good),
            farewell(77, "client-1", &good),
            "/oauth/amocrm/disconnect".to_owned(),
            format!("/oauth/amocrm/disconnect?account_id={OURS}&client_uuid=client-1"),
        ] {
            assert_eq!(call(&world, get(&path)).await.status(), 404, "{path}");
        }
        assert_eq!(world.connection.farewells(), 0);
        let path = farewell(OURS, "client-1", &good);
        assert_eq!(call(&world, get(&path)).await.status(), 200);
        let by_other_name = path.replace("client_uuid", "client_id");
        assert_eq!(call(&world, get(&by_other_name)).await.status(), 200);
        assert_eq!(world.connection.farewells(), 2);
    }
}
