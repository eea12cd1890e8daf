//! Several files one after the other, as one.

use super::encode::{annotation, frame, group, name, write_tree};
use super::sparse_sink::SparseSink;
use super::{ElementKind, H5ad, LeftOut, join};
use crate::hdf5::{Address, Compression, NO_INDEX, Node, Stored, Stream, Writer};
use crate::{Annotation, Categories, CategoryOrder, Column, Csr, Frame, IoError, Matrix};
use ndarray::{Axis, concatenate as stack};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Which variables and columns the whole has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Join {
    /// Those that every file has.
    #[default]
    Inner,
    /// Those that any file has; what a file lacks is zero in a matrix and missing in a table.
    Outer,
}

/// Rows that are read together.
const TOGETHER: usize = 8192;

/// Writes the cells of all files, in their order, to one file; matrices are streamed and come out as CSR in `f32`.
///
/// Variables are matched by name. `obs` is joined as `join` says, categories by label; `var` is that of the files where
/// they first appear, names alone under [`Join::Outer`]. Layers and dense `obsm` are taken that all files have.
/// Returns what has no meaning for the whole: graphs, `varm`, `uns`, `raw`. A matrix along variables (CSC) is read whole.
///
/// # Errors
/// [`IoError::Key`] if a file names a variable twice; otherwise as reading and writing the files.
pub fn concatenate(
    files: &[H5ad],
    path: impl AsRef<Path>,
    join_by: Join,
    compression: Compression,
) -> Result<Vec<LeftOut>, IoError> {
    let variables: Vec<Vec<String>> = files.iter().map(H5ad::var_index).collect::<Result<_, _>>()?;
    let joint = joint(&variables, join_by)?;
    let place: HashMap<&str, u32> = joint.iter().enumerate().map(|(i, n)| (n.as_str(), i as u32)).collect();
    let places: Vec<Vec<u32>> = variables
        .iter()
        .map(|names| names.iter().map(|n| place.get(n.as_str()).copied().unwrap_or(NO_INDEX)).collect())
        .collect();
    let mut root = group("anndata", "0.1.0");
    let obs = tables(files, join_by)?;
    root.children.insert("obs".to_string(), frame("obs", &obs)?);
    let var = match (files.first(), join_by) {
        (Some(first), Join::Inner) => {
            let whole = first.var_frame()?;
            let row: HashMap<&str, usize> =
                whole.index.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
            let rows: Vec<usize> = joint.iter().map(|name| row[name.as_str()]).collect();
            whole.select(&rows)
        }
        _ => Frame::new(joint.clone()),
    };
    root.children.insert("var".to_string(), frame("var", &var)?);
    let stacked = |element: &str| {
        let (files, places, element) = (files, &places, element.to_string());
        Node::Stream(Box::new(Stacked { files, places, element, shape: (obs.len(), joint.len()) }))
    };
    if files.iter().all(|file| file.container.kind("X").is_ok_and(|kind| kind.is_some())) {
        root.children.insert("X".to_string(), stacked("X"));
    }
    let mut layers = group("dict", "0.1.0");
    for key in common(files, "layers")? {
        layers.children.insert(name("layers", &key)?, stacked(&join("layers", &key)));
    }
    root.children.insert("layers".to_string(), Node::Group(layers));
    let (mut obsm, mut left_out) = (group("dict", "0.1.0"), Vec::new());
    for key in common(files, "obsm")? {
        match annotations(files, &key)? {
            Some(whole) => {
                _ = obsm.children.insert(key.clone(), annotation(&join("obsm", &key), &whole, obs.len())?)
            }
            None => left_out.push(LeftOut {
                element: join("obsm", &key),
                reason: "it is not dense and of one width in all files".to_string(),
            }),
        }
    }
    root.children.insert("obsm".to_string(), Node::Group(obsm));
    for file in files {
        for group in ["varm", "obsp", "varp", "uns", "raw"] {
            for key in file.keys(group).unwrap_or_default() {
                let reason = format!("what it is in {} is not so of the whole", file.path().display());
                left_out.push(LeftOut { element: join(group, &key), reason });
            }
        }
    }
    let more = write_tree(path.as_ref(), root, compression)?;
    left_out.extend(more.into_iter().map(|(element, reason)| LeftOut { element, reason }));
    Ok(left_out)
}

