//! The mode of a policy, changed in its text: comments and order stay as somebody wrote them.

use toml_edit::{DocumentMut, Item, Value, value};

/// The mode in which a new account starts when neither a policy file nor the settings say.
pub(super) const NEW_ACCOUNT: &str = "trial";

/// The mode that a policy names; `None` when it names none or is not TOML.
pub fn mode_of(policy: &str) -> Option<String> {
    let policy = policy.parse::<DocumentMut>().ok()?;
    policy.get("mode")?.as_str().map(str::to_owned)
}

/// The policy with another mode. Whether there is such a mode is for the policy's own check to say.
///
/// # Errors
/// The policy is not TOML: what is wrong with it.
pub fn with_mode(policy: &str, mode: &str) -> Result<String, String> {
    let mut policy = policy
        .parse::<DocumentMut>()
        .map_err(|error| error.message().to_owned())?;
    match policy.get_mut("mode").and_then(Item::as_value_mut) {
        Some(known) if known.as_str() == Some(mode) => {}
        Some(known) => {
            let decor = known.decor().clone();
            *known = Value::from(mode);
            *known.decor_mut() = decor;
        }
        None => {
            policy.insert("mode", value(mode));
        }
    }
    Ok(policy.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEFAULT_POLICY;

    #[test]
    fn only_the_mode_changes_and_comments_stay() {
        let before = DEFAULT_POLICY;
        let after = with_mode(before, "people").unwrap();
        assert_eq!(mode_of(&after).as_deref(), Some("people"));
        let changed: Vec<_> = before
            .lines()
            .zip(after.lines())
            .filter(|(old, new)| old != new)
            .collect();
        assert_eq!(changed.len(), 1, "{changed:?}");
        let (old, new) = changed[0];
        let comment = |line: &str| line.split_once('#').map(|(_, words)| words.to_owned());
        assert_eq!(comment(old), comment(new));
        assert_eq!(before.lines().count(), after.lines().count());
    }

    #[test]
    fn the_mode_that_it_has_leaves_every_letter() {
        let mode = mode_of(DEFAULT_POLICY).unwrap();
        assert_eq!(with_mode(DEFAULT_POLICY, &mode).unwrap(), DEFAULT_POLICY);
    }

    #[test]
    fn a_mode_is_added_where_there_is_none() {
        let added = with_mode("# rules\nschema = 1\n[timers]\n", "off").unwrap();
        assert_eq!(added, "# rules\nschema = 1\nmode = \"off\"\n[timers]\n");
        assert_eq!(mode_of("schema = 1"), None);
        assert!(with_mode("mode = ", "off").is_err());
    }
}
