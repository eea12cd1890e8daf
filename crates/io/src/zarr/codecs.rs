//! Codecs of chunks, in the order in which a writer applies them.

use crate::codec;
use serde_json::Value;

/// One step from an array to the bytes of a file.
#[derive(Clone, Debug)]
pub(super) enum Codec {
    /// A count, then each text with its length.
    Texts,
    Gzip,
    Zlib,
    Zstd,
    Blosc,
    /// A length of four bytes, then an LZ4 block.
    Lz4,
    /// A checksum of four bytes at the end.
    Crc32c,
    /// Chunks within a chunk, with an index.
    Shard {
        side: Vec<usize>,
        codecs: Vec<Codec>,
        index_codecs: Vec<Codec>,
        index_first: bool,
    },
}

/// The codec of a version 2 array.
pub(super) fn v2_compressor(value: Option<&Value>) -> Result<Option<Codec>, String> {
    let Some(value) = value.filter(|v| !v.is_null()) else { return Ok(None) };
    match value["id"].as_str() {
        Some("zlib") => Ok(Some(Codec::Zlib)),
        Some("gzip") => Ok(Some(Codec::Gzip)),
        Some("zstd") => Ok(Some(Codec::Zstd)),
        Some("blosc") => Ok(Some(Codec::Blosc)),
        Some("lz4") => Ok(Some(Codec::Lz4)),
        other => Err(format!("its compressor {} is not read", other.unwrap_or("without a name"))),
    }
}

/// The codecs of a version 3 array, and whether numbers are stored with the most significant byte first.
pub(super) fn v3_codecs(value: Option<&Value>) -> Result<(Vec<Codec>, bool), String> {
    codecs_at(value, 0)
}

fn codecs_at(value: Option<&Value>, depth: usize) -> Result<(Vec<Codec>, bool), String> {
    const DEEPEST: usize = 4;
    if depth > DEEPEST {
        return Err("its shards are nested too deeply".to_string());
    }
    let (mut codecs, mut big) = (Vec::new(), false);
    for item in value.and_then(Value::as_array).into_iter().flatten() {
        let settings = &item["configuration"];
        match item["name"].as_str().or(item.as_str()) {
            Some("bytes") => big |= settings["endian"].as_str() == Some("big"),
            Some("vlen-utf8") => codecs.push(Codec::Texts),
            Some("gzip") => codecs.push(Codec::Gzip),
            Some("zstd") => codecs.push(Codec::Zstd),
            Some("blosc") => codecs.push(Codec::Blosc),
            Some("crc32c") => codecs.push(Codec::Crc32c),
            Some("sharding_indexed") => {
                let side = settings["chunk_shape"].as_array().into_iter().flatten();
                let side: Option<Vec<usize>> = side.map(|v| v.as_u64().map(|n| n as usize)).collect();
                let (inner, inner_big) = codecs_at(settings.get("codecs"), depth + 1)?;
                let (index_codecs, _) = codecs_at(settings.get("index_codecs"), depth + 1)?;
                big |= inner_big;
                codecs.push(Codec::Shard {
                    side: side.ok_or("its shards have no chunk_shape")?,
                    codecs: inner,
                    index_codecs,
                    index_first: settings["index_location"].as_str() == Some("start"),
                });
            }
            other => return Err(format!("its codec {} is not read", other.unwrap_or("without a name"))),
        }
    }
    Ok((codecs, big))
}

/// What a chunk decodes to.
pub(super) enum Decoded {
    Bytes(Vec<u8>),
    Texts(Vec<String>),
}

/// Undoes the codecs of a chunk of this shape, whose elements have `size` bytes.
pub(super) fn decode(
    codecs: &[Codec],
    mut bytes: Vec<u8>,
    shape: &[usize],
    size: usize,
) -> Result<Decoded, String> {
    let elements: usize = shape.iter().product();
    let text = matches!(codecs.first(), Some(Codec::Texts));
    // Texts have no size beforehand: so much as the strongest codec could make of these bytes, at most.
    let most = if text { bytes.len().saturating_mul(1 << 15).min(1 << 31) } else { elements * size };
    for (i, step) in codecs.iter().enumerate().rev() {
        let room = most.saturating_add(4 * i);
        bytes = match step {
            Codec::Texts => return texts(&bytes, elements).map(Decoded::Texts),
            Codec::Gzip => codec::gunzip(&bytes, room).map_err(|e| e.to_string())?,
            Codec::Zlib => {
                codec::inflate_zlib(&bytes, room.min(bytes.len() * 1040 + 64)).map_err(|e| e.to_string())?
            }
            Codec::Zstd => codec::zstd(&bytes, room).map_err(|e| e.to_string())?,
            Codec::Blosc => codec::blosc(&bytes, room).map_err(|e| e.to_string())?,
            Codec::Lz4 => {
                let (head, body) = bytes.split_at_checked(4).ok_or("its lz4 stream is cut short")?;
                let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
                if length > room.min(body.len().saturating_mul(256)) {
                    return Err("its lz4 stream is longer than a chunk".to_string());
                }
                codec::lz4(body, length).map_err(|e| e.to_string())?
            }
            Codec::Crc32c => {
                let body = bytes.len().checked_sub(4).ok_or("its checksum is cut short")?;
                let stored = u32::from_le_bytes(bytes[body..].try_into().expect("four bytes are left"));
                bytes.truncate(body);
                if codec::crc32c(&bytes) != stored {
                    return Err("its crc32c checksum does not fit its bytes".to_string());
                }
                bytes
            }
            Codec::Shard { side, codecs, index_codecs, index_first } => {
                return shard(&bytes, (side, codecs), (index_codecs, *index_first), shape, size);
            }
        };
    }
    if bytes.len() != elements * size {
        return Err(format!("a chunk holds {} of {} bytes", bytes.len(), elements * size));
    }
    Ok(Decoded::Bytes(bytes))
}

