//! Exact semidiscrete transport in the plane, by power diagrams and Newton's method.

use super::cell::{Cell, Point};
use super::laplacian::Laplacian;
use super::polygon::{convex, distinct, plane, square};
use crate::weights::Weights;
use crate::{Certificate, OtError, Stop};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// What [`power_transport`] returns: the cell of each point, of the area that its weight asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerDiagram {
    points: Vec<Point>,
    cells: Vec<Cell>,
    /// `v`, with `Σ_j b_j v_j = 0`: the cell of `y_j` is where `|x − y_j|² − v_j` is least.
    pub potential: Array1<f64>,
    /// The share of the polygon that each cell has.
    pub masses: Array1<f64>,
    /// Newton steps, the L1 distance of the masses from the weights, `∫ |x − T(x)|²` and the dual value.
    pub certificate: Certificate,
}

/// Transport for the squared distance from the uniform measure of a convex polygon to weighted points of the
/// plane (`None`: equal weights), to rounding.
///
/// The optimal map sends each cell of a power diagram to its point. Damped Newton on the dual, whose gradient
/// is weights minus areas and whose Hessian has the lengths of the borders between cells over twice the
/// distance of their points; steps are halved as long as a cell would lose half of the least area or the
/// error would not fall. J. Kitagawa, Q. Mérigot and B. Thibert, J. Eur. Math. Soc. 21, 2019, arXiv
/// 1603.05579, algorithm 1: globally convergent, quadratic at the end. Areas and costs are exact integrals
/// over polygons. The points need not lie in the polygon.
///
/// O(m²) time a step for m points, O(m) memory. Corners of the polygon in order, in either sense.
///
/// ```
/// use chreode_ot::{Stop, power_transport};
/// use ndarray::array;
///
/// let square = array![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
/// let y = array![[0.25, 0.5], [0.75, 0.5]];
/// let stop = Stop::Within { tolerance: 1e-12, max_iterations: 50 };
/// let diagram = power_transport(square.view(), y.view(), Some(array![1.0, 3.0].view()), stop)?;
/// assert_eq!(diagram.assign(array![[0.2, 0.9], [0.3, 0.1]].view())?, [0, 1]);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
///
/// # Errors
/// No point, points not in the plane, a coordinate that is not finite, a polygon that has no area or is not
/// convex, bad weights or one of zero, two points in one place, or [`OtError::NotConverged`] where the stop
/// asks for a residual.
pub fn power_transport(
    polygon: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    b: Option<ArrayView1<'_, f64>>,
    stop: Stop,
) -> Result<PowerDiagram, OtError> {
    stop.check()?;
    let polygon = convex(&plane("source", polygon)?)?;
    let points = plane("target", y)?;
    let b = Weights::new("target", "the target weights", b, points.len())?.shares;
    if let Some(index) = b.iter().position(|&b| b == 0.0) {
        let (name, range) = ("a target weight", "positive: leave out points without mass");
        return Err(OtError::BadParameter { name, value: b[index], range });
    }
    distinct(&points)?;
    let problem = Problem { area: Cell::whole(&polygon).moments([0.0; 2]).0, polygon, points, b };
    let mut v = problem.start();
    let mut state = problem.at(&v, &[]);
    let least = state.masses.iter().chain(&problem.b).fold(f64::INFINITY, |m, &v| m.min(v)) * 0.5;
    let mut iterations = 0;
    loop {
        let residual = state.error();
        let not_converged = move |tolerance| OtError::NotConverged {
            method: "power transport",
            iterations,
            residual,
            tolerance,
        };
        match stop {
            Stop::Within { tolerance, .. } if residual <= tolerance => break,
            Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                return Err(not_converged(tolerance));
            }
            Stop::After { iterations: last } if iterations >= last => break,
            _ => {}
        }
        let direction = problem.laplacian(&state.cells).solve(&state.gradient);
        let size = state.gradient.dot(&state.gradient).sqrt();
        let mut step = 1.0_f64;
        let next = loop {
            let moved = &v + &(&direction * step);
            let next = problem.at(&moved, &state.cells);
            let rest = next.gradient.dot(&next.gradient).sqrt();
            if next.masses.iter().all(|&m| m >= least) && rest <= (1.0 - 0.5 * step) * size {
                break Some((moved, next));
            }
            step *= 0.5;
            if step < 1e-12 {
                break None;
            }
        };
        match (next, stop) {
            (Some(next), _) => (v, state) = next,
            // Rounding is all that is left.
            (None, Stop::Within { tolerance, .. }) => return Err(not_converged(tolerance)),
            (None, Stop::After { .. }) => break,
        }
        iterations += 1;
    }
    v -= problem.b.dot(&v);
    let residual = state.error();
    let primal_cost: f64 = state.costs.iter().sum();
    let dual_cost = primal_cost + state.gradient.dot(&v);
    let certificate = Certificate { iterations, residual, primal_cost, dual_cost };
    Ok(PowerDiagram {
        points: problem.points,
        cells: state.cells,
        potential: v,
        masses: state.masses,
        certificate,
    })
}

struct Problem {
    polygon: Vec<Point>,
    area: f64,
    points: Vec<Point>,
    b: Array1<f64>,
}

/// The diagram of a potential.
struct State {
    cells: Vec<Cell>,
    masses: Array1<f64>,
    costs: Vec<f64>,
    /// Weights minus masses.
    gradient: Array1<f64>,
}

impl State {
    fn error(&self) -> f64 {
        self.gradient.iter().map(|g| g.abs()).sum()
    }
}

