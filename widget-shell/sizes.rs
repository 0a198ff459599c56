//! Prints what the card loads, and beside it what the settings do: `cargo run --package widget-archive --example sizes`.

#[path = "pack/sizes.rs"]
mod sizes;
#[allow(dead_code)] // only its type is needed here
#[path = "pack/zip.rs"]
mod zip;

use std::error::Error;
use std::io::{Cursor, Read};

fn main() -> Result<(), Box<dyn Error>> {
    let archive = widget_archive::personalise("https://bot.example.org", "1.0.0", false)?;
    let mut reader = ::zip::ZipArchive::new(Cursor::new(archive))?;
    let mut files = zip::Files::new();
    for index in 0..reader.len() {
        let mut entry = reader.by_index(index)?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(entry.name()?.into_owned(), content);
    }
    println!("{:24} {:>8} {:>8} {:>8}", "file", "raw", "gzip", "brotli");
    for (path, size) in sizes::sizes(&files) {
        println!("{path:24} {:8} {:8} {:8}", size.raw, size.gzip, size.brotli);
    }
    for (path, content) in files
        .iter()
        .filter(|(path, _)| path.starts_with("settings-"))
    {
        let size = sizes::size(content);
        println!("{path:24} {:8} {:8} {:8}", size.raw, size.gzip, size.brotli);
    }
    Ok(())
}
