"""POT's network simplex between two populations of embryoid bodies, 2381 and 4163 cells in 5 whitened components.

    python populations.py [--threads 1] [--repeats 5] [--data FOLDER]

The populations are those of eb_pcs5_whitened_f32.npz, below the folder named by --data or CHREODE_DATA, or
../shared/data beside this checkout; equal weights, squared distances in f64 made outside the timed region. Prints one JSON
line: seconds_median, cost, and the peak of memory beyond what was there before.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--repeats", type=int, default=5)
parser.add_argument("--only", default="", help="taken and not looked at: there is one case")
parser.add_argument("--data", type=pathlib.Path)
arguments = parser.parse_args()
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(arguments.threads)

import numpy as np
import ot

beside = pathlib.Path(__file__).resolve().parents[3] / "shared/data"
folder = arguments.data or pathlib.Path(os.environ.get("CHREODE_DATA", beside))
file = np.load(folder / "eb/eb_pcs5_whitened_f32.npz")
points, times = file["pcs"].astype(np.float64), file["sample_labels"]
x, y = points[times == 0], points[times == 1]
a, b = np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y))
costs = np.zeros((len(x), len(y)))
for k in range(x.shape[1]):
    costs += np.square(np.subtract.outer(x[:, k], y[:, k]))


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


before, seconds = peak(), []
for _ in range(arguments.repeats):
    start = time.perf_counter()
    plan = ot.emd(a, b, costs, numItermax=100_000_000, numThreads=arguments.threads)
    seconds.append(time.perf_counter() - start)
print(json.dumps({
    "case": "ot/simplex/eb", "peer": f"POT {ot.__version__} emd", "seconds_median": statistics.median(seconds),
    "cost": float((plan * costs).sum()), "peak_mb_beyond": round(peak() - before, 1),
}))
