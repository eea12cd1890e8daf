"""Holds chreode-io against Python's anndata.

    python anndata_reads.py check FILE   FILE, written by the Rust test, reads as it was meant
    python anndata_reads.py large FILE   the same for arrays in many chunks
    python anndata_reads.py write FILE   writes FILE with encodings that the Rust test then reads
    python anndata_reads.py copy FILE    FILE, a copy of `write`'s made by the Rust test, is complete

Run by anndata_reads.rs when PEERS_PYTHON names a Python with anndata (tried with 0.12.19, h5py 3.16).
"""

import sys
import warnings

import anndata as ad
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

warnings.filterwarnings("ignore")
X = np.array([[1, 0, 2], [0, 0, 0], [0, 3, 0], [4, 0, 5]], dtype=np.float32)


def check(path):
    a = ad.read_h5ad(path)
    assert a.shape == (4, 3)
    assert list(a.obs_names) == [f"cell-{i}" for i in range(4)]
    assert isinstance(a.X, sparse.csr_matrix) and (a.X.toarray() == X).all() and a.X.dtype == np.float32
    a.X.check_format()
    assert (a.layers["dense"] == X).all()
    assert isinstance(a.layers["columns"], sparse.csc_matrix) and (a.layers["columns"].toarray() == X).all()
    obs = a.obs
    assert list(obs.columns) == [
        "number", "integer", "integer_gap", "flag", "flag_gap", "text", "text_gap", "day", "cluster", "level",
    ]
    assert np.isnan(obs.number.iloc[1]) and obs.number.iloc[2] == -1.25
    assert obs.integer.dtype == np.int64 and obs.integer.iloc[3] == 2**63 - 1
    assert list(obs.integer_gap.isna()) == [False, True, False, True] and obs.integer_gap.iloc[2] == 3
    assert obs.flag.dtype == bool and list(obs.flag) == [True, False, True, True]
    assert list(obs.flag_gap.isna()) == [True, False, False, True] and bool(obs.flag_gap.iloc[2]) is True
    assert list(obs.text) == ["a", "", "β-cell", "a long one with spaces"]
    assert list(obs.text_gap.isna()) == [False, True, False, True] and obs.text_gap.iloc[2] == "c"
    assert obs.day.cat.ordered and list(obs.day) == ["day0", "day1", "day1", "day2"]
    assert not obs.cluster.cat.ordered and list(obs.cluster.cat.categories) == [10, 20]
    assert list(obs.cluster.isna()) == [False, True, False, False]
    assert list(obs.level.cat.categories) == [0.5, 1.5]
    assert list(a.var["length"]) == [7, 8, 9]
    assert a.obsm["X_pca"].dtype == np.float32 and (a.obsm["X_pca"] == np.arange(8).reshape(4, 2) * 0.5).all()
    assert a.obsm["X_umap"].dtype == np.float64 and (a.obsm["X_umap"] == 0.1).all()
    assert (a.obsm["X_clone"].toarray() == X).all()
    assert list(a.obsm["scores"]["g1"]) == [1, 2, 3, 4]
    assert a.varm["PCs"].shape == (3, 2)
    assert (a.obsp["connectivities"].toarray() == np.roll(np.eye(4), 1, axis=1)).all()
    uns = a.uns
    assert uns["number"] == 2.5 and uns["integer"] == -3 and bool(uns["flag"]) is True
    assert uns["text"] == "a sentence" and uns["nothing"] is None and dict(uns["empty"]) == {}
    assert (uns["deep"]["er"]["numbers"] == [[1, 2], [3, 4]]).all()
    assert list(uns["deep"]["er"]["integers"]) == [1, 2, 3] and list(uns["deep"]["flags"]) == [True, False]
    assert list(uns["texts"]) == ["x", "y"] and (uns["graph"].toarray() == X).all()
    # And once more through anndata itself.
    a.write_h5ad(path + ".again")
    assert (ad.read_h5ad(path + ".again").X != a.X).nnz == 0


def large(path):
    a = ad.read_h5ad(path)
    n, p = 70000, 3
    x = a.X
    assert isinstance(x, sparse.csr_matrix) and x.shape == (n, p) and x.nnz == 2 * n
    assert (x.indices[::2] == 0).all() and (x.indices[1::2] == 2).all()
    assert (x.data == np.arange(2 * n, dtype=np.float32) % 1000).all()
    assert (a.obs["t"] == np.arange(n) / 4).all() and a.obs_names[-1] == "cell-69999"
    wide = a.uns["wide"]
    assert wide.shape == (2, n) and (wide == np.arange(2 * n).reshape(2, n)).all()


