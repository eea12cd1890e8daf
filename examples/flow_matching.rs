//! OT-CFM as a library: from snapshots to trajectories, without a file.

use chreode::core::{Populations, Seed};
use chreode::models::{Cfm, Fit, FlowConfig, Frame, ModelError, Planar, Pool, Sampler};
use chreode::ot::{Order, wasserstein};
use std::ops::ControlFlow;

fn main() -> Result<(), ModelError> {
    // Cells at two times: eight groups that become two moons.
    let cells: Populations =
        Planar::pair(Planar::EightGaussiansNotebook, Planar::MoonsNotebook, 2000, Seed(1))?;
    let fit = Fit { steps: 1500, batch: 128, ..Fit::default() };
    let config = FlowConfig { fit, ..FlowConfig::default() };
    let mut run = Cfm::new(&cells, Frame::isotropic(&cells)?, config)?;
    run.train(Pool::with_threads(2), |progress| {
        if progress.step % 500 == 0 {
            println!("step {:>5}  loss {:.4}", progress.step, progress.loss);
        }
        ControlFlow::Continue(())
    })?;

    let flow = run.finish();
    let states = flow.push(cells.points(0), &[0.0, 0.25, 0.5, 0.75, 1.0], &Sampler::published())?;
    let before = wasserstein(cells.points(0), cells.points(1), None, None, Order::Two)?;
    let after = wasserstein(states[4].view(), cells.points(1), None, None, Order::Two)?;
    println!("W2 to the moons: {:.3} before, {:.3} after", before.value, after.value);
    assert!(after.value < 0.2 * before.value);
    Ok(())
}
