//! Addresses on the command line.

use axum::http::Uri;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where a backend on this machine is reached, such as `http://127.0.0.1:8090`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Local {
    /// Scheme, host and port.
    pub(super) url: String,
    /// Where it listens.
    pub(super) listen: SocketAddr,
}

/// Reads an http address of this machine with a port.
pub(super) fn local(text: &str) -> Result<Local, String> {
    let problem = || {
        format!(
            "`{text}` is not an http address of this machine with a port, such as http://127.0.0.1:8090"
        )
    };
    let uri: Uri = text.parse().map_err(|_| problem())?;
    let host = uri.host().unwrap_or_default();
    let ip = match host {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        host => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            bare.parse().map_err(|_| problem())?
        }
    };
    let port = uri.port_u16().ok_or_else(problem)?;
    let plain = uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
    if !plain || !ip.is_loopback() {
        return Err(problem());
    }
    Ok(Local {
        url: format!("http://{host}:{port}"),
        listen: SocketAddr::new(ip, port),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_with_a_port_will_do() {
        for (text, listen) in [
            ("http://127.0.0.1:8090", "127.0.0.1:8090"),
            ("http://localhost:8090/", "127.0.0.1:8090"),
            ("http://[::1]:8090", "[::1]:8090"),
        ] {
            let local = local(text).unwrap();
            assert_eq!(local.listen.to_string(), listen);
            assert_eq!(local.url, text.trim_end_matches('/'));
        }
        for text in [
            "",
            "127.0.0.1:8090",
            "http://127.0.0.1",
            "https://127.0.0.1:1",
            "http://203.0.113.1:1",
            "http://127.0.0.1:1/x",
        ] {
            assert!(local(text).is_err(), "{text}");
        }
    }
}
