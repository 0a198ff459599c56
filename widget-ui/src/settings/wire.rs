//! Reads the backend's answers: the wire types of `widget_core::wire::{policy, knowledge, versions}`, from any tree of JSON.

use crate::read::Node;
use widget_core::ids::UserId;
use widget_core::knowledge::{BaseFile, Passage};
use widget_core::wire::UserName;
use widget_core::wire::knowledge::{
    KnowledgeFound, KnowledgeMissed, KnowledgeSaved, KnowledgeView, MissedGroup, PassageFound,
};
use widget_core::wire::policy::{Check, Checks, PolicySaved, PolicyView};
use widget_core::wire::versions::{
    FieldChange, FieldFinding, VersionAbout, VersionProblem, Versions,
};

/// The wire's `PolicyView`.
pub fn view<N: Node>(node: &N) -> Option<PolicyView> {
    Some(PolicyView {
        about: about(node)?,
        toml: text(node, "toml")?,
        now: whole(node, "now")?,
        in_force: whole(node, "in_force")?,
        from_file: node.get("from_file")?.flag()?,
        may_change: node.get("may_change")?.flag()?,
        users: list(node, "users", user)?,
    })
}

/// The wire's `KnowledgeView`.
pub fn base<N: Node>(node: &N) -> Option<KnowledgeView> {
    Some(KnowledgeView {
        version: whole(node, "version")?,
        files: list(node, "files", file)?,
        passages: list(node, "passages", passage)?,
        may_change: node.get("may_change")?.flag()?,
    })
}

/// The wire's `KnowledgeSaved`.
pub fn base_saved(node: &impl Node) -> Option<KnowledgeSaved> {
    Some(KnowledgeSaved {
        version: whole(node, "version")?,
        passages: usize::try_from(whole(node, "passages")?).ok()?,
    })
}

/// The wire's `KnowledgeFound`.
pub fn found<N: Node>(node: &N) -> Option<KnowledgeFound> {
    Some(KnowledgeFound {
        version: whole(node, "version")?,
        answers: node.get("answers")?.flag()?,
        found: list(node, "found", |node| {
            Some(PassageFound {
                passage: passage(&node.get("passage")?)?,
                confidence: node.get("confidence")?.number()?,
            })
        })?,
    })
}

/// The wire's `KnowledgeMissed`.
pub fn missed<N: Node>(node: &N) -> Option<KnowledgeMissed> {
    Some(KnowledgeMissed {
        groups: list(node, "groups", |node| {
            Some(MissedGroup {
                count: usize::try_from(whole(node, "count")?).ok()?,
                last_at: whole(node, "last_at")?,
                questions: list(node, "questions", N::text)?,
            })
        })?,
    })
}

fn file<N: Node>(node: &N) -> Option<BaseFile> {
    Some(BaseFile {
        name: text(node, "name")?,
        text: text(node, "text")?,
    })
}

fn passage<N: Node>(node: &N) -> Option<Passage> {
    Some(Passage {
        id: text(node, "id")?,
        title: text(node, "title")?,
        questions: list(node, "questions", N::text)?,
        text: text(node, "text")?,
    })
}

/// The wire's `Versions`.
pub fn versions<N: Node>(node: &N) -> Option<Versions> {
    Some(Versions {
        versions: list(node, "versions", about)?,
    })
}

/// The wire's `PolicySaved`.
pub fn saved(node: &impl Node) -> Option<PolicySaved> {
    Some(PolicySaved {
        version: whole(node, "version")?,
        in_force: node.get("in_force")?.flag()?,
    })
}

/// The wire's `VersionProblem`.
pub fn problem<N: Node>(node: &N) -> Option<VersionProblem> {
    Some(VersionProblem {
        code: text(node, "code")?,
        title: text(node, "title")?,
        status: u16::try_from(whole(node, "status")?).ok()?,
        detail: text(node, "detail"),
        findings: list(node, "findings", finding).unwrap_or_default(),
        newest: node.get("newest").and_then(|node| about(&node)),
        changes: list(node, "changes", change).unwrap_or_default(),
    })
}

/// The wire's `Checks`.
pub fn checks<N: Node>(node: &N) -> Option<Checks> {
    Some(Checks {
        checks: list(node, "checks", check)?,
    })
}

