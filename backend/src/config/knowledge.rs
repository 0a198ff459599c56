//! The folder of a knowledge base: its `.md` and `.csv` files, by name.

use std::path::Path;
use widget_core::knowledge::{BaseFile, read};

/// The files of the folder, known to be good.
///
/// # Errors
/// All that is wrong: `(file and line, a sentence)`; an empty place is the folder itself.
pub fn base_in(folder: &Path) -> Result<Vec<BaseFile>, Vec<(String, String)>> {
    let of_folder = |problem: String| vec![(String::new(), problem)];
    let files = files_in(folder)
        .map_err(|error| of_folder(format!("{} cannot be read: {error}.", folder.display())))?;
    if files.is_empty() {
        let problem = format!("{} holds no .md and no .csv file.", folder.display());
        return Err(of_folder(problem));
    }
    match read(&files) {
        Ok(_) => Ok(files),
        Err(findings) => Err(findings
            .into_iter()
            .map(|finding| (finding.place, finding.problem.to_string()))
            .collect()),
    }
}

fn files_in(folder: &Path) -> std::io::Result<Vec<BaseFile>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_file() && matches!(ending, Some("md" | "csv")) {
            files.push(BaseFile {
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                text: std::fs::read_to_string(&path)?,
            });
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}
