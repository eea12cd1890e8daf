//! Settings, runs and places that cannot be used: one line says what to try; the exit code is 1; nothing panics.

use crate::common;

use common::{CELLS, OTHERS, RUN, SMALL, fails, folder, table, text, train_fails};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A copy of the shared run, to damage.
fn copied_run(folder: &TempDir) -> PathBuf {
    let copy = folder.path().join("run");
    fs::create_dir(&copy).expect("a temporary folder");
    for name in ["run.toml", "model.safetensors", "metrics.jsonl"] {
        fs::copy(RUN.join(name), copy.join(name)).expect("a run has this file");
    }
    copy
}

#[test]
fn parameters_out_of_range() {
    for (flags, said) in [
        (["--steps", "0"], "steps is 0; it must be 1 or more"),
        (["--batch", "0"], "batch is 0; it must be 2 to 32768"),
        (["--hidden", "0"], "hidden is 0; it must be widths of 1 to 16384"),
        (["--lr", "nan"], "lr is NaN; it must be a number above 0"),
        (["--sigma", "-0.1"], "sigma is -0.1; it must be a number of 0 or more"),
        (["--clip", "-1"], "clip is -1; it must be a number of 0 or more"),
        (["--ema", "1"], "ema is 1; it must be in [0, 1)"),
        // Sizes that no memory holds.
        (["--batch", "10000000"], "batch is 10000000; it must be 2 to 32768"),
        (["--hidden", "8,1000000"], "hidden is 1000000; it must be widths of 1 to 16384"),
        (["--epochs", "0"], "steps is 0; it must be 1 or more"),
    ] {
        assert_eq!(train_fails(&CELLS, &[&["--time", "day"], &flags[..]].concat()), said);
    }
    let flags = ["--time", "day", "--epochs", "3", "--batch", "0"];
    assert_eq!(train_fails(&CELLS, &flags), "batch is 0; it must be 2 to 32768");
}

