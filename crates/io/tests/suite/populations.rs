//! Populations from each format, and what is wrong with a file that gives none.

use crate::common;

use chreode_io::{
    AnnData, Annotation, Categories, CategoryOrder, Column, Columns, IoError, Matrix, TimeSeries,
    column_names, read_populations, write_h5ad,
};
use ndarray::array;
use std::path::Path;

fn pca(time: &str) -> Columns {
    Columns { representation: Some("X_pca".into()), ..Columns::new(time) }
}

/// Reads the example with the given change, and the message if it fails.
fn read(change: impl FnOnce(&mut AnnData), columns: &Columns) -> Result<TimeSeries, String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("cells.h5ad");
    let mut data = common::everything();
    change(&mut data);
    write_h5ad(&path, &data).expect("the example is valid");
    read_populations(&path, columns)
        .map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

fn labels(texts: [&str; 4]) -> Column {
    Column::Strings(texts.iter().map(|t| Some((*t).to_string())).collect())
}

#[test]
fn cells_by_time_with_rows_features_and_weights() {
    let columns = Columns { weight: Some("w".into()), ..pca("day") };
    let weights = Column::Integers(vec![Some(1), Some(2), Some(3), Some(4)]);
    let series = read(|d| d.obs.set("w", weights).unwrap(), &columns).unwrap();
    assert_eq!(series.populations.times(), [0.0, 1.0, 2.0]);
    assert_eq!(series.time_labels, ["day0", "day1", "day2"]);
    assert_eq!(series.rows, [vec![0], vec![1, 2], vec![3]]);
    assert_eq!(series.populations.points(1), array![[1.0, 1.5], [2.0, 2.5]]);
    assert_eq!(series.populations.snapshots()[1].weights, Some(array![2.0, 3.0]));
    assert_eq!(series.populations.features(), ["X_pca-1", "X_pca-2"]);
}

#[test]
fn x_itself_and_some_dimensions() {
    let columns = Columns { dims: Some(2), ..Columns::new("day") };
    let series = read(|_| (), &columns).unwrap();
    assert_eq!(series.populations.features(), ["gene-0", "gene-1"]);
    assert_eq!(series.populations.points(1), array![[0.0, 0.0], [0.0, 3.0]]);
    let error = read(|_| (), &Columns { dims: Some(4), ..Columns::new("day") }).unwrap_err();
    assert_eq!(error, "4 dimensions of `X` were asked for in FILE, which has 3; ask for 1 to 3");
    let table = Columns { representation: Some("scores".into()), ..Columns::new("day") };
    assert_eq!(read(|_| (), &table).unwrap().populations.features(), ["g1"]);
}

#[test]
fn times_from_numbers_and_numeric_categories() {
    let numbers = Column::Numbers(vec![2.5, -1.0, 2.5, 0.0]);
    let series = read(|d| d.obs.set("t", numbers).unwrap(), &pca("t")).unwrap();
    assert_eq!(series.populations.times(), [-1.0, 0.0, 2.5]);
    assert_eq!(series.rows[2], [0, 2]);
    let categories = Column::Categorical {
        codes: vec![Some(1), Some(0), Some(0), Some(1)],
        categories: Categories::Numbers(vec![10.5, 2.0]),
        order: CategoryOrder::Unordered,
    };
    let series = read(|d| d.obs.set("t", categories).unwrap(), &pca("t")).unwrap();
    assert_eq!(series.populations.times(), [2.0, 10.5]);
    assert_eq!(series.rows, [vec![0, 3], vec![1, 2]]);
}

#[test]
fn keys_that_are_not_there() {
    assert_eq!(
        read(|_| (), &Columns { representation: Some("X_foo".into()), ..Columns::new("day") }).unwrap_err(),
        "no `X_foo` in obsm of FILE; it has X_clone, X_pca, X_umap, scores"
    );
    assert_eq!(read(|d| d.obsm.clear(), &pca("day")).unwrap_err(), "no `X_pca` in obsm of FILE; it is empty");
    assert_eq!(
        read(|d| d.obs.columns.retain(|(name, _)| name == "day" || name == "flag"), &pca("time"))
            .unwrap_err(),
        "no `time` in obs of FILE; it has flag, day"
    );
    assert_eq!(
        read(|d| d.x = None, &Columns::new("day")).unwrap_err(),
        "no `X` in the top level of FILE; it has layers, obs, obsm, obsp, uns, var, varm, varp"
    );
}

