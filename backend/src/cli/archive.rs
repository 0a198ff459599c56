//! `estafeta widget` and `estafeta check`: the archive for amoCRM.

use super::Outcome;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Widget {
    #[arg(long, help = "The backend, such as https://bot.example.org")]
    origin: String,
    /// What amoCRM shows; it must grow with every upload.
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
    /// For a public integration: nothing but data is loaded from the backend.
    #[arg(long)]
    public: bool,
    /// Where the archive is written.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct Check {
    /// The archive.
    #[arg(value_name = "WIDGET.ZIP")]
    file: PathBuf,
}

/// Writes the archive.
pub(super) fn write(args: &Widget) -> Outcome {
    let archive = widget_archive::personalise(&args.origin, &args.version, args.public)?;
    std::fs::write(&args.out, archive)
        .map_err(|error| format!("{} cannot be written: {error}", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints every breach of a rule.
pub(super) fn check(args: &Check) -> Outcome {
    let archive = std::fs::read(&args.file)
        .map_err(|error| format!("{} cannot be read: {error}", args.file.display()))?;
    let findings = widget_archive::check(&archive);
    for finding in &findings {
        println!("{finding}");
    }
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
