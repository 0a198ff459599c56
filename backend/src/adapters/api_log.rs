//! The log of our calls to others: a folder for an account, a file for a day (UTC), a line of JSON for a call.
//!
//! What is written is chosen: which call, what came of it, how long it took. Never a URL, a header or a body: they hold
//! phones, texts and tokens. A call never waits for the log.

use super::http::Answer;
use crate::error::CallError;
use crate::ports::{ApiLog, Clock};
use async_trait::async_trait;
use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use widget_core::ids::AccountId;

/// How many lines may wait for the disk; more are dropped and counted.
const WAITING: usize = 4096;
/// A day's file grows no longer than this, bytes: what comes after is dropped and counted, so that a provider that
/// answers in a loop does not fill the disk.
const MOST_A_DAY: u64 = 64 * 1024 * 1024;
/// A run of so many digits may be somebody's phone.
const PHONE_LIKE: usize = 5;

/// The log of all accounts.
pub struct CallLogs {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    lines: SyncSender<Line>,
}

struct Line {
    account: AccountId,
    day: String,
    text: String,
}

/// Where the calls to one service of one account are written; by default nowhere.
#[derive(Clone, Default)]
pub struct CallLog(Option<(Arc<CallLogs>, AccountId, &'static str)>);

#[derive(Serialize)]
struct Entry<'a> {
    at: String,
    service: &'a str,
    call: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
}

impl CallLogs {
    /// Logs below `folder`. The clock is the business clock.
    pub fn open(folder: PathBuf, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (lines, waiting) = sync_channel(WAITING);
        let below = folder.clone();
        // A file has no better way to be written without blocking than a thread of its own.
        let started = std::thread::Builder::new()
            .name("api-log".to_owned())
            .spawn(move || write_all(&below, &waiting));
        if let Err(error) = started {
            tracing::error!(%error, "calls are not logged");
        }
        Arc::new(Self {
            folder,
            clock,
            lines,
        })
    }

    /// For the calls to `service` of `account`.
    pub fn of(self: &Arc<Self>, account: AccountId, service: &'static str) -> CallLog {
        CallLog(Some((Arc::clone(self), account, service)))
    }
}

impl CallLog {
    /// Notes a call and what came of it.
    pub(super) fn note(&self, what: &str, answer: &Result<Answer, CallError>, took: Duration) {
        let Some((logs, account, service)) = &self.0 else {
            return;
        };
        let at = jiff::Timestamp::from_millisecond(logs.clock.now_ms())
            .unwrap_or_default()
            .to_string();
        let day = at.chars().take(10).collect();
        let (status, error, bytes) = match answer {
            Ok(answer) => (Some(answer.status), None, Some(answer.body.len())),
            Err(error) => (None, Some(plain(&error.to_string())), None),
        };
        let entry = Entry {
            at,
            service,
            call: plain(what),
            status,
            error,
            ms: took.as_millis(),
            bytes,
        };
        let Ok(text) = serde_json::to_string(&entry) else {
            return;
        };
        let line = Line {
            account: *account,
            day,
            text,
        };
        if logs.lines.try_send(line).is_err() {
            metrics::counter!("estafeta_api_log_dropped_total").increment(1);
        }
    }
}

#[async_trait]
impl ApiLog for CallLogs {
    async fn prune(&self, before: i64) -> std::io::Result<()> {
        let last_kept = jiff::Timestamp::from_millisecond(before)
            .unwrap_or_default()
            .to_string();
        let (folder, first_kept) = (self.folder.clone(), last_kept[..10].to_owned());
        off_the_runtime(move || {
            for account in entries(&folder)? {
                for file in entries(&account)? {
                    let day = file.file_stem().unwrap_or_default().to_string_lossy();
                    if day.as_ref() < first_kept.as_str() {
                        std::fs::remove_file(&file)?;
                    }
                }
            }
            Ok(())
        })
        .await
    }

    async fn erase(&self, account: AccountId) -> std::io::Result<()> {
        let folder = of_account(&self.folder, account);
        off_the_runtime(move || match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }
}

/// The files of an account's log, oldest first.
///
/// # Errors
/// The folder cannot be read.
pub fn files(folder: &Path, account: AccountId) -> std::io::Result<Vec<PathBuf>> {
    let mut files = entries(&of_account(folder, account))?;
    files.sort();
    Ok(files)
}

fn of_account(folder: &Path, account: AccountId) -> PathBuf {
    folder.join(account.to_string())
}

/// What lies in a folder; nothing where there is none.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn off_the_runtime(
    work: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) -> std::io::Result<()> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(std::io::Error::other)?
}

/// Names of calls and reasons are our own words; should a number ever get among them, it is not written.
fn plain(words: &str) -> String {
    let mut plain = String::with_capacity(words.len());
    let mut digits = String::new();
    for letter in words.chars().map(Some).chain([None]) {
        if let Some(digit) = letter.filter(char::is_ascii_digit) {
            digits.push(digit);
            continue;
        }
        plain.push_str(if digits.len() < PHONE_LIKE {
            &digits
        } else {
            "*"
        });
        digits.clear();
        plain.extend(letter.filter(char::is_ascii));
    }
    plain
}

