//! The seat of an instance in its data folder: one process sits there at a time, and finds the mark of the one before.

use crate::error::StoreError;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

const FILE: &str = "instance";

/// A locked file with a mark in it. The lock ends with the process, however it ends.
pub(super) struct Seat(File);

impl Seat {
    /// Takes the seat in a folder.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let failed = |error: &dyn std::fmt::Display| {
            StoreError::Database(format!("cannot lock {}: {error}", path.display()))
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(format!(
                "{} is in use by another process: each instance needs a data folder of its own",
                folder.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(&error)),
        }
    }

    /// The mark of whoever sat here before; empty for nobody.
    pub(super) fn read(&mut self) -> String {
        let file = &mut self.0;
        let mut mark = String::new();
        let read = file.rewind().and_then(|()| file.read_to_string(&mut mark));
        if let Err(error) = read {
            tracing::warn!(%error, "the mark of the instance before cannot be read; its time has to run out");
        }
        mark
    }

    /// Leaves a mark.
    pub(super) fn write(&mut self, mark: &str) {
        let file = &mut self.0;
        let written = file
            .rewind()
            .and_then(|()| file.write_all(mark.as_bytes()))
            .and_then(|()| file.set_len(mark.len() as u64));
        if let Err(error) = written {
            tracing::warn!(%error, "the instance's mark cannot be kept; after a crash its time has to run out");
        }
    }
}
