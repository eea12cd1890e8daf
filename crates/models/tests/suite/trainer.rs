//! The training loop: what it refuses, and where it stays then.

use chreode_core::ParameterView;
use chreode_models::{BatchSource, ModelError, Objective, Pool, Rule, Stage, Trainer};
use chreode_nn::{AdamW, Schedule};
use std::ops::ControlFlow;

/// ½ |θ|² of four parameters, with what a batch adds to the gradient of each.
struct Bowl([f32; 4]);

impl Objective for Bowl {
    type Batch = [f32; 4];

    fn layout(&self) -> Vec<ParameterView> {
        vec![ParameterView { name: "theta".into(), shape: vec![4], offset: 0 }]
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        flat.copy_from_slice(&self.0);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.0.copy_from_slice(flat);
    }

    fn loss(&mut self, _stage: usize, batch: &[f32; 4], gradient: &mut [f32]) -> Result<f64, ModelError> {
        (0..4).for_each(|i| gradient[i] = self.0[i] + batch[i]);
        Ok(0.5 * self.0.iter().map(|t| f64::from(t * t)).sum::<f64>())
    }
}

/// Batches of nothing, but for one that `spoils` an entry of the gradient at step 3.
struct Spoilt(usize, f32);

impl BatchSource for Spoilt {
    type Batch = [f32; 4];

    fn batch(&self, index: u64) -> Result<[f32; 4], ModelError> {
        let mut batch = [0.0; 4];
        batch[self.0] = if index == 3 { self.1 } else { 0.0 };
        Ok(batch)
    }
}

fn stage(steps: u64, clip: Option<f64>) -> Stage {
    let (optimiser, schedule) = (AdamW::new(0.1).expect("valid"), Schedule::cosine(10, 0.01).expect("valid"));
    Stage { steps, parameters: 1..4, rule: Rule { optimiser, schedule, clip, average: Some(0.9) } }
}

#[test]
fn a_gradient_that_is_not_finite_leaves_the_last_good_step() {
    for (value, clip) in [(f32::NAN, None), (f32::INFINITY, None), (f32::NEG_INFINITY, Some(1.0))] {
        let new = || Trainer::new(Bowl([1.0; 4]), vec![stage(10, clip)]).expect("valid");
        let (mut good, mut spoilt) = (new(), new());
        let three = |p: chreode_models::Progress| {
            if p.step == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        good.run(&Spoilt(2, 0.0), Pool::with_threads(1), three).expect("trains");
        let error =
            spoilt.run(&Spoilt(2, value), Pool::with_threads(1), |_| ControlFlow::Continue(())).unwrap_err();
        let named = matches!(error, ModelError::GradientNotFinite { step: 3, index: 2, .. });
        assert!(named, "{error}");
        assert_eq!(spoilt.steps(), 3);
        assert_eq!(spoilt.parameters(), good.parameters());
        assert_eq!(spoilt.moments(), good.moments());
        assert_eq!(spoilt.averaged(), good.averaged());
        // Parameters that the stage does not move may have any gradient.
        let mut other = new();
        other.run(&Spoilt(0, value), Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
        assert_eq!(other.steps(), 10);
    }
    let error = ModelError::GradientNotFinite { step: 3, index: 2, value: f32::NAN };
    assert_eq!(
        error.to_string(),
        "the loss is finite at step 3, but entry 2 of its gradient is NaN; lower lr, or scale the data"
    );
}

#[test]
fn a_stage_without_steps_is_refused() {
    let error = Trainer::new(Bowl([1.0; 4]), vec![stage(0, None), stage(3, None)]).err().expect("refused");
    assert_eq!(error.to_string(), "steps is 0; it must be 1 or more in every stage");
}