fn write_all(folder: &Path, lines: &Receiver<Line>) {
    let mut open: HashMap<AccountId, (String, File)> = HashMap::new();
    for line in lines {
        if let Err(error) = write(folder, &mut open, &line, MOST_A_DAY) {
            open.remove(&line.account);
            metrics::counter!("estafeta_api_log_dropped_total").increment(1);
            tracing::warn!(account = %line.account, %error, "a call could not be logged");
        }
    }
}

fn write(
    folder: &Path,
    open: &mut HashMap<AccountId, (String, File)>,
    line: &Line,
    most: u64,
) -> std::io::Result<()> {
    let is_open = open
        .get(&line.account)
        .is_some_and(|(day, _)| *day == line.day);
    if !is_open {
        let folder = of_account(folder, line.account);
        std::fs::create_dir_all(&folder)?;
        let file = File::options()
            .append(true)
            .create(true)
            .open(folder.join(format!("{}.jsonl", line.day)))?;
        open.insert(line.account, (line.day.clone(), file));
    }
    match open.get_mut(&line.account) {
        Some((_, file)) if file.metadata()?.len() < most => {
            file.write_all(format!("{}\n", line.text).as_bytes())
        }
        Some(_) => {
            metrics::counter!("estafeta_api_log_dropped_total").increment(1);
            Ok(())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetClock;

    const DAY: i64 = 86_400_000;
    /// 2026-11-18 08:00 UTC.
    const T: i64 = 1_794_988_800_000;

    fn answer() -> Answer {
        Answer {
            status: 200,
            retry_after_ms: None,
            body: b"+79000000001 text".to_vec(),
        }
    }

    /// Waits until an account's log has so many lines.
    fn lines(folder: &Path, account: i64, count: usize) -> Vec<String> {
        loop {
            let files = files(folder, AccountId(account)).unwrap();
            let read = files
                .iter()
                .map(|file| std::fs::read_to_string(file).unwrap());
            let lines: Vec<_> = read
                .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
                .collect();
            if lines.len() >= count {
                return lines;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn privacy_a_call_is_logged_without_what_was_said_and_to_whom() {
        let folder = tempfile::tempdir().unwrap();
        let logs = CallLogs::open(folder.path().to_owned(), Arc::new(SetClock::new(T)));
        let log = logs.of(AccountId(1), "pact");
        log.note("send", &Ok(answer()), Duration::from_millis(12));
        let lost = CallError::unknown("send to 79000000001: no answer in time");
        log.note("GET contacts/79000000001", &Err(lost), Duration::ZERO);
        CallLog::default().note("nobody listens", &Ok(answer()), Duration::ZERO);
        assert_eq!(
            lines(folder.path(), 1, 2),
            [
                r#"{"at":"2026-11-18T08:00:00Z","service":"pact","call":"send","status":200,"ms":12,"bytes":17}"#,
                r#"{"at":"2026-11-18T08:00:00Z","service":"pact","call":"GET contacts/*","error":"outcome unknown: send to *: no answer in time","ms":0}"#,
            ]
        );
    }

    #[test]
    fn a_days_log_has_an_end_and_the_next_day_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut open = HashMap::new();
        let line = |day: &str| Line {
            account: AccountId(1),
            day: day.to_owned(),
            text: "x".repeat(99),
        };
        for day in ["2026-11-18", "2026-11-19"] {
            for _ in 0..50 {
                write(folder.path(), &mut open, &line(day), 1_000).unwrap();
            }
        }
        for file in files(folder.path(), AccountId(1)).unwrap() {
            assert_eq!(std::fs::metadata(file).unwrap().len(), 1_000);
        }
    }

    #[tokio::test]
    async fn privacy_old_days_go_and_an_erased_accounts_log_goes_whole() {
        let folder = tempfile::tempdir().unwrap();
        let clock = SetClock::new(T);
        let logs = CallLogs::open(folder.path().to_owned(), Arc::new(clock.clone()));
        for day in 0..4 {
            clock.set(T + day * DAY);
            for account in [1, 2] {
                let log = logs.of(AccountId(account), "pact");
                log.note("send", &Ok(answer()), Duration::ZERO);
            }
        }
        let _all = (lines(folder.path(), 1, 4), lines(folder.path(), 2, 4));
        logs.prune(T + 2 * DAY).await.unwrap();
        let kept = lines(folder.path(), 1, 1);
        assert_eq!(kept.len(), 2, "the day that is just over stays: {kept:?}");
        assert!(kept[0].contains("2026-11-20"), "{kept:?}");
        logs.erase(AccountId(1)).await.unwrap();
        logs.erase(AccountId(1)).await.unwrap();
        assert!(files(folder.path(), AccountId(1)).unwrap().is_empty());
        assert_eq!(lines(folder.path(), 2, 2).len(), 2);
    }
}
