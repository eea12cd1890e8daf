//! A problem's Jacobian and the factors made of it, kept from step to step.

use crate::{Factor, Jacobian, Matrix, StepError, Structure, Work};
use chreode_core::Coordinates;

/// The Jacobian J of a problem M y′ = f(t, y), and the LU factors of `shift · M − J`.
///
/// Part of the memory of an implicit method; it counts what it does.
pub struct Linearised<W> {
    jacobian: Matrix,
    factor: Factor<f64>,
    workspace: W,
    buffer: Vec<f64>,
    shift: Option<f64>,
    work: Work,
}

impl<W> Linearised<W> {
    /// Room for the Jacobians of `problem` at states like `y`; nothing is evaluated.
    ///
    /// # Errors
    /// [`StepError::WrongSize`] when a pattern or the mass matrix has another size than the state.
    pub fn new<P, Y>(problem: &P, y: &Y) -> Result<Self, StepError>
    where
        P: Jacobian<Y, Workspace = W> + ?Sized,
        Y: Coordinates,
    {
        let (jacobian, mass) = matrices(problem, y)?;
        let factor = Factor::new(&jacobian, mass);
        Ok(Self {
            workspace: problem.workspace(y, &jacobian),
            factor,
            buffer: vec![0.0; jacobian.size()],
            jacobian,
            shift: None,
            work: Work::default(),
        })
    }

    /// J as it was last evaluated.
    pub fn jacobian(&self) -> &Matrix {
        &self.jacobian
    }

    /// The norm ‖J‖₁, the largest sum of a column: at least as large as every eigenvalue.
    pub fn norm(&self) -> f64 {
        let (mut column, mut sum, mut largest) = (0, 0.0, 0.0f64);
        self.jacobian.for_each(|_, j, value| {
            if j != column {
                (column, sum) = (j, 0.0);
            }
            sum += value.abs();
            largest = largest.max(sum);
        });
        largest
    }

    /// The shift of the present factors; `None` when there are none of the present Jacobian.
    #[inline]
    pub fn shift(&self) -> Option<f64> {
        self.shift
    }

    /// Makes the next step factor afresh.
    pub(crate) fn forget(&mut self) {
        self.shift = None;
    }

    /// What was done so far.
    #[inline]
    pub fn work(&self) -> Work {
        self.work
    }

    /// Evaluates J at `(t, y)`, where `slope = f(t, y)`; returns the evaluations spent. The factors of the
    /// Jacobian before stay in use until [`factor`](Self::factor).
    ///
    /// # Errors
    /// [`StepError::OutsideStructure`].
    pub fn differentiate<P, Y>(&mut self, problem: &P, t: f64, y: &Y, slope: &Y) -> Result<usize, StepError>
    where
        P: Jacobian<Y, Workspace = W> + ?Sized,
        Y: Coordinates,
    {
        self.jacobian.clear();
        let evals = problem.jacobian(t, y, slope, &mut self.jacobian, &mut self.workspace);
        self.work.jacobians += 1;
        self.shift = None;
        match self.jacobian.outside() {
            Some((row, column)) => Err(StepError::OutsideStructure { t, row, column }),
            None => Ok(evals),
        }
    }

    /// Sets `out = ∂f/∂t`; returns the evaluations spent.
    pub fn time_derivative<P, Y>(&mut self, problem: &P, t: f64, y: &Y, slope: &Y, out: &mut Y) -> usize
    where
        P: Jacobian<Y, Workspace = W> + ?Sized,
        Y: Coordinates,
    {
        problem.time_derivative(t, y, slope, out, &mut self.workspace)
    }

    /// Factors `shift · M − J` for the step of `h` from `t`.
    ///
    /// # Errors
    /// [`StepError::Singular`].
    #[inline]
    pub fn factor(&mut self, mass: Option<&Matrix>, shift: f64, t: f64, h: f64) -> Result<(), StepError> {
        self.shift = None;
        self.work.factorisations += 1;
        let result = self.factor.refactor(shift, mass, &self.jacobian);
        result.map_err(|singular| StepError::Singular { t, h, column: singular.column })?;
        self.shift = Some(shift);
        Ok(())
    }

    /// Replaces `b` by the solution of `(shift · M − J) x = b`.
    #[inline]
    pub fn solve<Y: Coordinates>(&mut self, b: &mut Y) {
        self.work.solves += 1;
        if let Some(b) = b.as_doubles_mut() {
            return self.factor.solve(b);
        }
        b.read(&mut self.buffer);
        self.factor.solve(&mut self.buffer);
        b.write(&self.buffer);
    }
}

/// A zero Jacobian of the right structure, and the mass matrix, both of the size of `y`.
pub(crate) fn matrices<'p, P, Y>(problem: &'p P, y: &Y) -> Result<(Matrix, Option<&'p Matrix>), StepError>
where
    P: Jacobian<Y> + ?Sized,
    Y: Coordinates,
{
    let (expected, structure) = (y.size(), problem.structure());
    if let Structure::Sparse(pattern) = &structure
        && pattern.size() != expected
    {
        return Err(StepError::WrongSize { matrix: "Jacobian's pattern", expected, found: pattern.size() });
    }
    let mass = problem.mass();
    if let Some(mass) = mass.filter(|mass| mass.size() != expected) {
        return Err(StepError::WrongSize { matrix: "mass matrix", expected, found: mass.size() });
    }
    Ok((Matrix::zeros(expected, structure), mass))
}

/// Products with a mass matrix, without new memory.
pub(crate) struct MassProduct<Y> {
    sum: Y,
    from: Vec<f64>,
    to: Vec<f64>,
}

impl<Y: Coordinates> MassProduct<Y> {
    pub(crate) fn new(y: &Y) -> Self {
        Self { sum: y.duplicate(), from: vec![0.0; y.size()], to: vec![0.0; y.size()] }
    }

    /// `out = factor · M · x`, with M the identity when there is none.
    #[inline]
    pub(crate) fn set(&mut self, mass: Option<&Matrix>, factor: f64, x: &Y, out: &mut Y) {
        let Some(mass) = mass else { return Y::sum_into(&[(factor, x)], out) };
        x.read(&mut self.from);
        self.to.fill(0.0);
        mass.multiply_add(factor, &self.from, &mut self.to);
        out.write(&self.to);
    }

    /// `out += factor · M · x`, with M the identity when there is none.
    #[inline]
    pub(crate) fn add(&mut self, mass: Option<&Matrix>, factor: f64, x: &Y, out: &mut Y) {
        let Some(mass) = mass else {
            out.plus_into(&[(factor, x)], &mut self.sum);
            return std::mem::swap(out, &mut self.sum);
        };
        x.read(&mut self.from);
        out.read(&mut self.to);
        mass.multiply_add(factor, &self.from, &mut self.to);
        out.write(&self.to);
    }
}
