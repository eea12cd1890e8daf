"""Makes odd/*: files as they should not be, but are.

    python odd.py odd        made with h5py 3.16 (HDF5 2.0.0), 2026-11-29

slashes.h5ad   keys with slashes, as anndata before 0.11 wrote them: groups in groups; and groups that are empty
open.h5ad      a copy taken while another process has the file open for writing: its superblock says so
"""

import os
import shutil
import sys

import h5py
import numpy as np

from exotic import X, frame, mark


def head(file):
    file.attrs["encoding-type"] = "anndata"
    file.attrs["encoding-version"] = "0.1.0"


def mapping(file, name):
    group = file.create_group(name)
    group.attrs["encoding-type"] = "dict"
    group.attrs["encoding-version"] = "0.1.0"
    return group


folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
with h5py.File("slashes.h5ad", "w") as file:
    head(file)
    obs = frame(file, "obs", [f"c{i}" for i in range(4)], ["a/b", "plain"])
    mark(obs.create_dataset("a/b", data=np.arange(4)))
    mark(obs.create_dataset("plain", data=np.arange(4)))
    frame(file, "var", [f"g{i}" for i in range(3)])
    mark(file.create_dataset("X", data=X.astype("f4")))
    layers = mapping(file, "layers")
    mark(layers.create_dataset("a/b", data=X.astype("f4")))
    layers.create_group("nothing")
    mapping(file, "obsm")
    file.create_group("obsp")
    uns = mapping(file, "uns")
    mapping(uns, "empty")
    mapping(uns, "outer/inner")
    uns.create_group("bare")
with h5py.File("writing.h5ad", "w", libver="v110") as file:
    head(file)
    frame(file, "obs", [f"c{i}" for i in range(4)])
    frame(file, "var", [f"g{i}" for i in range(3)])
    mark(file.create_dataset("X", data=X.astype("f4")))
with h5py.File("writing.h5ad", "r+", libver="v110") as file:
    file.flush()
    shutil.copyfile("writing.h5ad", "open.h5ad")
os.remove("writing.h5ad")
with open("open.h5ad", "rb") as file:
    assert file.read(12)[11] == 1, "marked as open for writing"
