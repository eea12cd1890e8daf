//! Optimisers against PyTorch, closed forms, and themselves after a restart.

use approx::assert_relative_eq;
use chreode_nn::{
    AdamW, Element, Ema, EmaStart, Lion, Moments, Momentum, NnError, Optimiser, OptimiserState, Schedule,
    Sgd, Velocity, clip_norm, clip_value,
};

const START: [f64; 4] = [1.0, -2.0, 0.5, 3.0];

/// The gradient of step k = 1, 2, …, exact in both precisions.
fn gradient(k: u64) -> [f64; 4] {
    std::array::from_fn(|i| ((k * (i as u64 + 1)) % 7) as f64 - 3.0 + 0.25 * i as f64)
}

fn descend<A: Element>(weight_decay: f64, steps: u64) -> (Vec<f64>, Moments<A>) {
    let options = AdamW { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay };
    let mut moments = Moments::new(4);
    let mut params = START.map(A::from_f64);
    for k in 1..=steps {
        options.step(1.0, &mut moments, &mut params, &gradient(k).map(A::from_f64)).expect("lengths agree");
    }
    (params.iter().map(|&p| chreode_core::Real::to_f64(p)).collect(), moments)
}

// torch 2.11.0, double precision:
//   p = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64))
//   opt = torch.optim.AdamW([p], lr=0.01, betas=(0.9, 0.99), eps=1e-8, weight_decay=wd)
//   for k in range(1, 11):
//       p.grad = torch.tensor([((k*(i+1)) % 7) - 3.0 + 0.25*i for i in range(4)], dtype=torch.float64)
//       opt.step()
const ADAM_1: [f64; 4] = [1.00999999995, -1.9900000001333333, 0.4900000002, 2.990000000057143];
const ADAM_10: [f64; 4] = [1.0286523771333227, -2.01349398810597, 0.45072439820459, 2.9533875231823488];
const ADAMW_1: [f64; 4] = [1.00899999995, -1.9880000001333333, 0.4895000002, 2.987000000057143];
const ADAMW_10: [f64; 4] = [1.0184861770072309, -1.9935568306813365, 0.44603195217425134, 2.923759814811324];
const FIRST_10: [f64; 4] = [-0.22315871879999996, 0.42585593207499994, 0.41207145295, 0.5431020568249999];
const SECOND_10: [f64; 4] =
    [0.3161070912336351, 0.39604886847805104, 0.40637231474120966, 0.4228372462819023];

#[test]
fn adamw_takes_the_steps_of_pytorch() {
    for (decay, one, ten) in [(0.0, ADAM_1, ADAM_10), (0.1, ADAMW_1, ADAMW_10)] {
        assert_relative_eq!(descend::<f64>(decay, 1).0[..], one[..], max_relative = 1e-14);
        let (params, moments) = descend::<f64>(decay, 10);
        assert_relative_eq!(params[..], ten[..], max_relative = 1e-14);
        assert_relative_eq!(moments.first[..], FIRST_10[..], max_relative = 1e-14);
        assert_relative_eq!(moments.second[..], SECOND_10[..], max_relative = 1e-14);
        assert_relative_eq!(descend::<f32>(decay, 10).0[..], ten[..], max_relative = 1e-6);
    }
}

#[test]
fn adamw_resumes_from_its_moments_bit_for_bit() {
    let options = AdamW::new(1e-2).unwrap();
    let go = |from: u64, to: u64, params: &mut [f32], moments: &mut Moments<f32>| {
        for k in from..=to {
            options.step(1.0, moments, params, &gradient(k).map(|g| g as f32)).unwrap();
        }
    };
    let (mut whole, mut whole_moments) = (START.map(|p| p as f32), Moments::new(4));
    go(1, 20, &mut whole, &mut whole_moments);
    let (mut part, mut moments) = (START.map(|p| p as f32), Moments::new(4));
    go(1, 7, &mut part, &mut moments);
    let mut saved =
        Moments { first: moments.first.clone(), second: moments.second.clone(), step: moments.step };
    go(8, 20, &mut part, &mut saved);
    assert_eq!((part, saved), (whole, whole_moments));
}

