"""A matrix of files for chreode-io: every element, encoding, compression and layout that AnnData has.

    python elements.py write FOLDER    makes the files
    python elements.py check FOLDER    NAME.copy.h5ad, written by the Rust test, equals NAME.h5ad, and so do zarr copies

Run by elements.rs when PEERS_PYTHON names a Python with anndata (tried with 0.12.19, h5py 3.16, zarr 3.1).
"""

import gzip
import os
import sys
import warnings

import anndata as ad
import h5py
import numcodecs
import numpy as np
import pandas as pd
import scipy.io
from anndata.io import write_elem
from scipy import sparse

try:
    import pytest  # noqa: F401
except ModuleNotFoundError:
    from unittest.mock import MagicMock

    # anndata's own comparison is in a module of tests.
    sys.modules["pytest"] = MagicMock()
from anndata.tests.helpers import assert_equal

warnings.filterwarnings("ignore")
X = np.array([[1, 0, 2], [0, 0, 0], [0, 3, 0], [4, 0, 5]], dtype=np.float32)
TYPES = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "bool"]
OBS = pd.DataFrame(index=[f"c{i}" for i in range(4)])
VAR = pd.DataFrame(index=[f"g{i}" for i in range(3)])


def base(**more):
    return ad.AnnData(X.copy(), obs=OBS.copy(), var=VAR.copy(), **more)


def dtypes():
    a = base()
    a.layers["dense_f2"] = X.astype("f2")
    for t in TYPES:
        a.layers["dense_" + t] = X.astype(t)
        a.layers["csr_" + t] = sparse.csr_matrix(X.astype(t))
        a.layers["csc_" + t] = sparse.csc_array(X.astype(t))
    a.layers["big"] = X.astype(">f4")
    return a


def frames():
    a = base()
    a.obs["cat"] = pd.Categorical(["a", "b", None, "a"], categories=["b", "a", "unused"], ordered=True)
    a.obs["cat_int"] = pd.Categorical([3, 1, 3, None])
    a.obs["cat_bool"] = pd.Categorical([True, False, True, True])
    a.obs["int"] = pd.array([1, None, 3, 4], dtype="Int64")
    a.obs["u8"] = pd.array([1, None, 3, 255], dtype="UInt8")
    a.obs["bool"] = pd.array([True, None, False, True], dtype="boolean")
    a.obs["plain"] = [True, False, True, True]
    a.obs["text"] = ["x", "ÿ", "", "four words in one"]
    a.obs["f2"] = np.array([1, 2, 0.5, 4], "f2")
    a.obs["slash_free"] = np.arange(4, dtype="i2")
    a.obsm["frame"] = pd.DataFrame({"n": [1.0, 2, 3, 4], "t": ["a", "b", "c", "d"]}, index=a.obs_names)
    a.obsm["arr"] = np.arange(8.0).reshape(4, 2)
    a.obsm["sp"] = sparse.csr_matrix(X)
    a.varm["PCs"] = np.ones((3, 2))
    a.obsp["g"] = sparse.csr_matrix(np.eye(4))
    a.varp["c"] = np.eye(3)
    return a


def uns():
    a = base()
    a.uns = {
        "nest": {"deep": {"i": np.int32(3), "f": 2.5, "t": "text", "b": True, "n": None, "e": {}}},
        "complex": np.array([1 + 2j, 3 - 1j]),
        "rec": np.rec.fromarrays([["a", "b"], ["c", "dd"]], names=["x", "y"]),
        "recnum": np.array([(1, 2.5), (3, 4.5)], dtype=[("i", "i4"), ("f", "f8")]),
        "texts": np.array(["p", "q"], dtype=object),
        "empty": np.zeros((0, 3)),
        "cube": np.arange(24).reshape(2, 3, 4),
        "frame": pd.DataFrame({"x": [1.0, 2]}, index=["r0", "r1"]),
        "sp": sparse.csc_matrix(X),
        "cat": pd.Categorical(["u", "v", "u"]),
    }
    return a


def with_raw():
    a = base()
    a.varm["PCs"] = np.ones((3, 2))
    a.raw = a
    return a[:, :2].copy()


