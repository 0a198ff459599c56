//! What only a real account can tell, asked of every provider of every account.

use super::doctor::{access, amocrm, pact, stored};
use super::{AppError, Desk};
use crate::adapters::pact::probe::PactProbe;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::ports::Probe;
use std::sync::Arc;

/// A question, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// Who was asked, such as `amoCRM of Санаторий`.
    pub of: String,
    /// The question's name.
    pub id: &'static str,
    /// What we want to know, and which section leaves it open.
    pub asks: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// A sentence; where nobody could be asked, why.
    pub answer: String,
    /// What was seen.
    pub evidence: String,
}

/// How a question went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is answered.
    Settled,
    /// This account cannot tell yet.
    Open,
    /// It could not be asked.
    Failed,
}

/// Asks everything. `now`: business unix ms, by which tokens end.
///
/// # Errors
/// [`AppError`] when an account is not connected or its settings cannot be used: then nothing is asked.
pub async fn probe(config: &Config, now: i64) -> Result<Vec<Probed>, AppError> {
    let desk = Desk::to_read(config).await.ok();
    let mut all = Vec::new();
    for account in &config.accounts {
        let name = &account.name;
        let granted = match &desk {
            Some(desk) => stored(account, &desk.store).await.1,
            None => None,
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let not_connected = |problem: String| AppError::NotConnected {
            account: name.clone(),
            problem,
        };
        let (access, endpoint) =
            access(account, granted, now).map_err(|checked| not_connected(checked.words))?;
        let crm =
            amocrm(account, access, endpoint, clock, config.limited).map_err(not_connected)?;
        ask_all(&mut all, &format!("amoCRM of {name}"), &crm).await;
        let company = pact(account).map_err(|error| not_connected(error.to_string()))?;
        let company = PactProbe::new(company);
        ask_all(&mut all, &format!("Pact of {name}"), &company).await;
    }
    if let Some(desk) = desk {
        desk.close().await;
    }
    Ok(all)
}

async fn ask_all(all: &mut Vec<Probed>, of: &str, provider: &dyn Probe) {
    for question in provider.questions() {
        let (verdict, answer, evidence) = match provider.ask(question.id).await {
            Ok(answer) if answer.is_settled => (Verdict::Settled, answer.answer, answer.evidence),
            Ok(answer) => (Verdict::Open, answer.answer, answer.evidence),
            Err(error) => (Verdict::Failed, error.to_string(), String::new()),
        };
        all.push(Probed {
            of: of.to_owned(),
            id: question.id,
            asks: question.asks,
            verdict,
            answer,
            evidence,
        });
    }
}
