//! Safetensors: a header of JSON, then the bytes of all tensors.

use super::arrays::{Array, Kind, Named, Values};
use crate::hdf5::{Scalar, StoredNumber};
use serde_json::{Map, Value, json};
use std::ops::Range;

/// A tensor of the header.
pub(super) struct Entry {
    pub(super) name: String,
    kind: Result<Kind, String>,
    shape: Vec<usize>,
    bytes: Range<usize>,
}

/// The tensors; the error is the reason in words.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or("it is shorter than its header's length")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok();
    let header = length.and_then(|n| rest.get(..n)).ok_or("its header is cut short")?;
    let header: Map<String, Value> =
        serde_json::from_slice(header).map_err(|error| format!("its header is not JSON: {error}"))?;
    let start = 8 + length.unwrap_or_default();
    let mut entries = Vec::new();
    for (name, entry) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
        let sizes = |key: &str| -> Option<Vec<usize>> {
            let items = entry[key].as_array()?;
            items.iter().map(|v| v.as_u64().and_then(|n| usize::try_from(n).ok())).collect()
        };
        let wrong = || format!("its header says nothing useful of {name}");
        let (shape, place) = (sizes("shape").ok_or_else(wrong)?, sizes("data_offsets").ok_or_else(wrong)?);
        let [from, to] = place[..] else { return Err(wrong()) };
        let range = start.checked_add(from).zip(start.checked_add(to)).map(|(from, to)| from..to);
        let bytes = range.filter(|r| r.start <= r.end && r.end <= bytes.len());
        let bytes = bytes.ok_or_else(|| format!("the bytes of its {name} lie beyond its end"))?;
        let dtype = entry["dtype"].as_str().unwrap_or("without a name");
        entries.push(Entry { kind: kind(dtype), shape, bytes, name });
    }
    Ok(entries)
}

fn kind(dtype: &str) -> Result<Kind, String> {
    let scalar = match dtype {
        "BOOL" => return Ok(Kind::Boolean),
        "F16" => Scalar::F16,
        "F32" => Scalar::F32,
        "F64" => Scalar::F64,
        "I8" => Scalar::I8,
        "I16" => Scalar::I16,
        "I32" => Scalar::I32,
        "I64" => Scalar::I64,
        "U8" => Scalar::U8,
        "U16" => Scalar::U16,
        "U32" => Scalar::U32,
        "U64" => Scalar::U64,
        other => return Err(format!("its type {other} is not read")),
    };
    Ok(Kind::Number(StoredNumber { scalar, big: false }))
}

impl Entry {
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Array, String> {
        let kind = self.kind.clone()?;
        let size = match kind {
            Kind::Number(stored) => stored.scalar.size(),
            Kind::Boolean => 1,
        };
        let elements = self.shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s));
        if elements.and_then(|n| n.checked_mul(size)) != Some(self.bytes.len()) {
            return Err("its bytes are not those of its shape".to_string());
        }
        let values = Values::of(kind, &bytes[self.bytes.clone()], elements.unwrap_or(0));
        Ok(Array { shape: self.shape.clone(), values })
    }
}

/// The length and the header of these tensors, one after the other.
pub(super) fn header(tensors: &[Named]) -> Vec<u8> {
    let (mut map, mut at) = (Map::new(), 0);
    for (name, descr, shape, bytes) in tensors {
        let dtype = if *descr == "<f8" { "F64" } else { "F32" };
        let entry = json!({ "dtype": dtype, "shape": shape, "data_offsets": [at, at + bytes.len()] });
        map.insert(name.clone(), entry);
        at += bytes.len();
    }
    let mut text = Value::Object(map).to_string();
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    let mut out = (text.len() as u64).to_le_bytes().to_vec();
    out.extend(text.as_bytes());
    out
}
