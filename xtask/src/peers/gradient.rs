//! `cargo xtask peers gradient`: gradients through neural fields, and the training of a spiral, beside the peers'.
//!
//! Ours come from the program `gradient`, the peers' from `ode_gradient.py` in `PEERS_DIR` and `benches/peers/spiral.py`.

use super::Peers;
use super::row::Row;
use crate::docs;
use crate::process::{output, root};
use crate::programs;
use crate::work_precision::Page;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Peers on neural fields: the name in their script, the ratio wanted, whether in f64 too.
const FIELD: [(&str, Option<f64>, Scalars); 4] = [
    ("diffrax RecursiveCheckpointAdjoint", Some(2.0), Scalars::Both),
    ("torchdiffeq odeint", Some(8.0), Scalars::Both),
    ("torchdyn autograd", None, Scalars::Single),
    ("torchode AutoDiffAdjoint", None, Scalars::Single),
];

/// Peers on the spiral.
const SPIRAL: [(&str, &str); 2] =
    [("diffrax RecursiveCheckpointAdjoint", "diffrax"), ("torchdiffeq odeint", "torchdiffeq")];

#[derive(Clone, Copy, PartialEq)]
enum Scalars {
    Single,
    Both,
}

/// A comparison with the memory of both.
struct Measured {
    row: Row,
    ours_bytes: Option<f64>,
    peer_bytes: Option<f64>,
}

/// What a peer printed.
#[derive(Clone, Copy, Default)]
struct Theirs {
    seconds: Option<f64>,
    error: Option<f64>,
    bytes: Option<f64>,
}

/// Runs the cases whose names hold `only`.
pub(super) fn run(threads: usize, json: Option<&Path>, written: Page, only: &str) -> Result<()> {
    let program = programs::binary("gradient")?;
    let peers = Peers::find().map_err(|reason| println!("peers skipped: {reason}")).ok();
    let data = peers.as_ref().map(Peers::data).transpose()?;
    let side = Side { program, peers, data, threads };
    println!("{}", Row::heading());
    let mut all = Vec::new();
    let mut add = |measured: Measured| {
        println!("{}  MB {} {}", measured.row.line(), show(measured.ours_bytes), show(measured.peer_bytes));
        all.push(measured);
    };
    for (n, d) in [(256, 5), (2048, 50)] {
        for scalar in ["f32", "f64"] {
            let case = format!("field/{n}x{d}/{scalar}");
            if !case.contains(only) {
                continue;
            }
            for (peer, goal, scalars) in FIELD {
                if scalars == Scalars::Both || scalar == "f32" {
                    add(side.field(&case, (n, d, scalar), peer, goal)?);
                }
            }
            add(side.each(&case, (n, d, scalar))?);
        }
    }
    if "spiral".contains(only) {
        for (peer, key) in SPIRAL {
            add(side.spiral(peer, key)?);
        }
    }
    if all.is_empty() {
        bail!("no case has `{only}` in its name; there are field/256x5/f32, field/2048x50/f64, spiral, …");
    }
    if let Some(file) = json {
        let values: Vec<Value> = all.iter().map(Measured::json).collect();
        std::fs::write(file, serde_json::to_string_pretty(&values)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if written == Page::Written {
        let place = root().join("docs/benchmarks/gradients.md");
        docs::write(&place, &format!("peers gradient {threads}"), &table(&all))?;
    }
    Ok(())
}

/// Our program, and the peers'.
struct Side {
    program: PathBuf,
    peers: Option<Peers>,
    data: Option<PathBuf>,
    threads: usize,
}

impl Side {
    fn field(
        &self,
        case: &str,
        (n, d, scalar): (usize, usize, &str),
        peer: &str,
        goal: Option<f64>,
    ) -> Result<Measured> {
        let ours = self.ours(&["field", &n.to_string(), &d.to_string(), scalar])?;
        let key = format!("neural_field_grad/{peer}/n={n}/d={d}/dtype={scalar}");
        let theirs = self.theirs("ode_gradient.py", &key, peer);
        Ok(self.beside(case, &ours, &format!("{peer} 1e-4"), theirs, goal))
    }

    /// Ours with a step size for each row, which no peer has.
    fn each(&self, case: &str, (n, d, scalar): (usize, usize, &str)) -> Result<Measured> {
        let ours = self.ours(&["field", &n.to_string(), &d.to_string(), scalar, "--steps", "each"])?;
        Ok(self.beside(case, &ours, "", Theirs::default(), None))
    }

    fn spiral(&self, peer: &str, key: &str) -> Result<Measured> {
        let ours = self.ours(&["spiral"])?;
        let theirs = self.theirs("spiral.py", key, peer);
        let mut measured = self.beside("spiral", &ours, peer, theirs, None);
        measured.row.ours_error = ours["ours_loss"].as_f64();
        Ok(measured)
    }

    fn beside(&self, case: &str, ours: &Value, peer: &str, theirs: Theirs, goal: Option<f64>) -> Measured {
        let row = Row {
            case: case.into(),
            threads: self.threads,
            ours: ours["ours"].as_str().unwrap_or_default().into(),
            ours_seconds: ours["ours_seconds"].as_f64().unwrap_or(f64::NAN),
            ours_error: ours["ours_error"].as_f64(),
            peer: peer.into(),
            peer_seconds: theirs.seconds,
            peer_error: theirs.error,
            goal,
        };
        Measured { row, ours_bytes: ours["ours_bytes"].as_f64(), peer_bytes: theirs.bytes }
    }

    /// The line that our program prints.
    fn ours(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.program);
        command.current_dir(root()).args(["--threads", &self.threads.to_string()]);
        if let Some(data) = &self.data {
            command.arg("--data").arg(data);
        }
        let text = output(command.args(arguments))?;
        serde_json::from_str(text.trim()).with_context(|| format!("no row in `{text}`"))
    }

    /// What a peer printed; one that fails is named and left out.
    fn theirs(&self, script: &str, key: &str, peer: &str) -> Theirs {
        let Some(peers) = &self.peers else { return Theirs::default() };
        let mut command = peers.command(script);
        command.args(["--threads", &self.threads.to_string(), "--only", key]);
        let read = output(&mut command)
            .and_then(|text| Theirs::read(&text).with_context(|| format!("{script} gave no time for {key}")));
        read.map_err(|error| println!("{peer} left out: {error:#}")).unwrap_or_default()
    }
}

impl Theirs {
    /// The first of JSON lines that has a median.
    fn read(lines: &str) -> Option<Self> {
        lines.lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let megabytes = |key: &str| line[key].as_f64().map(|mb| mb * 1048576.0);
            let [before, most] = ["rss_before_mb", "peak_rss_mb"].map(megabytes);
            Some(Self {
                seconds: Some(line["seconds_median"].as_f64()?),
                error: line["grad_error"].as_f64().or(line["loss"].as_f64()),
                bytes: before.zip(most).map(|(before, most)| most - before),
            })
        })
    }
}

