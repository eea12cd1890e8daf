//! How spread out a plan is.

use super::Coupling;

/// `−Σ p log p` over the shares `p = mass / total`.
fn shannon(masses: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let total: f64 = masses.clone().sum();
    let logs: f64 = masses.filter(|m| *m > 0.0).map(|m| m * m.ln()).sum();
    (total, logs)
}

pub(super) fn entropy<P: Coupling + ?Sized>(plan: &P) -> f64 {
    let (mut total, mut logs) = (0.0, 0.0);
    for row in 0..plan.shape().0 {
        let masses = plan.masses_from(row);
        let (mass, log) = shannon(masses.iter().copied());
        total += mass;
        logs += log;
    }
    // −Σ (P/M) log(P/M) = log M − (Σ P log P)/M.
    (total.ln() - logs / total).max(0.0)
}

pub(super) fn mutual_information<P: Coupling + ?Sized>(plan: &P) -> f64 {
    let of = |masses: ndarray::Array1<f64>| {
        let (total, logs) = shannon(masses.iter().copied());
        total.ln() - logs / total
    };
    let (rows, columns) = plan.marginals();
    (of(rows) + of(columns) - plan.entropy()).max(0.0)
}
