//! Two plans one after the other.

use super::{Certificate, Coupling};
use crate::OtError;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::Rng;

/// `P₁₂ diag(1/b) P₂₃`: from the first population to the third through the second, without forming the product.
///
/// Mass goes by the first plan, and on by the conditionals of the second, as in a Markov chain; `b` are the masses that the
/// second plan sends from the middle. Where both plans have the same masses in the middle, the marginals are those of the
/// two ends. Any number of plans compose: a composition is a plan, and takes plans by value or by reference.
///
/// The cost and both values of the certificate are the sums over the two plans, the cost of the whole path.
///
/// ```
/// use chreode_ot::{Composed, Coupling, Permutation};
///
/// let (first, second) = (Permutation::new(vec![1, 2, 0], 0.5)?, Permutation::new(vec![0, 2, 1], 0.25)?);
/// let both = Composed::new(&first, &second)?;
/// assert_eq!(both.conditional(0).unwrap().to_vec(), [0.0, 0.0, 1.0]); // 0 → 1 → 2
/// assert_eq!(both.cost(), 0.75);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Composed<P, Q> {
    first: P,
    second: Q,
    /// `1/b`, and 0 where the second plan sends nothing.
    inverse: Array1<f64>,
}

impl<P: Coupling, Q: Coupling> Composed<P, Q> {
    /// The two plans in the order in which mass goes.
    ///
    /// # Errors
    /// Different numbers of points in the middle, or one of them that receives mass and sends none.
    pub fn new(first: P, second: Q) -> Result<Self, OtError> {
        let (middle, found) = (first.shape().1, second.shape().0);
        if middle != found {
            return Err(OtError::Shape {
                what: "the source side of the second plan",
                expected: middle,
                found,
            });
        }
        let (arriving, leaving) = (first.marginals().1, second.marginals().0);
        let stuck = |(_, (arriving, leaving)): &(usize, (&f64, &f64))| **arriving > 0.0 && **leaving <= 0.0;
        if let Some((point, (&mass, _))) = arriving.iter().zip(&leaving).enumerate().find(stuck) {
            return Err(OtError::NoWayOn { point, mass });
        }
        let inverse = leaving.mapv(|mass| if mass > 0.0 { 1.0 / mass } else { 0.0 });
        Ok(Self { first, second, inverse })
    }

    /// The first plan.
    pub fn first(&self) -> &P {
        &self.first
    }

    /// The second.
    pub fn second(&self) -> &Q {
        &self.second
    }

    fn through_middle(&self, mut x: Array2<f64>) -> Array2<f64> {
        x *= &self.inverse.view().insert_axis(Axis(1));
        x
    }
}

impl<P: Coupling, Q: Coupling> Coupling for Composed<P, Q> {
    fn shape(&self) -> (usize, usize) {
        (self.first.shape().0, self.second.shape().1)
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.second.push(self.through_middle(self.first.push(x)).view())
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        self.first.pull(self.through_middle(self.second.pull(y)).view())
    }

    fn cost(&self) -> f64 {
        self.first.cost() + self.second.cost()
    }

    fn certificate(&self) -> Certificate {
        let (first, second) = (self.first.certificate(), self.second.certificate());
        Certificate {
            iterations: first.iterations + second.iterations,
            residual: first.residual + second.residual,
            primal_cost: first.primal_cost + second.primal_cost,
            dual_cost: first.dual_cost + second.dual_cost,
        }
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        let middle = self.first.sample_target(row, rng)?;
        self.second.sample_target(middle, rng)
    }

    fn masses_from(&self, row: usize) -> Array1<f64> {
        let middle = self.through_middle(self.first.masses_from(row).insert_axis(Axis(1)));
        self.second.push(middle.view()).remove_axis(Axis(1))
    }
}