#[test]
fn times_that_are_none() {
    assert_eq!(
        read(|_| (), &pca("number")).unwrap_err(),
        "1 of 4 cells in FILE have no `number`, the first at row 1; remove them or fill the column"
    );
    let stages = labels(["early", "Day 00-03", "day 4", "early"]);
    assert_eq!(
        read(|d| d.obs.set("stage", stages).unwrap(), &pca("stage")).unwrap_err(),
        "`stage` in FILE does not name times: `Day 00-03`, `early` hold no single number; use a numeric column, or \
         labels such as `day 3`"
    );
    let doubled = labels(["day 1 control", "day 1 treated", "day 2", "day 2"]);
    assert!(read(|d| d.obs.set("t", doubled).unwrap(), &pca("t")).unwrap_err().contains("`day 1 control`"));
    let doubled = labels(["1 control", "1 treated", "2", "2"]);
    assert_eq!(
        read(|d| d.obs.set("t", doubled).unwrap(), &pca("t")).unwrap_err(),
        "`t` in FILE gives time 1 to different labels, `1 control`, `1 treated`; rename them or choose a numeric \
         column"
    );
    assert!(
        read(|_| (), &pca("flag"))
            .unwrap_err()
            .contains("`flag` in FILE does not name times: `false`, `true`")
    );
    let same = labels(["1", "1.0", "2", "01"]);
    assert_eq!(read(|d| d.obs.set("t", same).unwrap(), &pca("t")).unwrap().rows, [vec![0, 1, 3], vec![2]]);
}

#[test]
fn values_that_are_not_finite_and_weights_that_are_none() {
    let broken = array![[0.0, 1.0], [2.0, f32::NAN], [4.0, 5.0], [6.0, 7.0]];
    assert_eq!(
        read(|d| _ = d.obsm.insert("X_pca".into(), Annotation::F32(broken)), &pca("day")).unwrap_err(),
        "row 1 of `obsm/X_pca` in FILE has NaN in column 1; remove the cell or impute the value"
    );
    let weight = |name: &str| Columns { weight: Some(name.into()), ..pca("day") };
    assert_eq!(
        read(|_| (), &weight("integer_gap")).unwrap_err(),
        "`integer_gap` in FILE has no number at row 1; a weight column needs a number for each cell"
    );
    assert_eq!(
        read(|_| (), &weight("integer")).unwrap_err(),
        "FILE: cell 0 at time 1 has weight -2; weights must be finite, not negative, and not all zero"
    );
}

fn table(name: &str, text: &str, columns: &Columns) -> Result<TimeSeries, String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("the folder is writable");
    read_populations(&path, columns)
        .map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

#[test]
fn tables() {
    let text = ",time,x1,x2,note\nc0,day 1,0.5,1,a\nc1,day 0,2,3,b\nc2,day 1,4,5,c\n";
    let columns = Columns { representation: Some("x".into()), ..Columns::new("time") };
    let series = table("cells.csv", text, &columns).unwrap();
    assert_eq!(series.populations.times(), [0.0, 1.0]);
    assert_eq!(series.rows, [vec![1], vec![0, 2]]);
    assert_eq!(series.populations.points(1), array![[0.5, 1.0], [4.0, 5.0]]);
    assert_eq!(series.populations.features(), ["x1", "x2"]);
    assert_eq!(table("cells.tsv", &text.replace(',', "\t"), &columns).unwrap(), series);
    assert_eq!(
        table("cells.csv", text, &Columns::new("time")).unwrap_err(),
        "line 2 of FILE has `a` in column `note`, which is not a number; choose the feature columns by their common \
         prefix, or clean the table"
    );
    assert_eq!(
        table("cells.csv", text, &Columns::new("day")).unwrap_err(),
        "no `day` in the header of FILE; it has , time, x1, x2, note"
    );
    let ragged = "time,x\n0,1\n1\n";
    assert!(
        table("cells.csv", ragged, &Columns::new("time"))
            .unwrap_err()
            .starts_with("FILE is not a table with")
    );
    let gap = "time,x\n0,1\n1,NA\n";
    assert_eq!(
        table("cells.csv", gap, &Columns::new("time")).unwrap_err(),
        "row 1 of `the table` in FILE has NaN in column 0; remove the cell or impute the value"
    );
    assert_eq!(
        table("cells.csv", "time,x\n0,1\n,2\n", &Columns::new("time")).unwrap_err(),
        "1 of 2 cells in FILE have no `time`, the first at row 1; remove them or fill the column"
    );
    assert_eq!(
        table("cells.csv", "time,x\n", &Columns::new("time")).unwrap_err(),
        "FILE: there are no snapshots; give cells measured at one time at least"
    );
}

