//! Zip archives as numpy writes them: entries stored or deflated, also beyond 4 GiB.

use crate::codec::{crc32, inflate_raw};

/// An entry of the directory.
pub(super) struct Entry {
    pub(super) name: String,
    deflated: bool,
    checksum: u32,
    packed: usize,
    length: usize,
    place: usize,
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let part = bytes.get(at..at.checked_add(width)?)?;
    Some(part.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)))
}

/// The directory; the error is the reason in words.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let cut = || "its directory is cut short".to_string();
    // The end of the directory, before a comment of at most 64 KiB.
    let from = bytes.len().saturating_sub(22 + (1 << 16));
    let end = (from..bytes.len().saturating_sub(21)).rev().find(|&at| bytes[at..].starts_with(b"PK\x05\x06"));
    let end = end.ok_or("it has no directory; it is cut short")?;
    let mut count = number(bytes, end + 10, 2).ok_or_else(cut)?;
    let mut at = number(bytes, end + 16, 4).ok_or_else(cut)?;
    if (count == 0xffff || at == 0xffff_ffff)
        && let Some(locator) = end.checked_sub(20).filter(|&l| bytes[l..].starts_with(b"PK\x06\x07"))
    {
        let wide = number(bytes, locator + 8, 8).and_then(|w| usize::try_from(w).ok()).ok_or_else(cut)?;
        count = number(bytes, wide.saturating_add(32), 8).ok_or_else(cut)?;
        at = number(bytes, wide.saturating_add(48), 8).ok_or_else(cut)?;
    }
    let mut at = usize::try_from(at).map_err(|_| cut())?;
    let mut entries = Vec::new();
    for _ in 0..count {
        if !bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x01\x02")) {
            return Err(cut());
        }
        let field = |offset: usize, width: usize| number(bytes, at + offset, width).ok_or_else(cut);
        let (flags, method) = (field(8, 2)?, field(10, 2)?);
        let lengths = [field(28, 2)? as usize, field(30, 2)? as usize, field(32, 2)? as usize];
        let name = bytes.get(at + 46..at + 46 + lengths[0]).ok_or_else(cut)?;
        let name = String::from_utf8_lossy(name).into_owned();
        let extra = bytes.get(at + 46 + lengths[0]..at + 46 + lengths[0] + lengths[1]).ok_or_else(cut)?;
        let (mut length, mut packed, mut place) = (field(24, 4)?, field(20, 4)?, field(42, 4)?);
        let mut wide = wide_fields(extra);
        for value in [&mut length, &mut packed, &mut place] {
            if *value == 0xffff_ffff {
                *value = wide.next().ok_or_else(cut)?;
            }
        }
        if flags & 1 != 0 || !matches!(method, 0 | 8) {
            return Err(format!("its entry {name} is encrypted or packed by a method that is not read"));
        }
        let size = |value: u64| usize::try_from(value).map_err(|_| cut());
        entries.push(Entry {
            deflated: method == 8,
            checksum: field(16, 4)? as u32,
            packed: size(packed)?,
            length: size(length)?,
            place: size(place)?,
            name,
        });
        at += 46 + lengths.iter().sum::<usize>();
    }
    Ok(entries)
}

/// The sizes of eight bytes in an entry's extra fields.
fn wide_fields(extra: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut at = 0;
    let mut found: &[u8] = &[];
    while let (Some(id), Some(length)) = (number(extra, at, 2), number(extra, at + 2, 2)) {
        let body = extra.get(at + 4..at + 4 + length as usize).unwrap_or_default();
        if id == 1 {
            found = body;
        }
        at += 4 + length as usize;
    }
    found.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b))
}

impl Entry {
    /// The entry's bytes.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let cut = || format!("its entry {} is cut short", self.name);
        let head = bytes.get(self.place..).filter(|rest| rest.starts_with(b"PK\x03\x04")).ok_or_else(cut)?;
        let skip = [26, 28].map(|at| number(head, at, 2).unwrap_or(0) as usize);
        let packed =
            head.get(30 + skip[0] + skip[1]..).and_then(|rest| rest.get(..self.packed)).ok_or_else(cut)?;
        let out = if self.deflated {
            // More cannot be in it (RFC 1951), whatever the directory says.
            if self.length > packed.len().saturating_mul(1032).saturating_add(1032) {
                return Err(format!("its entry {} declares more bytes than it can hold", self.name));
            }
            inflate_raw(packed, self.length).map_err(|e| format!("its entry {}: {e}", self.name))?
        } else {
            packed.to_vec()
        };
        if out.len() != self.length || crc32(&out) != self.checksum {
            return Err(format!("the checksum of its entry {} does not fit", self.name));
        }
        Ok(out)
    }
}

/// An archive of stored entries.
pub(super) fn write(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let place = out.len() as u32;
        let mut common = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc32(bytes).to_le_bytes());
        for length in [bytes.len(), bytes.len()] {
            common.extend((length as u32).to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(bytes);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(place.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let place = out.len() as u32;
    let count = (entries.len() as u16).to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count, count].concat());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(place.to_le_bytes());
    out.extend([0, 0]);
    out
}
