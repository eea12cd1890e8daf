//! Entropic transport where only the kernel is known, and only as a linear map: Geodesic Sinkhorn.

use crate::coupling::{cumulative, draw};
use crate::{Certificate, Coupling, Geometry, HeatKernel, OtError, Stop, Transport};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;
use std::ops::Range;

/// A kernel `K = exp(−C/ε)` that can be applied to functions, whatever its matrix.
///
/// The heat kernel of a graph is one ([`HeatKernel`], with ε = 4t); a convolution of one's own may be another.
pub trait Kernel: Sync {
    /// `(n, m)`.
    fn shape(&self) -> (usize, usize);

    /// ε, which makes `−ε log K` the costs.
    fn epsilon(&self) -> f64;

    /// `K x`, for each column of `x`.
    fn apply(&self, x: ArrayView2<'_, f64>) -> Array2<f64>;

    /// `Kᵀ x`, for each column of `x`.
    fn apply_transposed(&self, x: ArrayView2<'_, f64>) -> Array2<f64>;
}

impl Kernel for HeatKernel {
    fn shape(&self) -> (usize, usize) {
        (self.nodes(), self.nodes())
    }

    fn epsilon(&self) -> f64 {
        4.0 * self.time()
    }

    fn apply(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        HeatKernel::apply(self, x)
    }

    fn apply_transposed(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        HeatKernel::apply(self, x)
    }
}

/// Sinkhorn's algorithm through a [`Kernel`]: `u = a / K v`, `v = b / Kᵀ u`, and `P = diag(u) K diag(v)`.
///
/// Minimises `ε KL(P | K) = ⟨C, P⟩ + ε Σ (P log P − P + K)`, which differs from the objective of
/// [`Sinkhorn`](crate::Sinkhorn) by what the marginals fix: the plan is the same. One iteration applies the kernel twice and
/// holds O(n + m) numbers. With a heat kernel it is Geodesic Sinkhorn (G. Huguet et al., 2023, arXiv 2211.00805).
/// There is no log domain here: a kernel too narrow to reach from the mass of one side to that of the other is an error.
///
/// ```
/// use chreode_ot::{Affinity, Coupling, Graph, HeatKernel, KernelSinkhorn, Laplacian, Stop};
/// use ndarray::array;
///
/// let path = Graph::new(4, (1..4).map(|i| (i - 1, i, 1.0)))?;
/// let heat = HeatKernel::new(&path, 0.5, Affinity::InverseSquare, Laplacian::Combinatorial)?;
/// let stop = Stop::Within { tolerance: 1e-10, max_iterations: 1000 };
/// let (a, b) = (array![0.5, 0.5, 0.0, 0.0], array![0.0, 0.0, 0.5, 0.5]);
/// let plan = KernelSinkhorn::new(stop).solve(&heat, a.view(), b.view())?;
/// assert!(plan.certificate().gap() < 1e-8);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelSinkhorn {
    /// When to end.
    pub stop: Stop,
}

/// A plan `diag(u) K diag(v)` that holds `u` and `v` and applies the kernel when asked.
#[derive(Debug)]
pub struct KernelPlan<'k, K: ?Sized> {
    kernel: &'k K,
    u: Array1<f64>,
    v: Array1<f64>,
    transport: f64,
    certificate: Certificate,
}

/// The shape of a problem whose costs nobody reads.
struct Shape(usize, usize);

impl Geometry for Shape {
    fn shape(&self) -> (usize, usize) {
        (self.0, self.1)
    }

    fn costs<'s>(&'s self, _: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        buffer.clear();
        buffer.resize(columns.len(), 0.0);
        buffer
    }
}

fn column(values: &Array1<f64>) -> ArrayView2<'_, f64> {
    values.view().insert_axis(Axis(1))
}

/// `masses / reached`, and 0 without mass; the first point with mass that nothing reaches is an error.
fn scaling(masses: ArrayView1<'_, f64>, reached: &Array1<f64>) -> Result<Array1<f64>, usize> {
    let mut scaling = Array1::zeros(masses.len());
    for (index, (&mass, &reached)) in masses.iter().zip(reached).enumerate() {
        if mass > 0.0 {
            let value: f64 = mass / reached;
            if !(value > 0.0 && value.is_finite()) {
                return Err(index);
            }
            scaling[index] = value;
        }
    }
    Ok(scaling)
}

impl KernelSinkhorn {
    /// With this end.
    pub fn new(stop: Stop) -> Self {
        Self { stop }
    }

