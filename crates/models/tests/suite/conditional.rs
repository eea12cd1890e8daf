//! Flows under conditions: closed forms, guidance, control, joint plans, refusals.

use crate::common::{gaussian, run, small, trained};
use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{
    Checkpoint, Condition, ConditionInput, Conditional, ConditionalConfig, ConditionalFlow, Conditioned,
    Dynamics, Fit, FlowConfig, Mixed, ModelError, Pool, Run, Sampler, Steps, Trained,
};
use ndarray::{Array2, Axis, array, concatenate};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::LazyLock;

/// How far the cells of each condition move.
const MOVES: [(&str, [f32; 2]); 2] = [("down", [-3.0, 1.0]), ("up", [3.0, 1.0])];

fn features() -> Vec<String> {
    vec!["x".into(), "y".into()]
}

/// Cells of `known` conditions at times 0, 1, …: for each time, the cells of each condition.
fn conditioned(known: &[Condition], times: Vec<Vec<Array2<f32>>>, covariates: &[String]) -> Conditioned {
    let of = |parts: &Vec<Array2<f32>>| {
        parts.iter().enumerate().flat_map(|(k, part)| vec![k; part.nrows()]).collect::<Vec<_>>()
    };
    let numbers = times.iter().map(of).collect();
    let join = |parts: &Vec<Array2<f32>>| {
        concatenate(Axis(0), &parts.iter().map(|p| p.view()).collect::<Vec<_>>()).expect("two columns")
    };
    let snapshots = times.iter().enumerate().map(|(t, parts)| Snapshot::new(t as f64, join(parts)));
    let populations = Populations::new(snapshots.collect(), features()).expect("a valid series");
    Conditioned::new(populations, known.to_vec(), numbers, covariates).expect("valid conditions")
}

/// N(0, I) under both conditions at time 0, N(m, I) of each at time 1; one has twice the cells.
static CELLS: LazyLock<Conditioned> = LazyLock::new(|| {
    let known = MOVES.map(|(label, _)| Condition::new(label));
    let before = vec![gaussian(500, &[0.0, 0.0], 1), gaussian(1000, &[0.0, 0.0], 2)];
    let after = vec![gaussian(500, &MOVES[0].1, 3), gaussian(1000, &MOVES[1].1, 4)];
    conditioned(&known, vec![before, after], &[])
});

fn config(steps: u64) -> ConditionalConfig {
    ConditionalConfig { fit: small(steps, 128), ..ConditionalConfig::default() }
}

/// The same at twice the learning rate, and large enough to be right.
fn quick(steps: u64) -> ConditionalConfig {
    let config = config(steps);
    ConditionalConfig { fit: Fit { lr: 2e-3, batch: 256, ..config.fit }, ..config }
}

fn flow(cells: &Conditioned, config: ConditionalConfig) -> ConditionalFlow {
    let mut run = run(cells, &features(), config);
    run.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

static FLOW: LazyLock<ConditionalFlow> = LazyLock::new(|| flow(&CELLS, quick(1500)));

/// W₂ between two Gaussians of diagonal covariance: of the moments of `points`, and N(mean, I).
fn w2(points: &Array2<f32>, mean: [f32; 2]) -> f32 {
    let found = points.mean_axis(Axis(0)).expect("not empty");
    let sd = points.std_axis(Axis(0), 0.0);
    (0..2).map(|j| (found[j] - mean[j]).powi(2) + (sd[j] - 1.0).powi(2)).sum::<f32>().sqrt()
}

fn moved(model: &dyn Dynamics) -> Array2<f32> {
    let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(10) };
    let fresh = Snapshot::new(0.0, gaussian(1000, &[0.0, 0.0], 9));
    model.evolve(&fresh, &[0.0, 1.0], &sampler, Seed(1)).expect("integrates").remove(1).points
}

#[test]
fn each_condition_moves_to_its_own_gaussian_and_an_unconditional_flow_to_neither() {
    for (label, mean) in MOVES {
        let model = FLOW.under(Some(&Condition::new(label)), 1.0).expect("known");
        let far = w2(&moved(&*model), mean);
        assert!(far < 0.3, "under {label} cells are W2 {far} from N({mean:?}, I)");
    }
    let plain = FlowConfig { fit: quick(1500).fit, ..FlowConfig::default() };
    let plain = trained(CELLS.populations(), plain);
    for (label, mean) in MOVES {
        let far = w2(&moved(&plain), mean);
        assert!(far > 1.5, "without a condition cells are W2 {far} from N({mean:?}, I) of {label}");
    }
}

