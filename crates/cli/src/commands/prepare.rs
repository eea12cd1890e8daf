//! `chreode prepare`: counts to principal components in one command, in the keys that scanpy uses.

mod components;
mod genes;
mod graph;
mod select;

use crate::args::{PrepareArgs, Target};
use crate::commands::predict::is_h5ad;
use crate::progress::{Steps, spoken};
use crate::save::probe;
use crate::say::say;
use anyhow::{Result, bail};
use chreode_io::{AnnData, Column, Csr, H5ad, Matrix, Uns, write_h5ad};
use chreode_prep::{
    CellFilter, CellQuality, Exclusion, GeneFilter, GeneQuality, LibrarySizes, Logarithm, Normalized, Rows,
    Select, SparseRows, TargetSum, check_counts, genes_with_prefix,
};
use std::time::Instant;

/// Runs the command.
pub(crate) fn run(args: &PrepareArgs) -> Result<()> {
    let start = Instant::now();
    for path in [&args.file, &args.out] {
        if !is_h5ad(path) {
            bail!(
                "{} does not end in .h5ad, the format that is read and written; rename or convert it",
                path.display()
            );
        }
    }
    graph::search(args).check()?;
    probe(&args.out)?;
    let steps = Steps::new(7);
    steps.begin("reading");
    let loaded = H5ad::open(&args.file)?.load()?;
    let mut data = loaded.data;
    let key = match &args.layer {
        Some(key) => Some(key.clone()),
        None => data.layers.keys().find(|key| *key == "counts").cloned(),
    };
    let counts = rows(source(&data, key.as_deref(), args)?)?;
    let (cells, genes) = counts.shape();
    let from = key.map_or("X".to_string(), |key| format!("layers/{key}"));
    say!("read     {} ({cells} cells, {genes} genes, counts in {from})", args.file.display());
    for left in &loaded.left_out {
        say!("note     {} is left out: {}", left.element, left.reason);
    }
    steps.begin("counting");
    check_counts(&counts)?;
    let counts = filtered(&mut data, &counts, args)?;

    steps.begin("normalising");
    let target = match args.target {
        Target::Median => TargetSum::Median,
        Target::Total(total) => TargetSum::Total(total),
    };
    let exclusion = args.exclude_above.map_or(Exclusion::Nothing, Exclusion::Above);
    let sizes = LibrarySizes::measure(&counts, target, exclusion)?;
    let excluded = sizes.excluded.iter().filter(|&&e| e).count();
    let beside =
        if excluded > 0 { format!(", {excluded} genes left out of the totals") } else { String::new() };
    say!("scaled   every cell to {} counts{beside}; X is ln(1 + x)", sizes.target);
    let normalized = Normalized::new(&counts, &sizes, Logarithm::Natural)?;
    let logs = SparseRows::collect(&normalized)?;

    steps.begin("choosing genes");
    let selected = genes::choose(&mut data, args, &counts, &logs, &sizes)?;
    steps.begin("principal components");
    let scores = components::write(&mut data, args, &counts, &logs, &selected)?;
    if let Some(neighbors) = args.neighbors {
        steps.begin("neighbours");
        graph::write(&mut data, args, neighbors, &scores)?;
    }

    steps.begin("writing");
    data.layers.insert("counts".into(), matrix(counts)?);
    data.x = Some(matrix(logs)?);
    data.uns.insert("log1p".into(), Uns::Empty);
    write_h5ad(&args.out, &data)?;
    steps.finish();
    say!("wrote    {} in {}", args.out.display(), spoken(start.elapsed().as_secs_f64()));
    say!("next     chreode inspect {}", args.out.display());
    Ok(())
}

/// The matrix with the counts.
fn source<'a>(data: &'a AnnData, layer: Option<&str>, args: &PrepareArgs) -> Result<&'a Matrix> {
    match (layer, &data.x) {
        (Some(key), _) => match data.layers.get(key) {
            Some(matrix) => Ok(matrix),
            None => {
                let keys: Vec<&str> = data.layers.keys().map(String::as_str).collect();
                let has = if keys.is_empty() { "none".to_string() } else { keys.join(", ") };
                bail!("{} has no layer `{key}`; its layers: {has}", args.file.display())
            }
        },
        (None, Some(x)) => Ok(x),
        (None, None) => {
            bail!("{} has no X; name the layer with the counts with --layer", args.file.display())
        }
    }
}

