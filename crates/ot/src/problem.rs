//! A transport problem as a value: costs and two marginals.

use crate::{Coupling, Geometry, OtError};
use chreode_core::Real;
use ndarray::{Array1, ArrayView1};

/// The largest relative difference of the two totals that is taken for rounding.
///
/// Masses that come from `f32` arithmetic (a softmax, counts divided by their sum) miss 1 by about
/// 1e-7; this admits them. The target masses are then scaled to the source's total.
pub const MASS_TOLERANCE: f64 = 1e-5;

/// Minimise `⟨C, P⟩` over plans `P ≥ 0` with `P 1 = a` and `Pᵀ 1 = b`.
#[derive(Clone, Debug)]
pub struct Transport<'g, G: ?Sized> {
    geometry: &'g G,
    a: Array1<f64>,
    b: Array1<f64>,
}

impl<'g, G: Geometry + ?Sized> Transport<'g, G> {
    /// The problem with masses `a` (source) and `b` (target). Zero masses are allowed.
    ///
    /// The masses need not sum to 1; the plan carries the total of `a`.
    ///
    /// # Errors
    /// An empty side, a wrong length, a mass that is negative or not finite, a side without mass, or
    /// totals that differ by more than [`MASS_TOLERANCE`] of themselves.
    pub fn new<T: Real>(
        geometry: &'g G,
        a: ArrayView1<'_, T>,
        b: ArrayView1<'_, T>,
    ) -> Result<Self, OtError> {
        let (n, m) = sides(geometry)?;
        let a = masses("source", "the source masses", a, n)?;
        let b = masses("target", "the target masses", b, m)?;
        let (source_total, target_total) = (a.sum(), b.sum());
        if (source_total - target_total).abs() > MASS_TOLERANCE * source_total.max(target_total) {
            return Err(OtError::Unbalanced { source_total, target_total });
        }
        let b = if source_total == target_total { b } else { b * (source_total / target_total) };
        Ok(Self { geometry, a, b })
    }

    /// The problem with equal masses on each side, of total 1.
    ///
    /// # Errors
    /// An empty side.
    pub fn uniform(geometry: &'g G) -> Result<Self, OtError> {
        let (n, m) = sides(geometry)?;
        let equal = |size: usize| Array1::from_elem(size, 1.0 / size as f64);
        Ok(Self { geometry, a: equal(n), b: equal(m) })
    }

    /// Where the costs come from.
    pub fn geometry(&self) -> &'g G {
        self.geometry
    }

    /// The source masses.
    pub fn source(&self) -> ArrayView1<'_, f64> {
        self.a.view()
    }

    /// The target masses, scaled to the source's total.
    pub fn target(&self) -> ArrayView1<'_, f64> {
        self.b.view()
    }

    /// `(n, m)`.
    pub fn shape(&self) -> (usize, usize) {
        (self.a.len(), self.b.len())
    }

    /// The same problem by reference to the trait: what a solver that asks for rows is compiled for, once.
    pub(crate) fn erased<'e>(&self, geometry: &'e dyn Geometry) -> AnyTransport<'e> {
        Transport { geometry, a: self.a.clone(), b: self.b.clone() }
    }
}

/// A problem with any geometry.
pub(crate) type AnyTransport<'e> = Transport<'e, dyn Geometry + 'e>;

pub(crate) fn sides<G: Geometry + ?Sized>(geometry: &G) -> Result<(usize, usize), OtError> {
    match geometry.shape() {
        (0, _) => Err(OtError::Empty { side: "source" }),
        (_, 0) => Err(OtError::Empty { side: "target" }),
        shape => Ok(shape),
    }
}

pub(crate) fn masses<T: Real>(
    side: &'static str,
    what: &'static str,
    masses: ArrayView1<'_, T>,
    expected: usize,
) -> Result<Array1<f64>, OtError> {
    if masses.len() != expected {
        return Err(OtError::Shape { what, expected, found: masses.len() });
    }
    let masses = masses.mapv(Real::to_f64);
    if let Some((index, &value)) = masses.indexed_iter().find(|(_, m)| !m.is_finite() || **m < 0.0) {
        return Err(OtError::BadMass { side, index, value });
    }
    match masses.sum() {
        0.0 => Err(OtError::NoMass { side }),
        total if !total.is_finite() => {
            Err(OtError::BadParameter { name: "the total mass", value: total, range: "finite" })
        }
        _ => Ok(masses),
    }
}

/// A method that turns a problem into a plan.
pub trait OtSolver {
    /// What it returns; it may keep reading the geometry.
    type Plan<'g, G: Geometry + ?Sized + 'g>: Coupling;

    /// A plan of `problem`.
    ///
    /// # Errors
    /// What the method says of problems it cannot solve.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'g, G>,
    ) -> Result<Self::Plan<'g, G>, OtError>;
}
