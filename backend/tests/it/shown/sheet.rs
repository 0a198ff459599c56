//! The pictures of all states of the card in one look, on one sheet: kept beside the tests, and drawn anew by
//! `scripts/pictures`.

use super::Look;
use super::picture::Picture;
use std::fmt::Write;
use std::path::PathBuf;

/// Pixels between two pictures.
const GAP: usize = 12;
/// Pictures in a row.
const IN_A_ROW: usize = 8;

/// A sheet under way.
pub struct Sheet {
    look: Look,
    pictures: Vec<(String, Picture)>,
}

impl Sheet {
    /// An empty one.
    pub fn new(look: Look) -> Self {
        Self {
            look,
            pictures: vec![],
        }
    }

    /// Puts the picture of a state on it.
    pub fn add(&mut self, name: &str, picture: Picture) {
        self.pictures.push((name.to_owned(), picture));
    }

    /// Holds it against the sheet that is kept, or keeps it where `CARD_PICTURES=write`. Answers what differs, a line for
    /// each state; what was drawn lies in `target/screenshots` then.
    pub fn compare(&self) -> Vec<String> {
        let name = format!("card-{}-{}", self.look.lang, self.look.theme);
        let kept = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/shown/kept"));
        if std::env::var("CARD_PICTURES").is_ok_and(|wish| wish == "write") {
            self.write(&kept, &name);
        }
        let file = kept.join(&name);
        let differences = match (
            std::fs::read(file.with_extension("png")),
            std::fs::read_to_string(file.with_extension("txt")),
        ) {
            (Ok(png), Ok(places)) => {
                self.differences(&name, &read(&Picture::from_png(&png), &places))
            }
            _ => vec![format!("{} is not kept", file.display())],
        };
        if !differences.is_empty() {
            let drawn = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
            self.write(&drawn, &name);
        }
        differences
    }

    fn differences(&self, name: &str, before: &[(String, Picture)]) -> Vec<String> {
        let mut found = vec![];
        for (state, picture) in &self.pictures {
            match before.iter().find(|(known, _)| known == state) {
                None => found.push(format!("{name}, {state}: is new")),
                Some((_, before)) => {
                    let difference = picture.differs_from(before);
                    found.extend(difference.map(|what| format!("{name}, {state}: {what}")));
                }
            }
        }
        let is_gone = |state: &&String| !self.pictures.iter().any(|(known, _)| known == *state);
        let gone = before.iter().map(|(state, _)| state).filter(is_gone);
        found.extend(gone.map(|state| format!("{name}, {state}: is gone")));
        found
    }

    fn write(&self, folder: &std::path::Path, name: &str) {
        let (sheet, places) = self.laid_out();
        std::fs::create_dir_all(folder).expect("a folder");
        let file = folder.join(name);
        std::fs::write(file.with_extension("png"), sheet.to_png()).expect("a file");
        std::fs::write(file.with_extension("txt"), places).expect("a file");
    }

    /// One picture, and where each state stands in it: name, left, top, width, height.
    fn laid_out(&self) -> (Picture, String) {
        let mut places = String::new();
        let mut top = GAP;
        let mut placed = vec![];
        for row in self.pictures.chunks(IN_A_ROW) {
            let mut left = GAP;
            for (name, picture) in row {
                let (width, height) = (picture.width, picture.height);
                writeln!(places, "{name} {left} {top} {width} {height}").expect("memory");
                placed.push((picture, left, top));
                left += width + GAP;
            }
            top += row
                .iter()
                .map(|(_, picture)| picture.height)
                .max()
                .unwrap_or(0)
                + GAP;
        }
        let rights = placed
            .iter()
            .map(|(picture, left, _)| left + picture.width + GAP);
        let width = rights.max().unwrap_or(GAP);
        let ground = match self.look.theme {
            "dark" => [40, 40, 40],
            _ => [200, 200, 200],
        };
        let mut sheet = Picture::plain(width, top, ground);
        for (picture, left, top) in placed {
            sheet.paste(picture, left, top);
        }
        (sheet, places)
    }
}

fn read(sheet: &Picture, places: &str) -> Vec<(String, Picture)> {
    let states = places.lines().map(|line| {
        let mut words = line.split(' ');
        let name = words.next().expect("a name").to_owned();
        let numbers: Vec<usize> = words.map(|word| word.parse().expect("a number")).collect();
        let [left, top, width, height] = numbers[..] else {
            panic!("four numbers: {line}");
        };
        (name, sheet.part(left, top, width, height))
    });
    states.collect()
}
