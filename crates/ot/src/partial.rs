//! Partial transport: a given mass moves, and the rest stays where it is.

mod simplex;
mod sinkhorn;

pub use simplex::PartialSimplex;
pub use sinkhorn::PartialSinkhorn;

use crate::problem::{masses, sides};
use crate::{Geometry, OtError};
use chreode_core::Real;
use ndarray::{Array1, ArrayView1};

/// Minimise `⟨C, P⟩` over plans `P ≥ 0` with `P 1 ≤ a`, `Pᵀ 1 ≤ b` and `Σ P_ij = mass`.
///
/// L. A. Caffarelli and R. J. McCann, Ann. Math. 171, 2010, doi 10.4007/annals.2010.171.673.
#[derive(Clone, Debug)]
pub struct PartialTransport<'g, G: ?Sized> {
    geometry: &'g G,
    a: Array1<f64>,
    b: Array1<f64>,
    mass: f64,
}

impl<'g, G: Geometry + ?Sized> PartialTransport<'g, G> {
    /// The problem with masses `a` (source) and `b` (target) of any totals, of which `mass` moves.
    ///
    /// # Errors
    /// An empty side, a wrong length, a mass that is negative or not finite, a side without mass, or a mass to move
    /// that is negative or above the smaller total (by more than rounding).
    pub fn new<T: Real>(
        geometry: &'g G,
        a: ArrayView1<'_, T>,
        b: ArrayView1<'_, T>,
        mass: f64,
    ) -> Result<Self, OtError> {
        let (n, m) = sides(geometry)?;
        let a = masses("source", "the source masses", a, n)?;
        let b = masses("target", "the target masses", b, m)?;
        let most = a.sum().min(b.sum());
        if !(mass >= 0.0 && mass <= most * (1.0 + 1e-12)) {
            return Err(OtError::PartialMass { mass, most });
        }
        Ok(Self { geometry, a, b, mass: mass.min(most) })
    }

    /// The same with a share of the smaller total, between 0 and 1.
    ///
    /// # Errors
    /// As [`new`](Self::new), or a share outside its range.
    pub fn share<T: Real>(
        geometry: &'g G,
        a: ArrayView1<'_, T>,
        b: ArrayView1<'_, T>,
        share: f64,
    ) -> Result<Self, OtError> {
        if !(0.0..=1.0).contains(&share) {
            let (name, range) = ("the share of the mass", "between 0 and 1");
            return Err(OtError::BadParameter { name, value: share, range });
        }
        let all = Self::new(geometry, a, b, 0.0)?;
        let mass = share * all.a.sum().min(all.b.sum());
        Ok(Self { mass, ..all })
    }

    /// Where the costs come from.
    pub fn geometry(&self) -> &'g G {
        self.geometry
    }

    /// The source masses.
    pub fn source(&self) -> ArrayView1<'_, f64> {
        self.a.view()
    }

    /// The target masses.
    pub fn target(&self) -> ArrayView1<'_, f64> {
        self.b.view()
    }

    /// The mass to move.
    pub fn mass(&self) -> f64 {
        self.mass
    }

    /// `(n, m)`.
    pub fn shape(&self) -> (usize, usize) {
        (self.a.len(), self.b.len())
    }
}
