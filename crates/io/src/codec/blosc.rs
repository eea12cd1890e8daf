//! Blosc 1 containers: a header of 16 bytes, blocks, and splits of blocks by byte of the element.

use super::bits::unshuffle_bits;
use super::blosclz::blosclz;
use super::{CodecError, Decoded, inflate_zlib, invalid, lz4, unshuffle, zstd};

const NAME: &str = "blosc";
/// Blosc's own limits on splitting blocks.
const MAX_SPLITS: usize = 16;
const MIN_BUFFER: usize = 128;

/// Decodes to at most `expected` bytes.
pub(crate) fn blosc(input: &[u8], expected: usize) -> Decoded {
    let Some(header) = input.get(..16) else { return invalid(NAME, "its header is cut short") };
    let word = |at: usize| {
        input.get(at..at + 4).and_then(|b| b.try_into().ok()).map(|b| u32::from_le_bytes(b) as usize)
    };
    let field = |at: usize| word(at).unwrap_or_default();
    let (flags, width) = (header[2], usize::from(header[3]).max(1));
    let (length, block, stored) = (field(4), field(8), field(12));
    if length > expected {
        return Err(CodecError::Long { codec: NAME, expected });
    }
    if stored > input.len() {
        return invalid(NAME, "it is cut short");
    }
    if flags & 2 != 0 {
        return match input.get(16..16 + length) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => invalid(NAME, "its stored bytes are cut short"),
        };
    }
    if length == 0 {
        return Ok(Vec::new());
    }
    if block == 0 || block > length.max(MIN_BUFFER) * 2 {
        return invalid(NAME, "its block size is impossible");
    }
    let blocks = length.div_ceil(block);
    if blocks > input.len() {
        return invalid(NAME, "it has more blocks than bytes");
    }
    let mut out = Vec::with_capacity(length);
    for i in 0..blocks {
        let this = block.min(length - i * block);
        let short = this < block;
        // The flag says that blocks are not split; a last short one never is.
        let split = flags & 16 == 0 && !short && width <= MAX_SPLITS && block / width >= MIN_BUFFER;
        let splits = if split { width } else { 1 };
        let Some(mut at) = word(16 + 4 * i) else { return invalid(NAME, "its block table is cut short") };
        let mut bytes = Vec::with_capacity(this);
        for _ in 0..splits {
            let Some(size) = word(at) else { return invalid(NAME, "a block lies outside") };
            at += 4;
            let Some(part) = size.checked_add(at).and_then(|end| input.get(at..end)) else {
                return invalid(NAME, "a block is cut short");
            };
            at += size;
            let wanted = this / splits;
            if size == wanted {
                bytes.extend_from_slice(part);
                continue;
            }
            let piece = match flags >> 5 {
                0 => blosclz(part, wanted)?,
                1 => lz4(part, wanted)?,
                2 => return Err(CodecError::Unread { codec: NAME, what: "snappy" }),
                3 => inflate_zlib(part, wanted)?,
                4 => zstd(part, wanted)?,
                _ => return Err(CodecError::Unread { codec: NAME, what: "an unknown codec" }),
            };
            if piece.len() != wanted {
                return invalid(NAME, "a block is shorter than it says");
            }
            bytes.extend_from_slice(&piece);
        }
        if flags & 1 != 0 && width > 1 {
            bytes = unshuffle(&bytes, width);
        } else if flags & 4 != 0 {
            bytes = unshuffle_bits(&bytes, width);
        }
        out.extend_from_slice(&bytes);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stored container by hand, then what lies about itself.
    #[test]
    fn stored_bytes_and_lies() {
        let mut bytes = vec![2, 1, 2, 1];
        bytes.extend([3u32, 3, 19].iter().flat_map(|v| v.to_le_bytes()));
        bytes.extend(b"abc");
        assert_eq!(blosc(&bytes, 3).unwrap(), b"abc");
        assert!(matches!(blosc(&bytes, 2), Err(CodecError::Long { .. })));
        assert!(blosc(&bytes[..18], 3).is_err());
        bytes[2] = 0x20;
        assert!(blosc(&bytes, 3).is_err());
    }
}