#[test]
fn archives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.npz");
    common::write_npz(&path);
    let at = |path: &Path, columns: &Columns| read_populations(path, columns);
    let series = at(&path, &Columns { weight: Some("weights".into()), ..Columns::new("labels") }).unwrap();
    assert_eq!(series.rows, [vec![1, 3], vec![0, 2]]);
    assert_eq!(series.populations.points(0), array![[2.0, 3.0], [6.0, 7.0]]);
    assert_eq!(series.populations.snapshots()[0].weights, Some(array![2.0, 4.0]));
    let error = at(&path, &Columns::new("t")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no `t` in the arrays of {}; it has labels, pcs, weights", path.display())
    );
    let error =
        at(&path, &Columns { representation: Some("weights".into()), ..Columns::new("labels") }).unwrap_err();
    assert!(matches!(error, IoError::Length { what: "dimensions", expected: 2, found: 1, .. }), "{error}");
}

#[test]
fn sparse_matrices_that_do_not_fit() {
    use chreode_io::{Csc, Csr, SparseProblem};
    let new = |indptr: Vec<usize>, indices: Vec<u32>| Csr::new((2, 3), indptr, indices, vec![1.0; 2]);
    assert_eq!(new(vec![0, 2], vec![0, 1]), Err(SparseProblem::Pointers { expected: 3, found: 2 }));
    assert_eq!(new(vec![0, 2, 1], vec![0, 1]), Err(SparseProblem::PointerOrder { at: 2 }));
    assert_eq!(new(vec![1, 1, 2], vec![0, 1]), Err(SparseProblem::PointerOrder { at: 0 }));
    assert_eq!(new(vec![0, 1, 2], vec![0, 3]), Err(SparseProblem::Index { at: 1, index: 3, bound: 3 }));
    assert_eq!(
        new(vec![0, 1, 3], vec![0, 1]),
        Err(SparseProblem::Stored { indices: 2, values: 2, pointed: 3 })
    );
    assert!(Csc::new((3, 2), vec![0, 1, 2], vec![0, 2], vec![1.0; 2]).is_ok());
    assert_eq!(common::csc().to_csr(), common::csr());
    for matrix in [Matrix::Csr(common::csr()), Matrix::Csc(common::csc()), Matrix::Dense(common::dense())] {
        assert_eq!(matrix.to_dense(), common::dense());
        assert_eq!(matrix.rows(&[3, 0, 3]), array![[4.0, 0.0, 5.0], [1.0, 0.0, 2.0], [4.0, 0.0, 5.0]]);
    }
}

#[test]
fn the_columns_of_a_table_and_the_arrays_of_an_npz_have_names() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("cells.csv"), "day,\"PC,1\",PC2\n0,1,2\n").unwrap();
    assert_eq!(column_names(at("cells.csv")).unwrap(), ["day", "PC,1", "PC2"]);
    std::fs::write(at("cells.tsv"), "day\tPC1\n0\t1\n").unwrap();
    assert_eq!(column_names(at("cells.tsv")).unwrap(), ["day", "PC1"]);
    common::write_npz(&at("cells.npz"));
    let names = column_names(at("cells.npz")).unwrap();
    assert!(names.is_sorted() && names.iter().any(|n| n == "pcs"), "{names:?}");
    assert!(matches!(column_names(at("absent.csv")), Err(IoError::NoSuchFile { .. })));
    std::fs::write(at("cells.h5ad"), "").unwrap();
    assert!(matches!(column_names(at("cells.h5ad")), Err(IoError::UnknownFormat { .. })));
}
