//! A card that listens to the stream of its deal, without its screen.

use super::Manager;
use super::manager::Refusal;
use super::wait::LIMIT;
use reqwest::Response;
use serde_json::Value;
use widget_core::wire::{DealDialogs, DialogView};

/// An event of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its kind; empty for the usual one.
    pub name: String,
    /// The state that the card then shows.
    pub id: String,
    /// What it carries.
    pub data: String,
}

impl Told {
    /// What the card shows.
    pub fn dialogs(&self) -> DealDialogs {
        serde_json::from_str(&self.data).expect("the wire's shape")
    }
}

/// A stream that is open.
pub struct Events {
    response: Response,
    read: String,
}

impl Manager<'_> {
    /// Listens to a deal from where the card is.
    pub async fn listens(&self, deal: &Value, known: Option<&str>) -> Result<Events, Refusal> {
        self.listens_at(&self.world.serve_url, deal, known).await
    }

    /// The same, at this instance.
    pub async fn listens_at(
        &self,
        instance: &str,
        deal: &Value,
        known: Option<&str>,
    ) -> Result<Events, Refusal> {
        let url = format!("{instance}/api/v1/deals/{}/events", deal["id"]);
        let mut request = self.world.client.get(url).bearer_auth(self.bearer().await);
        if let Some(known) = known {
            request = request.header("Last-Event-ID", known);
        }
        let response = request.send().await.expect("the backend answers");
        let status = response.status();
        if status.is_success() {
            return Ok(Events {
                response,
                read: String::new(),
            });
        }
        let problem = response.json().await.expect("problem+json");
        Err(Refusal { status, problem })
    }
}

impl Events {
    /// The next block of the stream, comments too; `None` at its end.
    pub async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(block);
            }
            let piece = tokio::time::timeout(LIMIT, self.response.chunk()).await;
            let piece = piece.expect("a stream says something now and then");
            let piece = piece.ok().flatten()?;
            self.read
                .push_str(std::str::from_utf8(&piece).expect("whole letters"));
        }
    }

    /// The next event; `None` at the stream's end. Signs of life are none.
    pub async fn event(&mut self) -> Option<Told> {
        let event = tokio::time::timeout(LIMIT, self.next_event()).await;
        event.expect("an event")
    }

    async fn next_event(&mut self) -> Option<Told> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let mut lines = block.lines();
                let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                value.unwrap_or_default().to_owned()
            };
            let told = Told {
                name: field("event"),
                id: field("id"),
                data: field("data"),
            };
            if !told.data.is_empty() {
                return Some(told);
            }
        }
    }

    /// Waits until the card shows a dialog so.
    pub async fn tell_of(&mut self, what: &str, holds: impl Fn(&DialogView) -> bool) -> Told {
        loop {
            let told = self.event().await;
            let told = told.unwrap_or_else(|| panic!("the stream ended before: {what}"));
            if told.dialogs().dialogs.iter().any(&holds) {
                return told;
            }
        }
    }
}
