//! A space seen from inside: the costs between its own points.

use super::product;
use crate::OtError;
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// The costs `C_ik` between the points of one space, as Gromov-Wasserstein transport reads them.
///
/// Either a matrix, or two factors with `C = L Rᵀ`, whose products with the plan cost O(n r) a column in
/// place of O(n²): squared Euclidean distances have `r = d + 2`.
///
/// ```
/// use chreode_ot::Structure;
/// use ndarray::array;
///
/// let structure = Structure::squared_euclidean(array![[0.0, 0.0], [3.0, 4.0]].view())?;
/// assert_eq!(structure.size(), 2);
/// assert!((structure.to_matrix()[[0, 1]] - 25.0).abs() < 1e-12);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    form: Form,
    symmetric: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Matrix(Array2<f64>),
    Factors { left: Array2<f64>, right: Array2<f64> },
}

impl Structure {
    /// Distances or other costs, none negative; need not be symmetric.
    ///
    /// # Errors
    /// A matrix that is empty or not square, or an entry that is negative or not finite.
    pub fn matrix<T: Real>(costs: ArrayView2<'_, T>) -> Result<Self, OtError> {
        let structure = Self::kernel(costs)?;
        if let Form::Matrix(costs) = &structure.form
            && let Some(((row, column), &value)) = costs.indexed_iter().find(|(_, c)| **c < 0.0)
        {
            return Err(OtError::BadEntry { what: "the structure", row, column, value });
        }
        Ok(structure)
    }

    /// Similarities of any sign: inner products, a kernel, an adjacency matrix with weights.
    ///
    /// # Errors
    /// A matrix that is empty or not square, or an entry that is not finite.
    pub fn kernel<T: Real>(similarities: ArrayView2<'_, T>) -> Result<Self, OtError> {
        let (rows, columns) = similarities.dim();
        if rows != columns {
            return Err(OtError::NotSquare { what: "the structure", rows, columns });
        }
        if rows == 0 {
            return Err(OtError::Empty { side: "structure's" });
        }
        let matrix = similarities.mapv(Real::to_f64);
        if let Some(((row, column), &value)) = matrix.indexed_iter().find(|(_, c)| !c.is_finite()) {
            return Err(OtError::NotFinite { what: "the structure", row, column, value });
        }
        let symmetric = matrix == matrix.t();
        Ok(Self { form: Form::Matrix(matrix), symmetric })
    }

    /// `|x_i - x_k|²` between the rows of `points`, as factors of `d + 2` columns: memory O(n d).
    ///
    /// The points are centred first, which keeps the cancellation in `|x|² + |y|² - 2⟨x, y⟩` small.
    ///
    /// # Errors
    /// No points, or a coordinate that is not finite.
    pub fn squared_euclidean<T: Real>(points: ArrayView2<'_, T>) -> Result<Self, OtError> {
        let (left, right) = crate::low_rank::squared_euclidean_factors("structure's", points, points)?;
        Ok(Self { form: Form::Factors { left, right }, symmetric: true })
    }

    /// `C = left rightᵀ`, of any sign.
    ///
    /// # Errors
    /// No points, factors of different shapes, or an entry that is not finite.
    pub fn factored(left: Array2<f64>, right: Array2<f64>) -> Result<Self, OtError> {
        if left.nrows() == 0 {
            return Err(OtError::Empty { side: "structure's" });
        }
        for (what, expected, found) in [
            ("the right factor's first axis", left.nrows(), right.nrows()),
            ("the right factor's second axis", left.ncols(), right.ncols()),
        ] {
            if expected != found {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        for (what, factor) in [("the left factor", &left), ("the right factor", &right)] {
            if let Some(((row, column), &value)) = factor.indexed_iter().find(|(_, c)| !c.is_finite()) {
                return Err(OtError::NotFinite { what, row, column, value });
            }
        }
        let symmetric = left == right;
        Ok(Self { form: Form::Factors { left, right }, symmetric })
    }

    /// The number of points.
    pub fn size(&self) -> usize {
        match &self.form {
            Form::Matrix(matrix) => matrix.nrows(),
            Form::Factors { left, .. } => left.nrows(),
        }
    }

    /// The costs as a matrix.
    pub fn to_matrix(&self) -> Array2<f64> {
        match &self.form {
            Form::Matrix(matrix) => matrix.clone(),
            Form::Factors { left, right } => product(left.view(), right.t()),
        }
    }

    pub(super) fn form(&self) -> &Form {
        &self.form
    }

    /// Whether `C = Cᵀ`, as far as is known without computing the product of factors.
    pub(super) fn is_symmetric(&self) -> bool {
        self.symmetric
    }

    /// `Cᵀ`.
    pub(super) fn turned(&self) -> Self {
        let form = match &self.form {
            Form::Matrix(matrix) => Form::Matrix(matrix.t().as_standard_layout().into_owned()),
            Form::Factors { left, right } => Form::Factors { left: right.clone(), right: left.clone() },
        };
        Self { form, symmetric: self.symmetric }
    }

    /// `f(C)`, entry by entry, as a matrix.
    pub(super) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let mut matrix = self.to_matrix();
        matrix.mapv_inplace(f);
        Self { form: Form::Matrix(matrix), symmetric: self.symmetric }
    }

    /// `C X`.
    pub(super) fn times(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        match &self.form {
            Form::Matrix(matrix) => product(matrix.view(), x),
            Form::Factors { left, right } => product(left.view(), product(right.t(), x).view()),
        }
    }

    /// `C p`.
    pub(super) fn apply(&self, p: &Array1<f64>) -> Array1<f64> {
        match &self.form {
            Form::Matrix(matrix) => matrix.dot(p),
            Form::Factors { left, right } => left.dot(&right.t().dot(p)),
        }
    }

    /// `(C ∘ C) p`, for factors in O(n r²).
    pub(super) fn apply_squares(&self, p: &Array1<f64>) -> Array1<f64> {
        match &self.form {
            Form::Matrix(matrix) => {
                matrix.rows().into_iter().map(|row| row.iter().zip(p).map(|(c, p)| c * c * p).sum()).collect()
            }
            Form::Factors { left, right } => {
                let weighted = right * &p.view().insert_axis(Axis(1));
                let middle = right.t().dot(&weighted);
                let right = left.dot(&middle);
                left.rows().into_iter().zip(right.rows()).map(|(l, r)| l.dot(&r)).collect()
            }
        }
    }
}
