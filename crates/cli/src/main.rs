//! The binary `chreode`.

use std::process::ExitCode;

fn main() -> ExitCode {
    chreode_cli::main()
}
