//! What only a real account can tell: questions that the references leave open, asked without changing anything.

use crate::error::CallError;
use async_trait::async_trait;

/// Something that the references leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Its name on the command line, such as `page-limit`.
    pub id: &'static str,
    /// What we want to know, with the section of the reference that leaves it open.
    pub asks: &'static str,
}

/// What a provider answered to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// A sentence, for a person.
    pub answer: String,
    /// What was seen: calls, statuses, counts, names of fields. Never a name, a phone, a text or a secret.
    pub evidence: String,
    /// Nothing is left to find out.
    pub is_settled: bool,
}

impl Answer {
    /// The question is answered.
    pub fn settled(answer: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self {
            answer: answer.into(),
            evidence: evidence.into(),
            is_settled: true,
        }
    }

    /// This account cannot tell yet; `answer` says what has to be done or there first.
    pub fn open(answer: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self {
            answer: answer.into(),
            evidence: evidence.into(),
            is_settled: false,
        }
    }
}

/// A provider that can be asked. Nothing of it changes.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Everything that can be asked, in the order of the report.
    fn questions(&self) -> &'static [Question];

    /// Asks one of [`Probe::questions`].
    ///
    /// # Errors
    /// The provider could not be asked; [`CallError::Refused`] with status 0 where there is no such question.
    async fn ask(&self, id: &str) -> Result<Answer, CallError>;
}
