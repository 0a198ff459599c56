//! Which account a request belongs to. Found as fast among ten thousand accounts as among one.

use super::state::Site;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use widget_core::ids::AccountId;

/// Which of an account's secrets.
type Secret = fn(&Site) -> &SecretString;

/// The accounts of this process.
pub struct Sites {
    all: Vec<Arc<Site>>,
    by_account: HashMap<AccountId, usize>,
    by_client: HashMap<String, usize>,
    by_integration: HashMap<(String, i64), usize>,
    of_pact: Bearers,
    of_amocrm: Bearers,
}

impl Sites {
    /// Sorts the accounts in. Of several with the same name the first is found.
    pub fn new(all: Vec<Arc<Site>>) -> Self {
        Self {
            by_account: index(&all, |site| site.tenant.account),
            by_client: index(&all, |site| site.client_id.clone()),
            by_integration: index(&all, |site| {
                (site.client_id.clone(), site.tenant.amocrm_account)
            }),
            of_pact: Bearers::new(&all, |site| &site.pact_secret),
            of_amocrm: Bearers::new(&all, |site| &site.amocrm_secret),
            all,
        }
    }

    /// All of them, in the settings' order.
    pub fn all(&self) -> &[Arc<Site>] {
        &self.all
    }

    /// Our account of that id.
    pub fn account(&self, account: AccountId) -> Option<&Arc<Site>> {
        self.at(self.by_account.get(&account))
    }

    /// An account with that integration: whichever has the key that its tokens are signed with.
    pub fn integration(&self, client: &str) -> Option<&Arc<Site>> {
        self.at(self.by_client.get(client))
    }

    /// The account of amoCRM's account in which that integration is installed.
    pub fn installed(&self, client: &str, amocrm_account: i64) -> Option<&Arc<Site>> {
        let key = (client.to_owned(), amocrm_account);
        self.at(self.by_integration.get(&key))
    }

    /// The account to which Pact's webhook with this secret belongs.
    pub fn of_pact(&self, secret: &str) -> Option<&Arc<Site>> {
        self.of_pact.find(&self.all, secret)
    }

    /// The account to which amoCRM's webhook with this secret belongs.
    pub fn of_amocrm(&self, secret: &str) -> Option<&Arc<Site>> {
        self.of_amocrm.find(&self.all, secret)
    }

    fn at(&self, place: Option<&usize>) -> Option<&Arc<Site>> {
        self.all.get(*place?)
    }
}

fn index<K: Eq + std::hash::Hash>(
    all: &[Arc<Site>],
    key: impl Fn(&Site) -> K,
) -> HashMap<K, usize> {
    let mut places = HashMap::with_capacity(all.len());
    for (place, site) in all.iter().enumerate() {
        places.entry(key(site)).or_insert(place);
    }
    places
}

/// Who bears which secret. The look-up goes by a keyed hash, so that its time says nothing about how near a guess is;
/// what it finds is compared in constant time.
struct Bearers {
    key: [u8; 32],
    places: HashMap<[u8; 32], usize>,
    secret: Secret,
}

impl Bearers {
    fn new(all: &[Arc<Site>], secret: Secret) -> Self {
        let mut key = [0; 32];
        // Without randomness the comparison alone protects the secrets.
        let _ = getrandom::fill(&mut key);
        let places = index(all, |site| hash(&key, secret(site).expose_secret()));
        Self {
            key,
            places,
            secret,
        }
    }

    fn find<'a>(&self, all: &'a [Arc<Site>], given: &str) -> Option<&'a Arc<Site>> {
        let site = all.get(*self.places.get(&hash(&self.key, given))?)?;
        let ours = (self.secret)(site).expose_secret().as_bytes();
        bool::from(ours.ct_eq(given.as_bytes())).then_some(site)
    }
}

fn hash(key: &[u8; 32], secret: &str) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32]; // HMAC takes keys of any length
    };
    mac.update(secret.as_bytes());
    mac.finalize().into_bytes().into()
}