def write(path):
    a = ad.AnnData(X=sparse.csc_matrix(X.astype(np.float64)))
    a.obs_names = pd.Index([f"c{i}" for i in range(4)])
    a.obs["day"] = pd.Categorical(["E8.5", "E9.5", "E8.5", "E10"], categories=["E8.5", "E9.5", "E10"], ordered=True)
    a.obs["gap"] = pd.Categorical(["x", None, "y", "x"])
    a.obs["int"] = pd.array([1, None, 3, 4], dtype="Int32")
    a.obs["bool"] = pd.array([True, None, False, True], dtype="boolean")
    a.obs["str"] = pd.array(["a", None, "c", "d"], dtype="string")
    a.obs["u8"] = np.array([1, 2, 3, 255], dtype=np.uint8)
    a.obs["f32"] = np.array([0.5, np.nan, 1.5, 2.5], dtype=np.float32)
    a.obs["flag"] = np.array([True, False, True, False])
    a.obsm["X_pca"] = np.arange(8, dtype=np.float64).reshape(4, 2)
    a.obsm["frame"] = pd.DataFrame({"u": [1.0, 2, 3, 4], "v": [5, 6, 7, 8]}, index=a.obs_names)
    a.uns["none"] = None
    a.uns["scalar"] = 3
    a.uns["half"] = np.float16([0.5, -2.0])
    a.uns["rec"] = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
    a.uns["nest"] = {"x": {"y": np.arange(6).reshape(2, 3)}, "colors": np.array(["#fff", "#000"], dtype=object)}
    a.raw = a
    ad.settings.allow_write_nullable_strings = True
    a.write_h5ad(path, compression="gzip")
    with h5py.File(path, "r+") as f:
        # What anndata 0.13 writes with pandas 3: row names as a nullable string array.
        for table in ["obs", "obsm/frame"]:
            names = f[table]["_index"][:]
            del f[table]["_index"]
            group = f[table].create_group("_index")
            group.attrs.update({"encoding-type": "nullable-string-array", "encoding-version": "0.1.0"})
            group.create_dataset("values", data=names, dtype=h5py.string_dtype())
            group["values"].attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})
            group.create_dataset("mask", data=np.zeros(4, dtype=bool))
            group["mask"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        # Indices of the least type, as anndata 0.12.9 can write them.
        for part, kind in [("indices", np.uint8), ("indptr", np.uint8)]:
            values = f["X"][part][:]
            del f["X"][part]
            f["X"].create_dataset(part, data=values.astype(kind))
        f["uns"].create_group("strange").attrs["encoding-type"] = "from-the-future"
        f["uns/strange"].create_dataset("inside", data=np.arange(3))


def copy(path):
    with h5py.File(path, "r+") as f:
        assert f["uns/strange"].attrs["encoding-type"] == "from-the-future"
        assert list(f["uns/strange/inside"]) == [0, 1, 2]
        assert f["uns/half"].dtype == np.float16
        del f["uns/strange"]
    a = ad.read_h5ad(path)
    assert (a.X.toarray() == X).all() and a.X.dtype == np.float64
    assert list(a.obs_names) == ["c0", "c1", "c2", "c3"]
    assert list(a.obs["day"]) == ["E8.5", "E9.5", "E8.5", "E10"] and a.obs["day"].cat.ordered
    assert a.obs["u8"].dtype == np.uint8 and a.obs["f32"].dtype == np.float32
    assert list(a.obs["str"].isna()) == [False, True, False, False]
    assert list(a.obs["fate"]) == [0.0, 0.25, 0.5, 0.75]
    assert a.obsm["velocity_pca"].dtype == np.float32 and a.obsm["X_pca"].dtype == np.float64
    assert a.uns["none"] is None and a.uns["scalar"] == 3
    assert a.uns["rec"]["b"][0] == 2.0 and (a.uns["nest"]["x"]["y"] == np.arange(6).reshape(2, 3)).all()
    assert a.uns["chreode"]["seed"] == 7
    assert (a.raw.X.toarray() == X).all()


if __name__ == "__main__":
    {"check": check, "large": large, "write": write, "copy": copy}[sys.argv[1]](sys.argv[2])
    print("ok")