/// Any matrix as sparse rows.
pub(crate) fn rows(matrix: &Matrix) -> Result<SparseRows> {
    let turned;
    let csr = match matrix {
        Matrix::Csr(csr) => csr,
        Matrix::Csc(csc) => {
            turned = csc.to_csr();
            &turned
        }
        Matrix::Dense(dense) => {
            let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
            for row in dense.rows() {
                for (j, &v) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                    indices.push(u32::try_from(j)?);
                    data.push(v);
                }
                indptr.push(data.len());
            }
            return Ok(SparseRows::new(dense.ncols(), &indptr, &indices, &data)?);
        }
    };
    Ok(SparseRows::new(csr.shape().1, csr.indptr(), csr.indices(), csr.data())?)
}

/// Sparse rows as a matrix of a file.
fn matrix(rows: SparseRows) -> Result<Matrix> {
    let shape = rows.shape();
    let (indptr, indices, data) = rows.into_parts();
    Ok(Matrix::Csr(Csr::new(shape, indptr, indices, data)?))
}

/// Drops cells and genes, and writes what was measured of the rest.
fn filtered(data: &mut AnnData, counts: &SparseRows, args: &PrepareArgs) -> Result<SparseRows> {
    let mitochondrial = genes_with_prefix(&data.var.index, &[&args.mt_prefix]);
    let marked = mitochondrial.iter().filter(|&&m| m).count();
    if args.max_mt.is_some() && marked == 0 {
        bail!(
            "no gene of {} begins with `{}`, so --max-mt has nothing to hold against; say how they begin with --mt-prefix",
            args.file.display(),
            args.mt_prefix
        );
    }
    let groups = [("mt".to_string(), mitochondrial.clone())];
    let quality = CellQuality::measure(counts, &[], &groups)?;
    let filter = CellFilter {
        min_counts: Some(args.min_counts),
        min_genes: Some(args.min_genes),
        max_genes: args.max_genes,
        max_percent: args.max_mt,
        ..CellFilter::default()
    };
    let cells = filter.keep(&quality)?;
    let of_kept = GeneQuality::measure(&Select::new(counts).cells(&cells)?)?;
    let genes = GeneFilter { min_cells: Some(args.min_cells), ..GeneFilter::default() }.keep(&of_kept)?;
    let (before, after) = (counts.shape(), (kept(&cells), kept(&genes)));
    say!(
        "kept     {} of {} cells and {} of {} genes, {marked} of them mitochondrial",
        after.0,
        before.0,
        after.1,
        before.1
    );
    let counts = SparseRows::collect(&Select::new(counts).cells(&cells)?.genes(&genes)?)?;
    if after != before {
        select::select(data, &cells, &genes);
    }
    let groups =
        if marked > 0 { vec![("mt".to_string(), chosen(&mitochondrial, &genes))] } else { Vec::new() };
    let quality = CellQuality::measure(&counts, &[], &groups)?;
    let detected = quality.genes.iter().map(|&n| Some(n as i64)).collect();
    data.obs.set("n_genes_by_counts", Column::Integers(detected))?;
    data.obs.set("total_counts", Column::Numbers(quality.total))?;
    for (name, totals, percents) in quality.groups {
        data.obs.set(&format!("total_counts_{name}"), Column::Numbers(totals))?;
        data.obs.set(&format!("pct_counts_{name}"), Column::Numbers(percents))?;
        let marks = chosen(&mitochondrial, &genes).into_iter().map(Some).collect();
        data.var.set(&name, Column::Booleans(marks))?;
    }
    let quality = GeneQuality::measure(&counts)?;
    let cells = quality.cells.iter().map(|&n| Some(n as i64)).collect();
    data.var.set("n_cells_by_counts", Column::Integers(cells))?;
    data.var.set("mean_counts", Column::Numbers(quality.mean()))?;
    Ok(counts)
}

fn kept(keep: &[bool]) -> usize {
    keep.iter().filter(|&&k| k).count()
}

fn chosen(of: &[bool], keep: &[bool]) -> Vec<bool> {
    of.iter().zip(keep).filter(|(_, k)| **k).map(|(&v, _)| v).collect()
}