impl Problem {
    /// A potential with no empty cell: the diagram is the Voronoi diagram of the points drawn together into
    /// the polygon.
    fn start(&self) -> Array1<f64> {
        let corners = self.polygon.len() as f64;
        let centre =
            self.polygon.iter().fold([0.0; 2], |c, p| [c[0] + p[0] / corners, c[1] + p[1] / corners]);
        // The largest scale about the centre that keeps every point inside every side, with a margin.
        let mut scale = 1.0_f64;
        for at in 0..self.polygon.len() {
            let (p, q) = (self.polygon[at], self.polygon[(at + 1) % self.polygon.len()]);
            let n = [q[1] - p[1], p[0] - q[0]];
            let along = |x: Point, from: Point| n[0] * (x[0] - from[0]) + n[1] * (x[1] - from[1]);
            let room = along(p, centre);
            for &y in &self.points {
                let out = along(y, centre);
                if out > 0.9 * room {
                    scale = scale.min(0.9 * room / out);
                }
            }
        }
        self.points
            .iter()
            .map(|y| {
                let drawn = [0, 1].map(|k| centre[k] + scale * (y[k] - centre[k]));
                square(*y) - square(drawn) / scale
            })
            .collect()
    }

    /// The diagram of `v`; `near` is one of a potential not far away, or empty.
    fn at(&self, v: &Array1<f64>, near: &[Cell]) -> State {
        let highest = v.iter().fold(f64::NEG_INFINITY, |m, &v| m.max(v));
        let made: Vec<(Cell, f64, f64)> = (0..self.points.len())
            .into_par_iter()
            .map_init(
                || Cell::whole(&self.polygon),
                |spare, j| {
                    let cell = self.cell(j, (v, highest), near.get(j), spare);
                    let (area, second) = cell.moments(self.points[j]);
                    (cell, area / self.area, second / self.area)
                },
            )
            .collect();
        let masses: Array1<f64> = made.iter().map(|m| m.1).collect();
        let costs = made.iter().map(|m| m.2).collect();
        State { gradient: &self.b - &masses, masses, costs, cells: made.into_iter().map(|m| m.0).collect() }
    }

    /// Where `|x − y_j|² − v_j` is least: `2 ⟨x, y_k − y_j⟩ ≤ |y_k|² − v_k − |y_j|² + v_j` for every k.
    ///
    /// The neighbours in a diagram not far away come first. They leave a small cell, that most of the others
    /// do not reach: no point within R of `y_j` is nearer to one at distance D with `D (D − 2 R) ≥ v_k −
    /// v_j`.
    fn cell(
        &self,
        j: usize,
        (v, highest): (&Array1<f64>, f64),
        near: Option<&Cell>,
        spare: &mut Cell,
    ) -> Cell {
        let mut cell = Cell::whole(&self.polygon);
        let y = self.points[j];
        let radius = |cell: &Cell| {
            let most = |m: f64, p: &Point| m.max(square([p[0] - y[0], p[1] - y[1]]));
            // A margin for rounding: to cut once too often does no harm.
            cell.corners.iter().fold(0.0, most).sqrt() * (1.0 + 1e-9)
        };
        let mut reach = radius(&cell);
        // The squared distance beyond which no point has a say, whatever its potential.
        let beyond = |reach: f64| (reach + (reach * reach + (highest - v[j]).max(0.0)).sqrt()).powi(2);
        let mut horizon = beyond(reach);
        let first = near.into_iter().flat_map(|near| near.behind.iter().copied().flatten());
        for k in first.chain(0..self.points.len()) {
            let z = self.points[k];
            let n = [z[0] - y[0], z[1] - y[1]];
            let far = square(n);
            if far > horizon || k == j {
                continue;
            }
            let lead = v[k] - v[j];
            if far - 2.0 * far.sqrt() * reach >= lead {
                continue;
            }
            // From the middle of the two points, so that far-away points do not cancel.
            let middle = 0.5 * (n[0] * (z[0] + y[0]) + n[1] * (z[1] + y[1]));
            if cell.cut(n, middle - 0.5 * lead, k, spare) {
                reach = radius(&cell);
                horizon = beyond(reach);
            }
            if cell.corners.is_empty() {
                break;
            }
        }
        cell
    }

    /// Minus the Hessian of the dual.
    fn laplacian(&self, cells: &[Cell]) -> Laplacian {
        let mut edges = Vec::new();
        for (j, cell) in cells.iter().enumerate() {
            for (behind, length) in cell.sides() {
                if let Some(k) = behind.filter(|k| *k > j) {
                    let n = [self.points[k][0] - self.points[j][0], self.points[k][1] - self.points[j][1]];
                    edges.push((j, k, length / (2.0 * n[0].hypot(n[1]) * self.area)));
                }
            }
        }
        Laplacian::new(cells.len(), edges)
    }
}

impl PowerDiagram {
    /// The corners of a cell, anticlockwise, one a row.
    ///
    /// # Panics
    /// If there is no such point.
    pub fn cell(&self, point: usize) -> Array2<f64> {
        let corners = &self.cells[point].corners;
        Array2::from_shape_fn((corners.len(), 2), |(k, c)| corners[k][c])
    }

    /// The point that each row of `x` goes to, the lowest of equals.
    ///
    /// # Errors
    /// Points not in the plane, or a coordinate that is not finite.
    pub fn assign(&self, x: ArrayView2<'_, f64>) -> Result<Vec<usize>, OtError> {
        let x = plane("source", x)?;
        let value = |x: Point, j: usize| {
            square([x[0] - self.points[j][0], x[1] - self.points[j][1]]) - self.potential[j]
        };
        let least = |x: &Point| {
            (1..self.points.len()).fold(0, |best, j| if value(*x, j) < value(*x, best) { j } else { best })
        };
        Ok(x.iter().map(least).collect())
    }
}
