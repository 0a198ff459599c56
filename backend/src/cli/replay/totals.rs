//! What a replay came to in all.

use crate::app::replay::Judged;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Counted over all dialogs.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    dialogs: u64,
    /// Judged; a dialog's events after its first difference are not.
    events: u64,
    /// Dialogs with a difference.
    differ: u64,
    /// Kinds of differences, with their dialogs.
    kinds: BTreeMap<String, u64>,
    /// Events that this version cannot judge.
    skipped: u64,
    /// Dialogs whose journal has a gap or a row that this version cannot read.
    unreadable: u64,
    /// Rows decided by another version of the program.
    other_core: u64,
}

impl Totals {
    pub(super) fn add(&mut self, judged: &Judged, kind: Option<String>) {
        self.dialogs += 1;
        self.events += judged.replayed.events;
        self.skipped += judged.replayed.skipped;
        self.other_core += judged.other_core;
        self.unreadable += u64::from(judged.unreadable || judged.replayed.gap.is_some());
        if let Some(kind) = kind {
            self.differ += 1;
            *self.kinds.entry(kind).or_default() += 1;
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Диалогов: {}, событий: {}, решаются иначе: {}",
            self.dialogs, self.events, self.differ
        )?;
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, dialogs)| std::cmp::Reverse(**dialogs));
        for (kind, dialogs) in kinds {
            writeln!(f, "  {kind}: {dialogs}")?;
        }
        let rest = [
            (self.skipped, "Событий неизвестного вида, не проверены"),
            (
                self.unreadable,
                "Диалогов, журнал которых прочитан не до конца",
            ),
            (
                self.other_core,
                "Событий, решённых другой версией программы: разница может быть и от неё",
            ),
        ];
        for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
            writeln!(f, "{what}: {count}")?;
        }
        Ok(())
    }
}
