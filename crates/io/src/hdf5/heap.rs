//! Texts of variable length: references into collections of a global heap, each collection read once.

use super::store::Store;
use std::collections::HashMap;

/// Bytes of a stored reference: a length, an address and an index.
pub(super) const REFERENCE: usize = 16;

/// The smallest collection that the C library makes.
const SMALLEST: u64 = 4096;

/// What a stored reference says.
#[derive(Clone, Copy)]
struct Reference {
    row: usize,
    length: usize,
    collection: u64,
    index: u16,
}

/// Calls `take` with the bytes of each text, in an order that suits the file.
///
/// The error is the reason in words.
pub(super) fn visit(
    store: &Store,
    base: u64,
    references: &[u8],
    mut take: impl FnMut(usize, &[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let mut all = Vec::with_capacity(references.len() / REFERENCE);
    for (row, bytes) in references.as_chunks::<REFERENCE>().0.iter().enumerate() {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let collection = u64::from(word(4)) | u64::from(word(8)) << 32;
        let (length, index) = (word(0) as usize, word(12));
        if length == 0 || collection == 0 || collection == u64::MAX {
            take(row, &[])?;
            continue;
        }
        let Ok(index) = u16::try_from(index) else { return Err(format!("text {row} has no place")) };
        all.push(Reference { row, length, collection, index });
    }
    if !all.is_sorted_by_key(|r| r.collection) {
        all.sort_by_key(|r| r.collection);
    }
    // Collections do not overlap in a sound file, and each is read once.
    let mut budget = store.len().saturating_mul(2);
    for group in all.chunk_by(|a, b| a.collection == b.collection) {
        let first = group[0];
        let at = first.collection.checked_add(base).ok_or("a text lies beyond the file")?;
        let collection = Collection::read(store, at, &mut budget)
            .ok_or_else(|| format!("text {} is not in the file's heap", first.row))?;
        for reference in group {
            let bytes = collection
                .object(reference.index)
                .and_then(|bytes| bytes.get(..reference.length))
                .ok_or_else(|| format!("text {} is cut short", reference.row))?;
            take(reference.row, bytes)?;
        }
    }
    Ok(())
}

struct Collection {
    bytes: Vec<u8>,
    /// Start and length of each object by its index.
    objects: HashMap<u16, (usize, usize)>,
    /// Objects numbered 1, 2, 3 …, as they are written, need no table.
    dense: Vec<(usize, usize)>,
}

impl Collection {
    fn read(store: &Store, at: u64, budget: &mut u64) -> Option<Self> {
        // Most are of this size, which is then read at once.
        let first = SMALLEST.min(store.len().checked_sub(at)?);
        let mut bytes = store.bytes(at, first).ok()?;
        if bytes.len() < 16 || &bytes[..5] != b"GCOL\x01" {
            return None;
        }
        let length = u64::from_le_bytes(bytes[8..16].try_into().ok()?);
        *budget = budget.checked_sub(length)?;
        if length > first {
            bytes = store.bytes(at, length).ok()?;
        }
        bytes.truncate(usize::try_from(length).ok()?);
        let (mut objects, mut dense, mut place) = (HashMap::new(), Vec::new(), 16);
        while place + 16 <= bytes.len() {
            let index = u16::from_le_bytes([bytes[place], bytes[place + 1]]);
            let size = u64::from_le_bytes(bytes[place + 8..place + 16].try_into().ok()?);
            // Index 0 is the room that is left.
            if index == 0 {
                break;
            }
            let size = usize::try_from(size).ok()?;
            let end = size.checked_add(place + 16).filter(|&end| end <= bytes.len())?;
            if usize::from(index) == dense.len() + 1 {
                dense.push((place + 16, size));
            } else {
                objects.insert(index, (place + 16, size));
            }
            place = end.next_multiple_of(8);
        }
        Some(Self { bytes, objects, dense })
    }

    fn object(&self, index: u16) -> Option<&[u8]> {
        let known = self.dense.get(usize::from(index).checked_sub(1)?);
        let &(start, size) = known.or_else(|| self.objects.get(&index))?;
        self.bytes.get(start..start + size)
    }
}
