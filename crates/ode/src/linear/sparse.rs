//! LU factors of sparse matrices: column by column, with the pattern of the first factorisation reused.
//!
//! J. R. Gilbert, T. Peierls, SIAM J. Sci. Stat. Comput. 9 (1988) 862-874, doi:10.1137/0909058; reuse of
//! pattern and pivots after T. A. Davis, E. Palamadai Natarajan, ACM Trans. Math. Softw. 37 (2010) 36,
//! doi:10.1145/1824801.1824814.

use super::order::minimum_degree;
use super::{Number, Pattern, Singular};

/// A diagonal entry is the pivot when it is at least this part of the largest candidate.
const PREFER_DIAGONAL: f64 = 1e-3;

/// Old pivots are kept while none is smaller than this part of its column.
const KEEP_PIVOT: f64 = 1e-4;

const NONE: usize = usize::MAX;

/// Columns of unequal length, one after another.
#[derive(Clone, Debug, Default)]
struct Columns<T> {
    starts: Vec<usize>,
    rows: Vec<usize>,
    values: Vec<T>,
}

impl<T: Number> Columns<T> {
    fn clear(&mut self) {
        self.starts.clear();
        self.starts.push(0);
        self.rows.clear();
        self.values.clear();
    }

    fn push(&mut self, row: usize, value: T) {
        self.rows.push(row);
        self.values.push(value);
    }

    fn close(&mut self) {
        self.starts.push(self.rows.len());
    }

    #[inline]
    fn range(&self, j: usize) -> std::ops::Range<usize> {
        self.starts[j]..self.starts[j + 1]
    }

    #[inline]
    fn column(&self, j: usize) -> impl Iterator<Item = (usize, T)> {
        let range = self.range(j);
        self.rows[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }
}

/// Factors P A Q = L U, and all that is needed to make them again.
#[derive(Clone, Debug)]
pub(super) struct SparseLu<T> {
    /// Which column is eliminated when.
    order: Vec<usize>,
    /// Which row is the pivot when, inverted: row i of A is row `place[i]` of L and U.
    place: Vec<usize>,
    lower: Columns<T>,
    /// Without its diagonal; the rows of a column in the order in which they are to be eliminated.
    upper: Columns<T>,
    /// Reciprocals of the diagonal of U.
    diagonal: Vec<T>,
    /// Whether the pattern and the pivots are those of an earlier factorisation.
    known: bool,
    work: Vec<T>,
    stack: Vec<(usize, usize)>,
    reach: Vec<usize>,
    mark: Vec<usize>,
}

impl<T: Number> SparseLu<T> {
    pub(super) fn new(pattern: &Pattern) -> Self {
        let n = pattern.size();
        let mut edges = vec![Vec::new(); n];
        for j in 0..n {
            for &i in pattern.column(j).iter().filter(|&&i| i != j) {
                edges[i].push(j);
                edges[j].push(i);
            }
        }
        for neighbours in &mut edges {
            neighbours.sort_unstable();
            neighbours.dedup();
        }
        let empty = Columns { starts: vec![0], rows: Vec::new(), values: Vec::new() };
        Self {
            order: minimum_degree(edges),
            place: vec![NONE; n],
            lower: empty.clone(),
            upper: empty,
            diagonal: vec![T::default(); n],
            known: false,
            work: vec![T::default(); n],
            stack: Vec::with_capacity(n),
            reach: Vec::with_capacity(n),
            mark: vec![NONE; n],
        }
    }

    /// Entries in both factors.
    pub(super) fn entries(&self) -> usize {
        self.lower.rows.len() + self.upper.rows.len() + self.diagonal.len()
    }

    /// Factors the matrix with these values in the places of `pattern`.
    pub(super) fn factor(&mut self, pattern: &Pattern, values: &[T]) -> Result<(), Singular> {
        if self.known && self.again(pattern, values) {
            return Ok(());
        }
        self.known = false;
        let result = self.afresh(pattern, values);
        self.known = result.is_ok();
        result
    }

