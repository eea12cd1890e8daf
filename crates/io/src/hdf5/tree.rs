//! Writing: a tree of groups and datasets, built by us or copied byte for byte from another file.

use super::reader::{Container, NodeKind};
use super::write::{Address, Compression, FileWriter, Shape, Sink, Stored, Target, is_one_text, record};
use crate::IoError;
use hdf5_pure::AttrValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

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

    pub(crate) fn integer(value: i64) -> Self {
        Self(AttrValue::I64(value))
    }

    pub(crate) fn real(value: f64) -> Self {
        Self(AttrValue::F64(value))
    }

    pub(crate) fn signed(values: Vec<i64>) -> Self {
        Self(AttrValue::I64Array(values))
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

    /// As JSON has it.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.0 {
            AttrValue::U8(v) => (*v != 0).into(),
            AttrValue::F64(v) => (*v).into(),
            AttrValue::I64(v) => (*v).into(),
            // The only empty list that is written is one of texts.
            AttrValue::F64Array(v) => v.clone().into(),
            other => match (other.as_strings(), other.to_i64s()) {
                (Some([one]), _) if is_one_text(other) => one.as_str().into(),
                (Some(texts), _) => texts.to_vec().into(),
                (_, integers) => integers.unwrap_or_default().into(),
            },
        }
    }

    pub(crate) fn to_integers(&self) -> Option<Vec<i64>> {
        self.0.to_i64s()
    }
}

/// A group's attributes and members.
#[derive(Default)]
pub(crate) struct Group<'a> {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) children: BTreeMap<String, Node<'a>>,
}

/// A dataset's shape, attributes and values.
pub(crate) struct Dataset {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    /// Empty for a scalar.
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Data,
}

