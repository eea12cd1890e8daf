//! Events: where they fire, where they do not, and what they may do.

use chreode_core::Tolerance;
use chreode_ode::{
    Action, At, DOPRI5, Direction, End, Event, Every, ExplicitRk, Fixed, Last, Logged, Pi, RK4, Report,
    Solve, SolveError, Span, TSIT5, Trajectory, When,
};
use std::cell::Cell;
use std::f64::consts::{FRAC_PI_2, PI};

fn adaptive(tolerance: f64) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(tolerance)))
}

/// (cos t, -sin t) from (1, 0).
fn oscillator(_t: f64, y: &[f64; 2]) -> [f64; 2] {
    [y[1], -y[0]]
}

fn falling(_t: f64, y: &[f64; 2]) -> [f64; 2] {
    [y[1], -10.0]
}

fn clock(_t: f64, _y: &[f64; 1]) -> [f64; 1] {
    [1.0]
}

fn go_on<const N: usize>(_t: f64, _y: &[f64; N]) -> Action<[f64; N]> {
    Action::Continue
}

const TEN: Span = Span { t0: 0.0, t1: 10.0 };

#[test]
fn a_closure_stops_where_it_is_zero() {
    for span in [TEN, Span { t0: 0.0, t1: -10.0 }] {
        let mut event = |_t: f64, y: &[f64; 2]| y[0];
        let mut save = (Last::new(), Every::step());
        let report = adaptive(1e-10).run_with(&oscillator, span, [1.0, 0.0], &mut save, &mut event).unwrap();
        let End::Event { t, index: 0 } = report.end else { panic!("{report:?}") };
        assert!((t.abs() - FRAC_PI_2).abs() < 1e-9, "{t}");
        // The savers end on the event, at a state that is zero to within rounding.
        let (last, every) = save;
        let (end, y) = last.0.unwrap();
        assert_eq!((end, end, y), (t, *every.times.last().unwrap(), *every.ys.last().unwrap()));
        assert!(y[0].abs() < 1e-15 && (y[1].abs() - 1.0).abs() < 1e-9, "{y:?}");
    }
}

#[test]
fn the_time_is_found_to_rounding() {
    // y = t, so that the event at y = c is at t = c.
    for c in [1e-9, 0.1, 1.0 / 3.0, 7.0, 9.999999] {
        let mut event = |_t: f64, y: &[f64; 1]| (y[0] - c).powi(3) * 1e10;
        let solve = Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(3));
        let report = solve.run_with(&clock, TEN, [0.0], &mut Last::new(), &mut event).unwrap();
        let End::Event { t, .. } = report.end else { panic!("{report:?}") };
        assert!((t - c).abs() <= 1e-14 * c.max(1.0), "{t} for {c}");
    }
}

#[test]
fn directions_are_those_of_the_solve() {
    let times = |direction, t1| {
        let mut events = Logged::new(When::new(|_t: f64, y: &[f64; 2]| y[0]).going(direction).then(go_on));
        let span = Span { t0: 0.0, t1 };
        let report =
            adaptive(1e-9).run_with(&oscillator, span, [1.0, 0.0], &mut Last::new(), &mut events).unwrap();
        assert_eq!(report.end, End::Reached);
        events.log.iter().map(|o| (o.t / FRAC_PI_2).round()).collect::<Vec<_>>()
    };
    assert_eq!(times(Direction::Either, 10.0), [1.0, 3.0, 5.0]);
    assert_eq!(times(Direction::Down, 10.0), [1.0, 5.0]);
    assert_eq!(times(Direction::Up, 10.0), [3.0]);
    // Backwards the cosine falls first as well.
    assert_eq!(times(Direction::Down, -10.0), [-1.0, -5.0]);
}

#[test]
fn watching_changes_no_step() {
    let plain = {
        let mut save = Every::step();
        let report = adaptive(1e-8).run(&oscillator, TEN, [1.0, 0.0], &mut save).unwrap();
        (report, save)
    };
    let mut events = (
        When::new(|_t: f64, y: &[f64; 2]| y[0]).then(go_on),
        When::new(|t: f64, _y: &[f64; 2]| (3.0 * t).sin()).then(go_on),
    );
    let mut save = Every::step();
    let report = adaptive(1e-8).run_with(&oscillator, TEN, [1.0, 0.0], &mut save, &mut events).unwrap();
    assert_eq!((report, save), plain);
}

