//! `chreode doctor FILE`: what other tools will stumble over, and the fix.

use crate::say::say;
use anyhow::Result;
use chreode_io::{Severity, diagnose};
use std::path::Path;

pub(super) fn run(file: &Path) -> Result<()> {
    let findings = diagnose(file)?;
    if findings.is_empty() {
        say!("{}: nothing that other tools would stumble over", file.display());
        return Ok(());
    }
    say!("{}", file.display());
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
