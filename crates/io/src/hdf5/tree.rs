//! Writing: a tree of groups and datasets, built by us or copied byte for byte from another file.

use super::reader::{Container, NodeKind, one_line};
use crate::IoError;
use hdf5_pure::{
    AttrValue, Datatype, EnumTypeBuilder, Error, FileBuilder, GroupBuilder, make_f32_type, make_f64_type,
    make_i8_type, make_i32_type, make_i64_type,
};
use std::collections::BTreeMap;
use std::io::Write;

/// An attribute, in the library's own form so that a copy keeps its width.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute(pub(super) AttrValue);

impl Attribute {
    pub(crate) fn text(value: &str) -> Self {
        Self(AttrValue::VarLenString(value.to_string()))
    }

    pub(crate) fn texts(values: Vec<String>) -> Self {
        // An empty list of strings has no element to hold the type; h5py reads an empty float list alike.
        if values.is_empty() {
            Self(AttrValue::F64Array(Vec::new()))
        } else {
            Self(AttrValue::VarLenStringArray(values))
        }
    }

    pub(crate) fn integers(values: &[usize]) -> Self {
        Self(AttrValue::I64Array(values.iter().map(|&v| v as i64).collect()))
    }

    pub(crate) fn flag(value: bool) -> Self {
        Self(AttrValue::U8(u8::from(value)))
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        self.0.as_str()
    }

    pub(crate) fn to_texts(&self) -> Option<Vec<String>> {
        self.0.as_strings().map(<[String]>::to_vec).or_else(|| self.0.as_str().map(|s| vec![s.to_string()]))
    }

    pub(crate) fn to_integers(&self) -> Option<Vec<i64>> {
        self.0.to_i64s()
    }
}

/// A group's attributes and members.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) children: BTreeMap<String, Node>,
}

/// A dataset's shape, attributes and values.
pub(crate) struct Dataset {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    /// Empty for a scalar.
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Data,
}

pub(crate) enum Node {
    Group(Group),
    Dataset(Dataset),
}

/// Values in row-major order.
pub(crate) enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I8(Vec<i8>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    Boolean(Vec<bool>),
    Text(Vec<String>),
    /// Bytes of another file, with their type.
    Raw(Box<Datatype>, Vec<u8>),
}

/// Copies what is at `element`, byte for byte; what cannot be is named in `left_out` with the reason.
pub(crate) fn copy(
    from: &Container,
    element: &str,
    kind: NodeKind,
    left_out: &mut Vec<(String, String)>,
) -> Result<Option<Node>, IoError> {
    let attributes = BTreeMap::clone(from.attributes(element)?.as_ref());
    for name in from.attribute_names(element)?.into_iter().filter(|name| !attributes.contains_key(name)) {
        left_out.push((format!("{element}, attribute {name}"), "its type cannot be copied".to_string()));
    }
    if kind == NodeKind::Dataset {
        let shape = from.header(element)?.shape;
        let datatype = from.guard(element, || from.file.dataset(element)?.datatype())?;
        let data = if matches!(datatype, Datatype::VariableLength { is_string: true, .. }) {
            from.texts(element).map(Data::Text)
        } else if has_references(&datatype) {
            left_out.push((element.to_string(), "it holds references into its own file".to_string()));
            return Ok(None);
        } else {
            from.read(element, |dataset| dataset.read_raw()).map(|bytes| Data::Raw(Box::new(datatype), bytes))
        };
        return match data {
            // A dataset without a dataspace, which stands for nothing.
            Ok(Data::Raw(datatype, bytes)) if shape.is_empty() && bytes.is_empty() => {
                Ok(Some(Node::Dataset(Dataset {
                    attributes,
                    shape: vec![0],
                    data: Data::Raw(datatype, bytes),
                })))
            }
            Ok(data) => Ok(Some(Node::Dataset(Dataset { attributes, shape, data }))),
            Err(IoError::Corrupt { reason, .. }) => {
                left_out.push((element.to_string(), reason));
                Ok(None)
            }
            Err(error) => Err(error),
        };
    }
    let mut children = BTreeMap::new();
    for (name, &kind) in from.children(element)?.iter() {
        let path = if element.is_empty() { name.clone() } else { format!("{element}/{name}") };
        if let Some(node) = copy(from, &path, kind, left_out)? {
            children.insert(name.clone(), node);
        }
    }
    Ok(Some(Node::Group(Group { attributes, children })))
}

/// Whether stored elements point elsewhere in the file, so that their bytes mean nothing in another.
fn has_references(datatype: &Datatype) -> bool {
    match datatype {
        Datatype::Reference { .. } | Datatype::VariableLength { .. } => true,
        Datatype::Compound { members, .. } => members.iter().any(|m| has_references(&m.datatype)),
        Datatype::Array { base_type, .. } => has_references(base_type),
        _ => false,
    }
}

