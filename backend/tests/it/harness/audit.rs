//! An automated audit of what a page shows: axe-core, from the same npm packages as the page itself.

use super::Tab;
use serde_json::Value;

/// WCAG 2.2, levels A and AA.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']";

impl Tab {
    /// Brings the auditor to the page, once for each page that was opened.
    pub async fn brings_the_auditor(&self) {
        let script = "new Promise((done, failed) => { const script = document.createElement('script'); \
            script.onload = () => done(axe.version); script.onerror = failed; script.src = '/npm/axe-core/axe.min.js'; \
            document.head.append(script); })";
        let version = self.awaits(script).await.expect("axe-core");
        assert!(
            version.is_string(),
            "npm ci in backend/sandbox brings axe-core: {version}"
        );
    }

    /// What is wrong with these parts of the page, to which at least so many rules apply.
    pub async fn audit(&self, parts: &[&str], least: u64) -> Vec<String> {
        let parts = serde_json::json!(parts.iter().map(|css| [css]).collect::<Vec<_>>());
        let script = format!(
            "axe.run({{ include: {parts} }}, {{ runOnly: {RULES}, resultTypes: ['violations'] }}).then(({{ violations, passes }}) => ({{ \
               passed: passes.length, \
               violations: violations.flatMap(({{ id, nodes }}) => nodes.map((node) => `${{id}}: ${{node.target}}: ${{node.failureSummary}}`)) }}))"
        );
        let result = self.awaits(&script).await.expect("an audit");
        assert!(
            result["passed"]
                .as_u64()
                .is_some_and(|passed| passed >= least),
            "{result}"
        );
        let violations = result["violations"].as_array().expect("a list");
        violations.iter().map(Value::to_string).collect()
    }
}
