//! The bytes of a file, on the disk or in memory, read at any place by any thread.

use hdf5_pure::{FormatError, Source};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Where the bytes are.
#[derive(Clone)]
pub(crate) enum Store {
    File(Arc<File>, u64),
    Memory(Arc<[u8]>),
}

impl Store {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Fills `out` from `offset` on.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(out.len() as u64);
        if end.is_none_or(|end| end > self.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match self {
            Self::File(file, _) => read_exact_at(file, offset, out),
            Self::Memory(bytes) => {
                let start = offset as usize;
                out.copy_from_slice(&bytes[start..start + out.len()]);
                Ok(())
            }
        }
    }

    /// `length` bytes from `offset` on; no memory is asked for unless they are there.
    pub(crate) fn bytes(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        if offset.checked_add(length).is_none_or(|end| end > self.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut out = vec![0; length as usize];
        self.read(offset, &mut out)?;
        Ok(out)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !out.is_empty() {
        match file.seek_read(out, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                offset += n as u64;
                out = &mut out[n..];
            }
        }
    }
    Ok(())
}

impl Source for Store {
    fn len(&self) -> u64 {
        Store::len(self)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), FormatError> {
        Store::read(self, offset, buf).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                let (expected, available) = (buf.len() as u64, Store::len(self).saturating_sub(offset));
                FormatError::UnexpectedEof {
                    expected: expected.try_into().unwrap_or(usize::MAX),
                    available: available.try_into().unwrap_or(usize::MAX),
                }
            } else {
                FormatError::Source(error.to_string())
            }
        })
    }
}
