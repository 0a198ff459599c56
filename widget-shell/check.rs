//! Holds an archive against amoCRM's rules: those of the uploader, and those of the moderation that a machine can judge.

use crate::pack::zip::Files;
use crate::personalise::unpack;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// The largest archive, bytes: amoCRM names no limit, larger ones were never seen.
const ARCHIVE_AT_MOST: usize = 2_000_000;
/// The most files, for the same reason.
const FILES_AT_MOST: usize = 60;
/// The largest picture, bytes.
const PICTURE_AT_MOST: usize = 300_000;
/// The logos and their exact sizes, pixels.
const LOGOS: [(&str, (u32, u32)); 5] = [
    ("images/logo.png", (130, 100)),
    ("images/logo_main.png", (400, 272)),
    ("images/logo_medium.png", (240, 84)),
    ("images/logo_min.png", (84, 84)),
    ("images/logo_small.png", (108, 108)),
];
const TOUR_PICTURE: (u32, u32) = (1188, 616);
const LOCALES: [&str; 6] = ["ru", "en", "es", "pt", "id", "tr"];
const LOCATIONS: [&str; 18] = [
    "lcard",
    "ccard",
    "comcard",
    "cucard",
    "llist",
    "clist",
    "tlist",
    "culist",
    "tline",
    "tcalendar",
    "settings",
    "advanced_settings",
    "card_sdk",
    "catalogs",
    "digital_pipeline",
    "salesbot_designer",
    "lead_sources",
    "everywhere",
];
/// Calls that the moderation refuses.
const FORBIDDEN_CALLS: [&str; 5] = ["eval(", "alert(", "confirm(", "prompt(", "console.log("];
const SCRIPT_ENDING: &str = ".js";
const TEXT_ENDINGS: [&str; 4] = [".json", SCRIPT_ENDING, ".css", ".twig"];

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's short name, such as `logo_size`.
    pub rule: &'static str,
    /// The file it is about; empty: the archive as a whole.
    pub file: String,
    /// What is wrong, for people.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            file,
            problem,
        } = self;
        if file.is_empty() {
            write!(f, "[{rule}] {problem}")
        } else {
            write!(f, "[{rule}] {file}: {problem}")
        }
    }
}

