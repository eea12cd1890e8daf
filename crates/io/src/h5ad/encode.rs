//! Writing in the encodings of anndata 0.8 and later.

use crate::file::replace;
use crate::hdf5::{Attribute, Compression, Data, Dataset, Group, Node, NodeKind, write};
use crate::{AnnData, Annotation, Categories, CategoryOrder, Column, Frame, IoError, Matrix, Uns};
use ndarray::ArrayD;
use std::collections::BTreeMap;
use std::path::Path;

/// Writes an `.h5ad` file that anndata 0.8 and later open.
///
/// Large arrays are compressed with gzip. Strings are plain string arrays unless some are missing. The
/// file appears at `path` when it is complete; see [`write_atomically`](crate::write_atomically).
///
/// # Errors
/// [`IoError::Mismatch`] if a part has not as many rows or columns as there are cells or variables,
/// [`IoError::Key`] for a key that cannot be a name in the file, [`IoError::Write`].
pub fn write_h5ad(path: impl AsRef<Path>, data: &AnnData) -> Result<(), IoError> {
    write_h5ad_as(path, data, Compression::default())
}

/// As [`write_h5ad`], with the compression given.
///
/// # Errors
/// As [`write_h5ad`].
pub fn write_h5ad_as(
    path: impl AsRef<Path>,
    data: &AnnData,
    compression: Compression,
) -> Result<(), IoError> {
    write_tree(path.as_ref(), encode(data)?, compression).map(|_| ())
}

/// Returns what could not be copied, with the reason.
pub(super) fn write_tree(
    path: &Path,
    root: Group,
    compression: Compression,
) -> Result<Vec<(String, String)>, IoError> {
    replace(path, |out| write(path, root, compression, out))
}

pub(crate) fn encode(data: &AnnData) -> Result<Group<'static>, IoError> {
    let (n, p) = (data.n_obs(), data.n_vars());
    let mut root = group("anndata", "0.1.0");
    if let Some(x) = &data.x {
        check("X", x.shape(), (n, p))?;
        root.children.insert("X".to_string(), matrix(x));
    }
    root.children.insert("obs".to_string(), frame("obs", &data.obs)?);
    root.children.insert("var".to_string(), frame("var", &data.var)?);
    let annotations = |name: &str, map: &BTreeMap<String, Annotation>, rows: usize| {
        mapping(name, map, |key, value| annotation(&format!("{name}/{key}"), value, rows))
    };
    let matrices = |name: &str, map: &BTreeMap<String, Matrix>, shape: (usize, usize)| {
        mapping(name, map, |key, value| {
            check(&format!("{name}/{key}"), value.shape(), shape)?;
            Ok(matrix(value))
        })
    };
    root.children.insert("obsm".to_string(), annotations("obsm", &data.obsm, n)?);
    root.children.insert("varm".to_string(), annotations("varm", &data.varm, p)?);
    root.children.insert("obsp".to_string(), matrices("obsp", &data.obsp, (n, n))?);
    root.children.insert("varp".to_string(), matrices("varp", &data.varp, (p, p))?);
    root.children.insert("layers".to_string(), matrices("layers", &data.layers, (n, p))?);
    let mut uns = group("dict", "0.1.0");
    for (key, value) in &data.uns {
        insert_uns(&mut uns, key, value)?;
    }
    root.children.insert("uns".to_string(), Node::Group(uns));
    if let Some(raw) = &data.raw {
        let wide = raw.var.len();
        let mut out = group("raw", "0.1.0");
        if let Some(x) = &raw.x {
            check("raw/X", x.shape(), (n, wide))?;
            out.children.insert("X".to_string(), matrix(x));
        }
        out.children.insert("var".to_string(), frame("raw/var", &raw.var)?);
        out.children.insert("varm".to_string(), annotations("raw/varm", &raw.varm, wide)?);
        root.children.insert("raw".to_string(), Node::Group(out));
    }
    Ok(root)
}

