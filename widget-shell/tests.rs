//! The archive that this build made.

use crate::pack::sizes::{size, sizes};
use crate::pack::zip::{Files, pack};
use crate::personalise::unpack;
use crate::{ARCHIVE, ARCHIVE_SHA256, check, personalise};
use crate::{CARD_JS, CARD_NAME, CARD_WASM, READER_JS, READER_NAME};
use crate::{SETTINGS_JS, SETTINGS_NAME, SETTINGS_WASM};

/// Bytes that a deal card may load, as brotli. Only ever lowered.
const CARD_BUDGET: usize = 112_900;
/// Bytes of the settings, as brotli: loaded only where they are opened. Only ever lowered. The weights of the reader of texts,
/// which hardly shrink, are a file of their own.
const SETTINGS_BUDGET: usize = 442_300;
/// Bytes of the shell, which every deal card loads even with a closed panel.
const SCRIPT_BUDGET: usize = 6_000;

/// Spoils an archive in one way.
type Spoil = Box<dyn FnOnce(&mut Files)>;

fn made() -> Vec<u8> {
    personalise("https://bot.example.org", "1.0.0", false).expect("a build without WIDGET_SKIP")
}

fn spoiled(change: impl FnOnce(&mut Files)) -> Vec<&'static str> {
    let mut files = unpack(&made()).unwrap();
    change(&mut files);
    let mut rules: Vec<_> = check(&pack(&files).unwrap())
        .into_iter()
        .map(|finding| finding.rule)
        .collect();
    rules.dedup();
    rules
}

fn replace(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(from), "{path} holds {from}");
    files.insert(path.to_owned(), text.replace(from, to).into_bytes());
}

#[test]
fn the_archive_keeps_amocrms_rules() {
    for public in [false, true] {
        let archive = personalise("https://bot.example.org", "1.0.0", public).unwrap();
        assert_eq!(check(&archive), []);
    }
}

#[test]
fn an_archive_without_an_origin_is_no_archive_to_upload() {
    assert!(
        check(ARCHIVE)
            .iter()
            .all(|finding| finding.rule == "not_personalised")
    );
    assert_eq!(check(ARCHIVE).len(), 2);
}

#[test]
fn equal_files_make_an_equal_zip() {
    let files = unpack(ARCHIVE).unwrap();
    assert_eq!(pack(&files).unwrap(), ARCHIVE);
    assert_eq!(crate::pack::module::sha256(&[ARCHIVE]), ARCHIVE_SHA256);
}

