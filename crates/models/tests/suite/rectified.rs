//! Reflow.

use crate::common::{gaussian, series, small, trained};
use chreode_core::{NetworkField, Populations};
use chreode_models::{FlowConfig, RectifiedConfig, Sampler, Steps, push_forward};

fn data() -> Populations {
    series(vec![gaussian(2000, &[0.0, 0.0], 1), gaussian(2000, &[3.0, 1.0], 2)])
}

#[test]
fn the_second_flow_is_straighter_and_arrives() {
    // Between N(0, I) and N(m, I) the flow of random pairs moves by m along curved ways, whose energy exceeds |m|² = 10:
    // E|v(t, X_t)|² = |m|² + 2 (2t − 1)²/(t² + (1 − t)²), so ∫ E|v|² dt = 10 + 2 (2 − π/2) = 10.86. Rectified once it
    // is a translation: each cell is paired with its own shift, since the flow is X_t = t m + √(t² + (1 − t)²) X_0.
    let data = data();
    let energy = |network: &chreode_models::Net| {
        let path = push_forward(&NetworkField::new(network), &data.points(0).to_owned(), [0.0, 1.0], 50)
            .expect("finite");
        path.energy
    };
    let config = RectifiedConfig { first_steps: 2000, fit: small(1500, 128), ..RectifiedConfig::default() };
    let rectified = trained(&data, config);
    let first = trained(&data, FlowConfig { sigma: 0.0, fit: small(2000, 128), ..FlowConfig::independent() });
    let (straight, curved) = (energy(&rectified.network), energy(&first.network));
    assert!((curved - 10.86).abs() < 0.45, "{curved}");
    assert!(straight < curved - 0.4 && (straight - 10.0).abs() < 0.4, "{straight} and {curved}");
    let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(5) };
    let end = rectified.push(data.points(0), &[0.0, 1.0], &sampler).expect("integrates");
    let mean = end[1].mean_axis(ndarray::Axis(0)).expect("cells");
    assert!((mean[0] - 3.0).abs() < 0.15 && (mean[1] - 1.0).abs() < 0.15, "{mean}");
}
