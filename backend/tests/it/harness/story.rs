//! Verbs for stories that go through hours and days of a dialog.

use super::{Guest, Manager, World, whatsapp_tasks};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use widget_core::owner::{Owner, ReasonId};
use widget_core::wire::DialogView;

/// Ольга, the administrator: the sandbox's policy names her for what nobody sees to.
pub const OLGA: i64 = 9001;
/// What a guest reads at a handoff outside working hours.
pub const HANDOFF_OFF_HOURS: &str =
    "Передаю ваше обращение менеджеру. В рабочее время вам ответит менеджер.";

impl World {
    /// A sandbox and a backend whose policy differs from the default: each `from` stands there once.
    pub async fn with_policy(changes: &[(&str, &str)]) -> Self {
        let world = Self::without_backend().await;
        world.has_a_policy_with(changes);
        world.serve(&[]).await;
        world
    }

    /// The clock shows this (RFC 3339); what falls due on the way has happened.
    pub async fn it_is(&self, time: &str) {
        self.play("clock", &json!({"set": time})).await;
    }

    /// So many minutes pass.
    pub async fn minutes_pass(&self, minutes: i64) {
        self.advance_s(minutes * 60).await;
    }

    /// What the bot makes of messages, in the control surface's words.
    pub async fn bot_knows(&self, rules: Value) {
        self.bot(&json!({"rules": rules})).await;
    }

    /// The last question to the bot, as the bot got it.
    pub async fn last_question(&self) -> Value {
        let bot = self.look("bot").await.expect("the bot");
        let asked = bot["asked"].as_array().expect("questions");
        asked.last().expect("a question").clone()
    }

    /// A deal made by hand before anybody writes.
    pub async fn has_a_deal_at(&self, phone: &str, stage: &str) -> Value {
        self.has_a_deal_with(phone, stage, json!({})).await
    }

    /// The same, with more of what the control surface takes.
    pub async fn has_a_deal_with(&self, phone: &str, stage: &str, mut more: Value) -> Value {
        more["phone"] = json!(phone);
        more["stage"] = json!(stage);
        more["name"] = json!("Бронирование");
        self.play("deals", &more).await
    }

    /// A deal as it stands now.
    pub async fn now(&self, deal: &Value) -> Value {
        let path = format!("deals/{}", deal["id"]);
        self.look(&path).await.expect("the deal")
    }

    /// Waits for a deal to be so.
    pub async fn sees_deal(
        &self,
        deal: &Value,
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        self.eventually(&format!("the deal: {what}"), async || {
            Some(self.now(deal).await).filter(&holds)
        })
        .await
    }

    /// Waits for a deal's stage.
    pub async fn deal_comes_to(&self, deal: &Value, stage: &str) -> Value {
        self.sees_deal(deal, stage, |deal| deal["stage"] == stage)
            .await
    }

    /// A request to amoCRM's API, as an integration of somebody else makes it.
    pub async fn asks_amocrm(&self, method: Method, path: &str, body: &Value) -> Value {
        let token = self.setting("accounts.0.amocrm.token");
        let url = format!("{}/api/v4/{path}", self.sandbox_url);
        let request = self.client.request(method, url).json(body);
        let request = request.bearer_auth(token.as_str().expect("a token"));
        let answer = request.send().await.expect("amoCRM answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }

    /// The account's robot changes a deal.
    pub async fn robot_edits(&self, deal: &Value, mut change: Value) {
        change["by"] = json!("robot");
        self.play(&format!("deals/{}", deal["id"]), &change).await;
    }

    /// The account's robot sets a task on a deal.
    pub async fn robot_sets_task(&self, deal: &Value, kind: &str) -> Value {
        let task = json!({"deal": deal["id"], "type": kind, "by": "robot"});
        self.play("tasks", &task).await
    }

    /// Requests to amoCRM that changed or made something there.
    pub async fn writes_to_crm(&self) -> Vec<String> {
        let calls = self.calls("amocrm").await.into_iter();
        calls
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with("GET"))
            .collect()
    }

    /// The only deal of a guest beside this one, once there is one; fails if there are more.
    pub async fn new_deal_beside(&self, phone: &str, old: &Value) -> Value {
        let deals = self
            .eventually("a new deal", async || {
                let deals = self.deals_of(phone).await;
                (deals.len() > 1).then_some(deals)
            })
            .await;
        let new: Vec<_> = deals
            .into_iter()
            .filter(|deal| deal["id"] != old["id"])
            .collect();
        assert_eq!(new.len(), 1, "one new deal: {new:#?}");
        new.into_iter().next().unwrap_or_default()
    }
}

impl Guest<'_> {
    /// Writes, and nothing comes back: no text of ours, no question to the bot.
    pub async fn is_not_answered(&self, text: &str) -> i64 {
        let before = (self.heard_from_bot().await, self.world.turns().await);
        let message = self.asks(text).await;
        self.world.comes_to_rest().await;
        let after = (self.heard_from_bot().await, self.world.turns().await);
        assert_eq!(after, before, "the bot is silent at «{text}»");
        message
    }
}

