"""Reference values for the tests, from scanpy 1.11.5 with scikit-misc 0.5.1 (made 2026-11-28).

    python make.py > scanpy.json

The counts are made here and in `suite/common.rs` by the same formula, from integers alone.
"""
import json

import anndata as ad
import numpy as np
import scanpy as sc
import scipy.sparse as sp

N, P = 240, 60
MASK = (1 << 64) - 1


def mix(x):
    """splitmix64."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def count(i, j):
    """Three groups of cells along a line, genes of very different levels, many zeros."""
    h = mix(1000 * i + j)
    level = 1 + (7 * j) % 23
    marker = 6 if (i // 80 == j % 4) else 1
    size = 1 + mix(i) % 4
    draws = (h % 97) * (h // 97 % 89) // 89
    value = draws * level * marker * size // 700
    return value if j != 13 else 0


x = np.array([[count(i, j) for j in range(P)] for i in range(N)], dtype=np.float32)
names = [("MT-%d" if j % 10 == 3 else "g%d") % j for j in range(P)]


def fresh():
    a = ad.AnnData(sp.csr_matrix(x))
    a.var_names = names
    a.obs["batch"] = ["b%d" % (i % 2) for i in range(N)]
    return a


def logged(total=None):
    a = fresh()
    sc.pp.normalize_total(a, target_sum=total)
    sc.pp.log1p(a)
    return a


def listed(v):
    return [None if not np.isfinite(e) else float("%.9g" % e) for e in np.asarray(v, dtype=float).ravel()]


out = {"sum": float(x.sum()), "zeros": int((x == 0).sum())}

a = fresh()
a.var["mt"] = a.var_names.str.startswith("MT-")
sc.pp.calculate_qc_metrics(a, qc_vars=["mt"], percent_top=[5, 20], inplace=True)
out["qc"] = {k: listed(a.obs[k][:6]) for k in ["total_counts", "n_genes_by_counts", "pct_counts_in_top_5_genes",
                                               "pct_counts_in_top_20_genes", "total_counts_mt", "pct_counts_mt"]}
out["qc_genes"] = {k: listed(a.var[k][:6]) for k in ["total_counts", "n_cells_by_counts", "mean_counts",
                                                     "pct_dropout_by_counts"]}

a = fresh()
sc.pp.normalize_total(a, target_sum=1000, exclude_highly_expressed=True, max_fraction=0.12)
out["excluded_row"] = listed(a.X[5].toarray())
out["log_row"] = listed(logged().X[5].toarray())
b = fresh()
sc.pp.normalize_total(b)
sc.pp.log1p(b, base=2)
out["log2_row"] = listed(b.X[5].toarray())

for flavor in ["seurat", "cell_ranger"]:
    for batch in [None, "batch"]:
        a = logged(1e4)
        sc.pp.highly_variable_genes(a, flavor=flavor, n_top_genes=15 if flavor == "seurat" else 7,
                                    batch_key=batch)
        out["%s_%s" % (flavor, batch)] = {k: listed(a.var[k]) for k in ["means", "dispersions", "dispersions_norm",
                                                                      "highly_variable"]}
a = logged(1e4)
sc.pp.highly_variable_genes(a, flavor="seurat", min_mean=1.5, max_mean=6, min_disp=0.1)
out["seurat_between"] = {"highly_variable": listed(a.var["highly_variable"])}
for batch in [None, "batch"]:
    a = fresh()
    sc.pp.highly_variable_genes(a, flavor="seurat_v3", n_top_genes=15, batch_key=batch)
    out["v3_%s" % batch] = {k: listed(a.var[k]) for k in ["variances", "variances_norm", "highly_variable_rank",
                                                          "highly_variable"]}
    a = fresh()
    sc.experimental.pp.highly_variable_genes(a, flavor="pearson_residuals", n_top_genes=15, batch_key=batch)
    out["pearson_%s" % batch] = {k: listed(a.var[k]) for k in ["residual_variances", "highly_variable_rank",
                                                               "highly_variable"]}

a = logged(1e4)
a.X = a.X.astype(np.float64)  # in float32 scanpy's own sums lose the sixth digit
sc.pp.pca(a, n_comps=8, svd_solver="arpack", dtype="float64")
out["pca"] = {"variance": listed(a.uns["pca"]["variance"]), "ratio": listed(a.uns["pca"]["variance_ratio"]),
              "scores": listed(a.obsm["X_pca"][:4, :4]), "loadings": listed(a.varm["PCs"][:4, :4])}
a = logged(1e4)
a.X = a.X.astype(np.float64)
sc.pp.scale(a, max_value=2)
out["scaled_row"] = listed(a.X[5])
sc.pp.pca(a, n_comps=8, svd_solver="full", dtype="float64")
out["scaled_pca"] = {"variance": listed(a.uns["pca"]["variance"])}
a = fresh()
sc.pp.filter_genes(a, min_cells=1)
sc.experimental.pp.normalize_pearson_residuals_pca(a, n_comps=5, use_highly_variable=False)
out["residual_pca"] = {"variance": listed(a.uns["pearson_residuals_pca" if "pearson_residuals_pca" in a.uns else "pca"]["variance"])
                       if "pca" in a.uns and "variance" in a.uns["pca"] else listed(np.var(a.obsm["X_pearson_residuals_pca" if "X_pearson_residuals_pca" in a.obsm else "X_pca"], axis=0, ddof=1))}

a = logged(1e4)
sc.pp.pca(a, n_comps=8, svd_solver="full")
points = a.obsm["X_pca"].astype(np.float32)
out["points"] = listed(points[:, :4])
a.obsm["X"] = np.array([float("%.9g" % v) for v in points[:, :4].ravel()], dtype=np.float32).reshape(N, 4)
for method in ["umap", "gauss"]:
    sc.pp.neighbors(a, n_neighbors=12, use_rep="X", method=method)
    c = a.obsp["connectivities"].tocsr()
    c.sort_indices()
    d = a.obsp["distances"].tocsr()
    d.sort_indices()
    out["graph_" + method] = {"nnz": int(c.nnz), "sum": float(c.sum()), "columns": c[7].indices.tolist(),
                              "weights": listed(c[7].data), "neighbours": d[7].indices.tolist(),
                              "distances": listed(d[7].data)}
    sc.tl.diffmap(a, n_comps=6)
    a.uns["iroot"] = 3
    sc.tl.dpt(a, n_dcs=6)
    out["diffusion_" + method] = {"values": listed(a.uns["diffmap_evals"]),
                                  "second": listed(np.abs(a.obsm["X_diffmap"][:10, 1])),
                                  "pseudotime": listed(a.obs["dpt_pseudotime"])}
print(json.dumps(out, separators=(",", ":")))
