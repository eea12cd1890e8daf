//! Transport on a line, in O(n log n).

mod circle;
mod power;
mod shift;
mod side;
mod staircase;

pub use circle::Circle;

use crate::simplex::units::Units;
use crate::{Geometry, OtError, SparsePlan, Transport};
use chreode_core::Real;
use ndarray::ArrayView1;
use power::Power;
use side::Side;
use staircase::{Walk, walk};
use std::ops::Range;

/// Points on a line with the cost `|x − y|ᵖ`, p ≥ 1.
///
/// Any solver takes it. [`Transport::monotone_plan`] knows more: the optimal plan keeps the order of the points, so
/// sorting them solves the problem, exactly and with its dual potentials, in O((n + m) log(n + m)) time and O(n + m)
/// memory. See F. Santambrogio, *Optimal Transport for Applied Mathematicians*, 2015, section 2.2,
/// doi 10.1007/978-3-319-20828-2.
///
/// ```
/// use chreode_ot::{Line, Transport};
/// use ndarray::array;
///
/// let line = Line::new(array![0.0, 3.0, 1.0].view(), array![2.0, 4.0, 1.0].view(), 2.0)?;
/// let problem = Transport::uniform(&line)?;
/// let plan = problem.monotone_plan();
/// assert_eq!(plan.entries().iter().map(|e| e.column).collect::<Vec<_>>(), [2, 1, 0]);
/// assert!(plan.gap() < 1e-15);
/// assert!((problem.distance() - 1.0).abs() < 1e-15);  // W₂
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    source: Side,
    target: Side,
    power: Power,
}

impl Line {
    /// Sorts the sources `x` and the targets `y`; `exponent` is p.
    ///
    /// # Errors
    /// An empty side, a point that is not finite, or an exponent below 1.
    pub fn new<T: Real>(x: ArrayView1<'_, T>, y: ArrayView1<'_, T>, exponent: f64) -> Result<Self, OtError> {
        let power = Power::new(exponent)?;
        let (source, target) = (Side::new("source", x, |v| v)?, Side::new("target", y, |v| v)?);
        let line = Self { source, target, power };
        // The ends are the farthest apart: if their costs are finite, all are.
        let last = |side: &Side| side.order[side.len() - 1] as usize;
        for (row, column) in [
            (line.source.order[0] as usize, last(&line.target)),
            (last(&line.source), line.target.order[0] as usize),
        ] {
            let value = line.cost(row, column);
            if !value.is_finite() {
                return Err(OtError::BadCost { row, column, value });
            }
        }
        Ok(line)
    }

    /// p.
    pub fn exponent(&self) -> f64 {
        self.power.exponent()
    }
}

impl Geometry for Line {
    fn shape(&self) -> (usize, usize) {
        (self.source.len(), self.target.len())
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let x = self.source.points[row];
        buffer.clear();
        buffer.extend(self.target.points[columns].iter().map(|y| self.power.of(x - y)));
        buffer
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        self.power.of(self.source.points[row] - self.target.points[column])
    }
}

impl Transport<'_, Line> {
    /// The exact plan, which keeps the order of the points, with dual potentials.
    ///
    /// At most `n + m - 1` entries. The potentials are sums along the plan: `u_i + v_j ≤ c_ij` holds up to their rounding.
    /// The same bits for any number of threads.
    pub fn monotone_plan(&self) -> SparsePlan {
        let Line { source, target, power } = self.geometry();
        let units = Units::new(self.source(), self.target());
        let [source, target] = [(source, &units.source), (target, &units.target)].map(|(side, mass)| Walk {
            at: (&side.sorted).into(),
            index: (&side.order).into(),
            mass: side.order.iter().map(|&i| mass[i as usize]).collect(),
        });
        let stairs = walk(*power, &source, &target, usize::MAX);
        stairs.plan(&source, units.unit, [self.source(), self.target()])
    }

    /// W_p between the two measures, each normalised: the p-th root of the optimal cost of a unit of mass.
    ///
    /// Without the plan: memory beyond the problem is two numbers a point.
    pub fn distance(&self) -> f64 {
        let Line { source, target, power } = self.geometry();
        let units = Units::new(self.source(), self.target());
        let mass = |side: &Side, units: &[i64], k: usize| units[side.order[k] as usize];
        let (mut i, mut j, mut cost, mut total) = (0, 0, 0.0, 0.0);
        let (mut supply, mut demand) = (mass(source, &units.source, 0), mass(target, &units.target, 0));
        loop {
            let flow = supply.min(demand);
            cost += flow as f64 * power.of(source.sorted[i] - target.sorted[j]);
            total += flow as f64;
            (supply, demand) = (supply - flow, demand - flow);
            if supply == 0 && i + 1 < source.len() {
                i += 1;
                supply = mass(source, &units.source, i);
            } else if demand == 0 && j + 1 < target.len() {
                j += 1;
                demand = mass(target, &units.target, j);
            } else {
                return power.root(cost / total);
            }
        }
    }
}
