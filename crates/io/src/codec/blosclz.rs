//! BloscLZ, the default codec of blosc: FastLZ with far references.

use super::{CodecError, Decoded, invalid, repeat};

const NAME: &str = "blosclz";
/// References of this distance are followed by a farther one.
const FAR: usize = 8191;

/// Decodes to at most `expected` bytes.
pub(super) fn blosclz(input: &[u8], expected: usize) -> Decoded {
    let mut out = Vec::with_capacity(expected);
    let Some(&first) = input.first() else { return Ok(out) };
    let (mut at, mut control) = (1, usize::from(first & 31));
    let next = |at: &mut usize| {
        let byte = input.get(*at).copied().map(usize::from);
        *at += 1;
        byte.ok_or(CodecError::Invalid { codec: NAME, reason: "it is cut short" })
    };
    loop {
        if control >= 32 {
            let mut length = (control >> 5) - 1;
            let mut back = (control & 31) << 8;
            if length == 6 {
                loop {
                    let more = next(&mut at)?;
                    length += more;
                    if length > expected {
                        return Err(CodecError::Long { codec: NAME, expected });
                    }
                    if more != 255 {
                        break;
                    }
                }
            }
            let low = next(&mut at)?;
            length += 3;
            back += low;
            if low == 255 && back - low == 31 << 8 {
                back = (next(&mut at)? << 8) + next(&mut at)? + FAR;
            }
            back += 1;
            if back > out.len() {
                return invalid(NAME, "a reference points before the start");
            }
            if out.len() + length > expected {
                return Err(CodecError::Long { codec: NAME, expected });
            }
            repeat(&mut out, back, length);
        } else {
            let Some(run) = input.get(at..at + control + 1) else {
                return invalid(NAME, "a run of literals is cut short");
            };
            at += run.len();
            if out.len() + run.len() > expected {
                return Err(CodecError::Long { codec: NAME, expected });
            }
            out.extend_from_slice(run);
        }
        match input.get(at) {
            Some(&byte) => control = usize::from(byte),
            None => return Ok(out),
        }
        at += 1;
    }
}
