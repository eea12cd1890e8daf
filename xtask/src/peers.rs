//! `cargo xtask peers`: our code and a peer's on the same arrays, in turn, in one run.
//!
//! The peers' scripts live outside this repository. `PEERS_PYTHON` names a Python that has the peers,
//! `PEERS_DIR` the folder of the scripts; without them our side is timed alone, and the reason printed.

mod cases;
mod gradient;
mod io;
mod measured;
mod ode;
mod prepare;
mod row;

use crate::docs;
use crate::process::{cargo, output, root, run as run_command};
use crate::work_precision::Page;
use anyhow::{Context, Result, bail};
use cases::Rival;
use clap::ValueEnum;
use measured::Measured;
use row::Row;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A workload both sides have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// Conditional flow matching: training steps
    Cfm,
    /// Gradients through solves: neural fields, training a spiral
    Gradient,
    /// Reading .h5ad files
    Io,
    /// Networks: passes of perceptrons
    Nn,
    /// Integrators: floors by hand, single problems, batches, neural fields
    Ode,
    /// Optimal transport: exact, entropic, unbalanced, sliced, structured plans
    Ot,
    /// Counts to principal components
    Prepare,
}

/// Where the peers are.
#[derive(Clone)]
struct Peers {
    python: PathBuf,
    scripts: PathBuf,
}

impl Peers {
    /// Those of `workload`; the error says why they are skipped.
    fn of(workload: Workload) -> Result<Self, String> {
        match workload {
            // All of its peers' scripts are ours.
            Workload::Nn => {
                Ok(Self { python: Self::python()?.into(), scripts: root().join("benches/peers") })
            }
            _ => Self::find(),
        }
    }

    fn python() -> Result<std::ffi::OsString, String> {
        let unset = "PEERS_PYTHON is not set; set it to a Python that has the peers installed";
        std::env::var_os("PEERS_PYTHON").ok_or(unset.to_string())
    }

    /// From the environment; the error says why they are skipped.
    fn find() -> Result<Self, String> {
        let python = Self::python()?;
        let folder =
            std::env::var_os("PEERS_DIR").map_or_else(|| root().join("../shared/peers"), PathBuf::from);
        let nested = folder.join("python");
        let scripts = if nested.is_dir() { nested } else { folder };
        if !scripts.join("workload_data.py").is_file() {
            return Err(format!("there are no peer scripts in {}; set PEERS_DIR", scripts.display()));
        }
        Ok(Self { python: python.into(), scripts })
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new(&self.python);
        // Some are ours, beside the Rust peers.
        let own = root().join("benches/peers").join(script);
        let path = if own.is_file() { own } else { self.scripts.join(script) };
        command.args(["-W", "ignore"]).arg(path).env("JAX_PLATFORMS", "cpu");
        command
    }

    /// The arrays of all workloads, written once.
    fn data(&self) -> Result<PathBuf> {
        let folder = root().join("target/peers-data");
        if !folder.join("spirals.safetensors").is_file() {
            run_command(self.command("workload_data.py").arg("--dump").arg(&folder))?;
        }
        Ok(folder)
    }

    /// The first time that `script` prints for the cases whose key holds `only`.
    fn time(&self, script: &str, only: &str, threads: usize) -> Result<Measured> {
        let mut command = self.command(script);
        command.args(["--threads", &threads.to_string(), "--repeats", "5", "--only", only]);
        // Its progress goes to standard error, which is of interest only when it fails.
        let told = command.output().with_context(|| format!("cannot start {command:?}"))?;
        if !told.status.success() {
            bail!("{script} ended with {}: {}", told.status, String::from_utf8_lossy(&told.stderr));
        }
        Measured::read(&String::from_utf8(told.stdout)?)
            .with_context(|| format!("{script} gave no time for {only}"))
    }
}

