//! Builds the widget's archive: compiles card and settings for the browser, joins them with the shell and packs the zip that the
//! library embeds. `WIDGET_SKIP=1` and clippy get an empty archive.

#[path = "widget-shell/pack/bindgen.rs"]
mod bindgen;
#[path = "widget-shell/pack/cargo.rs"]
mod cargo;
#[path = "widget-shell/pack/files.rs"]
mod files;
#[path = "widget-shell/pack/lzma.rs"]
mod lzma;
#[path = "widget-shell/pack/module.rs"]
mod module;
#[path = "widget-shell/pack/zip.rs"]
mod zip;

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What the settings read texts by, and load when it is first needed.
const WEIGHTS: &str = "widget-core/src/understand/reader/weights.bin";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() {
    if let Err(error) = build() {
        for line in error.to_string().lines() {
            println!("cargo::error={line}");
        }
    }
}

fn build() -> Outcome<()> {
    watch();
    let out = PathBuf::from(need("OUT_DIR")?);
    if is_skipped() {
        let nothing = module::Module::default();
        return write(&out, &zip::Files::new(), [&nothing, &nothing, &nothing]);
    }
    let root = PathBuf::from(need("CARGO_MANIFEST_DIR")?);
    let target_dir = cargo::target_dir(&out);
    let shell = root.join("widget-shell");
    let reader = module::data("reader", &fs::read(root.join(WEIGHTS))?);
    let make = |name, template: &str, pack| {
        let template = fs::read_to_string(shell.join(template))?;
        let template = template.replace("__READER__", &reader.name);
        part(name, &template, pack, &root, &target_dir)
    };
    let card = make("card", "module.js", module::gzip)?;
    let settings = make("settings", "settings.js", lzma::lzma)?;
    let style = root.join("widget-ui/src/style.css");
    let parts = [&card, &settings, &reader];
    let files = files::lay_out(&shell, &style, parts)?;
    write(&out, &files, parts)
}

/// One of the parts that are compiled, `card` or `settings`: `template` unpacks what `pack` packs.
fn part(
    name: &str,
    template: &str,
    pack: fn(&[u8]) -> io::Result<Vec<u8>>,
    root: &Path,
    target_dir: &Path,
) -> Outcome<module::Module> {
    let compiled = compile(root, target_dir, name)?;
    let (glue, wasm) = bindgen::bind(&compiled)?;
    let packed = pack(&wasm)?;
    Ok(module::join(name, template, &glue, wasm, &packed))
}

/// What the archive is made of.
fn watch() {
    for path in [
        "build.rs",
        "Cargo.toml",
        "Cargo.lock",
        "widget-shell",
        "widget-ui",
        "widget-core/src",
        "widget-core/Cargo.toml",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=WIDGET_SKIP");
}

/// Lint runs need the library's interface, not the archive.
fn is_skipped() -> bool {
    let wrapper = env::var("RUSTC_WORKSPACE_WRAPPER").unwrap_or_default();
    env::var("WIDGET_SKIP").is_ok_and(|skip| skip == "1")
        || env::var_os("CLIPPY_ARGS").is_some()
        || wrapper.contains("clippy-driver")
}

fn compile(root: &Path, target_dir: &Path, bin: &str) -> Outcome<PathBuf> {
    require_target()?;
    let home = cargo_home()?;
    let output = cargo::command(&need("CARGO")?, root, target_dir, bin, &home).output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{bin} does not compile:\n{words}").into());
    }
    Ok(cargo::module(target_dir, bin))
}

fn require_target() -> Outcome<()> {
    let answer = Command::new(need("RUSTC")?)
        .args(["--print", "target-libdir", "--target", cargo::TARGET])
        .output()?;
    let folder = PathBuf::from(String::from_utf8(answer.stdout)?.trim());
    if folder.is_dir() {
        return Ok(());
    }
    Err(format!("run: rustup target add {}", cargo::TARGET).into())
}

fn cargo_home() -> Outcome<PathBuf> {
    match env::var_os("CARGO_HOME") {
        Some(home) => Ok(home.into()),
        None => Ok(PathBuf::from(need("HOME")?).join(".cargo")),
    }
}

fn write(
    out: &Path,
    files: &zip::Files,
    [card, settings, reader]: [&module::Module; 3],
) -> Outcome<()> {
    let archive = zip::pack(files)?;
    println!(
        "cargo::rustc-env=WIDGET_SHA256={}",
        module::sha256(&[&archive])
    );
    println!("cargo::rustc-env=WIDGET_CARD={}", card.name);
    fs::write(out.join("widget.zip"), archive)?;
    println!("cargo::rustc-env=WIDGET_SETTINGS={}", settings.name);
    println!("cargo::rustc-env=WIDGET_READER={}", reader.name);
    fs::write(out.join("reader.js"), &reader.js)?;
    for (name, part) in [("card", card), ("settings", settings)] {
        fs::write(out.join(format!("{name}.js")), &part.js)?;
        fs::write(out.join(format!("{name}.wasm")), &part.wasm)?;
    }
    Ok(())
}

fn need(name: &str) -> Outcome<OsString> {
    env::var_os(name).ok_or_else(|| format!("{name} is not set").into())
}
