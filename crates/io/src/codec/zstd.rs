//! Zstandard frames (RFC 8878): decoded by `ruzstd`; written as raw blocks.

use super::{CodecError, Decoded, invalid};
use ruzstd::decoding::StreamingDecoder;
use std::io::Read;

const NAME: &str = "zstd";

/// Decodes frames to at most `expected` bytes.
pub(crate) fn zstd(input: &[u8], expected: usize) -> Decoded {
    let mut rest = input;
    let mut out = Vec::with_capacity(expected.min(1 << 26));
    while !rest.is_empty() {
        let before = rest.len();
        let Ok(decoder) = StreamingDecoder::new(&mut rest) else {
            return invalid(NAME, "its frame header is not one");
        };
        if decoder.decoder.content_size() > (expected - out.len()) as u64 {
            return Err(CodecError::Long { codec: NAME, expected });
        }
        let room = (expected - out.len()) as u64 + 1;
        if decoder.take(room).read_to_end(&mut out).is_err() {
            return invalid(NAME, "a block is broken");
        }
        if out.len() > expected {
            return Err(CodecError::Long { codec: NAME, expected });
        }
        if rest.len() == before {
            return invalid(NAME, "a frame is empty");
        }
    }
    Ok(out)
}

/// A frame that every decoder reads, of blocks stored as they are.
pub(crate) fn zstd_store(bytes: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 1 << 17;
    // Magic number; one segment with an eight-byte content size.
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1110_0000];
    out.extend((bytes.len() as u64).to_le_bytes());
    let blocks = bytes.len().div_ceil(BLOCK).max(1);
    for i in 0..blocks {
        let block = &bytes[i * BLOCK..((i + 1) * BLOCK).min(bytes.len())];
        let header = (block.len() as u32) << 3 | u32::from(i + 1 == blocks);
        out.extend(&header.to_le_bytes()[..3]);
        out.extend(block);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_frames_come_back() {
        for length in [0, 1, 1000, (1 << 17) + 3] {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 7 % 251) as u8).collect();
            assert_eq!(zstd(&zstd_store(&bytes), length).unwrap(), bytes);
            if length > 0 {
                let short = zstd(&zstd_store(&bytes), length - 1);
                assert!(matches!(short, Err(CodecError::Long { .. })));
            }
        }
        assert!(zstd(b"nonsense", 10).is_err());
    }
}