#[test]
fn settings_files() {
    let folder = folder();
    let path = folder.path().join("settings.toml");
    let file = path.display().to_string();
    let said = |content: &str| {
        fs::write(&path, content).unwrap();
        train_fails(&CELLS, &["--config", &file])
    };
    let text = said("[data]\ntime = \"day\"\n[model.flow-matching.fit]\nstepz = 3\n");
    let start =
        format!("line 4 of {file} is not a setting: unknown field `stepz`, expected one of `hidden`, ");
    assert!(text.starts_with(&start), "{text}");
    assert_eq!(
        said("\n[model.flow-matching.fit]\nsteps = \"x\"\n"),
        format!("line 3 of {file} is not a setting: invalid type: string \"x\", expected u64")
    );
    let text = said("[model\n");
    assert!(text.starts_with(&format!("line 1 of {file} is not a setting: ")), "{text}");
    assert_eq!(
        said("[data]\ntime = \"day\"\n[model.flow-matching.fit]\nbatch = 1\n"),
        "batch is 1; it must be 2 to 32768"
    );
    let text = train_fails(&CELLS, &["--config", "absent.toml"]);
    let start = "cannot read absent.toml; name a file such as the run.toml of an earlier run: ";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn arguments_that_cannot_be_understood() {
    let cells = text(&CELLS);
    for (arguments, said) in [
        (
            &["train", cells, "--threads", "0"][..],
            "invalid value '0' for '--threads <THREADS>': 0 is not in 1..=1024",
        ),
        (
            &["train", cells, "--tiem", "day"],
            "unexpected argument '--tiem' found; a similar argument exists: '--time'",
        ),
        (
            &["train", cells, "--coupling", "best"],
            "invalid value 'best' for '--coupling <COUPLING>' [possible values: exact, sinkhorn, independent]",
        ),
        (
            &["train", cells, "--activation", "gelu"],
            "invalid value 'gelu' for '--activation <ACTIVATION>': there is no activation `gelu`; choose one of selu, silu, tanh, softplus, relu",
        ),
        (&["train"], "the following required arguments were not provided: <FILE>"),
        (&["evaluate", cells, "--seeds", "0"], "invalid value '0' for '--seeds <N>': 0 is not in 1..=1000"),
        (
            &["train", cells, "--epochs", "1", "--steps", "1"],
            "the argument '--epochs <N>' cannot be used with '--steps <N>'",
        ),
        (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
    ] {
        assert_eq!(common::fails_with(2, arguments), format!("{said}; --help says what can be given"));
    }
}

#[test]
fn help_is_no_error() {
    let said = common::succeeds(&["train", "--help"]);
    assert!(said.contains("--resume <FOLDER>") && said.contains("Column of obs"), "{said}");
    assert!(common::succeeds(&["--version"]).starts_with("chreode "));
    let outcome = common::chreode(&[]);
    assert_eq!(outcome.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&outcome.stderr).contains("Usage: chreode"));
}

#[test]
fn held_out_times() {
    let evaluate = |file: &Path, more: &[&str]| {
        fails(&[&["evaluate", text(file), "--time", "day", "--steps", "2"], &SMALL[2..], more].concat())
    };
    for end in ["0", "4"] {
        assert_eq!(
            evaluate(&CELLS, &["--hold-out", end]),
            format!("time {end} is an end of the series and cannot be held out; choose one of 1, 2, 3")
        );
    }
    assert_eq!(
        evaluate(&CELLS, &["--hold-out", "1.5"]),
        "there is no snapshot at time 1.5; the times are 0, 1, 2, 3, 4"
    );
    assert_eq!(
        evaluate(&CELLS, &["--hold-out", "day 1"]),
        "--hold-out is `day 1`; give times separated by commas, e.g. --hold-out 1,2, or `each`"
    );
    assert_eq!(evaluate(&CELLS, &["--hold-out", "1,1"]), "a held-out time is 1; it must be given once");
    let folder = folder();
    let path = folder.path().join("two.csv");
    table(&path, &[0.0, 1.0], 20);
    assert_eq!(
        evaluate(&path, &[]),
        "time 0 is an end of the series and cannot be held out; give cells at three times at least, so that one is between two others"
    );
}

#[test]
fn solvers() {
    let predict = |more: &[&str]| {
        let folder = folder();
        let out = folder.path().join("out.h5ad");
        let said = fails(&[&["predict", text(&RUN), text(&CELLS), "--out", text(&out)], more].concat());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
        said
    };
    let said = predict(&["--solver", "rk5"]);
    assert!(said.starts_with("there is no method named \"rk5\"; the methods are euler, midpoint,"), "{said}");
    assert!(said.contains(", rk4,") && said.contains(", tsit5,"), "{said}");
    for tol in ["0", "1e-30", "-1", "nan"] {
        let said = "--tol must be a number of 1e-7 or more, as positions have single precision";
        assert_eq!(predict(&["--tol", tol]), said);
    }
    for steps in ["0", "100001"] {
        assert_eq!(predict(&["--substeps", steps]), "--substeps must be 1 to 100000");
    }
    assert_eq!(
        predict(&["--solver", "rk4", "--tol", "1e-3"]),
        "rk4 has no error estimate; use it with --substeps N, or choose bosh3, dopri5 or tsit5"
    );
    for times in ["2,1", "1,1", "0,nan"] {
        assert_eq!(predict(&["--times", times]), "--times must be increasing numbers, e.g. --times 0,1,2.5");
    }
    assert_eq!(predict(&["--from", "9"]), "there is no snapshot at time 9; the times are 0, 1, 2, 3, 4");
}

#[test]
fn a_run_for_other_cells() {
    let folder = folder();
    let path = folder.path().join("few.h5ad");
    let mut data = chreode_io::H5ad::open(&*CELLS).unwrap().load().unwrap().data;
    let three = match &data.obsm["X_pca"] {
        chreode_io::Annotation::F32(x) => x.slice(ndarray::s![.., ..3]).to_owned(),
        other => panic!("X_pca is {other:?}"),
    };
    data.obsm.insert("X_pca".into(), chreode_io::Annotation::F32(three));
    chreode_io::write_h5ad(&path, &data).unwrap();
    let lacks = |file: &Path| {
        format!(
            "{} lacks what this run was trained on, 5 dimensions of X_pca with the times in `day`: ",
            file.display()
        )
    };
    let out = folder.path().join("out.h5ad");
    assert_eq!(
        fails(&["predict", text(&RUN), text(&path), "--out", text(&out)]),
        format!(
            "{}5 dimensions of `obsm/X_pca` were asked for in {}, which has 3; ask for 1 to 3",
            lacks(&path),
            path.display()
        )
    );
    let path = folder.path().join("cells.csv");
    table(&path, &[0.0, 1.0], 20);
    assert_eq!(
        fails(&["predict", text(&RUN), text(&path), "--out", text(&out)]),
        format!("{}no `X_pca*` in the header of {}; it has day, PC1, PC2, PC3", lacks(&path), path.display())
    );
    assert!(!out.exists());

    let run = folder.path().join("run");
    let arguments = ["train", text(&path), "--time", "day", "--steps", "2", "--out", text(&run)];
    common::succeeds(&[&arguments[..], &SMALL[2..]].concat());
    let swapped = fs::read_to_string(&path).unwrap().replace("PC1,PC2", "PC2,PC1");
    fs::write(&path, swapped).unwrap();
    assert_eq!(
        fails(&["predict", text(&run), text(&path), "--out", text(&out)]),
        format!(
            "{} has `PC2` where this run was trained on `PC1`; give the same coordinates in the same order",
            path.display()
        )
    );
    assert_eq!(
        fails(&["predict", text(&run), text(&CELLS), "--out", text(&out)]),
        format!(
            "{} is not a .csv or .tsv, and this run was trained on a whole table; give one with the columns PC1, PC2, PC3",
            CELLS.display()
        )
    );
}

#[test]
fn folders_without_a_run_and_damaged_checkpoints() {
    let folder = folder();
    let cells = text(&CELLS);
    let both = |run: &Path| {
        let said = fails(&["predict", text(run), cells]);
        assert_eq!(fails(&["train", cells, "--resume", text(run), "--steps", "90"]), said);
        said
    };
    assert_eq!(
        both(Path::new("absent")),
        "there is no run folder absent; `chreode train … --out FOLDER` makes one"
    );
    let said = both(folder.path());
    let start = format!(
        "cannot read {}/model.safetensors; train first, or name the folder of a finished run: ",
        folder.path().display()
    );
    assert!(said.starts_with(&start), "{said}");
    let run = copied_run(&folder);
    let model = run.join("model.safetensors");
    let whole = fs::read(&model).unwrap();
    for length in [0, 5, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&model, &whole[..length]).unwrap();
        let said = both(&run);
        let start = format!("{}: this checkpoint cannot be used (", model.display());
        assert!(said.starts_with(&start), "{said}");
        assert!(said.ends_with("); copy it again, or train again"), "{said}");
    }
    fs::write(&model, &whole).unwrap();
    fs::remove_file(run.join("run.toml")).unwrap();
    let said = fails(&["train", cells, "--resume", text(&run), "--steps", "90"]);
    let start = format!("cannot read {}/run.toml; ", run.display());
    assert!(said.starts_with(&start), "{said}");
    assert_eq!(fs::read(&model).unwrap(), whole);
}

