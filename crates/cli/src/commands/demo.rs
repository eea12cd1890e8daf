//! `chreode demo`: a whole run on simulated cells, in a minute.

use crate::args::{DemoArgs, Expression, Measure, Rates};
use crate::cells::Cells;
use crate::commands::{evaluate, predict, simulate, train};
use crate::draw;
use crate::interrupt;
use crate::progress::spoken;
use crate::report::Command;
use crate::run_dir::RunDir;
use crate::say::say;
use crate::settings::{DataSettings, Settings};
use crate::source::Source;
use crate::table;
use anyhow::Result;
use chreode_core::Seed;
use chreode_io::write_h5ad;
use chreode_models::{Device, HeldOut, ModelConfig, Protocol, Sampler, Steps};
use std::time::Instant;

/// Principal components that the demo's flow lives in.
const DIMS: usize = 5;

/// Genes that are simulated.
const GENES: usize = 50;

/// Runs the command.
pub(crate) fn run(args: &DemoArgs, threads: usize, device: &Device) -> Result<()> {
    let start = Instant::now();
    let run = RunDir::create(&args.out)?;
    let file = run.path("cells.h5ad");
    say!("1/5      simulate a branching differentiation");
    let simulated = simulate::bifurcation(args.cells, GENES, Measure::Logarithms, args.seed)?;
    write_h5ad(&file, &simulated)?;
    say!("wrote    {} ({} cells, {} genes)", file.display(), simulated.n_obs(), simulated.n_vars());

    say!("2/5      train OT-CFM on its snapshots");
    let data = DataSettings {
        time: Some("day".into()),
        rep: Some("X_pca".into()),
        dims: Some(DIMS),
        ..DataSettings::default()
    };
    let mut model = ModelConfig::default();
    let fit = model.fit_mut();
    (fit.steps, fit.seed, fit.device) = (args.steps, args.seed, device.clone());
    let settings = Settings { data, model, manifest: None };
    let cells = Cells::read(&file, &settings.data, settings.model.least_times())?;
    let training = settings.model.start(&cells.dataset()?, cells.frame()?)?;
    let (trained, settings, curve) =
        train::drive(train::Job { training, run: &run, cells: &cells, settings, kept: Vec::new(), threads })?;
    if interrupt::asked() {
        train::next(&*trained, &file, &args.out);
        return Ok(());
    }

    say!("3/5      leave one time out after the other");
    let protocol = Protocol { held_out: HeldOut::EachInner, seeds: vec![args.seed], ..Protocol::default() };
    let (scores, _) = evaluate::score(&cells, &settings, &protocol, &Sampler::published(), threads)?;
    let method = settings.model.method();
    say!("{}", table::of(&scores, &method));

    say!("4/5      move every cell to every time");
    let checkpoint = run.checkpoint()?;
    let model = trained.finish().dynamics()?;
    let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(20) };
    let motions = predict::Motions::All(model);
    let way = predict::Way {
        from: None,
        times: &cells.populations.times(),
        sampler: &sampler,
        seed: Seed(args.seed),
        rates: Rates::Measured,
    };
    let moved = predict::Moved::new(&motions, &cells, &way)?;
    let trajectories = run.path("trajectories.h5ad");
    predict::write(&trajectories, &moved, &checkpoint, &cells, Expression::Last)?;
    say!("wrote    {}", trajectories.display());

    say!("5/5      draw");
    let mut report = draw::report(
        "A simulated branching differentiation",
        &cells,
        &*motions.of_snapshot(&cells, 0)?,
        &sampler,
        &moved,
    )?;
    report.loss = Some(draw::loss(&curve));
    report.scores = Some(draw::scores(&scores, &method));
    report.manifest = settings.manifest.as_ref().map(draw::manifest).unwrap_or_default();
    report.commands = commands(args);
    let written = report.write(&args.out)?;
    say!("wrote    {}", written.page.display());
    say!("done     in {}", spoken(start.elapsed().as_secs_f64()));
    say!(
        "next     open {} in a browser; then try `chreode inspect` on your own cells",
        written.page.display()
    );
    Ok(())
}

/// The same run, command by command.
fn commands(args: &DemoArgs) -> Vec<Command> {
    let DemoArgs { cells, steps, seed, .. } = args;
    let line = |purpose: &str, line: String| Command { purpose: purpose.into(), line };
    let data = format!("--time day --rep X_pca --dims {DIMS}");
    vec![
        line(
            "simulate",
            format!("chreode simulate bifurcation --cells {cells} --seed {seed} --out cells.h5ad"),
        ),
        line("train", format!("chreode train cells.h5ad {data} --steps {steps} --seed {seed} --out run")),
        line("score", format!("chreode evaluate cells.h5ad {data} --steps {steps} --seed {seed} --seeds 1")),
        line(
            "predict",
            "chreode predict run cells.h5ad --solver rk4 --substeps 20 --out trajectories.h5ad".into(),
        ),
    ]
}
