//! Costs on a graph: only the listed moves are allowed.

use crate::{Geometry, OtError};
use ndarray::ArrayView1;
use std::ops::Range;

/// The costs of the moves from one source point: of a geometry `'g`, in it or in a buffer `'b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moves<'g, 'b> {
    /// To every target, in their order; `+∞` where forbidden.
    All(&'b [f64]),
    /// To some targets; all others are forbidden.
    Listed {
        /// The targets, ascending.
        columns: &'g [u32],
        /// Their costs.
        costs: &'b [f64],
    },
}

impl<'b> Moves<'_, 'b> {
    /// The costs, of all targets or of the listed ones.
    pub fn costs(&self) -> &'b [f64] {
        match *self {
            Self::All(costs) | Self::Listed { costs, .. } => costs,
        }
    }

    /// `v_j = min(v_j, c_j - u)`.
    pub(crate) fn lower(&self, u: f64, v: &mut [f64]) {
        let least = |v: &mut f64, c: f64| *v = if c - u < *v { c - u } else { *v };
        match self {
            Self::All(costs) => v.iter_mut().zip(*costs).for_each(|(v, &c)| least(v, c)),
            Self::Listed { columns, costs } => {
                columns.iter().zip(*costs).for_each(|(&j, &c)| least(&mut v[j as usize], c));
            }
        }
    }
}

/// Costs of `n × m` moves of which few are allowed, row by row (CSR): memory O(n + moves).
///
/// For moves along a graph of neighbours, between cells of one clone, within a radius. The
/// [`NetworkSimplex`](crate::NetworkSimplex) reads the list alone and never looks at `n m` moves; other solvers see `+∞`
/// where a move is not listed.
///
/// ```
/// use chreode_ot::{Coupling, NetworkSimplex, OtSolver, SparseCosts, Transport};
///
/// // A source point, a target point, a cost.
/// let graph = SparseCosts::from_moves((2, 2), vec![(0, 0, 1.0), (1, 0, 0.0), (1, 1, 2.0)])?;
/// let plan = NetworkSimplex::default().solve(&Transport::uniform(&graph)?)?;
/// assert_eq!(plan.cost(), 1.5);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SparseCosts {
    columns: usize,
    start: Vec<usize>,
    column: Vec<u32>,
    cost: Vec<f64>,
}

impl SparseCosts {
    /// From moves `(source, target, cost)` in any order.
    ///
    /// # Errors
    /// An empty side, a move out of range or listed twice, or a cost that is NaN or −∞.
    pub fn from_moves(shape: (usize, usize), mut moves: Vec<(usize, usize, f64)>) -> Result<Self, OtError> {
        moves.sort_unstable_by_key(|&(row, column, _)| (row, column));
        if let Some(&(row, column, _)) = moves.last()
            && row >= shape.0
        {
            return Err(OtError::BadMove { row, column, rows: shape.0, columns: shape.1 });
        }
        let start: Vec<usize> = (0..=shape.0).map(|i| moves.partition_point(|&(row, ..)| row < i)).collect();
        let column: Vec<usize> = moves.iter().map(|&(_, column, _)| column).collect();
        let cost: Vec<f64> = moves.iter().map(|&(.., cost)| cost).collect();
        Self::from_csr(shape.1, &start, &column, ArrayView1::from(&cost))
    }

    /// From rows in compressed form: the moves of row `i` are `start[i]..start[i + 1]` of `column` and `cost`.
    ///
    /// # Errors
    /// An empty side, lists of different lengths, a start that is below the one before, targets of a row that do not
    /// ascend or are out of range, or a cost that is NaN or −∞.
    pub fn from_csr(
        columns: usize,
        start: &[usize],
        column: &[usize],
        cost: ArrayView1<'_, f64>,
    ) -> Result<Self, OtError> {
        let rows = start.len().saturating_sub(1);
        for (side, size) in [("source", rows), ("target", columns)] {
            if size == 0 {
                return Err(OtError::Empty { side });
            }
        }
        for (what, expected, found) in [
            ("the list of the moves' costs", column.len(), cost.len()),
            ("the end of the last row of moves", column.len(), start[rows]),
            ("the start of the first row of moves", 0, start[0]),
        ] {
            if found != expected {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        for row in 0..rows {
            if start[row] > start[row + 1] {
                let what = "the end of a row of moves";
                return Err(OtError::Shape { what, expected: start[row], found: start[row + 1] });
            }
        }
        for row in 0..rows {
            let mut least = 0;
            for k in start[row]..start[row + 1] {
                let column = column[k];
                if column >= columns || column < least || u32::try_from(column).is_err() {
                    return Err(OtError::BadMove { row, column, rows, columns });
                }
                least = column + 1;
                let value = cost[k];
                if value.is_nan() || value == f64::NEG_INFINITY {
                    return Err(OtError::BadCost { row, column, value });
                }
            }
        }
        let column = column.iter().map(|&c| c as u32).collect();
        Ok(Self { columns, start: start.to_vec(), column, cost: cost.to_vec() })
    }

    /// The number of listed moves.
    pub fn len(&self) -> usize {
        self.column.len()
    }

    /// Whether no move is listed.
    pub fn is_empty(&self) -> bool {
        self.column.is_empty()
    }

    fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let moves = self.start[row]..self.start[row + 1];
        (&self.column[moves.clone()], &self.cost[moves])
    }
}

impl Geometry for SparseCosts {
    fn shape(&self) -> (usize, usize) {
        (self.start.len() - 1, self.columns)
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        buffer.clear();
        buffer.resize(columns.len(), f64::INFINITY);
        let (listed, costs) = self.row(row);
        let first = listed.partition_point(|&c| (c as usize) < columns.start);
        for (&column, &cost) in listed[first..].iter().zip(&costs[first..]) {
            match buffer.get_mut(column as usize - columns.start) {
                Some(place) => *place = cost,
                None => break,
            }
        }
        buffer
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        let (listed, costs) = self.row(row);
        listed.binary_search(&(column as u32)).map_or(f64::INFINITY, |place| costs[place])
    }

    fn moves<'g: 'b, 'b>(&'g self, row: usize, _buffer: &'b mut Vec<f64>) -> Moves<'g, 'b> {
        let (columns, costs) = self.row(row);
        Moves::Listed { columns, costs }
    }
}
