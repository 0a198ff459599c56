//! A process of the binary under test, killed with the value that holds it; its log is shown when a test fails.

use super::wait::until_some;
use std::cell::RefCell;
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// Lines of a log shown when a test fails.
const TAIL: usize = 60;
/// Below the range from which the system takes ports of outgoing connections.
const PORTS: (u16, u16) = (20_000, 32_000);

static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// A port that nobody listens on, another one each time.
pub fn free_port() -> u16 {
    let span = PORTS.1 - PORTS.0;
    let start = u16::try_from(std::process::id() % u32::from(span)).unwrap_or(0);
    loop {
        let step = NEXT_PORT.fetch_add(1, Ordering::SeqCst);
        let port = PORTS.0 + (start.wrapping_add(step)) % span;
        let is_free = TcpListener::bind(("127.0.0.1", port)).is_ok()
            && TcpListener::bind(("::1", port)).map_or(true, |_| true);
        if is_free {
            return port;
        }
    }
}

/// What an `estafeta` that ended by itself has said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs `estafeta` to its end, with a variable in its environment.
pub fn said(arguments: &[&str], variable: Option<(&str, String)>) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_estafeta"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("ESTAFETA_")) {
        command.env_remove(key);
    }
    let output = command
        .args(arguments)
        .envs(variable)
        .stdin(Stdio::null())
        .output()
        .expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A running `estafeta`.
pub struct Process {
    name: String,
    child: Child,
    out: PathBuf,
    err: PathBuf,
    before: RefCell<Vec<Process>>,
}

/// The `estafeta` of this build.
pub fn ours() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_estafeta"))
}

/// The `estafeta` of an older version, for the tests that let it serve beside this one.
pub fn older() -> Option<PathBuf> {
    std::env::var_os("ESTAFETA_TEST_OLDER").map(PathBuf::from)
}

impl Process {
    /// Starts `estafeta` with `arguments`; its logs go to `folder`.
    pub fn start(
        name: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        folder: &Path,
    ) -> Self {
        Self::start_of(&ours(), name, arguments, environment, folder)
    }

    /// The same with the `estafeta` of another build.
    pub fn start_of(
        program: &Path,
        name: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        folder: &Path,
    ) -> Self {
        let log = |stream: &str| folder.join(format!("{name}.{stream}"));
        let (out, err) = (log("out"), log("err"));
        let file = |path: &Path| File::create(path).expect("a log file");
        let mut command = Command::new(program);
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("ESTAFETA_")) {
            command.env_remove(key);
        }
        let child = command
            .args(arguments)
            .env("ESTAFETA_SANDBOX_ASSETS", assets())
            .envs(environment.iter().copied())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(file(&out))
            .stderr(file(&err))
            .spawn()
            .expect("the binary starts");
        Self {
            name: name.to_owned(),
            child,
            out,
            err,
            before: RefCell::new(Vec::new()),
        }
    }

    /// Waits for the line `ready http://…`.
    pub async fn ready(&mut self) -> String {
        let name = self.name.clone();
        until_some(&format!("{name} is ready"), async || {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("{name} has ended: {status}");
            }
            let out = std::fs::read_to_string(&self.out).unwrap_or_default();
            let line = out.lines().find_map(|line| line.strip_prefix("ready "));
            line.map(str::to_owned)
        })
        .await
    }

    /// Whether it runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end; the signal that ended it.
    pub async fn dies(&mut self) -> Option<i32> {
        let name = self.name.clone();
        let status = until_some(&format!("{name} dies"), async || {
            self.child.try_wait().expect("a child")
        })
        .await;
        status.signal()
    }

    /// Its number in the system.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Keeps an ended process so that its log is shown together with this one's.
    pub fn remember(&self, ended: Process) {
        self.before.borrow_mut().push(ended);
    }

    /// What it has written on stdout.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    /// What it has written on stderr.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.err).unwrap_or_default()
    }

    fn show(&self) {
        for (stream, path) in [("stdout", &self.out), ("stderr", &self.err)] {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            if lines.is_empty() {
                continue;
            }
            eprintln!("── {} {stream} ──", self.name);
            for line in &lines[lines.len().saturating_sub(TAIL)..] {
                eprintln!("{line}");
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            self.show();
        }
    }
}

/// Where the card page's libraries lie.
fn assets() -> String {
    std::env::var("ESTAFETA_SANDBOX_ASSETS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/sandbox/node_modules").to_owned())
}
