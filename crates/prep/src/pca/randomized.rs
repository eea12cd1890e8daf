//! Randomised subspace iteration.

use crate::PrepError;
use crate::krylov::{Operator, Pairs, eigen, product};
use chreode_core::Seed;
use faer::{Mat, MatRef};
use rand_distr::{Distribution, StandardNormal};

/// The `k` largest eigenpairs of `of`, approximately (Halko, Martinsson & Tropp 2011, doi:10.1137/090771806, algorithms
/// 4.4 and 5.3): orthonormal bases of C Ω, C² Ω, … for a Gaussian Ω of `k + oversample` columns, then the eigenpairs of
/// C in the last of them.
pub(super) fn approximate(
    of: &impl Operator,
    k: usize,
    (oversample, power): (usize, usize),
    seed: Seed,
    what: &'static str,
) -> Result<Pairs, PrepError> {
    let n = of.side();
    let width = (k + oversample).min(n);
    let mut rng = seed.stream("randomised components", 0);
    let omega = Mat::from_fn(n, width, |_, _| StandardNormal.sample(&mut rng));
    let mut q = basis(of.apply(omega.as_ref())?.as_ref());
    for _ in 0..power {
        q = basis(of.apply(q.as_ref())?.as_ref());
    }
    let image = of.apply(q.as_ref())?;
    let small = product(q.transpose(), image.as_ref());
    let ritz = eigen(small.as_ref(), what)?;
    let vectors = product(q.as_ref(), ritz.vectors.subcols(0, k));
    Ok(Pairs { values: ritz.values[..k].to_vec(), vectors })
}

/// An orthonormal basis of the columns.
fn basis(of: MatRef<'_, f64>) -> Mat<f64> {
    of.qr().compute_thin_Q()
}
