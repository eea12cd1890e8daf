//! Savers of rows, progress, and dense output that is differentiated.

use chreode_core::Tolerance;
use chreode_ode::{
    Action, At, BOSH3, Chord, DOPRI5, DenseSlope, Direction, EULER, End, Every, ExplicitRk, Fixed, Last,
    METHODS, Map, Observe, Pi, Progress, RK4, Solve, SolveError, Span, Stream, TSIT5, Trajectory, When,
};
use std::ops::ControlFlow;

const SPAN: Span = Span { t0: 0.0, t1: 10.0 };

fn oscillator(_t: f64, y: &[f64; 2]) -> [f64; 2] {
    [y[1], -y[0]]
}

fn adaptive() -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-9)))
}

#[test]
fn a_map_keeps_what_the_state_savers_keep() {
    let times = [0.0, 0.0, 3.0, 7.5, 10.0];
    let energy = |_t: f64, y: &[f64; 2]| y[0] * y[0] + y[1] * y[1];
    let mut save = ((Map::at(&times, energy), At::new(&times)), (Map::steps(energy), Every::step()));
    let report = adaptive().run(&oscillator, SPAN, [1.0, 0.0], &mut save).unwrap();
    let ((rows, at), (steps, every)) = save;
    assert_eq!(rows.times, times);
    assert_eq!(rows.values, at.ys.iter().map(|y| energy(0.0, y)).collect::<Vec<_>>());
    assert_eq!(steps.times, every.times);
    assert_eq!(steps.values, every.ys.iter().map(|y| energy(0.0, y)).collect::<Vec<_>>());
    assert_eq!(steps.values.len(), 1 + report.stats.accepted);
    assert!(steps.values.iter().all(|e| (e - 1.0).abs() < 1e-7));
    // Backwards, and used a second time it begins anew.
    let back = [10.0, 2.0, 0.0];
    let mut save = Map::at(&back, energy);
    for _ in 0..2 {
        let _ = adaptive().run(&oscillator, Span { t0: 10.0, t1: 0.0 }, [1.0, 0.0], &mut save).unwrap();
        assert_eq!(save.times, back);
    }
    let mut save = Map::at(&[1.0, 11.0], energy);
    let error = adaptive().run(&oscillator, SPAN, [1.0, 0.0], &mut save).unwrap_err();
    assert_eq!(error, SolveError::TimeOutside { time: 11.0, t0: 0.0, t1: 10.0 });
}