    /// With the pattern and the pivots of before. False when a pivot is now too small.
    fn again(&mut self, pattern: &Pattern, values: &[T]) -> bool {
        let Self { order, place, lower, upper, diagonal, work: x, .. } = self;
        for (k, &j) in order.iter().enumerate() {
            for (&i, &value) in pattern.column(j).iter().zip(&values[pattern.start(j)..]) {
                x[place[i]] = value;
            }
            for at in upper.range(k) {
                let row = upper.rows[at];
                let u = x[row];
                x[row] = T::default();
                upper.values[at] = u;
                for (i, l) in lower.column(row) {
                    x[i] -= l * u;
                }
            }
            let pivot = x[k];
            x[k] = T::default();
            let inverse = pivot.recip();
            let mut largest = 0.0f64;
            for at in lower.range(k) {
                let row = lower.rows[at];
                largest = largest.max(x[row].size());
                lower.values[at] = x[row] * inverse;
                x[row] = T::default();
            }
            let size = pivot.size();
            let fine = size > 0.0 && size < f64::INFINITY && size >= KEEP_PIVOT * largest;
            if !fine {
                return false;
            }
            diagonal[k] = inverse;
        }
        true
    }

    /// Finds pattern and pivots.
    fn afresh(&mut self, pattern: &Pattern, values: &[T]) -> Result<(), Singular> {
        let n = self.order.len();
        self.lower.clear();
        self.upper.clear();
        self.place.fill(NONE);
        self.mark.fill(NONE);
        self.work.fill(T::default());
        for k in 0..n {
            let j = self.order[k];
            self.reach(pattern, k, j);
            for (&i, &value) in pattern.column(j).iter().zip(&values[pattern.start(j)..]) {
                self.work[i] = value;
            }
            let Self { place, lower, upper, work: x, reach, .. } = self;
            let (mut row, mut largest) = (NONE, 0.0);
            // The reach comes out in reverse order of elimination.
            for &i in reach.iter().rev() {
                let value = x[i];
                if place[i] == NONE {
                    let size = value.size();
                    if size > largest {
                        (row, largest) = (i, size);
                    }
                    continue;
                }
                upper.push(place[i], value);
                for (below, l) in lower.column(place[i]) {
                    x[below] -= l * value;
                }
            }
            if !(largest > 0.0 && largest < f64::INFINITY) {
                return Err(Singular { column: j });
            }
            if place[j] == NONE && x[j].size() >= PREFER_DIAGONAL * largest {
                row = j;
            }
            let inverse = x[row].recip();
            place[row] = k;
            for &i in reach.iter() {
                if place[i] == NONE {
                    lower.push(i, x[i] * inverse);
                }
                x[i] = T::default();
            }
            self.diagonal[k] = inverse;
            lower.close();
            upper.close();
        }
        // From rows of A to rows of L.
        for row in &mut self.lower.rows {
            *row = self.place[*row];
        }
        Ok(())
    }

    /// Leaves in `reach` every row that column `j` of A fills in, those that depend on others first.
    fn reach(&mut self, pattern: &Pattern, k: usize, j: usize) {
        let Self { place, lower, stack, reach, mark, .. } = self;
        reach.clear();
        for &root in pattern.column(j) {
            if mark[root] == k {
                continue;
            }
            mark[root] = k;
            stack.push((root, 0));
            while let Some((i, next)) = stack.last_mut() {
                let (i, from) = (*i, *next);
                let below = if place[i] == NONE { &[][..] } else { &lower.rows[lower.range(place[i])] };
                match below[from..].iter().position(|&row| mark[row] != k) {
                    Some(step) => {
                        *next = from + step + 1;
                        let row = below[from + step];
                        mark[row] = k;
                        stack.push((row, 0));
                    }
                    None => {
                        reach.push(i);
                        stack.pop();
                    }
                }
            }
        }
    }

    /// Solves with the factors.
    pub(super) fn solve(&mut self, b: &mut [T]) {
        let Self { order, place, lower, upper, diagonal, work: x, .. } = self;
        for (&row, &value) in place.iter().zip(&*b) {
            x[row] = value;
        }
        for k in 0..order.len() {
            let value = x[k];
            for (i, l) in lower.column(k) {
                x[i] -= l * value;
            }
        }
        for k in (0..order.len()).rev() {
            let value = x[k] * diagonal[k];
            x[k] = value;
            for (i, u) in upper.column(k) {
                x[i] -= u * value;
            }
        }
        for (&column, value) in order.iter().zip(&mut *x) {
            b[column] = std::mem::take(value);
        }
    }
}
