//! Where an account may be: the allow-list that every host from outside passes before anything is sent there
//! (reference: amoCRM widget, "Getting the OAuth code").

use crate::adapters::http::is_loopback;
use reqwest::Url;

/// Accounts live directly below these.
const DOMAINS: [&str; 3] = [".amocrm.ru", ".amocrm.com", ".kommo.com"];
/// Hosts of amoCRM itself that look like an account's.
const NO_ACCOUNTS: [&str; 1] = ["www"];
/// The longest name of a host's part.
const LONGEST_LABEL: usize = 63;

/// The doors of one account.
#[derive(Debug, Clone)]
pub(super) struct Doors {
    /// The endpoint of the settings.
    configured: Url,
}

impl Doors {
    /// `None`: the endpoint is no URL.
    pub(super) fn new(endpoint: &str) -> Option<Self> {
        let configured = Url::parse(endpoint.trim()).ok()?;
        Some(Self { configured })
    }

    /// The base URL of the settings.
    pub(super) fn configured(&self) -> &str {
        self.configured.as_str().trim_end_matches('/')
    }

    /// The base URL at a host that was named to us; `None`: it may not be called.
    pub(super) fn at(&self, host: &str) -> Option<String> {
        let host = host.trim().to_ascii_lowercase();
        if is_account_host(&host) {
            return Some(format!("https://{host}"));
        }
        if host == authority(&self.configured) {
            return Some(self.configured().to_owned());
        }
        self.is_other_name(&host)
            .then(|| format!("{}://{host}", self.configured.scheme()))
    }

    /// Whether it is a stand-in of the settings under another name of this machine.
    fn is_other_name(&self, host: &str) -> bool {
        let Ok(named) = Url::parse(&format!("{}://{host}", self.configured.scheme())) else {
            return false;
        };
        let port = self.configured.port_or_known_default();
        is_loopback(&self.configured)
            && is_loopback(&named)
            && named.port_or_known_default() == port
            && authority(&named) == host
    }

    /// Where an administrator gives the rights: at amoCRM itself, whatever the account is called.
    pub(super) fn authorisation(&self) -> Url {
        let host = self.configured.host_str().unwrap_or_default();
        let domain = DOMAINS.iter().find(|domain| host.ends_with(*domain));
        let mut page = self.configured.clone();
        if let Some(domain) = domain {
            // It was a host before, so it is one now.
            let _ = page.set_host(Some(&format!("www{domain}")));
        }
        page.set_path("/oauth");
        page
    }
}

fn is_account_host(host: &str) -> bool {
    DOMAINS
        .iter()
        .filter_map(|domain| host.strip_suffix(domain))
        .any(is_account_name)
}

fn is_account_name(name: &str) -> bool {
    (1..=LONGEST_LABEL).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !NO_ACCOUNTS.contains(&name)
}

/// Host, and the port where it is not the scheme's own.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(endpoint: &str) -> Doors {
        Doors::new(endpoint).unwrap()
    }

    #[test]
    fn accounts_of_amocrm_and_the_endpoint_of_the_settings_may_be_called() {
        let real = doors("https://hotel.amocrm.ru");
        for (host, url) in [
            ("hotel.amocrm.ru", "https://hotel.amocrm.ru"),
            ("Hotel.AmoCRM.ru", "https://hotel.amocrm.ru"),
            (" new-name2.amocrm.com ", "https://new-name2.amocrm.com"),
            ("hotel.kommo.com", "https://hotel.kommo.com"),
        ] {
            assert_eq!(real.at(host).as_deref(), Some(url), "{host}");
        }
        let own = doors("https://crm.example.org:8443/");
        let at = own.at("crm.example.org:8443");
        assert_eq!(at.as_deref(), Some("https://crm.example.org:8443"));
    }

    #[test]
    fn no_other_host_may_be_called() {
        let real = doors("https://hotel.amocrm.ru");
        for host in [
            "",
            "amocrm.ru",
            ".amocrm.ru",
            "www.amocrm.ru",
            "a.b.amocrm.ru",
            "evilamocrm.ru",
            "hotel.amocrm.ru.example.org",
            "example.org",
            "example.org/hotel.amocrm.ru",
            "example.org#.amocrm.ru",
            "example.org\\.amocrm.ru",
            "user@hotel.amocrm.ru",
            "hotel.amocrm.ru:8080",
            "hotel.amocrm.ru/",
            "hotel.amocrm.ru?x",
            "https://hotel.amocrm.ru",
            "hotel%2eamocrm.ru",
            "hotel\u{3002}amocrm.ru",
            "отель.amocrm.ru",
            "-hotel.amocrm.ru",
            "hotel_1.amocrm.ru",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:80",
            "[::1]",
            "169.254.169.254",
            "10.0.0.1",
        ] {
            assert_eq!(real.at(host), None, "{host}");
        }
        let long = format!("{}.amocrm.ru", "a".repeat(64));
        assert_eq!(real.at(&long), None);
    }

    #[test]
    fn this_machine_may_be_called_only_where_the_settings_name_it() {
        let stand_in = doors("http://127.0.0.1:8090");
        for (host, url) in [
            ("127.0.0.1:8090", "http://127.0.0.1:8090"),
            ("localhost:8090", "http://localhost:8090"),
            ("hotel.amocrm.ru", "https://hotel.amocrm.ru"),
        ] {
            assert_eq!(stand_in.at(host).as_deref(), Some(url), "{host}");
        }
        for host in [
            "127.0.0.1:8091",
            "localhost",
            "localhost:8090/x",
            "u@localhost:8090",
            "127.0.0.1.example.org:8090",
            "192.0.2.1:8090",
        ] {
            assert_eq!(stand_in.at(host), None, "{host}");
        }
    }

    #[test]
    fn rights_are_given_at_amocrm_itself() {
        for (endpoint, page) in [
            ("https://hotel.amocrm.ru", "https://www.amocrm.ru/oauth"),
            ("https://hotel.kommo.com/", "https://www.kommo.com/oauth"),
            ("http://127.0.0.1:8090", "http://127.0.0.1:8090/oauth"),
        ] {
            assert_eq!(doors(endpoint).authorisation().as_str(), page);
        }
    }
}