pub(crate) enum Node<'a> {
    Group(Group<'a>),
    Dataset(Dataset),
    /// What is at this path of another file, taken over when it is written.
    Copy(&'a Container, String, NodeKind),
    /// Values that are made while they are written.
    Stream(Box<dyn Stream + 'a>),
}

/// Values that come in parts, so that they need not be in memory together.
pub(crate) trait Stream {
    /// Writes the object; returns where it is.
    fn write(self: Box<Self>, out: &mut Writer<'_, '_>) -> Result<Address, IoError>;
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
    /// Pairs of real and imaginary part.
    Complex(Vec<[f64; 2]>),
    /// One value of this many bytes.
    Bytes(Vec<u8>),
    /// Rows of named values: numbers or texts.
    Records(Vec<(String, Data)>),
    /// None.
    Null,
}

impl Data {
    /// The number of values of a list.
    fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::I8(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::Boolean(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::Complex(v) => v.len(),
            Self::Bytes(_) | Self::Records(_) | Self::Null => 1,
        }
    }
}

/// A tree on its way into a file.
pub(crate) struct Writer<'f, 't> {
    pub(crate) file: FileWriter<'t>,
    pub(crate) compression: Compression,
    pub(crate) path: &'f Path,
    /// What could not be copied, and why.
    pub(crate) left_out: Vec<(String, String)>,
}

/// Writes the tree as an HDF5 file; returns what could not be copied into it, with the reason.
pub(crate) fn write(
    path: &Path,
    root: Group,
    compression: Compression,
    out: &mut dyn Target,
) -> Result<Vec<(String, String)>, IoError> {
    let fail = |source| IoError::Write { path: path.to_path_buf(), source };
    let file = FileWriter::new(out).map_err(fail)?;
    let mut writer = Writer { file, compression, path, left_out: Vec::new() };
    let root = writer.group(root)?;
    writer.file.finish(root).map_err(fail)?;
    Ok(writer.left_out)
}

impl Writer<'_, '_> {
    pub(crate) fn fail(&self, source: io::Error) -> IoError {
        IoError::Write { path: self.path.to_path_buf(), source }
    }

    pub(crate) fn group(&mut self, group: Group) -> Result<Address, IoError> {
        let mut members = BTreeMap::new();
        for (name, node) in group.children {
            if let Some(address) = self.node(node)? {
                members.insert(name, address);
            }
        }
        self.file.group(&group.attributes, &members).map_err(|e| self.fail(e))
    }

    fn node(&mut self, node: Node) -> Result<Option<Address>, IoError> {
        match node {
            Node::Group(group) => self.group(group).map(Some),
            Node::Dataset(dataset) => self.dataset(dataset).map(Some).map_err(|e| self.fail(e)),
            Node::Copy(from, element, kind) => self.copy(from, &element, kind),
            Node::Stream(stream) => stream.write(self).map(Some),
        }
    }

    fn dataset(&mut self, dataset: Dataset) -> io::Result<Address> {
        let Dataset { attributes, shape, data } = dataset;
        let (stored, bytes) = match &data {
            Data::F32(v) => (Stored::F32, Cow::Borrowed(bytemuck::cast_slice(v))),
            Data::F64(v) => (Stored::F64, Cow::Borrowed(bytemuck::cast_slice(v))),
            Data::I8(v) => (Stored::I8, Cow::Borrowed(bytemuck::cast_slice(v))),
            Data::I32(v) => (Stored::I32, Cow::Borrowed(bytemuck::cast_slice(v))),
            Data::I64(v) => (Stored::I64, Cow::Borrowed(bytemuck::cast_slice(v))),
            Data::Complex(v) => (Stored::Complex, Cow::Borrowed(bytemuck::cast_slice(v))),
            Data::Boolean(v) => (Stored::Boolean, v.iter().map(|&b| u8::from(b)).collect()),
            Data::Bytes(v) if v.is_empty() => (Stored::Bytes(1), Cow::Owned(vec![0])),
            Data::Bytes(v) => (Stored::Bytes(v.len() as u32), Cow::Borrowed(v.as_slice())),
            Data::Text(v) => {
                let mut bytes = Vec::with_capacity(16 * v.len());
                for text in v {
                    bytes.extend(self.file.text(text.as_bytes())?);
                }
                (Stored::Text, Cow::Owned(bytes))
            }
            Data::Records(columns) => return self.records(columns, &attributes),
            Data::Null => {
                let sink = Sink::new(Stored::F32.encode(), 4, Shape::Null, Compression::None);
                return sink.finish(&mut self.file, &attributes);
            }
        };
        let shape = match shape.split_first() {
            Some((&rows, rest)) => (Shape::Rows(rest.to_vec()), rows),
            None => (Shape::Scalar, 1),
        };
        // References to texts hardly compress, and a few bytes do not at all.
        let compression = if stored == Stored::Text { Compression::None } else { self.compression };
        let mut sink = Sink::new(stored.encode(), stored.size(), shape.0, compression).with_rows(shape.1);
        sink.write(&mut self.file, &bytes)?;
        sink.finish(&mut self.file, &attributes)
    }

    fn records(
        &mut self,
        columns: &[(String, Data)],
        attributes: &BTreeMap<String, Attribute>,
    ) -> io::Result<Address> {
        let rows = columns.first().map_or(0, |(_, data)| data.len());
        let (mut members, mut cells) = (Vec::new(), Vec::new());
        for (name, data) in columns {
            let (stored, bytes): (_, Vec<u8>) = match data {
                Data::F64(v) => (Stored::F64, bytemuck::cast_slice(v).to_vec()),
                Data::I64(v) => (Stored::I64, bytemuck::cast_slice(v).to_vec()),
                Data::Boolean(v) => (Stored::Boolean, v.iter().map(|&b| u8::from(b)).collect()),
                Data::Text(v) => {
                    let mut bytes = Vec::with_capacity(16 * v.len());
                    for text in v {
                        bytes.extend(self.file.text(text.as_bytes())?);
                    }
                    (Stored::Text, bytes)
                }
                _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "a record holds plain values")),
            };
            members.push((name.as_str(), stored));
            cells.push(bytes);
        }
        let (datatype, size) = record(&members);
        let mut bytes = Vec::with_capacity(rows * size);
        for row in 0..rows {
            for ((_, stored), cells) in members.iter().zip(&cells) {
                bytes.extend(&cells[row * stored.size()..(row + 1) * stored.size()]);
            }
        }
        let mut sink = Sink::new(datatype, size, Shape::Rows(Vec::new()), Compression::None).with_rows(rows);
        sink.write(&mut self.file, &bytes)?;
        sink.finish(&mut self.file, attributes)
    }

    fn copy(&mut self, from: &Container, element: &str, kind: NodeKind) -> Result<Option<Address>, IoError> {
        let attributes = BTreeMap::clone(from.attributes(element)?.as_ref());
        for name in from.attribute_names(element)?.into_iter().filter(|name| !attributes.contains_key(name)) {
            self.left_out
                .push((format!("{element}, attribute {name}"), "its type cannot be copied".to_string()));
        }
        if kind == NodeKind::Dataset {
            return match self.copy_dataset(from, element, &attributes) {
                Ok(address) => Ok(Some(address)),
                Err(IoError::Storage { storage, .. }) => {
                    let reason = format!("it is stored {storage}, which is not read");
                    self.left_out.push((element.to_string(), reason));
                    Ok(None)
                }
                Err(IoError::Corrupt { reason, .. }) => {
                    self.left_out.push((element.to_string(), reason));
                    Ok(None)
                }
                Err(error) => Err(error),
            };
        }
        let mut members = BTreeMap::new();
        for (name, &kind) in from.children(element)?.iter() {
            let path = if element.is_empty() { name.clone() } else { format!("{element}/{name}") };
            if let Some(address) = self.copy(from, &path, kind)? {
                members.insert(name.clone(), address);
            }
        }
        self.file.group(&attributes, &members).map(Some).map_err(|e| self.fail(e))
    }

    fn copy_dataset(
        &mut self,
        from: &Container,
        element: &str,
        attributes: &BTreeMap<String, Attribute>,
    ) -> Result<Address, IoError> {
        let shape = from.header(element)?.shape;
        if from.texts_apart(element)? {
            let (attributes, data) = (attributes.clone(), Data::Text(from.texts(element)?));
            return self.dataset(Dataset { attributes, shape, data }).map_err(|e| self.fail(e));
        }
        let rows = from.rows(element)?;
        let datatype = rows.datatype_message()?;
        let null = shape.is_empty() && rows.is_empty();
        let shape = match shape.split_first() {
            Some((_, rest)) => Shape::Rows(rest.to_vec()),
            None if null => Shape::Null,
            None => Shape::Scalar,
        };
        let mut sink =
            Sink::new(datatype, rows.element_size(), shape, self.compression).with_rows(rows.len());
        let mut start = 0;
        while start < rows.len() {
            let end = rows.block_end(start);
            let bytes = rows.moved(start..end, &mut self.file, self.path)?;
            sink.write(&mut self.file, &bytes).map_err(|e| self.fail(e))?;
            start = end;
        }
        sink.finish(&mut self.file, attributes).map_err(|e| self.fail(e))
    }
}

impl<'a> Node<'a> {
    /// A group of another file with members that are copies; those may then be replaced.
    pub(crate) fn opened(from: &'a Container, element: &str) -> Result<Group<'a>, IoError> {
        let attributes = BTreeMap::clone(from.attributes(element)?.as_ref());
        let path =
            |name: &str| if element.is_empty() { name.to_string() } else { format!("{element}/{name}") };
        let children = from.children(element)?;
        let children =
            children.iter().map(|(name, &kind)| (name.clone(), Node::Copy(from, path(name), kind)));
        Ok(Group { attributes, children: children.collect() })
    }
}
