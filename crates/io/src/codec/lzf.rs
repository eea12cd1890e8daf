//! LZF, the filter 32000 of h5py: runs of literals and back references of up to 264 bytes.

use super::{CodecError, Decoded, invalid, repeat};

const NAME: &str = "lzf";

/// Decodes to at most `expected` bytes.
pub(crate) fn lzf(input: &[u8], expected: usize) -> Decoded {
    let mut out = Vec::with_capacity(expected);
    let mut at = 0;
    while let Some(&control) = input.get(at) {
        at += 1;
        if control < 32 {
            let Some(run) = input.get(at..at + usize::from(control) + 1) else {
                return invalid(NAME, "a run of literals is cut short");
            };
            at += run.len();
            if out.len() + run.len() > expected {
                return Err(CodecError::Long { codec: NAME, expected });
            }
            out.extend_from_slice(run);
            continue;
        }
        let mut length = usize::from(control >> 5);
        let cut = CodecError::Invalid { codec: NAME, reason: "a reference is cut short" };
        if length == 7 {
            length += usize::from(*input.get(at).ok_or(cut.clone())?);
            at += 1;
        }
        let low = usize::from(*input.get(at).ok_or(cut)?);
        at += 1;
        let (back, length) = ((usize::from(control & 31) << 8 | low) + 1, length + 2);
        if back > out.len() {
            return invalid(NAME, "a reference points before the start");
        }
        if out.len() + length > expected {
            return Err(CodecError::Long { codec: NAME, expected });
        }
        repeat(&mut out, back, length);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the rules of the format: 3 literals, then 9 bytes from 3 back.
    #[test]
    fn literals_and_references() {
        assert_eq!(lzf(&[2, b'a', b'b', b'c', 0xe0, 0, 2], 12).unwrap(), b"abcabcabcabc");
        assert!(matches!(lzf(&[2, b'a', b'b', b'c', 0xe0, 0, 2], 11), Err(CodecError::Long { .. })));
        assert!(matches!(lzf(&[0, b'a', 0x20, 1], 9), Err(CodecError::Invalid { .. })));
        assert!(matches!(lzf(&[5, b'a'], 9), Err(CodecError::Invalid { .. })));
    }
}
