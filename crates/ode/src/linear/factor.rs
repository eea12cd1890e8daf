//! The factors of shift · M − J: the matrix every implicit method solves with.

use super::banded::{self, Band};
use super::sparse::SparseLu;
use super::{Matrix, Number, Pattern, Structure, dense};
use std::sync::Arc;
use thiserror::Error;

/// A matrix without an inverse.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the matrix is singular: elimination finds no pivot in column {column}")]
pub struct Singular {
    /// The first column that has no pivot (counted from 0).
    pub column: usize,
}

/// The LU factors of `shift · M − J`, real or complex, dense, banded or sparse, with
/// partial pivoting.
///
/// M is a mass matrix or the identity. The structure is the union of those of J and M. After
/// [`new`](Self::new) dense and banded factorisations allocate nothing; nor does a sparse one that can keep
/// the pivots of the one before.
///
/// ```
/// use chreode_ode::{Factor, Matrix};
///
/// let jacobian = Matrix::from_rows(&[[0.0, 1.0], [-2.0, 3.0]]);
/// let mut factor = Factor::<f64>::new(&jacobian, None);
/// factor.refactor(4.0, None, &jacobian)?;
/// let mut x = [3.0, 3.0]; // [[4, -1], [2, 1]] x = [3, 3]
/// factor.solve(&mut x);
/// assert_eq!(x, [1.0, 1.0]);
/// # Ok::<(), chreode_ode::Singular>(())
/// ```
#[derive(Clone, Debug)]
pub struct Factor<T> {
    size: usize,
    kind: Kind<T>,
}

#[derive(Clone, Debug)]
enum Kind<T> {
    Dense {
        a: Vec<T>,
        pivots: Vec<usize>,
    },
    Banded {
        band: Band,
        a: Vec<T>,
        pivots: Vec<usize>,
    },
    Sparse {
        pattern: Arc<Pattern>,
        values: Vec<T>,
        jacobian: Vec<usize>,
        mass: Vec<usize>,
        lu: Box<SparseLu<T>>,
    },
}

impl<T: Number> Factor<T> {
    /// Room for the factors of matrices with the structures of these; no values are looked at.
    pub fn new(jacobian: &Matrix, mass: Option<&Matrix>) -> Self {
        let size = jacobian.size();
        let structures = (jacobian.structure(), mass.map_or(&Structure::DIAGONAL, Matrix::structure));
        let kind = match structures {
            (Structure::Dense, _) | (_, Structure::Dense) => {
                Kind::Dense { a: vec![T::default(); size * size], pivots: vec![0; size] }
            }
            (
                Structure::Banded { lower, upper },
                Structure::Banded { lower: mass_lower, upper: mass_upper },
            ) => {
                let last = size.saturating_sub(1);
                let (lower, upper) =
                    ((*lower).max(*mass_lower).min(last), (*upper).max(*mass_upper).min(last));
                let band = Band { lower, upper };
                Kind::Banded { band, a: vec![T::default(); size * band.depth()], pivots: vec![0; size] }
            }
            (jacobian, mass) => Self::sparse(size, jacobian, mass),
        };
        Self { size, kind }
    }

    fn sparse(size: usize, jacobian: &Structure, mass: &Structure) -> Kind<T> {
        let places = |structure: &Structure| -> Vec<_> {
            (0..size).flat_map(|j| structure.rows(size, j).map(move |i| (i, j))).collect()
        };
        let (jacobian, mass) = (places(jacobian), places(mass));
        let union = Pattern::new(size, jacobian.iter().chain(&mass).copied())
            .expect("a structure has no place outside its matrix");
        let find = |places: Vec<(usize, usize)>| -> Vec<usize> {
            let find = |(i, j)| union.position(i, j).expect("the union holds both");
            places.into_iter().map(find).collect()
        };
        let (jacobian, mass) = (find(jacobian), find(mass));
        let (values, lu) = (vec![T::default(); union.len()], Box::new(SparseLu::new(&union)));
        Kind::Sparse { pattern: Arc::new(union), values, jacobian, mass, lu }
    }

    /// Rows and columns.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Entries that the factors hold: what a structure saves.
    pub fn entries(&self) -> usize {
        match &self.kind {
            Kind::Dense { a, .. } | Kind::Banded { a, .. } => a.len(),
            Kind::Sparse { lu, .. } => lu.entries(),
        }
    }

    /// Factors `shift · M − J`, with M the identity when there is none. The matrices must have the
    /// structures that [`new`](Self::new) saw.
    ///
    /// # Errors
    /// [`Singular`]; the factors are then of no use until the next success.
    #[inline]
    pub fn refactor(&mut self, shift: T, mass: Option<&Matrix>, jacobian: &Matrix) -> Result<(), Singular> {
        let n = self.size;
        match &mut self.kind {
            Kind::Dense { a, pivots } => {
                if let Structure::Dense = jacobian.structure() {
                    for (a, j) in a.iter_mut().zip(jacobian.values()) {
                        *a = T::from(-j);
                    }
                } else {
                    a.fill(T::default());
                    jacobian.for_each(|i, j, value| a[j * n + i] = T::from(-value));
                }
                match mass {
                    None => a.iter_mut().step_by(n + 1).for_each(|a| *a += shift),
                    Some(mass) => mass.for_each(|i, j, value| a[j * n + i] += shift * T::from(value)),
                }
                dense::factor(a, pivots)
            }
            Kind::Banded { band, a, pivots } => {
                a.fill(T::default());
                let (depth, diagonal) = (band.depth(), band.diagonal());
                let place = |i: usize, j: usize| j * depth + diagonal + i - j;
                jacobian.for_each(|i, j, value| a[place(i, j)] = T::from(-value));
                match mass {
                    None => a.iter_mut().skip(diagonal).step_by(depth).for_each(|a| *a += shift),
                    Some(mass) => mass.for_each(|i, j, value| a[place(i, j)] += shift * T::from(value)),
                }
                banded::factor(*band, a, pivots)
            }
            Kind::Sparse { pattern, values, jacobian: from_jacobian, mass: from_mass, lu } => {
                values.fill(T::default());
                let mut places = from_jacobian.iter();
                jacobian.for_each(|_, _, value| {
                    if let Some(&at) = places.next() {
                        values[at] = T::from(-value);
                    }
                });
                let mut places = from_mass.iter();
                match mass {
                    None => places.for_each(|&at| values[at] += shift),
                    Some(mass) => mass.for_each(|_, _, value| {
                        if let Some(&at) = places.next() {
                            values[at] += shift * T::from(value);
                        }
                    }),
                }
                lu.factor(pattern, values)
            }
        }
    }

    /// Replaces `b` by the solution of `(shift · M − J) x = b`.
    #[inline]
    pub fn solve(&mut self, b: &mut [T]) {
        match &mut self.kind {
            Kind::Dense { a, pivots } => dense::solve(a, pivots, b),
            Kind::Banded { band, a, pivots } => banded::solve(*band, a, pivots, b),
            Kind::Sparse { lu, .. } => lu.solve(b),
        }
    }
}
