//! LZMA as `settings.js` unpacks it: the settings are large, and no browser unpacks anything better than gzip by itself.
//! A fifth is saved, whatever the server in front of the archive does; a card is too small for its own unpacker.
//!
//! `lzma-rust2`: the one encoder in Rust alone that is kept and finds long matches.

use lzma_rust2::{LzmaOptions, LzmaWriter};
use std::io::{self, Write};

/// `settings.js` knows these numbers: four bits of the letter before, and nothing of the position.
const LETTER_BITS: u32 = 4;
/// More than any module.
const WINDOW: u32 = 1 << 23;

/// The best LZMA without header and end mark.
///
/// # Errors
/// None in practice: it compresses into memory.
pub fn lzma(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let options = LzmaOptions {
        dict_size: WINDOW,
        lc: LETTER_BITS,
        lp: 0,
        pb: 0,
        nice_len: LzmaOptions::NICE_LEN_MAX,
        depth_limit: 512,
        ..LzmaOptions::with_preset(9)
    };
    let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, false)?;
    writer.write_all(bytes)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lzma_rust2::LzmaReader;
    use std::io::Read;
    use std::process::Command;

    /// Every kind of step: letters, matches near and far, long and short, repeated ones, and what no model shrinks.
    fn sample() -> Vec<u8> {
        let mut sample = Vec::new();
        let mut seed = 7_u32;
        for at in 0..30_000_u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match seed >> 28 {
                0..=3 => sample.push(seed.to_le_bytes()[1]),
                4..=6 => sample.extend(b"local.get i32.add "),
                7 => sample.extend(std::iter::repeat_n(at.to_le_bytes()[0] % 7, 300)),
                _ => {
                    let from = (seed as usize) % sample.len().max(1);
                    let piece = sample[from..].iter().take(1 + at as usize % 40);
                    let piece: Vec<u8> = piece.copied().collect();
                    sample.extend(piece);
                }
            }
        }
        sample
    }

    #[test]
    fn what_is_packed_is_unpacked_by_others() {
        for bytes in [Vec::new(), b"\0asm".to_vec(), sample()] {
            let packed = lzma(&bytes).unwrap();
            let size = bytes.len() as u64;
            let mut reader =
                LzmaReader::new(packed.as_slice(), size, LETTER_BITS, 0, 0, WINDOW, None).unwrap();
            let mut again = Vec::new();
            reader.read_to_end(&mut again).unwrap();
            assert!(again == bytes, "{size} bytes");
        }
    }

    /// The page's own unpacker, in Node.
    #[test]
    fn the_page_unpacks_what_is_packed() {
        let folder = std::env::temp_dir().join(format!("estafeta-lzma-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let template = include_str!("../settings.js");
        for bytes in [b"\0asm".to_vec(), sample()] {
            let part = super::super::module::join(
                "settings",
                template,
                "const estafeta_part = async ({ module_or_path }) => print(new Uint8Array(module_or_path));",
                bytes.clone(),
                &lzma(&bytes).unwrap(),
            );
            let script = folder.join("part.js");
            let run = "const print = (bytes) => process.stdout.write(Buffer.from(bytes).toString('hex')); \
                       const define = (make) => make()();";
            std::fs::write(&script, format!("{run}\n{}", part.js)).unwrap();
            let ran = Command::new("node").arg(&script).output().unwrap();
            let words = String::from_utf8_lossy(&ran.stderr);
            assert!(ran.status.success(), "{words}");
            assert!(
                String::from_utf8_lossy(&ran.stdout) == hex::encode(&bytes),
                "{} bytes",
                bytes.len()
            );
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
