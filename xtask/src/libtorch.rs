//! `cargo xtask libtorch`: a libtorch for `chreode-torch`, in one command and without root.

use crate::process::root;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Runs the script that makes it; all the knowledge is there, so that it also runs by itself.
pub(crate) fn fetch(folder: Option<PathBuf>, wheels: Option<PathBuf>) -> Result<()> {
    let mut script = Command::new("python3");
    script.arg(root().join("xtask/libtorch.py")).args(folder);
    if let Some(wheels) = wheels {
        script.arg("--wheels").arg(wheels);
    }
    let status = script.status().context(
        "python3 is needed to fetch libtorch and could not be started; install it with pip, or set LIBTORCH to the \
         folder of a libtorch 2.11.0 that you have",
    )?;
    if !status.success() {
        bail!("libtorch was not made; what to do is said above");
    }
    Ok(())
}

/// Says how to get one where there is none.
pub(crate) fn expect() -> Result<()> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if root().join(".libtorch/build-version").exists() || set("LIBTORCH_USE_PYTORCH") {
        return Ok(());
    }
    // Cargo hands on the folder of the configuration, whether it is there or not.
    match std::env::var_os("LIBTORCH") {
        Some(folder) if PathBuf::from(&folder).join("lib").is_dir() => Ok(()),
        _ => bail!("there is no libtorch: run `cargo xtask libtorch` first"),
    }
}