#[test]
fn the_factor_scales_the_rate_and_the_decay() {
    let half = AdamW::new(0.01).unwrap();
    let whole = AdamW { lr: 0.005, ..half };
    let (mut a, mut b) = (START, START);
    half.step(0.5, &mut Moments::new(4), &mut a, &gradient(1)).unwrap();
    whole.step(1.0, &mut Moments::new(4), &mut b, &gradient(1)).unwrap();
    assert_eq!(a, b);
}

#[test]
fn adamw_refuses_what_it_cannot_use_and_says_why() {
    let text = |r: Result<AdamW, NnError>| r.expect_err("a value out of range").to_string();
    assert_eq!(text(AdamW::new(0.0)), "AdamW's lr is 0; it must be positive and finite");
    assert_eq!(text(AdamW::new(f64::NAN)), "AdamW's lr is NaN; it must be positive and finite");
    let good = AdamW::new(1e-3).unwrap();
    assert_eq!(text(good.betas(1.0, 0.9)), "AdamW's beta1 is 1; it must be at least 0 and below 1");
    assert_eq!(text(good.betas(0.9, -0.1)), "AdamW's beta2 is -0.1; it must be at least 0 and below 1");
    assert!(text(good.weight_decay(-1.0)).starts_with("AdamW's weight_decay is -1"));
    assert!(text(AdamW { eps: -1e-8, ..good }.checked()).starts_with("AdamW's eps is -0.00000001"));
    let mut params = START;
    let short = good.step(1.0, &mut Moments::new(4), &mut params, &[1.0]).unwrap_err();
    assert_eq!(
        short.to_string(),
        "the gradients have 1 entries where 4 are expected; use the network they were made for"
    );
    let other = good.step(1.0, &mut Moments::new(3), &mut params, &gradient(1)).unwrap_err();
    assert_eq!(other, NnError::Length { what: "first moments", expected: 4, found: 3 });
    assert_eq!(params, START);
}

#[test]
fn averages_decay_geometrically() {
    let mut ema = Ema::new(0.9, EmaStart::Constant, &[1.0, 0.0]).unwrap();
    for _ in 0..10 {
        ema.update(&[0.0, 1.0]).unwrap();
    }
    let left = 0.9_f64.powi(10);
    assert_relative_eq!(ema.average[..], [left, 1.0 - left][..], max_relative = 1e-14);
    let mut warm = Ema::new(0.999, EmaStart::WarmUp, &[1.0]).unwrap();
    warm.update(&[0.0]).unwrap();
    warm.update(&[0.0]).unwrap();
    assert_relative_eq!(warm.average[0], 0.1 * 2.0 / 11.0, max_relative = 1e-14);
    assert_eq!(warm.updates, 2);
    assert!(matches!(warm.update(&[0.0; 2]), Err(NnError::Length { expected: 1, found: 2, .. })));
    let text = Ema::<f32>::new(1.0, EmaStart::Constant, &[]).unwrap_err().to_string();
    assert_eq!(text, "Ema's decay is 1; it must be at least 0 and below 1");
}

#[test]
fn schedules_pass_through_their_corners() {
    let cosine = Schedule::cosine(100, 0.1).unwrap();
    assert_relative_eq!(cosine.factor(0), 1.0);
    assert_relative_eq!(cosine.factor(50), 0.55, max_relative = 1e-14);
    assert_relative_eq!(cosine.factor(25), 0.1 + 0.45 * (1.0 + 0.5_f64.sqrt()), max_relative = 1e-14);
    assert_eq!((cosine.factor(100), cosine.factor(u64::MAX)), (0.1, 0.1));
    let warm = Schedule::warmup_cosine(10, 110, 0.0).unwrap();
    assert_eq!((warm.factor(0), warm.factor(4), warm.factor(9), warm.factor(10)), (0.1, 0.5, 1.0, 1.0));
    assert_relative_eq!(warm.factor(60), 0.5, max_relative = 1e-14);
    assert_eq!(Schedule::Constant.factor(7), 1.0);
    let text = |s: Result<Schedule, NnError>| s.expect_err("out of range").to_string();
    assert_eq!(
        text(Schedule::warmup_cosine(10, 10, 0.0)),
        "the schedule's steps is 10; it must be more than its warm-up"
    );
    assert!(text(Schedule::cosine(0, 0.0)).starts_with("the schedule's steps is 0"));
    assert_eq!(text(Schedule::cosine(5, 1.5)), "the schedule's floor is 1.5; it must be between 0 and 1");
}