    /// The plan of masses `a` and `b`, one entry a node on each side.
    ///
    /// # Errors
    /// Those of [`Transport::new`] for the masses, a stop that is not a number, mass that the kernel does not carry to the
    /// other side ([`OtError::Infeasible`], [`OtError::Unreachable`]), or [`OtError::NotConverged`].
    pub fn solve<'k, K: Kernel + ?Sized>(
        &self,
        kernel: &'k K,
        a: ArrayView1<'_, f64>,
        b: ArrayView1<'_, f64>,
    ) -> Result<KernelPlan<'k, K>, OtError> {
        self.stop.check()?;
        let (n, m) = kernel.shape();
        let shape = Shape(n, m);
        let problem = Transport::new(&shape, a, b)?;
        let (a, b) = (problem.source(), problem.target());
        let total = a.sum();
        let (mut u, mut v) = (Array1::zeros(n), Array1::<f64>::ones(m));
        let (mut iterations, mut residual) = (0, f64::INFINITY);
        loop {
            let reached = kernel.apply(column(&v)).remove_axis(Axis(1));
            if iterations > 0 {
                residual = (&u * &reached - a).mapv(f64::abs).sum() / total;
            }
            let done = match self.stop {
                Stop::Within { tolerance, .. } => residual <= tolerance,
                Stop::After { iterations: last } => iterations >= last.max(1),
            };
            if done {
                break;
            }
            if let Stop::Within { tolerance, max_iterations } = self.stop
                && iterations >= max_iterations
            {
                return Err(OtError::NotConverged {
                    method: "kernel sinkhorn",
                    iterations,
                    residual,
                    tolerance,
                });
            }
            u = scaling(a, &reached).map_err(|row| OtError::Infeasible { unplaced: a[row] / total, row })?;
            let reached = kernel.apply_transposed(column(&u)).remove_axis(Axis(1));
            v = scaling(b, &reached)
                .map_err(|column| OtError::Unreachable { unplaced: b[column] / total, column })?;
            iterations += 1;
        }
        let none = Certificate { iterations, residual, primal_cost: 0.0, dual_cost: 0.0 };
        let mut plan = KernelPlan { kernel, u, v, transport: 0.0, certificate: none };
        plan.certify(a, b);
        Ok(plan)
    }
}

impl<K: Kernel + ?Sized> KernelPlan<'_, K> {
    /// `u`, 0 for a source without mass.
    pub fn source_scaling(&self) -> ArrayView1<'_, f64> {
        self.u.view()
    }

    /// `v`, 0 for a target without mass.
    pub fn target_scaling(&self) -> ArrayView1<'_, f64> {
        self.v.view()
    }

    /// Both values of `ε KL(P | K)`, and `⟨C, P⟩` from 32 columns of the plan at a time.
    fn certify(&mut self, a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) {
        const COLUMNS: usize = 32;
        let (n, m) = self.kernel.shape();
        let epsilon = self.kernel.epsilon();
        let (rows, columns) = self.marginals();
        let kernel_mass = self.kernel.apply(column(&Array1::ones(m))).sum();
        // Σ masses log scaling, where there is mass.
        let logs = |masses: ArrayView1<'_, f64>, scaling: &Array1<f64>| -> f64 {
            masses.iter().zip(scaling).filter(|(_, s)| **s > 0.0).map(|(mass, s)| mass * s.ln()).sum()
        };
        let rest = kernel_mass - rows.sum();
        self.certificate.primal_cost =
            epsilon * (logs(rows.view(), &self.u) + logs(columns.view(), &self.v) + rest);
        self.certificate.dual_cost = epsilon * (logs(a, &self.u) + logs(b, &self.v) + rest);
        let targets: Vec<usize> = (0..m).filter(|&j| self.v[j] > 0.0).collect();
        let mut transport = 0.0;
        for block in targets.chunks(COLUMNS) {
            let mut indicator = Array2::zeros((m, block.len()));
            block.iter().enumerate().for_each(|(k, &j)| indicator[[j, k]] = 1.0);
            let kernel = self.kernel.apply(indicator.view());
            for (k, &j) in block.iter().enumerate() {
                for i in 0..n {
                    let p = self.u[i] * kernel[[i, k]] * self.v[j];
                    if p > 0.0 {
                        transport -= epsilon * p * kernel[[i, k]].ln();
                    }
                }
            }
        }
        self.transport = transport;
    }
}

impl<K: Kernel + ?Sized> Coupling for KernelPlan<'_, K> {
    fn shape(&self) -> (usize, usize) {
        self.kernel.shape()
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(x.nrows(), self.u.len(), "one row a source point");
        let weighted = &x * &column(&self.u);
        self.kernel.apply_transposed(weighted.view()) * column(&self.v)
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(y.nrows(), self.v.len(), "one row a target point");
        let weighted = &y * &column(&self.v);
        self.kernel.apply(weighted.view()) * column(&self.u)
    }

    fn cost(&self) -> f64 {
        self.transport
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        let cumulative = cumulative(self.masses_from(row).into_iter());
        (cumulative[cumulative.len() - 1] > 0.0).then(|| draw(&cumulative, rng))
    }

    fn to_matrix(&self) -> Array2<f64> {
        // Where the kernel is below its rounding it may be just below zero.
        self.pull(Array2::eye(self.v.len()).view()).mapv_into(|p| p.max(0.0))
    }

    fn masses_from(&self, row: usize) -> Array1<f64> {
        let mut indicator = Array2::zeros((self.u.len(), 1));
        indicator[[row, 0]] = 1.0;
        self.push(indicator.view()).remove_axis(Axis(1)).mapv_into(|p| p.max(0.0))
    }
}
