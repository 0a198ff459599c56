//! What a reader calls a place of the policy and a value there.

use super::doc::{Doc, Leaf};
use super::fields::stages;
use crate::i18n::{Lang, Texts};
use widget_core::owner::{Reason, ReasonId};
use widget_core::trace::reason_text;
use widget_core::wire::UserName;
use widget_core::wire::versions::FieldChange;

/// The words of a policy.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// The texts.
    pub texts: &'a Texts,
    /// The policy, whose stages and triggers have names; then another one, which knows the rows that this one lacks.
    pub docs: [&'a Doc; 2],
    /// Users of the account, for whom tasks can be.
    pub users: &'a [UserName],
}

impl Naming<'_> {
    /// A difference as a sentence.
    pub fn change(&self, change: &FieldChange) -> String {
        let place = self.place(&change.path);
        let lang = trace_lang(self.texts.lang());
        match change.what() {
            Some(what) => what.sentence(&place, lang, |said| self.value(&change.path, said)),
            None => place,
        }
    }

    /// A place such as `triggers[pet].due` or `timers.quiet`.
    pub fn place(&self, path: &str) -> String {
        if let Some((list, rest)) = path.split_once('[')
            && let Some((row, field)) = rest.split_once(']')
            && ["stages", "triggers", "departure"].contains(&list)
        {
            let row = self.row(list, row);
            return match field.strip_prefix('.') {
                Some(field) => format!("{row}: {}", self.field(list, field)),
                None => row,
            };
        }
        self.plain(path)
    }

    /// A row by its name or its number.
    fn row(&self, list: &str, row: &str) -> String {
        let name = match list {
            "stages" => match self.said(list, "key", row, "key") {
                Some(key) => self.stage(&key),
                None => format!("«{row}»"),
            },
            "triggers" => match self.said(list, "id", row, "reason") {
                Some(reason) => self.reason(&reason),
                None => row.to_owned(),
            },
            _ => self
                .said(list, "id", row, "id")
                .unwrap_or_else(|| row.to_owned()),
        };
        self.texts
            .fill(&format!("row.{list}"), &[("name", name.as_str())])
    }

    /// What the row whose `key` is `row`, or which has this number, says at `field`.
    fn said(&self, list: &str, key: &str, row: &str, field: &str) -> Option<String> {
        self.docs.iter().find_map(|doc| {
            let text = |index: usize, field: &str| {
                let leaf = doc.get(&format!("{list}[{index}].{field}"));
                leaf.and_then(|leaf| leaf.text().map(str::to_owned))
            };
            let mut rows = 0..doc.count(list);
            let named = rows.find(|index| text(*index, key).as_deref() == Some(row));
            text(named.or_else(|| row.parse().ok())?, field)
        })
    }

    fn field(&self, list: &str, field: &str) -> String {
        let label = format!("{list}.{field}");
        if self.texts.has(&label) {
            return self.texts.get(&label);
        }
        let last = field.rsplit('.').next().unwrap_or(field);
        let name = last.split('[').next().unwrap_or(last);
        match name {
            "key" | "id" => self.texts.get("row.key"),
            name if field.starts_with("when.") => self.condition_name(name),
            name => {
                let known = self.texts.has(name);
                if known {
                    self.texts.get(name)
                } else {
                    name.to_owned()
                }
            }
        }
    }

    fn condition_name(&self, name: &str) -> String {
        let label = format!("when.{name}");
        if self.texts.has(&label) {
            self.texts.get(&label)
        } else {
            name.to_owned()
        }
    }

    /// A place outside the lists of rows.
    fn plain(&self, path: &str) -> String {
        if let Some(day) = path.strip_prefix("calendar.week[") {
            let day = day.split(']').next().unwrap_or_default();
            let day = self.texts.get(&format!("day.{day}"));
            return format!("{}: {day}", self.texts.get("group.week"));
        }
        if let Some(key) = path.strip_prefix("texts.") {
            return self.texts.fill("row.texts", &[("name", &self.text(key))]);
        }
        let bare = match path.split('[').next().unwrap_or(path) {
            "calendar.week" => "group.week",
            bare => bare,
        };
        if self.texts.has(bare) {
            return self.texts.get(bare);
        }
        match bare.rsplit_once('.') {
            Some((above, key)) if self.texts.has(above) => {
                format!("{}: {key}", self.texts.get(above))
            }
            _ => path.to_owned(),
        }
    }

    /// A value as it stands in a file; empty for a whole row, which its place names already.
    pub fn value(&self, path: &str, said: &str) -> String {
        let one_line = said.replace('\n', "\\n");
        let read = Doc::parse(&format!("value = {one_line}"));
        let Some(leaf) = read.ok().and_then(|doc| doc.get("value")) else {
            return said.to_owned();
        };
        let is_row = path.ends_with(']') && !path.starts_with("calendar") && !path.contains("when");
        match leaf {
            Leaf::Table(_) if is_row => String::new(),
            Leaf::Table(_) => self.condition(&leaf),
            leaf => self.leaf(path, &leaf),
        }
    }

    fn leaf(&self, path: &str, leaf: &Leaf) -> String {
        match leaf {
            Leaf::Text(text) => self.word(path, text),
            Leaf::Number(id) if self.user(*id).is_some() && path.starts_with("tasks.") => {
                self.user(*id).unwrap_or_default()
            }
            Leaf::Number(number) => number.to_string(),
            Leaf::Flag(true) => self.texts.get("yes"),
            Leaf::Flag(false) => self.texts.get("no"),
            Leaf::List(items) if items.is_empty() => self.texts.get("nothing"),
            Leaf::List(items) if path.starts_with("robot_zone.moves") => self.moves(path, items),
            Leaf::List(items) => {
                let words = items.iter().map(|item| match item {
                    Leaf::Table(_) => self.condition(item),
                    item => self.leaf(path, item),
                });
                words.collect::<Vec<_>>().join(", ")
            }
            Leaf::Table(_) => self.condition(leaf),
            Leaf::Odd(text) => text.clone(),
        }
    }

    fn moves(&self, path: &str, items: &[Leaf]) -> String {
        let is_one = items.iter().all(|item| item.text().is_some());
        let words = items.iter().map(|item| match item {
            Leaf::List(ends) => self.moves(path, ends),
            item => self.leaf(path, item),
        });
        let between = if is_one { " → " } else { ", " };
        words.collect::<Vec<_>>().join(between)
    }

    fn user(&self, id: i64) -> Option<String> {
        let known = self.users.iter().find(|user| user.id.0 == id);
        known
            .map(|user| user.name.clone())
            .filter(|name| !name.is_empty())
    }

    /// The word of a name that stands at a path.
    fn word(&self, path: &str, text: &str) -> String {
        let bare = without_places(path);
        let last = path.rsplit('.').next().unwrap_or(path);
        let last = last.split('[').next().unwrap_or(last);
        let key = match last {
            "intent_in" | "only_intents" => format!("intent={text}"),
            "attachment_in" => format!("attachment={text}"),
            "touch" | "text" if !path.starts_with("texts") => return self.text(text),
            "reason" => return self.reason(text),
            "consulted_to" | "payment_link_to" | "no_reply_to" | "stage_in" | "moves" => {
                return self.stage(text);
            }
            _ if path.starts_with("inquiry.") => format!("inquiry={text}"),
            _ => format!("{bare}={text}"),
        };
        if self.texts.has(&key) {
            self.texts.get(&key)
        } else {
            format!("«{text}»")
        }
    }

    /// A condition in words.
    pub fn condition(&self, condition: &Leaf) -> String {
        let Leaf::Table(fields) = condition else {
            return String::new();
        };
        let one = |(name, value): &(String, Leaf)| match (name.as_str(), value) {
            ("all" | "any", Leaf::List(items)) => {
                let between = self.texts.get(&format!("when.{name}"));
                let words = items.iter().map(|item| match item {
                    Leaf::Table(inner) if is_compound(inner) => {
                        format!("({})", self.condition(item))
                    }
                    item => self.condition(item),
                });
                words.collect::<Vec<_>>().join(&format!(" {between} "))
            }
            ("not", inner) => format!("{} ({})", self.texts.get("when.not"), self.condition(inner)),
            (name, Leaf::Flag(true)) => self.condition_name(name),
            (name, value) => format!("{}: {}", self.condition_name(name), self.leaf(name, value)),
        };
        fields.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The CRM's name of a stage.
    fn stage(&self, key: &str) -> String {
        let mut all = self.docs.iter().flat_map(|doc| stages(doc));
        let found = all.find(|(known, _)| known == key);
        format!(
            "«{}»",
            found.map_or_else(|| key.to_owned(), |(_, name)| name)
        )
    }

    /// What a text is for.
    pub fn text(&self, key: &str) -> String {
        let label = format!("text.{key}");
        if self.texts.has(&label) {
            self.texts.get(&label)
        } else {
            key.to_owned()
        }
    }

    /// Why a person is needed.
    pub fn reason(&self, said: &str) -> String {
        let known = ReasonId::ALL.iter().find(|id| id.as_str() == said);
        known.map_or_else(
            || said.to_owned(),
            |id| reason_text(&Reason::from(*id), trace_lang(self.texts.lang())),
        )
    }
}

