//! Tables: `obs`, `var`, and those within `obsm`, `varm` and `uns`.

use super::{ElementKind, H5ad, join};
use crate::hdf5::{Dtype, NodeKind};
use crate::{Categories, CategoryOrder, Column, Frame, IoError};

/// The older home of categories, beside the columns that use them.
pub(super) const OLD_CATEGORIES: &str = "__categories";

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Real numbers.
    Numbers,
    /// Integers.
    Integers,
    /// Booleans.
    Booleans,
    /// Text.
    Strings,
    /// One of so many categories.
    Categorical {
        /// How many.
        categories: usize,
    },
    /// An encoding that is not read.
    Unread(String),
}

/// A column's name and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

impl H5ad {
    /// Where the row names of a table are.
    pub(super) fn index_path(&self, frame: &str) -> Result<String, IoError> {
        let attributes = self.container.attributes(frame)?;
        let named = attributes.get("_index").and_then(|a| a.as_text()).map(str::to_string);
        let children = self.container.children(frame)?;
        named
            .into_iter()
            .chain(["_index".to_string(), "index".to_string()])
            .find(|name| children.contains_key(name))
            .map(|name| join(frame, &name))
            .ok_or_else(|| self.container.corrupt(frame, "it has no index"))
    }

    pub(super) fn frame_rows(&self, frame: &str) -> Result<usize, IoError> {
        let element = match self.container.kind(frame)? {
            Some(NodeKind::Dataset) => frame.to_string(),
            _ => self.values_path(&self.index_path(frame)?)?,
        };
        let shape = self.container.header(&element)?.shape;
        shape.first().copied().ok_or_else(|| self.container.corrupt(&element, "it has no rows"))
    }

    /// The dataset of a column that may be a group of values and mask.
    fn values_path(&self, element: &str) -> Result<String, IoError> {
        Ok(match self.container.kind(element)? {
            Some(NodeKind::Group) if self.kind(element)? == Some(ElementKind::Categorical) => {
                join(element, "codes")
            }
            Some(NodeKind::Group) => join(element, "values"),
            _ => element.to_string(),
        })
    }

    pub(super) fn index_of(&self, frame: &str) -> Result<Vec<String>, IoError> {
        if self.container.kind(frame)? == Some(NodeKind::Dataset) {
            return self.record_index(frame);
        }
        let path = self.index_path(frame)?;
        let labels = match self.plain_column(&path)? {
            Column::Strings(labels) => labels,
            other => other.labels(),
        };
        Ok(labels.into_iter().map(|label| label.unwrap_or_default()).collect())
    }

    /// Column names in the order of the table.
    pub(super) fn column_names(&self, frame: &str) -> Result<Vec<String>, IoError> {
        if self.container.kind(frame)? == Some(NodeKind::Dataset) {
            return self.record_columns(frame);
        }
        let attributes = self.container.attributes(frame)?;
        if let Some(order) = attributes.get("column-order").and_then(|a| a.to_texts()) {
            return Ok(order);
        }
        if attributes.contains_key("column-order") {
            return Ok(Vec::new());
        }
        let index = self.index_path(frame)?;
        let children = self.container.children(frame)?;
        let names = children.keys().filter(|name| join(frame, name) != index && *name != OLD_CATEGORIES);
        Ok(names.cloned().collect())
    }

    pub(super) fn columns_of(&self, frame: &str) -> Result<Vec<ColumnInfo>, IoError> {
        let names = self.column_names(frame)?;
        names.into_iter().map(|name| Ok(ColumnInfo { kind: self.column_kind(frame, &name)?, name })).collect()
    }

    fn column_kind(&self, frame: &str, name: &str) -> Result<ColumnKind, IoError> {
        if self.container.kind(frame)? == Some(NodeKind::Dataset) {
            return self.record_kind(frame, name);
        }
        let element = join(frame, name);
        if let Some(old) = self.old_categories(frame, name)? {
            return self.category_count(&old);
        }
        Ok(match self.kind(&element)? {
            Some(ElementKind::Categorical) => return self.category_count(&join(&element, "categories")),
            Some(ElementKind::NullableInteger) => ColumnKind::Integers,
            Some(ElementKind::NullableBoolean) => ColumnKind::Booleans,
            Some(ElementKind::NullableString | ElementKind::StringArray) => ColumnKind::Strings,
            Some(ElementKind::Array) => kind_of(&self.container.header(&element)?.dtype),
            Some(other) => ColumnKind::Unread(other.to_string()),
            None => ColumnKind::Unread("absent".to_string()),
        })
    }

    fn category_count(&self, categories: &str) -> Result<ColumnKind, IoError> {
        let element = self.values_path(categories)?;
        Ok(ColumnKind::Categorical { categories: self.container.header(&element)?.len() })
    }

    pub(super) fn column_of(&self, frame: &str, name: &str, rows: usize) -> Result<Column, IoError> {
        let names = self.column_names(frame)?;
        if !names.iter().any(|n| n == name) {
            return Err(self.missing(frame, name, names));
        }
        let element = join(frame, name);
        let column = if self.container.kind(frame)? == Some(NodeKind::Dataset) {
            self.record_column(frame, name)?
        } else if self.container.kind(&element)?.is_none() {
            let found = self.container.children(frame)?.keys().cloned().collect();
            return Err(self.missing(frame, name, found));
        } else if let Some(old) = self.old_categories(frame, name)? {
            self.categorical(&element, &element, &old, &old)?
        } else {
            self.plain_column(&element)?
        };
        self.check(&element, "rows", rows, column.len())?;
        Ok(column)
    }

