//! A child process that ends with the value that holds it.

use crate::{Failure, until};
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Linux counts processor time in hundredths of a second.
const MS_PER_TICK: u64 = 10;

/// A running child; its logs lie in the folder it was started in.
pub struct Process {
    name: &'static str,
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    /// Starts a program.
    pub fn start(
        name: &'static str,
        program: &Path,
        arguments: &[&str],
        folder: &Path,
    ) -> Result<Self, Failure> {
        Self::start_in(name, program, arguments, &[], folder)
    }

    /// Starts a program with more in its environment.
    pub fn start_in(
        name: &'static str,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
        folder: &Path,
    ) -> Result<Self, Failure> {
        let log = |stream: &str| folder.join(format!("{name}.{stream}"));
        let (out, err) = (log("out"), log("err"));
        let mut command = Command::new(program);
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("ESTAFETA_")) {
            command.env_remove(key);
        }
        let child = command
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?)
            .spawn()?;
        Ok(Self {
            name,
            child,
            out,
            err,
        })
    }

    /// Waits for the line `ready …`.
    pub async fn ready(&mut self) -> Result<(), Failure> {
        let (name, child, out) = (self.name, &mut self.child, &self.out);
        let ended = until(&format!("{name} is ready"), async || {
            if let Ok(Some(status)) = child.try_wait() {
                return Some(Some(status));
            }
            let said = std::fs::read_to_string(out).unwrap_or_default();
            said.lines()
                .any(|line| line.starts_with("ready "))
                .then_some(None)
        })
        .await?;
        match ended {
            None => Ok(()),
            Some(status) => {
                let log = std::fs::read_to_string(&self.err).unwrap_or_default();
                Err(format!("{name} has ended: {status}\n{log}").into())
            }
        }
    }

    /// A line of `/proc/PID/status` in MB, such as `VmRSS`.
    pub fn memory_mb(&self, key: &str) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kb = status
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kb.ok_or_else(|| format!("no {key} in the status"))? / 1024)
    }
}

impl Process {
    /// The processor time that it has used, ms.
    pub fn processor_ms(&self) -> Result<u64, Failure> {
        Ok(Used::of(self.child.id())?.own_ms)
    }
}

/// What the processes of a PostgreSQL server on this machine have used, ms, those that have ended included. `session`: one
/// of its sessions.
pub fn server_ms(session: u32) -> Result<u64, Failure> {
    let server = Used::of(session)?.parent;
    let main = Used::of(server)?;
    let all = std::fs::read_dir("/proc")?.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        // Others end while this looks.
        Used::of(name.to_str()?.parse().ok()?).ok()
    });
    let sessions = all.filter(|used| used.parent == server);
    Ok(main.own_ms + main.ended_ms + sessions.map(|used| used.own_ms).sum::<u64>())
}

/// What a process has used.
struct Used {
    parent: u32,
    own_ms: u64,
    /// By its children that have ended.
    ended_ms: u64,
}

impl Used {
    fn of(process: u32) -> Result<Self, Failure> {
        let told = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The name, which may hold anything, ends with the last bracket; the state and the parent follow.
        let (_, fields) = told.rsplit_once(')').ok_or("no name in the stat")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |at: usize| -> Result<u64, Failure> {
            Ok(fields.get(at).ok_or("a short stat")?.parse()?)
        };
        Ok(Self {
            parent: u32::try_from(number(1)?)?,
            own_ms: (number(11)? + number(12)?) * MS_PER_TICK,
            ended_ms: (number(13)? + number(14)?) * MS_PER_TICK,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
