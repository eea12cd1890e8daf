//! Filters of chunks, undone.

use super::grid::{Chunks, Fault, Grid, Tile};
use crate::codec::{self, CodecError};
use hdf5_pure::Filter;

impl Grid {
    /// The bytes of one chunk, all filters undone.
    pub(super) fn decoded(&self, chunks: &Chunks, tile: &Tile) -> Result<Vec<u8>, Fault> {
        let expected = chunks.side.iter().product::<usize>() * self.size;
        let mut bytes = self.store()?.bytes(tile.address, tile.stored)?;
        let at = |error: CodecError| Fault::Bad(format!("in the chunk at byte {}, {error}", tile.address));
        for (i, filter) in chunks.filters.iter().enumerate().rev() {
            if i < 32 && tile.mask >> i & 1 == 1 {
                continue;
            }
            // A checksum below a compression adds four bytes.
            let room = expected + 4 * i;
            bytes = match filter.id {
                1 => codec::inflate_zlib(&bytes, room).map_err(at)?,
                2 => codec::unshuffle(&bytes, filter.client_data.first().map_or(self.size, |&w| w as usize)),
                3 => checked(bytes).map_err(at)?,
                32000 => codec::lzf(&bytes, room).map_err(at)?,
                32001 => codec::blosc(&bytes, room).map_err(at)?,
                32015 => codec::zstd(&bytes, room).map_err(at)?,
                other => return Err(Fault::Bad(format!("its filter {other} is not read"))),
            };
        }
        if bytes.len() == expected {
            return Ok(bytes);
        }
        let reason = format!("the chunk at byte {} holds {} of {expected} bytes", tile.address, bytes.len());
        Err(Fault::Bad(reason))
    }
}

/// The bytes before their checksum, if it fits.
fn checked(mut bytes: Vec<u8>) -> Result<Vec<u8>, CodecError> {
    let wrong = CodecError::Checksum { codec: "fletcher32" };
    let Some(body) = bytes.len().checked_sub(4) else { return Err(wrong) };
    let stored = u32::from_le_bytes(bytes[body..].try_into().expect("four bytes are left"));
    bytes.truncate(body);
    // Old versions of the library wrote the halves of each sum with their bytes swapped.
    let sum = codec::fletcher32(&bytes);
    let swapped = (sum & 0x00ff_00ff) << 8 | (sum & 0xff00_ff00) >> 8;
    if stored == sum || stored == swapped { Ok(bytes) } else { Err(wrong) }
}

/// The most bytes that one stored byte can become.
pub(super) fn expansion(filters: &[Filter]) -> u64 {
    let each = |filter: &Filter| match filter.id {
        // RFC 1951: 258 bytes from two bits, less the block header.
        1 => 1032,
        32000 => 88,
        // A block of 128 KiB from four bytes.
        32001 | 32015 => 1 << 15,
        2 | 3 => 1,
        // Whatever undoes it.
        _ => 1 << 15,
    };
    filters.iter().map(each).fold(1, u64::saturating_mul).min(1 << 15)
}
