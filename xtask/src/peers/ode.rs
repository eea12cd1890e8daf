//! `cargo xtask peers ode`: integrators beside floors by hand and peers.
//!
//! Floors and batches come from the program `ode`, single problems from `work-precision` and the programs of the peers,
//! batches of the peers from their own scripts (`PEERS_DIR`).

mod equal;

use super::Peers;
use super::measured::Measured;
use super::row::{self, Row};
use crate::docs;
use crate::process::{output, root};
use crate::programs;
use crate::work_precision::{Page, page};
use anyhow::{Context, Result};
use equal::Contest;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Single problems: the tolerance of the peers, and the ratios wanted.
const CONTESTS: [Contest<'static>; 5] = [
    Contest { problem: "lotka-volterra-100", tolerance: "1e-8", rust: Some(1.3), python: None },
    Contest { problem: "van-der-pol-1000", tolerance: "1e-6", rust: Some(1.0), python: Some(1.0) },
    Contest { problem: "rober", tolerance: "1e-6", rust: Some(1.0), python: Some(1.0) },
    Contest { problem: "hires", tolerance: "1e-6", rust: Some(1.0), python: Some(1.0) },
    Contest { problem: "pollution", tolerance: "1e-6", rust: Some(1.0), python: Some(1.0) },
];

/// Peers on 10,000 Lorenz systems: the name, the key of the script's case, the ratio wanted.
const LORENZ: [(&str, &str, Option<f64>); 6] = [
    ("diffrax Tsit5", "lorenz/diffrax Tsit5/n=10000/dtype=f64", Some(8.0)),
    ("diffrax Dopri5", "lorenz/diffrax Dopri5/n=10000/dtype=f64", Some(8.0)),
    ("torchode dopri5", "lorenz/torchode dopri5/n=10000/dtype=f64", Some(8.0)),
    ("torchode tsit5", "lorenz/torchode tsit5/n=10000/dtype=f64", Some(8.0)),
    ("numbalsoda dop853", "lorenz/numbalsoda dop853", None),
    ("numbalsoda lsoda", "lorenz/numbalsoda lsoda", None),
];

/// Peers on neural fields.
const FIELD: [(&str, Option<f64>); 2] = [("diffrax Dopri5", Some(2.0)), ("torchdiffeq dopri5", Some(10.0))];

/// Runs all of it.
pub(super) fn run(threads: usize, json: Option<&Path>, written: Page) -> Result<()> {
    let batch = Batch::find(threads)?;
    let ours = programs::ours()?;
    let peers = programs::peers();
    println!("{}", Row::heading());
    let mut rows = Vec::new();
    let mut add = |more: Vec<Row>| {
        more.iter().for_each(|row| println!("{}", row.line()));
        rows.extend(more);
    };
    add(batch.ours(&["floor"])?);
    for contest in &CONTESTS {
        add(equal::rows(&ours, &peers, contest)?);
    }
    add(batch.lorenz()?);
    let mut counts = vec![1, threads];
    counts.dedup();
    for (n, d) in [(256, 5), (2048, 50)] {
        for &threads in &counts {
            add(Batch { threads, ..batch.clone() }.field(n, d)?);
        }
    }
    if let Some(file) = json {
        let values: Vec<Value> = rows.iter().map(Row::json).collect();
        std::fs::write(file, serde_json::to_string_pretty(&values)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if written == Page::Written { docs::write(&page(), "peers ode", &row::table(&rows)) } else { Ok(()) }
}

/// Batches: our program, and the peers' scripts.
#[derive(Clone)]
struct Batch {
    program: PathBuf,
    peers: Option<Peers>,
    data: Option<PathBuf>,
    threads: usize,
}

impl Batch {
    fn find(threads: usize) -> Result<Self> {
        let peers = Peers::find().map_err(|reason| println!("batches of peers skipped: {reason}")).ok();
        let data = peers.as_ref().map(Peers::data).transpose()?;
        Ok(Self { program: programs::binary("ode")?, peers, data, threads })
    }

    /// The rows that our program prints.
    fn ours(&self, arguments: &[&str]) -> Result<Vec<Row>> {
        let mut command = Command::new(&self.program);
        command.current_dir(root()).args(["--threads", &self.threads.to_string()]);
        if let Some(data) = &self.data {
            command.arg("--data").arg(data);
        }
        let text = output(command.args(arguments))?;
        text.lines()
            .map(|line| {
                Row::read(&serde_json::from_str(line)?).with_context(|| format!("no row in `{line}`"))
            })
            .collect()
    }

    /// A peer's time and error; a peer that fails is named and left out.
    fn theirs(&self, peer: &str, key: &str) -> Option<Measured> {
        let peers = self.peers.as_ref()?;
        peers
            .time("ode_forward.py", key, self.threads)
            .map_err(|error| println!("{peer} left out: {error:#}"))
            .ok()
    }

    fn lorenz(&self) -> Result<Vec<Row>> {
        let mut rows = self.ours(&["lorenz"])?;
        for (peer, key, goal) in LORENZ {
            let Some(theirs) = self.theirs(peer, key) else { continue };
            let Some(error) = theirs.error else { continue };
            // Our program looks for the fastest method that is no less accurate.
            for row in self.ours(&["lorenz", "--error", &format!("{error:e}")])? {
                rows.push(Row {
                    case: "lorenz-10000".into(),
                    peer: format!("{peer} 1e-6"),
                    peer_seconds: Some(theirs.seconds),
                    peer_error: Some(error),
                    goal,
                    ..row
                });
            }
        }
        Ok(rows)
    }

    fn field(&self, n: usize, d: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for (peer, goal) in FIELD {
            let key = format!("neural_field/{peer}/n={n}/d={d}/dtype=f32");
            let theirs = self.theirs(peer, &key);
            let (n, d) = (n.to_string(), d.to_string());
            let beside = |row: Row, goal| Row {
                peer: format!("{peer} 1e-4"),
                peer_seconds: theirs.map(|t| t.seconds),
                peer_error: theirs.and_then(|t| t.error),
                goal,
                ..row
            };
            rows.extend(self.ours(&["field", &n, &d])?.into_iter().map(|row| beside(row, goal)));
            // And the fastest of ours that is no less accurate.
            if let Some(error) = theirs.and_then(|t| t.error) {
                let error = format!("{error:e}");
                let equal = self.ours(&["field", &n, &d, "--error", &error])?;
                rows.extend(equal.into_iter().map(|row| beside(row, None)));
            }
        }
        Ok(rows)
    }
}
