//! Collections of a global heap.

/// Bytes of a collection, unless one text needs more.
const COLLECTION: usize = 1 << 16;
/// Bytes of a collection's header and of an object's.
const HEADER: usize = 16;

/// The collection that is being filled.
#[derive(Default)]
pub(super) struct Heap {
    place: u64,
    capacity: usize,
    bytes: Vec<u8>,
    objects: u16,
}

impl Heap {
    /// Bytes of a collection that has room for a text of `length`.
    pub(super) fn capacity(length: usize) -> usize {
        COLLECTION.max(3 * HEADER + length.next_multiple_of(8))
    }

    pub(super) fn has_room(&self, length: usize) -> bool {
        let needed = HEADER + length.next_multiple_of(8);
        // What is left over is an object too.
        self.bytes.len() + needed + HEADER <= self.capacity && self.objects < u16::MAX
    }

    pub(super) fn begin(&mut self, place: u64, capacity: usize) {
        self.bytes = b"GCOL\x01\0\0\0".to_vec();
        self.bytes.extend((capacity as u64).to_le_bytes());
        (self.place, self.capacity, self.objects) = (place, capacity, 0);
    }

    /// Adds a text for which there is room; returns its reference.
    pub(super) fn push(&mut self, text: &[u8]) -> [u8; 16] {
        self.objects += 1;
        self.bytes.extend(self.objects.to_le_bytes());
        // Referred to once; four reserved bytes.
        self.bytes.extend([1, 0, 0, 0, 0, 0]);
        self.bytes.extend((text.len() as u64).to_le_bytes());
        self.bytes.extend(text);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let mut reference = [0; 16];
        reference[..4].copy_from_slice(&(text.len() as u32).to_le_bytes());
        reference[4..12].copy_from_slice(&self.place.to_le_bytes());
        reference[12..14].copy_from_slice(&self.objects.to_le_bytes());
        reference
    }

    /// The collection with its place, its rest marked as free.
    pub(super) fn take(&mut self) -> Option<(u64, Vec<u8>)> {
        if self.bytes.is_empty() {
            return None;
        }
        let free = (self.capacity - self.bytes.len()) as u64;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.extend([0; 8]);
        bytes.extend(free.to_le_bytes());
        bytes.resize(self.capacity, 0);
        self.capacity = 0;
        Some((self.place, bytes))
    }
}