impl Measured {
    fn json(&self) -> Value {
        let mut value = self.row.json();
        value["ours_bytes"] = json!(self.ours_bytes);
        value["peer_bytes"] = json!(self.peer_bytes);
        value
    }
}

fn show(bytes: Option<f64>) -> String {
    bytes.map_or("–".into(), |bytes| format!("{:.0}", bytes / 1e6))
}

/// All rows as a table; `⚠` marks a goal that is missed.
fn table(rows: &[Measured]) -> String {
    let head = "| case | threads | ours | ms | error | MB | peer | ms | error | MB | ratio | goal |\n\
                |---|---|---|---|---|---|---|---|---|---|---|---|\n";
    let line = |Measured { row, ours_bytes, peer_bytes }: &Measured| {
        let number =
            |value: Option<f64>, digits: usize| value.map_or("–".into(), |x| format!("{x:.digits$}"));
        let error = |value: Option<f64>| value.map_or("–".into(), |x| format!("{x:.1e}"));
        let missed = row.goal.zip(row.ratio()).is_some_and(|(goal, ratio)| ratio < goal);
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {}{} |\n",
            row.case,
            row.threads,
            row.ours,
            number(Some(1e3 * row.ours_seconds), 2),
            error(row.ours_error),
            show(*ours_bytes),
            if row.peer.is_empty() { "–" } else { &row.peer },
            number(row.peer_seconds.map(|s| 1e3 * s), 2),
            error(row.peer_error),
            show(*peer_bytes),
            number(row.ratio(), 2),
            row.goal.map_or(String::new(), |goal| format!("{goal:.0}")),
            if missed { " ⚠" } else { "" },
        )
    };
    rows.iter().fold(head.to_string(), |table, row| table + &line(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peers_line_and_a_row() {
        let lines = "# note\n{\"seconds_median\": 0.5, \"grad_error\": 0.002, \"rss_before_mb\": 10, \"peak_rss_mb\": 12}\n";
        let theirs = Theirs::read(lines).unwrap();
        assert_eq!((theirs.seconds, theirs.error, theirs.bytes), (Some(0.5), Some(0.002), Some(2097152.0)));
        let row = Row {
            case: "a".into(),
            ours_seconds: 0.1,
            peer_seconds: Some(0.15),
            goal: Some(2.0),
            ..Row::default()
        };
        let all = [Measured { row, ours_bytes: Some(3e6), peer_bytes: theirs.bytes }];
        assert!(
            table(&all).ends_with("| 100.00 | – | 3 | – | 150.00 | – | 2 | 1.50 | 2 ⚠ |\n"),
            "{}",
            table(&all)
        );
        assert_eq!(
            (all[0].json()["goal"].as_f64(), all[0].json()["peer_bytes"].as_f64()),
            (Some(2.0), Some(2097152.0))
        );
    }
}
