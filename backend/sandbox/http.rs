//! What the stand-ins see of a request and say in a response.

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::ReaderStream;

/// Keys and values of a query or a form, in order.
pub(crate) type Pairs = Vec<(String, String)>;

/// One request, read whole.
pub(crate) struct Call {
    pub method: Method,
    /// Path below the service's root, split at slashes, empty segments dropped.
    pub path: Vec<String>,
    pub whole_path: String,
    pub raw_query: String,
    pub query: Pairs,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    pub(crate) fn new(parts: Parts, body: Bytes, below: &str) -> Self {
        let whole_path = parts.uri.path().to_owned();
        let path = whole_path
            .strip_prefix(below)
            .unwrap_or(&whole_path)
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        let query = parse_pairs(&raw_query);
        Self {
            method: parts.method,
            path,
            whole_path,
            raw_query,
            query,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// The JSON body; `Null` where it is absent or not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn query(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Values of `key`, `key[]`, `key[0]`, …
    pub(crate) fn query_all(&self, key: &str) -> Vec<&str> {
        let indexed = format!("{key}[");
        self.query
            .iter()
            .filter(|(name, _)| {
                name == key
                    || (name.starts_with(&indexed)
                        && !name.ends_with("to]")
                        && !name.ends_with("from]"))
            })
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Numbers among the values of `key`, commas allowed.
    pub(crate) fn query_ids(&self, key: &str) -> Vec<i64> {
        self.query_all(key)
            .iter()
            .flat_map(|text| text.split(','))
            .filter_map(|text| text.trim().parse().ok())
            .collect()
    }

    pub(crate) fn query_number(&self, key: &str) -> Option<i64> {
        self.query(key).and_then(|text| text.parse().ok())
    }

    /// Whether the comma list `with` names `what`.
    pub(crate) fn with(&self, what: &str) -> bool {
        self.query_all("with")
            .iter()
            .flat_map(|list| list.split(','))
            .any(|name| name.trim() == what)
    }
}

/// One answer of a stand-in.
pub(crate) struct Reply {
    pub status: u16,
    pub kind: &'static str,
    pub body: Bytes,
    /// `Retry-After`, seconds.
    pub retry_after_s: Option<u64>,
}

impl Reply {
    pub(crate) fn json(status: u16, kind: &'static str, body: &Value) -> Self {
        Self {
            status,
            kind,
            body: Bytes::from(body.to_string()),
            retry_after_s: None,
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            kind: "",
            body: Bytes::new(),
            retry_after_s: None,
        }
    }

    pub(crate) fn html(status: u16, body: &'static str) -> Self {
        Self {
            status,
            kind: "text/html; charset=utf-8",
            body: Bytes::from_static(body.as_bytes()),
            retry_after_s: None,
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if !self.kind.is_empty() {
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                header::HeaderValue::from_static(self.kind),
            );
        }
        response
    }
}

/// A response that never leaves: its body fails before the head is flushed, so the server drops the connection.
pub(crate) fn cut_connection() -> Response {
    Response::new(Body::from_stream(ReaderStream::new(Broken)))
}

struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Err(std::io::Error::from(
            std::io::ErrorKind::ConnectionReset,
        )))
    }
}

/// Decodes `a=1&b%5B0%5D=x+y`.
pub(crate) fn parse_pairs(text: &str) -> Pairs {
    let decode = |part: &str| {
        percent_decode_str(&part.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Encodes a form as PHP does, brackets included.
pub(crate) fn form(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| {
        utf8_percent_encode(text, UNRESERVED)
            .to_string()
            .replace("%20", "+")
    };
    pairs
        .iter()
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// A number given as a number or as a string of digits.
pub(crate) fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// Digits of a phone; a Russian number is brought to the form `7…` of eleven digits.
pub(crate) fn phone_digits(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        11 if digits.starts_with('8') => format!("7{}", &digits[1..]),
        10 => format!("7{digits}"),
        _ => digits,
    }
}
