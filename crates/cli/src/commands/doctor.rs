//! `chreode doctor`: what this program is made of and runs on, or what a file suffers from, and what to do about it.

mod file;
mod machine;
mod torch;

use crate::args::DoctorArgs;
use crate::say::say;
use anyhow::Result;
use machine::Machine;

pub(crate) fn run(args: &DoctorArgs, threads: usize) -> Result<()> {
    match &args.file {
        Some(path) => file::run(path),
        None => {
            this_program(threads);
            Ok(())
        }
    }
}

fn this_program(threads: usize) {
    line("chreode", env!("CARGO_PKG_VERSION"));
    let Machine { processor, instructions, memory } = Machine::here();
    line("processor", &processor);
    line("instructions", instructions);
    line("threads", &threads.to_string());
    line("memory", &memory);
    torch::report(line);
}

/// A name and what there is to say of it.
fn line(name: &str, text: &str) {
    say!("{name:<13} {text}");
}
