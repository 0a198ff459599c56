//! What stands where in the archive.

use super::module::{Module, sha256};
use super::zip::Files;
use std::path::Path;
use std::{fs, io};

/// The folders and files of `widget-shell` that go into the archive as they are.
const AS_THEY_ARE: [&str; 3] = ["i18n", "images", "manifest.json"];

/// The files of the archive: the shell's, the style, the card, the settings and what reads texts there. `__ORIGIN__`,
/// `__VERSION__` and `__ELSEWHERE__` stay for `personalise`.
///
/// # Errors
/// A file that cannot be read.
pub fn lay_out(
    shell: &Path,
    style: &Path,
    [card, settings, reader]: [&Module; 3],
) -> io::Result<Files> {
    let mut files = Files::new();
    for name in AS_THEY_ARE {
        add(&mut files, &shell.join(name), name)?;
    }
    let style = fs::read(style)?;
    let style_id = format!("estafeta-{}", &sha256(&[&style])[..8]);
    let script = fs::read_to_string(shell.join("script.js"))?
        .replace("__CARD__", &card.name)
        .replace("__SETTINGS__", &settings.name)
        .replace("__STYLE__", &style_id);
    files.insert("script.js".to_owned(), script.into_bytes());
    files.insert("style.css".to_owned(), style);
    for part in [card, settings, reader] {
        files.insert(format!("{}.js", part.name), part.js.clone().into_bytes());
    }
    Ok(files)
}

fn add(files: &mut Files, from: &Path, name: &str) -> io::Result<()> {
    if from.is_file() {
        files.insert(name.to_owned(), fs::read(from)?);
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let inside = entry.file_name();
        add(
            files,
            &entry.path(),
            &format!("{name}/{}", inside.to_string_lossy()),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_names_its_parts_and_the_style() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let part = |name: &str| Module {
            name: name.to_owned(),
            js: "part".to_owned(),
            wasm: vec![],
        };
        let [card, settings, reader] = ["card-0123", "settings-4567", "reader-89ab"].map(part);
        let style = root.join("widget-ui/src/style.css");
        let files = lay_out(
            &root.join("widget-shell"),
            &style,
            [&card, &settings, &reader],
        )
        .unwrap();
        let script = String::from_utf8(files["script.js"].clone()).unwrap();
        assert!(script.contains("'card-0123.js'") && !script.contains("__STYLE__"));
        assert!(script.contains("'settings-4567.js'"));
        for name in [
            "manifest.json",
            "i18n/ru.json",
            "images/logo.png",
            "style.css",
            "card-0123.js",
            "settings-4567.js",
            "reader-89ab.js",
        ] {
            assert!(files.contains_key(name), "{name}");
        }
    }
}