#[test]
fn guidance_is_the_line_through_the_null_field_and_the_condition() {
    let (up, x) = (Condition::new("up"), gaussian(50, &[1.0, 0.5], 5));
    let at = |condition: Option<&Condition>, w: f64| {
        FLOW.under(condition, w).expect("known").velocity(0.4, x.view()).expect("two columns")
    };
    let (null, one) = (at(None, 1.0), at(Some(&up), 1.0));
    assert_eq!(at(Some(&up), 0.0), null, "w = 0 is the null field");
    let told = FLOW.conditions().rows(Some(&up), 50).expect("known");
    let rows = concatenate(Axis(1), &[x.view(), told.view()]).expect("as many rows");
    let field = chreode_core::NetworkField::new(&FLOW.network);
    let own = chreode_core::VectorField::eval(&field, 0.4, &rows);
    assert_eq!(one, own, "w = 1 is the field of the condition");
    let two = &null + &((&one - &null) * 2.0);
    let off = (&at(Some(&up), 2.0) - &two).mapv(f32::abs).fold(0.0, |a: f32, b| a.max(*b));
    assert!(off < 1e-4, "w = 2 is off the line by {off}");
    // At time 0 all cells are N(0, I): the null field leads to the mean over cells, 1/3 down and 2/3 up.
    let pushed = FLOW.under(None, 0.0).expect("no condition").velocity(0.0, array![[0.0, 0.0]].view());
    let pushed = pushed.expect("two columns");
    assert!((pushed[[0, 0]] - 1.0).abs() < 0.6, "the null field at the middle is {pushed}");
}

