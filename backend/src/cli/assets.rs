//! What a sandbox serves: the widget's archive, and the card page's libraries in `backend/sandbox/node_modules`.

use super::Failure;
use std::path::{Path, PathBuf};
use widget_archive::{PersonaliseError, personalise};

/// Names the folder for a binary that lies elsewhere.
const VARIABLE: &str = "ESTAFETA_SANDBOX_ASSETS";
/// The folder within the sources.
const FOLDER: &str = "backend/sandbox/node_modules";

/// Version of a sandbox's archive: its own, no upload has to follow it.
const ARCHIVE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The archive for the backend at `origin`; empty in a build without the widget.
pub(super) fn archive(origin: &str) -> Result<Vec<u8>, Failure> {
    match personalise(origin, ARCHIVE_VERSION, false) {
        Err(PersonaliseError::Skipped) => {
            tracing::warn!("this build has no widget, so the card page stays empty");
            Ok(Vec::new())
        }
        archive => Ok(archive?),
    }
}

/// The folder; a warning when there is none, because everything but the card page works without it.
pub(super) fn folder() -> PathBuf {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return PathBuf::from(named);
    }
    let program = std::env::current_exe().unwrap_or_default();
    let here = Path::new("");
    let found = std::iter::once(here)
        .chain(program.ancestors().skip(1))
        .map(|folder| folder.join(FOLDER))
        .find(|folder| folder.is_dir());
    found.unwrap_or_else(|| {
        tracing::warn!(
            "{FOLDER} is missing, so the card page stays empty: run `npm ci --prefix backend/sandbox`, or set {VARIABLE}"
        );
        PathBuf::from(FOLDER)
    })
}
