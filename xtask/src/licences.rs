//! Every dependency's licence is one of those `deny.toml` allows.

use crate::process::{cargo, output, root};
use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Checks what `cargo metadata` reports against the list in `deny.toml`.
pub(crate) fn check() -> Result<()> {
    let allowed = allowed(&std::fs::read_to_string(root().join("deny.toml"))?)?;
    let text = output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut wrong = Vec::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none stated");
        if !satisfied(licence, &allowed) {
            wrong.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    if !wrong.is_empty() {
        bail!("licences that deny.toml does not allow:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

/// The names in the `allow = [...]` list.
fn allowed(deny: &str) -> Result<Vec<String>> {
    let list = deny.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']')).map(|(list, _)| list);
    let list = list.context("deny.toml has no `allow = [...]` list")?;
    Ok(list
        .split(',')
        .map(|name| name.trim().trim_matches('"').to_string())
        .filter(|n| !n.is_empty())
        .collect())
}

/// Whether an SPDX expression can be satisfied with allowed licences: AND binds its terms, OR offers them.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let flat = expression.replace(['(', ')'], " ");
    let simple = |term: &str| allowed.iter().any(|a| a == term.trim());
    // Every expression met so far is a conjunction of disjunctions; parentheses only group those.
    flat.split(" AND ").all(|part| part.split(" OR ").any(simple))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_satisfied_by_allowed_licences_only() {
        let allowed = allowed("[licenses]\nallow = [\"MIT\", \"Apache-2.0\",\n \"Unicode-3.0\"]\n").unwrap();
        assert_eq!(allowed.len(), 3);
        for good in ["MIT", "MIT OR GPL-3.0", "MIT/Apache-2.0", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
            assert!(satisfied(good, &allowed), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "none stated", "(GPL-3.0 OR LGPL-3.0) AND MIT"] {
            assert!(!satisfied(bad, &allowed), "{bad}");
        }
    }
}
