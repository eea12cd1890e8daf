//! Stages of many rows, and sums of them with a step size for each.

use super::field::RowsVjp;
use chreode_core::Real;

/// Everything a step of `rows` rows needs; nothing of it is allocated anew from step to step.
pub(super) struct Scratch<A: Real, F: RowsVjp<A> + ?Sized> {
    /// Stages, those of the interpolant included.
    pub(super) k: Vec<Vec<A>>,
    /// Pullbacks of the stages.
    pub(super) u: Vec<Vec<A>>,
    /// What the forward passes of the stages left.
    pub(super) memories: Vec<F::Memory>,
    /// The state at which a stage is taken.
    pub(super) at: Vec<A>,
    /// The cotangent of a stage.
    pub(super) kappa: Vec<A>,
    /// Times of the stages, and step sizes.
    pub(super) t: Vec<f64>,
    pub(super) h: Vec<f64>,
    pub(super) own: Vec<A>,
    pub(super) shared: Vec<A>,
}

impl<A: Real, F: RowsVjp<A> + ?Sized> Scratch<A, F> {
    pub(super) fn new(field: &F, rows: usize, width: usize, stages: usize) -> Self {
        let states = || vec![A::zero(); rows * width];
        Self {
            k: (0..stages).map(|_| states()).collect(),
            u: (0..stages).map(|_| states()).collect(),
            memories: (0..stages).map(|_| F::Memory::default()).collect(),
            at: states(),
            kappa: states(),
            t: vec![0.0; rows],
            h: vec![0.0; rows],
            own: vec![A::zero(); rows * field.own()],
            shared: vec![A::zero(); field.shared()],
        }
    }
}

/// `out[r] += h[r] Σ wⱼ xⱼ[r]` for every row r of `width` entries.
pub(super) fn add<'x, A: Real>(
    out: &mut [A],
    h: &[f64],
    width: usize,
    terms: impl IntoIterator<Item = (f64, &'x Vec<A>)>,
) {
    for (w, x) in terms.into_iter().filter(|(w, _)| *w != 0.0) {
        let rows = out.chunks_exact_mut(width.max(1)).zip(x.chunks_exact(width.max(1)));
        for ((out, x), h) in rows.zip(h) {
            let c = A::from_f64(h * w);
            for (out, x) in out.iter_mut().zip(x) {
                *out += c * *x;
            }
        }
    }
}

/// `y += c x`
pub(super) fn add_row<A: Real>(y: &mut [A], c: f64, x: impl IntoIterator<Item = A>) {
    let c = A::from_f64(c);
    y.iter_mut().zip(x).for_each(|(y, x)| *y += c * x);
}

/// `⟨Σ wⱼ xⱼ[r], a⟩` of row `r`.
pub(super) fn dot<'x, A: Real>(
    terms: impl IntoIterator<Item = (f64, &'x Vec<A>)>,
    r: usize,
    a: impl Iterator<Item = A> + Clone,
    width: usize,
) -> f64 {
    let one = |x: &[A]| x.iter().zip(a.clone()).map(|(x, a)| (*x).to_f64() * a.to_f64()).sum::<f64>();
    terms.into_iter().filter(|(w, _)| *w != 0.0).map(|(w, x)| w * one(&x[r * width..(r + 1) * width])).sum()
}
