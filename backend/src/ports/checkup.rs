//! What a look at a part of the connection came to: a line for the operator.

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was looked at, such as `webhook`.
    pub what: &'static str,
    /// Nothing has to be done.
    pub is_well: bool,
    /// What was found, and where something has to be done, what. Never a secret.
    pub words: String,
}

impl Checked {
    /// Nothing has to be done.
    pub fn well(what: &'static str, words: impl Into<String>) -> Self {
        Self {
            what,
            is_well: true,
            words: words.into(),
        }
    }

    /// Somebody has to do what the words say.
    pub fn wrong(what: &'static str, words: impl Into<String>) -> Self {
        Self {
            what,
            is_well: false,
            words: words.into(),
        }
    }
}
