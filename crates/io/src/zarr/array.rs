//! An array's metadata.

use super::codecs::{Codec, v2_compressor, v3_codecs};
use hdf5_pure::{
    Datatype, DatatypeByteOrder, FixedPointLayout, FloatingPointLayout, make_f32_type, make_f64_type,
};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// What is known of an array without its values.
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(super) side: Vec<usize>,
    pub(crate) element: Element,
    pub(super) codecs: Vec<Codec>,
    pub(super) keys: Keys,
    pub(super) folder: PathBuf,
    /// Whether what stands where no chunk was written is zeros or empty texts.
    pub(super) zero_fill: bool,
}

/// How the files of chunks are named.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// `c/` or nothing before the indices.
    pub(super) prefixed: bool,
    pub(super) separator: char,
}

/// The type of an element.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Element {
    /// As HDF5 would call it.
    Number(Datatype),
    Boolean,
    /// Texts of variable length.
    Text,
    /// So many characters of four bytes each.
    Wide(usize),
    /// So many bytes of text.
    Narrow(usize),
    /// None of these.
    Other(String),
}

impl Element {
    /// Bytes of one in memory.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Number(datatype) => datatype.type_size() as usize,
            Self::Boolean => 1,
            Self::Text => 16,
            Self::Wide(n) => 4 * n,
            Self::Narrow(n) => *n,
            Self::Other(_) => 0,
        }
    }
}

type Meta = Map<String, Value>;

impl Array {
    pub(super) fn v2(folder: PathBuf, meta: &Meta) -> Result<Self, String> {
        if meta.get("order").and_then(Value::as_str).unwrap_or("C") != "C" {
            return Err("its order is not C".to_string());
        }
        let mut element = match meta.get("dtype") {
            Some(Value::String(name)) => numpy_type(name),
            other => Element::Other(other.map_or("absent".to_string(), |_| "records".to_string())),
        };
        let mut codecs = Vec::new();
        for filter in meta.get("filters").and_then(Value::as_array).into_iter().flatten() {
            match filter["id"].as_str() {
                Some("vlen-utf8") => element = Element::Text,
                other => return Err(format!("its filter {} is not read", other.unwrap_or("without a name"))),
            }
        }
        if element == Element::Text {
            codecs.push(Codec::Texts);
        }
        codecs.extend(v2_compressor(meta.get("compressor"))?);
        let separator = match meta.get("dimension_separator").and_then(Value::as_str) {
            Some("/") => '/',
            _ => '.',
        };
        let keys = Keys { prefixed: false, separator };
        let (shape, side) = (sizes(meta.get("shape"), "shape")?, sizes(meta.get("chunks"), "chunks")?);
        Self { shape, side, element, codecs, keys, folder, zero_fill: is_zero(meta.get("fill_value")) }
            .checked()
    }

    pub(super) fn v3(folder: PathBuf, meta: &Meta) -> Result<Self, String> {
        let grid = &meta.get("chunk_grid").unwrap_or(&Value::Null)["configuration"]["chunk_shape"];
        let shape = sizes(meta.get("shape"), "shape")?;
        let side = sizes(Some(grid), "chunk_shape")?;
        let (codecs, big) = v3_codecs(meta.get("codecs"))?;
        let element = match meta.get("data_type") {
            Some(Value::String(name)) => v3_type(name, big),
            Some(Value::Object(kind)) => {
                match (kind.get("name").and_then(Value::as_str), kind.get("configuration")) {
                    (Some("fixed_length_utf32"), Some(c)) => {
                        Element::Wide(c["length_bytes"].as_u64().unwrap_or(0) as usize / 4)
                    }
                    (name, _) => Element::Other(name.unwrap_or("unnamed").to_string()),
                }
            }
            _ => Element::Other("absent".to_string()),
        };
        let encoding = meta.get("chunk_key_encoding").unwrap_or(&Value::Null);
        let prefixed = encoding["name"].as_str() != Some("v2");
        let separator = match encoding["configuration"]["separator"].as_str() {
            Some(".") => '.',
            Some(_) => '/',
            None => {
                if prefixed {
                    '/'
                } else {
                    '.'
                }
            }
        };
        let keys = Keys { prefixed, separator };
        Self { shape, side, element, codecs, keys, folder, zero_fill: is_zero(meta.get("fill_value")) }
            .checked()
    }

