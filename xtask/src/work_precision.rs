//! `cargo xtask work-precision`: error against time and evaluations on every problem, ours and the peers', as CSV, tables
//! and charts in `target/work-precision`.

use crate::docs;
use crate::process::{root, run as run_command};
use crate::programs::{self, Program, Wanted};
use anyhow::{Context, Result};
use chreode_bench_problems::{HEADER, Point};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The problems, in the order of the page.
pub(crate) const PROBLEMS: [&str; 10] = [
    "lotka-volterra-10",
    "lotka-volterra-100",
    "brusselator",
    "arenstorf",
    "detest-b5",
    "detest-d5",
    "van-der-pol-1000",
    "rober",
    "hires",
    "pollution",
];

/// Measures problem by problem, every program in turn, and draws.
pub(crate) fn run(problems: &[String], page: Page) -> Result<()> {
    let ours = programs::ours()?;
    let peers = programs::peers();
    let folder = root().join("target/work-precision");
    fs::create_dir_all(&folder)?;
    let chosen = PROBLEMS.iter().filter(|p| problems.is_empty() || problems.iter().any(|q| q == *p));
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    for problem in chosen {
        println!("{problem}");
        mine.extend(points(&ours, problem)?);
        for peer in &peers {
            theirs.extend(points(peer, problem)?);
        }
    }
    let (ours_csv, peers_csv) = (folder.join("ours.csv"), folder.join("peers.csv"));
    put(&ours_csv, &mine)?;
    put(&peers_csv, &theirs)?;
    let mut draw = Command::new(programs::binary("work-precision")?);
    draw.arg("--ours").arg(&ours_csv).arg("--peers").arg(&peers_csv).arg("--out").arg(&folder);
    run_command(&mut draw)?;
    println!("tables and charts are in {}", folder.display());
    if page == Page::Written { publish(&folder) } else { Ok(()) }
}

/// Whether the page of the documentation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Written,
    Left,
}

impl Page {
    pub(crate) fn from_flag(docs: bool) -> Self {
        if docs { Self::Written } else { Self::Left }
    }
}

/// The page of the integrators' benchmarks.
pub(crate) fn page() -> std::path::PathBuf {
    root().join("docs/benchmarks/integrators.md")
}

fn points(program: &Program, problem: &str) -> Result<Vec<Point>> {
    program.points(Wanted { problem, tolerances: program.usual, ..Wanted::default() })
}

fn put(file: &Path, points: &[Point]) -> Result<()> {
    let lines: String = points.iter().map(|p| format!("{p}\n")).collect();
    fs::write(file, format!("{HEADER}\n{lines}")).with_context(|| format!("cannot write {}", file.display()))
}

/// Tables into the page, charts beside it.
fn publish(folder: &Path) -> Result<()> {
    let charts = root().join("docs/benchmarks/work-precision");
    fs::create_dir_all(&charts)?;
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|e| e == "svg" || e == "csv") {
            fs::copy(&file, charts.join(file.file_name().context("a file has a name")?))?;
        }
    }
    let tables = fs::read_to_string(folder.join("tables.md"))?.replace("](", "](work-precision/");
    docs::write(&page(), "work-precision", &tables)
}
