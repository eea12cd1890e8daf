//! Deflate (RFC 1951), bare, in zlib's wrapping (RFC 1950) and in gzip's (RFC 1952).

use super::{CodecError, Decoded, invalid};
use flate2::read::MultiGzDecoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};
use std::io::{Read, Write};

const NAME: &str = "deflate";

/// Decodes a zlib stream of at most `expected` bytes, checking its Adler-32.
pub(crate) fn inflate_zlib(input: &[u8], expected: usize) -> Decoded {
    let mut out = vec![0; expected];
    match Decompressor::new().zlib_decompress(input, &mut out) {
        Ok(length) => {
            out.truncate(length);
            Ok(out)
        }
        Err(DecompressionError::InsufficientSpace) => Err(CodecError::Long { codec: NAME, expected }),
        // Without the two bytes before it and the four after it the stream may be a sound one.
        Err(DecompressionError::BadData) => {
            match input.len().checked_sub(4).and_then(|end| input.get(2..end)) {
                Some(body) if Decompressor::new().deflate_decompress(body, &mut out).is_ok() => {
                    Err(CodecError::Checksum { codec: NAME })
                }
                _ => invalid(NAME, "it is broken or cut short"),
            }
        }
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
pub(crate) fn zlib(input: &[u8], level: i32) -> Vec<u8> {
    let level = CompressionLvl::new(level).expect("a level of deflate");
    let mut encoder = Compressor::new(level);
    let mut out = vec![0; encoder.zlib_compress_bound(input.len())];
    let length = encoder.zlib_compress(input, &mut out).expect("room for the largest stream");
    out.truncate(length);
    out
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
