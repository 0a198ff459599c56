//! A real Chromium, driven through chromedriver. Always closed before a failure goes on: a chromedriver that is killed
//! leaves its browser running.

use super::wait::{until, until_some};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::any::Any;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::task::Poll;
use tempfile::TempDir;
use thirtyfour::prelude::*;

const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
];

/// Runs `story` in a browser of its own. Skipped, with a word, where there is no chromedriver and no CI.
pub async fn browse(name: &str, story: impl AsyncFnOnce(&Tab)) {
    let Some(mut service) = Service::start() else {
        assert!(std::env::var_os("CI").is_none(), "chromedriver is missing");
        eprintln!("not tested: chromedriver is missing (install chromium-driver)");
        return;
    };
    let profile = TempDir::new().expect("a folder");
    let driver = start_browser(&service.url, &profile).await;
    let tab = Tab { driver };
    let outcome = caught(story(&tab)).await;
    if outcome.is_err() {
        tab.photographs(&format!("failed-{name}")).await;
        eprintln!("the page said: {:#?}", tab.console().await);
    }
    let closed = tab.driver.quit().await;
    service.stop();
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
    closed.expect("the browser closes");
}

async fn start_browser(url: &str, profile: &TempDir) -> WebDriver {
    let mut wishes = DesiredCapabilities::chrome();
    for argument in ARGUMENTS {
        wishes.add_arg(argument).expect("an argument");
    }
    wishes
        .add_arg("--window-size=1440,900")
        .expect("an argument");
    wishes
        .add_arg(&format!("--user-data-dir={}", profile.path().display()))
        .expect("an argument");
    wishes
        .set_browser_log_level(thirtyfour::LoggingPrefsLogLevel::Warning)
        .expect("a level");
    WebDriver::new(url, wishes).await.expect("a browser")
}

