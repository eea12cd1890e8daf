//! A copy of a file with more in it.

use super::encode::{annotation, column, frame, group, insert_uns, matrix, name, write_tree};
use super::frame::OLD_CATEGORIES;
use super::{H5ad, LeftOut, join};
use crate::hdf5::{Attribute, Compression, Group, Node, NodeKind};
use crate::{Annotation, Column, IoError, Matrix, Uns};
use std::path::Path;

/// What to add to a file, or to put in place of what is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Additions {
    /// Columns of `obs`.
    pub obs: Vec<(String, Column)>,
    /// Annotations of the cells.
    pub obsm: Vec<(String, Annotation)>,
    /// Layers.
    pub layers: Vec<(String, Matrix)>,
    /// Unstructured values; `a/b` is `b` within the mapping `a`.
    pub uns: Vec<(String, Uns)>,
}

impl H5ad {
    /// Writes a copy with `additions`; everything else is taken over byte for byte, whether this crate
    /// understands it or not.
    ///
    /// Returns what could not be copied: references into the file, and data behind a compression filter
    /// that is not read. Tables of anndata 0.7 and earlier are written in the present encoding. The copy
    /// may replace the file itself.
    ///
    /// # Errors
    /// [`IoError::Mismatch`] for an addition without one row a cell, [`IoError::Key`],
    /// [`IoError::Corrupt`], [`IoError::Write`].
    pub fn copy_with(&self, path: impl AsRef<Path>, additions: &Additions) -> Result<Vec<LeftOut>, IoError> {
        let mut root = group("anndata", "0.1.0");
        let mut replaced = Vec::new();
        for (key, &kind) in self.container.children("")?.iter() {
            root.children.insert(key.clone(), self.copied(key, kind, &mut replaced)?);
        }
        if root.children.contains_key("uns") && !replaced.is_empty() {
            let uns = within(&mut root, "uns")?;
            replaced.iter().for_each(|key| _ = uns.children.remove(key));
        }
        self.add(&mut root, additions)?;
        let left_out = write_tree(path.as_ref(), root, Compression::default())?;
        Ok(left_out.into_iter().map(|(element, reason)| LeftOut { element, reason }).collect())
    }

    /// A copy of one element at the top, re-encoded if it is an old table; `replaced` are the keys of
    /// `uns` that an old table needed.
    fn copied(&self, key: &str, kind: NodeKind, replaced: &mut Vec<String>) -> Result<Node<'_>, IoError> {
        let old_table = matches!(key, "obs" | "var")
            && (kind == NodeKind::Dataset || self.container.kind(&join(key, OLD_CATEGORIES))?.is_some());
        if old_table {
            for name in self.column_names(key)? {
                if kind == NodeKind::Dataset && self.uns_categories(&name)?.is_some() {
                    replaced.push(format!("{name}_categories"));
                }
            }
            return frame(key, &self.frame(key)?);
        }
        if matches!(key, "obsm" | "varm") && kind == NodeKind::Dataset {
            let mut dict = group("dict", "0.1.0");
            for field in self.record_fields(key)? {
                let values = self.record_matrix(key, &field)?;
                let rows = values.nrows();
                let node = annotation(&join(key, &field), &Annotation::F64(values), rows)?;
                dict.children.insert(name(key, &field)?, node);
            }
            return Ok(Node::Group(dict));
        }
        Ok(Node::Copy(&self.container, key.to_string(), kind))
    }

    fn add(&self, root: &mut Group, additions: &Additions) -> Result<(), IoError> {
        let n = self.n_obs();
        let obs = within(root, "obs")?;
        let mut order = obs.attributes.get("column-order").and_then(|a| a.to_texts()).unwrap_or_default();
        for (key, value) in &additions.obs {
            if value.len() != n {
                let (element, found) = (join("obs", key), value.len());
                return Err(IoError::Mismatch { element, what: "rows", expected: n, found });
            }
            let index = obs.attributes.get("_index").and_then(|a| a.as_text());
            if index == Some(key) {
                let (group, key) = ("obs".to_string(), key.clone());
                return Err(IoError::Key { group, key, reason: "the row names are stored under it" });
            }
            obs.children.insert(name("obs", key)?, column(value));
            if !order.contains(key) {
                order.push(key.clone());
            }
        }
        obs.attributes.insert("column-order".to_string(), Attribute::texts(order));
        for (key, value) in &additions.obsm {
            let node = annotation(&join("obsm", key), value, n)?;
            within(root, "obsm")?.children.insert(name("obsm", key)?, node);
        }
        for (key, value) in &additions.layers {
            let (rows, columns) = value.shape();
            if (rows, columns) != (n, self.n_vars()) {
                let (what, expected, found) =
                    if rows == n { ("columns", self.n_vars(), columns) } else { ("rows", n, rows) };
                return Err(IoError::Mismatch { element: join("layers", key), what, expected, found });
            }
            within(root, "layers")?.children.insert(name("layers", key)?, matrix(value));
        }
        let uns = within(root, "uns")?;
        additions.uns.iter().try_for_each(|(key, value)| insert_uns(uns, key, value))
    }
}

/// The group of that name at the top, made if it is not there, its members as copies if it is one itself.
fn within<'a, 'b>(root: &'a mut Group<'b>, key: &str) -> Result<&'a mut Group<'b>, IoError> {
    let node = root.children.entry(key.to_string()).or_insert_with(|| Node::Group(group("dict", "0.1.0")));
    if let Node::Copy(from, element, NodeKind::Group) = node {
        *node = Node::Group(Node::opened(from, element)?);
    }
    match node {
        Node::Group(group) => Ok(group),
        _ => Err(IoError::Key {
            group: "the top level".to_string(),
            key: key.to_string(),
            reason: "an array stands where a mapping is needed",
        }),
    }
}