impl Manager<'_> {
    /// Opens the deal's card and stays for a moment.
    pub async fn opens(&self, deal: &Value) {
        let url = format!(
            "{}/api/v1/deals/{}/opened",
            self.world.serve_url, deal["id"]
        );
        self.world
            .eventually("the card is opened", async || {
                let request = self.world.client.post(&url);
                let answer = request.bearer_auth(self.bearer().await).send().await;
                match answer.expect("the backend answers").status() {
                    StatusCode::UNAUTHORIZED => {
                        // A session that is over is opened anew.
                        self.bearer.borrow_mut().take();
                        None
                    }
                    status => {
                        assert!(status.is_success(), "{status}");
                        Some(())
                    }
                }
            })
            .await;
    }

    /// Waits until the card shows that the guest waits for this reason.
    pub async fn sees_waiting(&self, phone: &str, why: ReasonId) -> DialogView {
        let waits = |dialog: &DialogView| matches!(&dialog.view.owner, Owner::Waiting { reason, .. } if reason.id == why);
        self.sees_where(phone, &format!("waiting, {why:?}"), waits)
            .await
    }

    /// Waits until the card shows that the bot leads.
    pub async fn sees_the_bot(&self, phone: &str) -> DialogView {
        self.sees_where(phone, "led by the bot", |dialog| {
            dialog.view.owner == Owner::Bot
        })
        .await
    }

    /// Waits until the card shows that a person leads.
    pub async fn sees_a_person(&self, phone: &str) -> DialogView {
        self.sees_where(phone, "led by a person", |dialog| {
            matches!(dialog.view.owner, Owner::Manager { .. })
        })
        .await
    }
}

/// All tasks of a deal of type «Связаться», closed ones too.
pub fn contact_tasks(deal: &Value) -> Vec<&Value> {
    let tasks = deal["tasks"].as_array().expect("tasks");
    tasks
        .iter()
        .filter(|task| task["type"] == "Связаться")
        .collect()
}

/// Whether a deal has its one «WhatsApp» task.
pub fn has_its_task(deal: &Value) -> bool {
    whatsapp_tasks(deal).len() == 1
}

/// Whether one of a deal's notes begins so.
pub fn has_note(deal: &Value, beginning: &str) -> bool {
    let notes = deal["notes"].as_array().expect("notes");
    notes.iter().any(|note| {
        note.as_str()
            .is_some_and(|note| note.starts_with(beginning))
    })
}

/// Unix seconds of a time as the control surface shows it.
pub fn seconds(time: &Value) -> i64 {
    let time: jiff::Timestamp = time.as_str().expect("a time").parse().expect("RFC 3339");
    time.as_second()
}

/// Since when a dialog waits, unix seconds.
pub fn waits_since(dialog: &DialogView) -> i64 {
    match dialog.view.owner {
        Owner::Waiting { since, .. } => since / 1000,
        _ => panic!("it waits for nobody: {dialog:#?}"),
    }
}