/// Whether a condition holds others.
pub fn is_compound(fields: &[(String, Leaf)]) -> bool {
    let names = fields.iter().map(|(name, _)| name.as_str());
    fields.len() != 1
        || names
            .into_iter()
            .any(|name| ["all", "any", "not"].contains(&name))
}

/// The core's own language for that of the texts.
pub fn trace_lang(lang: Lang) -> widget_core::trace::Lang {
    match lang {
        Lang::Ru => widget_core::trace::Lang::Ru,
        Lang::En => widget_core::trace::Lang::En,
    }
}

/// `stages[new].role` → `stages.role`.
fn without_places(path: &str) -> String {
    let mut bare = String::with_capacity(path.len());
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => bare.push(letter),
            _ => {}
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::doc::policy as parse;
    use crate::settings::tests::SANATORIUM;
    use crate::settings::words::texts;
    use widget_core::ids::UserId;
    use widget_core::policy::{Policy, diff};

    fn told(lang: &str, change: impl FnOnce(&mut Policy)) -> Vec<String> {
        let old = parse(SANATORIUM).unwrap();
        let mut new = old.clone();
        change(&mut new);
        let doc = Doc::parse(SANATORIUM).unwrap();
        let users = [UserName {
            id: UserId(9001),
            name: "Ольга".to_owned(),
        }];
        let texts = texts(lang);
        let naming = Naming {
            texts: &texts,
            docs: [&doc, &doc],
            users: &users,
        };
        let changes = diff(&old, &new).into_iter();
        changes
            .map(|change| naming.change(&change.into()))
            .collect()
    }

    fn changed(policy: &mut Policy) {
        policy.timers.auto_return_after = "25m".parse().unwrap();
        policy.mode = widget_core::policy::Mode::People;
        policy.tasks.duty_user = Some(UserId(9001));
        policy.calendar.week[5].clear();
        policy.stages[0].consulted_to = Some("prebooked".into());
        policy.stages[1].booking = true;
        let pet = policy.triggers.iter().position(|t| t.id == "pet").unwrap();
        policy.triggers[pet].due = Some("15m".parse().unwrap());
        policy.triggers[13].when = widget_core::policy::Condition::GuestsOver(5);
        policy.triggers.remove(0);
        policy.robot_zone.moves.clear();
    }

    #[test]
    fn differences_are_sentences_in_both_languages() {
        let ru = [
            "Рабочие часы: Суббота — было: «09:00-18:00», стало: пусто",
            "Режим — было: Бот отвечает всем гостям, стало: Пауза: все сообщения ждут менеджера",
            "Переходы, которые делает другой робот — убрано, было: «Предварительная бронь» → «Предоплата получена»",
            "Этап «Новая заявка»: После консультации — на этап — было: «Проведена консультация», стало: «Предварительная бронь»",
            "Этап «Проведена консультация»: У гостя есть бронь — было: нет, стало: да",
            "Дежурный — добавлено: Ольга",
            "Возвращать боту через, после ответа менеджера — было: «40m», стало: «25m»",
            "Повод «Срочно: нужна помощь» — убрано",
            "Повод «Гостей больше, чем бронирует бот»: Гостей больше — было: 4, стало: 5",
            "Повод «Заезд с питомцем»: Срок задачи — добавлено: «15m»",
        ];
        assert_eq!(told("ru", changed), ru);
        let english = told("en", changed);
        assert_eq!(english.len(), ru.len());
        for sentence in english {
            let own = sentence.split(['«', '»']).step_by(2);
            let own: String = own.collect::<String>().replace("Ольга", "");
            assert!(!own.chars().any(|c| ('а'..='я').contains(&c)), "{sentence}");
        }
    }

    /// Nobody has to know the file's own names.
    #[test]
    fn every_place_of_the_policy_has_words() {
        let doc = Doc::parse(SANATORIUM).unwrap();
        let policy: toml_edit::DocumentMut = SANATORIUM.parse().unwrap();
        let mut found = Vec::new();
        for (key, _) in policy.iter() {
            places(&doc.get(key).unwrap(), key, &mut found);
        }
        assert!(found.len() > 200, "{}", found.len());
        for lang in ["ru", "en"] {
            let texts = texts(lang);
            let naming = Naming {
                texts: &texts,
                docs: [&doc, &doc],
                users: &[],
            };
            for path in &found {
                let place = naming.place(path);
                let bare = place.replace("WhatsApp", "").replace("amoCRM", "");
                // A row without words of its own goes by its key: «bad_review».
                let bare = bare.split(['«', '»']).step_by(2).collect::<String>();
                let is_told = lang == "en" || !bare.contains('_');
                assert!(place != *path && is_told, "{path}: {place}");
            }
        }
    }

    fn places(leaf: &Leaf, path: &str, found: &mut Vec<String>) {
        match leaf {
            Leaf::Table(fields) => {
                for (key, inner) in fields {
                    places(inner, &format!("{path}.{key}"), found);
                }
            }
            Leaf::List(rows) if rows.iter().any(|row| matches!(row, Leaf::Table(_))) => {
                for (row, inner) in rows.iter().enumerate() {
                    places(inner, &format!("{path}[{row}]"), found);
                }
            }
            _ => found.push(path.to_owned()),
        }
    }

    #[test]
    fn conditions_are_told_however_they_are_built() {
        let doc = Doc::parse(SANATORIUM).unwrap();
        let texts = texts("ru");
        let naming = Naming {
            texts: &texts,
            docs: [&doc, &doc],
            users: &[],
        };
        let condition = "value = { all = [{ guests_over = 4 }, { not = { stage_in = [\"new\"] } }, { any = [{ pet = true }, { intent_in = [\"urgent\", \"review\"] }] }] }";
        let leaf = Doc::parse(condition).unwrap().get("value").unwrap();
        assert_eq!(
            naming.condition(&leaf),
            "Гостей больше: 4 и (кроме (Этап сделки: «Новая заявка»)) и (С питомцем или Гость хочет одного из: срочной помощи, оставить отзыв)"
        );
    }
}
