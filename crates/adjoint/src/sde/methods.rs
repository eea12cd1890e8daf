//! The methods whose steps can be pulled back.

use super::diffusion::DiffusionVjp;
use super::scheme::{SdeScheme, StagePoint, StageTerm};
use StageTerm::{Drift, Noise};
use chreode_core::{VectorSpace, Vjp};
use chreode_ode::{StepError, Stepper};
use chreode_sde::{
    AdditiveDiffusion, BrownianPath, EulerHeun, EulerMaruyama, Ito, LevyPath, RungeKuttaMilstein, Sde, Sea,
    Shark, SlowRk, Spark, Sra1, Sriw1, StochasticHeun, StochasticMidpoint, Stratonovich, UncoupledDiffusion,
};

/// A method for stochastic equations whose steps can be pulled back.
///
/// Those of chreode-sde all are. [`Milstein`](chreode_sde::Milstein) needs second derivatives of g for it
/// ([`CommutativeVjp`](crate::CommutativeVjp)); [`RungeKuttaMilstein`] has the same order without.
pub trait PathwiseMethod<F, G, W, C, Y>
where
    F: Vjp<Y>,
    Y: VectorSpace,
    W: BrownianPath,
    G: DiffusionVjp<Y, Noise = W::Noise>,
{
    /// All that is carried from step to step: the state, and what runs along.
    type State: VectorSpace;
    /// The method on all of it.
    type Carried: Stepper<Sde<F, G, W, C>, Self::State>;

    /// The method on all that is carried.
    fn carried(&self) -> Self::Carried;

    /// What a solve begins with.
    fn start(y0: Y) -> Self::State;

    /// The state.
    fn y(state: &Self::State) -> &Y;

    /// The state, to change.
    fn y_mut(state: &mut Self::State) -> &mut Y;

    /// The cotangent of y₀, from that of all the solve begins with.
    fn finish(a: Self::State) -> Y;

    /// Brings the cotangents from the end of the step of size `h` from `t` and `before` to its beginning.
    ///
    /// # Errors
    /// Those of the path.
    fn pull(
        &self,
        sde: &Sde<F, G, W, C>,
        step: (f64, f64),
        before: &Self::State,
        way: &mut SdeWay<Self::State, F::Params, G::Params, W>,
    ) -> Result<(), StepError>;
}

/// Cotangents on the way back of a stochastic solve, and the noise of the step under way.
pub struct SdeWay<Y, F, G, W: BrownianPath> {
    /// Of all that is carried.
    pub a: Y,
    /// Of the parameters of the drift.
    pub drift: F,
    /// Of those of the diffusion.
    pub diffusion: G,
    /// The increment over the step.
    pub w: W::Noise,
    /// Its space-time Lévy area, for methods that use it.
    pub area: W::Noise,
    /// A place on the path.
    pub cursor: W::Cursor,
}

const START: StagePoint = StagePoint { c: 0.0, from: &[] };
const END: StagePoint = StagePoint { c: 1.0, from: &[] };

/// A point at `c` from these stages.
const fn point(c: f64, from: &'static [(usize, f64)]) -> StagePoint {
    StagePoint { c, from }
}

/// W
fn whole(_h: f64, w: f64, _area: f64) -> f64 {
    w
}

/// H
fn area(_h: f64, _w: f64, area: f64) -> f64 {
    area
}

/// W/2 + H: the part of an increment that comes early.
fn early(_h: f64, w: f64, area: f64) -> f64 {
    0.5 * w + area
}

/// W/2 − H
fn late(_h: f64, w: f64, area: f64) -> f64 {
    0.5 * w - area
}

/// √h
fn root(h: f64, _w: f64, _area: f64) -> f64 {
    h.abs().sqrt()
}

const EULER_MARUYAMA: SdeScheme =
    SdeScheme { points: &[START], terms: &[Drift(0), Noise(0, whole)], weights: &[1.0, 1.0] };

const EULER_HEUN: SdeScheme = SdeScheme {
    points: &[START, point(1.0, &[(1, 1.0)])],
    terms: &[Drift(0), Noise(0, whole), Noise(1, whole)],
    weights: &[1.0, 0.5, 0.5],
};

const HEUN: SdeScheme = SdeScheme {
    points: &[START, point(1.0, &[(0, 1.0), (1, 1.0)])],
    terms: &[Drift(0), Noise(0, whole), Drift(1), Noise(1, whole)],
    weights: &[0.5; 4],
};

