//! Work-precision of our methods, beside points of others: CSV, tables and charts.
//!
//! `work-precision --problem hires --method Kvaerno5` prints points; `--out DIR` writes `ours.csv`, `tables.md` and two
//! charts a problem; `--peers FILE` adds the points of others; `--ours FILE` takes ours from a file instead of measuring.

use anyhow::{Context, Result, bail};
use chreode_bench_problems::{HEADER, Point, Timing};
use chreode_benches::work_precision::{Case, Curve, Method, cases, charts, curves, measure, table};
use clap::Parser;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Tolerances of one solve that takes longer are left out, in seconds.
const LIMIT: f64 = 2.0;

#[derive(Parser)]
#[command(about = "Error against time and evaluations, per problem and method")]
struct Cli {
    /// Only these problems [default: all]
    #[arg(long)]
    problem: Vec<String>,
    /// Only these of our methods [default: all]
    #[arg(long)]
    method: Vec<String>,
    /// Tolerances, separated by commas [default: 1e-3 to 1e-11]
    #[arg(long, value_delimiter = ',')]
    tolerances: Vec<f64>,
    /// Ten times the samples
    #[arg(long)]
    careful: bool,
    /// Few samples
    #[arg(long, conflicts_with = "careful")]
    rough: bool,
    /// Write ours.csv, tables.md and charts here
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Points of others, as CSV
    #[arg(long, value_name = "FILE")]
    peers: Vec<PathBuf>,
    /// Points of ours from an earlier run, instead of measuring
    #[arg(long, value_name = "FILE")]
    ours: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let cases = chosen(&cli)?;
    let mut points = match &cli.ours {
        Some(file) => read(file)?,
        None => measured(&cli, &cases)?,
    };
    if let Some(folder) = &cli.out {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        if cli.ours.is_none() {
            let lines: String = points.iter().map(|p| format!("{p}\n")).collect();
            put(&folder.join("ours.csv"), &format!("{HEADER}\n{lines}"))?;
        }
        for file in &cli.peers {
            points.extend(read(file)?);
        }
        write(folder, &cases, &points)?;
    }
    Ok(())
}

/// The chosen problems with the chosen methods.
fn chosen(cli: &Cli) -> Result<Vec<Case>> {
    let mut all = cases();
    let names: Vec<&str> = all.iter().map(|c| c.name).collect();
    if let Some(unknown) = cli.problem.iter().find(|p| !names.contains(&p.as_str())) {
        bail!("there is no problem {unknown}; there are {}", names.join(", "));
    }
    let methods: Vec<&str> = all.iter().flat_map(|c| c.methods.iter().map(|m| m.name)).collect();
    if let Some(unknown) = cli.method.iter().find(|m| !methods.contains(&m.as_str())) {
        bail!("there is no method {unknown}; there are {}", methods.join(", "));
    }
    all.retain(|c| cli.problem.is_empty() || cli.problem.iter().any(|p| p == c.name));
    for case in &mut all {
        case.methods.retain(|m| cli.method.is_empty() || cli.method.iter().any(|n| n == m.name));
    }
    Ok(all)
}

/// Measures, and prints each point as it comes.
fn measured(cli: &Cli, cases: &[Case]) -> Result<Vec<Point>> {
    let usual: Vec<f64> = (3..=11).map(|e| 10f64.powi(-e)).collect();
    let tolerances = if cli.tolerances.is_empty() { &usual } else { &cli.tolerances };
    let timing = match (cli.careful, cli.rough) {
        (true, _) => Timing::LONG,
        (_, true) => Timing::ROUGH,
        _ => Timing::SHORT,
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{HEADER}")?;
    let mut points = Vec::new();
    let pairs = cases.iter().flat_map(|c| c.methods.iter().map(move |m| (c, m)));
    for (case, method) in pairs {
        for point in tolerances.iter().filter_map(|&tolerance| one(case, method, tolerance, timing)) {
            writeln!(out, "{point}")?;
            points.push(point);
        }
    }
    Ok(points)
}

/// One point; a method that fails or is too slow says so on standard error.
fn one(case: &Case, method: &Method, tolerance: f64, timing: Timing) -> Option<Point> {
    let note = |text: String| {
        let _ = writeln!(std::io::stderr(), "left out: {text}");
    };
    match measure(case, method, tolerance, timing, LIMIT) {
        Ok(Some(point)) => return Some(point),
        Ok(None) => note(format!("{} on {} at {tolerance:e}: over {LIMIT} s", method.name, case.name)),
        Err(error) => note(format!("{error:#}")),
    }
    None
}

fn read(file: &Path) -> Result<Vec<Point>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    text.lines()
        .filter(|line| !line.trim().is_empty() && *line != HEADER)
        .map(|line| Point::read(line).map_err(anyhow::Error::msg))
        .collect::<Result<_>>()
        .with_context(|| format!("in {}", file.display()))
}

/// Tables and charts, problem by problem.
fn write(folder: &Path, cases: &[Case], points: &[Point]) -> Result<()> {
    let all = curves(points);
    let mut tables = String::new();
    for case in cases {
        let here: Vec<&Curve> = all.iter().filter(|c| c.problem == case.name).collect();
        if here.is_empty() {
            continue;
        }
        let _ = writeln!(tables, "### {}\n\n{}", case.name, table(&here));
        for (name, picture) in charts(case.name, &here)? {
            let _ = writeln!(tables, "![{}]({name})", name.trim_end_matches(".svg").replace('-', " "));
            put(&folder.join(name), &picture)?;
        }
        tables.push('\n');
    }
    put(&folder.join("tables.md"), &tables)
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