/// Writes the tree as an HDF5 file.
pub(crate) fn write(root: Group, out: impl Write) -> Result<(), std::io::Error> {
    let fail = |error: Error| match error {
        Error::Io(source) => source,
        other => std::io::Error::new(std::io::ErrorKind::InvalidInput, one_line(&other.to_string())),
    };
    let mut file = FileBuilder::new();
    for (name, value) in root.attributes {
        file.set_attr(&name, value.0);
    }
    for (name, node) in root.children {
        match node {
            Node::Group(group) => {
                let mut builder = file.create_group(&name);
                fill_group(&mut builder, group)?;
                file.add_group(builder.finish());
            }
            Node::Dataset(dataset) => fill_dataset(file.create_dataset(&name), dataset)?,
        }
    }
    file.finish_to(out).map_err(fail)
}

fn fill_group(builder: &mut GroupBuilder, group: Group) -> Result<(), std::io::Error> {
    for (name, value) in group.attributes {
        builder.set_attr(&name, value.0);
    }
    for (name, node) in group.children {
        match node {
            Node::Group(group) => {
                let mut child = builder.create_group(&name);
                fill_group(&mut child, group)?;
                builder.add_group(child.finish());
            }
            Node::Dataset(dataset) => fill_dataset(builder.create_dataset(&name), dataset)?,
        }
    }
    Ok(())
}

fn fill_dataset(builder: &mut hdf5_pure::DatasetBuilder, dataset: Dataset) -> Result<(), std::io::Error> {
    let shape: Vec<u64> = dataset.shape.iter().map(|&d| d as u64).collect();
    let elements: u64 = shape.iter().product();
    let empty = elements == 0;
    let mut width = 0;
    match dataset.data {
        // No element: the type alone.
        Data::F32(_) if empty => _ = builder.with_dtype(make_f32_type()),
        Data::F64(_) if empty => _ = builder.with_dtype(make_f64_type()),
        Data::I8(_) if empty => _ = builder.with_dtype(make_i8_type()),
        Data::I32(_) if empty => _ = builder.with_dtype(make_i32_type()),
        Data::I64(_) if empty => _ = builder.with_dtype(make_i64_type()),
        Data::Raw(datatype, _) if empty => _ = builder.with_dtype(*datatype),
        Data::F32(v) => (width, _) = (4, builder.with_f32_data(&v)),
        Data::F64(v) => (width, _) = (8, builder.with_f64_data(&v)),
        Data::I8(v) => (width, _) = (1, builder.with_i8_data(&v)),
        Data::I32(v) => (width, _) = (4, builder.with_i32_data(&v)),
        Data::I64(v) => (width, _) = (8, builder.with_i64_data(&v)),
        Data::Boolean(v) => {
            let bytes: Vec<u8> = v.into_iter().map(u8::from).collect();
            _ = builder.with_raw_data(boolean()?, bytes, elements);
            width = 1;
        }
        Data::Text(v) => {
            let texts: Vec<&str> = v.iter().map(String::as_str).collect();
            _ = builder.with_vlen_strings(&texts);
        }
        Data::Raw(datatype, bytes) => {
            width = u64::from(datatype.type_size());
            _ = builder.with_raw_data(*datatype, bytes, elements);
        }
    }
    builder.with_shape(&shape);
    if let Some(chunks) = chunks(&shape, width) {
        builder.with_chunks(&chunks).with_shuffle().with_deflate(4);
    }
    for (name, value) in dataset.attributes {
        builder.set_attr(&name, value.0);
    }
    Ok(())
}

/// Chunks of at most about 256 KiB for arrays above 64 KiB; smaller ones stay in one piece, uncompressed.
///
/// No side exceeds 2^15: libhdf5 refuses the width in which larger ones are stored (a side of 2^16 or
/// more takes three bytes in its reckoning and four in the library's).
fn chunks(shape: &[u64], width: u64) -> Option<Vec<u64>> {
    const LONGEST: u64 = 1 << 15;
    let bytes = shape.iter().product::<u64>() * width;
    if shape.is_empty() || bytes <= 1 << 16 {
        return None;
    }
    let mut chunk: Vec<u64> = shape.iter().map(|&side| side.min(LONGEST)).collect();
    let row = (chunk[1..].iter().product::<u64>() * width).max(1);
    chunk[0] = ((1 << 18) / row).clamp(1, chunk[0]);
    Some(chunk)
}

/// The enumeration that h5py reads as `numpy.bool_`.
fn boolean() -> Result<Datatype, std::io::Error> {
    EnumTypeBuilder::with_base(make_i8_type())
        .value("FALSE", 0)
        .value("TRUE", 1)
        .build()
        .map_err(|error| std::io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::chunks;

    #[test]
    fn chunks_are_narrow_enough_for_libhdf5_and_small_enough_to_compress() {
        assert_eq!(chunks(&[100], 8), None);
        assert_eq!(chunks(&[], 8), None);
        for (shape, width) in
            [([1_000_000, 1], 4), ([2, 1_000_000], 8), ([20_000, 2000], 4), ([100_000, 3], 1)]
        {
            let chunk = chunks(&shape, width).unwrap();
            assert!(chunk.iter().all(|&side| (1..1 << 16).contains(&side)), "{chunk:?}");
            assert!(chunk.iter().product::<u64>() * width <= 1 << 18, "{chunk:?}");
        }
    }
}