    fn checked(self) -> Result<Self, String> {
        const LARGEST: usize = u32::MAX as usize;
        let chunk = self.side.iter().try_fold(self.element.size().max(1), |n, &s| n.checked_mul(s));
        let whole = self.shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s));
        if self.side.len() != self.shape.len()
            || self.side.contains(&0)
            || whole.is_none()
            || chunk.is_none_or(|bytes| bytes > LARGEST)
        {
            return Err("its chunks do not fit its shape".to_string());
        }
        Ok(self)
    }
}

fn is_zero(fill: Option<&Value>) -> bool {
    match fill {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::Number(n)) => n.as_f64() == Some(0.0),
        Some(Value::String(text)) => text.is_empty(),
        _ => false,
    }
}

fn sizes(value: Option<&Value>, what: &str) -> Result<Vec<usize>, String> {
    let wrong = || format!("its {what} is not a list of sizes");
    let items = value.and_then(Value::as_array).ok_or_else(wrong)?;
    items.iter().map(|v| v.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(wrong)).collect()
}

/// A type as numpy writes it, e.g. `<f4`.
fn numpy_type(name: &str) -> Element {
    let other = || Element::Other(name.to_string());
    let (Some(order), Some(kind), Some(size)) = (name.get(..1), name.get(1..2), name.get(2..)) else {
        return other();
    };
    let Ok(size) = size.parse::<u32>() else { return if kind == "O" { Element::Text } else { other() } };
    match kind {
        "f" | "i" | "u" => number(kind, size, order == ">").map_or_else(other, Element::Number),
        "b" => Element::Boolean,
        "U" => Element::Wide(size as usize),
        "S" => Element::Narrow(size as usize),
        _ => other(),
    }
}

fn v3_type(name: &str, big: bool) -> Element {
    let bits = |prefix: &str| name.strip_prefix(prefix).and_then(|b| b.parse::<u32>().ok()).map(|b| b / 8);
    let found = match name {
        "bool" => return Element::Boolean,
        "string" => return Element::Text,
        _ => bits("float")
            .and_then(|size| number("f", size, big))
            .or_else(|| bits("uint").and_then(|size| number("u", size, big)))
            .or_else(|| bits("int").and_then(|size| number("i", size, big))),
    };
    found.map_or_else(|| Element::Other(name.to_string()), Element::Number)
}

fn number(kind: &str, size: u32, big: bool) -> Option<Datatype> {
    let byte_order = if big { DatatypeByteOrder::BigEndian } else { DatatypeByteOrder::LittleEndian };
    let bit_precision = u16::try_from(8 * size).ok()?;
    if kind == "f" {
        let layout = match size {
            2 => FloatingPointLayout {
                bit_offset: 0,
                bit_precision,
                exponent_location: 10,
                exponent_size: 5,
                mantissa_location: 0,
                mantissa_size: 10,
                exponent_bias: 15,
            },
            4 => layout_of(make_f32_type())?,
            8 => layout_of(make_f64_type())?,
            _ => return None,
        };
        return Some(Datatype::FloatingPoint { size, byte_order, layout });
    }
    let layout = FixedPointLayout { signed: kind == "i", bit_offset: 0, bit_precision };
    matches!(size, 1 | 2 | 4 | 8).then_some(Datatype::FixedPoint { size, byte_order, layout })
}

fn layout_of(datatype: Datatype) -> Option<FloatingPointLayout> {
    match datatype {
        Datatype::FloatingPoint { layout, .. } => Some(layout),
        _ => None,
    }
}
