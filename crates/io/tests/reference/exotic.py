"""Makes exotic/*: an .h5ad file whose datasets are stored in ways that only libhdf5 reads.

    python exotic.py exotic        made with h5py 3.16 (HDF5 2.0.0), 2026-11-29
"""

import os
import sys

import h5py
import numpy as np

NBIT = 5
X = np.array([[1, 0, 2], [0, 0, 0], [0, 3, 0], [4, 0, 5]], dtype=np.int32)


def coded(group, name, values, datatype, set_filter):
    """A chunked dataset behind a filter that h5py has no word for."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((2,) + values.shape[1:])
    set_filter(plist)
    space = h5py.h5s.create_simple(values.shape)
    dataset = h5py.Dataset(h5py.h5d.create(group.id, name.encode(), datatype, space, plist))
    dataset[...] = values
    return mark(dataset)


def mark(dataset, encoding="array"):
    dataset.attrs["encoding-type"] = encoding
    dataset.attrs["encoding-version"] = "0.2.0"
    return dataset


def frame(file, name, index, columns=()):
    group = file.create_group(name)
    group.attrs["encoding-type"] = "dataframe"
    group.attrs["encoding-version"] = "0.2.0"
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = np.array(columns, dtype=h5py.string_dtype()) if columns else np.zeros(0)
    mark(group.create_dataset("_index", data=index, dtype=h5py.string_dtype()), "string-array")
    return group


def main(folder):
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    with h5py.File("source.h5", "w", libver="v110") as file:
        file["values"] = X.astype("f4")
        file["texts"] = np.array(["a", "bc", "", "ü"], dtype=h5py.string_dtype())
    with h5py.File("exotic.h5ad", "w", libver="v110") as file:
        file.attrs["encoding-type"] = "anndata"
        file.attrs["encoding-version"] = "0.1.0"
        obs = frame(file, "obs", [f"c{i}" for i in range(4)], ["text", "flag"])
        frame(file, "var", [f"g{i}" for i in range(3)])
        bits = h5py.h5t.STD_I32LE.copy()
        bits.set_precision(5)
        coded(file, "X", X, bits, lambda plist: plist.set_filter(NBIT))
        layers = file.create_group("layers")
        coded(layers, "bits", X, h5py.h5t.STD_I32BE, lambda plist: plist.set_filter(NBIT))
        coded(layers, "real", X.astype("f8"), h5py.h5t.IEEE_F64LE, lambda plist: plist.set_filter(NBIT))
        coded(layers, "half", X.astype("f2"), h5py.h5t.IEEE_F16LE, lambda plist: plist.set_filter(NBIT))
        coded(layers, "szip", X, h5py.h5t.STD_I32LE, lambda plist: plist.set_szip(h5py.h5z.SZIP_NN_OPTION_MASK, 2))
        virtual = h5py.VirtualLayout(shape=X.shape, dtype="f4")
        virtual[...] = h5py.VirtualSource("source.h5", "values", shape=X.shape)
        mark(layers.create_virtual_dataset("virtual", virtual))
        mark(layers.create_dataset("external", X.shape, "f4", external=[("values.raw", 0, X.nbytes)]))[...] = X
        texts = h5py.VirtualLayout(shape=(4,), dtype=h5py.string_dtype())
        texts[...] = h5py.VirtualSource("source.h5", "texts", shape=(4,))
        mark(obs.create_virtual_dataset("text", texts), "string-array")
        flags = h5py.h5t.py_create(np.dtype(bool), logical=True)
        coded(obs, "flag", np.array([True, False, True, True]), flags, lambda plist: plist.set_filter(NBIT))


if __name__ == "__main__":
    main(sys.argv[1])
