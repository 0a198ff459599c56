//! Named crash points for the crash tests (DESIGN §9): `ESTAFETA_FAILPOINT=<name>:abort` kills the process where
//! [`hit`] stands. Compiled in only with the feature `failpoints`, which a release build lacks.

/// Aborts the process if `name` is the chosen failpoint.
#[cfg(feature = "failpoints")]
pub fn hit(name: &str) {
    static PANICKED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    let chosen = std::env::var("ESTAFETA_FAILPOINT").unwrap_or_default();
    if chosen.strip_suffix(":panic") == Some(name)
        && !PANICKED.swap(true, std::sync::atomic::Ordering::Relaxed)
    {
        panic!("the failpoint {name}");
    }
    if chosen.strip_suffix(":abort") == Some(name) {
        std::process::abort();
    }
}

/// Nothing, without the feature.
#[cfg(not(feature = "failpoints"))]
pub fn hit(_name: &str) {}
