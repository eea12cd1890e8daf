//! Deflate (RFC 1951), bare, in zlib's wrapping (RFC 1950) and in gzip's (RFC 1952).

use super::{CodecError, Decoded, invalid};
use flate2::read::MultiGzDecoder;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::io::{Read, Write};
use zune_inflate::errors::DecodeErrorStatus;
use zune_inflate::{DeflateDecoder, DeflateOptions};

const NAME: &str = "deflate";

/// Decodes a zlib stream of at most `expected` bytes, checking its Adler-32.
pub(crate) fn inflate_zlib(input: &[u8], expected: usize) -> Decoded {
    let options = DeflateOptions::default().set_size_hint(expected).set_limit(expected + 1);
    match DeflateDecoder::new_with_options(input, options).decode_zlib() {
        Ok(bytes) if bytes.len() <= expected => Ok(bytes),
        Ok(_) => Err(CodecError::Long { codec: NAME, expected }),
        Err(error) => match error.error {
            DecodeErrorStatus::OutputLimitExceeded(..) => Err(CodecError::Long { codec: NAME, expected }),
            DecodeErrorStatus::MismatchedAdler(..) => Err(CodecError::Checksum { codec: NAME }),
            DecodeErrorStatus::InsufficientData => invalid(NAME, "it is cut short"),
            _ => invalid(NAME, "a block is broken"),
        },
    }
}

/// Decodes a stream without a wrapping, as zip stores it.
pub(crate) fn inflate_raw(input: &[u8], expected: usize) -> Decoded {
    let mut out = Vec::with_capacity(expected.saturating_add(1).min(1 << 30));
    let mut decoder = Decompress::new(false);
    match decoder.decompress_vec(input, &mut out, FlushDecompress::Finish) {
        Ok(Status::StreamEnd) if out.len() <= expected => Ok(out),
        Ok(_) if out.len() > expected => Err(CodecError::Long { codec: NAME, expected }),
        Ok(_) => invalid(NAME, "it is cut short"),
        Err(_) => invalid(NAME, "a block is broken"),
    }
}

/// Decodes gzip members to at most `expected` bytes.
pub(crate) fn gunzip(input: &[u8], expected: usize) -> Decoded {
    let mut out = Vec::with_capacity(expected.min(1 << 26));
    let room = (expected as u64).saturating_add(1);
    match MultiGzDecoder::new(input).take(room).read_to_end(&mut out) {
        Ok(_) if out.len() > expected => Err(CodecError::Long { codec: "gzip", expected }),
        Ok(_) => Ok(out),
        Err(_) => invalid("gzip", "it is broken or cut short"),
    }
}

/// Decodes gzip members as a stream.
pub(crate) fn gunzip_reader<R: Read>(reader: R) -> MultiGzDecoder<R> {
    MultiGzDecoder::new(reader)
}

/// A zlib stream.
pub(crate) fn zlib(input: &[u8], level: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len() / 2 + 64);
    let mut encoder = Compress::new(Compression::new(level), true);
    loop {
        let done = encoder.total_in() as usize;
        let status = encoder.compress_vec(&input[done..], &mut out, FlushCompress::Finish);
        match status.expect("deflate can encode any bytes") {
            Status::StreamEnd => return out,
            Status::Ok | Status::BufError => out.reserve(input.len() / 4 + 64),
        }
    }
}

/// A gzip member.
pub(crate) fn gzip(input: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(input).and_then(|()| encoder.finish()).expect("memory can be written to")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_return_and_no_more_than_expected() {
        let bytes: Vec<u8> = (0..100_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        let packed = zlib(&bytes, 4);
        assert_eq!(inflate_zlib(&packed, bytes.len()).unwrap(), bytes);
        assert!(matches!(inflate_zlib(&packed, bytes.len() - 1), Err(CodecError::Long { .. })));
        assert!(inflate_zlib(&packed[..packed.len() / 2], bytes.len()).is_err());
        let mut broken = packed.clone();
        *broken.last_mut().unwrap() ^= 1;
        assert_eq!(inflate_zlib(&broken, bytes.len()), Err(CodecError::Checksum { codec: NAME }));
        assert_eq!(gunzip(&gzip(&bytes, 1), bytes.len()).unwrap(), bytes);
        assert!(matches!(gunzip(&gzip(&bytes, 1), 10), Err(CodecError::Long { .. })));
    }
}
