//! Markdown → passages. A heading with text under it is a passage; list items right under the heading that end with a
//! question mark are other ways to ask; `{#id}` at the end of the heading names the passage.
//!
//! What is said goes to a messenger as plain text: marks of emphasis fall away, links are written out. What stands between
//! `<!--` and `-->` is for those who write the base.

use super::{BaseFile, Passage, Written, slug};

pub(super) fn read(file: &BaseFile) -> Vec<Written> {
    let mut passages = Vec::new();
    let mut open: Option<Open> = None;
    for (number, line) in (1..).zip(without_comments(&file.text).lines()) {
        let line = line.trim_start_matches('\u{feff}').trim_end();
        if let Some(heading) = heading(line) {
            passages.extend(open.take().and_then(|open| open.closed(file)));
            open = Some(Open::new(heading, number));
        } else if let Some(open) = &mut open {
            open.add(line.trim());
        }
    }
    passages.extend(open.and_then(|open| open.closed(file)));
    passages
}

/// The text with its lines where they were, and nothing in the comments.
fn without_comments(text: &str) -> String {
    let mut without = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("<!--") {
        without.push_str(before);
        let (comment, after) = comment.split_once("-->").unwrap_or((comment, ""));
        without.extend(comment.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    without.push_str(rest);
    without
}

/// The words of a heading.
fn heading(line: &str) -> Option<&str> {
    let words = line.trim_start_matches('#');
    let level = line.len() - words.len();
    ((1..=6).contains(&level) && words.starts_with(' ')).then(|| words.trim())
}

/// A passage that is being read.
struct Open {
    title: String,
    id: String,
    line: usize,
    questions: Vec<String>,
    /// Finished lines of the text; an empty one is a space between paragraphs.
    lines: Vec<String>,
    /// The last line goes on.
    goes_on: bool,
}

impl Open {
    fn new(heading: &str, line: usize) -> Self {
        let named = heading
            .strip_suffix('}')
            .and_then(|rest| rest.rsplit_once("{#"));
        let (title, id) = match named {
            Some((title, id)) => (title.trim(), id.trim().to_owned()),
            None => (heading, slug(heading)),
        };
        Self {
            title: plain(title),
            id,
            line,
            questions: Vec::new(),
            lines: Vec::new(),
            goes_on: false,
        }
    }

    fn add(&mut self, line: &str) {
        if line.is_empty() {
            self.goes_on = false;
            return;
        }
        if let Some(item) = item(line) {
            let item = plain(item);
            if self.lines.is_empty() && item.ends_with('?') {
                self.questions.push(item);
            } else {
                self.lines.push(format!("• {item}"));
                self.goes_on = true;
            }
            return;
        }
        let line = plain(line);
        match self.lines.last_mut() {
            Some(last) if self.goes_on => {
                last.push(' ');
                last.push_str(&line);
            }
            _ => self.lines.push(line),
        }
        self.goes_on = true;
    }

    /// A heading with nothing at all under it only divides the file.
    fn closed(self, file: &BaseFile) -> Option<Written> {
        if self.lines.is_empty() && self.questions.is_empty() {
            return None;
        }
        Some(Written {
            passage: Passage {
                id: self.id,
                title: self.title,
                questions: self.questions,
                text: self.lines.join("\n"),
            },
            place: format!("{}:{}", file.name, self.line),
        })
    }
}

/// The words of a list item.
fn item(line: &str) -> Option<&str> {
    let marked = ["- ", "* ", "+ "];
    marked
        .iter()
        .find_map(|mark| line.strip_prefix(mark))
        .map(str::trim)
}

/// Without marks of emphasis, links as «words: address».
fn plain(text: &str) -> String {
    let text = text.replace("**", "").replace("__", "").replace('`', "");
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, words, address, after)) = link(rest) {
        plain.push_str(before);
        plain.push_str(words);
        if words != address {
            plain.push_str(": ");
            plain.push_str(address);
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// The first link: what stands before it, its words, its address, and what stands behind it.
fn link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let middle = text.find("](")?;
    let open = text[..middle].rfind('[')?;
    let close = middle + text[middle..].find(')')?;
    Some((
        &text[..open],
        &text[open + 1..middle],
        &text[middle + 2..close],
        &text[close + 1..],
    ))
}
