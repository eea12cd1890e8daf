//! Programs that print work-precision points: ours, the Rust peers', the Python peers'.
//!
//! `PEERS_RUST` names a folder for the build of the Rust peers (`benches/peers`), `PEERS_PYTHON` a Python that has the
//! others; without them they are skipped, with the reason printed.

use crate::process::{cargo, output, root, run};
use anyhow::{Context, Result, anyhow};
use chreode_bench_problems::{HEADER, Point};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A program that prints points.
pub(crate) struct Program {
    /// Its name in messages.
    pub(crate) name: String,
    command: Vec<String>,
    /// Tolerances it is asked for when the caller does not say.
    pub(crate) usual: &'static str,
    /// Whether it knows `--careful`.
    careful: bool,
}

/// What to measure.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) problem: &'a str,
    pub(crate) methods: &'a [&'a str],
    pub(crate) tolerances: &'a str,
    pub(crate) care: Care,
}

/// How much time a measurement may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Care {
    /// A few milliseconds.
    Rough,
    #[default]
    Usual,
    /// Half a second.
    Careful,
}

const DECADES: &str = "1e-3,1e-4,1e-5,1e-6,1e-7,1e-8,1e-9,1e-10,1e-11";

/// Our program, built.
pub(crate) fn ours() -> Result<Program> {
    binary("work-precision").map(|path| Program {
        name: "chreode".into(),
        command: vec![path.display().to_string()],
        usual: DECADES,
        careful: true,
    })
}

/// A release binary of chreode-benches, built.
pub(crate) fn binary(name: &str) -> Result<PathBuf> {
    run(cargo().args(["build", "--release", "--quiet", "--package", "chreode-benches", "--bin", name]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release").join(name))
}

/// The peers' programs that can be had.
pub(crate) fn peers() -> Vec<Program> {
    let mut found = Vec::new();
    match std::env::var_os("PEERS_RUST").map(PathBuf::from) {
        None => println!("Rust peers skipped: PEERS_RUST is not set; set it to a folder for their build"),
        Some(target) => {
            for (folder, names) in
                [("", &["ode_solvers", "differential-equations", "diffsol"][..]), ("russell", &["russell"])]
            {
                match build(folder, &target) {
                    Ok(()) => found.extend(names.iter().map(|name| Program {
                        name: (*name).into(),
                        command: vec![target.join(format!("release/peer-{name}")).display().to_string()],
                        usual: DECADES,
                        careful: true,
                    })),
                    Err(error) => println!("{} skipped: {error:#}", names.join(", ")),
                }
            }
        }
    }
    match std::env::var("PEERS_PYTHON") {
        Err(_) => println!("Python peers skipped: PEERS_PYTHON is not set; set it to a Python that has them"),
        Ok(python) => {
            let script = root().join("benches/peers/work_precision.py").display().to_string();
            found.push(Program {
                name: "Python".into(),
                command: vec![python, "-W".into(), "ignore".into(), script],
                usual: "1e-4,1e-6,1e-8",
                careful: false,
            });
        }
    }
    found
}

fn build(folder: &str, target: &PathBuf) -> Result<()> {
    let manifest = root().join("benches/peers").join(folder).join("Cargo.toml");
    let mut command = cargo();
    command.args(["build", "--release", "--quiet", "--manifest-path"]).arg(manifest);
    let told = command
        .env("CARGO_TARGET_DIR", target)
        .stderr(Stdio::piped())
        .output()
        .context("cannot start cargo")?;
    if told.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&told.stderr);
    let line = text.lines().find(|line| line.starts_with("error")).unwrap_or("the build failed");
    Err(anyhow!("{line}; russell needs libopenblas-dev, liblapacke-dev and libsuitesparse-dev"))
}

impl Program {
    /// The points it prints.
    pub(crate) fn points(&self, wanted: Wanted<'_>) -> Result<Vec<Point>> {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).args(["--problem", wanted.problem]);
        wanted.methods.iter().for_each(|method| {
            command.args(["--method", method]);
        });
        if !wanted.tolerances.is_empty() {
            command.args(["--tolerances", wanted.tolerances]);
        }
        match wanted.care {
            Care::Careful if self.careful => {
                command.arg("--careful");
            }
            Care::Rough => {
                command.arg("--rough");
            }
            _ => {}
        }
        let text = output(&mut command)?;
        text.lines()
            .filter(|line| *line != HEADER)
            .map(|line| Point::read(line).map_err(|error| anyhow!("{}: {error}", self.name)))
            .collect()
    }
}
