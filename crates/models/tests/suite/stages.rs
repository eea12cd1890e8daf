//! A number of updates shared out between the stages of a model.

use chreode_models::{Card, CnfConfig, MioFlowConfig, ModelConfig, VgfmConfig};

fn shared(mut config: ModelConfig, total: u64, set: &[&str]) -> Vec<(&'static str, u64)> {
    config.share_steps(total, set).expect("enough for every stage");
    config.stages()
}

#[test]
fn stages_keep_their_proportion() {
    let mioflow = || MioFlowConfig::default().into();
    assert_eq!(shared(mioflow(), 230, &[]), [("encoding", 150), ("local", 30), ("fit.steps", 50)]);
    assert_eq!(shared(mioflow(), 2300, &[]), ModelConfig::from(MioFlowConfig::default()).stages());
    assert_eq!(shared(mioflow(), 3, &[]), [("encoding", 1), ("local", 1), ("fit.steps", 1)]);
    assert_eq!(shared(VgfmConfig::default().into(), 7, &[]), [("matching", 6), ("fit.steps", 1)]);
    let early = CnfConfig { matching: 10, ..CnfConfig::default() };
    assert_eq!(shared(early.clone().into(), 50, &["matching"]), [("matching", 10), ("fit.steps", 40)]);
    assert_eq!(shared(CnfConfig::default().into(), 50, &[]), [("fit.steps", 50)]);
    let long = CnfConfig { matching: u64::MAX, ..early };
    assert_eq!(shared(long.into(), u64::MAX, &[]), [("matching", u64::MAX - 10_000), ("fit.steps", 10_000)]);
}

#[test]
fn every_model_takes_as_many_as_it_is_given() {
    for card in Card::all() {
        for total in [3, 10, 4321] {
            let stages = shared((card.config)(), total, &[]);
            assert_eq!(stages.iter().map(|(_, steps)| steps).sum::<u64>(), total, "{}", card.name);
        }
    }
}

#[test]
fn too_few_are_refused() {
    let refused = |total, set: &[&str]| {
        ModelConfig::from(MioFlowConfig::default()).share_steps(total, set).unwrap_err().to_string()
    };
    assert_eq!(refused(0, &[]), "steps is 0; it must be 1 or more");
    assert_eq!(
        refused(1501, &["encoding"]),
        "1501 steps in all cannot be shared out: 1500 are set for stages, and 2 further stages need 1 each; give \
         another number, or set other stages"
    );
    let all = ["encoding", "local", "fit.steps"];
    assert!(refused(100, &all).starts_with("100 steps in all cannot be shared out: 2300 are set"));
    assert!(refused(9999, &all).starts_with("9999 steps in all cannot be shared out: 2300 are set"));
}