/// The outcome of a future, a panic included.
async fn caught(future: impl Future<Output = ()>) -> Result<(), Box<dyn Any + Send>> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// A chromedriver of the test's own.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start() -> Option<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let port = line.strip_suffix('.')?.rsplit_once("on port ")?.1;
            port.parse::<u16>().ok()
        });
        // What it says later must be read, or it stops.
        std::thread::spawn(move || lines.for_each(drop));
        let port = port.expect("chromedriver names its port");
        Some(Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        })
    }

    fn stop(&mut self) {
        // It may be over already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The browser, at the window that it shows.
pub struct Tab {
    driver: WebDriver,
}

impl Tab {
    /// Goes to a page.
    pub async fn opens(&self, url: &str) {
        self.driver.goto(url).await.expect("the page opens");
    }

    /// Opens a window beside the present one and goes there; the way back is [`Self::turns_to`].
    pub async fn opens_beside(&self, url: &str) -> WindowHandle {
        let before = self.driver.window().await.expect("a window");
        let fresh = self.driver.new_window().await.expect("a window");
        self.driver.switch_to_window(fresh).await.expect("a window");
        self.opens(url).await;
        before
    }

    /// Goes to another window; the one left behind.
    pub async fn turns_to(&self, window: WindowHandle) -> WindowHandle {
        let before = self.driver.window().await.expect("a window");
        self.driver
            .switch_to_window(window)
            .await
            .expect("a window");
        before
    }

    /// Goes to the window that the page has opened.
    pub async fn turns_to_what_opened(&self) {
        let here = self.driver.window().await.expect("a window");
        let other = until_some("the window that opens", async || {
            let all = self.driver.windows().await.ok()?;
            all.into_iter().find(|window| *window != here)
        });
        self.turns_to(other.await).await;
    }

    /// Looks into the page's first frame from now on.
    pub async fn enters_frame(&self, css: &str) {
        until("the frame", async || {
            let Ok(frame) = self.driver.find(By::Css(css)).await else {
                return false;
            };
            frame.enter_frame().await.is_ok()
        })
        .await;
    }

    /// Looks at the whole page again.
    pub async fn leaves_frame(&self) {
        self.driver.enter_default_frame().await.expect("the page");
    }

    /// What a script returns; null where it fails.
    pub async fn asks(&self, script: &str) -> serde_json::Value {
        let answer = self.driver.execute(script, Vec::new()).await;
        answer.map_or(serde_json::Value::Null, |answer| answer.json().clone())
    }

    /// What a script's promise comes to.
    ///
    /// # Errors
    /// What it threw.
    pub async fn awaits(&self, script: &str) -> Result<serde_json::Value, String> {
        let wish = serde_json::json!({
            "expression": script, "awaitPromise": true, "returnByValue": true,
        });
        let answer = self.tells("Runtime.evaluate", wish).await;
        match answer["exceptionDetails"]["exception"]["description"].as_str() {
            Some(thrown) => Err(thrown.to_owned()),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// The visible text of everything that matches.
    pub async fn reads(&self, css: &str) -> String {
        let script = format!(
            "return Array.from(document.querySelectorAll({css:?})).map((e) => e.innerText).join('\\n')"
        );
        self.asks(&script)
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// How many elements match.
    pub async fn counts(&self, css: &str) -> u64 {
        let script = format!("return document.querySelectorAll({css:?}).length");
        self.asks(&script).await.as_u64().unwrap_or_default()
    }

    /// Waits until the text of `css` holds all of `words`.
    pub async fn sees(&self, css: &str, words: &[&str]) -> String {
        let mut last = String::new();
        let found = until_or(async || {
            last = self.reads(css).await;
            words.iter().all(|word| last.contains(word))
        })
        .await;
        assert!(found, "{css} never showed {words:?}, but: {last}");
        last
    }

    /// Writes into the field of `css`, in the place of what stands there, as soon as there is one that may be written into; a
    /// box to tick is ticked.
    pub async fn fills(&self, css: &str, text: &str) {
        let script = format!(
            "const field = document.querySelector({css:?}); \
             if (!field || field.readOnly || field.matches(':disabled')) return false; \
             if (field.type === 'checkbox') {{ field.click(); return true; }} \
             Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, {text:?}); \
             for (const event of ['input', 'change']) field.dispatchEvent(new Event(event, {{ bubbles: true }})); \
             return true"
        );
        let filled = until_or(async || self.asks(&script).await == true).await;
        assert!(filled, "{css} can be filled in");
    }

    /// Clicks the element of `css` with this text, as soon as there is one.
    pub async fn clicks(&self, css: &str, label: &str) {
        until_some(&format!("to click {css} «{label}»"), async || {
            for element in self.driver.find_all(By::Css(css)).await.ok()? {
                let is_it = element.text().await.is_ok_and(|text| text.trim() == label);
                if is_it && element.click().await.is_ok() {
                    return Some(());
                }
            }
            None
        })
        .await;
    }

    /// Clicks the first element that matches.
    pub async fn presses(&self, css: &str) {
        until(&format!("to click {css}"), async || {
            let Ok(element) = self.driver.find(By::Css(css)).await else {
                return false;
            };
            element.click().await.is_ok()
        })
        .await;
    }

    /// Types into a field.
    pub async fn types(&self, css: &str, text: &str) {
        let field = self.driver.find(By::Css(css)).await.expect("a field");
        field.send_keys(text).await.expect("typed");
    }

    /// Strikes keys, wherever the keyboard is.
    pub async fn strikes(&self, keys: impl Into<TypingData>) {
        let chain = self.driver.action_chain().send_keys(keys);
        chain.perform().await.expect("typed");
    }

    /// Goes one place back by keyboard: Shift and Tab.
    pub async fn tabs_back(&self) {
        for kind in ["rawKeyDown", "keyUp"] {
            let stroke = serde_json::json!({
                "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9, "modifiers": 8,
            });
            self.tells("Input.dispatchKeyEvent", stroke).await;
        }
    }

    /// A picture for people: `target/screenshots/{name}.png`.
    pub async fn photographs(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        std::fs::create_dir_all(&folder).expect("a folder");
        let taken = self
            .driver
            .screenshot(&folder.join(format!("{name}.png")))
            .await;
        if let Err(error) = taken {
            eprintln!("no picture {name}: {error}");
        }
    }

    /// A picture of one element, as a PNG: whole pixels, so that it is the same each time.
    pub async fn pictures(&self, css: &str) -> Vec<u8> {
        let script = format!(
            "const box = document.querySelector({css:?}).getBoundingClientRect(); \
             return {{ x: Math.floor(box.x), y: Math.floor(box.y), width: Math.ceil(box.width), height: Math.ceil(box.height), scale: 1 }}"
        );
        let clip = self.asks(&script).await;
        let wish =
            serde_json::json!({"format": "png", "clip": clip, "captureBeyondViewport": true});
        let answer = self.tells("Page.captureScreenshot", wish).await;
        let data = answer["data"].as_str().expect("a picture");
        BASE64_STANDARD.decode(data).expect("a picture")
    }

    /// A command of the browser's own protocol.
    pub async fn tells(&self, command: &str, parameters: serde_json::Value) -> serde_json::Value {
        let answer = self.driver.cdp().send_raw(command, parameters).await;
        answer.expect("the browser obeys")
    }

    /// Errors of the pages so far. A guest whom nobody knows has no transcript: that 404 is an answer.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.unwrap_or_default();
        let errors = entries.into_iter().filter(|entry| entry.level == "SEVERE");
        let unknown_guest = |text: &String| text.contains("/transcript") && text.contains("404");
        errors
            .map(|entry| entry.message)
            .filter(|text| !unknown_guest(text))
            .collect()
    }
}

/// Like [`until`], but answers whether it came true.
async fn until_or(mut holds: impl AsyncFnMut() -> bool) -> bool {
    let began = std::time::Instant::now();
    while began.elapsed() < super::wait::LIMIT {
        if holds().await {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    false
}
