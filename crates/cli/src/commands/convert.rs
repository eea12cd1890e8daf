//! `chreode convert`: from any format to any that can be written.

use crate::args::ConvertArgs;
use crate::say::say;
use anyhow::Result;
use chreode_io::{Format, convert};

/// Runs the command.
pub(crate) fn run(args: &ConvertArgs) -> Result<()> {
    let format = Format::of(&args.input)?;
    let left_out = convert(&args.input, &args.out, args.compression.into())?;
    say!("{} ({format}) is now {}", args.input.display(), args.out.display());
    for lost in &left_out {
        say!("  left out: {} ({})", lost.element, lost.reason);
    }
    Ok(())
}
