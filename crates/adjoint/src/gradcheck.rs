//! Every method and finite differences on one's own model, side by side.

mod table;

pub use table::{Agreement, GradCheck, Kind};

use crate::counted::Counted;
use crate::held::held;
use crate::{
    Adjoint, AdjointError, Backsolve, Direction, Discrete, DiscreteTape, Gradient, Interpolating, Quadrature,
    Retracing, Transposed, sensitivities,
};
use chreode_core::{Coordinates, Tolerance, VectorField, VectorSpace, Vjp};
use chreode_ode::{ExplicitRk, ReversibleRk, Solve, SolveError, StepControl};

/// Directions in which derivatives are compared where there is no gradient to compare.
const DIRECTIONS: usize = 3;

/// Entries of a state up to which tangents are made of pullbacks.
const SMALL: usize = 64;

/// A field at other parameters: calls its second argument with the field at the first.
pub trait Moved<Y, G>: Fn(&G, &mut dyn FnMut(&dyn VectorField<Y>)) {}

impl<Y, G, F: Fn(&G, &mut dyn FnMut(&dyn VectorField<Y>))> Moved<Y, G> for F {}

/// Compares the gradients of all methods, forward sensitivities and finite differences, of a linear loss with
/// fixed weights of all entries of all states at `times`.
///
/// `problem` is the field at `params`, and `moved` the field at others, which only finite differences ask
/// for. A wrong pullback shows in the differences and nowhere else; a problem that cannot be solved
/// backwards shows in `backsolve`; a loose tolerance shows in all continuous methods. Differences are taken
/// of the same steps, so they tell the exact gradient to about nine digits in `f64`. Forward sensitivities
/// are taken for states of up to 64 entries.
///
/// ```
/// use chreode_adjoint::gradcheck;
/// use chreode_core::{Pullback, Tolerance, VectorField, Vjp};
/// use chreode_ode::{ExplicitRk, Pi, Solve, TSIT5};
///
/// /// Logistic growth r y (1 - y / c).
/// struct Logistic([f64; 2]);
///
/// impl VectorField<[f64; 1]> for Logistic {
///     fn eval(&self, _t: f64, &[y]: &[f64; 1]) -> [f64; 1] {
///         let [r, c] = self.0;
///         [r * y * (1.0 - y / c)]
///     }
/// }
///
/// impl Vjp<[f64; 1]> for Logistic {
///     type Params = [f64; 2];
///
///     fn vjp(&self, t: f64, s: &[f64; 1], a: &[f64; 1]) -> Pullback<[f64; 1], [f64; 2]> {
///         let ([y], [r, c], [a]) = (*s, self.0, *a);
///         Pullback {
///             value: self.eval(t, s),
///             state: [a * r * (1.0 - 2.0 * y / c)],
///             params: [a * y * (1.0 - y / c), a * r * y * y / (c * c)],
///         }
///     }
/// }
///
/// let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-8)));
/// let params = [1.3, 2.0];
/// let check = gradcheck(
///     &solve,
///     &Logistic(params),
///     &params,
///     |p, run| run(&Logistic(*p)),
///     [0.1],
///     &[0.0, 1.0, 4.0],
/// )?;
/// assert!(check.worst_exact() < 1e-7 && check.worst() < 1e-5, "{check}");
/// # Ok::<(), chreode_adjoint::AdjointError>(())
/// ```
///
/// # Errors
/// Those of the discrete gradient, with which all others are compared. What another method fails with
/// stands in its line of the table.
pub fn gradcheck<P, Y, C>(
    solve: &Solve<ExplicitRk, C>,
    problem: &P,
    params: &P::Params,
    moved: impl Moved<Y, P::Params>,
    y0: Y,
    times: &[f64],
) -> Result<GradCheck, AdjointError>
where
    P: Vjp<Y, Params: Coordinates> + ?Sized,
    Y: Coordinates,
    C: StepControl<Norm = Tolerance> + Clone,
{
    if times.is_empty() {
        return Err(SolveError::NoTimes.into());
    }
    let weights: Vec<Y> = (0..times.len()).map(|i| scattered(&y0, i)).collect();
    let stored = Discrete::stored();
    let counted = Counted::new(problem);
    let (_, tape) = stored.forward(solve, &counted, y0.duplicate(), times)?;
    let exact = stored.backward(solve, &counted, &tape, &weights)?;
    let steps = tape.steps();
    let setting = Setting { solve, problem, y0: &y0, times, weights: &weights, exact: &exact };
    let mut lines = vec![Agreement {
        method: "discrete, all stored",
        kind: Kind::Exact,
        y0: 0.0,
        params: 0.0,
        times: Some(0.0),
        evals: counted.counts().0,
        pulls: counted.counts().1,
        failure: None,
    }];

    let few = Discrete::checkpoints((steps as f64).sqrt().ceil().max(1.0) as usize);
    lines.push(setting.compare("discrete, checkpoints", Kind::Exact, solve, &few));
    lines.push(differences(&setting, params, &moved, &tape));
    if y0.size() <= SMALL {
        lines.push(forwards(&setting, params));
    }
    let reversible = Solve {
        stepper: ReversibleRk::new(*solve.stepper.tableau()),
        control: solve.control.clone(),
        max_steps: solve.max_steps,
    };
    lines.push(setting.compare("retracing", Kind::OtherSteps, &reversible, &Retracing));
    let back =
        || Solve { stepper: solve.stepper, control: solve.control.clone(), max_steps: solve.max_steps };
    lines.push(setting.compare("interpolating", Kind::Continuous, solve, &Interpolating::new(back())));
    lines.push(setting.compare("quadrature", Kind::Continuous, solve, &Quadrature::new(back())));
    lines.push(setting.compare("backsolve", Kind::Continuous, solve, &Backsolve::new(back())));
    Ok(GradCheck { steps, lines })
}

