//! A measurement as a line of CSV.

use std::fmt;

/// The names of the columns of a [`Point`].
pub const HEADER: &str =
    "problem,library,method,tolerance,seconds,evaluations,accepted,rejected,jacobians,factorisations,error";

/// One solve: what it cost, and how far it was off.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// The problem.
    pub problem: String,
    /// Who solved it.
    pub library: String,
    /// By what method.
    pub method: String,
    /// rtol, and atol over the problem's scale.
    pub tolerance: f64,
    /// Median seconds.
    pub seconds: f64,
    /// Evaluations of the field, those for finite differences included.
    pub evaluations: Option<usize>,
    /// Accepted steps.
    pub accepted: Option<usize>,
    /// Rejected steps.
    pub rejected: Option<usize>,
    /// Jacobians.
    pub jacobians: Option<usize>,
    /// Factorisations of matrices.
    pub factorisations: Option<usize>,
    /// The mixed error at the end of the span.
    pub error: f64,
}

impl Point {
    /// Reads a line.
    ///
    /// # Errors
    /// Says which field is missing or is no number.
    pub fn read(line: &str) -> Result<Self, String> {
        let fields: Vec<&str> = line.trim().split(',').collect();
        if fields.len() != HEADER.split(',').count() {
            return Err(format!("{} fields in `{line}`; a point has {HEADER}", fields.len()));
        }
        let number =
            |i: usize| fields[i].parse().map_err(|_| format!("`{}` in `{line}` is no number", fields[i]));
        let count = |i: usize| match fields[i] {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("`{text}` in `{line}` is no count")),
        };
        Ok(Self {
            problem: fields[0].into(),
            library: fields[1].into(),
            method: fields[2].into(),
            tolerance: number(3)?,
            seconds: number(4)?,
            evaluations: count(5)?,
            accepted: count(6)?,
            rejected: count(7)?,
            jacobians: count(8)?,
            factorisations: count(9)?,
            error: number(10)?,
        })
    }

    /// Library and method, for tables and plots.
    pub fn name(&self) -> String {
        match self.library.as_str() {
            "chreode" => self.method.clone(),
            library => format!("{library} {}", self.method),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |n: Option<usize>| n.map_or(String::new(), |n| n.to_string());
        write!(
            f,
            "{},{},{},{:e},{:e},{},{},{},{},{},{:e}",
            self.problem,
            self.library,
            self.method,
            self.tolerance,
            self.seconds,
            count(self.evaluations),
            count(self.accepted),
            count(self.rejected),
            count(self.jacobians),
            count(self.factorisations),
            self.error
        )
    }
}
