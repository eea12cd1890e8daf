//! Some rows and columns of a file into another, without holding either.

use super::encode::{dataset, encoded, group, name, write_tree};
use super::sparse_sink::SparseSink;
use super::{ElementKind, H5ad, LeftOut, join};
use crate::IoError;
use crate::hdf5::{
    Address, Attribute, Compression, Data, Dtype, Group, NO_INDEX, Node, NodeKind, Rows, Shape, Sink, Stream,
    Writer,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Which cells and variables; `None` is all of them. Both must increase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subset {
    /// Cells, by row.
    pub cells: Option<Vec<usize>>,
    /// Variables, by column.
    pub variables: Option<Vec<usize>>,
}

/// Bytes of values that are held at once.
const BLOCK: usize = 8 << 20;

impl H5ad {
    /// Writes the part of the file that `subset` names to another file, block by block.
    ///
    /// Every matrix keeps its type, and a sparse one its direction; tables lose rows but no column; `uns` is taken over
    /// whole; `raw` keeps its variables. Memory is some blocks of a few MiB, the row pointers of the sparse matrices and
    /// the tables. Returns what could not be taken over: annotations in an encoding that has no known rows.
    ///
    /// # Errors
    /// [`IoError::Length`] for a cell or variable that the file has not, or a list that does not increase;
    /// otherwise as [`copy_with`](Self::copy_with).
    pub fn write_subset(
        &self,
        path: impl AsRef<Path>,
        subset: &Subset,
        compression: Compression,
    ) -> Result<Vec<LeftOut>, IoError> {
        self.chosen("obs", subset.cells.as_deref(), self.n_obs)?;
        self.chosen("var", subset.variables.as_deref(), self.n_vars)?;
        let (cells, variables) = (subset.cells.as_deref(), subset.variables.as_deref());
        let mut left_out = Vec::new();
        let mut root = group("anndata", "0.1.0");
        for (key, &kind) in self.container.children("")?.iter() {
            let node = match key.as_str() {
                "X" => self.part("X", cells, variables, &mut left_out)?,
                "obs" => Some(self.table(key, cells, &mut left_out)?),
                "var" => Some(self.table(key, variables, &mut left_out)?),
                "layers" => Some(self.parts(key, cells, variables, &mut left_out)?),
                "obsm" => Some(self.parts(key, cells, None, &mut left_out)?),
                "varm" => Some(self.parts(key, variables, None, &mut left_out)?),
                "obsp" => Some(self.parts(key, cells, cells, &mut left_out)?),
                "varp" => Some(self.parts(key, variables, variables, &mut left_out)?),
                "raw" if kind == NodeKind::Group => {
                    let mut raw = Node::opened(&self.container, "raw")?;
                    if let Some(x) = self.part("raw/X", cells, None, &mut left_out)? {
                        raw.children.insert("X".to_string(), x);
                    }
                    Some(Node::Group(raw))
                }
                "raw.X" => self.part("raw.X", cells, None, &mut left_out)?,
                _ => Some(Node::Copy(&self.container, key.clone(), kind)),
            };
            node.map(|node| root.children.insert(key.clone(), node));
        }
        let more = write_tree(path.as_ref(), root, compression)?;
        left_out.extend(more.into_iter().map(|(element, reason)| LeftOut { element, reason }));
        Ok(left_out)
    }

    pub(super) fn chosen(&self, element: &str, rows: Option<&[usize]>, count: usize) -> Result<(), IoError> {
        let Some(rows) = rows else { return Ok(()) };
        let increasing = rows.windows(2).all(|w| w[0] < w[1]);
        match rows.last() {
            Some(&last) if last >= count || !increasing => {
                self.check(element, "rows", last.saturating_add(1).max(count + 1), count)
            }
            _ => Ok(()),
        }
    }

    fn parts(
        &self,
        mapping: &str,
        rows: Option<&[usize]>,
        columns: Option<&[usize]>,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Node<'_>, IoError> {
        let mut out: Group = group("dict", "0.1.0");
        if self.container.kind(mapping)? == Some(NodeKind::Dataset) {
            // Records, as before 0.7.
            for field in self.record_fields(mapping)? {
                let values = self.record_matrix(mapping, &field)?;
                let values = match rows {
                    Some(rows) => values.select(ndarray::Axis(0), rows),
                    None => values,
                };
                let count = values.nrows();
                let node = super::encode::annotation(&field, &crate::Annotation::F64(values), count)?;
                out.children.insert(name(mapping, &field)?, node);
            }
            return Ok(Node::Group(out));
        }
        for key in self.keys(mapping)? {
            if let Some(node) = self.part(&join(mapping, &key), rows, columns, left_out)? {
                out.children.insert(key, node);
            }
        }
        Ok(Node::Group(out))
    }

    /// Some rows and columns of one element.
    fn part(
        &self,
        element: &str,
        rows: Option<&[usize]>,
        columns: Option<&[usize]>,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Option<Node<'_>>, IoError> {
        let Some(node) = self.container.kind(element)? else { return Ok(None) };
        let kind = self.kind(element)?;
        let (rows, columns) = (rows.map(<[usize]>::to_vec), columns.map(<[usize]>::to_vec));
        Ok(Some(match kind {
            // What is older than the encodings is written in the present ones.
            _ if rows.is_none()
                && columns.is_none()
                && self.container.attributes(element)?.contains_key("encoding-type") =>
            {
                Node::Copy(&self.container, element.to_string(), node)
            }
            Some(ElementKind::Array | ElementKind::StringArray) => {
                let values = self.container.rows(element)?;
                let height = values.len();
                self.chosen(element, rows.as_deref(), height)?;
                let rows = rows.unwrap_or_else(|| (0..height).collect());
                Node::Stream(Box::new(DensePart {
                    values,
                    rows,
                    columns,
                    attributes: self.encoding(element)?,
                }))
            }
            Some(kind @ (ElementKind::Csr | ElementKind::Csc)) => {
                let Some((height, width)) = self.matrix_shape(element)? else {
                    return Err(self.container.corrupt(element, "it has no shape"));
                };
                self.chosen(element, rows.as_deref(), height)?;
                self.chosen(element, columns.as_deref(), width)?;
                let shape =
                    (rows.as_ref().map_or(height, Vec::len), columns.as_ref().map_or(width, Vec::len));
                let by_rows = kind == ElementKind::Csr;
                let (major, minor) = if by_rows { (rows, columns) } else { (columns, rows) };
                let (long, wide) = if by_rows { (height, width) } else { (width, height) };
                let (file, element) = (self, element.to_string());
                let major = major.unwrap_or_else(|| (0..long).collect());
                Node::Stream(Box::new(SparsePart { file, element, kind, shape, major, minor, long, wide }))
            }
            Some(ElementKind::Frame) => self.table(element, rows.as_deref(), left_out)?,
            Some(ElementKind::Null) | None => Node::Copy(&self.container, element.to_string(), node),
            Some(other) => {
                let reason = format!("rows of its encoding, {other}, are not known");
                left_out.push(LeftOut { element: element.to_string(), reason });
                return Ok(None);
            }
        }))
    }

    pub(super) fn dense_part(
        &self,
        element: &str,
        rows: Option<Vec<usize>>,
        columns: Option<Vec<usize>>,
    ) -> Result<Node<'_>, IoError> {
        if self.container.texts_apart(element)? {
            let mut texts = self.container.texts(element)?;
            self.chosen(element, rows.as_deref(), texts.len())?;
            if let Some(rows) = rows {
                texts = rows.iter().map(|&row| std::mem::take(&mut texts[row])).collect();
            }
            return Ok(dataset("string-array", vec![texts.len()], Data::Text(texts)));
        }
        let values = self.container.rows(element)?;
        let height = values.len();
        self.chosen(element, rows.as_deref(), height)?;
        let rows = rows.unwrap_or_else(|| (0..height).collect());
        let attributes = self.encoding(element)?;
        Ok(Node::Stream(Box::new(DensePart { values, rows, columns, attributes })))
    }

    /// An element's attributes, those of the present encoding if it has none.
    fn encoding(&self, element: &str) -> Result<BTreeMap<String, Attribute>, IoError> {
        let found = BTreeMap::clone(self.container.attributes(element)?.as_ref());
        if found.contains_key("encoding-type") {
            return Ok(found);
        }
        let text = self.container.header(element)?.dtype == Dtype::Text;
        Ok(encoded(if text { "string-array" } else { "array" }, "0.2.0"))
    }
}

