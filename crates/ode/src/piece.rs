//! The interpolant of one Runge-Kutta step, as a value of its own.

use crate::combine::with_more_terms;
use crate::tableau::MAX_DENSE;
use crate::{Dense, DenseSlope, Tableau};
use chreode_core::VectorSpace;

/// One step of an explicit Runge-Kutta method, y(t + θh) = y + h Σ bᵢ(θ) kᵢ; holds its own copy of the
/// stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece<Y> {
    tableau: Tableau,
    t: f64,
    h: f64,
    y: Y,
    k: Vec<Y>,
}

impl<Y: VectorSpace> Piece<Y> {
    /// `k` are the stages, `extra` those of the interpolant alone.
    pub(crate) fn new(tableau: Tableau, t: f64, h: f64, y: &Y, k: &[Y], extra: &[Y]) -> Self {
        let k = k.iter().chain(extra).map(Y::duplicate).collect();
        Self { tableau, t, h, y: y.duplicate(), k }
    }
}

impl<Y: VectorSpace> Dense<Y> for Piece<Y> {
    fn at(&self, t: f64) -> Y {
        self.tableau.interpolate((t - self.t) / self.h, self.h, &self.y, &self.k, &[])
    }
}

impl<Y: VectorSpace> DenseSlope<Y> for Piece<Y> {
    fn slope(&self, t: f64) -> Y {
        self.tableau.slope((t - self.t) / self.h, &self.k)
    }
}

impl Tableau {
    /// y + h Σ bᵢ(θ) kᵢ, over the stages `k` and then `extra`.
    pub(crate) fn interpolate<Y: VectorSpace>(&self, theta: f64, h: f64, y: &Y, k: &[Y], extra: &[Y]) -> Y {
        let n = k.len() + extra.len();
        debug_assert_eq!(n, self.dense_stages(), "one state a stage");
        let mut weights = [0.0; MAX_DENSE];
        for (i, weight) in weights.iter_mut().enumerate().take(n) {
            *weight = self.weight(i, theta);
        }
        with_more_terms(h, &weights[..n], k, extra, |terms| y.plus(terms))
    }
}

/// A piece by the name of its method, as it is stored.
#[cfg(feature = "serde")]
mod stored {
    use super::Piece;
    use crate::Tableau;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize)]
    #[serde(rename = "Piece")]
    struct Lent<'a, Y> {
        method: &'a str,
        t: f64,
        h: f64,
        y: &'a Y,
        k: &'a [Y],
    }

    #[derive(Deserialize)]
    #[serde(rename = "Piece")]
    struct Owned<Y> {
        method: String,
        t: f64,
        h: f64,
        y: Y,
        k: Vec<Y>,
    }

    /// By the name of the method: one of [`METHODS`](crate::METHODS), else it is an error.
    impl<Y: Serialize> Serialize for Piece<Y> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let method = self.tableau.coefficients().name;
            if Tableau::named(method).ok().as_ref() != Some(&self.tableau) {
                return Err(S::Error::custom(format_args!(
                    "the tableau {method:?} is not one of METHODS, so its name does not stand for it; store states \
                     at times instead"
                )));
            }
            let Self { t, h, y, k, .. } = self;
            Lent { method, t: *t, h: *h, y, k }.serialize(serializer)
        }
    }

    impl<'de, Y: Deserialize<'de>> Deserialize<'de> for Piece<Y> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let Owned { method, t, h, y, k } = Owned::deserialize(deserializer)?;
            let tableau = Tableau::named(&method).map_err(D::Error::custom)?;
            if k.len() != tableau.dense_stages() {
                return Err(D::Error::invalid_length(k.len(), &"one state a stage of the method"));
            }
            Ok(Self { tableau, t, h, y, k })
        }
    }
}
