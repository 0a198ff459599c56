//! Acks of webhooks alone: the backend beside two baselines.

use crate::pace::{self, Rung};
use crate::process::{Process, free_port};
use crate::world::{Beside, Kept, Mode, World};
use crate::{Failure, until};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// Conversations among which the webhooks are spread.
const CONVERSATIONS: usize = 1_000;
/// Far from the ids that the sandbox gives.
const FIRST_ID: usize = 500_000_000;
/// Connections at most: what is due beyond them waits for one, and the wait counts.
const CONNECTIONS: usize = 256;
const TIMEOUT: Duration = Duration::from_secs(20);

/// Who acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Bare,
    Insert,
    Backend,
}

impl Target {
    pub const ALL: [Self; 3] = [Self::Bare, Self::Insert, Self::Backend];

    pub fn budget(self) -> &'static str {
        match self {
            Self::Backend => "≥ 2000/s, p99 ≤ 50 ms",
            Self::Bare | Self::Insert => "",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bare => "baseline, a bare handler",
            Self::Insert => "baseline, one durable insert each",
            Self::Backend => "estafeta",
        })
    }
}

/// Posts webhooks of guests' messages at a rate. The target is new for each rate: nothing waits in it from before. The
/// account's mode is off, so that the backend looks through what it stored but calls nobody.
pub async fn run(target: Target, rate: u32, seconds: u32) -> Result<Rung, Failure> {
    let world = World::new(Mode::Off, Beside::NOTHING, &Kept::File).await?;
    let (path, sample) = sample(&world).await?;
    let folder = TempDir::new()?;
    let (url, _serving, _world) = match target {
        Target::Backend => (format!("{}{path}", world.backend), None, Some(world)),
        Target::Bare | Target::Insert => {
            drop(world);
            let port = free_port()?;
            let process = baseline(target, port, &folder).await?;
            (format!("http://127.0.0.1:{port}/hook"), Some(process), None)
        }
    };
    let bodies: Vec<String> = (0..usize::try_from(rate * seconds)?)
        .map(|number| body(&sample, number))
        .collect();
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .build()?;
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    let rung = pace::keep(rate, seconds, |number, _| {
        let request = client
            .post(&url)
            .header("Content-Type", "application/json")
            .body(bodies[number].clone());
        let free = Arc::clone(&free);
        async move {
            let _connection = free.acquire().await;
            let answer = request.send().await;
            answer.is_ok_and(|answer| answer.status() == 200)
        }
    })
    .await;
    Ok(rung)
}

/// The path and body of a real webhook.
async fn sample(world: &World) -> Result<(String, Value), Failure> {
    let message = json!({"text": "Во сколько заселение?"});
    world.play("guests/79000001000/messages", &message).await?;
    until("a webhook", async || world.relay.seen().sample.clone()).await
}

/// Another message, in one of many conversations.
fn body(sample: &Value, number: usize) -> String {
    let mut body = sample.clone();
    let conversation = FIRST_ID + number % CONVERSATIONS;
    let object = &mut body["object"];
    object["id"] = json!(FIRST_ID + number);
    object["external_id"] = json!(format!("made-{number}"));
    object["conversation_id"] = json!(conversation);
    object["conversation"]["id"] = json!(conversation);
    object["conversation"]["last_message_id"] = json!(FIRST_ID + number);
    body.to_string()
}

async fn baseline(target: Target, port: u16, folder: &TempDir) -> Result<Process, Failure> {
    let kind = if target == Target::Bare {
        "bare"
    } else {
        "insert"
    };
    let (port, place) = (port.to_string(), folder.path().display().to_string());
    let arguments = ["--baseline", kind, "--port", &port, "--folder", &place];
    let program = std::env::current_exe()?;
    let mut process = Process::start("baseline", &program, &arguments, folder.path())?;
    process.ready().await?;
    Ok(process)
}