/// Everything in the archive `bytes` that amoCRM would refuse; empty = fit to be uploaded.
pub fn check(bytes: &[u8]) -> Vec<Finding> {
    let mut findings = Findings::default();
    let files = match unpack(bytes) {
        Ok(files) => files,
        Err(error) => {
            findings.add("zip", "", format!("cannot be read: {error}"));
            return findings.0;
        }
    };
    findings.limits(bytes.len(), &files);
    findings.paths(&files);
    findings.texts(&files);
    findings.scripts(&files);
    findings.logos(&files);
    findings.manifest(&files);
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, rule: &'static str, file: &str, problem: impl Into<String>) {
        self.0.push(Finding {
            rule,
            file: file.to_owned(),
            problem: problem.into(),
        });
    }

    fn limits(&mut self, size: usize, files: &Files) {
        if size > ARCHIVE_AT_MOST {
            self.add(
                "archive_size",
                "",
                format!("{size} bytes, at most {ARCHIVE_AT_MOST}"),
            );
        }
        if files.len() > FILES_AT_MOST {
            self.add(
                "file_count",
                "",
                format!("{} files, at most {FILES_AT_MOST}", files.len()),
            );
        }
    }

    fn paths(&mut self, files: &Files) {
        for path in files.keys() {
            if path.contains('\\') {
                self.add("separator", path, "folders must be separated by `/`");
            }
            if path.starts_with('/') || path.split('/').any(|part| part == "..") {
                self.add("path", path, "must lie inside the archive");
            }
        }
        let wrapped = files.keys().find(|path| path.ends_with("/manifest.json"));
        if let (false, Some(path)) = (files.contains_key("manifest.json"), wrapped) {
            self.add(
                "root",
                path,
                "the files must lie at the root, without a folder around them",
            );
        }
    }

    fn texts(&mut self, files: &Files) {
        for (path, content) in files {
            if !TEXT_ENDINGS.iter().any(|ending| path.ends_with(ending)) {
                continue;
            }
            let Ok(text) = std::str::from_utf8(content) else {
                self.add("utf8", path, "is not UTF-8");
                continue;
            };
            if text.starts_with('\u{feff}') {
                self.add("bom", path, "begins with a byte order mark");
            }
            if text.contains('\r') {
                self.add("line_ends", path, "lines must end with \\n alone");
            }
            if ["__ORIGIN__", "__VERSION__", "__ELSEWHERE__"]
                .iter()
                .any(|mark| text.contains(mark))
            {
                self.add(
                    "not_personalised",
                    path,
                    "made without an origin: use `estafeta widget --origin`",
                );
            }
        }
    }

    fn scripts(&mut self, files: &Files) {
        for (path, content) in files {
            if !path.ends_with(SCRIPT_ENDING) {
                continue;
            }
            let text = String::from_utf8_lossy(content);
            for call in FORBIDDEN_CALLS {
                if calls(&text, call) {
                    self.add("forbidden_call", path, format!("`{call}…)` is not allowed"));
                }
            }
        }
    }

    fn logos(&mut self, files: &Files) {
        for (path, wanted) in LOGOS {
            self.picture(files, path, wanted, "logo_size");
        }
    }

    fn picture(&mut self, files: &Files, path: &str, wanted: (u32, u32), rule: &'static str) {
        let Some(content) = files.get(path) else {
            self.add("missing", path, "is required");
            return;
        };
        if content.len() > PICTURE_AT_MOST {
            self.add(
                "picture_weight",
                path,
                format!("{} bytes, at most {PICTURE_AT_MOST}", content.len()),
            );
        }
        match png_size(content) {
            None => self.add("picture_format", path, "is not a PNG"),
            Some(size) if size != wanted => {
                let ((w, h), (x, y)) = (wanted, size);
                self.add(rule, path, format!("must be {w}×{h} pixels, is {x}×{y}"));
            }
            Some(_) => {}
        }
    }

    fn manifest(&mut self, files: &Files) {
        const FILE: &str = "manifest.json";
        let Some(content) = files.get(FILE) else {
            self.add("missing", FILE, "is required");
            return;
        };
        let manifest: Value = match serde_json::from_slice(content) {
            Ok(manifest) => manifest,
            Err(error) => {
                self.add("json", FILE, error.to_string());
                return;
            }
        };
        let widget = &manifest["widget"];
        for field in ["name", "description", "short_description", "version"] {
            if widget[field].as_str().is_none_or(str::is_empty) {
                self.add("manifest", FILE, format!("widget.{field} is required"));
            }
        }
        if widget["interface_version"] != 2 {
            self.add("manifest", FILE, "widget.interface_version must be 2");
        }
        if !widget["installation"].is_boolean() {
            self.add(
                "manifest",
                FILE,
                "widget.installation must be true or false",
            );
        }
        let support = &widget["support"];
        if support["link"]
            .as_str()
            .or(support["email"].as_str())
            .is_none_or(str::is_empty)
        {
            self.add("manifest", FILE, "widget.support needs a link or an email");
        }
        if manifest["tour"]["is_tour"] != true {
            self.add("manifest", FILE, "tour.is_tour must be true");
        }
        let has_settings = manifest["settings"]
            .as_object()
            .is_some_and(|settings| !settings.is_empty());
        let has_page = strings(&manifest["locations"])
            .iter()
            .any(|location| location == "advanced_settings");
        if has_page
            && manifest["advanced"]["title"]
                .as_str()
                .is_none_or(str::is_empty)
        {
            self.add("manifest", FILE, "advanced_settings needs advanced.title");
        }
        if widget["installation"] == true && !has_settings {
            self.add("manifest", FILE, "settings must hold at least one field");
        }
        self.locations(&manifest["locations"]);
        let locales = self.locales(&widget["locale"]);
        let texts = self.languages(files, &locales);
        self.keys(&manifest, &texts);
        self.tour(files, &manifest, &locales);
        self.unused(files, &manifest, &locales);
    }

    fn locations(&mut self, locations: &Value) {
        let known = |location: &str| {
            let name = location.trim_end_matches("-1").trim_end_matches("-0");
            LOCATIONS.contains(&name)
        };
        let listed = strings(locations);
        if listed.is_empty() {
            self.add(
                "manifest",
                "manifest.json",
                "locations must name at least one place",
            );
        }
        for location in listed.iter().filter(|location| !known(location)) {
            self.add(
                "manifest",
                "manifest.json",
                format!("no such location: {location}"),
            );
        }
    }

    fn locales(&mut self, locale: &Value) -> Vec<String> {
        let locales = strings(locale);
        if locales.is_empty() {
            self.add(
                "manifest",
                "manifest.json",
                "widget.locale must name at least one language",
            );
        }
        for unknown in locales
            .iter()
            .filter(|locale| !LOCALES.contains(&locale.as_str()))
        {
            self.add(
                "manifest",
                "manifest.json",
                format!("no such language: {unknown}"),
            );
        }
        locales
    }

    /// The i18n files, which must all have the same keys.
    fn languages(&mut self, files: &Files, locales: &[String]) -> Vec<(String, Value)> {
        let mut read: Vec<(String, Value)> = vec![];
        for locale in locales {
            let path = format!("i18n/{locale}.json");
            match files
                .get(&path)
                .map(|content| serde_json::from_slice::<Value>(content))
            {
                None => self.add("missing", &path, "is required by widget.locale"),
                Some(Err(error)) => self.add("json", &path, error.to_string()),
                Some(Ok(texts)) => read.push((path, texts)),
            }
        }
        for (path, texts) in &read {
            if !same_keys(&read[0].1, texts) {
                self.add(
                    "i18n_structure",
                    path,
                    format!("its keys differ from those of {}", read[0].0),
                );
            }
            let is_english = path.ends_with("/en.json");
            if is_english && texts.to_string().chars().any(|c| ('А'..='я').contains(&c)) {
                self.add("i18n_english", path, "holds Russian text");
            }
        }
        read
    }

    /// Whatever the manifest names by key must be in the texts.
    fn keys(&mut self, manifest: &Value, texts: &[(String, Value)]) {
        let widget = &manifest["widget"];
        let mut keys: Vec<&str> = ["name", "description", "short_description"]
            .iter()
            .filter_map(|field| widget[field].as_str())
            .collect();
        keys.extend(manifest["tour"]["tour_description"].as_str());
        keys.extend(manifest["advanced"]["title"].as_str());
        if let Some(settings) = manifest["settings"].as_object() {
            keys.extend(settings.values().filter_map(|field| field["name"].as_str()));
        }
        for (path, texts) in texts {
            for key in &keys {
                let pointer = format!("/{}", key.replace('.', "/"));
                if texts
                    .pointer(&pointer)
                    .and_then(Value::as_str)
                    .is_none_or(str::is_empty)
                {
                    self.add("i18n_key", path, format!("no text for {key}"));
                }
            }
        }
    }

    fn tour(&mut self, files: &Files, manifest: &Value, locales: &[String]) {
        for locale in locales {
            let pictures = strings(&manifest["tour"]["tour_images"][locale]);
            if pictures.is_empty() {
                self.add(
                    "manifest",
                    "manifest.json",
                    format!("tour.tour_images.{locale} is empty"),
                );
            }
            for picture in pictures {
                self.picture(
                    files,
                    picture.trim_start_matches('/'),
                    TOUR_PICTURE,
                    "tour_size",
                );
            }
        }
    }

    /// Files that neither the manifest nor another script names.
    fn unused(&mut self, files: &Files, manifest: &Value, locales: &[String]) {
        let named = manifest.to_string();
        let scripts = files.iter();
        let scripts = scripts.filter(|(path, _)| path.ends_with(SCRIPT_ENDING));
        let scripts: Vec<_> = scripts
            .map(|(path, content)| (path, String::from_utf8_lossy(content)))
            .collect();
        for path in files.keys() {
            let is_loaded =
                |(by, script): &(&String, Cow<str>)| *by != path && script.contains(path.as_str());
            let is_logo =
                LOGOS.iter().any(|(logo, _)| logo == path) || path == "images/logo_dp.png";
            let is_language = locales
                .iter()
                .any(|locale| *path == format!("i18n/{locale}.json"));
            let is_known = matches!(path.as_str(), "manifest.json" | "script.js");
            let is_named = named.contains(path.as_str()) || scripts.iter().any(is_loaded);
            if !(is_logo || is_language || is_known || is_named) {
                self.add("unused", path, "nothing refers to it");
            }
        }
    }
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// Whether `text` calls the function; `retrieval(` is no `eval(`.
fn calls(text: &str, call: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.match_indices(call)
        .any(|(at, _)| !text[..at].chars().next_back().is_some_and(is_name))
}

fn same_keys(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|twin| same_keys(value, twin)))
        }
        (Value::Object(_), _) | (_, Value::Object(_)) => false,
        _ => true,
    }
}

/// Width and height from the header of a PNG.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
    let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    Some((number(0)?, number(4)?))
}
