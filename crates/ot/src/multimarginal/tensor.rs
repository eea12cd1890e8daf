//! A few marginals, any cost: the dense tensor.

use crate::problem::masses;
use crate::sinkhorn::exp;
use crate::{Certificate, MASS_TOLERANCE, OtError, Stop};
use ndarray::{Array1, ArrayD, ArrayView1, ArrayViewD, IxDyn};
use rayon::prelude::*;

/// Entries of one task.
const BLOCK: usize = 4096;

/// Entropic transport between K measures under any cost of K points.
///
/// Minimises `⟨C, P⟩ + ε KL(P | b₁ ⊗ … ⊗ b_K)` over nonnegative tensors with the K marginals `b_k`, by
/// Sinkhorn's iterations over the marginals in turn, in the log domain; then `P = Π b_k exp((Σ f_k -
/// C)/ε)`. Memory and an iteration are the size of the tensor times K: for small problems. Costs that are
/// sums over the edges of a tree need no tensor: [`TreeTransport`](crate::TreeTransport).
///
/// The stop rule's residual is the L1 error of all marginals, as a share of the mass.
///
/// J.-D. Benamou, G. Carlier, M. Cuturi, L. Nenna and G. Peyré, SIAM J. Sci. Comput. 37, 2015, section 4,
/// doi 10.1137/141000439. The same bits for any number of threads.
///
/// ```
/// use chreode_ot::{MultiMarginal, Stop};
/// use ndarray::{Array3, array};
///
/// // Three points in 0..2 each; all want to be equal.
/// let costs = Array3::from_shape_fn((2, 2, 2), |(i, j, k)| if i == j && j == k { 0.0 } else { 1.0 });
/// let even = array![0.5, 0.5];
/// let solver = MultiMarginal::new(0.05, Stop::Within { tolerance: 1e-10, max_iterations: 100 });
/// let plan = solver.solve(costs.view().into_dyn(), &[even.view(), even.view(), even.view()])?;
/// assert!(plan.cost() < 1e-6);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiMarginal {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end; an iteration goes over all marginals.
    pub stop: Stop,
}

/// A plan between K measures.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorPlan {
    plan: ArrayD<f64>,
    potentials: Vec<Array1<f64>>,
    transport: f64,
    certificate: Certificate,
}

impl TensorPlan {
    /// The entries.
    pub fn tensor(&self) -> ArrayViewD<'_, f64> {
        self.plan.view()
    }

    /// The potentials, one vector a marginal.
    pub fn potentials(&self) -> &[Array1<f64>] {
        &self.potentials
    }

    /// `⟨C, P⟩`.
    pub fn cost(&self) -> f64 {
        self.transport
    }

    /// Iterations, residual, primal and dual value of the regularised problem.
    pub fn certificate(&self) -> Certificate {
        self.certificate
    }

    /// Marginal `k`.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn marginal(&self, k: usize) -> Array1<f64> {
        sums(&self.plan, k)
    }
}

