//! Arrays of records, in which anndata before 0.7 stored tables.

use super::{Container, heap};
use crate::IoError;
use hdf5_pure::{CompoundMember, Datatype, DatatypeByteOrder};

/// One field of all records; `width` values a record.
pub(crate) struct Field {
    pub(crate) width: usize,
    pub(crate) values: FieldValues,
}

pub(crate) enum FieldValues {
    Numbers(Vec<f64>),
    Integers(Vec<i64>),
    Booleans(Vec<bool>),
    Texts(Vec<String>),
    Unread(String),
}

impl Container {
    /// One field of a dataset of records.
    pub(crate) fn field(&self, element: &str, name: &str) -> Result<Option<Field>, IoError> {
        let (bytes, datatype) = self.raw(element)?;
        let Datatype::Compound { size, members } = datatype else { return Ok(None) };
        let Some(member) = members.into_iter().find(|m| m.name == name) else { return Ok(None) };
        self.decode(element, &bytes, size as usize, member).map(Some)
    }

    /// The kind of a field without its values, from the type alone.
    pub(crate) fn field_type(&self, element: &str, name: &str) -> Result<Option<FieldValues>, IoError> {
        let datatype = self.datatype(element)?;
        let Datatype::Compound { size, members } = datatype else { return Ok(None) };
        let Some(member) = members.into_iter().find(|m| m.name == name) else { return Ok(None) };
        self.decode(element, &[], size as usize, member).map(|field| Some(field.values))
    }

    fn decode(
        &self,
        element: &str,
        bytes: &[u8],
        size: usize,
        member: CompoundMember,
    ) -> Result<Field, IoError> {
        let (base, width) = match member.datatype {
            Datatype::Array { base_type, dimensions } => {
                (*base_type, dimensions.iter().fold(1usize, |n, &d| n.saturating_mul(d as usize)))
            }
            scalar => (scalar, 1),
        };
        let (each, start) = (base.type_size() as usize, member.byte_offset as usize);
        let end = each.checked_mul(width).and_then(|n| n.checked_add(start));
        if size == 0 || each == 0 || end.is_none_or(|end| end > size) {
            return Err(self.corrupt(element, "a field lies outside its record"));
        }
        let cells = bytes
            .chunks_exact(size)
            .flat_map(|record| record[start..start + each * width].chunks_exact(each));
        let values = match &base {
            Datatype::FloatingPoint { size: 4 | 8, byte_order, .. } if width > 0 => {
                FieldValues::Numbers(cells.map(|cell| float(cell, big(byte_order))).collect())
            }
            Datatype::FixedPoint { size: 1..=8, byte_order, layout } => {
                let signed = layout.signed;
                FieldValues::Integers(cells.map(|cell| integer(cell, big(byte_order), signed)).collect())
            }
            Datatype::Enumeration { members, .. } if members.iter().any(|m| m.name == "TRUE") => {
                FieldValues::Booleans(cells.map(|cell| cell.iter().any(|&b| b != 0)).collect())
            }
            Datatype::String { .. } => FieldValues::Texts(cells.map(text).collect()),
            Datatype::VariableLength { is_string: true, .. } if each == heap::REFERENCE => {
                let references: Vec<u8> = cells.flatten().copied().collect();
                let mut texts = vec![String::new(); references.len() / heap::REFERENCE];
                let (store, base) = self.heap(element)?;
                heap::visit(store, base, &references, |row, bytes| {
                    texts[row] = String::from_utf8(bytes.to_vec())
                        .map_err(|_| format!("text {row} of {} is not UTF-8", member.name))?;
                    Ok(())
                })
                .map_err(|reason| self.corrupt(element, &reason))?;
                FieldValues::Texts(texts)
            }
            other => FieldValues::Unread(format!("{other}")),
        };
        Ok(Field { width, values })
    }
}

fn big(order: &DatatypeByteOrder) -> bool {
    *order == DatatypeByteOrder::BigEndian
}

/// The cell's bytes, least significant first, in eight.
fn little(cell: &[u8], big: bool) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..cell.len()].copy_from_slice(cell);
    if big {
        bytes[..cell.len()].reverse();
    }
    bytes
}

fn float(cell: &[u8], big: bool) -> f64 {
    let bits = u64::from_le_bytes(little(cell, big));
    if cell.len() == 4 { f64::from(f32::from_bits(bits as u32)) } else { f64::from_bits(bits) }
}

fn integer(cell: &[u8], big: bool, signed: bool) -> i64 {
    let bits = i64::from_le_bytes(little(cell, big));
    let unused = 64 - 8 * cell.len() as u32;
    if signed { (bits << unused) >> unused } else { bits }
}

/// Fixed-width text up to its padding.
fn text(cell: &[u8]) -> String {
    let end = cell.iter().position(|&b| b == 0).unwrap_or(cell.len());
    String::from_utf8_lossy(&cell[..end]).into_owned()
}