def filtered(path, code, values, encode):
    """A file whose chunks have a filter that h5py lacks, written chunk by chunk."""
    base().write_h5ad(path)
    with h5py.File(path, "a") as f:
        del f["X"]
        space = h5py.h5s.create_simple((4, 3))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((2, 2))
        plist.set_filter(code, h5py.h5z.FLAG_OPTIONAL, values)
        h5py.h5d.create(f.id, b"X", h5py.h5t.IEEE_F32LE, space, plist)
        f["X"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        for i in (0, 2):
            for j in (0, 2):
                chunk = np.zeros((2, 2), "f4")
                part = X[i : i + 2, j : j + 2]
                chunk[: part.shape[0], : part.shape[1]] = part
                f["X"].id.write_direct_chunk((i, j), encode(chunk))


def old7(path):
    """The layout of anndata 0.7: codes with a reference to their categories."""
    with h5py.File(path, "w") as f:
        f["X"] = X
        for name, frame in (("obs", OBS), ("var", VAR)):
            g = f.create_group(name)
            g.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.1.0", "_index": "_index"})
            g["_index"] = np.array(list(frame.index), dtype=object)
            g.attrs["column-order"] = np.array(["k"] if name == "obs" else [], dtype=h5py.string_dtype())
        f["obs/k"] = np.array([0, 1, -1, 0], "i1")
        f["obs/__categories/k"] = np.array(["a", "b"], dtype=object)
        f["obs/k"].attrs["categories"] = f["obs/__categories/k"].ref
        f["uns/x"] = 3


def old6(path):
    """The layout of anndata 0.6: tables as records, sparse matrices of h5sparse."""
    with h5py.File(path, "w") as f:
        m = sparse.csr_matrix(X)
        g = f.create_group("X")
        g.attrs["h5sparse_format"], g.attrs["h5sparse_shape"] = b"csr", np.array([4, 3])
        for part in ("data", "indices", "indptr"):
            g[part] = getattr(m, part)
        f["obs"] = np.array([(b"c%d" % i, i % 2, i / 2) for i in range(4)], dtype=[("index", "S2"), ("k", "i1"), ("f", "f4")])
        f["var"] = np.array([(b"g%d" % i,) for i in range(3)], dtype=[("index", "S2")])
        f["obsm"] = np.array([([1.0, 2.0],)] * 4, dtype=[("X_pca", "f8", (2,))])
        f["uns/k_categories"] = np.array([b"a", b"b"])
        f["raw.X"] = X
        f["raw.var"] = np.array([(b"g%d" % i,) for i in range(3)], dtype=[("index", "S2")])


def tenx(path, version):
    with h5py.File(path, "w") as f:
        m = sparse.csr_matrix(X)
        g = f.create_group("matrix" if version == 3 else "GRCh38")
        g["barcodes"] = np.array([b"c%d" % i for i in range(4)])
        for part in ("data", "indices", "indptr"):
            g[part] = getattr(m, part).astype("i4" if part == "data" else "i8")
        g["shape"] = np.array([3, 4], "i4")
        names, ids = np.array([b"g%d" % i for i in range(3)]), np.array([b"E%d" % i for i in range(3)])
        if version == 3:
            g["features/name"], g["features/id"] = names, ids
            g["features/feature_type"] = np.array([b"Gene Expression"] * 3)
            g["features/genome"] = np.array([b"GRCh38"] * 3)
        else:
            g["gene_names"], g["genes"] = names, ids


def loom(path):
    with h5py.File(path, "w") as f:
        f.create_dataset("matrix", data=X.T, chunks=(2, 2), compression="gzip")
        f.create_dataset("layers/spliced", data=X.T * 2)
        f["row_attrs/Gene"] = np.array(["g0", "g1", "g2"], dtype=h5py.string_dtype())
        f["col_attrs/CellID"] = np.array([f"c{i}" for i in range(4)], dtype=h5py.string_dtype())
        f["col_attrs/n"] = np.arange(4)
        f["col_attrs/pca"] = np.ones((4, 2))


def write(folder):
    at = lambda name: os.path.join(folder, name)
    for make in (dtypes, frames, uns, with_raw):
        make().write_h5ad(at(make.__name__ + ".h5ad"))
    with h5py.File(at("uns.h5ad"), "a") as f:
        f["uns/bytes"] = np.bytes_(b"abc")
        f["uns/bytes"].attrs.update({"encoding-type": "bytes", "encoding-version": "0.2.0"})
    big = sparse.random(3000, 200, 0.1, "csr", "f4", random_state=1)
    for name, x in (("csr", big), ("csc", big.tocsc()), ("dense", big.toarray())):
        for comp in ("gzip", "lzf", None):
            ad.AnnData(x).write_h5ad(at(f"big_{name}_{comp}.h5ad"), compression=comp)
    np.save(at("big.npy"), big.toarray())
    for t in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        path = at(f"index_{t}.h5ad")
        base().write_h5ad(path)
        with h5py.File(path, "a") as f:
            del f["X"]
            write_elem(f, "X", sparse.csr_matrix(X))
            for part in ("indices", "indptr"):
                values = f["X"][part][()].astype(t)
                del f["X"][part]
                f["X"][part] = values
    filtered(at("zstd.h5ad"), 32015, (3,), lambda c: numcodecs.zstd.Zstd(3).encode(c))
    for name in ("lz4", "zstd", "blosclz", "zlib"):
        for shuffle in (0, 1, 2):
            codec = numcodecs.Blosc(cname=name, clevel=5, shuffle=shuffle)
            filtered(at(f"blosc_{name}_{shuffle}.h5ad"), 32001, (2, 2, 4, 16, 5, 1, 0), codec.encode)
    none = ad.AnnData(None, obs=OBS.copy(), var=VAR.copy())
    none.write_h5ad(at("no_x.h5ad"))
    nullable = base()
    nullable.obs.index = nullable.obs.index.astype("string")
    nullable.obs["s"] = pd.array(["a", None, "c", "d"], dtype="string")
    with ad.settings.override(allow_write_nullable_strings=True):
        nullable.write_h5ad(at("nullable.h5ad"))
    with h5py.File(at("nullable.h5ad"), "a") as f:
        if isinstance(f["obs/_index"], h5py.Dataset):
            # As pandas 3 has it.
            values = f["obs/_index"][()]
            del f["obs/_index"]
            g = f.create_group("obs/_index")
            g.attrs.update({"encoding-type": "nullable-string-array", "encoding-version": "0.1.0"})
            write_elem(g, "values", np.array([v.decode() for v in values], dtype=object))
            write_elem(g, "mask", np.zeros(4, bool))
    base().write_h5ad(at("unknown.h5ad"))
    with h5py.File(at("unknown.h5ad"), "a") as f:
        g = f.create_group("obsm/ragged")
        g.attrs.update({"encoding-type": "awkward-array", "encoding-version": "0.1.0", "form": "{}", "length": 4})
        g["node0-offsets"] = np.arange(5)
        f["extra/thing"] = np.arange(3)
        f["extra/thing"].attrs["note"] = "kept"
    old7(at("old7.h5ad"))
    old6(at("old6.h5ad"))
    for version in (2, 3):
        tenx(at(f"tenx_v{version}.h5"), version)
        with ad.settings.override(zarr_write_format=version):
            frames().write_zarr(at(f"frames_v{version}.zarr"))
            sparse_x = uns()
            sparse_x.X = sparse.csr_matrix(X)
            del sparse_x.uns["rec"], sparse_x.uns["recnum"], sparse_x.uns["complex"]
            sparse_x.write_zarr(at(f"uns_v{version}.zarr"))
    loom(at("cells.loom"))
    os.makedirs(at("mtx"))
    with gzip.open(at("mtx/matrix.mtx.gz"), "wb") as f:
        scipy.io.mmwrite(f, sparse.csc_matrix(X.T.astype(int)))
    for name, lines in (("barcodes", [f"c{i}" for i in range(4)]), ("features", [f"E{i}\tg{i}\tGene Expression" for i in range(3)])):
        with gzip.open(at(f"mtx/{name}.tsv.gz"), "wt") as f:
            f.write("\n".join(lines) + "\n")
    np.savez_compressed(at("arrays.npz"), X=np.asfortranarray(X), pca=np.ones((4, 2)), day=np.arange(4), flag=np.arange(4) > 1)
    import zarr

    g = zarr.open_group(at("sharded.zarr"), mode="w", zarr_format=3)
    sharded = ad.AnnData(X.copy(), obs=OBS.copy(), var=VAR.copy())
    ad.io.write_elem(g, "/", sharded)
    del g["X"]
    z = g.create_array("X", shape=(4, 3), dtype="f4", chunks=(1, 2), shards=(2, 4))
    z[:] = X
    z.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})


