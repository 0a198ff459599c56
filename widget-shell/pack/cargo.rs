//! The nested cargo that compiles the card for the browser. What leaks from the outer build into it, and why each
//! thing is cut off, is said beside it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of the card.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Its profile, in the root `Cargo.toml`.
pub const PROFILE: &str = "wasm-release";

/// Variables of the outer build that must not reach the nested one: compilers and wrappers (clippy would lint the card
/// and fail the build), flags for the host's linker, paths of the host's libraries.
const SCRUBBED: [&str; 11] = [
    "RUSTFLAGS",
    "RUSTC",
    "RUSTDOC",
    "LD_LIBRARY_PATH",
    "TARGET",
    "HOST",
    "OUT_DIR",
    "PROFILE",
    "DEBUG",
    "OPT_LEVEL",
    "NUM_JOBS",
];
const SCRUBBED_PREFIXES: [&str; 3] = ["RUSTC_", "CLIPPY_", "CARGO_"];
/// Of `CARGO_*`, only what says where crates come from and how many jobs may run.
const KEPT: [&str; 2] = ["CARGO_HOME", "CARGO_MAKEFLAGS"];
const KEPT_PREFIXES: [&str; 3] = ["CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTRIES_"];

/// Whether the variable `name` must be taken away.
pub fn is_scrubbed(name: &str) -> bool {
    let kept = KEPT.contains(&name) || starts_with_any(name, &KEPT_PREFIXES);
    !kept && (SCRUBBED.contains(&name) || starts_with_any(name, &SCRUBBED_PREFIXES))
}

fn starts_with_any(name: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// What cargo leaves in a target folder: the first only where it made the folder itself.
const MARKS: [&str; 2] = ["CACHEDIR.TAG", ".rustc_info.json"];

/// The command that compiles the binary `bin` of `widget-ui` into `target_dir`.
pub fn command(
    cargo: &OsString,
    root: &Path,
    target_dir: &Path,
    bin: &str,
    cargo_home: &Path,
) -> Command {
    let mut command = Command::new(cargo);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_scrubbed) {
            command.env_remove(name);
        }
    }
    command
        .current_dir(root)
        .args(["build", "--locked", "--package", "widget-ui", "--bin", bin])
        .args(features(bin))
        .args(["--target", TARGET, "--profile", PROFILE, "--target-dir"])
        .arg(target_dir)
        // Set even when empty: it outranks `build.rustflags` of any configuration file, which are meant for the host.
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(root, cargo_home));
    command
}

/// The card is compiled without what only the settings need: policy reader, decision, understanding.
fn features(bin: &str) -> &'static [&'static str] {
    match bin {
        "card" => &["--no-default-features"],
        _ => &[],
    }
}

/// Flags that keep the machine's paths out of the module (they stand in the places of panics).
fn rustflags(root: &Path, cargo_home: &Path) -> String {
    let sources = cargo_home.join("registry").join("src");
    let mut places = vec![root.to_owned(), cargo_home.to_owned()];
    if let Ok(registries) = sources.read_dir() {
        let mut found: Vec<PathBuf> = registries.flatten().map(|entry| entry.path()).collect();
        found.sort();
        places.extend(found);
    }
    // The last match wins, so the narrowest come last.
    let remap = |place: &PathBuf| format!("--remap-path-prefix={}/=", place.display());
    places.iter().map(remap).collect::<Vec<_>>().join("\u{1f}")
}

/// Where the nested build keeps its files: beside the outer one's, shared by all its profiles, and not the same folder,
/// where both would wait for each other's lock for ever. The target folder is the one above `OUT_DIR` that cargo marked;
/// else four above it, by cargo's layout `<target>/<profile>/build/<package>/out`.
pub fn target_dir(out_dir: &Path) -> PathBuf {
    let is_marked = |folder: &&Path| MARKS.iter().any(|mark| folder.join(mark).is_file());
    let marked = out_dir.ancestors().find(is_marked);
    let by_layout = out_dir.ancestors().nth(4);
    marked.or(by_layout).unwrap_or(out_dir).join("widget-wasm")
}

/// The compiled module.
pub fn module(target_dir: &Path, bin: &str) -> PathBuf {
    target_dir
        .join(TARGET)
        .join(PROFILE)
        .join(format!("{bin}.wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_flags_and_wrappers_do_not_leak() {
        for name in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "CLIPPY_ARGS",
            "LD_LIBRARY_PATH",
            "CARGO_PKG_NAME",
        ] {
            assert!(is_scrubbed(name), "{name}");
        }
        for name in [
            "PATH",
            "HOME",
            "RUSTUP_TOOLCHAIN",
            "CARGO_HOME",
            "CARGO_MAKEFLAGS",
            "CARGO_NET_OFFLINE",
            "CARGO_HTTP_PROXY",
            "CARGO_REGISTRIES_MIRROR_INDEX",
        ] {
            assert!(!is_scrubbed(name), "{name}");
        }
    }

    #[test]
    fn the_flags_are_always_set_and_name_every_source() {
        let command = command(
            &"cargo".into(),
            Path::new("/src"),
            Path::new("/t"),
            "card",
            Path::new("/none"),
        );
        let flags = command
            .get_envs()
            .find(|(name, _)| *name == "CARGO_ENCODED_RUSTFLAGS")
            .and_then(|(_, value)| value)
            .unwrap();
        assert_eq!(
            flags,
            "--remap-path-prefix=/src/=\u{1f}--remap-path-prefix=/none/="
        );
        let args: Vec<_> = command.get_args().collect();
        assert!(args.contains(&"--locked".as_ref()) && args.contains(&"wasm-release".as_ref()));
        assert!(args.contains(&"--no-default-features".as_ref()));
    }

    #[test]
    fn the_target_folder_is_the_one_that_cargo_marked() {
        let here = Path::new(env!("OUT_DIR"));
        let found = target_dir(here);
        let target = found.parent().unwrap();
        assert!(found.ends_with("widget-wasm") && here.starts_with(target));
        assert!(MARKS.iter().any(|mark| target.join(mark).is_file()));
        let unmarked = Path::new("/t/debug/build/widget-archive-0/out");
        assert_eq!(target_dir(unmarked), Path::new("/t/widget-wasm"));
        assert_eq!(target_dir(Path::new("/out")), Path::new("/out/widget-wasm"));
        let module = module(Path::new("/t/widget-wasm"), "card");
        assert_eq!(
            module,
            Path::new("/t/widget-wasm/wasm32-unknown-unknown/wasm-release/card.wasm")
        );
    }
}