const MIDPOINT: SdeScheme = SdeScheme {
    points: &[START, point(0.5, &[(0, 0.5), (1, 0.5)])],
    terms: &[Drift(0), Noise(0, whole), Drift(1), Noise(1, whole)],
    weights: &[0.0, 0.0, 1.0, 1.0],
};

/// √3, and SPaRK's a.
const ROOT3: f64 = 1.732_050_807_568_877_2;
const A: f64 = (3.0 - ROOT3) / 6.0;

const SPARK: SdeScheme = SdeScheme {
    points: &[START, point(0.5, &[(0, 0.5), (1, 0.5), (2, ROOT3)]), point(1.0, &[(3, 1.0), (4, 1.0)])],
    terms: &[
        Drift(0),
        Noise(0, whole),
        Noise(0, area),
        Drift(1),
        Noise(1, whole),
        Drift(2),
        Noise(2, whole),
        Noise(2, area),
    ],
    weights: &[A, A, 1.0, 1.0 - 2.0 * A, 1.0 - 2.0 * A, A, A, -1.0],
};

const SLOW_RK: SdeScheme = SdeScheme {
    points: &[
        START,
        point(0.5, &[(0, 0.5)]),
        point(0.5, &[(0, 0.5), (1, 0.5)]),
        point(0.5, &[(0, 0.5), (2, 0.5)]),
        point(0.5, &[(0, 0.5), (3, 1.0)]),
        point(0.75, &[(0, 0.75), (4, 1.0)]),
        point(1.0, &[(0, 1.0), (2, 0.5)]),
    ],
    terms: &[
        Drift(0),
        Noise(1, whole),
        Noise(2, whole),
        Noise(3, whole),
        Noise(3, |_, w, area| 0.75 * w + 1.5 * area),
        Noise(3, area),
        Noise(4, whole),
        Drift(5),
        Noise(6, area),
    ],
    weights: &[1.0 / 3.0, 1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 0.0, 2.0, 1.0 / 6.0, 2.0 / 3.0, -2.0],
};

const SEA: SdeScheme = SdeScheme {
    points: &[START, END, point(0.5, &[(0, 1.0)])],
    terms: &[Noise(0, early), Noise(1, late), Drift(2)],
    weights: &[1.0, 1.0, 1.0],
};

const SRA1: SdeScheme = SdeScheme {
    points: &[START, END, point(0.75, &[(0, 0.75), (2, 1.5)])],
    terms: &[Drift(0), Noise(0, early), Noise(1, early), Noise(1, late), Drift(2)],
    weights: &[1.0 / 3.0, 1.0, 0.0, 1.0, 2.0 / 3.0],
};

const SHARK: SdeScheme = SdeScheme {
    points: &[
        START,
        END,
        point(0.0, &[(0, 1.0)]),
        point(5.0 / 6.0, &[(0, 1.0), (1, 5.0 / 6.0), (2, 5.0 / 6.0)]),
    ],
    terms: &[Noise(0, area), Drift(2), Noise(0, whole), Drift(3), Noise(0, early), Noise(1, late)],
    weights: &[0.0, 0.4, 0.0, 0.6, 1.0, 1.0],
};

const MILSTEIN_ITO: SdeScheme = SdeScheme {
    points: &[START, point(0.0, &[(0, 1.0), (1, 1.0)])],
    terms: &[
        Drift(0),
        Noise(0, root),
        Noise(0, |h, w, _| w - 0.5 * (w * w - h) / h.abs().sqrt()),
        Noise(1, |h, w, _| 0.5 * (w * w - h) / h.abs().sqrt()),
    ],
    weights: &[1.0, 0.0, 1.0, 1.0],
};

const MILSTEIN: SdeScheme = SdeScheme {
    points: &[START, point(0.0, &[(1, 1.0)]), point(0.0, &[(1, -1.0)])],
    terms: &[
        Drift(0),
        Noise(0, root),
        Noise(0, whole),
        Noise(1, |h, w, _| 0.25 * w * w / h.abs().sqrt()),
        Noise(2, |h, w, _| -0.25 * w * w / h.abs().sqrt()),
    ],
    weights: &[1.0, 0.0, 1.0, 1.0, 1.0],
};

/// Rößler's I₍₁₎, I₍₁,₁₎/√h, I₍₁,₀₎/h and I₍₁,₁,₁₎/h with these weights.
fn rossler(h: f64, w: f64, area: f64, [b1, b2, b3, b4]: [f64; 4]) -> f64 {
    b1 * w + b2 * 0.5 * (w * w - h) / h.sqrt() + b3 * (0.5 * w + area) + b4 * (w * w * w / h - 3.0 * w) / 6.0
}