#[test]
fn clipping_keeps_the_direction_and_returns_the_norm() {
    let long: Vec<f32> = (0..1001).map(|i| (i as f32 * 0.1).sin()).collect();
    let norm = long.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
    let mut clipped = long.clone();
    assert_relative_eq!(clip_norm(&mut clipped, 2.0).unwrap(), norm, max_relative = 1e-12);
    for (&c, &g) in clipped.iter().zip(&long) {
        assert_relative_eq!(f64::from(c), f64::from(g) * 2.0 / norm, max_relative = 1e-6);
    }
    let mut short = clipped.clone();
    assert_relative_eq!(clip_norm(&mut short, 3.0).unwrap(), 2.0, max_relative = 1e-6);
    assert_eq!(short, clipped);
    let mut huge = [3e200, 4e200];
    assert_relative_eq!(clip_norm(&mut huge, 1.0).unwrap(), 5e200, max_relative = 1e-14);
    assert_relative_eq!(huge[..], [0.6, 0.8][..], max_relative = 1e-14);
    let mut bad = [1.0, f64::NAN];
    let error = clip_norm(&mut bad, 1.0).unwrap_err().to_string();
    assert_eq!(error, "entry 1 of the gradient is NaN; look for a bad input or lower the learning rate");
    assert_eq!(bad[0], 1.0);
    assert!(matches!(clip_norm(&mut [0.0], 0.0), Err(NnError::OutOfRange { .. })));
}

// tests/reference/layers.py, torch 2.11.0, 2026-11-29.
const SGD_10: [f64; 4] = [1.03, -2.0550000000000006, 0.43000000000000005, 2.9150000000000005];
const HEAVY_10: [f64; 4] = [1.0629419987628705, -2.068703834618292, 0.18496922699164983, 2.5537706078782807];
const NESTEROV_10: [f64; 4] = [1.119241437772, -2.20505669501925, 0.13377787688949985, 2.5899126660282494];

#[test]
fn sgd_takes_the_steps_of_pytorch() {
    let plain = Sgd::new(0.01).unwrap();
    let heavy = plain.momentum(Momentum::Heavy { decay: 0.9, dampening: 0.1 }).unwrap();
    let nesterov = plain.momentum(Momentum::Nesterov { decay: 0.9 }).unwrap();
    let cases = [(plain, SGD_10), (heavy.weight_decay(0.1).unwrap(), HEAVY_10), (nesterov, NESTEROV_10)];
    for (options, expected) in cases {
        let (mut params, mut state) = (START, Velocity::new(4));
        for k in 1..=10 {
            options.step(1.0, &mut state, &mut params, &gradient(k)).unwrap();
        }
        assert_relative_eq!(params[..], expected[..], max_relative = 1e-14);
        assert_eq!(state.step, 10);
    }
}

/// The program of the paper, line by line.
#[test]
fn lion_takes_the_steps_of_its_program() {
    let options = Lion::new(0.01).unwrap().weight_decay(0.3).unwrap();
    let (mut params, mut state) = (START, Velocity::new(4));
    let (mut expected, mut m) = (START, [0.0; 4]);
    for k in 1..=20 {
        options.step(0.5, &mut state, &mut params, &gradient(k)).unwrap();
        for (i, g) in gradient(k).into_iter().enumerate() {
            let way: f64 = 0.9 * m[i] + (1.0 - 0.9) * g;
            let sign = if way == 0.0 { 0.0 } else { way.signum() };
            m[i] = 0.99 * m[i] + (1.0 - 0.99) * g;
            expected[i] -= 0.005 * (sign + 0.3 * expected[i]);
        }
    }
    assert_relative_eq!(params[..], expected[..], max_relative = 1e-13);
    assert_relative_eq!(state.velocity[..], m[..], max_relative = 1e-13);
}

#[test]
fn momentum_resumes_from_its_velocity_bit_for_bit() {
    let sgd = Sgd::new(0.01).unwrap().momentum(Momentum::Nesterov { decay: 0.9 }).unwrap();
    let lion = Lion::new(0.01).unwrap();
    let go = |from: u64, to: u64, params: &mut [f32], state: &mut [Velocity<f32>; 2]| {
        for k in from..=to {
            let gradient = gradient(k).map(|g| g as f32);
            sgd.step(1.0, &mut state[0], params, &gradient).unwrap();
            lion.step(1.0, &mut state[1], params, &gradient).unwrap();
        }
    };
    let start = || (START.map(|p| p as f32), [Velocity::new(4), Velocity::new(4)]);
    let (mut whole, mut whole_state) = start();
    go(1, 20, &mut whole, &mut whole_state);
    let (mut part, mut state) = start();
    go(1, 7, &mut part, &mut state);
    let mut saved = state.clone();
    go(8, 20, &mut part, &mut saved);
    assert_eq!((part, saved), (whole, whole_state));
}