#[test]
fn an_event_at_the_start_waits_until_it_has_left_zero() {
    // y = sin t is zero at the start; the first event is half a period later.
    let mut event = |_t: f64, y: &[f64; 2]| y[1];
    let report: Report =
        adaptive(1e-10).run_with(&oscillator, TEN, [1.0, 0.0], &mut Last::new(), &mut event).unwrap();
    let End::Event { t, .. } = report.end else { panic!("{report:?}") };
    assert!((t - PI).abs() < 1e-8, "{t}");
    // Also when it returns within the first step, however long that is.
    let parabola = |t: f64, _y: &[f64; 1]| [1.0 - 20.0 * t];
    let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(1));
    let mut event = |_t: f64, y: &[f64; 1]| y[0];
    let report = solve.run_with(&parabola, TEN, [0.0], &mut Last::new(), &mut event).unwrap();
    let End::Event { t, .. } = report.end else { panic!("{report:?}") };
    assert!((t - 0.1).abs() < 1e-12, "{t}");
    // One that stays at zero never fires.
    let mut event = |_t: f64, _y: &[f64; 1]| 0.0;
    let report = solve.run_with(&parabola, TEN, [0.0], &mut Last::new(), &mut event).unwrap();
    assert_eq!(report.end, End::Reached);
}

#[test]
fn a_solve_goes_on_from_the_event_that_ended_the_last() {
    let mut event = |_t: f64, y: &[f64; 2]| y[0];
    let (mut t0, mut y, mut times) = (0.0, [1.0, 0.0], Vec::new());
    for _ in 0..4 {
        let mut save = Last::new();
        let span = Span { t0, t1: 20.0 };
        let _ = adaptive(1e-10).run_with(&oscillator, span, y, &mut save, &mut event).unwrap();
        (t0, y) = save.0.unwrap();
        // The state is beyond zero by rounding; put it on the surface, and it waits.
        y[0] = 0.0;
        times.push(t0);
    }
    for (k, t) in times.iter().enumerate() {
        assert!((t - FRAC_PI_2 - k as f64 * PI).abs() < 1e-8, "{times:?}");
    }
}

#[test]
fn several_passages_inside_one_step_are_found_in_order() {
    // One step of 10 along y = t; g has zeros at 1, 1.5, 4, 4.2 and 8.
    let g = |_t: f64, y: &[f64; 1]| [1.0, 1.5, 4.0, 4.2, 8.0].iter().map(|root| y[0] - root).product::<f64>();
    let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(1));
    for (direction, expected) in [
        (Direction::Either, vec![1.0, 1.5, 4.0, 4.2, 8.0]),
        (Direction::Up, vec![1.0, 4.0, 8.0]),
        (Direction::Down, vec![1.5, 4.2]),
    ] {
        let mut events = Logged::new(When::new(g).going(direction).samples(8).then(go_on));
        let report = solve.run_with(&clock, TEN, [0.0], &mut Last::new(), &mut events).unwrap();
        assert_eq!((report.end, report.stats.accepted), (End::Reached, 1));
        let times: Vec<f64> = events.log.iter().map(|o| o.t).collect();
        assert_eq!(times.len(), expected.len(), "{times:?}");
        assert!(times.iter().zip(&expected).all(|(t, e)| (t - e).abs() < 1e-12), "{times:?}");
    }
}

#[test]
fn a_dip_between_two_samples_is_found() {
    let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(2));
    // Two zeros 1e-3 apart anywhere in the two steps: at the ends, in the middle, across both.
    for centre in [0.1, 1.3, 2.5, 4.9, 4.9996, 5.0, 5.0004, 7.77, 9.95] {
        let mut events =
            Logged::new(When::new(move |_t: f64, y: &[f64; 1]| (y[0] - centre).powi(2) - 2.5e-7).then(go_on));
        let _ = solve.run_with(&clock, TEN, [0.0], &mut Last::new(), &mut events).unwrap();
        let times: Vec<f64> = events.log.iter().map(|o| o.t - centre).collect();
        assert_eq!(times.len(), 2, "at {centre}: {times:?}");
        assert!((times[0] + 5e-4).abs() < 1e-9 && (times[1] - 5e-4).abs() < 1e-9, "{times:?}");
    }
    // A dip that stays above zero is no event.
    let mut event = |_t: f64, y: &[f64; 1]| (y[0] - 4.3).powi(2) + 1e-7;
    let report = solve.run_with(&clock, TEN, [0.0], &mut Last::new(), &mut event).unwrap();
    assert_eq!(report.end, End::Reached);
}

