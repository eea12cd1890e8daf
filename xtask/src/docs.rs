//! Parts of pages that a command writes: what stands between `<!-- NAME -->` and `<!-- end NAME -->`.

use anyhow::{Context, Result};
use std::path::Path;

/// Replaces the part `name` of a page.
pub(crate) fn write(page: &Path, name: &str, text: &str) -> Result<()> {
    let place = || format!("in {}", page.display());
    let before = std::fs::read_to_string(page).with_context(place)?;
    let after = replaced(&before, name, text).with_context(place)?;
    std::fs::write(page, after).with_context(place)
}

fn replaced(page: &str, name: &str, text: &str) -> Result<String> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- end {name} -->"));
    let (head, rest) = page.split_once(&open).with_context(|| format!("there is no `{open}`"))?;
    let (_, tail) = rest.split_once(&close).with_context(|| format!("there is no `{close}`"))?;
    Ok(format!("{head}{open}\n{}\n{close}{tail}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let page = "a\n<!-- x -->\nold\n<!-- end x -->\nb\n";
        assert_eq!(replaced(page, "x", "new\n").unwrap(), "a\n<!-- x -->\nnew\n<!-- end x -->\nb\n");
        assert!(replaced(page, "y", "").unwrap_err().to_string().contains("<!-- y -->"));
    }
}
