//! Object headers and the messages in them.

use super::datatype::Stored;
use crate::codec::lookup3;
use hdf5_pure::AttrValue;
use std::io;

/// The messages of one object.
#[derive(Default)]
pub(super) struct Messages(Vec<u8>);

impl Messages {
    /// Adds a message; its length has sixteen bits.
    pub(super) fn push(&mut self, kind: u8, body: Vec<u8>) -> io::Result<()> {
        let Ok(length) = u16::try_from(body.len()) else {
            let reason = "an attribute or name exceeds the 64 KiB that HDF5 gives it; \
                          a table can have about 4000 columns";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        };
        self.0.push(kind);
        self.0.extend(length.to_le_bytes());
        self.0.push(0);
        self.0.extend(body);
        Ok(())
    }

    /// What every group has: links are in its header.
    pub(super) fn group(&mut self) {
        let mut info = vec![0, 0];
        info.extend([0xff; 16]);
        self.push(2, info).expect("eighteen bytes");
        self.push(10, vec![0, 0]).expect("two bytes");
    }

    /// The object header.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        let Ok(length) = u32::try_from(self.0.len()) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a group has too many members"));
        };
        // Version 2, the length in four bytes.
        let mut out = b"OHDR\x02\x02".to_vec();
        out.extend(length.to_le_bytes());
        out.extend(self.0);
        out.extend(lookup3(&out).to_le_bytes());
        Ok(out)
    }
}

/// A hard link with a UTF-8 name.
pub(super) fn link(name: &str, address: u64) -> Vec<u8> {
    let mut out = vec![1, 0b0001_0010, 1];
    out.extend((name.len() as u32).to_le_bytes());
    out.extend(name.as_bytes());
    out.extend(address.to_le_bytes());
    out
}

/// A dataspace: a scalar has no dimensions.
pub(super) fn dataspace(shape: &[u64]) -> Vec<u8> {
    let mut out = vec![2, shape.len() as u8, 0, u8::from(!shape.is_empty())];
    shape.iter().for_each(|side| out.extend(side.to_le_bytes()));
    out
}

/// The dataspace of nothing.
pub(super) fn null_dataspace() -> Vec<u8> {
    vec![2, 0, 0, 2]
}

/// Whether it is a text and not a list of them.
pub(in crate::hdf5) fn is_one_text(value: &AttrValue) -> bool {
    matches!(
        value,
        AttrValue::String(_)
            | AttrValue::StringSized { .. }
            | AttrValue::AsciiString(_)
            | AttrValue::AsciiStringSized { .. }
            | AttrValue::VarLenString(_)
            | AttrValue::VarLenAsciiString(_)
    )
}

/// An attribute; `text` stores a text and gives its reference.
pub(super) fn attribute(
    name: &str,
    value: &AttrValue,
    text: &mut dyn FnMut(&[u8]) -> io::Result<[u8; 16]>,
) -> io::Result<Vec<u8>> {
    fn numbers<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|&v| bytes(v)).collect()
    }
    let mut texts = |values: &[String]| -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(16 * values.len());
        for value in values {
            out.extend(text(value.as_bytes())?);
        }
        Ok(out)
    };
    let list = |n: usize| dataspace(&[n as u64]);
    let (datatype, space, data) = match value {
        AttrValue::F64(v) => (Stored::F64.encode(), dataspace(&[]), v.to_le_bytes().to_vec()),
        AttrValue::I64(v) => (Stored::I64.encode(), dataspace(&[]), v.to_le_bytes().to_vec()),
        AttrValue::I32(v) => (Stored::I32.encode(), dataspace(&[]), v.to_le_bytes().to_vec()),
        AttrValue::U32(v) => (Stored::U32.encode(), dataspace(&[]), v.to_le_bytes().to_vec()),
        AttrValue::U64(v) => (Stored::U64.encode(), dataspace(&[]), v.to_le_bytes().to_vec()),
        AttrValue::U8(v) => (Stored::U8.encode(), dataspace(&[]), vec![*v]),
        AttrValue::F64Array(v) => (Stored::F64.encode(), list(v.len()), numbers(v, f64::to_le_bytes)),
        AttrValue::I64Array(v) => (Stored::I64.encode(), list(v.len()), numbers(v, i64::to_le_bytes)),
        AttrValue::F32(v) => (Stored::F32.encode(), dataspace(&[]), v.to_le_bytes().to_vec()),
        AttrValue::F32Array(v) => (Stored::F32.encode(), list(v.len()), numbers(v, f32::to_le_bytes)),
        AttrValue::I8(v) => (Stored::I8.encode(), dataspace(&[]), v.to_le_bytes().to_vec()),
        AttrValue::I16(v) => (Stored::I32.encode(), dataspace(&[]), i32::from(*v).to_le_bytes().to_vec()),
        AttrValue::U16(v) => (Stored::U32.encode(), dataspace(&[]), u32::from(*v).to_le_bytes().to_vec()),
        other => match (other.as_strings(), other.to_i64s()) {
            (Some(one), _) if is_one_text(other) => (Stored::Text.encode(), dataspace(&[]), texts(one)?),
            (Some(many), _) => (Stored::Text.encode(), list(many.len()), texts(many)?),
            (_, Some(v)) => (Stored::I64.encode(), list(v.len()), numbers(&v, i64::to_le_bytes)),
            _ => {
                let reason = format!("the attribute {name} has a type that cannot be written");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
            }
        },
    };
    let mut out = vec![3, 0];
    for length in [name.len() + 1, datatype.len(), space.len()] {
        let Ok(length) = u16::try_from(length) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an attribute's name is too long"));
        };
        out.extend(length.to_le_bytes());
    }
    // UTF-8.
    out.push(1);
    out.extend(name.as_bytes());
    out.push(0);
    out.extend(datatype);
    out.extend(space);
    out.extend(data);
    Ok(out)
}
