//! Unstructured values.

use super::{ElementKind, H5ad, join};
use crate::hdf5::{Dtype, NodeKind};
use crate::{IoError, Uns};
use ndarray::ArrayD;

/// Each leaf of a mapping by its path, or why it is not read.
pub(super) type Leaves = Vec<(String, Result<Uns, IoError>)>;

impl H5ad {
    /// The value at `key`; `a/b` is `b` within the mapping `a`.
    ///
    /// # Errors
    /// [`IoError::NoSuchElement`] with the keys there are, [`IoError::Encoding`] for a mapping (ask for
    /// its members) and for what is not read, [`IoError::Corrupt`].
    pub fn uns(&self, key: &str) -> Result<Uns, IoError> {
        let (group, last) = match key.rsplit_once('/') {
            Some((parents, last)) => (join("uns", parents), last),
            None => ("uns".to_string(), key),
        };
        match self.container.kind(&group)? {
            Some(NodeKind::Group) => self.require(&group, last)?,
            _ => return Err(self.missing("uns", key, self.keys("uns")?)),
        }
        self.uns_value(&join(&group, last))
    }

    /// Every leaf below `uns`, or why it is not read.
    pub(super) fn uns_leaves(&self) -> Result<Leaves, IoError> {
        let mut leaves = Vec::new();
        if self.container.kind("uns")? == Some(NodeKind::Group) {
            self.collect_uns("uns", "", &mut leaves, 0)?;
        }
        Ok(leaves)
    }

    fn collect_uns(&self, group: &str, prefix: &str, into: &mut Leaves, depth: usize) -> Result<(), IoError> {
        const DEEPEST: usize = 64;
        if depth > DEEPEST {
            return Err(self.container.corrupt(group, "it is nested too deeply"));
        }
        for key in self.keys(group)? {
            let (element, name) = (join(group, &key), join(prefix, &key));
            let mapping = self.kind(&element)? == Some(ElementKind::Mapping)
                && self.container.kind(&element)? == Some(NodeKind::Group);
            if mapping && !self.keys(&element)?.is_empty() {
                self.collect_uns(&element, &name, into, depth + 1)?;
            } else if mapping {
                into.push((name, Ok(Uns::Empty)));
            } else {
                let value = self.uns_value(&element);
                into.push((name, value));
            }
        }
        Ok(())
    }

    fn uns_value(&self, element: &str) -> Result<Uns, IoError> {
        match self.kind(element)? {
            Some(ElementKind::Null) => Ok(Uns::Null),
            Some(ElementKind::Frame) => Ok(Uns::Frame(self.frame(element)?)),
            Some(ElementKind::Csr | ElementKind::Csc) => Ok(Uns::Sparse(self.matrix(element)?)),
            Some(ElementKind::Scalar | ElementKind::Text) => self.scalar(element),
            Some(ElementKind::Array | ElementKind::StringArray) => self.array(element),
            Some(
                ElementKind::Categorical
                | ElementKind::NullableInteger
                | ElementKind::NullableBoolean
                | ElementKind::NullableString,
            ) => self.plain_column(element).map(Uns::Column),
            Some(ElementKind::Bytes) => self.container.byte_string(element).map(Uns::Bytes),
            Some(ElementKind::Records) => self.records(element),
            Some(other) => Err(self.unread(element, other, "one value")),
            None => Err(self.unread(element, "absent", "one value")),
        }
    }

    fn scalar(&self, element: &str) -> Result<Uns, IoError> {
        let absent = || self.container.corrupt(element, "it holds no value");
        let integer = || self.container.i64s(element)?.first().copied().ok_or_else(absent);
        Ok(match self.container.header(element)?.dtype {
            Dtype::Float(_) => {
                Uns::Number(self.container.f64s(element)?.first().copied().ok_or_else(absent)?)
            }
            Dtype::Boolean => Uns::Boolean(integer()? != 0),
            Dtype::Integer(_) | Dtype::Unsigned(_) => Uns::Integer(integer()?),
            Dtype::Complex(_) => {
                let one = self.container.complexes(element)?.first().copied().ok_or_else(absent)?;
                Uns::Complexes(self.shaped(element, Vec::new(), vec![one])?)
            }
            Dtype::Text => Uns::Text(self.container.texts(element)?.into_iter().next().ok_or_else(absent)?),
            other => return Err(self.unread(element, other, "one value")),
        })
    }

    fn array(&self, element: &str) -> Result<Uns, IoError> {
        let header = self.container.header(element)?;
        let shape = header.shape;
        Ok(match header.dtype {
            Dtype::Float(_) => Uns::Numbers(self.shaped(element, shape, self.container.f64s(element)?)?),
            Dtype::Boolean => {
                let values = self.container.i64s(element)?.into_iter().map(|v| v != 0).collect();
                Uns::Booleans(self.shaped(element, shape, values)?)
            }
            Dtype::Integer(_) | Dtype::Unsigned(_) => {
                Uns::Integers(self.shaped(element, shape, self.container.i64s(element)?)?)
            }
            Dtype::Complex(_) => {
                Uns::Complexes(self.shaped(element, shape, self.container.complexes(element)?)?)
            }
            Dtype::Text => Uns::Texts(self.shaped(element, shape, self.container.texts(element)?)?),
            other => return Err(self.unread(element, other, "an array")),
        })
    }

    /// A one-dimensional array of records, a column for each field.
    fn records(&self, element: &str) -> Result<Uns, IoError> {
        let header = self.container.header(element)?;
        self.check(element, "dimensions", 1, header.shape.len())?;
        let fields = self.record_fields(element)?;
        let columns = fields.into_iter().map(|name| Ok((name.clone(), self.record_field(element, &name)?)));
        columns.collect::<Result<_, _>>().map(Uns::Records)
    }

    fn shaped<T>(&self, element: &str, shape: Vec<usize>, values: Vec<T>) -> Result<ArrayD<T>, IoError> {
        ArrayD::from_shape_vec(shape, values)
            .map_err(|_| self.container.corrupt(element, "its length does not fit its shape"))
    }
}
