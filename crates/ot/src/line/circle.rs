//! Transport on a circle, in O(n log n).

use super::power::Power;
use super::shift::Turning;
use super::side::Side;
use super::staircase::{Walk, walk};
use crate::simplex::units::Units;
use crate::{Geometry, OtError, SparsePlan, Transport};
use chreode_core::Real;
use ndarray::ArrayView1;
use std::ops::Range;

/// Points on a circle with the cost `d(x, y)ᵖ`, p ≥ 1, where `d` is the length of the shorter arc.
///
/// For phases: of the cell cycle, of a circadian clock, angles. Any solver takes it;
/// [`Transport::monotone_plan`](Transport#method.monotone_plan-1) solves it exactly and with dual potentials, by the
/// method of J. Delon, J. Salomon and A. Sobolevski (SIAM J. Appl. Math. 70, 2010, doi 10.1137/090772708): an optimal
/// plan keeps the order around the circle, and one convex problem in one number, the shift, is left. Sorting and some
/// tens of sweeps: O((n + m) log(n + m)) time, O(n + m) memory.
///
/// ```
/// use chreode_ot::{Circle, Transport};
/// use ndarray::array;
///
/// // On a clock of 24 hours 23:00 is two hours from 1:00.
/// let clock = Circle::new(array![23.0, 6.0].view(), array![1.0, 7.0].view(), 1.0, 24.0)?;
/// let problem = Transport::uniform(&clock)?;
/// assert_eq!(problem.distance(), 1.5);
/// assert!(problem.monotone_plan().gap() < 1e-15);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Circle {
    source: Side,
    target: Side,
    power: Power,
    circumference: f64,
}

impl Circle {
    /// Sorts the sources `x` and the targets `y`, taken modulo `circumference`; `exponent` is p.
    ///
    /// # Errors
    /// An empty side, a point that is not finite, an exponent below 1, a circumference that is not positive and finite,
    /// or one so large that costs overflow.
    pub fn new<T: Real>(
        x: ArrayView1<'_, T>,
        y: ArrayView1<'_, T>,
        exponent: f64,
        circumference: f64,
    ) -> Result<Self, OtError> {
        let power = Power::new(exponent)?;
        // A lifted point is at most two turns away.
        let largest = power.of(3.0 * circumference);
        if !(circumference > 0.0 && largest > 0.0 && largest.is_finite()) {
            return Err(OtError::BadParameter {
                name: "the circumference",
                value: circumference,
                range: "positive and finite, and so must be its p-th power",
            });
        }
        let place = |v: f64| {
            let rest = v.rem_euclid(circumference);
            if rest < circumference { rest } else { 0.0 }
        };
        let (source, target) = (Side::new("source", x, place)?, Side::new("target", y, place)?);
        Ok(Self { source, target, power, circumference })
    }

    /// p.
    pub fn exponent(&self) -> f64 {
        self.power.exponent()
    }

    /// The length of the whole circle.
    pub fn circumference(&self) -> f64 {
        self.circumference
    }

    #[inline]
    fn between(&self, x: f64, y: f64) -> f64 {
        let d = (x - y).abs();
        self.power.of(d.min(self.circumference - d))
    }
}

impl Geometry for Circle {
    fn shape(&self) -> (usize, usize) {
        (self.source.len(), self.target.len())
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let x = self.source.points[row];
        buffer.clear();
        buffer.extend(self.target.points[columns].iter().map(|&y| self.between(x, y)));
        buffer
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        self.between(self.source.points[row], self.target.points[column])
    }
}

impl Transport<'_, Circle> {
    /// The exact plan, which keeps the order of the points around the circle, with dual potentials.
    ///
    /// At most `n + m - 1` entries. The potentials are sums along the plan: `u_i + v_j ≤ c_ij` holds up to their rounding.
    /// The same bits for any number of threads.
    pub fn monotone_plan(&self) -> SparsePlan {
        let Circle { source, target, power, circumference } = self.geometry();
        let units = Units::new(self.source(), self.target());
        let (mass_x, mass_y) = (in_order(source, &units.source), in_order(target, &units.target));
        let turning = self.turning(&mass_x, &mass_y);
        let cut = turning.cut(turning.best());
        let rotated = |side: &Side, mass: &[i64], from: usize, turn: i64| {
            let size = side.len();
            let places = || (from..from + size).map(|k| (k % size, turn + (k / size) as i64));
            Walk {
                at: places().map(|(k, turn)| side.sorted[k] + turn as f64 * circumference).collect(),
                index: places().map(|(k, _)| side.order[k]).collect(),
                mass: places().map(|(k, _)| mass[k]).collect(),
            }
        };
        let x = rotated(source, &mass_x, cut.source.index, cut.source.turn);
        let y = rotated(target, &mass_y, cut.target + 1, 0);
        let stairs = walk(*power, &x, &y, cut.after);
        stairs.plan(&x, units.unit, [self.source(), self.target()])
    }

    /// W_p between the two measures, each normalised: the p-th root of the optimal cost of a unit of mass.
    pub fn distance(&self) -> f64 {
        let Circle { source, target, power, .. } = self.geometry();
        let units = Units::new(self.source(), self.target());
        let (mass_x, mass_y) = (in_order(source, &units.source), in_order(target, &units.target));
        let turning = self.turning(&mass_x, &mass_y);
        let total: i64 = mass_x.iter().sum();
        power.root(turning.piece(turning.best()).cost / total as f64)
    }

    fn turning(&self, mass_x: &[i64], mass_y: &[i64]) -> Turning<'_> {
        let Circle { source, target, power, circumference } = self.geometry();
        Turning::new((&source.sorted, mass_x), (&target.sorted, mass_y), *circumference, *power)
    }
}

/// Masses from left to right.
fn in_order(side: &Side, units: &[i64]) -> Vec<i64> {
    side.order.iter().map(|&i| units[i as usize]).collect()
}