def dense(x):
    """As an array; SciPy computes with no other indices than int32 and int64."""
    if sparse.issparse(x):
        x = type(x)((x.data, x.indices.astype("i8"), x.indptr.astype("i8")), shape=x.shape).toarray()
    return np.asarray(x, "f4")


def check(folder):
    at = lambda name: os.path.join(folder, name)
    for name in sorted(os.listdir(folder)):
        # Filters that h5py lacks are why these files exist.
        bare = name.startswith(("zstd", "blosc"))
        if bare and name.endswith((".copy.h5ad", ".mem.h5ad", ".mem2.zarr", ".mem3.zarr")):
            found = ad.read_zarr(at(name)) if name.endswith("zarr") else ad.read_h5ad(at(name))
            assert (found.X == X).all(), name
            continue
        if name.startswith("index_") and name.endswith(".copy.h5ad"):
            # SciPy computes with no other indices than int32 and int64.
            with h5py.File(at(name)) as a, h5py.File(at(name.replace(".copy", ""))) as b:
                for part in ("data", "indices", "indptr"):
                    assert a["X"][part].dtype == b["X"][part].dtype, (name, part)
                    assert (a["X"][part][()] == b["X"][part][()]).all(), (name, part)
            continue
        if name.endswith(".copy.h5ad"):
            original = ad.read_h5ad(at(name.replace(".copy", "")))
            # Names become plain strings, which every reader knows.
            original.obs.index = original.obs.index.astype(object)
            assert_equal(ad.read_h5ad(at(name)), original, exact=True)
        # Its ragged array needs a package that anndata does not require.
        if name.startswith("unknown"):
            continue
        if name.endswith((".mem.h5ad", ".mem2.zarr", ".mem3.zarr")):
            original = at(name.split(".")[0] + ".h5ad")
            read = ad.read_zarr if name.endswith("zarr") else ad.read_h5ad
            found, wanted = read(at(name)), ad.read_h5ad(original)
            assert found.shape == wanted.shape, name
            assert (found.X is None) == (wanted.X is None), name
            if found.X is not None:
                assert (dense(found.X) == dense(wanted.X)).all(), name
            assert list(found.obs_names) == list(wanted.obs_names), name
            assert list(found.obs.columns) == list(wanted.obs.columns), name
            for c in found.obs.columns:
                a, b = (x.obs[c].astype("object").reset_index(drop=True) for x in (found, wanted))
                same = (a == b) | (a.isna() & b.isna())
                assert same.all(), (name, c)
            for k in wanted.layers:
                assert (dense(found.layers[k]) == dense(wanted.layers[k])).all(), (name, k)
            if wanted.raw is not None:
                assert (dense(found.raw.X) == dense(wanted.raw.X)).all(), name
    with h5py.File(at("unknown.copy2.h5ad")) as f:
        assert f["obsm/ragged"].attrs["encoding-type"] == "awkward-array"
        assert list(f["obsm/ragged/node0-offsets"]) == [0, 1, 2, 3, 4]
        assert list(f["extra/thing"]) == [0, 1, 2] and f["extra/thing"].attrs["note"] == "kept"
    part = ad.read_h5ad(at("frames.part.h5ad"))
    whole = ad.read_h5ad(at("frames.h5ad"))[[0, 2, 3], [0, 2]].copy()
    assert_equal(part.X, whole.X)
    assert_equal(part.obs.astype(object), whole.obs.astype(object))
    assert_equal(part.obsm["arr"], whole.obsm["arr"])
    assert (part.obsp["g"].toarray() == whole.obsp["g"].toarray()).all()
    assert (part.varp["c"] == whole.varp["c"]).all()
    import scanpy as sc

    m = sc.read_10x_mtx(at("out_mtx"))
    assert (m.X.toarray() == X).all() and list(m.var_names) == ["g0", "g1", "g2"]
    z = np.load(at("out.npz"))
    assert (z["X"] == X).all()
    from safetensors.numpy import load_file

    assert (load_file(at("out.safetensors"))["X"] == X).all()


{"write": write, "check": check}[sys.argv[1]](sys.argv[2])
print("ok")
