//! `cargo xtask peers prepare`: counts to principal components, ours and scanpy's, on the same counts.
//!
//! 50,000 cells x 2,000 genes, a tenth of the entries: normalise, log1p, variable genes, 50 components.

use super::Peers;
use crate::process::{cargo, output, root, run as run_command};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The sizes.
const SIZE: &str = "50000x2000";
/// scanpy's solvers, and the ratio that is wanted.
const SOLVERS: [(&str, Option<f64>); 2] = [("arpack", Some(3.0)), ("covariance_eigh", Some(3.0))];

/// Runs all of it: scanpy once to write the counts, ours, then scanpy again in each way.
pub(super) fn run(threads: usize, file: Option<&Path>) -> Result<()> {
    let peers = Peers::find();
    if let Err(reason) = &peers {
        println!("peers skipped: {reason}");
    }
    let data = root().join("target/peers-prepare");
    let theirs = |solver: &str, repeats: &str| -> Result<Option<Value>> {
        let Ok(peers) = &peers else { return Ok(None) };
        let mut command = peers.command("scanpy_prepare.py");
        command.args(["--threads", &threads.to_string(), "--repeats", repeats]);
        command.args(["--only", &format!("{SIZE}/{solver}"), "--data"]).arg(&data);
        Ok(Some(serde_json::from_str(&output(&mut command)?)?))
    };
    theirs(SOLVERS[0].0, "1")?;
    let build = ["build", "--release", "--quiet", "--package", "chreode-benches", "--bin", "ours"];
    run_command(cargo().args(build))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    std::fs::create_dir_all(&data)?;
    let mut ours = Command::new(target.join("release/ours"));
    ours.args(["--threads", &threads.to_string(), &format!("prep/{SIZE}"), "--data"]).arg(&data);
    let ours: Value = serde_json::from_str(&output(&mut ours)?)?;
    let seconds = ours["seconds_median"].as_f64().context("no time of ours")?;
    let mut rows = Vec::new();
    for (solver, goal) in SOLVERS {
        let theirs = theirs(solver, "2")?;
        let peer_seconds = theirs.as_ref().and_then(|t| t["seconds_median"].as_f64());
        let ratio = peer_seconds.map(|t| t / seconds);
        let angle = theirs.as_ref().and_then(|t| t["largest_angle"].as_f64());
        let row = json!({
            "case": format!("prep/{SIZE}"), "threads": threads, "ours_seconds": seconds,
            "peer": format!("scanpy {solver}"), "peer_seconds": peer_seconds, "ratio": ratio, "goal": goal,
            "largest_angle": angle, "ours_variance": ours["variance_ratio_sum"],
            "peer_variance": theirs.as_ref().map(|t| t["variance_ratio_sum"].clone()),
        });
        println!("{row}");
        rows.push(row);
    }
    if let Some(file) = file {
        std::fs::write(file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