impl MultiMarginal {
    /// The solver at `epsilon`.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { epsilon, stop }
    }

    /// The plan under `costs`, axis k of which belongs to `marginals[k]`.
    ///
    /// # Errors
    /// Axes that do not fit the marginals, fewer than two of them, masses that are negative, not finite,
    /// all zero or of different totals, a cost that is not finite, an ε that is not positive, or
    /// [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve(
        &self,
        costs: ArrayViewD<'_, f64>,
        marginals: &[ArrayView1<'_, f64>],
    ) -> Result<TensorPlan, OtError> {
        let epsilon = self.epsilon;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            let range = "positive and finite";
            return Err(OtError::BadParameter { name: "epsilon", value: epsilon, range });
        }
        self.stop.check()?;
        let (shares, total) = shares(&costs, marginals)?;
        let costs = costs.as_standard_layout();
        let mut potentials: Vec<Array1<f64>> = shares.iter().map(|b| Array1::zeros(b.len())).collect();
        let mut iterations = 0;
        let (plan, residual) = loop {
            for k in 0..shares.len() {
                let soft = soft_minima(costs.view(), &potentials, &shares, k, epsilon);
                potentials[k] = soft;
            }
            iterations += 1;
            let finish = match self.stop {
                Stop::Within { .. } => true,
                Stop::After { iterations: last } => iterations >= last,
            };
            if finish {
                let plan = tensor(costs.view(), &potentials, &shares, epsilon);
                let missed = shares
                    .iter()
                    .enumerate()
                    .map(|(k, b)| (&sums(&plan, k) - b).iter().map(|e| e.abs()).sum::<f64>());
                let residual: f64 = missed.sum();
                match self.stop {
                    Stop::Within { tolerance, max_iterations } if residual > tolerance => {
                        if iterations >= max_iterations {
                            let method = "multi-marginal sinkhorn";
                            return Err(OtError::NotConverged { method, iterations, residual, tolerance });
                        }
                    }
                    _ => break (plan, residual),
                }
            }
        };
        let mass = plan.sum();
        let transport: f64 = plan.iter().zip(costs.iter()).map(|(p, c)| p * c).sum();
        let held: f64 = potentials.iter().enumerate().map(|(k, f)| sums(&plan, k).dot(f)).sum();
        let dual: f64 = potentials.iter().zip(&shares).map(|(f, b)| f.dot(b)).sum();
        // KL(P | ⊗ b) = (Σ P f - ⟨C, P⟩)/ε - Σ P + 1.
        let certificate = Certificate {
            iterations,
            residual,
            primal_cost: total * (held + epsilon * (1.0 - mass)),
            dual_cost: total * (dual + epsilon * (1.0 - mass)),
        };
        Ok(TensorPlan { plan: plan * total, potentials, transport: total * transport, certificate })
    }
}

