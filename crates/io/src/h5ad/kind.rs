//! What kind of element a path leads to.

use super::{H5ad, join};
use crate::IoError;
use crate::hdf5::{Dtype, NodeKind};
use std::fmt;

/// The kind of an element, from its encoding attribute or, in files before 0.8, its layout.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElementKind {
    /// A dense array of numbers or Booleans.
    Array,
    /// A sparse matrix along rows.
    Csr,
    /// A sparse matrix along columns.
    Csc,
    /// A table.
    Frame,
    /// A categorical column.
    Categorical,
    /// An array of texts.
    StringArray,
    /// One number or Boolean.
    Scalar,
    /// One text.
    Text,
    /// Bytes that are no text.
    Bytes,
    /// Integers with gaps.
    NullableInteger,
    /// Booleans with gaps.
    NullableBoolean,
    /// Texts with gaps.
    NullableString,
    /// Python's `None`.
    Null,
    /// An array of records, which older files use for tables.
    Records,
    /// A mapping from keys to elements.
    Mapping,
    /// An encoding that is not read.
    Other(String),
}

impl fmt::Display for ElementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Array => "array",
            Self::Csr => "csr_matrix",
            Self::Csc => "csc_matrix",
            Self::Frame => "dataframe",
            Self::Categorical => "categorical",
            Self::StringArray => "string-array",
            Self::Scalar => "numeric-scalar",
            Self::Text => "string",
            Self::Bytes => "bytes",
            Self::NullableInteger => "nullable-integer",
            Self::NullableBoolean => "nullable-boolean",
            Self::NullableString => "nullable-string-array",
            Self::Null => "null",
            Self::Records => "rec-array",
            Self::Mapping => "dict",
            Self::Other(name) => name,
        })
    }
}

impl ElementKind {
    fn named(encoding: &str) -> Self {
        match encoding {
            "array" => Self::Array,
            "csr_matrix" => Self::Csr,
            "csc_matrix" => Self::Csc,
            "dataframe" => Self::Frame,
            "categorical" => Self::Categorical,
            "string-array" => Self::StringArray,
            "numeric-scalar" => Self::Scalar,
            "string" => Self::Text,
            "bytes" => Self::Bytes,
            "nullable-integer" => Self::NullableInteger,
            "nullable-boolean" => Self::NullableBoolean,
            "nullable-string-array" => Self::NullableString,
            "null" => Self::Null,
            "rec-array" => Self::Records,
            "dict" | "raw" | "anndata" => Self::Mapping,
            other => Self::Other(other.to_string()),
        }
    }
}

impl H5ad {
    /// The kind of what is at `element`, or `None` if nothing is.
    pub(super) fn kind(&self, element: &str) -> Result<Option<ElementKind>, IoError> {
        let Some(node) = self.container.kind(element)? else { return Ok(None) };
        let attributes = self.container.attributes(element)?;
        let text = |name: &str| attributes.get(name).and_then(|a| a.as_text());
        if let Some(encoding) = text("encoding-type") {
            return Ok(Some(ElementKind::named(encoding)));
        }
        if node == NodeKind::Dataset {
            return self.plain_dataset(element).map(Some);
        }
        if let Some(format) = text("h5sparse_format") {
            return Ok(Some(ElementKind::named(&format!("{format}_matrix"))));
        }
        if attributes.contains_key("column-order") {
            return Ok(Some(ElementKind::Frame));
        }
        let has = |key: &str| self.container.kind(&join(element, key)).map(|k| k == Some(NodeKind::Dataset));
        if has("codes")? && has("categories")? {
            return Ok(Some(ElementKind::Categorical));
        }
        Ok(Some(ElementKind::Mapping))
    }

    /// Whether a table is at `element`.
    pub(crate) fn is_frame(&self, element: &str) -> Result<bool, IoError> {
        Ok(self.kind(element)? == Some(ElementKind::Frame))
    }

    fn plain_dataset(&self, element: &str) -> Result<ElementKind, IoError> {
        let header = self.container.header(element)?;
        Ok(match (header.dtype, header.shape.is_empty()) {
            (Dtype::Record(_), _) => ElementKind::Records,
            (Dtype::Text, true) => ElementKind::Text,
            (Dtype::Text, false) => ElementKind::StringArray,
            (Dtype::Other(name), _) => ElementKind::Other(name),
            (_, true) => ElementKind::Scalar,
            (_, false) => ElementKind::Array,
        })
    }
}
