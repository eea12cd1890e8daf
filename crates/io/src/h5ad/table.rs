//! Some rows of a table, its columns as they are stored.

use super::encode::{dataset, frame};
use super::frame::OLD_CATEGORIES;
use super::{ElementKind, H5ad, LeftOut, join};
use crate::IoError;
use crate::hdf5::{Attribute, Data, Node, NodeKind};

impl H5ad {
    /// The rows of a table, every column in its own type; one of anndata 0.7 and earlier in the present encoding.
    ///
    /// Row names become plain strings, which every reader knows.
    pub(super) fn table(
        &self,
        element: &str,
        rows: Option<&[usize]>,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Node<'_>, IoError> {
        let attributes = self.container.attributes(element)?;
        let present = attributes.get("encoding-version").and_then(|v| v.as_text()) == Some("0.2.0");
        if !present || self.container.kind(&join(element, OLD_CATEGORIES))?.is_some() {
            let whole = self.frame(element)?;
            self.chosen(element, rows, whole.len())?;
            return match rows {
                Some(rows) => frame(element, &whole.select(rows)),
                None => frame(element, &whole),
            };
        }
        self.chosen(element, rows, self.frame_rows(element)?)?;
        let mut out = Node::opened(&self.container, element)?;
        let index = self.index_path(element)?;
        let mut lost = Vec::new();
        for (column, &node) in self.container.children(element)?.iter() {
            let path = join(element, column);
            let kind = self.kind(&path)?;
            if path == index && kind != Some(ElementKind::StringArray) {
                let mut names = self.index_of(element)?;
                if let Some(rows) = rows {
                    names = rows.iter().map(|&row| std::mem::take(&mut names[row])).collect();
                }
                let names = dataset("string-array", vec![names.len()], Data::Text(names));
                out.children.insert(column.clone(), names);
                continue;
            }
            let Some(rows) = rows else { continue };
            let parts: &[&str] = match kind {
                Some(ElementKind::Array | ElementKind::StringArray) if node == NodeKind::Dataset => {
                    let part = self.dense_part(&path, Some(rows.to_vec()), None)?;
                    out.children.insert(column.clone(), part);
                    continue;
                }
                Some(ElementKind::Categorical) => &["codes"],
                Some(
                    ElementKind::NullableInteger | ElementKind::NullableBoolean | ElementKind::NullableString,
                ) => &["values", "mask"],
                _ => {
                    lost.push(column.clone());
                    continue;
                }
            };
            let mut group = Node::opened(&self.container, &path)?;
            for part in parts {
                let rows = self.dense_part(&join(&path, part), Some(rows.to_vec()), None)?;
                group.children.insert((*part).to_string(), rows);
            }
            out.children.insert(column.clone(), Node::Group(group));
        }
        if !lost.is_empty() {
            let order = self.column_names(element)?.into_iter().filter(|name| !lost.contains(name)).collect();
            out.attributes.insert("column-order".to_string(), Attribute::texts(order));
        }
        for column in lost {
            out.children.remove(&column);
            let (element, reason) =
                (join(element, &column), "rows of its encoding are not known".to_string());
            left_out.push(LeftOut { element, reason });
        }
        Ok(Node::Group(out))
    }
}
