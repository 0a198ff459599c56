//! Worlds whose bot is none of the sandbox's: a language model behind its scripted endpoint, or the one that answers from the
//! knowledge base alone.

use super::World;
use serde_json::{Value, json};

/// The page on which guests book in these worlds, as a change of the default policy.
pub const BOOKING_PAGE: (&str, &str) = (
    "\n[exclude]\n",
    "\n[booking]\n\
     url = \"https://booking.example.org/?date={arrival}&nights={nights}&adults={adults}&room={category}\"\n\
     categories = { \"люкс\" = \"lux\", \"стандарт\" = \"std\" }\n\n\
     [exclude]\n",
);

impl World {
    /// Before the backend starts: its bot is a language model.
    pub fn has_a_model(&self) {
        let key = self.setting("accounts.0.bot.secret");
        self.has_a_bot(&format!(
            "kind = \"openai\"\nurl = \"{}/openai/v1\"\nkey = {key}\nmodel = \"some-model\"\ntimeout_ms = 10000\n",
            self.sandbox_url
        ));
    }

    /// Before the backend starts: its bot answers from the knowledge base alone.
    pub fn has_the_faq_bot(&self) {
        self.has_a_bot("kind = \"faq\"\n");
    }

    /// Before the backend starts: its knowledge base is this Markdown.
    pub fn has_a_base(&self, markdown: &str) {
        let folder = self.settings().with_file_name("base");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("base.md"), markdown).expect("a base");
        let text = std::fs::read_to_string(self.settings()).expect("settings");
        let account = format!("[[accounts]]\nknowledge = {}\n", json!(folder));
        let text = text.replacen("[[accounts]]\n", &account, 1);
        std::fs::write(self.settings(), text).expect("settings");
    }

    /// Before the backend starts: it serves another account too, beside the one of the sandbox, by the same integration. That
    /// one answers nobody. Its number in amoCRM.
    pub fn has_another_account(&self) -> i64 {
        let other = self.account() + 1;
        let policy = self.settings().with_file_name("other.toml");
        let off = include_str!("../../../policies/sanatorium.toml").replacen(
            "mode = \"on\"",
            "mode = \"off\"",
            1,
        );
        std::fs::write(&policy, off).expect("a policy");
        let text = std::fs::read_to_string(self.settings()).expect("settings");
        let at = text.find("[[accounts]]").expect("an account");
        let mut more: toml_edit::DocumentMut = text[at..].parse().expect("TOML");
        let accounts = more["accounts"].as_array_of_tables_mut().expect("accounts");
        let account = accounts.get_mut(0).expect("an account");
        let company = account["pact"]["company_id"].as_integer();
        let company = company.expect("a number") + 1;
        account["policy"] = toml_edit::value(policy.display().to_string());
        account["name"] = toml_edit::value("other");
        account["amocrm"]["account_id"] = toml_edit::value(other);
        account["pact"]["company_id"] = toml_edit::value(company);
        std::fs::write(self.settings(), format!("{text}\n{more}")).expect("settings");
        other
    }

    fn has_a_bot(&self, table: &str) {
        let text = std::fs::read_to_string(self.settings()).expect("settings");
        let (before, _) = text.split_once("[accounts.bot]").expect("a bot");
        let text = format!("{before}[accounts.bot]\n{table}");
        std::fs::write(self.settings(), text).expect("settings");
    }

    /// What the model says to the next turns, in the control surface's words; then it answers well.
    pub async fn model_says(&self, steps: Value) {
        self.play("openai", &json!({"script": steps})).await;
    }

    /// The questions to the model, oldest first.
    pub async fn asked_of_the_model(&self) -> Vec<Value> {
        let model = self.look("openai").await.expect("the model");
        model["asked"].as_array().expect("questions").clone()
    }
}