fn check<N: Node>(node: &N) -> Option<Check> {
    Some(Check {
        part: text(node, "part")?,
        what: text(node, "what")?,
        is_well: node.get("well")?.flag()?,
        words: text(node, "words")?,
    })
}

fn about<N: Node>(node: &N) -> Option<VersionAbout> {
    Some(VersionAbout {
        version: whole(node, "version")?,
        at: whole(node, "at")?,
        origin: text(node, "origin")?,
        mode: text(node, "mode"),
        user: node.get("user").and_then(|node| user(&node)),
        passages: whole(node, "passages").and_then(|count| u32::try_from(count).ok()),
    })
}

fn user<N: Node>(node: &N) -> Option<UserName> {
    Some(UserName {
        id: UserId(whole(node, "id")?),
        name: text(node, "name")?,
    })
}

fn finding<N: Node>(node: &N) -> Option<FieldFinding> {
    Some(FieldFinding {
        path: text(node, "path")?,
        problem: text(node, "problem")?,
        english: text(node, "english").unwrap_or_default(),
    })
}

fn change<N: Node>(node: &N) -> Option<FieldChange> {
    Some(FieldChange {
        path: text(node, "path")?,
        old: text(node, "old"),
        new: text(node, "new"),
        moved: node
            .get("moved")
            .and_then(|moved| moved.flag())
            .unwrap_or_default(),
    })
}

fn text(node: &impl Node, name: &str) -> Option<String> {
    node.get(name)?.text()
}

#[allow(clippy::cast_possible_truncation)] // versions, ids and times are far below 2^53
fn whole(node: &impl Node, name: &str) -> Option<i64> {
    Some(node.get(name)?.number()? as i64)
}

fn list<N: Node, T>(node: &N, name: &str, read: fn(&N) -> Option<T>) -> Option<Vec<T>> {
    node.get(name)?.items()?.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What serde reads, the settings read.
    fn same<T: serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
        read: fn(&Value) -> Option<T>,
        answer: Value,
    ) {
        let known: T = serde_json::from_value(answer.clone()).unwrap();
        assert_eq!(read(&answer), Some(known), "{answer}");
    }

    #[test]
    fn every_answer_is_read_as_the_backend_means_it() {
        let olga = json!({"id": 9001, "name": "Ольга"});
        let about = json!({"version": 7, "at": 1_794_988_800_000_i64, "origin": "api", "mode": "on", "user": olga});
        let mut newest = about.clone();
        for (name, value) in [
            ("toml", json!("schema = 1")),
            ("now", json!(1_794_988_800_000_i64)),
            ("in_force", json!(7)),
            ("from_file", json!(true)),
            ("may_change", json!(false)),
            ("users", json!([olga])),
        ] {
            newest[name] = value;
        }
        same(view, newest);
        let first = json!({"version": 1, "at": 0, "origin": "file"});
        same(versions, json!({"versions": [about, first]}));
        same(
            checks,
            json!({"checks": [{"part": "bot", "what": "reachable", "well": false, "words": "start it"}]}),
        );
        same(saved, json!({"version": 8, "in_force": true}));
        let passage = json!({"id": "pool", "title": "Бассейн", "questions": ["Есть бассейн?"], "text": "Есть."});
        same(
            base,
            json!({"version": 2, "files": [{"name": "a.md", "text": "## Бассейн"}], "passages": [passage], "may_change": true}),
        );
        same(base_saved, json!({"version": 3, "passages": 57}));
        same(
            found,
            json!({"version": 0, "answers": true, "found": [{"passage": passage, "confidence": 0.83}]}),
        );
        same(
            missed,
            json!({"groups": [{"count": 2, "last_at": 1_794_988_800_000_i64, "questions": ["Есть корт?", "корт?"]}]}),
        );
        let counted = json!({"version": 2, "at": 5, "origin": "cli", "passages": 57});
        same(versions, json!({"versions": [counted]}));
        same(
            problem,
            json!({"code": "policy_stale", "title": "t", "status": 409, "newest": about,
                "changes": [{"path": "mode", "old": "\"on\"", "new": "\"off\""}, {"path": "x", "new": "1"},
                {"path": "stages[new]", "old": "1", "new": "2", "moved": true}]}),
        );
        same(
            problem,
            json!({"code": "policy_wrong", "title": "t", "status": 422, "detail": "d",
                "findings": [{"path": "timers.quiet", "problem": "Время", "english": "A time"}]}),
        );
    }
}
