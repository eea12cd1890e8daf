//! What other tools will stumble over in a file.

use crate::{Annotation, Column, Csr, ElementKind, Format, Frame, H5ad, IoError, Loaded, Matrix, read};
use std::collections::HashSet;
use std::path::Path;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Results may be wrong, or the element cannot be read.
    Broken,
    /// Some tools refuse the file.
    Refused,
    /// Worth knowing.
    Note,
}

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it is.
    pub element: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub what: String,
    /// What to do.
    pub fix: String,
}

/// Looks for what other tools will stumble over; the worst comes first.
///
/// # Errors
/// Those of opening the file; an element that cannot be read is a finding.
pub fn diagnose(path: impl AsRef<Path>) -> Result<Vec<Finding>, IoError> {
    let path = path.as_ref();
    let mut findings = Findings::default();
    let format = Format::of(path)?;
    if matches!(format, Format::H5ad | Format::Zarr) {
        let file = H5ad::open(path)?;
        encodings(&file, &mut findings)?;
    }
    match read(path) {
        Ok(Loaded { data, left_out, narrowed }) => {
            for lost in left_out {
                findings.add(
                    &lost.element,
                    Severity::Note,
                    lost.reason,
                    "nothing, if you do not need it here",
                );
            }
            for element in narrowed {
                let what = "it is stored wider than the 32 bits in which models see it".to_string();
                findings.add(&element, Severity::Note, what, "nothing, unless the last digits matter");
            }
            names("obs", &data.obs, &mut findings);
            names("var", &data.var, &mut findings);
            if let Some(x) = &data.x {
                values("X", x, &mut findings);
            }
            data.layers
                .iter()
                .for_each(|(key, layer)| values(&format!("layers/{key}"), layer, &mut findings));
            for (key, value) in &data.obsm {
                if let Annotation::F32(a) = value
                    && let Some(count) = Some(a.iter().filter(|v| !v.is_finite()).count()).filter(|&n| n > 0)
                {
                    let what = format!("{count} values are not finite");
                    findings.add(
                        &format!("obsm/{key}"),
                        Severity::Broken,
                        what,
                        "impute them or drop the cells",
                    );
                }
            }
        }
        Err(error) => {
            findings.add(
                "the file",
                Severity::Broken,
                error.to_string(),
                "write it again where it came from",
            );
        }
    }
    findings.0.sort_by_key(|finding| finding.severity);
    Ok(findings.0)
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, element: &str, severity: Severity, what: String, fix: &str) {
        let (element, fix) = (element.to_string(), fix.to_string());
        self.0.push(Finding { element, severity, what, fix });
    }
}

/// Encodings that some readers do not know.
fn encodings(file: &H5ad, findings: &mut Findings) -> Result<(), IoError> {
    let rewrite = "chreode convert IN OUT.h5ad writes it in the encoding that all know";
    let summary = file.summary()?;
    let mut wide = Vec::new();
    for element in &summary.elements {
        let path = &element.path;
        let key = path.rsplit('/').next().unwrap_or_default();
        match &element.kind {
            ElementKind::NullableString if key == "_index" || key == "index" => findings.add(
                path,
                Severity::Refused,
                "row names as nullable strings, as pandas 3 writes them; R and anndata before 0.11 cannot read them".into(),
                rewrite,
            ),
            ElementKind::NullableString => findings.add(
                path,
                Severity::Refused,
                "nullable strings; R and anndata before 0.11 cannot read them".into(),
                "fill the gaps, or make the column categorical",
            ),
            ElementKind::Null => findings.add(
                path,
                Severity::Refused,
                "encoding `null`; anndata before 0.12 and some R readers cannot read it".into(),
                "remove it",
            ),
            ElementKind::Records if matches!(path.as_str(), "obs" | "var" | "obsm" | "varm") => findings.add(
                path,
                Severity::Refused,
                "records, as anndata before 0.7 wrote tables; new readers have dropped them".into(),
                rewrite,
            ),
            ElementKind::Csc if path == "X" => findings.add(
                path,
                Severity::Note,
                "compressed along genes: minibatches of cells go through all of it for every window".into(),
                "X = X.tocsr() before writing",
            ),
            ElementKind::Csr | ElementKind::Csc => {
                if matches!(element.dtype.as_deref(), Some("i64" | "u64" | "f64")) {
                    wide.push(path.clone());
                }
            }
            ElementKind::Other(name) => findings.add(
                path,
                Severity::Note,
                format!("encoding {name} is not read here; it is kept on rewriting"),
                "nothing, if you do not need it here",
            ),
            _ => {}
        }
    }
    for path in wide {
        let what = "64-bit values take twice the room and time".to_string();
        findings.add(&path, Severity::Note, what, "store counts as float32 or int32");
    }
    Ok(())
}

fn names(table: &str, frame: &Frame, findings: &mut Findings) {
    let mut seen = HashSet::new();
    let twice = frame.index.iter().filter(|name| !seen.insert(name.as_str())).count();
    if twice > 0 {
        let what = format!("{twice} names occur more than once; joins by name go wrong");
        findings.add(
            &format!("{table} names"),
            Severity::Broken,
            what,
            "make them unique (var_names_make_unique)",
        );
    }
    for (name, column) in &frame.columns {
        let element = format!("{table}/{name}");
        if name.contains('/') {
            let what = "its name has a slash, which anndata 0.13 refuses".to_string();
            findings.add(&element, Severity::Refused, what, "rename the column");
        }
        if let Column::Categorical { codes, categories, .. } = column {
            let mut used = vec![false; categories.len()];
            codes.iter().flatten().for_each(|&code| used[code as usize] = true);
            let unused = used.iter().filter(|used| !**used).count();
            if unused > 0 {
                let what = format!("{unused} of {} categories have no row", categories.len());
                findings.add(&element, Severity::Note, what, "remove_unused_categories()");
            }
        }
    }
}

fn values(element: &str, matrix: &Matrix, findings: &mut Findings) {
    let (stored, csr): (&[f32], Option<&Csr>) = match matrix {
        Matrix::Dense(a) => (a.as_slice().unwrap_or_default(), None),
        Matrix::Csr(m) => (m.data(), Some(m)),
        Matrix::Csc(m) => (m.data(), None),
    };
    let broken = stored.iter().filter(|v| !v.is_finite()).count();
    if broken > 0 {
        let what = format!("{broken} values are not finite");
        findings.add(element, Severity::Broken, what, "impute them or drop the cells");
    }
    if let Some(csr) = csr {
        let unsorted = csr.indptr().windows(2).any(|w| !csr.indices()[w[0]..w[1]].is_sorted());
        if unsorted {
            let what = "indices within rows are not sorted; some tools take them to be".to_string();
            findings.add(element, Severity::Refused, what, "X.sort_indices() before writing");
        }
        let zeros = stored.iter().filter(|v| **v == 0.0).count();
        if zeros > 0 {
            let what = format!("{zeros} zeros are stored");
            findings.add(element, Severity::Note, what, "X.eliminate_zeros() before writing");
        }
    }
}
