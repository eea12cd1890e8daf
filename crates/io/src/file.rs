//! Files as a whole: their length, their hash, and replacing one safely.

use crate::IoError;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The length of a file that is there and is not a folder.
pub(crate) fn length(path: &Path) -> Result<u64, IoError> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(IoError::IsFolder { path: path.to_path_buf() }),
        Ok(meta) => Ok(meta.len()),
        Err(source) if source.kind() == ErrorKind::NotFound => {
            Err(IoError::NoSuchFile { path: path.to_path_buf() })
        }
        Err(source) => Err(IoError::Read { path: path.to_path_buf(), source }),
    }
}

/// The SHA-256 of a file's bytes (FIPS 180-4), for the manifest of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DataHash(pub [u8; 32]);

impl fmt::Display for DataHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Hashes a file's content in constant memory.
///
/// # Errors
/// [`IoError::NoSuchFile`], [`IoError::IsFolder`], [`IoError::Read`].
pub fn data_hash(path: impl AsRef<Path>) -> Result<DataHash, IoError> {
    let path = path.as_ref();
    length(path)?;
    let read = |source| IoError::Read { path: path.to_path_buf(), source };
    let mut file = File::open(path).map_err(read)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(read)? {
            0 => return Ok(DataHash(hasher.finalize().into())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Writes a file so that a reader sees the old content or the new, never a part.
///
/// `fill` writes to a new file in the same folder, which is then flushed to the disk and renamed to
/// `path`; the folder is flushed too where the system allows. If anything fails on the way, a full disk
/// included, the new file is removed and the old one is as it was. A symbolic link at `path` is
/// followed, so that the file it names is replaced.
///
/// # Errors
/// [`IoError::Write`] with the path and the system's reason, [`IoError::IsFolder`], or what `fill`
/// returns.
pub fn write_atomically<F>(path: impl AsRef<Path>, fill: F) -> Result<(), IoError>
where
    F: FnOnce(&mut dyn Write) -> Result<(), IoError>,
{
    replace(path.as_ref(), |out| fill(out))
}

/// As [`write_atomically`], for a `fill` that goes back in what it has written, and returns something.
pub(crate) fn replace<T>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<T, IoError>,
) -> Result<T, IoError> {
    if path.is_dir() {
        return Err(IoError::IsFolder { path: path.to_path_buf() });
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let fail = |source| IoError::Write { path: path.to_path_buf(), source };
    let (beside, file) = create_beside(&target).map_err(fail)?;
    let outcome = keep_permissions(&target, &file)
        .map_err(fail)
        .and_then(|()| fill_and_sync(file, path, fill))
        .and_then(|value| fs::rename(&beside, &target).map_err(fail).map(|()| value));
    if outcome.is_err() {
        // The first error is the one to report; a file left behind is only untidy.
        _ = fs::remove_file(&beside);
        return outcome;
    }
    if let Some(Ok(folder)) = target.parent().map(File::open) {
        // Not every system can flush a folder, and the rename has already happened.
        _ = folder.sync_all();
    }
    outcome
}

/// Who may read the old file may read the new one.
fn keep_permissions(target: &Path, file: &File) -> std::io::Result<()> {
    match fs::metadata(target) {
        Ok(old) => file.set_permissions(old.permissions()),
        Err(_) => Ok(()),
    }
}

fn fill_and_sync<T>(
    file: File,
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<T, IoError>,
) -> Result<T, IoError> {
    let fail = |source| IoError::Write { path: path.to_path_buf(), source };
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let value = fill(&mut out)?;
    let file = out.into_inner().map_err(|error| fail(error.into_error()))?;
    file.sync_all().map_err(fail)?;
    Ok(value)
}

/// Creates `.name.PID.N.tmp` beside `target`, never opening a file that exists.
fn create_beside(target: &Path) -> std::io::Result<(PathBuf, File)> {
    let name = target
        .file_name()
        .ok_or_else(|| std::io::Error::new(ErrorKind::InvalidInput, "the path has no file name"))?;
    for attempt in 0..1000 {
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}.{attempt}.tmp", std::process::id()));
        let beside = target.with_file_name(beside);
        match File::options().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((beside, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::new(ErrorKind::AlreadyExists, "too many unfinished files beside it"))
}