#[test]
fn the_other_optimisers_refuse_what_they_cannot_use() {
    let sgd = Sgd::new(1.0).unwrap();
    let text = |r: Result<Sgd, NnError>| r.expect_err("a value out of range").to_string();
    assert_eq!(text(Sgd::new(-1.0)), "Sgd's lr is -1; it must be positive and finite");
    let nesterov = Momentum::Nesterov { decay: 1.0 };
    assert_eq!(text(sgd.momentum(nesterov)), "Sgd's momentum is 1; it must be at least 0 and below 1");
    let heavy = Momentum::Heavy { decay: 0.5, dampening: 2.0 };
    assert_eq!(text(sgd.momentum(heavy)), "Sgd's dampening is 2; it must be between 0 and 1");
    assert_eq!(text(sgd.weight_decay(-1.0)), "Sgd's weight_decay is -1; it must be at least 0 and finite");
    let mut params = START;
    let short = sgd.step(1.0, &mut Velocity::new(3), &mut params, &gradient(1)).unwrap_err();
    assert_eq!(short, NnError::Length { what: "velocities", expected: 4, found: 3 });
    let text = |r: Result<Lion, NnError>| r.expect_err("a value out of range").to_string();
    assert_eq!(text(Lion::new(0.0)), "Lion's lr is 0; it must be positive and finite");
    let lion = Lion::new(1.0).unwrap();
    assert_eq!(text(lion.betas(1.5, 0.9)), "Lion's beta1 is 1.5; it must be at least 0 and below 1");
    assert_eq!(text(lion.betas(0.5, -0.9)), "Lion's beta2 is -0.9; it must be at least 0 and below 1");
    assert!(text(lion.weight_decay(f64::INFINITY)).starts_with("Lion's weight_decay is inf"));
    assert!(lion.step(1.0, &mut Velocity::new(4), &mut params, &[0.0; 3]).is_err());
    assert_eq!(params, START);
    lion.step(1.0, &mut Velocity::new(4), &mut params, &[f64::NAN, 0.0, 1.0, -1.0]).unwrap();
    assert!(params[0].is_nan());
    assert_eq!(params[1..], [-2.0, -0.5, 4.0]);
}

#[test]
fn schedules_fall_by_rates_and_steps() {
    // torch's ExponentialLR(0.9) and StepLR(4, 0.5).
    let exponential = Schedule::exponential(0.9).unwrap();
    assert_relative_eq!(exponential.factor(8), 0.43046721, max_relative = 1e-14);
    let step = Schedule::step(4, 0.5).unwrap();
    let factors: Vec<_> = (0..9).map(|k| step.factor(k)).collect();
    assert_eq!(factors, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25]);
    let warm = Schedule::warmup(4).unwrap();
    assert_eq!([0, 1, 3, 4, 100].map(|k| warm.factor(k)), [0.25, 0.5, 1.0, 1.0, 1.0]);
    let text = |s: Result<Schedule, NnError>| s.expect_err("out of range").to_string();
    assert_eq!(
        text(Schedule::exponential(1.1)),
        "the schedule's rate is 1.1; it must be above 0 and at most 1"
    );
    assert_eq!(text(Schedule::step(0, 0.5)), "the schedule's every is 0; it must be at least 1");
    assert_eq!(text(Schedule::warmup(0)), "the schedule's warmup is 0; it must be at least 1");
    // An unchecked one panics as little.
    assert_eq!(Schedule::Step { every: 0, rate: 0.5 }.factor(3), 1.0);
}

#[test]
fn clipping_by_value_refuses_what_is_not_finite() {
    let mut bad = [9.0, f64::INFINITY];
    assert!(matches!(clip_value(&mut bad, 1.0), Err(NnError::GradientNotFinite { index: 1, .. })));
    assert_eq!(bad[0], 9.0);
    assert_eq!(
        clip_value(&mut bad, 0.0).unwrap_err().to_string(),
        "clip_value's max is 0; it must be positive"
    );
}