/// What all lines are made of.
struct Setting<'s, P: Vjp<Y> + ?Sized, Y, C> {
    solve: &'s Solve<ExplicitRk, C>,
    problem: &'s P,
    y0: &'s Y,
    times: &'s [f64],
    weights: &'s [Y],
    exact: &'s Gradient<Y, P::Params>,
}

impl<P: Vjp<Y> + ?Sized, Y: VectorSpace, C> Setting<'_, P, Y, C> {
    /// The line of a method that makes a gradient.
    fn compare<'s, S2, C2, A>(
        &'s self,
        method: &'static str,
        kind: Kind,
        solve: &Solve<S2, C2>,
        adjoint: &A,
    ) -> Agreement
    where
        A: Adjoint<Counted<'s, P>, Y, S2, C2>,
    {
        let counted = Counted::new(self.problem);
        let copies = |_: &[Y]| self.weights.iter().map(Y::duplicate).collect();
        let result = adjoint.gradient(solve, &counted, self.y0.duplicate(), self.times, copies);
        let (evals, pulls) = counted.counts();
        let line = Agreement { evals, pulls, ..Agreement::failed(method, kind) };
        match result {
            Err(error) => Agreement { failure: Some(error), ..line },
            Ok((_, g)) => Agreement {
                y0: distance(&g.y0, &self.exact.y0),
                params: distance(&g.params, &self.exact.params),
                times: Some(distance(&g.times, &self.exact.times)),
                ..line
            },
        }
    }

    /// The loss of states.
    fn loss(&self, ys: &[Y]) -> f64 {
        ys.iter().zip(self.weights).map(|(y, w)| y.dot(w)).sum()
    }
}

/// The line of finite differences of the same steps.
fn differences<P, Y, C>(
    setting: &Setting<'_, P, Y, C>,
    params: &P::Params,
    moved: &impl Moved<Y, P::Params>,
    tape: &DiscreteTape<Y>,
) -> Agreement
where
    P: Vjp<Y, Params: Coordinates> + ?Sized,
    Y: Coordinates,
{
    let evals = std::cell::Cell::new(0);
    let loss = |y0: &Y, params: &P::Params| {
        let mut loss = f64::NAN;
        moved(params, &mut |field| {
            let counted = Counted::new(field);
            loss = setting.loss(&held(&tape.tableau, &counted, &tape.steps, y0, setting.times));
            evals.set(evals.get() + counted.counts().0);
        });
        loss
    };
    let gradient = setting.exact;
    let by_y0 = |v: &Y| slope(setting.y0, v, |y| loss(y, params)) - gradient.y0.dot(v);
    let by_params = |v: &P::Params| slope(params, v, |p| loss(setting.y0, p)) - gradient.params.dot(v);
    let line = Agreement {
        y0: worst(&gradient.y0, by_y0),
        params: worst(&gradient.params, by_params),
        ..Agreement::failed("finite differences", Kind::Exact)
    };
    Agreement { evals: evals.get(), ..line }
}

