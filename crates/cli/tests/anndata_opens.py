"""Opens the files of a demo with Python's anndata.

    python anndata_opens.py FOLDER   FOLDER, of `chreode demo --cells 300`, holds cells.h5ad and trajectories.h5ad

Run by demo.rs when PEERS_PYTHON names a Python with anndata (tried with 0.12.19, h5py 3.16).
"""

import sys
from pathlib import Path

import anndata as ad
import numpy as np


def finite(name, array, shape):
    assert array.shape == shape, f"{name} is {array.shape}"
    assert np.isfinite(np.asarray(array, dtype=float)).all(), name


def cells(a):
    assert a.shape == (300, 50)
    assert set(a.obs.columns) >= {"day", "true_branch", "true_fate_probability", "true_growth_rate"}
    assert sorted(a.obs["day"].unique()) == [0, 1, 2, 3, 4]
    assert a.obs["true_branch"].dtype == "category"
    finite("X", a.X, (300, 50))
    finite("X_pca", a.obsm["X_pca"], (300, 10))
    finite("PCs", a.varm["PCs"], (50, 10))


def trajectories(a):
    cells(a)
    keys = [f"X_pca_t{t}" for t in range(5)] + ["velocity_X_pca"]
    assert set(a.obsm.keys()) == {"X_pca", *keys}, list(a.obsm.keys())
    for key in keys:
        finite(key, a.obsm[key], (300, 5))
    own = np.array(a.obs["day"])
    assert (own == np.array(a.obs["chreode_time"])).all()
    for t in range(5):
        there = a.obsm[f"X_pca_t{t}"][own == t]
        np.testing.assert_allclose(there, a.obsm["X_pca"][own == t, :5], atol=1e-4)
    np.testing.assert_allclose(a.obs.groupby("day")["chreode_weight"].sum(), 1.0)
    finite("expression", a.layers["expression_t4"], (300, 50))
    z = a.obsm["X_pca_t4"]
    np.testing.assert_allclose(
        a.layers["expression_t4"], a.X.mean(axis=0) + z @ a.varm["PCs"][:, :5].T, rtol=1e-4, atol=1e-3
    )
    assert str(a.uns["chreode"]["method"]) == "OT-CFM"
    np.testing.assert_allclose(a.uns["chreode"]["times"], range(5))


folder = Path(sys.argv[1])
cells(ad.read_h5ad(folder / "cells.h5ad"))
trajectories(ad.read_h5ad(folder / "trajectories.h5ad"))
print("ok")
