//! The oracle: what must hold for every guest once everything is at rest, whatever has crashed on the way. It
//! compares what reached the guest and the CRM with what the backend recorded.

use super::book::{Book, Page};
use super::guest::{From, Line};
use super::{World, open_tasks};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use widget_core::change::Change;
use widget_core::dialog::Dialog;
use widget_core::owner::Owner;

/// How the text of every handoff begins.
const HANDOFF_BEGINS: &str = "Передаю ваше обращение";
/// How a question back begins: it answers what came before it, and names no message.
const CLARIFY_BEGINS: &str = "Подскажите, пожалуйста:";

/// What is known of a guest beside the records.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Messages that need no answer: thanks and the like.
    pub need_nothing: BTreeSet<i64>,
    /// How many deals the guest has.
    pub deals: usize,
}

/// A guest at rest.
pub struct Case {
    transcript: Vec<Line>,
    deals: Vec<Value>,
    book: Book,
}

impl World {
    /// What is wrong with a guest, each with a sentence; nothing if all promises hold.
    pub async fn wrongs(&self, phone: &str, expected: &Expected) -> Vec<String> {
        let guest = self.guest(phone);
        let conversation = guest.in_pact().await["conversation_id"].to_string();
        let Some(book) = self.book(&conversation).await else {
            return vec!["the backend knows no dialog".to_owned()];
        };
        let case = Case {
            transcript: guest.transcript().await,
            deals: self.deals_of(phone).await,
            book,
        };
        let mut wrongs = Vec::new();
        case.has_taken_every_message_once(&mut wrongs);
        case.leaves_nobody_without_an_answer(expected, &mut wrongs);
        case.sends_nothing_twice(&mut wrongs);
        case.answers_no_message_twice(&mut wrongs);
        case.hands_over_once_each_time(&mut wrongs);
        case.has_one_open_task_a_deal(&mut wrongs);
        case.shows_who_leads(expected, &mut wrongs);
        case.is_the_fold_of_its_journal(&mut wrongs);
        case.is_at_rest(&mut wrongs);
        if !wrongs.is_empty() {
            wrongs.push(case.told());
        }
        wrongs
    }

    /// Fails, with the guest's whole journal, if anything is wrong.
    pub async fn holds_its_promises(&self, phone: &str, expected: &Expected) {
        let wrongs = self.wrongs(phone, expected).await;
        assert!(wrongs.is_empty(), "{phone}:\n{}", wrongs.join("\n"));
    }
}

impl Case {
    fn lines(&self, from: From) -> impl Iterator<Item = &Line> {
        self.transcript.iter().filter(move |line| line.from == from)
    }

    /// Promise 2: what was acknowledged takes effect exactly once, and what was not is delivered again.
    fn has_taken_every_message_once(&self, wrongs: &mut Vec<String>) {
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        let has_effect =
            |page: &&Page| page.event["type"] == "guest_wrote" && !page.changes.is_empty();
        for page in self.book.journal.iter().filter(has_effect) {
            *taken.entry(plain(&page.event["id"])).or_default() += 1;
        }
        for line in self.lines(From::Guest) {
            let times = taken.get(&line.id.to_string()).copied().unwrap_or(0);
            if times != 1 {
                wrongs.push(format!("message {} took effect {times} times", line.id));
            }
        }
    }

    /// Promise 4: every message was answered by the bot or came before a person.
    fn leaves_nobody_without_an_answer(&self, expected: &Expected, wrongs: &mut Vec<String>) {
        let with_a_person = self.book.state.view.owner != Owner::Bot;
        for line in self.lines(From::Guest) {
            let by_bot = self.answers_to(line.id) > 0;
            let is_met = self.transcript.iter().any(|later| {
                let says = |words| later.from == From::Bot && later.text.contains(words);
                let meets =
                    later.from == From::Manager || says(HANDOFF_BEGINS) || says(CLARIFY_BEGINS);
                later.id > line.id && meets
            });
            let is_well = by_bot || is_met || with_a_person;
            if !is_well && !expected.need_nothing.contains(&line.id) {
                wrongs.push(format!("message {} met with silence", line.id));
            }
        }
        for waiting in &self.book.state.unanswered {
            if !with_a_person && !waiting.handed_back {
                wrongs.push(format!("message {} still waits for the bot", waiting.id));
            }
        }
    }

