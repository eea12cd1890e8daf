//! The same seed gives the same bytes, however many threads run and however often they are stopped.

use crate::common;

use common::{CELLS, RUN, SMALL, succeeds, text};
use std::fs;
use std::path::Path;

fn model(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("model.safetensors")).expect("a run has a checkpoint")
}

/// Trains with the small settings and `more` into `out`.
fn train(out: &Path, more: &[&str]) -> String {
    let arguments = ["train", text(&CELLS), "--time", "day", "--out", text(out)];
    succeeds(&[&arguments[..], &SMALL[..6], more].concat())
}

#[test]
fn one_seed_one_model_whatever_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    for threads in ["1", "2", "3"] {
        let out = folder.path().join(threads);
        train(&out, &["--steps", "40", "--threads", threads]);
        assert!(model(&out) == model(&RUN), "{threads} threads");
    }
    let out = folder.path().join("other");
    train(&out, &["--steps", "40", "--seed", "43"]);
    assert!(model(&out) != model(&RUN), "another seed is another model");
}

#[test]
fn one_seed_one_file_and_one_prediction() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for threads in ["1", "2"] {
        let sim = at(&format!("sim{threads}.h5ad"));
        let out = at(&format!("out{threads}.h5ad"));
        let seed = ["--cells", "400", "--seed", "42", "--threads", threads];
        succeeds(&[&["simulate", "bifurcation", "--out", text(&sim)], &seed[..]].concat());
        succeeds(&["predict", text(&RUN), text(&CELLS), "--out", text(&out), "--threads", threads]);
    }
    assert!(fs::read(at("sim1.h5ad")).unwrap() == fs::read(&*CELLS).unwrap());
    assert!(fs::read(at("sim2.h5ad")).unwrap() == fs::read(&*CELLS).unwrap());
    assert!(fs::read(at("out1.h5ad")).unwrap() == fs::read(at("out2.h5ad")).unwrap());
}

#[test]
fn the_settings_of_a_run_make_the_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("again");
    let config = RUN.join("run.toml");
    succeeds(&["train", text(&CELLS), "--config", text(&config), "--out", text(&out)]);
    assert!(model(&out) == model(&RUN));
    succeeds(&["train", text(&CELLS), "--config", text(&config), "--seed", "1", "--out", text(&out)]);
    assert!(model(&out) != model(&RUN), "flags win over the file");
}

#[cfg(unix)]
mod interrupted {
    use super::*;
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Child, Command, ExitStatus, Stdio};
    use std::time::{Duration, Instant};

    /// What an interrupted program left.
    struct Stopped {
        status: ExitStatus,
        out: String,
        err: String,
    }

    /// Starts the program, sends it SIGINT when `ready` says so of its standard output so far, and waits.
    fn interrupt(arguments: &[&str], ready: impl Fn(&str) -> bool) -> Stopped {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("chreode"));
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut out = String::new();
        while !ready(&out) && lines.read_line(&mut out).expect("UTF-8") > 0 {}
        signal(&child);
        lines.read_to_string(&mut out).expect("UTF-8");
        let mut err = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
        Stopped { status: child.wait().expect("the program ends"), out, err }
    }

    fn signal(child: &Child) {
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).output().expect("kill runs");
        // A program that has ended already, which is a case that the callers handle, is not to be found.
        drop(sent);
    }

    /// Waits for the loss curve to have a line, or for a run that has none to show after a minute.
    fn has_begun(folder: &Path) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if fs::read(folder.join("metrics.jsonl")).is_ok_and(|text| text.contains(&b'\n')) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    /// Trains until `ready`, goes on with two threads, and compares with a run that nothing stopped.
    fn stopped_and_resumed(ready: impl Fn(&str, &Path) -> bool) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = folder.path().join("stopped");
        // A machine may be so fast that a run ends before the signal comes.
        for steps in ["3000", "20000", "100000"] {
            _ = fs::remove_dir_all(&out);
            let data = ["train", text(&CELLS), "--time", "day", "--steps", steps, "--out", text(&out)];
            let stopped = interrupt(&[&data[..], &SMALL].concat(), |said| ready(said, &out));
            assert_eq!(stopped.err, "");
            if stopped.out.contains("next     chreode predict ") {
                continue;
            }
            assert_eq!(stopped.status.code(), Some(130), "{}", stopped.out);
            let next = format!("next     chreode train {} --resume {}\n", CELLS.display(), out.display());
            assert!(stopped.out.ends_with(&next), "{}", stopped.out);
            let facts = fs::read_to_string(out.join("run.toml")).expect("a stopped run has its facts");
            let facts: toml::Table = facts.parse().expect("TOML");
            let done = facts["manifest"]["steps_done"].as_integer().expect("a number");
            let steps_wanted: i64 = steps.parse().expect("a number");
            assert!((0..steps_wanted).contains(&done), "{done}");

            let said = succeeds(&["train", text(&CELLS), "--resume", text(&out), "--threads", "2"]);
            assert!(said.contains(&format!("steps    {done} to {steps}, ")), "{said}");
            let whole = folder.path().join("whole");
            train(&whole, &["--steps", steps, "--threads", "1"]);
            assert!(model(&out) == model(&whole), "stopped after {done} of {steps} steps");
            let metrics = fs::read_to_string(out.join("metrics.jsonl")).expect("a run has a loss curve");
            let step =
                |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["step"].as_i64();
            let curve: Vec<_> = metrics.lines().map(|line| step(line).expect("a step")).collect();
            assert!(curve.windows(2).all(|pair| pair[0] < pair[1]), "{curve:?}");
            assert_eq!(curve.last(), Some(&steps_wanted));
            return;
        }
        panic!("100000 steps were done before the signal came");
    }

    #[test]
    fn in_the_middle_of_training() {
        stopped_and_resumed(|said, out| said.contains("steps ") && has_begun(out));
    }

    #[test]
    fn before_the_first_step() {
        stopped_and_resumed(|said, _| said.contains("device "));
    }

    #[test]
    fn a_demo_can_be_resumed_too() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("demo");
        let arguments = ["demo", "--cells", "300", "--steps", "20000", "--out", text(&out)];
        let stopped = interrupt(&arguments, |said| said.contains("steps ") && has_begun(&out));
        assert_eq!((stopped.status.code(), stopped.err.as_str()), (Some(130), ""));
        let cells = out.join("cells.h5ad");
        let next = format!("next     chreode train {} --resume {}\n", cells.display(), out.display());
        assert!(stopped.out.ends_with(&next), "{}", stopped.out);
    }

    #[test]
    fn an_evaluation_says_that_it_is_not_complete() {
        let folder = tempfile::tempdir().unwrap();
        let json = folder.path().join("scores.json");
        let data = ["evaluate", text(&CELLS), "--time", "day", "--steps", "1000000", "--json", text(&json)];
        let stopped = interrupt(&[&data[..], &SMALL].concat(), |said| said.contains("solver "));
        assert_eq!(stopped.status.code(), Some(130), "{}", stopped.err);
        assert_eq!(
            stopped.err,
            "error: interrupted before all was scored, so nothing is kept; give fewer --seeds or --steps for a quicker answer\n"
        );
        assert!(!json.exists());
    }
}