pub(super) fn encoded(kind: &str, version: &str) -> BTreeMap<String, Attribute> {
    BTreeMap::from([
        ("encoding-type".to_string(), Attribute::text(kind)),
        ("encoding-version".to_string(), Attribute::text(version)),
    ])
}

pub(super) fn group(kind: &str, version: &str) -> Group<'static> {
    Group { attributes: encoded(kind, version), children: BTreeMap::new() }
}

pub(super) fn dataset(kind: &str, shape: Vec<usize>, data: Data) -> Node<'static> {
    Node::Dataset(Dataset { attributes: encoded(kind, "0.2.0"), shape, data })
}

fn check(element: &str, found: (usize, usize), expected: (usize, usize)) -> Result<(), IoError> {
    let sides = [("rows", found.0, expected.0), ("columns", found.1, expected.1)];
    match sides.into_iter().find(|(_, found, expected)| found != expected) {
        None => Ok(()),
        Some((what, found, expected)) => {
            Err(IoError::Mismatch { element: element.to_string(), what, expected, found })
        }
    }
}

/// A name that is one link in the file.
pub(super) fn name(group: &str, key: &str) -> Result<String, IoError> {
    let reason = match key {
        "" => "it is empty",
        "." => "it means the group itself",
        _ if key.contains('/') => "a slash separates groups",
        _ if key.contains('\0') => "it holds a null byte",
        _ => return Ok(key.to_string()),
    };
    Err(IoError::Key { group: group.to_string(), key: key.to_string(), reason })
}

fn mapping<T>(
    group_name: &str,
    map: &BTreeMap<String, T>,
    encode: impl Fn(&str, &T) -> Result<Node<'static>, IoError>,
) -> Result<Node<'static>, IoError> {
    let mut dict = group("dict", "0.1.0");
    for (key, value) in map {
        dict.children.insert(name(group_name, key)?, encode(key, value)?);
    }
    Ok(Node::Group(dict))
}

pub(super) fn matrix(matrix: &Matrix) -> Node<'static> {
    let (shape, kind, indptr, indices, data) = match matrix {
        Matrix::Dense(m) => {
            let values = m.iter().copied().collect();
            return dataset("array", vec![m.nrows(), m.ncols()], Data::F32(values));
        }
        Matrix::Csr(m) => (m.shape(), "csr_matrix", m.indptr(), m.indices(), m.data()),
        Matrix::Csc(m) => (m.shape(), "csc_matrix", m.indptr(), m.indices(), m.data()),
    };
    let narrow = indptr.last().is_none_or(|&nnz| i32::try_from(nnz).is_ok())
        && i32::try_from(shape.0.max(shape.1)).is_ok();
    // SciPy wants one type for both.
    let (pointers, places) = if narrow {
        (
            Data::I32(indptr.iter().map(|&p| p as i32).collect()),
            Data::I32(indices.iter().map(|&i| i as i32).collect()),
        )
    } else {
        (
            Data::I64(indptr.iter().map(|&p| p as i64).collect()),
            Data::I64(indices.iter().map(|&i| i64::from(i)).collect()),
        )
    };
    let plain = |length: usize, data| {
        Node::Dataset(Dataset { attributes: BTreeMap::new(), shape: vec![length], data })
    };
    let mut sparse = group(kind, "0.1.0");
    sparse.attributes.insert("shape".to_string(), Attribute::integers(&[shape.0, shape.1]));
    sparse.children.insert("indptr".to_string(), plain(indptr.len(), pointers));
    sparse.children.insert("indices".to_string(), plain(indices.len(), places));
    sparse.children.insert("data".to_string(), plain(data.len(), Data::F32(data.to_vec())));
    Node::Group(sparse)
}

