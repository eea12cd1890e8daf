//! Datatype messages: of what this crate writes, and of what it copies from another file.

use hdf5_pure::{CharacterSet, Datatype, DatatypeByteOrder, StringPadding};
use std::io;

/// A type that this crate writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    F32,
    F64,
    I8,
    I32,
    I64,
    U8,
    U32,
    U64,
    /// The enumeration that h5py reads as `numpy.bool_`.
    Boolean,
    /// UTF-8 of variable length.
    Text,
    /// The pair of reals that h5py reads as `complex128`.
    Complex,
    /// Bytes of a fixed length.
    Bytes(u32),
}

impl Stored {
    /// The message's body.
    pub(crate) fn encode(self) -> Vec<u8> {
        match self {
            Self::F32 => float(4, false, [23, 8, 0, 23], 127, 31),
            Self::F64 => float(8, false, [52, 11, 0, 52], 1023, 63),
            Self::I8 => integer(1, true, false),
            Self::I32 => integer(4, true, false),
            Self::I64 => integer(8, true, false),
            Self::U8 => integer(1, false, false),
            Self::U32 => integer(4, false, false),
            Self::U64 => integer(8, false, false),
            Self::Boolean => {
                let members = [("FALSE", 0), ("TRUE", 1)];
                let mut out = head(8, 3, [2, 0, 0], 1);
                out.extend(integer(1, true, false));
                members.iter().for_each(|(name, _)| out.extend(terminated(name)));
                out.extend(members.map(|(_, value)| value));
                out
            }
            Self::Text => {
                let mut out = head(9, 1, [1, 1, 0], 16);
                out.extend(integer(1, false, false));
                out
            }
            Self::Complex => {
                let mut out = head(6, 3, [2, 0, 0], 16);
                for (name, at) in [("r", 0), ("i", 8)] {
                    out.extend(terminated(name));
                    out.push(at);
                    out.extend(Self::F64.encode());
                }
                out
            }
            Self::Bytes(size) => head(3, 1, [1, 0, 0], size),
        }
    }

    /// Bytes of one element.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Boolean => 1,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::Text | Self::Complex => 16,
            Self::Bytes(size) => size as usize,
        }
    }
}

/// The type of records with these fields one after the other, and its size.
pub(crate) fn record(fields: &[(&str, Stored)]) -> (Vec<u8>, usize) {
    let size: usize = fields.iter().map(|(_, stored)| stored.size()).sum();
    let count = (fields.len() as u16).to_le_bytes();
    let mut out = head(6, 3, [count[0], count[1], 0], size.max(1) as u32);
    let mut at = 0;
    for (name, stored) in fields {
        out.extend(terminated(name));
        out.extend(&(at as u32).to_le_bytes()[..offset_width(size as u32)]);
        out.extend(stored.encode());
        at += stored.size();
    }
    (out, size)
}

/// Bytes that an offset in a record of this size takes.
fn offset_width(size: u32) -> usize {
    (4 - size.leading_zeros() as usize / 8).max(1)
}

fn head(class: u8, version: u8, bits: [u8; 3], size: u32) -> Vec<u8> {
    let mut out = vec![version << 4 | class];
    out.extend(bits);
    out.extend(size.to_le_bytes());
    out
}

fn terminated(name: &str) -> Vec<u8> {
    let mut out = name.as_bytes().to_vec();
    out.push(0);
    out
}

fn integer(size: u32, signed: bool, big: bool) -> Vec<u8> {
    let mut out = head(0, 1, [u8::from(signed) << 3 | u8::from(big), 0, 0], size);
    out.extend(0u16.to_le_bytes());
    out.extend((8 * size as u16).to_le_bytes());
    out
}

fn float(
    size: u32,
    big: bool,
    [exponent, exponent_size, mantissa, mantissa_size]: [u8; 4],
    bias: u32,
    sign: u8,
) -> Vec<u8> {
    let mut out = head(1, 1, [0x20 | u8::from(big), sign, 0], size);
    out.extend(0u16.to_le_bytes());
    out.extend((8 * size as u16).to_le_bytes());
    out.extend([exponent, exponent_size, mantissa, mantissa_size]);
    out.extend(bias.to_le_bytes());
    out
}

