//! `estafeta`: everything is in the library, see `backend::cli`.

fn main() -> std::process::ExitCode {
    backend::cli::main()
}
