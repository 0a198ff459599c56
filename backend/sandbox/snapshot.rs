//! The data folder: one JSON file, replaced atomically.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Sandbox;
use crate::state::State;

/// A save slower than this is no longer made before an answer, only once a second.
const QUICK: Duration = Duration::from_millis(30);
/// The regular save takes at most one part in so many of the time.
const SHARE: u32 = 20;
/// The clock alone is saved this often.
const CLOCK_EVERY: Duration = Duration::from_secs(5);

pub(crate) struct Saver {
    file: Option<PathBuf>,
    revision: u64,
    cost: Duration,
    last: Instant,
}

impl Saver {
    pub(crate) fn new(folder: Option<&Path>) -> io::Result<Self> {
        if let Some(folder) = folder {
            fs::create_dir_all(folder)?;
        }
        Ok(Self {
            file: folder.map(|f| f.join("sandbox.json")),
            revision: 0,
            cost: Duration::ZERO,
            last: Instant::now(),
        })
    }

    pub(crate) fn load(&self) -> io::Result<Option<State>> {
        let Some(file) = self.file.as_ref().filter(|file| file.exists()) else {
            return Ok(None);
        };
        serde_json::from_slice(&fs::read(file)?)
            .map(Some)
            .map_err(io::Error::other)
    }

    pub(crate) fn save(&mut self, state: &State) -> io::Result<()> {
        if self.file.is_some() {
            let text = serde_json::to_vec(state)?;
            self.write(&text, state.revision)?;
        }
        Ok(())
    }

    fn write(&mut self, text: &[u8], revision: u64) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let fresh = file.with_extension("json.new");
        fs::write(&fresh, text)?;
        fs::rename(&fresh, file)?;
        self.revision = revision;
        Ok(())
    }
}

impl Sandbox {
    /// Saves before an answer leaves, so that a killed process forgets nothing it has promised. Calls that come
    /// together share one save; large data is saved once a second only.
    pub(crate) async fn keep(&self) {
        let revision = self.with(|state| state.revision);
        let mut saver = self.0.saver.lock().await;
        if saver.file.is_some() && saver.revision < revision && saver.cost < QUICK {
            self.save_with(&mut saver);
        }
    }

    /// The regular save: of changes at a pace that their size allows, of the clock now and then.
    pub(crate) async fn save_in_turn(&self) {
        let revision = self.with(|state| state.revision);
        let saver = self.0.saver.lock().await;
        let waited = saver.last.elapsed();
        let is_due =
            waited >= CLOCK_EVERY || (saver.revision < revision && waited >= saver.cost * SHARE);
        drop(saver);
        if is_due {
            self.save_quietly().await;
        }
    }

    /// Saves; a failure is logged, the sandbox goes on.
    pub(crate) async fn save_quietly(&self) {
        let mut saver = self.0.saver.lock().await;
        if saver.file.is_some() {
            self.save_with(&mut saver);
        }
    }

    fn save_with(&self, saver: &mut Saver) {
        let began = Instant::now();
        let (text, revision) = self.with(|state| {
            state.speed = self.0.clock.speed();
            (serde_json::to_vec(state), state.revision)
        });
        let saved = text
            .map_err(io::Error::other)
            .and_then(|text| saver.write(&text, revision));
        if let Err(error) = saved {
            tracing::warn!(%error, "the sandbox cannot save its data");
        }
        saver.cost = began.elapsed();
        saver.last = Instant::now();
    }
}
