//! How much a deal card loads.

use super::zip::Files;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Bytes of one file or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// As it lies in the archive.
    pub raw: usize,
    /// As a server with gzip sends it.
    pub gzip: usize,
    /// As a server with brotli sends it.
    pub brotli: usize,
}

/// The sizes of what the card loads in Russian: script, texts, style, card. The last row is their sum.
pub fn sizes(files: &Files) -> Vec<(String, Size)> {
    let loaded = |path: &&String| {
        matches!(path.as_str(), "script.js" | "style.css" | "i18n/ru.json")
            || path.starts_with("card-")
    };
    let mut rows: Vec<(String, Size)> = files
        .keys()
        .filter(loaded)
        .map(|path| (path.clone(), size(&files[path])))
        .collect();
    let sum = rows.iter().fold(Size::default(), |sum, (_, size)| Size {
        raw: sum.raw + size.raw,
        gzip: sum.gzip + size.gzip,
        brotli: sum.brotli + size.brotli,
    });
    rows.push(("all".to_owned(), sum));
    rows
}

/// The size of one file.
pub fn size(bytes: &[u8]) -> Size {
    let mut packed = vec![];
    let options = brotli::enc::BrotliEncoderParams {
        quality: 11,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &options).expect("compresses into memory");
    let mut zipped = GzEncoder::new(Vec::new(), Compression::best());
    zipped.write_all(bytes).expect("compresses into memory");
    Size {
        raw: bytes.len(),
        gzip: zipped.finish().expect("compresses into memory").len(),
        brotli: packed.len(),
    }
}