/// Some rows and columns of a dense array.
struct DensePart<'a> {
    values: Rows<'a>,
    rows: Vec<usize>,
    columns: Option<Vec<usize>>,
    attributes: BTreeMap<String, Attribute>,
}

impl Stream for DensePart<'_> {
    fn write(self: Box<Self>, out: &mut Writer<'_, '_>) -> Result<Address, IoError> {
        let size = self.values.element_size();
        let row = (self.values.row_len() * size).max(1);
        let mut inner = self.values.inner_shape().to_vec();
        if let (Some(columns), Some(width)) = (&self.columns, inner.first_mut()) {
            *width = columns.len();
        }
        let datatype = self.values.datatype_message()?;
        let mut sink =
            Sink::new(datatype, size, Shape::Rows(inner), out.compression).with_rows(self.rows.len());
        for rows in self.rows.chunks((BLOCK / row).max(1)) {
            let mut bytes = self.values.moved_rows(&super::backed::runs(rows), &mut out.file, out.path)?;
            if let Some(columns) = &self.columns {
                let cell = |line: &[u8], column: usize| line[column * size..(column + 1) * size].to_vec();
                bytes = bytes
                    .chunks_exact(row)
                    .flat_map(|l| columns.iter().flat_map(move |&c| cell(l, c)))
                    .collect();
            }
            sink.write(&mut out.file, &bytes).map_err(|e| out.fail(e))?;
        }
        sink.finish(&mut out.file, &self.attributes).map_err(|e| out.fail(e))
    }
}

