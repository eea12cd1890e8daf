//! States as elements of a vector space: a linear combination and a norm are all a solver asks for.

mod array;
mod complex;
mod fixed;
mod kernel;
mod list;
mod scalar;
mod terms;
mod tuple;

pub use tuple::Passenger;

/// Relative and absolute tolerance of a scaled error norm.
///
/// Neither has a default: an accuracy nobody chose is an accuracy nobody can trust.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Relative to the size of the state.
    pub rtol: f64,
    /// In the units of the state.
    pub atol: f64,
}

impl Tolerance {
    /// The same number for both.
    pub const fn both(tolerance: f64) -> Self {
        Self { rtol: tolerance, atol: tolerance }
    }

    /// The scale `atol + rtol max(|a|, |b|)` an entry's error is divided by.
    #[inline]
    pub fn scale(&self, a: f64, b: f64) -> f64 {
        let (a, b) = (a.abs(), b.abs());
        // A NaN in `b`, the newer state, is kept; one instruction, where `f64::max` needs five.
        self.atol + self.rtol * if a > b { a } else { b }
    }
}

/// A state that can be combined linearly and measured.
///
/// Every scalar that crosses this trait is an `f64`; the entries may be `f32`, `f64`, or live on
/// another device. Four methods are required. The functional forms ([`plus`](Self::plus)) are what an
/// autograd tape needs; the in-place forms ([`plus_into`](Self::plus_into)) reuse memory and are
/// overridden where that pays. A test holds each override to the default.
pub trait VectorSpace: Sized {
    /// Whether a state is a few numbers on the stack, for which straight-line code pays however many
    /// stages a method has. Says nothing of what a state can do.
    const SMALL: bool = false;

    /// `self + Σ cᵢ xᵢ`, as a new value, in one pass.
    fn plus(&self, terms: &[(f64, &Self)]) -> Self;

    /// Zero, of the same shape.
    fn zeros_like(&self) -> Self;

    /// The inner product `⟨self, other⟩`, summed in `f64`.
    fn dot(&self, other: &Self) -> f64;

    /// `Σᵢ (selfᵢ / (atol + rtol max(|aᵢ|, |bᵢ|)))²` and the number of entries counted.
    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize);

    /// A copy.
    fn duplicate(&self) -> Self {
        self.plus(&[])
    }

    /// `out = self + Σ cᵢ xᵢ`.
    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        *out = self.plus(terms);
    }

    /// `out = Σ cᵢ xᵢ`.
    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        *out = out.zeros_like().plus(terms);
    }

    /// Whether every entry is a number. A solver asks this of each state it hands out.
    ///
    /// By default whether `⟨self, self⟩` is finite, which also refuses entries beyond 1e154; overridden
    /// where entries can be looked at.
    fn is_finite(&self) -> bool {
        self.dot(self).is_finite()
    }

    /// The index of the first entry that is not a number, where entries can be told apart; by default
    /// they cannot.
    fn first_not_finite(&self) -> Option<usize> {
        None
    }

    /// How many entries there are, passengers included.
    fn entries(&self) -> usize {
        self.scaled_square_sum(self, self, Tolerance::both(1.0)).1
    }

    /// `out = base + Σ cᵢ xᵢ` over lists of states of one length, or `Σ cᵢ xᵢ` without a base: what a
    /// `Vec` of states is combined by. Overridden for numbers, whose list is a slice.
    fn list_into(base: Option<&[Self]>, terms: &[(f64, &Vec<Self>)], out: &mut [Self]) {
        for (i, out) in out.iter_mut().enumerate() {
            terms::map(
                terms,
                |list| &list[i],
                |terms| match base {
                    Some(base) => base[i].plus_into(terms, out),
                    None => Self::sum_into(terms, out),
                },
            );
        }
    }

    /// [`scaled_square_sum`](Self::scaled_square_sum) over lists of states of one length.
    fn list_scaled_square_sum(list: &[Self], a: &[Self], b: &[Self], tolerance: Tolerance) -> (f64, usize) {
        list.iter().zip(a.iter().zip(b)).fold((0.0, 0), |(sum, count), (e, (a, b))| {
            let (s, n) = e.scaled_square_sum(a, b, tolerance);
            (sum + s, count + n)
        })
    }

    /// Root mean square of the scaled error: 1 is exactly on tolerance. 0 when no entry counts.
    #[inline]
    fn scaled_rms(&self, a: &Self, b: &Self, tolerance: Tolerance) -> f64 {
        let (sum, count) = self.scaled_square_sum(a, b, tolerance);
        if count == 0 { 0.0 } else { (sum / count as f64).sqrt() }
    }
}