fn texts(bytes: &[u8], elements: usize) -> Result<Vec<String>, String> {
    let cut = || "its texts are cut short".to_string();
    let word =
        |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let count = word(0).ok_or_else(cut)?;
    if count > elements || count > bytes.len() / 4 {
        return Err("it has more texts than its shape says".to_string());
    }
    let (mut out, mut at) = (Vec::with_capacity(count), 4);
    for row in 0..count {
        let length = word(at).ok_or_else(cut)?;
        let text = bytes.get(at + 4..(at + 4).saturating_add(length)).ok_or_else(cut)?;
        out.push(
            std::str::from_utf8(text).map_err(|_| format!("text {row} of a chunk is not UTF-8"))?.to_string(),
        );
        at += 4 + length;
    }
    Ok(out)
}

/// Puts the chunks of a shard together.
fn shard(
    bytes: &[u8],
    (side, codecs): (&[usize], &[Codec]),
    (index_codecs, index_first): (&[Codec], bool),
    shape: &[usize],
    size: usize,
) -> Result<Decoded, String> {
    let fits = side.len() == shape.len() && side.iter().zip(shape).all(|(s, n)| *s > 0 && n % s == 0);
    if !fits {
        return Err("the chunks of its shards do not fill them".to_string());
    }
    let grid: Vec<usize> = side.iter().zip(shape).map(|(s, n)| n / s).collect();
    let count: usize = grid.iter().product();
    let checks = index_codecs.iter().filter(|c| matches!(c, Codec::Crc32c)).count();
    let length = count.saturating_mul(16).saturating_add(4 * checks);
    let start = if index_first { Some(0) } else { bytes.len().checked_sub(length) };
    let index = start.and_then(|start| bytes.get(start..start.saturating_add(length)));
    let Some(index) = index else { return Err("the index of a shard is cut short".to_string()) };
    let Decoded::Bytes(index) = decode(index_codecs, index.to_vec(), &[count, 2], 8)? else {
        return Err("the index of a shard is not one".to_string());
    };
    let text = matches!(codecs.first(), Some(Codec::Texts));
    let elements: usize = shape.iter().product();
    let mut out = vec![0; if text { 0 } else { elements * size }];
    let mut words = vec![String::new(); if text { elements } else { 0 }];
    for (k, entry) in index.as_chunks::<16>().0.iter().enumerate() {
        let word = |at: usize| entry[at..at + 8].try_into().map(u64::from_le_bytes).unwrap_or(u64::MAX);
        let (at, length) = (word(0), word(8));
        // Where nothing was written.
        if at == u64::MAX && length == u64::MAX {
            continue;
        }
        let part = usize::try_from(at).ok().zip(usize::try_from(length).ok());
        let part = part.and_then(|(at, length)| bytes.get(at..at.checked_add(length)?));
        let Some(part) = part else { return Err("a chunk of a shard is cut short".to_string()) };
        // The first corner of the k-th chunk.
        let mut left = k;
        let mut corner = vec![0; side.len()];
        for d in (0..side.len()).rev() {
            corner[d] = left % grid[d] * side[d];
            left /= grid[d];
        }
        let inner = decode(codecs, part.to_vec(), side, size)?;
        let line = side.last().copied().unwrap_or(1);
        let lines = side.iter().product::<usize>() / line.max(1);
        for i in 0..lines {
            let (mut left, mut to, mut stride) = (i, 0, 1);
            for d in (0..side.len()).rev() {
                let within = if d + 1 == side.len() { 0 } else { left % side[d] };
                if d + 1 != side.len() {
                    left /= side[d];
                }
                to += (corner[d] + within) * stride;
                stride *= shape[d];
            }
            match &inner {
                Decoded::Bytes(inner) => {
                    let source = &inner[i * line * size..(i + 1) * line * size];
                    out[to * size..(to + line) * size].copy_from_slice(source);
                }
                Decoded::Texts(inner) => {
                    let end = ((i + 1) * line).min(inner.len());
                    let source = inner.get(i * line..end).unwrap_or_default();
                    words[to..to + source.len()].clone_from_slice(source);
                }
            }
        }
    }
    Ok(if text { Decoded::Texts(words) } else { Decoded::Bytes(out) })
}