/// Each of them, with the state that it would use by itself.
fn all() -> [(Optimiser, OptimiserState<f32>); 3] {
    let sgd = Sgd::new(0.01)
        .expect("a valid setting")
        .momentum(Momentum::Nesterov { decay: 0.9 })
        .expect("a valid setting");
    [
        (AdamW::new(0.01).expect("a valid setting").into(), OptimiserState::Moments(Moments::new(4))),
        (Lion::new(0.01).expect("a valid setting").into(), OptimiserState::Velocity(Velocity::new(4))),
        (sgd.into(), OptimiserState::Velocity(Velocity::new(4))),
    ]
}

#[test]
fn one_name_takes_the_steps_of_each() {
    for (optimiser, mut state) in all() {
        assert_eq!(optimiser.start(4), state);
        let (mut params, mut alone) = (START.map(|p| p as f32), START.map(|p| p as f32));
        let (mut moments, mut velocity) = (Moments::new(4), Velocity::new(4));
        for k in 1..=12 {
            let gradient = gradient(k).map(|g| g as f32);
            optimiser.step(0.5, &mut state, &mut params, &gradient).unwrap();
            match optimiser {
                Optimiser::AdamW(it) => it.step(0.5, &mut moments, &mut alone, &gradient),
                Optimiser::Lion(it) => it.step(0.5, &mut velocity, &mut alone, &gradient),
                Optimiser::Sgd(it) => it.step(0.5, &mut velocity, &mut alone, &gradient),
                _ => unreachable!("there are three"),
            }
            .unwrap();
            assert_eq!((params, state.steps()), (alone, k), "{optimiser}");
        }
        assert_eq!((optimiser.lr(), optimiser.checked()), (0.01, Ok(optimiser)));
    }
    assert_eq!(all().map(|(optimiser, _)| optimiser.to_string()), ["adamw", "lion", "sgd"]);
}

#[test]
fn a_state_goes_through_named_vectors_bit_for_bit() {
    for (optimiser, mut whole) in all() {
        let go = |from: u64, to: u64, params: &mut [f32; 4], state: &mut OptimiserState<f32>| {
            for k in from..=to {
                optimiser.step(1.0, state, params, &gradient(k).map(|g| g as f32)).unwrap();
            }
        };
        let (mut params, mut half) = (START.map(|p| p as f32), optimiser.start(4));
        let mut apart = params;
        go(1, 20, &mut params, &mut whole);
        go(1, 7, &mut apart, &mut half);
        let stored: Vec<(String, Vec<f32>)> =
            half.vectors().into_iter().map(|(name, v)| (name.to_string(), v.to_vec())).collect();
        let find = |name: &str| stored.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let mut again = optimiser.resume(half.steps(), 4, find).unwrap();
        assert_eq!(again, half);
        go(8, 20, &mut apart, &mut again);
        assert_eq!((apart, again), (params, whole), "{optimiser}");
        let short = optimiser.resume(7, 5, find).unwrap_err();
        let what = "vectors of the state";
        assert_eq!(short, NnError::Length { what, expected: 5, found: 4 });
    }
}

#[test]
fn a_state_of_another_optimiser_is_refused() {
    let [(adamw, mut moments), (lion, mut velocity), _] = all();
    let mut params = START.map(|p| p as f32);
    let error = lion.step(1.0, &mut moments, &mut params, &[1.0; 4]).unwrap_err().to_string();
    let expected = "lion cannot step with a state of first_moment, second_moment; begin with the state that its \
                    `start` gives";
    assert_eq!(error, expected);
    assert!(adamw.step(1.0, &mut velocity, &mut params, &[1.0; 4]).is_err());
    assert_eq!((params, moments.steps(), velocity.steps()), (START.map(|p| p as f32), 0, 0));
    let error = adamw.resume::<f32>(3, 4, |name| (name == "first_moment").then(|| vec![0.0; 4]));
    assert_eq!(
        error.unwrap_err().to_string(),
        "the state has no vector `second_moment`, which adamw needs; resume with the optimiser that wrote it"
    );
    let bad = Optimiser::from(Sgd { lr: -1.0, ..Sgd::new(1.0).unwrap() }).checked().unwrap_err();
    assert_eq!(bad.to_string(), "Sgd's lr is -1; it must be positive and finite");
}
