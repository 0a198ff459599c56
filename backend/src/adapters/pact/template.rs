//! Writing first with a template that Meta has approved: the only text that reaches a guest of `WhatsApp` Business who
//! has been silent for more than a day.

use super::{Effect, Pact, object, rows};
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{Guest, WriteFirst};
use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use widget_core::ids::MessageId;

/// Templates on a page, where the answer does not say.
const PAGE: usize = 25;
/// Pages looked through at most.
const MOST_PAGES: u32 = 8;

impl Pact {
    /// The final touch may go as one of the templates with these ids: the first whose words are those of the touch.
    #[must_use]
    pub fn with_touch_templates(mut self, ids: &[i64]) -> Self {
        self.touch_templates = ids.to_vec();
        self
    }

    /// The template that reads as `text`, as Pact calls it, and what stands in its gaps.
    async fn template(&self, text: &str) -> Result<(Value, Vec<String>), CallError> {
        for page in 1..=MOST_PAGES {
            let request = self.http.request(Method::GET, &["waba_templates"]);
            let request = request.query(&[("company_ids[]", self.company)]);
            let request = request.query(&[("page", page)]);
            let answer = self.read("templates", request).await?;
            let found = rows(&answer, "waba_templates");
            let ours = found.iter().filter(|row| {
                json::int(&row["id"]).is_some_and(|id| self.touch_templates.contains(&id))
            });
            for template in ours {
                let body = json::text(&template["body"]).unwrap_or_default();
                if let Some(substitutions) = fitted(body, text) {
                    return Ok((template["waba_id"].clone(), substitutions));
                }
            }
            if found.len() < PAGE {
                break;
            }
        }
        let words = "none of `touch_templates` has the words of the final touch";
        Err(CallError::refused(0, words))
    }
}

#[async_trait]
impl WriteFirst for Pact {
    async fn write_first(&self, guest: &Guest, text: &str) -> Result<MessageId, CallError> {
        let (template, substitutions) = self.template(text).await?;
        let body = json!({
            "company_id": self.company, "provider": guest.provider, "phone": guest.phone,
            "waba_id": template, "substitutions": substitutions, "send_to_crm": true,
        });
        let request = self.http.request(Method::POST, &["messages"]).json(&body);
        let answer = self.call("write first", Effect::Write, request).await?;
        json::id_text(&object(&answer, "message")["id"])
            .map(MessageId)
            .ok_or_else(|| CallError::unknown("write first: no id in the answer"))
    }
}

/// What has to stand in the gaps `{{1}}`, `{{2}}` … of a template so that it reads as `text`; `None` where it cannot.
fn fitted(template: &str, text: &str) -> Option<Vec<String>> {
    let (first, mut rest) = template.split_once("{{").unwrap_or((template, ""));
    let mut left = text.trim().strip_prefix(first.trim_start())?;
    let mut filled = Vec::new();
    while !rest.is_empty() {
        let (number, after) = rest.split_once("}}")?;
        if number.trim().parse() != Ok(filled.len() + 1) {
            return None;
        }
        let (words, behind);
        if let Some((between, next)) = after.split_once("{{") {
            rest = next;
            // Where two gaps touch, nobody can say which words belong to which.
            (words, behind) = left.split_once(between).filter(|_| !between.is_empty())?;
        } else {
            rest = "";
            (words, behind) = (left.strip_suffix(after.trim_end())?, "");
        }
        if words.trim().is_empty() {
            return None;
        }
        filled.push(words.to_owned());
        left = behind;
    }
    left.is_empty().then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::super::tests::pact;
    use super::*;
    use crate::adapters::fake::{Fake, Reaction};

    fn anna() -> Guest {
        Guest {
            phone: "79000000001".to_owned(),
            name: None,
            provider: "whatsapp_business".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_touch_goes_as_the_first_of_our_templates_that_has_its_words() {
        let fake = Fake::new(|seen| match seen.method.as_str() {
            "GET" => Reaction::Json(
                200,
                json!({"waba_templates": [
                    {"id": 8100, "waba_id": "w0", "body": "{{1}}, вы ещё выбираете?"},
                    {"id": "8101", "waba_id": "w1", "body": "Вы уже решили?"},
                    {"id": 8102, "waba_id": "w2", "body": "{{1}}, вы ещё выбираете?"}]}),
            ),
            _ => Reaction::Json(201, json!({"message": {"id": 900_511}})),
        })
        .await;
        let pact = pact(&fake.url).with_touch_templates(&[8101, 8102]);
        let sent = pact.write_first(&anna(), "Анна, вы ещё выбираете?").await;
        assert_eq!(sent, Ok(MessageId::from("900511")));
        let seen = &fake.seen()[1];
        assert!(seen.is("POST", "/api/p2/messages"));
        assert_eq!(
            seen.body,
            json!({"company_id": 5001, "provider": "whatsapp_business", "phone": "79000000001", "waba_id": "w2",
                "substitutions": ["Анна"], "send_to_crm": true})
        );
        let other = pact.write_first(&anna(), "Что-то другое").await;
        assert!(matches!(other, Err(CallError::Refused { status: 0, .. })));
        assert_eq!(fake.seen().len(), 3, "nothing else was sent");
    }

    #[test]
    fn a_text_fits_a_template_or_is_not_sent_as_one() {
        let fits = |template, text| fitted(template, text).map(|words| words.join("|"));
        for (template, text, words) in [
            (
                "{{1}}, вы ещё выбираете?",
                "Анна, вы ещё выбираете?",
                "Анна",
            ),
            ("Здравствуйте, {{1}}!", "Здравствуйте, Анна!", "Анна"),
            (
                "{{1}} ждёт вас {{2}}.",
                "Санаторий ждёт вас в мае.",
                "Санаторий|в мае",
            ),
            ("Вы ещё выбираете?", " Вы ещё выбираете? ", ""),
            ("{{1}}", "Что угодно", "Что угодно"),
        ] {
            assert_eq!(fits(template, text).as_deref(), Some(words), "{template}");
        }
        for (template, text) in [
            ("{{1}}, вы ещё выбираете?", "Анна, вы выбрали?"),
            ("{{1}}, вы ещё выбираете?", ", вы ещё выбираете?"),
            ("{{1}}{{2}}", "Анна"),
            ("{{2}}, {{1}}", "Анна, Пётр"),
            ("{{1}", "Анна"),
            ("Вы ещё выбираете?", "Вы ещё выбираете? Да?"),
            ("", "Анна"),
        ] {
            assert_eq!(fits(template, text), None, "{template}");
        }
    }
}