/// The line of forward sensitivities.
fn forwards<P, Y, C>(setting: &Setting<'_, P, Y, C>, params: &P::Params) -> Agreement
where
    P: Vjp<Y, Params: Coordinates> + ?Sized,
    Y: Coordinates,
    C: StepControl<Norm = Tolerance> + Clone,
{
    let counted = Counted::new(setting.problem);
    let line = Agreement::failed("forward sensitivities", Kind::Exact);
    let gradient = setting.exact;
    let along_y0 = directions(&gradient.y0).into_iter();
    let along_params = directions(&gradient.params).into_iter();
    let directions: Vec<_> = along_y0
        .map(|y0| Direction { y0, params: params.zeros_like() })
        .chain(along_params.map(|params| Direction { y0: setting.y0.zeros_like(), params }))
        .collect();
    let result = sensitivities(
        setting.solve,
        &Transposed(ByReference(&counted)),
        setting.y0.duplicate(),
        setting.times,
        &directions,
    );
    let (evals, pulls) = counted.counts();
    let states = match result {
        Err(error) => return Agreement { evals, pulls, failure: Some(error), ..line },
        Ok(states) => states,
    };
    let mut gaps = [0.0f64; 2];
    for (i, v) in directions.iter().enumerate() {
        let found: f64 = states.iter().zip(setting.weights).map(|((_, s), w)| s[i].dot(w)).sum();
        let (part, told, size) = if i <= DIRECTIONS {
            (0, gradient.y0.dot(&v.y0), norm(&gradient.y0) * norm(&v.y0))
        } else {
            (1, gradient.params.dot(&v.params), norm(&gradient.params) * norm(&v.params))
        };
        gaps[part] = larger(gaps[part], relative(found - told, size));
    }
    Agreement { y0: gaps[0], params: gaps[1], evals, pulls, ..line }
}

/// A field behind a reference.
struct ByReference<'p, P: ?Sized>(&'p P);

impl<Y, P: VectorField<Y> + ?Sized> VectorField<Y> for ByReference<'_, P> {
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.0.eval(t, y)
    }
}

impl<Y, P: Vjp<Y> + ?Sized> Vjp<Y> for ByReference<'_, P> {
    type Params = P::Params;

    fn vjp(&self, t: f64, y: &Y, a: &Y) -> chreode_core::Pullback<Y, P::Params> {
        self.0.vjp(t, y, a)
    }
}

/// Numbers in [−1, 1], scattered by the golden ratio and never all alike: the `i`-th such vector.
fn scattered<V: Coordinates>(like: &V, i: usize) -> V {
    let golden = 0.618_033_988_749_894_9;
    let entry = |j: usize| 2.0 * (golden * ((1000 * i + j + 1) as f64)).fract() - 1.0;
    let mut out = like.zeros_like();
    out.write(&(0..like.size()).map(entry).collect::<Vec<_>>());
    out
}

/// Along the gradient, and scattered.
fn directions<V: Coordinates>(gradient: &V) -> Vec<V> {
    let scattered = (0..DIRECTIONS).map(|i| scattered(gradient, 17 + i));
    std::iter::once(gradient.duplicate()).chain(scattered).collect()
}

/// The largest of `gap(v)` over the directions, relative to the sizes of the gradient and of v.
fn worst<V: Coordinates>(gradient: &V, gap: impl Fn(&V) -> f64) -> f64 {
    let size = norm(gradient);
    directions(gradient)
        .iter()
        .filter(|v| norm(*v) > 0.0)
        .fold(0.0, |most, v| larger(most, relative(gap(v), size * norm(v))))
}

/// The derivative of `f` at `x` along `v`, by central differences extrapolated once.
fn slope<V: Coordinates>(x: &V, v: &V, f: impl Fn(&V) -> f64) -> f64 {
    let epsilon = step(x) * (norm(x) / (x.size().max(1) as f64).sqrt()).max(1.0) / norm(v);
    let central = |e: f64| (f(&x.plus(&[(e, v)])) - f(&x.plus(&[(-e, v)]))) / (2.0 * e);
    (4.0 * central(epsilon) - central(2.0 * epsilon)) / 3.0
}

/// The relative step that suits the digits the entries hold.
fn step<V: Coordinates>(x: &V) -> f64 {
    let mut probe = x.zeros_like();
    let mut values = vec![1.0 + f64::from(f32::EPSILON) / 64.0; x.size()];
    probe.write(&values);
    probe.read(&mut values);
    if values.iter().all(|v| *v == 1.0) { 3e-2 } else { 1e-3 }
}

fn norm<V: VectorSpace>(v: &V) -> f64 {
    v.dot(v).sqrt()
}

/// |a − b| / |b|.
fn distance<V: VectorSpace>(a: &V, b: &V) -> f64 {
    relative(norm(&a.plus(&[(-1.0, b)])), norm(b))
}

fn relative(gap: f64, size: f64) -> f64 {
    if gap == 0.0 { 0.0 } else { gap.abs() / size }
}

/// The larger of two, NaN if one is.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}
