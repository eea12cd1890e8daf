"""Makes cells.loom and tenx.h5: sixty cells of three days and five genes, as loompy and Cell Ranger 3 write them.

    python formats.py .        made with h5py 3.16 (HDF5 2.0.0), 2026-11-29
"""

import os
import sys

import h5py
import numpy as np
from scipy import sparse

os.chdir(sys.argv[1])
rng = np.random.default_rng(1)
day = np.repeat([0, 1, 2], 20)
counts = rng.poisson(2 + 2 * day[:, None] * np.array([1, 0, 0, 1, 0]), (60, 5)).astype("i4")
cells = np.array([f"cell{i}-{d}" for i, d in enumerate(day)], dtype=h5py.string_dtype())
genes = np.array([f"gene{i}" for i in range(5)], dtype=h5py.string_dtype())
with h5py.File("cells.loom", "w") as file:
    file.attrs["LOOM_SPEC_VERSION"] = "3.0.0"
    file.create_dataset("matrix", data=counts.T, compression="gzip")
    file["row_attrs/Gene"] = genes
    file["col_attrs/CellID"] = cells
    file["col_attrs/day"] = day
    for name in ["layers", "row_graphs", "col_graphs", "attrs"]:
        file.create_group(name)
with h5py.File("tenx.h5", "w") as file:
    matrix = file.create_group("matrix")
    csr = sparse.csr_matrix(counts)
    for name in ["data", "indices", "indptr"]:
        matrix.create_dataset(name, data=getattr(csr, name), compression="gzip")
    matrix["shape"] = np.array([5, 60])
    matrix["barcodes"] = cells.astype("S")
    for name, values in [("id", genes), ("name", genes), ("feature_type", ["Gene Expression"] * 5), ("genome", ["x"] * 5)]:
        matrix[f"features/{name}"] = np.array(values, dtype="S")
