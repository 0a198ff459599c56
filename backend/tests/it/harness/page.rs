//! A person on the setup page: follows links and sends forms as a browser does, cookies included.

use super::World;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A person with a browser of their own.
pub struct Person<'a> {
    world: &'a World,
    client: reqwest::Client,
    cookies: RefCell<BTreeMap<String, String>>,
    language: &'static str,
}

/// What a page answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Where it leads on.
    pub to: String,
    pub text: String,
}

impl World {
    /// Takes the account out of the settings; what it was.
    pub fn has_no_account(&self) -> Value {
        let account = self.setting("accounts.0");
        let text = std::fs::read_to_string(self.settings()).expect("settings");
        let (server, _) = text.split_once("[[accounts]]").expect("an account");
        std::fs::write(self.settings(), server).expect("settings");
        account
    }

    /// The link that `estafeta setup-link` prints.
    pub fn setup_link(&self) -> String {
        let said = self.asks(&["setup-link"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out.trim().to_owned()
    }

    /// Somebody without a cookie.
    pub fn person(&self, language: &'static str) -> Person<'_> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Person {
            world: self,
            client: client.expect("a client"),
            cookies: RefCell::default(),
            language,
        }
    }

    /// The same, who has come by a link.
    pub async fn administrator(&self) -> Person<'_> {
        let person = self.person("ru");
        assert_eq!(person.enters(&self.setup_link()).await.status, 303);
        person
    }

    /// Waits until so many accounts are at work and prepared, as the instance at `url` says.
    pub async fn has_at_work(&self, url: &str, accounts: usize) {
        self.eventually(&format!("{accounts} accounts at work"), async || {
            let answer = self.client.get(format!("{url}/readyz")).send().await.ok()?;
            let ready: Value = answer.json().await.ok()?;
            let all = ready["accounts"].as_array()?;
            let are_prepared = all.iter().all(|account| account["prepared"] == true);
            (all.len() == accounts && are_prepared).then_some(())
        })
        .await;
    }
}

impl Person<'_> {
    /// Opens a page; its address may be a path.
    pub async fn opens(&self, path: &str) -> Answer {
        self.asks(self.client.get(self.url(path))).await
    }

    /// Downloads a file.
    pub async fn downloads(&self, path: &str) -> Vec<u8> {
        let request = self
            .client
            .get(self.url(path))
            .header(COOKIE, self.cookies());
        let answer = request.send().await.expect("a file");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("a file").to_vec()
    }

    /// Sends a form as it stands.
    pub async fn sends(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.asks(self.client.post(self.url(path)).form(fields))
            .await
    }

    /// The same from another site.
    pub async fn is_made_to_send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.client.post(self.url(path)).form(fields);
        self.asks(request.header("sec-fetch-site", "cross-site"))
            .await
    }

    /// Opens a link and presses its button.
    pub async fn enters(&self, link: &str) -> Answer {
        let (_, word) = link.split_once("link=").expect("a link");
        let shown = self.opens(link).await;
        if shown.status != 200 {
            return shown;
        }
        self.sends("/setup/enter", &[("link", word)]).await
    }

    /// Opens a step and sends its form with these values; all others as the page shows them.
    pub async fn fills_in(&self, path: &str, values: &[(&str, &str)]) -> Answer {
        let page = self.opens(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        let mut fields = chosen(&page.text);
        for (name, value) in values {
            fields.insert((*name).to_owned(), (*value).to_owned());
        }
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.sends(path, &fields).await
    }

    /// The same; the step is done, and leads on to the next.
    pub async fn does(&self, path: &str, values: &[(&str, &str)]) -> String {
        let answer = self.fills_in(path, values).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text);
        answer.to
    }

    /// Begins a new account; the path before its steps.
    pub async fn begins(&self) -> String {
        let to = self.presses("/setup", "/setup/new").await.to;
        to.strip_suffix("/integration")
            .expect("the first step")
            .to_owned()
    }

    /// Presses a button of a page that sends a form to `path`.
    pub async fn presses(&self, page: &str, path: &str) -> Answer {
        let shown = self.opens(page).await;
        let word = chosen(&shown.text).remove("form_word").unwrap_or_default();
        self.sends(path, &[("form_word", &word)]).await
    }

    /// The cookies that the browser has.
    pub fn cookies(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn url(&self, path: &str) -> String {
        let path = match path.split_once("/setup") {
            Some((_, rest)) => format!("/setup{rest}"),
            None => path.to_owned(),
        };
        format!("{}{path}", self.world.serve_url)
    }

    /// A request that meets the moment in which the backend is put together anew is made again, as a person would.
    async fn asks(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.header("accept-language", self.language);
        let request = request.header(COOKIE, self.cookies());
        let mut last = None;
        let answer = super::until_some("the page answers", async || {
            let request = request.try_clone().expect("no stream");
            match request.send().await {
                Ok(answer) => Some(answer),
                Err(error) => {
                    last = Some(error);
                    None
                }
            }
        })
        .await;
        for set in answer.headers().get_all(SET_COOKIE) {
            let set = set.to_str().expect("a cookie");
            let pair = set.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.cookies
                .borrow_mut()
                .insert(name.to_owned(), value.to_owned());
        }
        let header = |name| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let to = header(LOCATION).unwrap_or_default().to_owned();
        Answer {
            status: answer.status().as_u16(),
            to,
            text: answer.text().await.expect("a page"),
        }
    }
}

/// What the fields of a page say, as they stand.
pub fn chosen(page: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for input in page.split("<input").skip(1) {
        let tag = input.split('>').next().unwrap_or_default();
        if let Some(name) = attribute(tag, "name").filter(|_| !tag.contains("checkbox")) {
            fields.insert(name, attribute(tag, "value").unwrap_or_default());
        }
    }
    for select in page.split("<select").skip(1) {
        let select = select.split("</select>").next().unwrap_or_default();
        let chosen = select
            .split("<option")
            .skip(1)
            .map(|option| option.split('>').next().unwrap_or_default())
            .find(|option| option.contains(" selected"));
        if let Some(name) = attribute(select, "name") {
            let value = chosen.and_then(|option| attribute(option, "value"));
            fields.insert(name, value.unwrap_or_default());
        }
    }
    for area in page.split("<textarea").skip(1) {
        let area = area.split("</textarea>").next().unwrap_or_default();
        let (tag, text) = area.split_once('>').unwrap_or_default();
        if let Some(name) = attribute(tag, "name") {
            fields.insert(name, text.to_owned());
        }
    }
    fields
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&amp;", "&")
            .replace("&quot;", "\"")
            .replace("&lt;", "<"),
    )
}
