//! The chunks of an array, a file each.

use super::array::Array;
use super::codecs::{Decoded, decode};
use std::io::ErrorKind;
use std::path::PathBuf;

/// Where chunks are and how they are decoded.
pub(crate) struct ZarrChunks {
    array: Array,
}

/// Why a chunk cannot be given.
pub(crate) type Reason = String;

impl ZarrChunks {
    pub(crate) fn new(array: Array) -> Self {
        Self { array }
    }

    pub(crate) fn side(&self) -> &[usize] {
        &self.array.side
    }

    /// The most bytes that the files of all chunks can become.
    pub(crate) fn possible(&self) -> u64 {
        fn stored(folder: &std::path::Path, depth: usize) -> u64 {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .map(|entry| match entry.metadata() {
                    Ok(meta) if meta.is_dir() && depth < 8 => stored(&entry.path(), depth + 1),
                    Ok(meta) => meta.len(),
                    Err(_) => 0,
                })
                .fold(0, u64::saturating_add)
        }
        stored(&self.array.folder, 0).saturating_mul(1 << 15)
    }

    fn file(&self, corner: &[usize]) -> PathBuf {
        let keys = &self.array.keys;
        let indices = corner.iter().zip(&self.array.side).map(|(c, s)| (c / s).to_string());
        let joined = indices.collect::<Vec<_>>().join(&keys.separator.to_string());
        let name = match (keys.prefixed, joined.is_empty()) {
            (true, true) => "c".to_string(),
            (true, false) => format!("c{}{joined}", keys.separator),
            (false, true) => "0".to_string(),
            (false, false) => joined,
        };
        self.array.folder.join(name)
    }

    fn decoded(&self, corner: &[usize]) -> Result<Option<Decoded>, Reason> {
        let path = self.file(corner);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if self.array.zero_fill {
                    return Ok(None);
                }
                return Err(format!("the chunk {} is absent", path.display()));
            }
            Err(error) => return Err(format!("the chunk {}: {error}", path.display())),
        };
        let Array { codecs, side, element, .. } = &self.array;
        let decoded = decode(codecs, bytes, side, element.size());
        decoded.map(Some).map_err(|reason| format!("in the chunk {}, {reason}", path.display()))
    }

    /// A chunk's elements as bytes; zeros where none was written.
    pub(crate) fn bytes(&self, corner: &[usize]) -> Result<Vec<u8>, Reason> {
        match self.decoded(corner)? {
            Some(Decoded::Bytes(bytes)) => Ok(bytes),
            Some(Decoded::Texts(_)) => Err("it holds texts".to_string()),
            None => Ok(vec![0; self.array.side.iter().product::<usize>() * self.array.element.size()]),
        }
    }

    /// All texts of variable length, which are in one chunk or along one dimension.
    pub(crate) fn texts(&self) -> Result<Vec<String>, Reason> {
        let Array { shape, side, .. } = &self.array;
        let total: usize = shape.iter().product();
        if shape.iter().zip(side).skip(1).any(|(n, s)| n != s) {
            return Err("its texts are split along more than one dimension".to_string());
        }
        let mut out = Vec::new();
        let row: usize = shape.iter().skip(1).product();
        let mut corner = vec![0; shape.len()];
        while out.len() < total {
            let wanted = (side.first().copied().unwrap_or(1) * row).min(total - out.len());
            let end = out.len() + wanted;
            if let Some(Decoded::Texts(texts)) = self.decoded(&corner)? {
                out.extend(texts.into_iter().take(wanted));
            }
            out.resize(end, String::new());
            if let (Some(first), Some(step)) = (corner.first_mut(), side.first()) {
                *first += step;
            }
        }
        Ok(out)
    }
}