const SRIW1: SdeScheme = SdeScheme {
    points: &[
        START,
        point(0.75, &[(0, 0.75), (1, 1.5)]),
        point(0.25, &[(0, 0.25), (2, 0.5)]),
        point(1.0, &[(0, 1.0), (2, -1.0)]),
        point(0.25, &[(3, 0.25), (2, -5.0), (4, 3.0), (5, 0.5)]),
    ],
    terms: &[
        Drift(0),
        Noise(0, early),
        Noise(0, root),
        Drift(1),
        Noise(2, root),
        Noise(3, root),
        Noise(0, |h, w, a| rossler(h, w, a, [-1.0, -1.0, 2.0, -2.0])),
        Noise(2, |h, w, a| rossler(h, w, a, [4.0 / 3.0, 4.0 / 3.0, -4.0 / 3.0, 5.0 / 3.0])),
        Noise(3, |h, w, a| rossler(h, w, a, [2.0 / 3.0, -1.0 / 3.0, -2.0 / 3.0, -2.0 / 3.0])),
        Noise(4, |h, w, a| rossler(h, w, a, [0.0, 0.0, 0.0, 1.0])),
    ],
    weights: &[1.0 / 3.0, 0.0, 0.0, 2.0 / 3.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0],
};

/// A one-step method with its table: what is carried is the state alone.
macro_rules! pathwise {
    ($method:ident, $scheme:expr, $calculus:ty $(, $c:ident)?: $path:ident, $read:ident $(, $diffusion:ident)?) => {
        impl<F, G, W, $($c: chreode_sde::Calculus,)? Y> PathwiseMethod<F, G, W, $calculus, Y> for $method
        where
            F: Vjp<Y>,
            Y: VectorSpace,
            W: $path,
            G: DiffusionVjp<Y, Noise = W::Noise> $(+ $diffusion<Y>)?,
        {
            type State = Y;
            type Carried = Self;

            fn carried(&self) -> Self {
                *self
            }

            fn start(y0: Y) -> Y {
                y0
            }

            fn y(state: &Y) -> &Y {
                state
            }

            fn y_mut(state: &mut Y) -> &mut Y {
                state
            }

            fn finish(a: Y) -> Y {
                a
            }

            fn pull(
                &self,
                sde: &Sde<F, G, W, $calculus>,
                (t, h): (f64, f64),
                before: &Y,
                way: &mut SdeWay<Y, F::Params, G::Params, W>,
            ) -> Result<(), StepError> {
                $read(&sde.path, (t, h), way)?;
                $scheme.pull(sde, (t, h), before, way);
                Ok(())
            }
        }
    };
}

pathwise!(EulerMaruyama, EULER_MARUYAMA, Ito: BrownianPath, increment);
pathwise!(EulerHeun, EULER_HEUN, Stratonovich: BrownianPath, increment);
pathwise!(StochasticHeun, HEUN, Stratonovich: BrownianPath, increment);
pathwise!(StochasticMidpoint, MIDPOINT, Stratonovich: BrownianPath, increment);
pathwise!(RungeKuttaMilstein, if C::ITO { MILSTEIN_ITO } else { MILSTEIN }, C, C: BrownianPath, increment, UncoupledDiffusion);
pathwise!(Spark, SPARK, Stratonovich: LevyPath, both);
pathwise!(SlowRk, SLOW_RK, Stratonovich: LevyPath, both);
pathwise!(Sriw1, SRIW1, Ito: LevyPath, both, UncoupledDiffusion);
pathwise!(Sea, SEA, C, C: LevyPath, both, AdditiveDiffusion);
pathwise!(Sra1, SRA1, C, C: LevyPath, both, AdditiveDiffusion);
pathwise!(Shark, SHARK, C, C: LevyPath, both, AdditiveDiffusion);

/// Reads the increment over a step.
pub(super) fn increment<Y, F, G, W: BrownianPath>(
    path: &W,
    (t, h): (f64, f64),
    way: &mut SdeWay<Y, F, G, W>,
) -> Result<(), StepError> {
    path.increment_into(t, t + h, &mut way.cursor, &mut way.w)
}

/// Reads the increment and the area over a step.
fn both<Y, F, G, W: LevyPath>(
    path: &W,
    (t, h): (f64, f64),
    way: &mut SdeWay<Y, F, G, W>,
) -> Result<(), StepError> {
    path.area_into(t, t + h, &mut way.cursor, &mut way.w, &mut way.area)
}