/// Some rows and columns of a sparse matrix, in its own direction.
struct SparsePart<'a> {
    file: &'a H5ad,
    element: String,
    kind: ElementKind,
    shape: (usize, usize),
    major: Vec<usize>,
    minor: Option<Vec<usize>>,
    long: usize,
    wide: usize,
}

impl Stream for SparsePart<'_> {
    fn write(self: Box<Self>, out: &mut Writer<'_, '_>) -> Result<Address, IoError> {
        let Self { file, element, kind, shape, major, minor, long, wide } = *self;
        let indices = file.container.rows(&join(&element, "indices"))?;
        let data = file.container.rows(&join(&element, "data"))?;
        file.check(&join(&element, "data"), "values", indices.len(), data.len())?;
        let indptr = file.indptr(&element, long, indices.len())?;
        // Where each kept row or column of the other direction goes.
        let places = minor.map(|minor| {
            let mut places = vec![NO_INDEX; wide];
            minor.iter().enumerate().for_each(|(to, &from)| places[from] = to as u32);
            places
        });
        let mut sink = SparseSink::new(&data.datatype_message()?, data.element_size(), indices.len(), out);
        for rows in blocks(&major, &indptr, 4 + data.element_size()) {
            let ranges: Vec<Range<usize>> = super::backed::runs(rows)
                .into_iter()
                .map(|run| indptr[run.start]..indptr[run.end])
                .filter(|range| !range.is_empty())
                .collect();
            let (columns, values) = rayon::join(|| indices.numbers::<u32>(&ranges), || data.bytes(&ranges));
            let (columns, values) = (columns?, values?);
            if let Some(at) = columns.iter().position(|&c| c as usize >= wide) {
                return Err(file
                    .container
                    .corrupt(&element, &format!("an index exceeds {wide}, {at} into a block")));
            }
            let mut start = 0;
            for &row in rows {
                let end = start + indptr[row + 1] - indptr[row];
                sink.row(&columns[start..end], &values, start, places.as_deref());
                start = end;
            }
            sink.flush(out)?;
        }
        sink.finish(&kind.to_string(), shape, out)
    }
}

/// Rows together while their entries fit a block.
fn blocks<'a>(rows: &'a [usize], indptr: &[usize], entry: usize) -> Vec<&'a [usize]> {
    let (mut blocks, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (i, &row) in rows.iter().enumerate() {
        let more = (indptr[row + 1] - indptr[row]) * entry;
        if bytes + more > BLOCK && i > start {
            blocks.push(&rows[start..i]);
            (start, bytes) = (i, 0);
        }
        bytes += more;
    }
    if start < rows.len() {
        blocks.push(&rows[start..]);
    }
    blocks
}
