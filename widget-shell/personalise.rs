//! Writes one backend's origin and a version into the archive.

use crate::ARCHIVE;
use crate::pack::zip::{Files, pack};
use std::io::{Cursor, Read};
use zip::ZipArchive;
use zip::result::{ZipError, ZipResult};

/// A widget has far fewer files, and far fewer bytes unpacked: what has more is made to fill a memory.
const MOST_ENTRIES: usize = 1_000;
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// Why an archive could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PersonaliseError {
    /// Neither `https://host` nor http on this machine.
    #[error(
        "the origin must be https://host[:port], or http://localhost[:port] for a demo, not {0:?}"
    )]
    Origin(String),
    /// Not a version that amoCRM shows.
    #[error("the version must be digits, letters, dots and dashes, at most 20, not {0:?}")]
    Version(String),
    /// This build has no archive.
    #[error("this build has no widget: it was made with WIDGET_SKIP=1")]
    Skipped,
    /// The embedded archive cannot be read.
    #[error("the embedded archive is damaged: {0}")]
    Damaged(#[from] ZipError),
}

/// The archive for the backend at `origin` (`https://bot.example.org`; http only on loopback). `version` is what amoCRM
/// shows and must grow with every upload. A `public` archive loads nothing from the backend but data, as amoCRM's rules
/// for public integrations want it.
///
/// # Errors
/// An origin or version that would not work; a build without the archive.
pub fn personalise(origin: &str, version: &str, public: bool) -> Result<Vec<u8>, PersonaliseError> {
    let origin = origin.trim_end_matches('/');
    if !is_origin(origin) {
        return Err(PersonaliseError::Origin(origin.to_owned()));
    }
    if !is_version(version) {
        return Err(PersonaliseError::Version(version.to_owned()));
    }
    let mut files = unpack(ARCHIVE)?;
    if files.is_empty() {
        return Err(PersonaliseError::Skipped);
    }
    let elsewhere = if public {
        String::new()
    } else {
        format!("{origin}/widget/")
    };
    for name in ["manifest.json", "script.js"] {
        if let Some(content) = files.get_mut(name) {
            let text = String::from_utf8_lossy(content)
                .replace("__ORIGIN__", origin)
                .replace("__VERSION__", version)
                .replace("__ELSEWHERE__", &elsewhere);
            *content = text.into_bytes();
        }
    }
    Ok(pack(&files)?)
}

/// The files of a zip.
///
/// # Errors
/// Not a zip, a damaged one, or one that holds far more than a widget.
pub fn unpack(bytes: &[u8]) -> ZipResult<Files> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() > MOST_ENTRIES {
        return Err(ZipError::InvalidArchive("too many files".into()));
    }
    let mut files = Files::new();
    let mut left = MOST_BYTES;
    for index in 0..archive.len() {
        let entry = archive.by_index(index)?;
        let mut content = Vec::new();
        // What an entry says of its size may be a lie.
        let mut entry = entry.take(left + 1);
        let read = u64::try_from(entry.read_to_end(&mut content)?).unwrap_or(u64::MAX);
        left = left
            .checked_sub(read)
            .ok_or_else(|| ZipError::InvalidArchive("too many bytes".into()))?;
        let entry = entry.into_inner();
        if !entry.is_dir() {
            files.insert(entry.name()?.into_owned(), content);
        }
    }
    Ok(files)
}

/// Only what can stand between quotes of a script without meaning anything else.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, place)) = origin.split_once("://") else {
        return false;
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let is_loopback = host == "localhost" || host == "127.0.0.1";
    let labels_fit = host.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    port_fits && labels_fit && (scheme == "https" || (scheme == "http" && is_loopback))
}

fn is_version(version: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    (1..=20).contains(&version.len()) && version.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_https_or_this_machine() {
        for origin in [
            "https://bot.example.org",
            "https://bot.example.org/",
            "https://bot.example.org:8443",
            "http://localhost:8080",
            "http://127.0.0.1",
        ] {
            assert!(personalise(origin, "1.0.0", false).is_ok(), "{origin}");
        }
        for origin in [
            "",
            "bot.example.org",
            "http://bot.example.org",
            "http://localhost.example.org",
            "https://",
            "https://bot.example.org/path",
            "https://bot.example.org?x",
            "https://user@bot.example.org",
            "https://bot.example.org:0",
            "https://bot.example.org:99999",
            "https://bot'.example.org",
            "https://-bot.example.org",
            "https://bot..example.org",
            "ftp://bot.example.org",
            "javascript://localhost",
        ] {
            let refused = personalise(origin, "1.0.0", false);
            assert!(
                matches!(refused, Err(PersonaliseError::Origin(_))),
                "{origin}"
            );
        }
    }

    #[test]
    fn a_version_is_short_and_plain() {
        for version in ["", "1.0.0'", "1 0", "123456789012345678901"] {
            let refused = personalise("https://bot.example.org", version, false);
            assert!(
                matches!(refused, Err(PersonaliseError::Version(_))),
                "{version}"
            );
        }
    }

    #[test]
    fn origin_and_version_arrive_and_nothing_else_changes() {
        let before = unpack(ARCHIVE).unwrap();
        let made = personalise("https://bot.example.org/", "1.2.3", false).unwrap();
        let after = unpack(&made).unwrap();
        let script = String::from_utf8(after["script.js"].clone()).unwrap();
        assert!(script.contains("'https://bot.example.org'"));
        assert!(script.contains("'https://bot.example.org/widget/'"));
        let manifest: serde_json::Value = serde_json::from_slice(&after["manifest.json"]).unwrap();
        assert_eq!(manifest["widget"]["version"], "1.2.3");
        assert_eq!(
            manifest["widget"]["support"]["link"],
            "https://bot.example.org"
        );
        let rest = |files: &Files| {
            let mut files = files.clone();
            files.retain(|name, _| name != "script.js" && name != "manifest.json");
            files
        };
        assert_eq!(rest(&before), rest(&after));
        assert_eq!(
            made,
            personalise("https://bot.example.org", "1.2.3", false).unwrap()
        );
    }

    #[test]
    fn a_public_archive_loads_nothing_from_the_backend() {
        let files =
            unpack(&personalise("https://bot.example.org", "1.0.0", true).unwrap()).unwrap();
        let script = String::from_utf8(files["script.js"].clone()).unwrap();
        assert!(!script.contains("/widget/"));
        assert!(script.contains("const ELSEWHERE = '';"));
    }
}
