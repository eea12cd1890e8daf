//! The index of chunks: a version 1 B-tree, built from the leaves up.

use std::io;

/// Children of a node: twice the rank that libhdf5 assumes where a file does not say.
const CHILDREN: usize = 64;

/// A chunk that is written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) corner: Vec<u64>,
    pub(super) address: u64,
    pub(super) stored: u32,
}

/// Writes the tree over chunks in row-major order through `append`; returns the root's address.
pub(super) fn write(
    chunks: &[Written],
    rank: usize,
    end: &[u64],
    mut append: impl FnMut(&[u8]) -> io::Result<u64>,
) -> io::Result<u64> {
    if chunks.is_empty() {
        return Ok(u64::MAX);
    }
    let key = |bytes: &mut Vec<u8>, stored: u32, corner: &[u64]| {
        bytes.extend(stored.to_le_bytes());
        bytes.extend([0; 4]);
        corner.iter().chain(&[0]).for_each(|c| bytes.extend(c.to_le_bytes()));
    };
    // What each node of the level below begins with, and where it is.
    let mut level: Vec<Written> = chunks.to_vec();
    for depth in 0u8.. {
        let mut above = Vec::new();
        let nodes = level.len().div_ceil(CHILDREN);
        let length = 24 + CHILDREN * 8 + (CHILDREN + 1) * (8 + 8 * (rank + 1));
        let mut first = None;
        for (i, node) in level.chunks(CHILDREN).enumerate() {
            // Nodes of a level follow one another, so that each knows its neighbours.
            let place =
                |k: usize| first.map_or(u64::MAX, |at: u64| at + (k * length.next_multiple_of(8)) as u64);
            let mut bytes = b"TREE\x01".to_vec();
            bytes.push(depth);
            bytes.extend((node.len() as u16).to_le_bytes());
            let left = if i > 0 { place(i - 1) } else { u64::MAX };
            bytes.extend(left.to_le_bytes());
            let right_at = bytes.len();
            bytes.extend(u64::MAX.to_le_bytes());
            for child in node {
                key(&mut bytes, child.stored, &child.corner);
                bytes.extend(child.address.to_le_bytes());
            }
            let next = level.get((i + 1) * CHILDREN).map_or(end, |next| next.corner.as_slice());
            key(&mut bytes, 0, next);
            bytes.resize(length.next_multiple_of(8), 0);
            above.push((right_at, bytes, node[0].clone()));
            if first.is_none() {
                // Where the level begins; its nodes are written below, once they know their right neighbours.
                first = Some(append(&[])?);
            }
        }
        let first = first.expect("a level has a node");
        let mut next_level = Vec::with_capacity(nodes);
        for (i, (right_at, mut bytes, child)) in above.into_iter().enumerate() {
            let step = bytes.len() as u64;
            if i + 1 < nodes {
                let right = first + (i as u64 + 1) * step;
                bytes[right_at..right_at + 8].copy_from_slice(&right.to_le_bytes());
            }
            let address = append(&bytes)?;
            next_level.push(Written { address, ..child });
        }
        if nodes == 1 {
            return Ok(next_level[0].address);
        }
        level = next_level;
    }
    unreachable!("each level has fewer nodes than the one below")
}