    /// How many texts of the bot name a message among those that they answer: `… [turn: 1, 2]`.
    fn answers_to(&self, message: i64) -> usize {
        let names = |line: &&Line| {
            let named = line.text.rsplit_once('[').map_or("", |(_, end)| end);
            let named = named.rsplit_once(": ").map_or("", |(_, ids)| ids);
            named
                .trim_end_matches(']')
                .split(", ")
                .any(|id| id == message.to_string())
        };
        self.lines(From::Bot).filter(names).count()
    }

    /// Promise 3: the texts that reached the guest are those that the ledger has, one each.
    fn sends_nothing_twice(&self, wrongs: &mut Vec<String>) {
        let mut accepted: Vec<_> = self.book.accepted.clone();
        let mut reached: Vec<_> = self
            .lines(From::Bot)
            .map(|line| line.id.to_string())
            .collect();
        accepted.sort();
        reached.sort();
        if accepted != reached {
            wrongs.push(format!(
                "reached the guest: {reached:?}, in the ledger: {accepted:?}"
            ));
        }
    }

    fn answers_no_message_twice(&self, wrongs: &mut Vec<String>) {
        for line in self.lines(From::Guest) {
            let times = self.answers_to(line.id);
            if times > 1 {
                wrongs.push(format!("message {} was answered {times} times", line.id));
            }
        }
    }

    fn hands_over_once_each_time(&self, wrongs: &mut Vec<String>) {
        let said = self.lines(From::Bot);
        let said = said
            .filter(|line| line.text.contains(HANDOFF_BEGINS))
            .count();
        let to_waiting = |change: &&Change| matches!(change, Change::OwnerSet(view) if matches!(view.owner, Owner::Waiting { .. }));
        let changes = self.book.journal.iter().flat_map(|page| &page.changes);
        let handoffs = changes.filter(to_waiting).count();
        if said > handoffs {
            wrongs.push(format!("{handoffs} handoffs, told {said} times"));
        }
    }

    fn has_one_open_task_a_deal(&self, wrongs: &mut Vec<String>) {
        let open = |deal: &Value| {
            let tasks = open_tasks(deal).into_iter();
            tasks.filter(|task| task["type"] == "WhatsApp").count()
        };
        for deal in &self.deals {
            if open(deal) > 1 {
                wrongs.push(format!("{} open tasks: {}", open(deal), deal["tasks"]));
            }
        }
        let waits = matches!(self.book.state.view.owner, Owner::Waiting { .. });
        if waits && self.deals.iter().map(open).sum::<usize>() == 0 {
            wrongs.push("the guest waits, and no task says so".to_owned());
        }
    }

    /// One deal per episode, and its field says who leads.
    fn shows_who_leads(&self, expected: &Expected, wrongs: &mut Vec<String>) {
        let owner = match self.book.state.view.owner {
            Owner::Bot => "Бот",
            Owner::Waiting { .. } => "Ждёт менеджера",
            Owner::Manager { .. } => "Менеджер",
        };
        let bound = self.book.state.deal.map(|deal| deal.0);
        let deals = self.deals.len();
        if deals != expected.deals {
            wrongs.push(format!("{deals} deals: {:?}", self.deals));
        }
        match self.deals.iter().find(|deal| deal["id"].as_i64() == bound) {
            Some(deal) if deal["owner_field"] == owner => {}
            Some(deal) => wrongs.push(format!("{owner} leads, shown is {}", deal["owner_field"])),
            None => wrongs.push(format!("bound to {bound:?}, which is no deal of the guest")),
        }
    }

    /// Promise 7.
    fn is_the_fold_of_its_journal(&self, wrongs: &mut Vec<String>) {
        let state = &self.book.state;
        let fresh = Dialog::new(state.id.clone(), state.account, state.conversation.clone());
        let journal = self.book.journal.iter();
        let fold = fresh.fold(journal.map(|page| (page.seq, page.at, page.changes.as_slice())));
        if fold != *state {
            wrongs.push(format!(
                "not the fold of its journal: {state:#?}\nbut {fold:#?}"
            ));
        }
    }

    fn is_at_rest(&self, wrongs: &mut Vec<String>) {
        let book = &self.book;
        if !book.open.is_empty() || !book.unhandled.is_empty() || !book.state.in_flight.is_empty() {
            wrongs.push("something was left undone".to_owned());
        }
    }

    fn told(&self) -> String {
        let mut told = String::from("── what was said ──\n");
        for line in &self.transcript {
            let _ = writeln!(told, "{} {:?}: {}", line.id, line.from, line.text);
        }
        told += "── the journal ──\n";
        told += &self.book.told();
        told
    }
}

/// An id that may be a number or a text.
fn plain(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
