//! Logs and metrics. Names, phones and texts of guests never get here: what is logged is chosen, not dumped.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal as _;
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;

/// Level and targets, such as `info,backend::flow=debug`.
const LEVEL: &str = "ESTAFETA_LOG";
/// `json` for machines, anything else for people.
const FORMAT: &str = "ESTAFETA_LOG_FORMAT";
/// Seconds: from a cached answer to a call that waits for a text in flight.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 20.0];

/// Starts the log, on stderr. A second call changes nothing.
pub fn start_log() {
    let level = EnvFilter::try_from_env(LEVEL).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(level)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let json = std::env::var(FORMAT).is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let started = if json {
        log.json().try_init()
    } else {
        log.with_target(false).try_init()
    };
    if started.is_err() {
        tracing::debug!("the log runs already");
    }
}

/// What the process counts. The recorder is the process's only one, however many servers run in it.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(record).clone()
}

fn record() -> PrometheusHandle {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(seconds, &BUCKETS)
        .unwrap_or_else(|_| PrometheusBuilder::new())
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("somebody else counts in this process: /metrics stays empty");
    }
    handle
}
