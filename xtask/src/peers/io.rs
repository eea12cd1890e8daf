//! Reading `.h5ad` files beside Python's anndata: time and peak memory, a process for each case on both sides.
//!
//! The peer's script writes the files once, for both. Rows of preprocessing can be added to [`cases`]: a program that
//! prints a line of JSON with `seconds_median` and `peak_rss_mb`, and the key of the peer's case.

use super::Peers;
use crate::docs;
use crate::process::{cargo, output, root, run as run_command};
use crate::work_precision::Page;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The peer's script.
const SCRIPT: &str = "io_h5ad.py";
/// Batches that the peer reads in its case.
const FEW: f64 = 10.0;
/// Batches of 512 in 50,000 rows.
const EPOCH: f64 = 98.0;

/// One row.
struct Case {
    name: String,
    /// The peer's file, and what our program does with it.
    file: String,
    ours: &'static str,
    /// The key of the peer's case.
    only: String,
    /// What our time and the peer's are divided by.
    per: [f64; 2],
    goal: f64,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for compression in ["none", "gzip"] {
        for (name, ours, what, per, goal) in [
            ("whole file", "whole", "whole", [1.0, 1.0], 1.5),
            ("obs + obsm", "annotations", "obs+obsm", [1.0, 1.0], 3.0),
            ("a batch of 512 rows, of an epoch", "epoch", "minibatch backed", [EPOCH, FEW], 10.0),
            ("a batch of 512 rows, of ten", "batches", "minibatch backed", [FEW, FEW], 10.0),
        ] {
            cases.push(Case {
                name: format!("{name}, {compression}"),
                file: format!("synthetic_{compression}.h5ad"),
                ours,
                // A key may begin another.
                only: format!("read/anndata/comp={compression}/what={what}"),
                per,
                goal,
            });
        }
    }
    cases
}

/// Seconds and megabytes of one side.
#[derive(Clone, Copy)]
struct Side {
    seconds: f64,
    memory: Option<f64>,
}

/// The line whose case is `only`, or the first that has a median.
fn side(lines: &str, only: Option<&str>, per: f64) -> Option<Side> {
    lines.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        // `obs+obsm` begins `obs+obsm backed`.
        let what = only.and_then(|only| only.rsplit('=').next());
        if what.is_some_and(|what| line["what"].as_str().or(line["params"]["what"].as_str()) != Some(what)) {
            return None;
        }
        Some(Side { seconds: line["seconds_median"].as_f64()? / per, memory: line["peak_rss_mb"].as_f64() })
    })
}

/// Times every case.
pub(super) fn run(threads: usize, json: Option<&Path>, page: Page) -> Result<()> {
    let peers = match Peers::find() {
        Ok(peers) => peers,
        // The peer writes the files.
        Err(reason) => bail!("the peer's files are needed: {reason}"),
    };
    let folder = root().join("target/peers-io");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    run_command(cargo().args([
        "build",
        "--release",
        "--quiet",
        "--package",
        "chreode-io",
        "--example",
        "reading",
    ]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    println!(
        "{:<40} {:>10} {:>10} {:>7} {:>5} {:>9} {:>9}",
        "case", "ours (s)", "peer (s)", "ratio", "goal", "ours MB", "peer MB"
    );
    let (mut rows, mut table) = (Vec::new(), head());
    for case in cases() {
        let mut command = peers.command(SCRIPT);
        command.args([
            "--threads",
            &threads.to_string(),
            "--repeats",
            "5",
            "--only",
            &case.only,
            "--work-dir",
        ]);
        let told = command.arg(&folder).output().with_context(|| format!("cannot start {command:?}"))?;
        if !told.status.success() {
            bail!("{SCRIPT} ended with {}: {}", told.status, String::from_utf8_lossy(&told.stderr));
        }
        let theirs = side(&String::from_utf8(told.stdout)?, Some(&case.only), case.per[1])
            .with_context(|| format!("{SCRIPT} gave no time for {}", case.only))?;
        let mut command = Command::new(target.join("release/examples/reading"));
        command.arg(folder.join(&case.file)).args([case.ours, &threads.to_string()]);
        let ours = side(&output(&mut command)?, None, case.per[0])
            .with_context(|| format!("no time for {}", case.name))?;
        let ratio = theirs.seconds / ours.seconds;
        let memory = |side: Side| side.memory.map_or("-".to_string(), |mb| format!("{mb:.0}"));
        println!(
            "{:<40} {:>10.5} {:>10.5} {ratio:>7.2} {:>5.1} {:>9} {:>9}",
            case.name,
            ours.seconds,
            theirs.seconds,
            case.goal,
            memory(ours),
            memory(theirs)
        );
        table += &line(&case, ours, theirs, threads);
        rows.push(json!({
            "case": case.name, "threads": threads, "ours_seconds": ours.seconds, "peer": "anndata",
            "peer_seconds": theirs.seconds, "ratio": ratio, "goal": case.goal,
            "ours_peak_mb": ours.memory, "peer_peak_mb": theirs.memory,
        }));
    }
    if let Some(file) = json {
        std::fs::write(file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if page == Page::Written {
        docs::write(&root().join("docs/benchmarks/io.md"), &format!("peers io {threads}"), &table)?;
    }
    Ok(())
}

fn head() -> String {
    "| case | threads | ours, ms | anndata, ms | ratio | goal | ours, MB | anndata, MB |\n\
     |---|---|---|---|---|---|---|---|\n"
        .to_string()
}

/// A row of the page; `⚠` marks a goal that is missed.
fn line(case: &Case, ours: Side, theirs: Side, threads: usize) -> String {
    let ratio = theirs.seconds / ours.seconds;
    let missed = if ratio < case.goal { " ⚠" } else { "" };
    let memory = |side: Side| side.memory.map_or("–".to_string(), |mb| format!("{mb:.0}"));
    format!(
        "| {} | {threads} | {:.2} | {:.2} | {ratio:.2} | {:.1}{missed} | {} | {} |\n",
        case.name,
        1e3 * ours.seconds,
        1e3 * theirs.seconds,
        case.goal,
        memory(ours),
        memory(theirs)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_case_is_read() {
        let lines = "{\"what\": \"obs+obsm backed\", \"seconds_median\": 2}\n\
                     {\"what\": \"obs+obsm\", \"seconds_median\": 0.5, \"peak_rss_mb\": 100}\n";
        let found = side(lines, Some("read/anndata/comp=none/what=obs+obsm"), 2.0).unwrap();
        assert_eq!((found.seconds, found.memory), (0.25, Some(100.0)));
        assert!(side(lines, Some("what=whole"), 1.0).is_none());
        assert_eq!(side(lines, None, 1.0).unwrap().seconds, 2.0);
    }

    #[test]
    fn a_missed_goal_is_marked() {
        let case = &cases()[0];
        let at = |seconds| Side { seconds, memory: Some(10.4) };
        assert_eq!(
            line(case, at(0.1), at(0.2), 1),
            "| whole file, none | 1 | 100.00 | 200.00 | 2.00 | 1.5 | 10 | 10 |\n"
        );
        assert!(line(case, at(0.2), at(0.2), 1).contains("1.00 | 1.5 ⚠"));
    }
}
