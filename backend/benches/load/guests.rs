//! Guests who ask plain questions, and what comes back to them.

use crate::pace::{self, Spread};
use crate::relay::Sent;
use crate::table::{Row, Table};
use crate::world::{self, World};
use crate::{Failure, until};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Plain questions: nothing in them needs a person.
const QUESTIONS: [&str; 5] = [
    "Во сколько заселение?",
    "Есть ли в номере фен?",
    "Как до вас добраться от вокзала?",
    "Какие у вас программы лечения?",
    "Есть ли у вас бассейн?",
];
/// Whoever is not answered so long after the last question is not answered at all.
const PATIENCE: Duration = Duration::from_secs(15);

/// Some guests with a deal each.
pub struct Guests {
    count: usize,
    /// Questions answered after a later one of the same guest.
    pub out_of_order: u64,
    pub twice: u64,
    pub unanswered: u64,
}

/// What a rate came to.
pub struct Rung {
    pub answered: u64,
    /// Questions answered a second, from the first schedule to the last answer.
    pub done: f64,
    from_schedule: Spread,
    from_hook: Spread,
    acks: Spread,
}

impl Guests {
    pub fn new(count: usize) -> Self {
        Self {
            count,
            out_of_order: 0,
            twice: 0,
            unanswered: 0,
        }
    }

    /// Makes a deal for each guest, and waits until the bot has introduced itself to everybody.
    pub async fn are_known(&self, world: &World) -> Result<(), Failure> {
        world.play("bot", &json!({"delay_ms": 0})).await?;
        for guest in 0..self.count {
            let deal =
                json!({"phone": phone(guest), "name": "Бронирование", "stage": "Новая заявка"});
            world.play("deals", &deal).await?;
            ask(&world.client, &message_url(world, guest), QUESTIONS[0]).await?;
        }
        until("every guest is answered", async || {
            let seen = world.relay.seen();
            let met: HashSet<&str> = seen
                .sends
                .iter()
                .map(|sent| sent.conversation.as_str())
                .collect();
            (met.len() >= self.count).then_some(())
        })
        .await?;
        until("what follows the answers is done", async || {
            world.has_nothing_to_do().await.then_some(())
        })
        .await?;
        sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    /// All write in turn, `rate` messages a second.
    pub async fn write(&mut self, world: &World, rate: u32, seconds: u32) -> Result<Rung, Failure> {
        {
            let mut seen = world.relay.seen();
            (seen.acks, seen.sends) = (Vec::new(), Vec::new());
        }
        let began = Instant::now();
        let asked = Arc::new(Mutex::new(HashMap::new()));
        let urls: Vec<String> = (0..self.count)
            .map(|guest| message_url(world, guest))
            .collect();
        pace::keep(rate, seconds, |number, due| {
            let (client, asked) = (world.client.clone(), Arc::clone(&asked));
            let url = urls[number % urls.len()].clone();
            async move {
                let question = QUESTIONS[(number / 7) % QUESTIONS.len()];
                let Ok(id) = ask(&client, &url, question).await else {
                    return false;
                };
                let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                asked.insert(id, due).is_none()
            }
        })
        .await;
        let asked = std::mem::take(&mut *asked.lock().unwrap_or_else(PoisonError::into_inner));
        let all_answered = async {
            while !is_answered(&asked, &world.relay.seen().sends) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        // Whoever waits longer is counted below.
        let _ = timeout(PATIENCE, all_answered).await;
        Ok(self.judge(world, &asked, began))
    }

    fn judge(&mut self, world: &World, asked: &HashMap<i64, Instant>, began: Instant) -> Rung {
        let seen = world.relay.seen();
        let mut answered = HashMap::new();
        let mut last: HashMap<&str, i64> = HashMap::new();
        for sent in &seen.sends {
            let last = last.entry(&sent.conversation).or_default();
            for id in sent.answers.iter().filter(|id| asked.contains_key(id)) {
                self.out_of_order += u64::from(id < last);
                *last = *id;
                self.twice += u64::from(answered.insert(*id, sent.at).is_some());
            }
        }
        let missing = asked.len() - answered.len();
        self.unanswered += u64::try_from(missing).unwrap_or(u64::MAX);
        let since = |moments: &HashMap<i64, Instant>| {
            let took = answered
                .iter()
                .filter_map(|(id, at)| Some(*at - *moments.get(id)?));
            Spread::of(took.collect())
        };
        let end = answered.values().max().copied().unwrap_or(began);
        let count = u32::try_from(answered.len()).unwrap_or(u32::MAX);
        let took = (end - began).as_secs_f64().max(0.001);
        // Those who wait for ever would have counted with all their patience.
        let took = if missing > 0 {
            took.max(began.elapsed().as_secs_f64())
        } else {
            took
        };
        Rung {
            answered: u64::from(count),
            done: f64::from(count) / took,
            from_schedule: since(asked),
            from_hook: since(&seen.hooks),
            acks: Spread::of(seen.acks.clone()),
        }
    }
}

impl Rung {
    /// Adds what was measured to the table.
    pub fn tell(&self, suffix: &str, offered: u32, table: &mut Table) {
        let mut add = |name: &str, spread, budget| {
            table.add(&Row {
                name: format!("{name}{suffix}"),
                offered,
                done: self.done,
                spread,
                budget,
            });
        };
        add(
            "message → Pact call",
            self.from_schedule,
            "≥ 150/s, p50 ≤ 150 ms",
        );
        add("  of it from the webhook on", self.from_hook, "");
        add("  acks of all webhooks meanwhile", self.acks, "p99 ≤ 50 ms");
    }
}

fn is_answered(asked: &HashMap<i64, Instant>, sends: &[Sent]) -> bool {
    let answered: HashSet<i64> = sends.iter().flat_map(|sent| sent.answers.clone()).collect();
    asked.keys().all(|id| answered.contains(id))
}

fn phone(guest: usize) -> String {
    format!("7900000{:04}", 1_000 + guest)
}

fn message_url(world: &World, guest: usize) -> String {
    world.sandbox_url(&format!("guests/{}/messages", phone(guest)))
}

/// A guest writes; Pact's id of the message.
async fn ask(client: &reqwest::Client, url: &str, text: &str) -> Result<i64, Failure> {
    let made = world::play(client, url, &json!({"text": text})).await?;
    Ok(made["id"].as_i64().ok_or("a message without an id")?)
}