#[test]
fn every_breach_is_found() {
    let manifest = "manifest.json";
    let cases: Vec<(&str, Spoil)> = vec![
        (
            "missing",
            Box::new(|f| drop(f.remove("images/logo_min.png"))),
        ),
        ("missing", Box::new(|f| drop(f.remove("i18n/en.json")))),
        (
            "missing",
            Box::new(|f| drop(f.remove("images/tour_ru.png"))),
        ),
        ("missing", Box::new(|f| drop(f.remove("manifest.json")))),
        (
            "logo_size",
            Box::new(|f| {
                let other = f["images/logo_small.png"].clone();
                f.insert("images/logo_min.png".into(), other);
            }),
        ),
        (
            "tour_size",
            Box::new(|f| {
                let other = f["images/logo_small.png"].clone();
                f.insert("images/tour_ru.png".into(), other);
            }),
        ),
        (
            "picture_format",
            Box::new(|f| drop(f.insert("images/logo.png".into(), b"GIF89a".to_vec()))),
        ),
        (
            "picture_weight",
            Box::new(|f| {
                let logo = f.get_mut("images/logo.png").unwrap();
                logo.resize(300_001, 0);
            }),
        ),
        (
            "separator",
            Box::new(|f| drop(f.insert("images\\x.png".into(), vec![]))),
        ),
        (
            "path",
            Box::new(|f| drop(f.insert("../x.js".into(), vec![]))),
        ),
        (
            "root",
            Box::new(|f| {
                let all = std::mem::take(f);
                f.extend(
                    all.into_iter()
                        .map(|(path, content)| (format!("widget/{path}"), content)),
                );
            }),
        ),
        (
            "unused",
            Box::new(|f| drop(f.insert("notes.txt".into(), vec![]))),
        ),
        (
            "unused",
            Box::new(|f| drop(f.insert("__MACOSX/script.js".into(), vec![]))),
        ),
        (
            "unused",
            Box::new(|f| drop(f.insert("own.js".into(), b"own.js".to_vec()))),
        ),
        (
            "file_count",
            Box::new(|f| {
                f.extend((0..60).map(|n| (format!("images/{n}.png"), vec![])));
            }),
        ),
        (
            "archive_size",
            Box::new(|f| {
                // Bytes that do not shrink.
                let mut noise = 1u32;
                let bytes = (0..2_100_000).map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    noise.to_be_bytes()[0]
                });
                f.insert("noise.bin".into(), bytes.collect());
            }),
        ),
        (
            "utf8",
            Box::new(|f| drop(f.insert("style.css".into(), vec![0xff]))),
        ),
        (
            "bom",
            Box::new(|f| {
                f.get_mut("style.css")
                    .unwrap()
                    .splice(0..0, *b"\xef\xbb\xbf")
                    .for_each(drop);
            }),
        ),
        (
            "line_ends",
            Box::new(|f| f.get_mut("script.js").unwrap().extend(b"\r\n")),
        ),
        (
            "json",
            Box::new(|f| drop(f.insert("i18n/ru.json".into(), b"{".to_vec()))),
        ),
        (
            "json",
            Box::new(|f| drop(f.insert("manifest.json".into(), b"{".to_vec()))),
        ),
        (
            "forbidden_call",
            Box::new(|f| f.get_mut("script.js").unwrap().extend(b"\neval('1');")),
        ),
        (
            "forbidden_call",
            Box::new(|f| f.get_mut("script.js").unwrap().extend(b" console.log(1);")),
        ),
        (
            "forbidden_call",
            Box::new(|f| f.get_mut("script.js").unwrap().extend(b" window.alert(1);")),
        ),
        (
            "i18n_structure",
            Box::new(|f| replace(f, "i18n/en.json", "\"do.take\"", "\"do.took\"")),
        ),
        (
            "i18n_english",
            Box::new(|f| replace(f, "i18n/en.json", "Take the dialog", "Взять")),
        ),
        (
            "i18n_key",
            Box::new(move |f| replace(f, manifest, "widget.name", "widget.title")),
        ),
        (
            "manifest",
            Box::new(move |f| replace(f, manifest, "\"version\"", "\"versions\"")),
        ),
        (
            "manifest",
            Box::new(move |f| {
                replace(
                    f,
                    manifest,
                    "\"interface_version\": 2",
                    "\"interface_version\": 1",
                );
            }),
        ),
        (
            "manifest",
            Box::new(move |f| replace(f, manifest, "\"is_tour\": true", "\"is_tour\": false")),
        ),
        (
            "manifest",
            Box::new(move |f| replace(f, manifest, "lcard-1", "lkard-1")),
        ),
        (
            "manifest",
            Box::new(move |f| replace(f, manifest, "\"title\"", "\"name\"")),
        ),
        (
            "i18n_key",
            Box::new(move |f| {
                replace(
                    f,
                    manifest,
                    "\"title\": \"widget.name\"",
                    "\"title\": \"no.such\"",
                );
            }),
        ),
        (
            "manifest",
            Box::new(move |f| replace(f, manifest, "\"link\"", "\"url\"")),
        ),
        (
            "manifest",
            Box::new(move |f| {
                replace(f, manifest, "\"installation\": true", "\"installation\": 1");
            }),
        ),
    ];
    for (rule, spoil) in cases {
        let found = spoiled(spoil);
        assert!(found.contains(&rule), "{rule}: found {found:?}");
    }
    assert_eq!(check(b"no zip")[0].rule, "zip");
}

#[test]
fn zip_slip_names_that_lead_out_of_the_archive_are_found_and_nothing_is_written() {
    for hostile in [
        "../x.js",
        "../../../../etc/cron.d/x",
        "images/../../x.js",
        "/etc/passwd",
        "..\\..\\x.js",
    ] {
        let files = Files::from([(hostile.to_owned(), b"x".to_vec())]);
        let found = check(&pack(&files).unwrap());
        let is_found = |rule: &str| found.iter().any(|finding| finding.rule == rule);
        assert!(
            is_found("path") || is_found("separator"),
            "{hostile}: {found:?}"
        );
        assert!(
            unpack(&pack(&files).unwrap())
                .unwrap()
                .contains_key(hostile),
            "kept in memory"
        );
    }
}