/// The marginals as shares, and their total.
fn shares(
    costs: &ArrayViewD<'_, f64>,
    marginals: &[ArrayView1<'_, f64>],
) -> Result<(Vec<Array1<f64>>, f64), OtError> {
    if marginals.len() < 2 {
        let what = "the list of marginals (two at least)";
        return Err(OtError::Shape { what, expected: 2, found: marginals.len() });
    }
    if costs.ndim() != marginals.len() {
        let (expected, found) = (marginals.len(), costs.ndim());
        return Err(OtError::Shape { what: "the number of the costs' axes", expected, found });
    }
    let mut shares = Vec::with_capacity(marginals.len());
    let mut total = 0.0;
    for (index, (marginal, &size)) in marginals.iter().zip(costs.shape()).enumerate() {
        let wrap = |error| OtError::InMeasure { index, error: Box::new(error) };
        let b = masses("marginal", "the marginal", *marginal, size).map_err(wrap)?;
        let sum = b.sum();
        if index == 0 {
            total = sum;
        } else if (sum - total).abs() > MASS_TOLERANCE * sum.max(total) {
            return Err(wrap(OtError::Unbalanced { source_total: total, target_total: sum }));
        }
        shares.push(b / sum);
    }
    if let Some((at, &value)) = costs.indexed_iter().find(|(_, c)| !c.is_finite()) {
        return Err(OtError::BadCost { row: at[0], column: at[1], value });
    }
    Ok((shares, total))
}

/// The flat index of an entry, axis by axis, and back.
fn unravel(mut flat: usize, shape: &[usize], at: &mut [usize]) {
    for (at, &size) in at.iter_mut().zip(shape).rev() {
        *at = flat % size;
        flat /= size;
    }
}

/// `Σ_k f_k + ε log b_k` but for one axis, less the cost, for every entry of a block, in order.
fn exponents(
    costs: &[f64],
    start: usize,
    shape: &[usize],
    terms: &[Vec<f64>],
    mut each: impl FnMut(&[usize], f64),
) {
    let mut at = vec![0; shape.len()];
    unravel(start, shape, &mut at);
    for &cost in costs {
        let sum: f64 = terms.iter().zip(&at).map(|(term, &i)| term[i]).sum();
        each(&at, sum - cost);
        for (at, &size) in at.iter_mut().zip(shape).rev() {
            *at += 1;
            if *at < size {
                break;
            }
            *at = 0;
        }
    }
}

/// `f_k + ε log b_k`, and 0 on the axis left out.
fn terms(
    potentials: &[Array1<f64>],
    shares: &[Array1<f64>],
    out: Option<usize>,
    epsilon: f64,
) -> Vec<Vec<f64>> {
    let term = |(k, (f, b)): (usize, (&Array1<f64>, &Array1<f64>))| {
        if out == Some(k) {
            return vec![0.0; f.len()];
        }
        let log = |(f, b): (&f64, &f64)| if *b > 0.0 { f + epsilon * b.ln() } else { f64::NEG_INFINITY };
        f.iter().zip(b).map(log).collect()
    };
    potentials.iter().zip(shares).enumerate().map(term).collect()
}

/// `-ε log Σ Π b_l exp((Σ f_l - C)/ε)` over all axes but k.
fn soft_minima(
    costs: ArrayViewD<'_, f64>,
    potentials: &[Array1<f64>],
    shares: &[Array1<f64>],
    k: usize,
    epsilon: f64,
) -> Array1<f64> {
    let shape = costs.shape().to_vec();
    let terms = terms(potentials, shares, Some(k), epsilon);
    let flat = costs.as_slice().expect("costs are in standard layout");
    let size = shape[k];
    // The largest exponent of each slice, then the sums, block by block in order.
    let high: Vec<Vec<f64>> = flat
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(block, costs)| {
            let mut high = vec![f64::NEG_INFINITY; size];
            exponents(costs, block * BLOCK, &shape, &terms, |at, x| high[at[k]] = high[at[k]].max(x));
            high
        })
        .collect();
    let mut top = vec![f64::NEG_INFINITY; size];
    for block in high {
        top.iter_mut().zip(block).for_each(|(top, x)| *top = top.max(x));
    }
    let parts: Vec<Vec<f64>> = flat
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(block, costs)| {
            let mut sums = vec![0.0; size];
            exponents(costs, block * BLOCK, &shape, &terms, |at, x| {
                sums[at[k]] += exp((x - top[at[k]]) / epsilon);
            });
            sums
        })
        .collect();
    let mut sums = vec![0.0; size];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    top.iter().zip(sums).map(|(top, sum)| -(top + epsilon * sum.ln())).collect()
}

/// `Π b_k exp((Σ f_k - C)/ε)`.
fn tensor(
    costs: ArrayViewD<'_, f64>,
    potentials: &[Array1<f64>],
    shares: &[Array1<f64>],
    epsilon: f64,
) -> ArrayD<f64> {
    let shape = costs.shape().to_vec();
    let terms = terms(potentials, shares, None, epsilon);
    let flat = costs.as_slice().expect("costs are in standard layout");
    let mut plan = ArrayD::zeros(IxDyn(&shape));
    let out = plan.as_slice_mut().expect("new arrays are contiguous");
    out.par_chunks_mut(BLOCK).zip(flat.par_chunks(BLOCK)).enumerate().for_each(|(block, (out, costs))| {
        let mut out = out.iter_mut();
        exponents(costs, block * BLOCK, &shape, &terms, |_, x| {
            if let Some(out) = out.next() {
                *out = exp(x / epsilon);
            }
        });
    });
    plan
}

/// The sums over all axes but `k`.
fn sums(plan: &ArrayD<f64>, k: usize) -> Array1<f64> {
    plan.axis_iter(ndarray::Axis(k)).map(|slice| slice.sum()).collect()
}
