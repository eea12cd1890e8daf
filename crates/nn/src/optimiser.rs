//! One name for all optimisers, and their states as named vectors.

use crate::error::expect_length;
use crate::kernel::Element;
use crate::{AdamW, Lion, Moments, NnError, Sgd, Velocity};
use std::fmt;

/// How a gradient moves the parameters: one of the optimisers, chosen by value.
///
/// A training loop that takes one of these works with all of them, and a checkpoint holds the state of any as a
/// number of steps and some named vectors.
///
/// ```
/// use chreode_nn::{Lion, NnError, Optimiser};
///
/// let optimiser = Optimiser::from(Lion::new(0.1)?);
/// let (mut state, mut params) = (optimiser.start(2), [1.0, -1.0]);
/// optimiser.step(1.0, &mut state, &mut params, &[3.0, -4.0])?;
/// assert_eq!(params, [0.9, -0.9]);
/// // What a checkpoint holds, and the same state out of it.
/// let stored: Vec<_> = state.vectors().into_iter().map(|(name, v)| (name, v.to_vec())).collect();
/// let find = |name: &str| stored.iter().find(|(stored, _)| *stored == name).map(|(_, v)| v.clone());
/// assert_eq!(optimiser.resume(state.steps(), 2, find)?, state);
/// # Ok::<(), NnError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Optimiser {
    /// [`AdamW`].
    AdamW(AdamW),
    /// [`Lion`].
    Lion(Lion),
    /// [`Sgd`].
    Sgd(Sgd),
}

/// What an [`Optimiser`] carries from step to step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OptimiserState<A> {
    /// Of [`AdamW`].
    Moments(Moments<A>),
    /// Of [`Lion`] and [`Sgd`].
    Velocity(Velocity<A>),
}

impl From<AdamW> for Optimiser {
    fn from(options: AdamW) -> Self {
        Self::AdamW(options)
    }
}

impl From<Lion> for Optimiser {
    fn from(options: Lion) -> Self {
        Self::Lion(options)
    }
}

impl From<Sgd> for Optimiser {
    fn from(options: Sgd) -> Self {
        Self::Sgd(options)
    }
}

impl Optimiser {
    /// Its name in configurations and checkpoints: `adamw`, `lion` or `sgd`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AdamW(_) => "adamw",
            Self::Lion(_) => "lion",
            Self::Sgd(_) => "sgd",
        }
    }

    /// The learning rate, before a schedule.
    pub const fn lr(&self) -> f64 {
        match self {
            Self::AdamW(options) => options.lr,
            Self::Lion(options) => options.lr,
            Self::Sgd(options) => options.lr,
        }
    }

    /// Itself, if every option is in its range.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] names the first that is not.
    pub fn checked(self) -> Result<Self, NnError> {
        match self {
            Self::AdamW(options) => options.checked().map(Self::AdamW),
            Self::Lion(options) => options.checked().map(Self::Lion),
            Self::Sgd(options) => options.checked().map(Self::Sgd),
        }
    }

    /// The state before the first step on `len` parameters.
    pub fn start<A: Element>(&self, len: usize) -> OptimiserState<A> {
        match self {
            Self::AdamW(_) => OptimiserState::Moments(Moments::new(len)),
            Self::Lion(_) | Self::Sgd(_) => OptimiserState::Velocity(Velocity::new(len)),
        }
    }

    /// The state after `steps` steps on `len` parameters, from the vectors of its
    /// [`vectors`](OptimiserState::vectors): `find` is asked for each by its name.
    ///
    /// # Errors
    /// [`NnError::NoSuchVector`] for one that is not there, [`NnError::Length`] for one of another length.
    pub fn resume<A: Element>(
        &self,
        steps: u64,
        len: usize,
        mut find: impl FnMut(&'static str) -> Option<Vec<A>>,
    ) -> Result<OptimiserState<A>, NnError> {
        let mut state = self.start(0);
        *state.count() = steps;
        for (name, vector) in state.vectors_mut() {
            *vector = find(name).ok_or(NnError::NoSuchVector { name, optimiser: self.name() })?;
            expect_length("vectors of the state", len, vector.len())?;
        }
        Ok(state)
    }

    /// One step: moves `params` against `gradient`, at `factor` times the learning rate.
    ///
    /// # Errors
    /// [`NnError::Length`] if the three do not belong together, [`NnError::OtherOptimiser`] for the state of another
    /// optimiser; nothing is then changed.
    pub fn step<A: Element>(
        &self,
        factor: f64,
        state: &mut OptimiserState<A>,
        params: &mut [A],
        gradient: &[A],
    ) -> Result<(), NnError> {
        match (self, state) {
            (Self::AdamW(options), OptimiserState::Moments(state)) => {
                options.step(factor, state, params, gradient)
            }
            (Self::Lion(options), OptimiserState::Velocity(state)) => {
                options.step(factor, state, params, gradient)
            }
            (Self::Sgd(options), OptimiserState::Velocity(state)) => {
                options.step(factor, state, params, gradient)
            }
            (_, state) => {
                let found = state.vectors().iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                Err(NnError::OtherOptimiser { optimiser: self.name(), found })
            }
        }
    }
}

impl fmt::Display for Optimiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl<A> OptimiserState<A> {
    /// Steps taken.
    pub const fn steps(&self) -> u64 {
        match self {
            Self::Moments(moments) => moments.step,
            Self::Velocity(velocity) => velocity.step,
        }
    }

    /// Its vectors, one entry a parameter each, by the names that a checkpoint gives them: `first_moment` and
    /// `second_moment` of [`AdamW`], `velocity` of [`Lion`] and [`Sgd`].
    pub fn vectors(&self) -> Vec<(&'static str, &[A])> {
        match self {
            Self::Moments(Moments { first, second, .. }) => {
                vec![("first_moment", first), ("second_moment", second)]
            }
            Self::Velocity(Velocity { velocity, .. }) => vec![("velocity", velocity)],
        }
    }

    fn vectors_mut(&mut self) -> Vec<(&'static str, &mut Vec<A>)> {
        match self {
            Self::Moments(Moments { first, second, .. }) => {
                vec![("first_moment", first), ("second_moment", second)]
            }
            Self::Velocity(Velocity { velocity, .. }) => vec![("velocity", velocity)],
        }
    }

    fn count(&mut self) -> &mut u64 {
        match self {
            Self::Moments(moments) => &mut moments.step,
            Self::Velocity(velocity) => &mut velocity.step,
        }
    }
}