/// The names of the whole.
fn joint(files: &[Vec<String>], join_by: Join) -> Result<Vec<String>, IoError> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    let mut order = Vec::new();
    for (i, names) in files.iter().enumerate() {
        for name in names {
            let seen = count.entry(name).or_insert_with(|| {
                order.push(name);
                0
            });
            // Once for each file so far, at most.
            if *seen > i {
                let (group, key) = ("var".to_string(), name.clone());
                return Err(IoError::Key { group, key, reason: "it occurs twice" });
            }
            *seen += 1;
        }
    }
    let all = |name: &&&String| join_by == Join::Outer || count[name.as_str()] == files.len();
    Ok(order.iter().filter(all).map(|name| (*name).clone()).collect())
}

/// Keys that all files have.
fn common(files: &[H5ad], mapping: &str) -> Result<Vec<String>, IoError> {
    let keys: Vec<Vec<String>> = files.iter().map(|file| file.keys(mapping)).collect::<Result<_, _>>()?;
    let Some((first, rest)) = keys.split_first() else { return Ok(Vec::new()) };
    Ok(first.iter().filter(|key| rest.iter().all(|keys| keys.contains(key))).cloned().collect())
}

fn annotations(files: &[H5ad], key: &str) -> Result<Option<Annotation>, IoError> {
    let parts: Vec<Annotation> =
        files.iter().map(|file| file.obsm_annotation(key)).collect::<Result<_, _>>()?;
    let single: Option<Vec<_>> =
        parts.iter().map(|p| if let Annotation::F32(a) = p { Some(a.view()) } else { None }).collect();
    if let Some(views) = single {
        return Ok(stack(Axis(0), &views).ok().map(Annotation::F32));
    }
    let double: Option<Vec<_>> = parts
        .iter()
        .map(|part| match part {
            Annotation::F32(a) => Some(a.mapv(f64::from)),
            Annotation::F64(a) => Some(a.clone()),
            _ => None,
        })
        .collect();
    let Some(double) = double else { return Ok(None) };
    let views: Vec<_> = double.iter().map(|a| a.view()).collect();
    Ok(stack(Axis(0), &views).ok().map(Annotation::F64))
}

/// `obs` of all files.
fn tables(files: &[H5ad], join_by: Join) -> Result<Frame, IoError> {
    let tables: Vec<Frame> = files.iter().map(H5ad::obs_frame).collect::<Result<_, _>>()?;
    let mut whole = Frame::new(tables.iter().flat_map(|t| t.index.iter().cloned()).collect());
    let mut names: Vec<&String> = Vec::new();
    for table in &tables {
        for (name, _) in &table.columns {
            if !names.contains(&name)
                && (join_by == Join::Outer || tables.iter().all(|t| t.column(name).is_some()))
            {
                names.push(name);
            }
        }
    }
    for name in names {
        let parts: Vec<(Option<&Column>, usize)> = tables.iter().map(|t| (t.column(name), t.len())).collect();
        whole.set(name, column(&parts))?;
    }
    Ok(whole)
}