#[test]
fn a_rejected_step_fires_nothing() {
    // A first trial as long as the span overshoots every level; it is rejected, and the true solution
    // never comes near them.
    let stiff = |_t: f64, y: &[f64; 1]| [-50.0 * y[0]];
    let occurred = Cell::new(0);
    let mut event = When::new(|_t: f64, y: &[f64; 1]| y[0].abs() - 2.0).then(|_t: f64, _y: &[f64; 1]| {
        occurred.set(occurred.get() + 1);
        Action::Continue
    });
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-6)).first_step(1.0));
    let span = Span { t0: 0.0, t1: 1.0 };
    let report = solve.run_with(&stiff, span, [1.0], &mut Last::new(), &mut event).unwrap();
    assert!(report.stats.rejected > 0);
    assert_eq!((report.end, occurred.get()), (End::Reached, 0));
}

#[test]
fn a_ball_bounces_within_one_solve() {
    // From height 5 it falls for 1 s; each bounce keeps 0.8 of the speed: bounces at 1, 1 + 2·0.8, …
    let mut floor = Logged::new(
        When::new(|_t: f64, y: &[f64; 2]| y[0])
            .going(Direction::Down)
            .then(|_t: f64, y: &[f64; 2]| Action::Reset([y[0], -0.8 * y[1]])),
    );
    let times = [0.0, 0.5, 1.0, 1.8, 4.0, 6.0];
    let mut save = ((At::new(&times), Every::step()), Trajectory::new());
    let span = Span { t0: 0.0, t1: 6.0 };
    let report = adaptive(1e-9).run_with(&falling, span, [5.0, 0.0], &mut save, &mut floor).unwrap();
    assert_eq!(report.end, End::Reached);
    let mut bounces = vec![1.0];
    while bounces.len() < floor.log.len() {
        bounces.push(bounces.last().unwrap() + 2.0 * 0.8f64.powi(bounces.len() as i32));
    }
    assert_eq!(floor.log.len(), 5, "bounces at 1, 2.6, 3.88, 4.904, 5.72, and then 6.38");
    for (o, t) in floor.log.iter().zip(&bounces) {
        assert!((o.t - t).abs() < 1e-7 && o.y[1] < 0.0, "{o:?} at {t}");
    }
    let ((at, every), trajectory) = save;
    // Exact in closed form: thrown up with 8 at t = 1.
    assert!((at.ys[3][0] - (8.0 * 0.8 - 5.0 * 0.64)).abs() < 1e-7, "{:?}", at.ys);
    // Every step shows both sides of the bounce, the same time twice.
    let twice = every.times.windows(2).position(|w| w[0] == w[1]).unwrap();
    assert!((every.times[twice] - 1.0).abs() < 1e-8);
    assert!(every.ys[twice][1] < 0.0 && every.ys[twice + 1][1] > 0.0);
    // The trajectory is continuous in height and goes through the floor nowhere.
    for i in 0..=600 {
        let y: [f64; 2] = trajectory.at(f64::from(i) * 0.01).unwrap();
        assert!(y[0] > -1e-9, "{y:?}");
    }
}

#[test]
fn bounces_that_pile_up_end_in_a_typed_error() {
    // 0.5 of the speed kept: infinitely many bounces before t = 3.
    let mut floor = When::new(|_t: f64, y: &[f64; 2]| y[0])
        .going(Direction::Down)
        .then(|_t: f64, y: &[f64; 2]| Action::Reset([0.0, -0.5 * y[1]]));
    let mut save = Last::new();
    let error = adaptive(1e-9).run_with(&falling, TEN, [5.0, 0.0], &mut save, &mut floor).unwrap_err();
    assert!(matches!(error, SolveError::StepTooSmall { .. } | SolveError::MaxSteps { .. }), "{error}");
    let (t, y) = save.0.unwrap();
    assert!((t - 3.0).abs() < 1e-3 && y[0].abs() < 1e-6, "{t} {y:?}");
}

