//! Compression and checksums of stored chunks; deflate is libdeflate's, the rest is Rust.
//!
//! Every decoder is told how many bytes the caller expects and gives no more than that, so that a few hostile
//! bytes cannot ask for much memory. None of them panics on bad input.

mod bits;
mod blosc;
mod blosclz;
mod checksum;
mod deflate;
mod lz4;
mod lzf;
mod shuffle;
mod zstd;

pub(crate) use blosc::blosc;
pub(crate) use checksum::{crc32, crc32c, fletcher32, lookup3};
pub(crate) use deflate::{gunzip, gunzip_reader, gzip, inflate_raw, inflate_zlib, zlib};
pub(crate) use lz4::lz4;
pub(crate) use lzf::lzf;
pub(crate) use shuffle::{shuffle, unshuffle};
pub(crate) use zstd::{zstd, zstd_store};

use thiserror::Error;

/// Why a chunk cannot be decoded.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum CodecError {
    /// The stream breaks its format's rules.
    #[error("its {codec} stream is invalid: {reason}")]
    Invalid { codec: &'static str, reason: &'static str },
    /// It decodes to more than there should be.
    #[error("its {codec} stream is longer than the {expected} bytes of a chunk")]
    Long { codec: &'static str, expected: usize },
    /// A part of the format that is not read.
    #[error("its {codec} stream uses {what}, which is not read")]
    Unread { codec: &'static str, what: &'static str },
    /// A checksum that does not fit.
    #[error("its {codec} checksum does not fit its bytes")]
    Checksum { codec: &'static str },
}

pub(crate) type Decoded = Result<Vec<u8>, CodecError>;

/// `Err(Invalid)` in short.
fn invalid<T>(codec: &'static str, reason: &'static str) -> Result<T, CodecError> {
    Err(CodecError::Invalid { codec, reason })
}

/// Appends `length` bytes that stand `back` before the end, overlapping where they must.
fn repeat(out: &mut Vec<u8>, back: usize, length: usize) {
    let start = out.len() - back;
    if back >= length {
        out.extend_from_within(start..start + length);
    } else if back == 1 {
        let byte = out[start];
        out.resize(out.len() + length, byte);
    } else {
        let mut left = length;
        while left > 0 {
            // What has been written so far can be taken again.
            let n = left.min(out.len() - start);
            out.extend_from_within(start..start + n);
            left -= n;
        }
    }
}
