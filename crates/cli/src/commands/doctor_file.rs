//! `chreode doctor FILE`: what other tools will stumble over, and the fix.

use crate::args::DoctorFileArgs;
use crate::say::say;
use anyhow::Result;
use chreode_io::{Severity, diagnose};

/// Runs the command.
pub(crate) fn run(args: &DoctorFileArgs) -> Result<()> {
    let findings = diagnose(&args.file)?;
    if findings.is_empty() {
        say!("{}: nothing that other tools would stumble over", args.file.display());
        return Ok(());
    }
    say!("{}", args.file.display());
    for finding in &findings {
        let mark = match finding.severity {
            Severity::Broken => "broken",
            Severity::Refused => "refused",
            _ => "note",
        };
        say!("  {mark:<8} {}: {}", finding.element, finding.what);
        say!("           fix: {}", finding.fix);
    }
    Ok(())
}
