//! `chreode coupling`: how far minibatch pairs are from the plan of all cells, and how straight a flow is.

use crate::args::CouplingArgs;
use crate::cells::Cells;
use crate::commands::predict::{Motions, cells_of};
use crate::run_dir::RunDir;
use crate::say::say;
use crate::settings::Settings;
use crate::{solver, source};
use anyhow::{Context, Result, bail};
use chreode_core::Seed;
use chreode_models::{Clock, CouplingBias, Data, Device, Needs, Straightness};
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

/// Intervals of Simpson's rule between two times.
const INTERVALS: usize = 20;

/// Runs the command.
pub(crate) fn run(args: &CouplingArgs, device: &Device) -> Result<()> {
    let settings = Settings::merged(None, &args.data, &args.model)?;
    let method = settings.model.method();
    if settings.model.needs() == Needs::Conditions {
        bail!(
            "{method} pairs the cells of each condition apart, and here minibatches are drawn of all; name ot-cfm, or give a file with the cells of one condition"
        );
    }
    source::conditions(&settings)?;
    source::only_of_series(&method, &[("--series", settings.data.series.is_some())])?;
    let pairing = settings.model.pairing().with_context(|| {
        format!("{method} pairs no minibatches; name a model of flow matching with --model, e.g. ot-cfm")
    })?;
    let sampler = solver::for_prediction(&args.solver)?;
    let cells = Cells::read(&args.file, &settings.data, 2)?;
    let inside = cells.populations.inside(&cells.frame()?)?;
    say!("cells    {}", cells.counts());
    say!("space    {}", cells.space());
    say!("pairs    {method}, {} minibatches of each size", args.batches);
    let clock = Clock::of(&inside.times())?;
    let seed = Seed(settings.model.fit().seed);
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    let sizes = args.sizes.iter().map(|size| format!("bias at {size}"));
    table.set_header(["interval".to_string(), "least cost".to_string()].into_iter().chain(sizes));
    for (from, to) in inside.intervals() {
        let length = clock.network(to.time) - clock.network(from.time);
        let measured =
            CouplingBias::measure([from, to], length, &*pairing, (&args.sizes, args.batches), seed)?;
        let least = measured.first().map_or(String::new(), |b| format!("{:.4}", b.least));
        let biases =
            measured.iter().map(|b| format!("{:.1} ± {:.1} %", 100.0 * b.bias, 100.0 * b.bias_error));
        table.add_row([format!("{} to {}", from.time, to.time), least].into_iter().chain(biases));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say!("{table}");
    if let Some(folder) = &args.run {
        let checkpoint = RunDir::open(folder)?.checkpoint()?.on(device);
        let motions = Motions::of(checkpoint.trained()?, &Default::default())?;
        let cells = cells_of(&checkpoint, &args.file, motions.labelled(), &[])?;
        let snapshots = cells.populations.snapshots();
        for (k, pair) in snapshots.windows(2).enumerate() {
            let times = [pair[0].time, pair[1].time];
            let model = motions.of_snapshot(&cells, k)?;
            let s = Straightness::of(&*model, &pair[0], times, INTERVALS, (&sampler, seed))?;
            say!(
                "straight {} to {}: S {:.4}, {:.2} % of the squared displacement {:.4}",
                times[0],
                times[1],
                s.value,
                100.0 * s.share(),
                s.displacement
            );
        }
    }
    Ok(())
}
