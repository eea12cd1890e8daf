//! Neighbours, diffusion map and moments, with the keys of scanpy and scVelo.

use super::{matrix, rows};
use crate::args::{Kernel, Knn, PrepareArgs};
use crate::say::say;
use anyhow::{Context, Result};
use chreode_core::Seed;
use chreode_io::{AnnData, Annotation, Column, Matrix, Uns};
use chreode_prep::{
    Density, DiffusionMap, Exclusion, Hnsw, LibrarySizes, Logarithm, Moments, NeighborSearch, Normalized,
    SparseRows, TargetSum, fuzzy_connectivities, gaussian_connectivities, nearest_by,
};
use ndarray::Array2;

/// How neighbours are looked for.
pub(super) fn search(args: &PrepareArgs) -> NeighborSearch {
    match args.knn {
        Knn::Exact => NeighborSearch::Exact,
        Knn::Hnsw => NeighborSearch::Hnsw(Hnsw::new(Seed(args.seed))),
    }
}

/// Writes what was asked for.
pub(super) fn write(
    data: &mut AnnData,
    args: &PrepareArgs,
    neighbors: usize,
    scores: &Array2<f32>,
) -> Result<()> {
    let (how, seed) = match args.knn {
        Knn::Exact => ("exact", 0),
        Knn::Hnsw => ("hnsw", args.seed as i64),
    };
    let nearest = nearest_by(scores.view(), neighbors.saturating_sub(1), search(args))?;
    let (graph, method) = match args.kernel {
        Kernel::Umap => (fuzzy_connectivities(&nearest), "umap"),
        Kernel::Gauss => (gaussian_connectivities(&nearest), "gauss"),
    };
    data.obsp.insert("distances".into(), matrix(nearest.distances())?);
    for (key, value) in [
        ("connectivities_key", Uns::Text("connectivities".into())),
        ("distances_key", Uns::Text("distances".into())),
        ("params/n_neighbors", Uns::Integer(neighbors as i64)),
        ("params/method", Uns::Text(method.into())),
        ("params/metric", Uns::Text("euclidean".into())),
        ("params/use_rep", Uns::Text("X_pca".into())),
        ("params/knn", Uns::Text(how.into())),
        ("params/random_state", Uns::Integer(seed)),
    ] {
        data.uns.insert(format!("neighbors/{key}"), value);
    }
    say!("found    {} neighbours of every cell, weights by {method}, in obsp", nearest.count());
    if let Some(count) = args.diffusion {
        diffusion(data, args, &graph, count)?;
    }
    moments(data, &graph)?;
    data.obsp.insert("connectivities".into(), matrix(graph)?);
    Ok(())
}

fn diffusion(data: &mut AnnData, args: &PrepareArgs, graph: &SparseRows, count: usize) -> Result<()> {
    let map = DiffusionMap::fit(graph, count, Density::Normalized)?;
    data.obsm.insert("X_diffmap".into(), Annotation::F32(map.vectors.mapv(|v| v as f32)));
    data.uns.insert("diffmap_evals".into(), Uns::Numbers(map.values.clone().into_dyn()));
    say!("found    {count} components of the diffusion map, in obsm/X_diffmap");
    if let Some(name) = &args.root {
        let root = data.obs.index.iter().position(|n| n == name).with_context(|| {
            format!(
                "no cell is called `{name}`, or it was dropped; name one of obs, such as `{}`",
                data.obs.index[0]
            )
        })?;
        let pseudotime = map.pseudotime(root)?;
        data.obs.set("dpt_pseudotime", Column::Numbers(pseudotime.to_vec()))?;
        data.uns.insert("iroot".into(), Uns::Integer(root as i64));
        say!("ordered  the cells by diffusion pseudotime from {name}, in obs/dpt_pseudotime");
    }
    Ok(())
}

/// Ms and Mu, where there are spliced and unspliced counts.
fn moments(data: &mut AnnData, graph: &SparseRows) -> Result<()> {
    let (Some(spliced), Some(unspliced)) = (data.layers.get("spliced"), data.layers.get("unspliced")) else {
        return Ok(());
    };
    let weights = Moments::new(graph)?;
    let mean = |layer: &Matrix| -> Result<Matrix> {
        let counts = rows(layer)?;
        let sizes = LibrarySizes::measure(&counts, TargetSum::Median, Exclusion::Nothing)?;
        let scaled = SparseRows::collect(&Normalized::new(&counts, &sizes, Logarithm::None)?)?;
        Ok(Matrix::Dense(weights.first(&scaled)?))
    };
    let (spliced, unspliced) = (mean(spliced)?, mean(unspliced)?);
    data.layers.insert("Ms".into(), spliced);
    data.layers.insert("Mu".into(), unspliced);
    say!("averaged spliced and unspliced counts over neighbours, in layers/Ms and layers/Mu");
    Ok(())
}
