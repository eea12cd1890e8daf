//! Small files, written so that the old one survives whatever goes wrong.

use anyhow::Result;
use chreode_io::{IoError, write_atomically};
use std::ffi::OsString;
use std::path::Path;

/// Replaces the content of `path` by `bytes`, or leaves it as it was.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomically(path, |file| {
        file.write_all(bytes).map_err(|source| IoError::Write { path: path.to_path_buf(), source })
    })?;
    Ok(())
}

/// Makes sure that a file can be written at `path`, before the work that it is for.
pub(crate) fn probe(path: &Path) -> Result<()> {
    let denied = |source| IoError::Write { path: path.to_path_buf(), source };
    if path.is_dir() {
        return Err(IoError::IsFolder { path: path.to_path_buf() }.into());
    }
    let mut name = OsString::from(".chreode-probe-");
    name.push(path.file_name().unwrap_or_default());
    let beside = path.with_file_name(name);
    match write_atomically(&beside, |_| Ok(())) {
        Err(IoError::Write { source, .. }) => Err(denied(source).into()),
        outcome => {
            outcome?;
            Ok(std::fs::remove_file(beside).map_err(denied)?)
        }
    }
}