#[test]
fn a_stream_hands_on_each_row_once_and_can_stop() {
    let mut rows = Vec::new();
    let mut save = Stream::at(&[0.0, 1.0, 2.0, 9.0], |t: f64, y: &[f64; 2]| {
        rows.push((t, y[0]));
        if t < 2.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let report = adaptive().run(&oscillator, SPAN, [1.0, 0.0], &mut save).unwrap();
    assert!(matches!(report.end, End::Stopped { t } if (2.0..9.0).contains(&t)), "{report:?}");
    assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [0.0, 1.0, 2.0]);
    assert!(rows.iter().all(|(t, y)| (y - t.cos()).abs() < 1e-7));
    let mut count = 0;
    let mut save = Stream::steps(|_t: f64, _y: &[f64; 2]| {
        count += 1;
        ControlFlow::Continue(())
    });
    let report = adaptive().run(&oscillator, SPAN, [1.0, 0.0], &mut save).unwrap();
    assert_eq!(count, 1 + report.stats.accepted);
    // A row at the start may stop as well: after the first step.
    let mut save = Stream::steps(|_t: f64, _y: &[f64; 2]| ControlFlow::Break(()));
    let report = adaptive().run(&oscillator, SPAN, [1.0, 0.0], &mut save).unwrap();
    assert_eq!(report.stats.accepted, 1);
}

#[test]
fn rows_at_steps_show_both_sides_of_a_reset() {
    let clock = |_t: f64, _y: &[f64; 1]| [1.0];
    let mut event = When::new(|_t: f64, y: &[f64; 1]| y[0] - 1.0)
        .going(Direction::Up)
        .then(|_t: f64, _y: &[f64; 1]| Action::Reset([-1.0]));
    let mut save = (Map::steps(|_t: f64, y: &[f64; 1]| y[0]), Trajectory::new());
    let solve = Solve::new(ExplicitRk::new(RK4), Fixed::new(0.75));
    let span = Span { t0: 0.0, t1: 1.5 };
    let _ = solve.run_with(&clock, span, [0.0], &mut save, &mut event).unwrap();
    let (map, trajectory) = save;
    assert_eq!(map.values, [0.0, 0.75, 1.0, -1.0, -0.5]);
    assert!((map.times[2] - 1.0).abs() < 1e-15 && map.times[2] == map.times[3]);
    // A trajectory has the state after at the time of the reset, and the state before just before.
    assert_eq!(trajectory.at::<[f64; 1]>(map.times[2]).unwrap(), [-1.0]);
    assert!((trajectory.at::<[f64; 1]>(1.0 - 1e-9).unwrap()[0] - 1.0).abs() < 1e-8);
}

#[test]
fn progress_runs_from_nothing_to_all() {
    for span in [SPAN, Span { t0: 3.0, t1: -3.0 }] {
        let mut seen: Vec<Progress> = Vec::new();
        let observe = Observe(|progress| {
            seen.push(progress);
            ControlFlow::Continue(())
        });
        let mut save = (observe, Last::new());
        let report = adaptive().run(&oscillator, span, [1.0, 0.0], &mut save).unwrap();
        assert_eq!(seen.len(), report.stats.accepted);
        assert!(
            seen.windows(2).all(|w| w[0].fraction < w[1].fraction && w[0].stats.evals < w[1].stats.evals)
        );
        let last = seen.last().unwrap();
        assert_eq!((last.fraction, last.t, last.stats), (1.0, span.t1, report.stats));
        let sum: f64 = seen.iter().map(|p| p.h).sum();
        assert!((sum - span.length()).abs() < 1e-12);
    }
}

#[test]
fn the_slope_of_every_interpolant_is_its_derivative() {
    for tableau in METHODS {
        let name = tableau.coefficients().name;
        for i in 0..tableau.dense_stages() {
            for theta in [0.0, 0.2, 0.5, 0.9, 1.0] {
                // Weights are polynomials of degree 9 at most; this central difference is exact to 1e-8.
                let d = 1e-4;
                let w = |x: f64| tableau.weight(i, x);
                let near = (8.0 * (w(theta + d) - w(theta - d)) - (w(theta + 2.0 * d) - w(theta - 2.0 * d)))
                    / (12.0 * d);
                let exact = tableau.weight_slope(i, theta);
                assert!(
                    (exact - near).abs() < 1e-7 * (1.0 + exact.abs()),
                    "{name} {i} {theta}: {exact} {near}"
                );
            }
        }
        // At the ends of a step the slope is f, for all that interpolate the slopes there; and always
        // nearly so in between.
        let mut trajectory = Trajectory::new();
        let solve = Solve::new(ExplicitRk::new(*tableau), Fixed::new(0.05));
        let _ = solve.run(&oscillator, SPAN, [1.0, 0.0], &mut trajectory).unwrap();
        for i in 0..1000 {
            let t = f64::from(i) * 0.01;
            let (y, slope): ([f64; 2], [f64; 2]) = (trajectory.at(t).unwrap(), trajectory.slope(t).unwrap());
            let error = (slope[0] - y[1]).abs().max((slope[1] + y[0]).abs());
            let bound = if tableau.coefficients().order < 3 { 0.1 } else { 2e-3 };
            assert!(error < bound, "{name} at {t}: {error:e}");
        }
    }
    let chord = Chord { t: 1.0, h: -0.5, y0: [1.0], y1: [2.0] };
    assert_eq!(chord.slope(0.8), [-2.0]);
    assert_eq!(Trajectory::<Chord<[f64; 1]>>::new().slope::<[f64; 1]>(0.0), None);
}

#[test]
fn slopes_of_high_order_are_accurate() {
    for (tableau, bound) in [(BOSH3, 1e-3), (DOPRI5, 1e-5), (TSIT5, 1e-5)] {
        let mut trajectory = Trajectory::new();
        let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(1e-9)));
        let _ = solve.run(&oscillator, SPAN, [1.0, 0.0], &mut trajectory).unwrap();
        for i in 0..=1000 {
            let t = f64::from(i) * 0.01;
            let slope: [f64; 2] = trajectory.slope(t).unwrap();
            assert!((slope[0] + t.sin()).abs() < bound, "{t}");
        }
    }
    assert!(ExplicitRk::new(EULER).tableau().weight_slope(0, 0.3) == 1.0);
}