#[test]
fn events_of_one_time_occur_in_order_and_the_first_to_stop_wins() {
    // Two balls in one state reach the floor at once; each event turns its own ball.
    let two = |_t: f64, y: &[f64; 4]| [y[1], -10.0, y[3], -10.0];
    let bounce = |i: usize| {
        When::new(move |_t: f64, y: &[f64; 4]| y[i]).going(Direction::Down).then(
            move |_t: f64, y: &[f64; 4]| {
                let mut y = *y;
                y[i + 1] = -y[i + 1];
                Action::Reset(y)
            },
        )
    };
    let mut events = Logged::new([bounce(0), bounce(2)]);
    let mut save = Last::new();
    let span = Span { t0: 0.0, t1: 1.5 };
    let _ = adaptive(1e-9).run_with(&two, span, [5.0, 0.0, 5.0, 0.0], &mut save, &mut events).unwrap();
    assert_eq!(events.log.iter().map(|o| o.index).collect::<Vec<_>>(), [0, 1]);
    let y = save.0.unwrap().1;
    assert!((y[0] - 3.75).abs() < 1e-6 && (y[2] - 3.75).abs() < 1e-6, "{y:?}");

    let at_two = |_t: f64, y: &[f64; 1]| y[0] - 2.0;
    let mut events = vec![When::new(at_two), When::new(at_two)];
    let report = adaptive(1e-9).run_with(&clock, TEN, [0.0], &mut Last::new(), &mut events).unwrap();
    assert!(matches!(report.end, End::Event { index: 0, .. }));
    let mut events = (When::new(at_two).then(go_on), When::new(at_two), When::new(at_two));
    let report = adaptive(1e-9).run_with(&clock, TEN, [0.0], &mut Last::new(), &mut events).unwrap();
    assert!(matches!(report.end, End::Event { index: 1, .. }));
}

/// The third passage ends the solve: an event with a memory.
struct Third(usize);

impl Event<[f64; 2]> for Third {
    fn value(&self, _t: f64, y: &[f64; 2]) -> f64 {
        y[0]
    }
    fn occurred(&mut self, _t: f64, _y: &[f64; 2]) -> Action<[f64; 2]> {
        self.0 += 1;
        if self.0 == 3 { Action::Stop } else { Action::Continue }
    }
}

#[test]
fn an_event_may_count() {
    let report =
        adaptive(1e-10).run_with(&oscillator, TEN, [1.0, 0.0], &mut Last::new(), &mut [Third(0)]).unwrap();
    let End::Event { t, .. } = report.end else { panic!("{report:?}") };
    assert!((t - 2.5 * PI).abs() < 1e-8, "{t}");
}

#[test]
fn a_reset_drops_the_slope_kept_from_before() {
    // y' = -y; at y = 0.5 the state jumps to 8. With the stale first stage the next step would be wrong.
    let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
    for tableau in [DOPRI5, TSIT5, RK4] {
        let mut once = false;
        let mut event = When::new(|_t: f64, y: &[f64; 1]| y[0] - 0.5).then(move |_t: f64, _y: &[f64; 1]| {
            if once {
                return Action::Continue;
            }
            once = true;
            Action::Reset([8.0])
        });
        let solve = Solve::new(ExplicitRk::new(tableau), Fixed::new(0.01));
        let mut save = Last::new();
        let span = Span { t0: 0.0, t1: 2.0 };
        let report = solve.run_with(&decay, span, [1.0], &mut save, &mut event).unwrap();
        let y = save.0.unwrap().1[0];
        let exact = 8.0 * (2f64.ln() - 2.0).exp();
        assert!((y - exact).abs() < 1e-8, "{}: {y} {exact}", tableau.coefficients().name);
        // The grid of fixed steps is kept: the reset adds one step, from the event to the next grid time.
        assert_eq!(report.stats.accepted, 201);
    }
}

#[test]
fn bad_events_are_typed_errors() {
    let mut event = |t: f64, _y: &[f64; 1]| if t < 3.0 { 1.0 } else { f64::NAN };
    let solve = Solve::new(ExplicitRk::new(RK4), Fixed::new(1.0));
    let error = solve.run_with(&clock, TEN, [0.0], &mut Last::new(), &mut event).unwrap_err();
    assert_eq!(error.to_string(), "event 0 is not a number at t = 3; check the domain of its function");
    let mut events = [When::new(|_t: f64, y: &[f64; 1]| y[0] - 0.5)
        .then(|_t: f64, _y: &[f64; 1]| Action::Reset([f64::INFINITY]))];
    let error = solve.run_with(&clock, TEN, [0.0], &mut Last::new(), &mut events).unwrap_err();
    assert_eq!(
        error.to_string(),
        "event 0 at t = 0.5 reset the state to one that is not finite; check its action"
    );
}

#[test]
fn single_precision_states_have_events_too() {
    use ndarray::{Array1, array};
    let field = |_t: f64, y: &Array1<f32>| array![y[1], -y[0]];
    let mut event = |_t: f64, y: &Array1<f32>| f64::from(y[0]);
    let report =
        adaptive(1e-5).run_with(&field, TEN, array![1.0f32, 0.0], &mut Last::new(), &mut event).unwrap();
    let End::Event { t, .. } = report.end else { panic!("{report:?}") };
    assert!((t - FRAC_PI_2).abs() < 1e-4, "{t}");
}
