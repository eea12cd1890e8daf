//! What the programs of the peers share: the command line, the loop over tolerances, the timing, the output.
//!
//! `peer-NAME [--problem NAME]… [--method NAME]… [--tolerances 1e-3,1e-4]` prints the CSV of
//! `chreode_bench_problems::Point`.

use chreode_bench_problems::{HEADER, Ivp, Point, Timing, time};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Seconds a solve may take.
const LIMIT: f64 = 2.0;

/// What a solve cost, and its end.
#[derive(Clone, Debug, Default)]
pub struct Solved {
    /// The state at the end.
    pub end: Vec<f64>,
    /// Evaluations of the field, where the library counts them.
    pub evaluations: Option<usize>,
    /// Accepted steps.
    pub accepted: Option<usize>,
    /// Rejected steps.
    pub rejected: Option<usize>,
    /// Jacobians.
    pub jacobians: Option<usize>,
    /// Factorisations.
    pub factorisations: Option<usize>,
}

/// A method on one problem.
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Solves at rtol.
    pub solve: Box<dyn Fn(f64) -> Result<Solved, String>>,
}

/// A method from its name and a closure.
pub fn method(name: &'static str, solve: impl Fn(f64) -> Result<Solved, String> + 'static) -> Method {
    Method { name, solve: Box::new(solve) }
}

/// The chosen problems, methods and tolerances.
pub struct Run {
    library: &'static str,
    problems: Vec<String>,
    methods: Vec<String>,
    tolerances: Vec<f64>,
    timing: Timing,
}

impl Run {
    /// From the command line; prints the header.
    pub fn start(library: &'static str) -> Self {
        let usual = (3..=11).map(|e| 10f64.powi(-e)).collect();
        let mut run =
            Self { library, problems: vec![], methods: vec![], tolerances: usual, timing: Timing::SHORT };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{name} needs a value"));
            match name.as_str() {
                "--problem" => run.problems.push(value()),
                "--method" => run.methods.push(value()),
                "--tolerances" => {
                    run.tolerances = value().split(',').map(|t| t.parse().expect("a number")).collect();
                }
                "--careful" => run.timing = Timing::LONG,
                _ => panic!("{name} is unknown; there are --problem, --method, --tolerances, --careful"),
            }
        }
        println!("{HEADER}");
        // A peer that panics says so in one line.
        std::panic::set_hook(Box::new(|_| {}));
        run
    }

    /// Runs the methods of one problem.
    pub fn case<P: Ivp<N>, const N: usize>(&self, methods: Vec<Method>) {
        if !self.problems.is_empty() && !self.problems.iter().any(|p| p == P::NAME) {
            return;
        }
        for method in methods {
            if !self.methods.is_empty() && !self.methods.iter().any(|m| m == method.name) {
                continue;
            }
            for &tolerance in &self.tolerances {
                match self.point::<P, N>(&method, tolerance) {
                    Ok(point) => println!("{point}"),
                    Err(reason) => {
                        eprintln!("left out: {} {} on {} at {tolerance:e}: {reason}", self.library, method.name, P::NAME);
                    }
                }
            }
        }
    }

    fn point<P: Ivp<N>, const N: usize>(&self, method: &Method, tolerance: f64) -> Result<Point, String> {
        let solve = || {
            catch_unwind(AssertUnwindSafe(|| (method.solve)(tolerance)))
                .unwrap_or_else(|panic| Err(panic.downcast_ref::<String>().cloned().unwrap_or("panicked".into())))
        };
        let start = Instant::now();
        let solved = solve()?;
        if start.elapsed() > Duration::from_secs_f64(LIMIT) {
            return Err(format!("over {LIMIT} s"));
        }
        let error = P::error(&solved.end);
        if !error.is_finite() {
            return Err("the end is not finite".into());
        }
        let seconds = time(self.timing, || (method.solve)(tolerance));
        Ok(Point {
            problem: P::NAME.into(),
            library: self.library.into(),
            method: method.name.into(),
            tolerance,
            seconds,
            evaluations: solved.evaluations,
            accepted: solved.accepted,
            rejected: solved.rejected,
            jacobians: solved.jacobians,
            factorisations: solved.factorisations,
            error,
        })
    }
}

/// A `main` that runs `$methods::<P, N>()` on every problem.
#[macro_export]
macro_rules! peer {
    ($library:literal, $methods:ident) => {
        fn main() {
            use chreode_bench_problems::*;
            let run = $crate::Run::start($library);
            run.case::<LotkaVolterra, 2>($methods::<LotkaVolterra, 2>());
            run.case::<LotkaVolterraLong, 2>($methods::<LotkaVolterraLong, 2>());
            run.case::<Brusselator, 2>($methods::<Brusselator, 2>());
            run.case::<Arenstorf, 4>($methods::<Arenstorf, 4>());
            run.case::<RigidBody, 3>($methods::<RigidBody, 3>());
            run.case::<TwoBody, 4>($methods::<TwoBody, 4>());
            run.case::<VanDerPol, 2>($methods::<VanDerPol, 2>());
            run.case::<Rober, 3>($methods::<Rober, 3>());
            run.case::<Hires, 8>($methods::<Hires, 8>());
            run.case::<Pollution, 20>($methods::<Pollution, 20>());
        }
    };
}