#[test]
fn a_resumed_run_keeps_its_settings_and_its_data() {
    let folder = folder();
    let run = copied_run(&folder);
    let before = fs::read(run.join("model.safetensors")).unwrap();
    let resume =
        |file: &Path, more: &[&str]| fails(&[&["train", text(file), "--resume", text(&run)], more].concat());
    let kept = "a resumed run keeps its settings: with --resume give only --steps or --epochs, or start a new run with --out";
    let config = run.join("run.toml");
    for more in
        [["--lr", "0.1"], ["--dims", "3"], ["--time", "day"], ["--seed", "1"], ["--config", text(&config)]]
    {
        assert_eq!(resume(&CELLS, &more), kept);
    }
    assert_eq!(
        resume(&OTHERS, &["--steps", "90"]),
        format!(
            "{} is not the file this run was trained on (its contents differ); a resumed run needs the same data",
            OTHERS.display()
        )
    );
    assert_eq!(fs::read(run.join("model.safetensors")).unwrap(), before);
    let said = common::succeeds(&["train", text(&CELLS), "--resume", text(&run), "--steps", "40"]);
    assert_eq!(said, format!("{} is trained: 40 steps are done; give more with --steps N\n", run.display()));
}

#[test]
fn places_that_cannot_be_written_to() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "a file, no folder").unwrap();
    let below = file.join("below");
    let cells = text(&CELLS);
    let start = format!("cannot make the folder {}; choose another with --out: ", below.display());
    for arguments in [&["train", cells, "--time", "day"][..], &["demo", "--cells", "100"]] {
        let said = fails(&[arguments, &["--out", text(&below)]].concat());
        assert!(said.starts_with(&start), "{said}");
    }
    let hint = "; choose another place or make room (a file that was there before is unchanged)";
    for (name, arguments) in [
        ("below.h5ad", &["simulate", "bifurcation", "--cells", "100", "--out"][..]),
        ("below.h5ad", &["predict", text(&RUN), cells, "--out"]),
        // Before the work of hours, not after it.
        ("below.json", &["evaluate", cells, "--time", "day", "--json"]),
    ] {
        let path = file.join(name);
        let said = fails(&[arguments, &[text(&path)]].concat());
        assert!(said.starts_with(&format!("cannot write {}: ", path.display())), "{said}");
        assert!(said.ends_with(hint) && said.matches("os error").count() == 1, "{said}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"a file, no folder");
    let table = folder.path().join("out.csv");
    let said = format!("{} does not end in .h5ad, the format that is written; rename it", table.display());
    assert_eq!(fails(&["predict", text(&RUN), cells, "--out", text(&table)]), said);
    assert_eq!(fails(&["simulate", "bifurcation", "--out", text(&table)]), said);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::process::{Command, Output, Stdio};

    /// Runs the program where no file can grow beyond `blocks` of 512 bytes, which stands for a full disk.
    fn limited(blocks: u32, arguments: &[&str]) -> Output {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(assert_cmd::cargo::cargo_bin!("chreode")).args(arguments);
        // Its output goes through pipes, which have no limit.
        shell.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("sh runs")
    }

    /// The larger half of a run fits, the checkpoint does not.
    #[test]
    fn a_full_disk_leaves_the_old_checkpoint() {
        let folder = folder();
        let run = copied_run(&folder);
        let model = run.join("model.safetensors");
        let before: Vec<_> = ["run.toml", "model.safetensors"].map(|f| fs::read(run.join(f)).unwrap()).into();
        assert!(before[1].len() > 8 * 512 && before[0].len() < 8 * 512);
        let cells = text(&CELLS);
        let again = ["train", cells, "--time", "day", "--steps", "20", "--seed", "3", "--out", text(&run)];
        let resumed = ["train", cells, "--resume", text(&run), "--steps", "60"];
        for arguments in [[&again[..], &SMALL].concat(), resumed.to_vec()] {
            let said = super::common::one_line(1, &limited(8, &arguments), "a full disk");
            assert!(said.starts_with(&format!("cannot write {}: ", model.display())), "{said}");
            assert!(said.ends_with("make room (a file that was there before is unchanged)"), "{said}");
            let after: Vec<_> =
                ["run.toml", "model.safetensors"].map(|f| fs::read(run.join(f)).unwrap()).into();
            assert!(before == after, "the old run is as it was");
            assert_eq!(fs::read_dir(&run).unwrap().count(), 3, "nothing is left behind");
        }
        common::succeeds(&["predict", text(&run), cells, "--out", text(&folder.path().join("out.h5ad"))]);
    }

    #[test]
    fn a_reader_that_leaves_is_no_error() {
        let script = "\"$0\" inspect \"$1\" | true; exec \"$0\" inspect \"$1\" 2>&1 >/dev/full";
        let program = assert_cmd::cargo::cargo_bin!("chreode");
        let outcome = Command::new("sh").args(["-c", script]).arg(program).arg(&*CELLS).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&outcome.stderr), "", "the reader of the first went away");
        if !Path::new("/dev/full").exists() {
            return;
        }
        let said = String::from_utf8_lossy(&outcome.stdout);
        assert_eq!(outcome.status.code(), Some(1));
        assert!(said.starts_with("error: cannot write to standard output: "), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