pub(super) fn annotation(element: &str, value: &Annotation, rows: usize) -> Result<Node<'static>, IoError> {
    check(element, (value.len(), 0), (rows, 0))?;
    Ok(match value {
        Annotation::F32(a) => {
            dataset("array", vec![a.nrows(), a.ncols()], Data::F32(a.iter().copied().collect()))
        }
        Annotation::F64(a) => {
            dataset("array", vec![a.nrows(), a.ncols()], Data::F64(a.iter().copied().collect()))
        }
        Annotation::Sparse(m) => matrix(m),
        Annotation::Frame(f) => frame(element, f)?,
    })
}

pub(super) fn frame(element: &str, table: &Frame) -> Result<Node<'static>, IoError> {
    const INDEX: &str = "_index";
    let mut out = group("dataframe", "0.2.0");
    let order = table.columns.iter().map(|(name, _)| name.clone()).collect();
    out.attributes.insert("_index".to_string(), Attribute::text(INDEX));
    out.attributes.insert("column-order".to_string(), Attribute::texts(order));
    let index = dataset("string-array", vec![table.len()], Data::Text(table.index.clone()));
    out.children.insert(INDEX.to_string(), index);
    for (key, value) in &table.columns {
        check(&format!("{element}/{key}"), (value.len(), 0), (table.len(), 0))?;
        if out.children.insert(name(element, key)?, column(value)).is_some() {
            let reason = if key == INDEX { "the row names are stored under it" } else { "it occurs twice" };
            return Err(IoError::Key { group: element.to_string(), key: key.clone(), reason });
        }
    }
    Ok(Node::Group(out))
}

pub(super) fn column(column: &Column) -> Node<'static> {
    let shape = vec![column.len()];
    match column {
        Column::Numbers(v) => dataset("array", shape, Data::F64(v.clone())),
        Column::Integers(v) => nullable("nullable-integer", "array", v, |values| {
            Data::I64(values.into_iter().map(Option::unwrap_or_default).collect())
        }),
        Column::Booleans(v) => nullable("nullable-boolean", "array", v, |values| {
            Data::Boolean(values.into_iter().map(Option::unwrap_or_default).collect())
        }),
        Column::Strings(v) => nullable("nullable-string-array", "string-array", v, |values| {
            Data::Text(values.into_iter().map(Option::unwrap_or_default).collect())
        }),
        Column::Categorical { codes, categories, order } => {
            let narrow = i8::try_from(categories.len()).is_ok();
            let codes = if narrow {
                Data::I8(codes.iter().map(|c| c.map_or(-1, |c| c as i8)).collect())
            } else {
                Data::I32(codes.iter().map(|c| c.map_or(-1, |c| c as i32)).collect())
            };
            let length = vec![categories.len()];
            let categories = match categories {
                Categories::Strings(v) => dataset("string-array", length, Data::Text(v.clone())),
                Categories::Integers(v) => dataset("array", length, Data::I64(v.clone())),
                Categories::Numbers(v) => dataset("array", length, Data::F64(v.clone())),
                Categories::Booleans(v) => dataset("array", length, Data::Boolean(v.clone())),
            };
            let mut out = group("categorical", "0.2.0");
            out.attributes.insert("ordered".to_string(), Attribute::flag(*order == CategoryOrder::Ordered));
            out.children.insert("codes".to_string(), dataset("array", shape, codes));
            out.children.insert("categories".to_string(), categories);
            Node::Group(out)
        }
    }
}

/// A plain array if nothing is missing, else values with a mask.
fn nullable<T: Clone>(
    masked: &str,
    plain: &str,
    column: &[Option<T>],
    values: impl FnOnce(Vec<Option<T>>) -> Data,
) -> Node<'static> {
    let shape = vec![column.len()];
    let mask: Vec<bool> = column.iter().map(Option::is_none).collect();
    let data = values(column.to_vec());
    if !mask.contains(&true) {
        return dataset(plain, shape, data);
    }
    let mut out = group(masked, "0.1.0");
    out.children.insert("values".to_string(), dataset(plain, shape.clone(), data));
    out.children.insert("mask".to_string(), dataset("array", shape, Data::Boolean(mask)));
    Node::Group(out)
}

