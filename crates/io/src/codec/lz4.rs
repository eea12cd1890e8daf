//! LZ4 blocks.

use super::{CodecError, Decoded, invalid};

const NAME: &str = "lz4";

/// Decodes one block of at most `expected` bytes.
pub(crate) fn lz4(input: &[u8], expected: usize) -> Decoded {
    let mut out = vec![0; expected];
    match lz4_flex::block::decompress_into(input, &mut out) {
        Ok(length) => {
            out.truncate(length);
            Ok(out)
        }
        Err(lz4_flex::block::DecompressError::OutputTooSmall { .. }) => {
            Err(CodecError::Long { codec: NAME, expected })
        }
        Err(_) => invalid(NAME, "a sequence is cut short or points before the start"),
    }
}
