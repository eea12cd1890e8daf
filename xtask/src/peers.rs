//! `cargo xtask peers`: our code and a peer's on the same arrays, in turn, in one run.
//!
//! The peers' scripts live outside this repository. `PEERS_PYTHON` names a Python that has the peers,
//! `PEERS_DIR` the folder of the scripts; without them our side is timed alone, and the reason printed.

mod cases;

use crate::process::{cargo, output, root, run as run_command};
use anyhow::{Context, Result};
use cases::Case;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A workload both sides have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// Conditional flow matching: training steps
    Cfm,
    /// Optimal transport: exact plans
    Ot,
}

/// Where the peers are.
struct Peers {
    python: PathBuf,
    scripts: PathBuf,
}

impl Peers {
    /// From the environment; the error says why they are skipped.
    fn find() -> Result<Self, String> {
        let python = std::env::var_os("PEERS_PYTHON")
            .ok_or("PEERS_PYTHON is not set; set it to a Python that has the peers installed")?;
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
        command.args(["-W", "ignore"]).arg(self.scripts.join(script)).env("JAX_PLATFORMS", "cpu");
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

    /// Seconds of the peer on `case`, in the median.
    fn time(&self, case: &Case, threads: usize) -> Result<f64> {
        let mut command = self.command(case.script);
        command.args(["--threads", &threads.to_string(), "--repeats", "5", "--only", case.only]);
        seconds(&output(command.stderr(std::process::Stdio::null()))?)
            .with_context(|| format!("{} gave no time for {}", case.peer, case.name))
    }
}

/// The first `seconds_median` of JSON lines.
fn seconds(lines: &str) -> Option<f64> {
    lines.lines().find_map(|line| serde_json::from_str::<Value>(line).ok()?["seconds_median"].as_f64())
}

/// Times every case of `workload`.
pub(crate) fn run(workload: Workload, threads: usize, json: Option<&Path>) -> Result<()> {
    let peers = Peers::find();
    if let Err(reason) = &peers {
        println!("peers skipped: {reason}");
    }
    let data = peers.as_ref().ok().map(Peers::data).transpose()?;
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
        "{:<34} {:>12}  {:<28} {:>12} {:>8} {:>6}",
        "case", "ours (s)", "peer", "peer (s)", "ratio", "goal"
    );
    let mut rows = Vec::new();
    for case in cases::of(workload) {
        let mut ours = Command::new(target.join("release/ours"));
        ours.args(["--threads", &threads.to_string(), case.name]);
        if let Some(data) = &data {
            ours.arg("--data").arg(data);
        }
        let ours = seconds(&output(&mut ours)?).with_context(|| format!("no time for {}", case.name))?;
        let theirs = peers.as_ref().ok().map(|p| p.time(case, threads)).transpose()?;
        let ratio = theirs.map(|t| t / ours);
        let show = |x: Option<f64>, digits: usize| x.map_or("-".to_string(), |x| format!("{x:.digits$}"));
        println!(
            "{:<34} {ours:>12.6}  {:<28} {:>12} {:>8} {:>6}",
            case.name,
            case.peer,
            show(theirs, 6),
            show(ratio, 2),
            show(case.goal, 1)
        );
        rows.push(json!({
            "case": case.name, "threads": threads, "ours_seconds": ours, "peer": case.peer,
            "peer_seconds": theirs, "ratio": ratio, "goal": case.goal,
        }));
    }
    if let Some(file) = json {
        std::fs::write(file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_read_from_the_line_that_has_one() {
        let lines = "# note\n{\"error_text\": \"x\"}\n{\"seconds_median\": 0.25, \"n\": 3}\n";
        assert_eq!(seconds(lines), Some(0.25));
        assert_eq!(seconds("{\"n\": 3}"), None);
    }
}
