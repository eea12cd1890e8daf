//! The three stages of a Radau step by simplified Newton iteration in split coordinates.

use super::constants::{C, PAIR, REAL, T, T_INVERSE};
use crate::implicit::linearised::MassProduct;
use crate::{Factor, Jacobian, Linearised, Matrix, Newton, StepError, Work};
use chreode_core::{Complex, Coordinates, Norm};

/// Iterations allowed when the stages are wanted to rounding.
const MOST: usize = 50;

/// Both factors, the stages, and the scratch space of their iteration.
pub(super) struct Stages<Y, W> {
    /// J and the real factors.
    pub(super) linear: Linearised<W>,
    pair: Factor<Complex<f64>>,
    pairs: Work,
    /// zᵢ = Yᵢ − y.
    pub(super) z: [Y; 3],
    /// The same, split.
    w: [Y; 3],
    change: [Y; 3],
    k: [Y; 3],
    point: Y,
    scratch: Y,
    complex: Vec<Complex<f64>>,
    parts: [Vec<f64>; 2],
    pub(super) mass: MassProduct<Y>,
    /// What is still to be expected of an iteration, as a part of its last change.
    remainder: f64,
    /// The rate of convergence seen last.
    pub(super) rate: f64,
    /// Iterations of the last step.
    pub(super) iterations: usize,
}

impl<Y: Coordinates, W> Stages<Y, W> {
    pub(super) fn new<P>(problem: &P, y: &Y) -> Result<Self, StepError>
    where
        P: Jacobian<Y, Workspace = W> + ?Sized,
    {
        let linear = Linearised::new(problem, y)?;
        let three = || std::array::from_fn(|_| y.zeros_like());
        let n = y.size();
        Ok(Self {
            pair: Factor::new(linear.jacobian(), problem.mass()),
            linear,
            pairs: Work::default(),
            z: three(),
            w: three(),
            change: three(),
            k: three(),
            point: y.duplicate(),
            scratch: y.duplicate(),
            complex: vec![Complex::default(); n],
            parts: [vec![0.0; n], vec![0.0; n]],
            mass: MassProduct::new(y),
            remainder: 1.0,
            rate: 1.0,
            iterations: 0,
        })
    }

    pub(super) fn work(&self) -> Work {
        let (real, pair) = (self.linear.work(), self.pairs);
        Work {
            factorisations: real.factorisations + pair.factorisations,
            solves: real.solves + pair.solves,
            ..real
        }
    }

    /// Factors both matrices for steps of `h`.
    pub(super) fn factor(&mut self, mass: Option<&Matrix>, t: f64, h: f64) -> Result<(), StepError> {
        self.linear.factor(mass, REAL / h, t, h)?;
        self.pairs.factorisations += 1;
        let shift = Complex::new(PAIR.re / h, PAIR.im / h);
        let result = self.pair.refactor(shift, mass, self.linear.jacobian());
        result.map_err(|singular| StepError::Singular { t, h, column: singular.column })
    }

    /// Starts the iteration from `z`, set before.
    pub(super) fn begin(&mut self) {
        let Self { z, w, .. } = self;
        combine(&T_INVERSE, z, w);
    }

    /// Iterates until the stages are known; returns the evaluations spent.
    pub(super) fn iterate<P, N>(
        &mut self,
        newton: &Newton,
        problem: &P,
        (t, h): (f64, f64),
        y: &Y,
        norm: Option<&N>,
    ) -> Result<usize, StepError>
    where
        P: Jacobian<Y, Workspace = W> + ?Sized,
        N: Norm<Y>,
    {
        self.remainder = self.remainder.max(f64::EPSILON).powf(0.8);
        let mut before = 0.0;
        // Without a norm the stages are found to rounding, however many iterations that takes.
        let (most, goal) = if norm.is_some() { (newton.most, newton.accuracy) } else { (MOST, 1.0) };
        let failed = |residual, iterations| StepError::NotConverged { t, h, iterations, residual };
        for iteration in 1..=most {
            for i in 0..3 {
                y.plus_into(&[(1.0, &self.z[i])], &mut self.point);
                problem.eval_into(t + C[i] * h, &self.point, &mut self.k[i]);
            }
            self.solve(problem.mass(), h);
            let size = self.size(y, norm);
            if !size.is_finite() {
                return Err(failed(size, iteration));
            }
            if iteration > 1 {
                let rate = size / before;
                self.rate = if iteration == 2 { rate } else { (self.rate * rate).sqrt() };
                if self.rate >= 0.99 && size > goal {
                    return Err(failed(size, iteration));
                }
                self.remainder = self.rate / (1.0 - self.rate).max(0.01);
                let ahead = (most - iteration) as i32;
                if norm.is_some() && self.remainder * self.rate.powi(ahead - 1) * size > goal {
                    return Err(failed(size, iteration));
                }
            }
            self.advance();
            if size == 0.0 || self.remainder * size <= goal {
                self.iterations = iteration;
                if iteration == 1 {
                    self.rate = self.rate.min(self.remainder);
                }
                return Ok(3 * iteration);
            }
            before = size;
        }
        Err(failed(before, most))
    }

    /// The changes of the split coordinates.
    fn solve(&mut self, mass: Option<&Matrix>, h: f64) {
        let Self { linear, pair, w, change, k, scratch, complex, parts, mass: product, .. } = self;
        combine(&T_INVERSE, k, change);
        product.add(mass, -REAL / h, &w[0], &mut change[0]);
        linear.solve(&mut change[0]);
        // The right-hand side less (PAIR/h) M (w₁ + i w₂).
        let (re, im) = (PAIR.re / h, PAIR.im / h);
        Y::sum_into(&[(-re, &w[1]), (im, &w[2])], scratch);
        product.add(mass, 1.0, scratch, &mut change[1]);
        Y::sum_into(&[(-im, &w[1]), (-re, &w[2])], scratch);
        product.add(mass, 1.0, scratch, &mut change[2]);
        change[1].read(&mut parts[0]);
        change[2].read(&mut parts[1]);
        for (c, (re, im)) in complex.iter_mut().zip(parts[0].iter().zip(&parts[1])) {
            *c = Complex::new(*re, *im);
        }
        pair.solve(complex);
        self.pairs.solves += 1;
        for (i, c) in complex.iter().enumerate() {
            (parts[0][i], parts[1][i]) = (c.re, c.im);
        }
        change[1].write(&parts[0]);
        change[2].write(&parts[1]);
    }

    fn size<N: Norm<Y>>(&self, y: &Y, norm: Option<&N>) -> f64 {
        let squares = self.change.iter().map(|change| match norm {
            Some(norm) => norm.measure(change, y, y).powi(2),
            // To rounding, in parts of the state.
            None => change.dot(change) / (1e-26 * y.dot(y).max(f64::MIN_POSITIVE)),
        });
        (squares.sum::<f64>() / 3.0).sqrt()
    }

    /// Adds the changes, and turns back to stages.
    fn advance(&mut self) {
        let Self { z, w, change, scratch, .. } = self;
        for (w, change) in w.iter_mut().zip(change) {
            w.plus_into(&[(1.0, change)], scratch);
            std::mem::swap(w, scratch);
        }
        combine(&T, w, z);
    }
}

/// `outᵢ = Σⱼ mᵢⱼ xⱼ`.
fn combine<Y: Coordinates>(m: &[[f64; 3]; 3], x: &[Y; 3], out: &mut [Y; 3]) {
    for (row, out) in m.iter().zip(out) {
        Y::sum_into(&[(row[0], &x[0]), (row[1], &x[1]), (row[2], &x[2])], out);
    }
}
