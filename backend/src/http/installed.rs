//! That the widget of an account talks to us: it is uploaded and installed. Kept for the setup page, which could take
//! nobody's word for it as well as this.

use super::error::ApiError;
use super::onetime;
use super::setup::address;
use super::state::Web;
use crate::ports::SeenWidget;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use widget_core::ids::AccountId;
use widget_core::time::HOUR;
use widget_core::wire::Unfinished;

/// The same widget is noted again so often, ms.
const NOTED_EVERY: i64 = HOUR;
/// A version is no longer.
const LONGEST: usize = 20;

/// What this process has noted.
#[derive(Debug, Default)]
pub(super) struct Noted(Mutex<HashMap<AccountId, SeenWidget>>);

impl Noted {
    /// Whether this is new.
    fn is_news(&self, account: AccountId, seen: &SeenWidget) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get(&account).is_none_or(|before| {
            before.version != seen.version || seen.at - before.at >= NOTED_EVERY
        })
    }

    fn note(&self, account: AccountId, seen: SeenWidget) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.insert(account, seen);
    }
}

/// Which version calls, by the query of its request: `v=0.1.0`.
pub(super) fn version(query: Option<&str>) -> Option<String> {
    let said = query?.split('&').find_map(|pair| pair.strip_prefix("v="))?;
    let is_version = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-');
    let fits = (1..=LONGEST).contains(&said.len()) && said.chars().all(is_version);
    fits.then(|| said.to_owned())
}

/// The account's widget has shown a good token. A store that fails keeps nobody from their card.
pub(super) async fn seen(web: &Web, account: AccountId, version: Option<String>) {
    let at = web.now();
    let seen = SeenWidget { at, version };
    if !web.noted.is_news(account, &seen) {
        return;
    }
    match web.flow.store.widget_seen(account, &seen).await {
        Ok(()) => web.noted.note(account, seen),
        Err(error) => {
            tracing::warn!(%account, %error, "that the widget was seen could not be kept");
        }
    }
}

/// The token is of no account at work. What its card says instead, if the token is a good one of an account that is
/// being set up: an administrator learns what is left and where to go on, the others whom to ask.
pub(super) async fn seen_early(
    web: &Web,
    token: &str,
    version: Option<String>,
) -> Option<ApiError> {
    let setup = web.setup.as_ref()?;
    let installs = setup.desk.installs().await;
    let (install, is_admin) = onetime::prove_install(token, &installs, &web.public_url, web.now())?;
    seen(web, install.account, version).await;
    let refusal = ApiError::account_unknown();
    Some(match install.left.first() {
        Some(next) if is_admin => refusal.with_setup(Unfinished {
            left: u32::try_from(install.left.len()).unwrap_or(u32::MAX),
            page: format!("{}{}", web.public_url, address(install.setup, *next)),
        }),
        _ => refusal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_and_nothing_else() {
        let read = |query: &str| version(Some(query));
        assert_eq!(read("v=0.1.0").as_deref(), Some("0.1.0"));
        assert_eq!(read("x=1&v=2-beta").as_deref(), Some("2-beta"));
        for odd in [
            "",
            "v=",
            "version=1",
            "v=%D0%B0",
            "v=<b>",
            "v=123456789012345678901",
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
        assert_eq!(version(None), None);
    }

    #[test]
    fn the_same_widget_is_noted_once_an_hour_and_another_version_at_once() {
        let noted = Noted::default();
        let seen = |at: i64, version: &str| SeenWidget {
            at,
            version: Some(version.to_owned()),
        };
        let one = AccountId(1);
        assert!(noted.is_news(one, &seen(0, "1")));
        noted.note(one, seen(0, "1"));
        assert!(!noted.is_news(one, &seen(HOUR - 1, "1")));
        assert!(noted.is_news(one, &seen(1, "2")));
        assert!(noted.is_news(one, &seen(HOUR, "1")));
        assert!(noted.is_news(AccountId(2), &seen(0, "1")));
    }
}
