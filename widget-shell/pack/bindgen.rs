//! wasm-bindgen as a library: no installed tool, no files in between. Only `build.rs` has it.

use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

/// The name under which the glue offers the module, inside the part's file.
const GLOBAL: &str = "estafeta_part";

/// Glue (no modules, no snippets) and module of a compiled binary.
///
/// # Errors
/// What wasm-bindgen says; and glue that needs further files, which the archive does not have.
pub fn bind(compiled: &Path) -> Result<(String, Vec<u8>), String> {
    let mut output = Bindgen::new()
        .input_path(compiled)
        .out_name("part")
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(true)
        .no_modules(true)
        .and_then(|bindgen| bindgen.no_modules_global(GLOBAL))
        .and_then(Bindgen::generate_output)
        .map_err(|error| format!("{error:#}"))?;
    if output.snippets().values().any(|files| !files.is_empty()) {
        return Err("the glue needs files of its own".to_owned());
    }
    let glue = output.js().to_owned();
    Ok((glue, output.wasm_mut().emit_wasm()))
}
