//! Gates: one call held while the story goes on.

use super::World;
use super::wait::until;
use serde_json::json;
use std::time::{Duration, Instant};

/// Where a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// It has arrived, and nothing has come of it.
    Request,
    /// It has taken effect, and the backend does not know.
    Answer,
}

/// A closed gate. It holds the first call that comes to it, and no other.
pub struct Gate<'a> {
    world: &'a World,
    id: i64,
}

impl World {
    /// Holds the next text to a guest.
    pub async fn holds_a_send(&self, at: At) -> Gate<'_> {
        self.holds("pact", "POST", "/messages", at).await
    }

    /// Holds the bot's next turn.
    pub async fn holds_a_turn(&self, at: At) -> Gate<'_> {
        self.holds("bot", "POST", "/turns", at).await
    }

    /// Holds the next call of a service with this method and end of its path.
    pub async fn holds(&self, service: &str, method: &str, path: &str, at: At) -> Gate<'_> {
        let at = match at {
            At::Request => "request",
            At::Answer => "answer",
        };
        let gate = json!({"service": service, "method": method, "path": path, "at": at});
        let made = self.play("gates", &gate).await;
        let id = made["id"].as_i64().expect("an id");
        Gate { world: self, id }
    }
}

impl Gate<'_> {
    /// Waits until it holds a call, and moves the business clock meanwhile.
    pub async fn is_reached(&self) {
        self.world
            .eventually("a call is held", async || self.holds().await.then_some(()))
            .await;
    }

    /// Waits until it holds a call; the business clock is left alone, but where the backend was so slow that it took the
    /// guest's message in after `Guest::asks` had moved the clock: that message's quiet time has to pass too.
    pub async fn is_reached_by_itself(&self) {
        const PATIENCE: Duration = Duration::from_secs(5);
        let began = Instant::now();
        let mut moved = false;
        until("a call is held", async || {
            if !moved && began.elapsed() > PATIENCE && !self.holds().await {
                moved = true;
                self.world.advance_s(6).await;
            }
            self.holds().await
        })
        .await;
    }

    async fn holds(&self) -> bool {
        let path = format!("gates/{}", self.id);
        self.world.look(&path).await.expect("the gate")["held"] == true
    }

    /// Lets the call go on.
    pub async fn opens(&self) {
        let url = format!("{}/sandbox/gates/{}", self.world.sandbox_url, self.id);
        let answer = self.world.client.delete(url).send().await;
        assert_eq!(answer.expect("the sandbox answers").status(), 200);
    }
}
