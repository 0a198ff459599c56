//! Named crash points for the crash tests (DESIGN §9): `ESTAFETA_FAILPOINT=<name>[@<kind>][#<n>]:abort` kills the
//! process when the point is passed for the n-th time (the first, unless told otherwise) on behalf of that kind.
//! `:panic` panics there instead, to see the process live through it. A kind is an action's name, of a send also its
//! kind (`handoff`), or where something came from (`pact`). Compiled in only with the feature `failpoints`, which a
//! release build lacks.
//!
//! | point | passed |
//! | --- | --- |
//! | `after_ack` | a webhook is stored, its acknowledgement has not left (`pact`, `amocrm`) |
//! | `after_decide` | a dialog's decisions are made and not committed (the actions decided) |
//! | `after_commit` | they are committed, and nobody was told of it (the actions decided) |
//! | `after_claim` | an action is claimed, nothing is done |
//! | `after_call` | the call is over, its outcome is known to this process alone |
//! | `after_look` | the effect of an earlier call was looked for, with the same knowledge |
//! | `before_result` | what became of an action is to be stored |
//! | `after_result` | it is stored, and nobody was told of it |
//! | `after_refresh` | the CRM's catalogue was read at the start; the CRM has renewed our tokens, and they are not stored (`tokens`) |

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What happens where the point is passed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Deed {
        Abort,
        Panic,
    }

    /// The point that the environment chose.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Chosen {
        pub name: String,
        pub kind: Option<String>,
        pub nth: u64,
        pub deed: Deed,
    }

    impl Chosen {
        /// Reads `<name>[@<kind>][#<n>]:<deed>`.
        pub fn read(text: &str) -> Option<Self> {
            let (point, deed) = text.split_once(':')?;
            let deed = match deed {
                "abort" => Deed::Abort,
                "panic" => Deed::Panic,
                _ => return None,
            };
            let (point, nth) = match point.split_once('#') {
                Some((point, nth)) => (point, nth.parse().ok()?),
                None => (point, 1),
            };
            let (name, kind) = match point.split_once('@') {
                Some((name, kind)) => (name, Some(kind.to_owned())),
                None => (point, None),
            };
            Some(Self {
                name: name.to_owned(),
                kind,
                nth,
                deed,
            })
        }

        /// Whether passing `name` on behalf of `kinds` counts.
        pub fn is_at(&self, name: &str, kinds: &[&str]) -> bool {
            self.name == name
                && self
                    .kind
                    .as_ref()
                    .is_none_or(|kind| kinds.contains(&kind.as_str()))
        }
    }

    static CHOSEN: LazyLock<Option<Chosen>> = LazyLock::new(|| {
        let text = std::env::var("ESTAFETA_FAILPOINT").ok()?;
        let chosen = Chosen::read(&text);
        assert!(chosen.is_some(), "ESTAFETA_FAILPOINT is not read: {text}");
        chosen
    });
    static PASSED: AtomicU64 = AtomicU64::new(0);

    pub fn pass(name: &str, kinds: &[&str]) {
        let Some(chosen) = CHOSEN.as_ref().filter(|chosen| chosen.is_at(name, kinds)) else {
            return;
        };
        if PASSED.fetch_add(1, Ordering::SeqCst) + 1 != chosen.nth {
            return;
        }
        match chosen.deed {
            Deed::Abort => std::process::abort(),
            Deed::Panic => panic!("the failpoint {name}"),
        }
    }
}

#[cfg(feature = "failpoints")]
mod told {
    use crate::ports::send_kind;
    use widget_core::action::Action;

    /// Passes a point of the process itself.
    pub fn hit(name: &str) {
        super::armed::pass(name, &[]);
    }

    /// Passes a point on behalf of `kind`.
    pub fn hit_of(name: &str, kind: &str) {
        super::armed::pass(name, &[kind]);
    }

    /// Passes a point on behalf of actions.
    pub fn hit_for<'a>(name: &str, actions: impl IntoIterator<Item = &'a Action>) {
        let mut kinds = Vec::new();
        for action in actions {
            kinds.push(action.name());
            kinds.extend(send_kind(action).map(widget_core::action::SendKind::name));
        }
        super::armed::pass(name, &kinds);
    }
}

#[cfg(not(feature = "failpoints"))]
mod told {
    use widget_core::action::Action;

    /// Nothing, without the feature.
    pub fn hit(_name: &str) {}

    /// Nothing, without the feature.
    pub fn hit_of(_name: &str, _kind: &str) {}

    /// Nothing, without the feature.
    pub fn hit_for<'a>(_name: &str, _actions: impl IntoIterator<Item = &'a Action>) {}
}

pub use told::{hit, hit_for, hit_of};

#[cfg(all(test, feature = "failpoints"))]
mod tests {
    use super::armed::{Chosen, Deed};

    #[test]
    fn a_point_is_chosen_by_name_kind_and_count() {
        let chosen = Chosen::read("after_call@create_task#2:abort").expect("it reads");
        assert_eq!((chosen.nth, chosen.deed), (2, Deed::Abort));
        assert!(chosen.is_at("after_call", &["send", "create_task"]));
        assert!(!chosen.is_at("after_call", &["send", "handoff"]));
        assert!(!chosen.is_at("after_claim", &["create_task"]));
        let any = Chosen::read("after_ack:panic").expect("it reads");
        assert_eq!((any.nth, any.deed), (1, Deed::Panic));
        assert!(any.is_at("after_ack", &["pact"]) && any.is_at("after_ack", &[]));
        for wrong in ["after_ack", "after_ack:explode", "after_ack#x:abort"] {
            assert_eq!(Chosen::read(wrong), None, "{wrong}");
        }
    }
}