/// The message of a type read from another file.
pub(crate) fn encode(datatype: &Datatype) -> io::Result<Vec<u8>> {
    let unsupported =
        |what: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{what} cannot be written"));
    let order = |order: &DatatypeByteOrder| match order {
        DatatypeByteOrder::LittleEndian => Ok(0),
        DatatypeByteOrder::BigEndian => Ok(1),
        DatatypeByteOrder::Vax => Err(unsupported("VAX numbers")),
    };
    let padding = |padding: &StringPadding| match padding {
        StringPadding::NullTerminate => 0,
        StringPadding::NullPad => 1,
        _ => 2,
    };
    let charset = |charset: &CharacterSet| u8::from(matches!(charset, CharacterSet::Utf8));
    Ok(match datatype {
        Datatype::FixedPoint { size, byte_order, layout } => {
            let mut out = head(0, 1, [u8::from(layout.signed) << 3 | order(byte_order)?, 0, 0], *size);
            out.extend(layout.bit_offset.to_le_bytes());
            out.extend(layout.bit_precision.to_le_bytes());
            out
        }
        Datatype::FloatingPoint { size, byte_order, layout: l } => {
            let sign = (u32::from(l.bit_precision) + u32::from(l.bit_offset)).saturating_sub(1) as u8;
            let mut out = head(1, 1, [0x20 | order(byte_order)?, sign, 0], *size);
            out.extend(l.bit_offset.to_le_bytes());
            out.extend(l.bit_precision.to_le_bytes());
            out.extend([l.exponent_location, l.exponent_size, l.mantissa_location, l.mantissa_size]);
            out.extend(l.exponent_bias.to_le_bytes());
            out
        }
        Datatype::Time { size, byte_order, bit_precision } => {
            let mut out = head(2, 1, [order(byte_order)?, 0, 0], *size);
            out.extend(bit_precision.to_le_bytes());
            out
        }
        Datatype::String { size, padding: p, charset: c } => {
            head(3, 1, [padding(p) | charset(c) << 4, 0, 0], *size)
        }
        Datatype::BitField { size, byte_order, bit_offset, bit_precision } => {
            let mut out = head(4, 1, [order(byte_order)?, 0, 0], *size);
            out.extend(bit_offset.to_le_bytes());
            out.extend(bit_precision.to_le_bytes());
            out
        }
        Datatype::Opaque { size, tag } => {
            let mut tag = tag.clone();
            tag.resize(tag.len().next_multiple_of(8), 0);
            let mut out = head(5, 1, [tag.len() as u8, 0, 0], *size);
            out.extend(tag);
            out
        }
        Datatype::Compound { size, members } => {
            let count = (members.len() as u16).to_le_bytes();
            let mut out = head(6, 3, [count[0], count[1], 0], *size);
            let width = offset_width(*size);
            for member in members {
                out.extend(terminated(&member.name));
                out.extend(&member.byte_offset.to_le_bytes()[..width]);
                out.extend(encode(&member.datatype)?);
            }
            out
        }
        Datatype::Enumeration { size, base_type, members } => {
            let count = (members.len() as u16).to_le_bytes();
            let mut out = head(8, 3, [count[0], count[1], 0], *size);
            out.extend(encode(base_type)?);
            members.iter().for_each(|m| out.extend(terminated(&m.name)));
            members.iter().for_each(|m| out.extend(&m.value));
            out
        }
        Datatype::VariableLength { is_string: true, padding: p, charset: c, .. } => {
            let (p, c) = (p.as_ref().map_or(0, padding), c.as_ref().map_or(1, charset));
            let mut out = head(9, 1, [1 | p << 4, c, 0], 16);
            out.extend(integer(1, false, false));
            out
        }
        Datatype::Array { base_type, dimensions } => {
            let base = encode(base_type)?;
            let mut out = head(10, 3, [0; 3], datatype.type_size());
            out.push(dimensions.len() as u8);
            dimensions.iter().for_each(|d| out.extend(d.to_le_bytes()));
            out.extend(base);
            out
        }
        Datatype::Reference { .. } | Datatype::VariableLength { .. } => {
            return Err(unsupported("a type that refers to other places"));
        }
        _ => return Err(unsupported("an unknown type")),
    })
}
