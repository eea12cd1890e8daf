"""libtorch's forward pass and vector-Jacobian product of a multilayer perceptron, by torch.autograd.grad.

    python networks.py --only d5-64x3-256-selu-vjp [--threads 1] [--repeats 5]

A case is dD-WIDTHxLAYERS-ROWS-ACTIVATION-PASS with PASS one of forward, vjp, divergence. The network takes [t, x] of 1 + D
columns; vjp gives the gradients of states and parameters, divergence the exact divergence and the gradient of its
mean. Prints one JSON line: seconds_median, over as many repetitions as 3 s hold, and at least --repeats.
"""
import argparse
import json
import os
import statistics
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--repeats", type=int, default=5)
parser.add_argument("--only", required=True)
parser.add_argument("--budget", type=float, default=3.0, help="seconds")
arguments = parser.parse_args()
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(arguments.threads)

import torch

torch.set_num_threads(arguments.threads)
d, shape, rows, activation, kind = arguments.only.split("-")
d, rows, (width, layers) = int(d[1:]), int(rows), map(int, shape.split("x"))
function = {"selu": torch.nn.SELU, "tanh": torch.nn.Tanh, "silu": torch.nn.SiLU, "relu": torch.nn.ReLU}[activation]
modules, inputs = [], 1 + d
for _ in range(layers):
    modules += [torch.nn.Linear(inputs, width), function()]
    inputs = width
network = torch.nn.Sequential(*modules, torch.nn.Linear(inputs, d))
t, x, a = torch.rand(rows, 1), torch.randn(rows, d, requires_grad=True), torch.randn(rows, d)
wanted = [x, *network.parameters()]


def forward():
    with torch.no_grad():
        network(torch.cat([t, x], 1))


def vjp():
    torch.autograd.grad(network(torch.cat([t, x], 1)), wanted, a)


def divergence():
    y = network(torch.cat([t, x], 1))
    div = 0
    for k in range(d):
        div = div + torch.autograd.grad(y[:, k].sum(), x, create_graph=True)[0][:, k]
    torch.autograd.grad(div.mean(), wanted, allow_unused=True)


task = {"forward": forward, "vjp": vjp, "divergence": divergence}[kind]
for _ in range(3):
    task()
start = time.perf_counter()
task()
# Short calls are timed several at a time.
calls = max(1, int(2e-3 / max(time.perf_counter() - start, 1e-9)))
seconds, begin = [], time.perf_counter()
while len(seconds) < arguments.repeats or time.perf_counter() - begin < arguments.budget:
    start = time.perf_counter()
    for _ in range(calls):
        task()
    seconds.append((time.perf_counter() - start) / calls)
print(json.dumps({
    "case": arguments.only, "peer": f"torch {torch.__version__}", "threads": arguments.threads,
    "seconds_median": statistics.median(seconds), "seconds_min": min(seconds), "repeats": len(seconds),
}))
