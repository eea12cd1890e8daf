//! Writing: values go to the file as they come, what describes them follows, and the first bytes come last.
//!
//! The format is that of HDF5 1.8 (superblock 2, object headers 2, chunks in a version 1 B-tree), which every
//! reader of the last fifteen years knows. Chunks are compressed on all threads and written in order, so the bytes
//! do not depend on how many threads there are.

mod btree;
mod datatype;
mod heap;
mod message;
mod sink;

pub(crate) use datatype::{Stored, encode as encode_datatype, record};
pub(super) use message::is_one_text;
pub(crate) use sink::{Shape, Sink};

use super::tree::Attribute;
use crate::codec::lookup3;
use heap::Heap;
use message::{Messages, link};
use std::collections::BTreeMap;
use std::io::{self, Seek, SeekFrom, Write};

/// How values are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all: largest, and fastest to read.
    None,
    /// Bytes shuffled, then gzip at level 4: every HDF5 reader has it.
    #[default]
    Gzip,
}

/// A file that can be written to and gone back in.
pub(crate) trait Target: Write + Seek + Send {}
impl<T: Write + Seek + Send> Target for T {}

/// Where an object's header is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(super) u64);

/// A file being written.
pub(crate) struct FileWriter<'a> {
    out: &'a mut dyn Target,
    at: u64,
    heap: Heap,
}

/// The superblock's length.
const SUPERBLOCK: u64 = 48;

impl<'a> FileWriter<'a> {
    /// Begins a file; `out` is at its start.
    pub(crate) fn new(out: &'a mut dyn Target) -> io::Result<Self> {
        out.write_all(&[0; SUPERBLOCK as usize])?;
        Ok(Self { out, at: SUPERBLOCK, heap: Heap::default() })
    }

    /// Puts bytes at the end, at a multiple of eight; returns where.
    fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let at = self.at.next_multiple_of(8);
        let gap = (at - self.at) as usize;
        self.out.write_all(&[0; 8][..gap])?;
        self.out.write_all(bytes)?;
        self.at = at + bytes.len() as u64;
        Ok(at)
    }

    /// Stores a text of variable length; returns the sixteen bytes that refer to it.
    pub(crate) fn text(&mut self, text: &[u8]) -> io::Result<[u8; 16]> {
        if text.is_empty() {
            return Ok([0; 16]);
        }
        if !self.heap.has_room(text.len()) {
            self.flush_heap()?;
            // A collection's place must be known when it begins: zeros stand there until it is full.
            let room = vec![0; Heap::capacity(text.len())];
            let place = self.append(&room)?;
            self.heap.begin(place, room.len());
        }
        Ok(self.heap.push(text))
    }

    /// Puts the collection of texts that is open into its place.
    fn flush_heap(&mut self) -> io::Result<()> {
        if let Some((place, bytes)) = self.heap.take() {
            self.out.seek(SeekFrom::Start(place))?;
            self.out.write_all(&bytes)?;
            self.out.seek(SeekFrom::Start(self.at))?;
        }
        Ok(())
    }

    fn header(&mut self, messages: Messages) -> io::Result<Address> {
        let bytes = messages.finish()?;
        self.append(&bytes).map(Address)
    }

    /// A group of members that are written already.
    pub(crate) fn group(
        &mut self,
        attributes: &BTreeMap<String, Attribute>,
        members: &BTreeMap<String, Address>,
    ) -> io::Result<Address> {
        let mut messages = Messages::default();
        messages.group();
        for (name, address) in members {
            messages.push(6, link(name, address.0))?;
        }
        self.attributes(&mut messages, attributes)?;
        self.header(messages)
    }

    fn attributes(
        &mut self,
        messages: &mut Messages,
        attributes: &BTreeMap<String, Attribute>,
    ) -> io::Result<()> {
        for (name, attribute) in attributes {
            let body = message::attribute(name, &attribute.0, &mut |text| self.text(text))?;
            messages.push(12, body)?;
        }
        Ok(())
    }

    /// Ends the file: what is left of the heap, then the superblock at its start.
    pub(crate) fn finish(mut self, root: Address) -> io::Result<()> {
        self.flush_heap()?;
        let mut superblock = b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00".to_vec();
        for value in [0, u64::MAX, self.at, root.0] {
            superblock.extend(value.to_le_bytes());
        }
        superblock.extend(lookup3(&superblock).to_le_bytes());
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&superblock)?;
        self.out.flush()
    }
}
