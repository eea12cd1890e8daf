//! What the methods that keep nothing from step to step have in common.

use crate::{BrownianPath, LevyPath, Noise};
use chreode_core::VectorSpace;
use chreode_ode::{StepError, Stepper};

/// Scratch space of a one-step method, and its place on the path.
pub struct SdeMemory<Y, N, R> {
    /// y(t + h) last proposed.
    pub(crate) next: Y,
    /// Its error estimate.
    pub(crate) error: Y,
    pub(crate) scratch: Vec<Y>,
    /// The increment of the path over the step.
    pub(crate) dw: N,
    /// Its space-time area.
    pub(crate) area: N,
    /// A mixture of the two.
    pub(crate) mixed: N,
    pub(crate) cursor: R,
}

impl<Y: VectorSpace, N: Noise, R> SdeMemory<Y, N, R> {
    pub(crate) fn new<W: BrownianPath<Noise = N, Cursor = R>>(path: &W, y: &Y, scratch: usize) -> Self {
        let noise = path.shape();
        Self {
            next: y.duplicate(),
            error: y.zeros_like(),
            scratch: (0..scratch).map(|_| y.zeros_like()).collect(),
            dw: noise.clone(),
            area: noise.clone(),
            mixed: noise,
            cursor: path.cursor(),
        }
    }

    /// Reads the increment over the step.
    #[inline]
    pub(crate) fn read<W>(&mut self, path: &W, t: f64, h: f64) -> Result<(), StepError>
    where
        W: BrownianPath<Noise = N, Cursor = R>,
    {
        path.increment_into(t, t + h, &mut self.cursor, &mut self.dw)
    }

    /// Reads the increment and the area over the step.
    #[inline]
    pub(crate) fn read_area<W>(&mut self, path: &W, t: f64, h: f64) -> Result<(), StepError>
    where
        W: LevyPath<Noise = N, Cursor = R>,
    {
        path.area_into(t, t + h, &mut self.cursor, &mut self.dw, &mut self.area)
    }

    /// The scratch states, one by one.
    #[inline]
    pub(crate) fn parts<const S: usize>(&mut self) -> Parts<'_, Y, N, S> {
        let Self { next, error, scratch, dw, area, mixed, .. } = self;
        let scratch: &mut [Y; S] =
            scratch.as_mut_slice().try_into().expect("as many as the method asked for");
        Parts { next, error, scratch: scratch.each_mut(), dw, area, mixed }
    }
}

/// The fields of an [`SdeMemory`] but for its place on the path.
pub(crate) struct Parts<'m, Y, N, const S: usize> {
    pub(crate) next: &'m mut Y,
    pub(crate) error: &'m mut Y,
    pub(crate) scratch: [&'m mut Y; S],
    pub(crate) dw: &'m N,
    pub(crate) area: &'m N,
    pub(crate) mixed: &'m mut N,
}

/// `out = f(w, area)`, entry by entry.
#[inline]
pub(crate) fn mix<N: Noise>(out: &mut N, w: &N, area: &N, f: impl Fn(f64, f64) -> f64) {
    out.update(area, |_, area| area);
    out.update(w, |area, w| f(w, area));
}

/// A method whose memory is scratch space: a step depends on (t, h, y) alone, so that it can be tried
/// from any state with any memory. [`Halves`](crate::Halves) asks for it.
pub trait OneStep<P: ?Sized, Y>: Stepper<P, Y> {}

/// Makes a [`Stepper`] of a method with constants `ABOUT` and `SCRATCH` and a function `advance`, which
/// leaves the new state in `next` and, where `ABOUT` has an `error_power`, the estimate in `error`.
macro_rules! one_step {
    ($method:ty, $calculus:ty $(, $c:ident)?: $diffusion:ident, $path:ident, $direction:ident) => {
        impl<F, G, W, $($c: $crate::Calculus,)? Y>
            chreode_ode::Stepper<$crate::Sde<F, G, W, $calculus>, Y> for $method
        where
            Y: chreode_core::VectorSpace,
            F: chreode_core::VectorField<Y>,
            W: $crate::$path,
            G: $crate::$diffusion<Y, Noise = W::Noise>,
        {
            type Memory = $crate::SdeMemory<Y, W::Noise, W::Cursor>;
            type Dense = chreode_ode::Chord<Y>;

            fn about(&self) -> chreode_ode::About {
                Self::ABOUT
            }

            fn init(
                &self,
                problem: &$crate::Sde<F, G, W, $calculus>,
                t: f64,
                y: &Y,
            ) -> Result<Self::Memory, chreode_ode::StepError> {
                problem.check(chreode_ode::Span { t0: t, t1: t }, y)?;
                Ok($crate::SdeMemory::new(&problem.path, y, Self::SCRATCH))
            }

            #[inline]
            fn propose(
                &self,
                problem: &$crate::Sde<F, G, W, $calculus>,
                t: f64,
                h: f64,
                y: &Y,
                memory: &mut Self::Memory,
            ) -> Result<usize, chreode_ode::StepError> {
                $crate::memory::Direction::$direction.check::<$calculus>(Self::ABOUT.name, t, t + h)?;
                self.advance(problem, t, h, y, memory)
            }

            #[inline]
            fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
                &memory.next
            }

            fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> chreode_ode::Chord<Y> {
                chreode_ode::Chord { t, h, y0: y.duplicate(), y1: memory.next.duplicate() }
            }

            #[inline]
            fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
                std::mem::swap(y, &mut memory.next);
            }

            fn check(
                &self,
                problem: &$crate::Sde<F, G, W, $calculus>,
                span: chreode_ode::Span,
                y: &Y,
            ) -> Result<(), chreode_ode::StepError> {
                $crate::memory::Direction::$direction.check::<$calculus>(
                    Self::ABOUT.name,
                    span.t0,
                    span.t1,
                )?;
                problem.check(span, y)
            }

            #[inline]
            fn error<N: chreode_core::Norm<Y>>(
                &self,
                _h: f64,
                y: &Y,
                norm: &N,
                memory: &mut Self::Memory,
            ) -> Option<f64> {
                Self::ABOUT.error_power.map(|_| norm.measure(&memory.error, y, &memory.next))
            }
        }

        impl<F, G, W, $($c: $crate::Calculus,)? Y>
            $crate::OneStep<$crate::Sde<F, G, W, $calculus>, Y> for $method
        where
            Y: chreode_core::VectorSpace,
            F: chreode_core::VectorField<Y>,
            W: $crate::$path,
            G: $crate::$diffusion<Y, Noise = W::Noise>,
        {
        }
    };
}
pub(crate) use one_step;

/// Which way a method runs.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    /// Both ways: the noise is additive or Stratonovich's.
    Either,
    /// Forwards only, when the integral is Itô's.
    ItoForwards,
}

impl Direction {
    #[inline]
    pub(crate) fn check<C: crate::Calculus>(
        self,
        method: &'static str,
        t0: f64,
        t1: f64,
    ) -> Result<(), StepError> {
        match self {
            Self::ItoForwards if C::ITO && t1 < t0 => Err(StepError::Backwards { method, t0, t1 }),
            _ => Ok(()),
        }
    }
}
