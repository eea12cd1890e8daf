//! Conditional flow matching on snapshots: I-CFM and OT-CFM.
//!
//! For cells `x₀` and `x₁` of neighbouring snapshots, paired by a coupling π, the network regresses
//! the velocity of the path between them:
//!
//! `L(θ) = E_{τ, (x₀, x₁) ~ π, x ~ p(· | x₀, x₁)} |v_θ(τ, x) − u(x | x₀, x₁)|²`
//!
//! Its minimiser transports each snapshot to the next. With independent pairs this is I-CFM, with
//! minibatch optimal-transport pairs OT-CFM (Tong et al., TMLR 2024, arXiv:2302.00482, algorithms 1–3).

use crate::checkpoint::FORMAT;
use crate::{
    Checkpoint, Clock, Flow, FlowConfig, FlowMatcher, Frame, Header, ModelError, Pairing, Pool, Progress,
    Straight, Trainer,
};
use chreode_core::{Network, Populations, Seed, Snapshot};
use chreode_nn::{Mlp, Moments};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A training run of conditional flow matching: its data, its settings and its state.
pub struct Cfm {
    populations: Populations,
    config: FlowConfig,
    clock: Clock,
    frame: Frame,
    times: Vec<f64>,
    trainer: Trainer<Mlp<f32>>,
}

impl Cfm {
    /// A run at step 0, on populations in the coordinates of the file; `frame` is where the network lives.
    ///
    /// # Errors
    /// Settings out of range, fewer than two times, a time with fewer than two cells, a frame of other
    /// dimensions.
    pub fn new(populations: &Populations, frame: Frame, config: FlowConfig) -> Result<Self, ModelError> {
        let config = config.checked()?;
        let times = populations.times();
        let clock = Clock::of(&times)?;
        let populations = inside(populations, &frame)?;
        let network = config.network(frame.dims())?;
        let average = config.average(&network.parameters())?;
        let trainer = Trainer::new(network, config.rule()?, average);
        matcher(&populations, &config)?;
        Ok(Self { populations, config, clock, frame, times, trainer })
    }

    /// Continues the run of `checkpoint` on the same populations, towards `steps` updates in all.
    ///
    /// # Errors
    /// As [`new`](Self::new); and [`ModelError::Checkpoint`] when the populations have other times or
    /// dimensions than those trained on.
    pub fn resume(
        populations: &Populations,
        checkpoint: &Checkpoint,
        steps: u64,
    ) -> Result<Self, ModelError> {
        let header = &checkpoint.header;
        if populations.times() != header.times {
            let reason = format!(
                "it was trained on times {:?}, and the data has {:?}",
                header.times,
                populations.times()
            );
            return Err(ModelError::Checkpoint { reason });
        }
        let config = FlowConfig { steps, ..header.config.clone() };
        let mut run = Self::new(populations, header.frame.clone(), config)?;
        let moments = Moments {
            first: checkpoint.first_moment.clone(),
            second: checkpoint.second_moment.clone(),
            step: header.step,
        };
        run.trainer.resume(&checkpoint.parameters, &checkpoint.model, moments)?;
        Ok(run)
    }

    /// The settings.
    pub fn config(&self) -> &FlowConfig {
        &self.config
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.trainer.steps()
    }

    /// The number of parameters.
    pub fn parameter_count(&self) -> usize {
        self.trainer.parameters().len()
    }

    /// Trains to the last step or until `observe` breaks; `pool` decides the threads, not the result.
    ///
    /// # Errors
    /// A loss that is not finite, or a plan that cannot be made.
    pub fn train(
        &mut self,
        pool: Pool,
        observe: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        let matcher = matcher(&self.populations, &self.config)?;
        self.trainer.run(&matcher, self.config.steps, pool, observe)
    }

    /// The run as it stands, with the caller's notes.
    pub fn checkpoint(&self, notes: BTreeMap<String, String>) -> Checkpoint {
        let moments = self.trainer.moments();
        Checkpoint {
            header: Header {
                format: FORMAT,
                step: self.trainer.steps(),
                config: self.config.clone(),
                clock: self.clock,
                frame: self.frame.clone(),
                times: self.times.clone(),
                notes,
            },
            model: self.trainer.averaged().to_vec(),
            parameters: self.trainer.parameters().to_vec(),
            first_moment: moments.first.clone(),
            second_moment: moments.second.clone(),
        }
    }

    /// The flow, with the parameters to predict with.
    pub fn finish(self) -> Flow<Mlp<f32>> {
        Flow { network: self.trainer.finish(), clock: self.clock, frame: self.frame }
    }
}

/// The batches of a run.
fn matcher<'p>(
    populations: &'p Populations,
    config: &FlowConfig,
) -> Result<FlowMatcher<'p, Box<dyn Pairing>, Straight>, ModelError> {
    let path = Straight { sigma: config.sigma as f32 };
    FlowMatcher::new(populations, config.pairing(), path, config.batch, Seed(config.seed))
}

/// The populations in the coordinates of `frame`.
fn inside(populations: &Populations, frame: &Frame) -> Result<Populations, ModelError> {
    let snapshots = populations
        .snapshots()
        .iter()
        .map(|s| {
            frame.check(s.points.view())?;
            Ok(Snapshot { points: frame.enter(s.points.view()), ..s.clone() })
        })
        .collect::<Result<_, ModelError>>()?;
    Ok(Populations::new(snapshots, frame.features.clone())?)
}
