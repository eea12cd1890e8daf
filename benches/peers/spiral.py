"""Training on the cubic spiral with the peers: what benches/src/bin/gradient/spiral.rs does.

    python spiral.py --only diffrax|torchdiffeq [--threads 1] [--repeats 3]

dy/dt = A y^3 from (2, 0) to t = 1.5 at 30 times; a network 2-50-2 with tanh on y^3; Adam at 0.05 on the sum of squares;
500 steps, of which torchdiffeq takes 50 and has its time multiplied by ten. f64, rtol 1e-3, atol 1e-6: Tsit5 and
RecursiveCheckpointAdjoint in diffrax, dopri5 and backpropagation (odeint) in torchdiffeq. Compilation is not timed. Prints
one JSON line: seconds_median, the last loss, and the peak of memory beyond what was there before.
"""
import argparse
import json
import os
import statistics
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--only", required=True)
arguments = parser.parse_args()
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"):
    os.environ[name] = str(arguments.threads)

import numpy as np

STEPS, POINTS = 500, 30
MATRIX = np.array([[-0.1, 2.0], [-2.0, -0.1]])
TIMES = np.linspace(0.0, 1.5, POINTS)


def status(field):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def data():
    from scipy.integrate import solve_ivp
    return solve_ivp(lambda t, y: MATRIX @ y**3, (0, 1.5), [2.0, 0.0], t_eval=TIMES, rtol=1e-10, atol=1e-10).y.T


def by_diffrax():
    import jax
    jax.config.update("jax_enable_x64", True)
    import diffrax
    import jax.numpy as jnp
    target, times = jnp.asarray(data()), jnp.asarray(TIMES)
    rng = np.random.default_rng(0)
    uniform = lambda fan, *shape: jnp.asarray(rng.uniform(-1, 1, shape) / np.sqrt(fan))
    first = [uniform(2, 50, 2), uniform(2, 50), uniform(50, 2, 50), uniform(50, 2)]

    def field(t, y, p):
        return p[2] @ jnp.tanh(p[0] @ y**3 + p[1]) + p[3]

    def loss(p):
        solved = diffrax.diffeqsolve(
            diffrax.ODETerm(field), diffrax.Tsit5(), 0.0, 1.5, None, jnp.array([2.0, 0.0]), args=p, max_steps=4096,
            saveat=diffrax.SaveAt(ts=times), stepsize_controller=diffrax.PIDController(rtol=1e-3, atol=1e-6))
        return jnp.sum((solved.ys - target) ** 2)

    @jax.jit
    def step(p, m, v, n):
        value, g = jax.value_and_grad(loss)(p)
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g)]
        p = [a - 0.05 * (b / (1 - 0.9**n)) / (jnp.sqrt(c / (1 - 0.999**n)) + 1e-8) for a, b, c in zip(p, m, v)]
        return p, m, v, value

    def train():
        p, m, v = first, [0 * a for a in first], [0 * a for a in first]
        for n in range(1, STEPS + 1):
            p, m, v, value = step(p, m, v, float(n))
        return float(jax.block_until_ready(value))
    step(first, [0 * a for a in first], [0 * a for a in first], 1.0)
    return train, 1


def by_torchdiffeq():
    import torch
    from torchdiffeq import odeint
    torch.set_num_threads(arguments.threads)
    torch.set_default_dtype(torch.float64)
    target, times = torch.tensor(data()), torch.tensor(TIMES)
    share = 10

    def train():
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(2, 50), torch.nn.Tanh(), torch.nn.Linear(50, 2))
        optimiser = torch.optim.Adam(net.parameters(), lr=0.05)
        for _ in range(STEPS // share):
            optimiser.zero_grad()
            ys = odeint(lambda t, y: net(y**3), torch.tensor([2.0, 0.0]), times, rtol=1e-3, atol=1e-6, method="dopri5")
            value = ((ys - target) ** 2).sum()
            value.backward()
            optimiser.step()
        return float(value.detach())
    return train, share


train, share = {"diffrax": by_diffrax, "torchdiffeq": by_torchdiffeq}[arguments.only]()
before, seconds = status("VmRSS"), []
for _ in range(arguments.repeats):
    start = time.perf_counter()
    value = train()
    seconds.append(share * (time.perf_counter() - start))
print(json.dumps({
    "peer": arguments.only, "seconds_median": statistics.median(seconds), "loss": value,
    "rss_before_mb": before, "peak_rss_mb": status("VmHWM"),
}))
