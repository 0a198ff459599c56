//! One file for each compiled part, card and settings: glue and the packed module in base64, so that no `.wasm` has to
//! survive amoCRM's storage. The card's is packed as every browser can unpack it, the settings' smaller: see `lzma`.
//! And one for the weights of the reader of texts, which do not shrink and are not always needed.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use std::io;

/// A part, ready to be served.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Module {
    /// `<part>-<hash>`; the files are `<name>.js` and `<name>.wasm`.
    pub name: String,
    /// The whole part.
    pub js: String,
    /// The module alone, for browsers that cannot unpack it; empty where there is none.
    pub wasm: Vec<u8>,
}

/// Joins glue and module of a part. `template` is `module.js` or `settings.js` with its marks; `packed` the module as it
/// unpacks it.
pub fn join(part: &str, template: &str, glue: &str, wasm: Vec<u8>, packed: &[u8]) -> Module {
    let name = format!(
        "{part}-{}",
        &sha256(&[template.as_bytes(), glue.as_bytes(), &wasm])[..12]
    );
    let js = template
        .replace("__NAME__", &name)
        .replace("/*GLUE*/", glue)
        .replace("__SIZE__", &wasm.len().to_string())
        .replace("__PACKED__", &BASE64_STANDARD.encode(packed));
    Module { name, js, wasm }
}

/// Bytes as a file that the page's `RequireJS` gives out as text in base64: `<part>-<hash>.js`.
pub fn data(part: &str, bytes: &[u8]) -> Module {
    let text = BASE64_STANDARD.encode(bytes);
    Module {
        name: format!("{part}-{}", &sha256(&[bytes])[..12]),
        js: format!("define(function () {{ return '{text}'; }});\n"),
        wasm: Vec::new(),
    }
}

/// The smallest gzip, without a date: packed once, with patience, for every browser that unpacks it.
///
/// # Errors
/// None in practice: it compresses into memory.
pub fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    zopfli::compress(
        zopfli::Options::default(),
        zopfli::Format::Gzip,
        bytes,
        &mut packed,
    )?;
    Ok(packed)
}

/// SHA-256 over all parts, hexadecimal.
pub fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    const TEMPLATE: &str =
        "define(function () { /*GLUE*/ const PACKED = '__PACKED__'; fetch('__NAME__.wasm'); });";

    #[test]
    fn the_file_holds_the_module_and_its_name_follows_the_content() {
        let made = |glue: &str, wasm: &[u8]| {
            let packed = gzip(wasm).unwrap();
            join("card", TEMPLATE, glue, wasm.to_vec(), &packed)
        };
        let card = made("let glue;", b"\0asm");
        assert!(card.name.starts_with("card-"));
        assert!(card.js.contains("let glue;") && card.js.contains(&format!("{}.wasm", card.name)));
        let packed = card.js.split('\'').nth(1).unwrap();
        let mut module = vec![];
        let gz = BASE64_STANDARD.decode(packed).unwrap();
        GzDecoder::new(&gz[..]).read_to_end(&mut module).unwrap();
        assert_eq!(module, card.wasm);
        assert_eq!(card, made("let glue;", b"\0asm"));
        assert_ne!(card.name, made("let glue;", b"\0asm1").name);
        assert_ne!(card.name, made("let glue2;", b"\0asm").name);
    }

    #[test]
    fn data_are_given_out_as_text_under_a_name_that_follows_them() {
        let made = data("reader", &[0, 255, 7]);
        assert_eq!(made.js, "define(function () { return 'AP8H'; });\n");
        assert!(made.name.starts_with("reader-") && made.wasm.is_empty());
        assert_ne!(made.name, data("reader", &[0, 255, 8]).name);
    }
}