#[test]
fn zip_slip_an_archive_that_would_fill_the_memory_is_not_unpacked() {
    let bomb = Files::from([("script.js".to_owned(), vec![0; 33 * 1024 * 1024])]);
    let bomb = pack(&bomb).unwrap();
    assert!(bomb.len() < 1024 * 1024, "it looks small");
    assert!(unpack(&bomb).is_err());
    let found = check(&bomb);
    assert_eq!((found.len(), found[0].rule), (1, "zip"), "{found:?}");
    let crowd = (0..1_001).map(|n| (format!("{n}.js"), Vec::new()));
    assert!(unpack(&pack(&crowd.collect()).unwrap()).is_err());
}

#[test]
fn settings_must_not_be_empty() {
    let found = spoiled(|files| {
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&files["manifest.json"]).unwrap();
        manifest["settings"] = serde_json::json!({});
        files.insert("manifest.json".into(), manifest.to_string().into_bytes());
    });
    assert_eq!(found, ["manifest"]);
}

#[test]
fn names_that_only_sound_forbidden_are_allowed() {
    let found = spoiled(|files| {
        files
            .get_mut("script.js")
            .unwrap()
            .extend(b"\nretrieval(1); const medieval = 1;");
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn no_path_of_the_machine_is_left_in_the_archive() {
    let home = std::env::var("HOME").unwrap_or_default();
    let here = env!("CARGO_MANIFEST_DIR");
    let places = [
        here,
        home.as_str(),
        ".cargo",
        "registry/src",
        "/home/",
        "/Users/",
        "\\Users\\",
    ];
    let holds = |haystack: &[u8], needle: &str| {
        haystack
            .windows(needle.len())
            .any(|at| at == needle.as_bytes())
    };
    assert!(
        holds(CARD_WASM, "src/"),
        "panics name their places, so that this test can fail"
    );
    for place in places.into_iter().filter(|place| place.len() > 1) {
        for file in [CARD_WASM, CARD_JS, SETTINGS_WASM, SETTINGS_JS, READER_JS] {
            assert!(!holds(file, place), "{place} stands in a file");
        }
    }
}

#[test]
fn the_backend_serves_the_parts_of_the_archive() {
    let files = unpack(ARCHIVE).unwrap();
    assert_eq!(files[&format!("{CARD_NAME}.js")], CARD_JS);
    assert_eq!(files[&format!("{SETTINGS_NAME}.js")], SETTINGS_JS);
    assert_eq!(files[&format!("{READER_NAME}.js")], READER_JS);
    assert!(String::from_utf8_lossy(SETTINGS_JS).contains(READER_NAME));
    assert_eq!(&CARD_WASM[..4], b"\0asm");
    assert_eq!(&SETTINGS_WASM[..4], b"\0asm");
    let script = String::from_utf8_lossy(&files["script.js"]);
    assert!(script.contains(CARD_NAME) && script.contains(SETTINGS_NAME));
}

#[test]
fn the_settings_stay_within_their_budget() {
    let size = size(SETTINGS_JS);
    println!("settings: {size:?}, module {} raw", SETTINGS_WASM.len());
    assert!(size.brotli > 1_000);
    assert!(size.brotli <= SETTINGS_BUDGET, "{} bytes", size.brotli);
}

#[test]
fn the_card_stays_within_its_budget() {
    let files = unpack(&made()).unwrap();
    let rows = sizes(&files);
    for (path, size) in &rows {
        println!(
            "{path:24} {:7} raw {:7} gzip {:7} brotli",
            size.raw, size.gzip, size.brotli
        );
    }
    println!("module                   {:7} raw", CARD_WASM.len());
    let (_, all) = rows.last().unwrap();
    assert!(rows.len() == 5 && all.brotli > 1_000);
    assert!(all.brotli <= CARD_BUDGET, "{} bytes of brotli", all.brotli);
    assert!(
        files["script.js"].len() <= SCRIPT_BUDGET,
        "{} bytes",
        files["script.js"].len()
    );
}
