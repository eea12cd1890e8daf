"""scanpy's side of `cargo xtask peers prepare`: normalise, log1p, variable genes, PCA of 50 components.

    python scanpy_prepare.py --threads 1 --repeats 2 --only 50000x2000/arpack --data DIR

Writes the counts to DIR as .npy files where they are not there yet (one tenth of the entries, as `ours` makes them), and
prints a line of JSON with the median of the seconds, the share of the variance, and the largest principal angle to the
loadings of `ours`, if they lie in DIR.
"""
import argparse
import json
import os
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--repeats", type=int, default=2)
parser.add_argument("--only", default="50000x2000/arpack")
parser.add_argument("--data", required=True)
args = parser.parse_args()
for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"]:
    os.environ[name] = str(args.threads)

import anndata as ad  # noqa: E402
import numpy as np  # noqa: E402
import scanpy as sc  # noqa: E402
import scipy.linalg as la  # noqa: E402
import scipy.sparse as sp  # noqa: E402

size, solver = args.only.split("/")
n, p = map(int, size.split("x"))
at = lambda name: os.path.join(args.data, name + ".npy")  # noqa: E731
os.makedirs(args.data, exist_ok=True)
if not os.path.exists(at("indptr")):
    r = np.random.Generator(np.random.PCG64(8))
    k = p // 10
    index = np.empty((n, k), np.int32)
    for i in range(0, n, 2000):
        m = min(2000, n - i)
        index[i:i + m] = np.sort(np.argpartition(r.random((m, p), np.float32), k, axis=1)[:, :k], axis=1)
    lib = r.lognormal(0.0, 0.4, n)
    np.save(at("data"), (1 + r.poisson(2.0 * lib[:, None], (n, k))).astype(np.float32).ravel())
    np.save(at("indices"), index.ravel())
    np.save(at("indptr"), np.arange(0, n * k + 1, k, dtype=np.int64))
x = sp.csr_matrix((np.load(at("data")), np.load(at("indices")), np.load(at("indptr"))), shape=(n, p))
source = ad.AnnData(x)
source.var["highly_variable"] = True


def run():
    a = source.copy()
    start = time.perf_counter()
    sc.pp.normalize_total(a, target_sum=1e4)
    sc.pp.log1p(a)
    sc.pp.highly_variable_genes(a, n_top_genes=p)
    sc.pp.pca(a, n_comps=50, svd_solver=solver, random_state=0, mask_var=None)
    return time.perf_counter() - start, a


small = ad.AnnData(x[:500].copy())  # numba compiles before anything is timed
sc.pp.normalize_total(small, target_sum=1e4)
sc.pp.log1p(small)
seconds = []
for _ in range(args.repeats):
    t, a = run()
    seconds.append(t)
report = {"case": args.only, "peer": "scanpy", "version": sc.__version__, "threads": args.threads,
          "seconds_median": float(np.median(seconds)), "seconds_min": min(seconds),
          "variance_ratio_sum": float(a.uns["pca"]["variance_ratio"].sum())}
if os.path.exists(at("ours")):
    report["largest_angle"] = float(la.subspace_angles(np.load(at("ours")), a.varm["PCs"].astype(np.float64)).max())
json.dump(report, sys.stdout)
print()