/// One column of all files, of their common type or else of text.
fn column(parts: &[(Option<&Column>, usize)]) -> Column {
    fn gathered<T: Clone>(
        parts: &[(Option<&Column>, usize)],
        missing: &T,
        values: impl Fn(&Column) -> Option<Vec<T>>,
    ) -> Option<Vec<T>> {
        let each = parts.iter().map(|(part, rows)| match part {
            Some(column) => values(column),
            None => Some(vec![missing.clone(); *rows]),
        });
        each.collect::<Option<Vec<_>>>().map(|each| each.concat())
    }
    let integers = |c: &Column| if let Column::Integers(v) = c { Some(v.clone()) } else { None };
    let booleans = |c: &Column| if let Column::Booleans(v) = c { Some(v.clone()) } else { None };
    let numbers =
        |c: &Column| if let Column::Numbers(_) | Column::Integers(_) = c { c.numbers() } else { None };
    if let Some(values) = gathered(parts, &None, integers) {
        return Column::Integers(values);
    }
    if let Some(values) = gathered(parts, &None, booleans) {
        return Column::Booleans(values);
    }
    if let Some(values) = gathered(parts, &f64::NAN, numbers) {
        return Column::Numbers(values);
    }
    let labels = gathered(parts, &None, |column| Some(column.labels())).unwrap_or_default();
    if !parts.iter().flat_map(|(part, _)| part).all(|part| matches!(part, Column::Categorical { .. })) {
        return Column::Strings(labels);
    }
    let (mut categories, mut code): (Vec<String>, HashMap<String, u32>) = Default::default();
    for part in parts.iter().filter_map(|(part, _)| *part) {
        if let Column::Categorical { categories: more, .. } = part {
            for label in more.labels() {
                code.entry(label.clone()).or_insert_with(|| {
                    categories.push(label);
                    categories.len() as u32 - 1
                });
            }
        }
    }
    let codes = labels.into_iter().map(|label| label.map(|label| code[&label])).collect();
    Column::Categorical {
        codes,
        categories: Categories::Strings(categories),
        order: CategoryOrder::Unordered,
    }
}

/// One matrix of all files, rows one after the other.
struct Stacked<'a> {
    files: &'a [H5ad],
    places: &'a [Vec<u32>],
    element: String,
    shape: (usize, usize),
}

impl Stream for Stacked<'_> {
    fn write(self: Box<Self>, out: &mut Writer<'_, '_>) -> Result<Address, IoError> {
        let (rows, columns) = self.shape;
        let mut sink = SparseSink::new(&Stored::F32.encode(), 4, rows.saturating_mul(columns), out);
        let mut put = |block: Matrix, places: &[u32], out: &mut Writer<'_, '_>| -> Result<(), IoError> {
            let csr = match block {
                Matrix::Csr(csr) => csr,
                Matrix::Csc(csc) => csc.to_csr(),
                Matrix::Dense(dense) => Csr::from_dense(&dense),
            };
            let mut sorted: BTreeMap<u32, f32> = BTreeMap::new();
            for row in 0..csr.shape().0 {
                // Variables may be in another order here, and a sparse row should increase.
                sorted.extend(
                    csr.row(row).map(|(j, value)| (places[j], value)).filter(|(to, _)| *to != NO_INDEX),
                );
                let (indices, values): (Vec<u32>, Vec<f32>) = std::mem::take(&mut sorted).into_iter().unzip();
                sink.row(&indices, bytemuck::cast_slice(&values), 0, None);
            }
            sink.flush(out)
        };
        for (file, places) in self.files.iter().zip(self.places) {
            // Every block of rows would be a pass over all columns.
            let by_columns = file.kind(&self.element)? == Some(ElementKind::Csc);
            let backed = if by_columns { None } else { file.backed(&self.element).ok() };
            let Some(backed) = backed else {
                put(file.sized(&self.element, (file.n_obs(), file.n_vars()))?, places, out)?;
                continue;
            };
            file.check(&self.element, "rows", file.n_obs(), backed.shape().0)?;
            file.check(&self.element, "columns", file.n_vars(), backed.shape().1)?;
            let step = (TOGETHER * 2000 / columns.max(1)).clamp(1, TOGETHER);
            for start in (0..file.n_obs()).step_by(step) {
                let rows: Vec<usize> = (start..(start + step).min(file.n_obs())).collect();
                put(backed.rows(&rows)?, places, out)?;
            }
        }
        sink.finish("csr_matrix", self.shape, out)
    }
}