/// Times every case of `workload` whose name holds `only`.
pub(crate) fn run(
    workload: Workload,
    threads: usize,
    only: &str,
    json: Option<&Path>,
    page: Page,
) -> Result<()> {
    match (workload, page) {
        (Workload::Ode, _) if !only.is_empty() => bail!("the workload ode is one run; leave --only out"),
        (Workload::Ode, page) => ode::run(threads, json, page),
        (Workload::Gradient, page) => gradient::run(threads, json, page, only),
        (Workload::Prepare, _) => prepare::run(threads, json),
        (Workload::Io, page) => io::run(threads, json, page),
        (Workload::Cfm, Page::Written) => bail!("the workload cfm writes no page; leave --docs out"),
        (_, page) => beside(workload, threads, only, json, page),
    }
}

/// Our time of a case.
fn ours(program: &Path, name: &str, data: Option<&Path>, threads: usize) -> Result<Measured> {
    let mut command = Command::new(program);
    command.args(["--threads", &threads.to_string(), name]);
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    Measured::read(&output(&mut command)?).with_context(|| format!("no time for {name}"))
}

fn beside(workload: Workload, threads: usize, only: &str, json: Option<&Path>, page: Page) -> Result<()> {
    let peers = Peers::of(workload);
    if let Err(reason) = &peers {
        println!("peers skipped: {reason}");
    }
    let data = match (workload, &peers) {
        (Workload::Nn, _) | (_, Err(_)) => None,
        (_, Ok(peers)) => Some(peers.data()?),
    };
    run_command(cargo().args([
        "build",
        "--release",
        "--quiet",
        "--package",
        "chreode-benches",
        "--bin",
        "ours",
    ]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    println!(
        "{:<27} {:>10} {:<28} {:>10} {:>7} {:>5}  answers",
        "case", "ours (s)", "peer", "peer (s)", "ratio", "goal"
    );
    let (mut rows, mut table) = (Vec::new(), Vec::new());
    let program = target.join("release/ours");
    let asked = threads;
    for case in cases::of(workload).into_iter().filter(|case| case.name.contains(only)) {
        let threads = case.threads.unwrap_or(asked);
        let ours = |threads| ours(&program, &case.name, data.as_deref(), threads);
        let theirs = match &case.rival {
            Rival::Script { script, only } => peers.as_ref().ok().map(|p| p.time(script, only, threads)),
            Rival::Alone => Some(ours(1)),
            Rival::Nobody => None,
        };
        let (ours, theirs) = (ours(threads)?, theirs.transpose()?);
        let ratio = theirs.map(|t| t.seconds / ours.seconds);
        let show = |x: Option<f64>, digits: usize| x.map_or("-".to_string(), |x| format!("{x:.digits$}"));
        println!(
            "{:<27} {:>10.6} {:<28} {:>10} {:>7} {:>5}  {}",
            case.name,
            ours.seconds,
            case.peer,
            show(theirs.map(|t| t.seconds), 6),
            show(ratio, 2),
            show(case.goal, 1),
            ours.beside(theirs.as_ref())
        );
        if let Some(theirs) = &theirs {
            ours.agrees(theirs).with_context(|| format!("{} and {}", case.name, case.peer))?;
        }
        table.push(Row {
            case: case.name.clone(),
            threads,
            ours: ours.memory(),
            ours_seconds: ours.seconds,
            ours_error: ours.residual,
            peer: case.peer.to_string(),
            peer_seconds: theirs.map(|t| t.seconds),
            peer_error: theirs.and_then(|t| t.residual),
            goal: case.goal,
        });
        rows.push(json!({
            "case": case.name, "threads": threads, "ours_seconds": ours.seconds, "peer": case.peer,
            "peer_seconds": theirs.map(|t| t.seconds), "ratio": ratio, "goal": case.goal,
            "ours_cost": ours.cost, "peer_cost": theirs.and_then(|t| t.cost),
            "ours_loss": ours.loss, "peer_loss": theirs.and_then(|t| t.loss),
            "ours_peak_mb": ours.peak, "ours_residual": ours.residual, "peer_residual": theirs.and_then(|t| t.residual),
        }));
    }
    if let Some(file) = json {
        std::fs::write(file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if page == Page::Written {
        let (page, name) = match workload {
            Workload::Nn => ("networks.md", "nn"),
            _ => ("transport.md", "ot"),
        };
        let place = root().join("docs/benchmarks").join(page);
        docs::write(&place, &format!("peers {name} {threads}"), &row::table(&table))?;
    }
    Ok(())
}
