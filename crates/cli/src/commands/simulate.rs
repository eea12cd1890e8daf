//! `chreode simulate`: cells whose true fates are known, in a file.

use crate::args::{Measure, SimulateArgs, System};
use crate::commands::predict::is_h5ad;
use crate::say::say;
use anyhow::{Result, bail};
use chreode_core::Seed;
use chreode_io::{AnnData, Annotation, Categories, CategoryOrder, Column, Csr, Matrix, Uns, write_h5ad};
use chreode_models::{Bifurcation, Branch, Measurement, Simulation};
use chreode_prep::Pca;
use ndarray::{Array1, Array2, Axis, concatenate};

/// Cells at a time below which nothing can be learnt from a simulation.
const FEWEST: usize = 20;
/// Principal components that a simulated file carries.
const COMPONENTS: usize = 10;

/// Runs the command.
pub(crate) fn run(args: &SimulateArgs) -> Result<()> {
    let System::Bifurcation = args.system;
    if !is_h5ad(&args.out) {
        bail!("{} does not end in .h5ad, the format that is written; rename it", args.out.display());
    }
    let file = bifurcation(args.cells, args.genes as usize, args.measure, args.seed)?;
    write_h5ad(&args.out, &file)?;
    say!("wrote    {} ({} cells, {} genes)", args.out.display(), file.n_obs(), file.n_vars());
    match args.measure {
        Measure::Logarithms => {
            say!("next     chreode train {} --time day --rep X_pca --dims 5 --out run", args.out.display());
        }
        Measure::Counts => {
            say!("next     chreode prepare {} --out prepared.h5ad", args.out.display());
        }
    }
    Ok(())
}

/// A simulated branching differentiation as an annotated file, with its truth.
pub(crate) fn bifurcation(cells: usize, genes: usize, measure: Measure, seed: u64) -> Result<AnnData> {
    let default = Bifurcation::default();
    let measurement = match measure {
        Measure::Logarithms => default.measurement,
        Measure::Counts => Measurement::NegativeBinomial { depth: 5.0, spread: 0.4, dispersion: 0.2 },
    };
    // As many cells at each time; those that a snapshot measures must have been born.
    let each = cells.div_ceil(default.times.len()).max(FEWEST);
    let system =
        Bifurcation { cells: each, founders: default.founders.max(each), genes, measurement, ..default };
    let simulation = system.simulate(Seed(seed))?;
    let Simulation { populations, truth, .. } = &simulation;
    let points: Vec<_> = populations.snapshots().iter().map(|s| s.points.view()).collect();
    let expression = concatenate(Axis(0), &points)?;
    let n = expression.nrows();
    let mut file =
        AnnData::new((0..n).map(|i| format!("cell{i}")).collect(), populations.features().to_vec());

    let days = populations.snapshots().iter().flat_map(|s| vec![s.time; s.len()]).collect();
    file.obs.set("day", Column::Numbers(days))?;
    let fates = truth.iter().flat_map(|t| t.fate.iter().map(|&p| f64::from(p))).collect();
    file.obs.set("true_fate_probability", Column::Numbers(fates))?;
    file.obs.set("true_branch", branches(truth.iter().flat_map(|t| &t.branch)))?;
    let growth = truth.iter().flat_map(|t| t.growth.iter().copied()).collect();
    file.obs.set("true_growth_rate", Column::Numbers(growth))?;
    let mass: Array1<f64> = truth.iter().map(|t| t.mass).collect();
    file.uns.insert("simulation/mass".into(), Uns::Numbers(mass.into_dyn()));
    file.uns.insert("simulation/times".into(), Uns::Numbers(Array1::from(populations.times()).into_dyn()));
    file.uns.insert("simulation/system".into(), Uns::Text("bifurcation".into()));
    file.uns.insert("simulation/seed".into(), Uns::Text(seed.to_string()));

    if measure == Measure::Counts {
        file.x = Some(Matrix::Csr(sparse(&expression)?));
        return Ok(file);
    }
    let pca = Pca::fit(expression.view(), COMPONENTS)?;
    let scores = pca.transform(expression.view())?.mapv(|z| z as f32);
    file.obsm.insert("X_pca".into(), Annotation::F32(scores));
    file.uns.insert("pca/variance".into(), Uns::Numbers(pca.variance.clone().into_dyn()));
    file.uns.insert("pca/variance_ratio".into(), Uns::Numbers(pca.variance_ratio.clone().into_dyn()));
    file.varm.insert("PCs".into(), Annotation::F64(pca.loadings));
    file.x = Some(Matrix::Dense(expression));
    Ok(file)
}

/// The entries that are not 0.
fn sparse(dense: &Array2<f32>) -> Result<Csr> {
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for row in dense.rows() {
        for (j, &v) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            indices.push(u32::try_from(j)?);
            data.push(v);
        }
        indptr.push(data.len());
    }
    Ok(Csr::new(dense.dim(), indptr, indices, data)?)
}

fn branches<'b>(branches: impl Iterator<Item = &'b Branch>) -> Column {
    let names = ["first", "second", "undecided"];
    let code = |b: &Branch| match b {
        Branch::First => 0,
        Branch::Second => 1,
        Branch::Undecided => 2,
    };
    Column::Categorical {
        codes: branches.map(|b| Some(code(b))).collect(),
        categories: Categories::Strings(names.map(String::from).to_vec()),
        order: CategoryOrder::Unordered,
    }
}
