//! Principal components of the chosen genes, with scanpy's keys.

use super::genes::THETA;
use crate::args::{Method, PrepareArgs, Transform};
use crate::say::say;
use anyhow::Result;
use chreode_core::Seed;
use chreode_io::{AnnData, Annotation, Uns};
use chreode_prep::{
    Centre, GeneMoments, Pca, PearsonResiduals, ResidualClip, Rows, Scaled, Select, Solver, SparseRows,
    Values,
};
use ndarray::Array2;

/// Components where nothing is asked for.
const COMPONENTS: usize = 50;

/// Computes and writes them; returns the scores.
pub(super) fn write(
    data: &mut AnnData,
    args: &PrepareArgs,
    counts: &SparseRows,
    logs: &SparseRows,
    selected: &[bool],
) -> Result<Array2<f32>> {
    let count = selected.iter().filter(|&&s| s).count();
    let most = count.min(data.n_obs().saturating_sub(1)).max(1);
    let k = args.components.unwrap_or(COMPONENTS.min(most));
    let solver = match args.method {
        Method::Exact => Solver::Exact,
        Method::Randomized => Solver::Randomized { oversample: 10, power: 4, seed: Seed(args.seed) },
    };
    // Loadings that do not lead back to X have a name of their own.
    let (pca, scores, key, of) = match (args.transform, args.scale) {
        (Transform::PearsonResiduals, _) => {
            let genes = Select::new(counts).genes(selected)?;
            let residuals = PearsonResiduals::new(genes, THETA, ResidualClip::SquareRoot)?;
            let (pca, scores) = Pca::fit_residuals(&residuals, k, solver)?;
            (pca, scores, "PCs_residuals", "Pearson residuals of the counts")
        }
        (Transform::Logarithms, Some(limit)) => {
            let genes = Select::new(logs).genes(selected)?;
            let moments = GeneMoments::measure(&genes, Values::AsStored)?;
            let scaled = SparseRows::collect(&Scaled::new(&genes, &moments, Centre::Zero, limit)?)?;
            let pca = Pca::fit_rows(&scaled, k, solver)?;
            let scores = pca.transform_rows(&scaled)?;
            (pca, scores, "PCs_scaled", "scaled X")
        }
        (Transform::Logarithms, None) => {
            let genes = SparseRows::collect(&Select::new(logs).genes(selected)?)?;
            let pca = Pca::fit_rows(&genes, k, solver)?;
            let scores = pca.transform_rows(&genes)?;
            (pca, scores, "PCs", "X")
        }
    };
    let mut loadings = Array2::<f64>::zeros((counts.shape().1, k));
    let places = (0..selected.len()).filter(|&j| selected[j]);
    places.zip(pca.loadings.rows()).for_each(|(j, row)| loadings.row_mut(j).assign(&row));
    data.varm.insert(key.into(), Annotation::F64(loadings));
    let percent = 100.0 * pca.variance_ratio.sum();
    data.uns.insert("pca/variance".into(), Uns::Numbers(pca.variance.into_dyn()));
    data.uns.insert("pca/variance_ratio".into(), Uns::Numbers(pca.variance_ratio.into_dyn()));
    data.uns.insert("pca/params/zero_center".into(), Uns::Boolean(true));
    data.uns.insert("pca/params/use_highly_variable".into(), Uns::Boolean(true));
    data.uns.insert("pca/params/mask_var".into(), Uns::Text("highly_variable".into()));
    let scores = scores.mapv(|z| z as f32);
    data.obsm.insert("X_pca".into(), Annotation::F32(scores.clone()));
    say!(
        "found    {k} components of {of}, {percent:.1} percent of the variance, in obsm/X_pca and varm/{key}"
    );
    Ok(scores)
}
