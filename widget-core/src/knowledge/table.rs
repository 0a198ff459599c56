//! A table → passages: CSV with the columns `question` and `answer` («вопрос», «ответ»), and `id` if you like. Other ways to
//! ask stand in the question's cell, one a line or with `|` between them.
//!
//! Our own reader of CSV: the core takes no crate for forty lines, and spreadsheets in Russian write `;` for `,`.

use super::{BaseFile, BaseFinding, BaseProblem, Passage, Written, slug};

const QUESTION: [&str; 2] = ["question", "вопрос"];
const ANSWER: [&str; 2] = ["answer", "ответ"];
const ID: [&str; 2] = ["id", "имя"];

pub(super) fn read(file: &BaseFile, findings: &mut Vec<BaseFinding>) -> Vec<Written> {
    let mut rows = rows(file.text.trim_start_matches('\u{feff}')).into_iter();
    let Some((_, head)) = rows.next() else {
        return Vec::new();
    };
    let column = |names: [&str; 2]| {
        head.iter()
            .position(|cell| names.contains(&cell.trim().to_lowercase().as_str()))
    };
    let (Some(question), Some(answer)) = (column(QUESTION), column(ANSWER)) else {
        findings.push(BaseFinding {
            place: format!("{}:1", file.name),
            problem: BaseProblem::Columns,
        });
        return Vec::new();
    };
    let id = column(ID);
    let mut passages = Vec::new();
    for (line, cells) in rows {
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
        if cell(question).is_empty() && cell(answer).is_empty() {
            continue;
        }
        let mut asked = cell(question)
            .split(['|', '\n'])
            .map(|one| one.trim().to_owned())
            .filter(|one| !one.is_empty());
        let title = asked.next().unwrap_or_default();
        let named = id.map(cell).filter(|id| !id.is_empty());
        passages.push(Written {
            passage: Passage {
                id: named.map_or_else(|| slug(&title), str::to_owned),
                title,
                questions: asked.collect(),
                text: cell(answer).replace("\r\n", "\n"),
            },
            place: format!("{}:{line}", file.name),
        });
    }
    passages
}

/// The rows, each with the line that it begins in.
fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let first = text.lines().next().unwrap_or_default();
    let separator = [';', '\t', ',']
        .into_iter()
        .max_by_key(|mark| first.matches(*mark).count())
        .unwrap_or(',');
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let (mut line, mut begun) = (1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            _ if quoted => cell.push(c),
            '\n' => {
                row.push(std::mem::take(&mut cell));
                rows.push((begun, std::mem::take(&mut row)));
                begun = line;
            }
            c if c == separator => row.push(std::mem::take(&mut cell)),
            '\r' => {}
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push((begun, row));
    }
    rows
}
