//! Optimisers against PyTorch, closed forms, and themselves after a restart.

use approx::assert_relative_eq;
use chreode_nn::{AdamW, Element, Ema, EmaStart, Moments, NnError, Schedule, clip_norm};

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