#[test]
fn conditions_that_modulate_the_layers_move_cells_as_well() {
    let input = ConditionInput::Modulation;
    let flow = flow(&CELLS, ConditionalConfig { input, ..quick(700) });
    for (label, mean) in MOVES {
        let model = flow.under(Some(&Condition::new(label)), 1.0).expect("known");
        let far = w2(&moved(&*model), mean);
        assert!(far < 0.5, "under {label} cells are W2 {far} from N({mean:?}, I)");
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_a_resumed_run_goes_on() {
    let bytes =
        |run: &Run<ConditionalConfig>| run.checkpoint(BTreeMap::new()).to_bytes().expect("serialises");
    let through = |threads: usize, stop: u64| {
        let mut run = run(&*CELLS, &features(), config(12));
        run.train(Pool::with_threads(threads), |p| {
            if p.step == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .expect("trains");
        run
    };
    let whole = bytes(&through(1, 12));
    assert_eq!(whole, bytes(&through(3, 12)), "threads do not change the bits");
    let half = Checkpoint::from_bytes(&bytes(&through(1, 5))).expect("reads");
    let mut resumed = Run::<ConditionalConfig>::resume(&*CELLS, &half, 12).expect("the same data");
    resumed.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    assert_eq!(whole, bytes(&resumed), "a resumed run is the uninterrupted one");
    let Trained::Conditional(model) = Checkpoint::from_bytes(&whole).unwrap().trained().unwrap() else {
        panic!("a model of conditions")
    };
    assert_eq!(model.conditions().labels, ["down", "up"]);
    let other = conditioned(&[Condition::new("left"), Condition::new("up")], parts(2), &[]);
    let error = Run::<ConditionalConfig>::resume(&other, &half, 12).err().expect("other conditions");
    assert!(error.to_string().contains("under other conditions than the data has"), "{error}");
}

/// Two conditions at `times` times.
fn parts(times: usize) -> Vec<Vec<Array2<f32>>> {
    let some = |t: usize, k: u64| gaussian(20, &[t as f32, 0.0], 10 * t as u64 + k);
    (0..times).map(|t| vec![some(t, 0), some(t, 1)]).collect()
}

#[test]
fn a_control_lends_its_cells_to_conditions_that_begin_later() {
    let known = ["control", "drug"].map(Condition::new);
    let (start, end) = (gaussian(300, &[0.0, 0.0], 1), gaussian(300, &[2.0, 0.0], 2));
    let none = Array2::zeros((0, 2));
    let cells = conditioned(&known, vec![vec![start.clone(), none], vec![Array2::zeros((0, 2)), end]], &[]);
    let error = cells.series().unwrap_err();
    assert!(
        error.to_string().starts_with("condition control has cells at time 0 only, where two times"),
        "{error}"
    );
    let error = cells.clone().starting_from("DMSO").unwrap_err();
    assert_eq!(error.to_string(), "there is no condition DMSO; the conditions are control, drug");
    let cells = cells.starting_from("control").expect("a condition");
    let series = cells.series().expect("the drug starts from the control");
    assert_eq!(series.len(), 1);
    assert_eq!(series[0].0, known[1]);
    assert_eq!(series[0].1.points(0), start);
    let flow = flow(&cells, config(400));
    let far = w2(&moved(&*flow.under(Some(&known[1]), 1.0).expect("known")), [2.0, 0.0]);
    assert!(far < 0.3, "the drug's cells are W2 {far} away");
    let error = flow.under(Some(&known[0]), 1.0).err().expect("not trained under");
    assert_eq!(error.to_string(), "there is no condition control; the conditions are drug");
    let joint = ConditionalConfig { fit: small(3, 32), ..ConditionalConfig::joint() };
    let error =
        Run::new(&cells, chreode_models::Frame::identity(features()), joint).err().expect("no joint plan");
    assert!(
        error.to_string().starts_with("matching must be within where conditions start from a control"),
        "{error}"
    );
}

#[test]
fn a_condition_without_cells_at_an_inner_time_keeps_the_clock_of_the_series() {
    // Both move by 1 a unit of time; one is not measured at time 1.
    let mut times = parts(3);
    times[1][1] = Array2::zeros((0, 2));
    let cells = conditioned(&["a", "b"].map(Condition::new), times, &[]);
    let flow = flow(&cells, config(400));
    let v = |label: &str| {
        let model = flow.under(Some(&Condition::new(label)), 1.0).expect("known");
        model.velocity(1.0, array![[1.0, 0.0]].view()).expect("two columns")[[0, 0]]
    };
    for label in ["a", "b"] {
        assert!((v(label) - 1.0).abs() < 0.4, "{label} moves by {} a unit of time", v(label));
    }
}

#[test]
fn a_dose_that_each_cell_has_its_own_of_is_interpolated_by_a_joint_plan() {
    // Cells under dose d in [0, 1] move by 4 d − 2, whatever the plan: N(0, I) to N(4 d − 2, I) for each d.
    let n = 600;
    let dose = |i: usize| i as f64 / (n - 1) as f64;
    let known: Vec<Condition> = (0..n).map(|i| Condition::new("drug").with(vec![dose(i)])).collect();
    let mut after = gaussian(n, &[0.0, 0.0], 7);
    for (i, mut row) in after.rows_mut().into_iter().enumerate() {
        row[0] += 4.0 * dose(i) as f32 - 2.0;
    }
    let of = vec![(0..n).collect::<Vec<_>>(); 2];
    let snapshots = vec![Snapshot::new(0.0, gaussian(n, &[0.0, 0.0], 6)), Snapshot::new(1.0, after)];
    let populations = Populations::new(snapshots, features()).expect("valid");
    let cells = Conditioned::new(populations, known, of, &["dose".to_string()]).expect("valid");
    let config = ConditionalConfig { fit: small(900, 256), ..ConditionalConfig::joint() };
    let flow = flow(&cells, ConditionalConfig { distance: 20.0, ..config });
    for d in [0.25, 0.8] {
        let model = flow.under(Some(&Condition::new("drug").with(vec![d])), 1.0).expect("any dose");
        let far = w2(&moved(&*model), [4.0 * d as f32 - 2.0, 0.0]);
        assert!(far < 0.3, "at dose {d} cells are W2 {far} away");
    }
    let error = flow.under(Some(&Condition::new("drug")), 1.0).err().expect("a dose is needed");
    assert_eq!(
        error.to_string(),
        "condition drug has 0 covariates where there are 1 (dose); give each a number"
    );
    let error = flow.under(Some(&Condition::new("drug").with(vec![f64::NAN])), 1.0).err().expect("no dose");
    assert!(error.to_string().starts_with("dose of condition drug is NaN"), "{error}");
}

#[test]
fn conditions_that_say_nothing_are_refused() {
    let cells = || CELLS.populations().clone();
    let refused = |known: Vec<Condition>, of: Vec<Vec<usize>>, names: &[String]| {
        Conditioned::new(cells(), known, of, names).unwrap_err().to_string()
    };
    let one = || vec![vec![0; 1500]; 2];
    assert_eq!(
        refused(vec![Condition::new("a")], vec![vec![0; 3]], &[]),
        "time 0 has 1500 cells and 3 conditions; give each cell one"
    );
    assert_eq!(
        refused(vec![Condition::new("a").with(vec![2.0])], one(), &["dose".into()]),
        "dose is 2 for all cells and says nothing of them; leave it out"
    );
    let error = Trained::from(flow(&CELLS, config(1))).dynamics().err().expect("no condition was named");
    assert!(matches!(error, ModelError::Conditions(_)), "{error}");
    assert!(error.to_string().ends_with("without one; name one of down, up"), "{error}");
    let few = parts(2);
    let few = vec![few[0].clone(), vec![few[1][0].clone(), gaussian(1, &[0.0, 0.0], 3)]];
    let error = conditioned(&["a", "b"].map(Condition::new), few, &[]).series().unwrap_err();
    assert!(error.to_string().starts_with("condition b has 1 cell at time 1 where 2 are needed"), "{error}");
}

#[test]
fn a_covariate_whose_mean_is_rounded_is_still_constant() {
    let snapshots = [0.0, 1.0].map(|t| Snapshot::new(t, gaussian(5, &[0.0, 0.0], 1))).to_vec();
    let cells = Populations::new(snapshots, features()).expect("valid");
    let known = vec![Condition::new("a").with(vec![0.1])];
    let error = Conditioned::new(cells, known, vec![vec![0; 5]; 2], &["dose".into()]).unwrap_err();
    assert_eq!(error.to_string(), "dose is 0.1 for all cells and says nothing of them; leave it out");
}

#[test]
fn a_control_that_no_series_has_is_no_condition() {
    // Under each dose the control has cells at one time only.
    let doses = [0.0, 1.0].map(|dose| Condition::new("control").with(vec![dose]));
    let (some, none) = (|seed| gaussian(20, &[0.0, 0.0], seed), || Array2::zeros((0, 2)));
    let apart = vec![vec![some(1), none()], vec![none(), some(2)]];
    let names = ["dose".to_string()];
    let error = conditioned(&doses, apart, &names).starting_from("control").unwrap_err();
    assert!(error.to_string().starts_with("control is the only condition, and as the control"), "{error}");
    let known = [doses[0].clone(), doses[1].clone(), Condition::new("drug").with(vec![1.0])];
    let apart = vec![vec![some(1), none(), none()], vec![none(), some(2), some(3)]];
    let cells = conditioned(&known, apart, &names).starting_from("control").expect("a drug");
    assert_eq!(cells.conditions().labels, ["drug"]);
    assert_eq!(cells.series().expect("one").len(), 1);
    run(&cells, &features(), config(1));
}

#[test]
fn labels_without_cells_are_no_conditions() {
    let mut known = MOVES.map(|(label, _)| Condition::new(label)).to_vec();
    known.insert(1, Condition::new("sideways"));
    let of = vec![[vec![0; 500], vec![2; 1000]].concat(); 2];
    let cells = Conditioned::new(CELLS.populations().clone(), known, of, &[]).expect("valid");
    assert_eq!(cells.conditions().labels, ["down", "up"]);
    run(&cells, &features(), ConditionalConfig { fit: small(3, 32), ..ConditionalConfig::joint() });
}

#[test]
fn numbers_of_no_condition_are_refused() {
    let known = MOVES.map(|(label, _)| Condition::new(label));
    for of in [vec![0, 1, 2], vec![7, 2, 2]] {
        let error = Mixed::new(&*FLOW, &known, &of, 1.0).err().expect("refused").to_string();
        let cell = of.iter().position(|k| *k > 1).expect("one");
        let message =
            format!("cell {cell} has condition number {} of 2; number the conditions from 0", of[cell]);
        assert_eq!(error, message);
    }
    let of = vec![vec![2; 1500]; 2];
    let error = Conditioned::new(CELLS.populations().clone(), known.to_vec(), of, &[]).unwrap_err();
    assert!(error.to_string().starts_with("cell 0 has condition number 2 of 2"), "{error}");
}
