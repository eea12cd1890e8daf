//! Small files, written so that the old one survives whatever goes wrong.

use anyhow::Result;
use chreode_io::{IoError, write_atomically};
use std::path::Path;

/// Replaces the content of `path` by `bytes`, or leaves it as it was.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomically(path, |file| {
        file.write_all(bytes).map_err(|source| IoError::Write { path: path.to_path_buf(), source })
    })?;
    Ok(())
}
