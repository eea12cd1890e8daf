//! Tables and mappings as arrays of records, as anndata before 0.7 wrote them.

use super::frame::ColumnKind;
use super::{H5ad, join};
use crate::hdf5::{Dtype, Field, FieldValues, NodeKind};
use crate::{Categories, CategoryOrder, Column, IoError};
use ndarray::Array2;

/// The field that names the rows.
const INDEX: [&str; 2] = ["index", "_index"];

impl H5ad {
    /// The fields of an array of records.
    pub(super) fn record_fields(&self, element: &str) -> Result<Vec<String>, IoError> {
        match self.container.header(element)?.dtype {
            Dtype::Record(fields) => Ok(fields),
            other => Err(self.unread(element, other, "a table")),
        }
    }

    pub(super) fn record_columns(&self, frame: &str) -> Result<Vec<String>, IoError> {
        let mut fields = self.record_fields(frame)?;
        fields.retain(|name| !INDEX.contains(&name.as_str()));
        Ok(fields)
    }

    pub(super) fn record_index(&self, frame: &str) -> Result<Vec<String>, IoError> {
        let fields = self.record_fields(frame)?;
        let Some(name) = fields.iter().find(|name| INDEX.contains(&name.as_str())) else {
            return Err(self.container.corrupt(frame, "it has no index"));
        };
        let labels = self.as_column(frame, name, self.field(frame, name)?)?.labels();
        Ok(labels.into_iter().map(Option::unwrap_or_default).collect())
    }

    pub(super) fn record_kind(&self, frame: &str, name: &str) -> Result<ColumnKind, IoError> {
        if let Some(categories) = self.uns_categories(name)? {
            return Ok(ColumnKind::Categorical { categories: self.container.header(&categories)?.len() });
        }
        Ok(match self.container.field_type(frame, name)? {
            Some(FieldValues::Numbers(_)) => ColumnKind::Numbers,
            Some(FieldValues::Integers(_)) => ColumnKind::Integers,
            Some(FieldValues::Booleans(_)) => ColumnKind::Booleans,
            Some(FieldValues::Texts(_)) => ColumnKind::Strings,
            Some(FieldValues::Unread(other)) => ColumnKind::Unread(other),
            None => ColumnKind::Unread("absent".to_string()),
        })
    }

    pub(super) fn record_column(&self, frame: &str, name: &str) -> Result<Column, IoError> {
        let column = self.as_column(frame, name, self.field(frame, name)?)?;
        let (Some(categories), Column::Integers(codes)) = (self.uns_categories(name)?, &column) else {
            return Ok(column);
        };
        let categories = self.container.texts(&categories)?;
        let codes = codes.iter().map(|code| code.unwrap_or(-1)).collect();
        let codes = self.codes(&join(frame, name), codes, categories.len())?;
        let categories = Categories::Strings(categories);
        Ok(Column::Categorical { codes, categories, order: CategoryOrder::Unordered })
    }

    /// `uns/<column>_categories`, where codes of that time found their meaning.
    pub(super) fn uns_categories(&self, column: &str) -> Result<Option<String>, IoError> {
        let element = format!("uns/{column}_categories");
        if self.container.kind(&element)? != Some(NodeKind::Dataset) {
            return Ok(None);
        }
        Ok((self.container.header(&element)?.dtype == Dtype::Text).then_some(element))
    }

    /// One field as a matrix with a row for each record.
    pub(super) fn record_matrix(&self, group: &str, key: &str) -> Result<Array2<f64>, IoError> {
        let element = join(group, key);
        let Field { width, values } = self.field(group, key)?;
        let values = match values {
            FieldValues::Numbers(v) => v,
            FieldValues::Integers(v) => v.into_iter().map(|x| x as f64).collect(),
            _ => return Err(self.unread(&element, "a field of records", "a matrix")),
        };
        let rows = values.len().checked_div(width).unwrap_or(0);
        Array2::from_shape_vec((rows, width), values)
            .map_err(|_| self.container.corrupt(&element, "its length does not fit its shape"))
    }

    /// One field as a column.
    pub(super) fn record_field(&self, element: &str, name: &str) -> Result<Column, IoError> {
        self.as_column(element, name, self.field(element, name)?)
    }

    fn field(&self, element: &str, name: &str) -> Result<Field, IoError> {
        let found = self.container.field(element, name)?;
        found.ok_or_else(|| self.missing(element, name, self.record_fields(element).unwrap_or_default()))
    }

    fn as_column(&self, frame: &str, name: &str, field: Field) -> Result<Column, IoError> {
        let element = join(frame, name);
        self.check(&element, "values a row", 1, field.width)?;
        Ok(match field.values {
            FieldValues::Numbers(v) => Column::Numbers(v),
            FieldValues::Integers(v) => Column::Integers(v.into_iter().map(Some).collect()),
            FieldValues::Booleans(v) => Column::Booleans(v.into_iter().map(Some).collect()),
            FieldValues::Texts(v) => Column::Strings(v.into_iter().map(Some).collect()),
            FieldValues::Unread(other) => return Err(self.unread(&element, other, "a column")),
        })
    }
}