    fn old_categories(&self, frame: &str, name: &str) -> Result<Option<String>, IoError> {
        let old = join(&join(frame, OLD_CATEGORIES), name);
        Ok(self.container.kind(&old)?.map(|_| old))
    }

    pub(super) fn frame(&self, frame: &str) -> Result<Frame, IoError> {
        let index = self.index_of(frame)?;
        let names = self.column_names(frame)?;
        let columns: Result<Vec<_>, IoError> = names
            .into_iter()
            .map(|name| Ok((name.clone(), self.column_of(frame, &name, index.len())?)))
            .collect();
        Ok(Frame { columns: columns?, index })
    }

    /// A column on its own: a dataset, or a group of values and mask, or of codes and categories.
    pub(super) fn plain_column(&self, element: &str) -> Result<Column, IoError> {
        let values = || join(element, "values");
        let wanted = "a column";
        match self.kind(element)? {
            Some(ElementKind::Categorical) => {
                let (codes, categories) = (join(element, "codes"), join(element, "categories"));
                self.categorical(element, &codes, &categories, element)
            }
            Some(ElementKind::NullableInteger) => {
                Ok(Column::Integers(self.masked(element, self.container.i64s(&values())?)?))
            }
            Some(ElementKind::NullableBoolean) => {
                let values = self.container.i64s(&values())?.into_iter().map(|v| v != 0).collect();
                Ok(Column::Booleans(self.masked(element, values)?))
            }
            Some(ElementKind::NullableString) => {
                Ok(Column::Strings(self.masked(element, self.container.texts(&values())?)?))
            }
            Some(ElementKind::Array | ElementKind::StringArray) => self.dataset_column(element),
            Some(other) => Err(self.unread(element, other, wanted)),
            None => Err(self.unread(element, "absent", wanted)),
        }
    }

    fn dataset_column(&self, element: &str) -> Result<Column, IoError> {
        let header = self.container.header(element)?;
        self.check(element, "dimensions", 1, header.shape.len())?;
        Ok(match header.dtype {
            Dtype::Float(_) => Column::Numbers(self.container.f64s(element)?),
            Dtype::Boolean => {
                Column::Booleans(self.container.i64s(element)?.into_iter().map(|v| Some(v != 0)).collect())
            }
            Dtype::Integer(_) | Dtype::Unsigned(_) => {
                Column::Integers(self.container.i64s(element)?.into_iter().map(Some).collect())
            }
            Dtype::Text => Column::Strings(self.container.texts(element)?.into_iter().map(Some).collect()),
            other => return Err(self.unread(element, other, "a column")),
        })
    }

    fn masked<T>(&self, element: &str, values: Vec<T>) -> Result<Vec<Option<T>>, IoError> {
        let mask = self.container.i64s(&join(element, "mask"))?;
        self.check(&join(element, "mask"), "rows", values.len(), mask.len())?;
        Ok(values.into_iter().zip(mask).map(|(value, hidden)| (hidden == 0).then_some(value)).collect())
    }

    fn categorical(
        &self,
        element: &str,
        codes: &str,
        categories: &str,
        ordered: &str,
    ) -> Result<Column, IoError> {
        let categories = match self.plain_column(categories)? {
            Column::Numbers(v) => Categories::Numbers(v),
            Column::Integers(v) => Categories::Integers(v.into_iter().flatten().collect()),
            Column::Booleans(v) => Categories::Booleans(v.into_iter().flatten().collect()),
            Column::Strings(v) => Categories::Strings(v.into_iter().flatten().collect()),
            Column::Categorical { .. } => return Err(self.unread(categories, "categorical", "categories")),
        };
        let codes = self.codes(element, self.container.i64s(codes)?, categories.len())?;
        let flag = self.container.attributes(ordered)?.get("ordered").and_then(|a| a.to_integers());
        let order = match flag.as_deref() {
            Some([flag]) if *flag != 0 => CategoryOrder::Ordered,
            _ => CategoryOrder::Unordered,
        };
        Ok(Column::Categorical { codes, categories, order })
    }

    /// Codes as indices; negative means missing.
    pub(super) fn codes(
        &self,
        element: &str,
        codes: Vec<i64>,
        categories: usize,
    ) -> Result<Vec<Option<u32>>, IoError> {
        codes
            .into_iter()
            .map(|code| match u32::try_from(code) {
                Ok(code) if (code as usize) < categories => Ok(Some(code)),
                Err(_) if code < 0 => Ok(None),
                _ => Err(self
                    .container
                    .corrupt(element, &format!("code {code} exceeds {categories} categories"))),
            })
            .collect()
    }
}

pub(super) fn kind_of(dtype: &Dtype) -> ColumnKind {
    match dtype {
        Dtype::Float(_) => ColumnKind::Numbers,
        Dtype::Integer(_) | Dtype::Unsigned(_) => ColumnKind::Integers,
        Dtype::Boolean => ColumnKind::Booleans,
        Dtype::Text => ColumnKind::Strings,
        other => ColumnKind::Unread(other.to_string()),
    }
}