/// Puts a value at `a/b/c`, making the mappings on the way.
pub(super) fn insert_uns(uns: &mut Group, key: &str, value: &Uns) -> Result<(), IoError> {
    let mut parts: Vec<&str> = key.split('/').collect();
    let last = name("uns", parts.pop().unwrap_or_default())?;
    let taken = || IoError::Key {
        group: "uns".to_string(),
        key: key.to_string(),
        reason: "another value stands on its way",
    };
    let mut at = uns;
    for part in parts {
        let next =
            at.children.entry(name("uns", part)?).or_insert_with(|| Node::Group(group("dict", "0.1.0")));
        if let Node::Copy(from, element, NodeKind::Group) = next {
            *next = Node::Group(Node::opened(from, element)?);
        }
        let Node::Group(next) = next else { return Err(taken()) };
        at = next;
    }
    let node = uns_value(key, value)?;
    if let (Some(Node::Group(old)), Node::Group(_)) = (at.children.get(&last), &node)
        && !old.children.is_empty()
        && matches!(value, Uns::Empty)
    {
        return Err(taken());
    }
    at.children.insert(last, node);
    Ok(())
}

fn uns_value(key: &str, value: &Uns) -> Result<Node<'static>, IoError> {
    Ok(match value {
        Uns::Null => Node::Dataset(Dataset {
            attributes: encoded("null", "0.1.0"),
            shape: Vec::new(),
            data: Data::Null,
        }),
        Uns::Number(v) => dataset("numeric-scalar", Vec::new(), Data::F64(vec![*v])),
        Uns::Integer(v) => dataset("numeric-scalar", Vec::new(), Data::I64(vec![*v])),
        Uns::Boolean(v) => dataset("numeric-scalar", Vec::new(), Data::Boolean(vec![*v])),
        Uns::Text(v) => dataset("string", Vec::new(), Data::Text(vec![v.clone()])),
        Uns::Numbers(a) => array("array", a, Data::F64),
        Uns::Integers(a) => array("array", a, Data::I64),
        Uns::Booleans(a) => array("array", a, Data::Boolean),
        Uns::Texts(a) => array("string-array", a, Data::Text),
        Uns::Complexes(a) => array("array", a, Data::Complex),
        Uns::Bytes(v) => dataset("bytes", Vec::new(), Data::Bytes(v.clone())),
        Uns::Column(values) => column(values),
        Uns::Records(columns) => records(key, columns)?,
        Uns::Frame(table) => frame(&format!("uns/{key}"), table)?,
        Uns::Sparse(m) => matrix(m),
        Uns::Empty => Node::Group(group("dict", "0.1.0")),
    })
}

/// A table of plain values as one dataset; a gap has no place in it.
fn records(key: &str, columns: &[(String, Column)]) -> Result<Node<'static>, IoError> {
    fn filled<T: Clone>(values: &[Option<T>]) -> Option<Vec<T>> {
        values.iter().cloned().collect()
    }
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    let mut fields = Vec::new();
    for (field, column) in columns {
        check(&format!("uns/{key}/{field}"), (column.len(), 0), (rows, 0))?;
        let data = match column {
            Column::Numbers(v) => Some(Data::F64(v.clone())),
            Column::Integers(v) => filled(v).map(Data::I64),
            Column::Booleans(v) => filled(v).map(Data::Boolean),
            Column::Strings(v) => filled(v).map(Data::Text),
            Column::Categorical { .. } => None,
        };
        let Some(data) = data else {
            let reason = "a record has no place for a gap or a category";
            return Err(IoError::Key { group: format!("uns/{key}"), key: field.clone(), reason });
        };
        fields.push((field.clone(), data));
    }
    Ok(dataset("rec-array", vec![rows], Data::Records(fields)))
}

fn array<T: Clone>(kind: &str, array: &ArrayD<T>, data: impl FnOnce(Vec<T>) -> Data) -> Node<'static> {
    dataset(kind, array.shape().to_vec(), data(array.iter().cloned().collect()))
}
