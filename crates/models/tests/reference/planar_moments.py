"""Moments of the planar sets as the published code generates them; the numbers in tests/planar.rs.

scikit-learn 1.9.1, torchdyn 1.0.6, torchcfm 1.0.7, torch 2.11.0, NumPy 2.4.6, 2026-11-23. Scalings as
in github.com/atong01/conditional-flow-matching @ cacd4dc8, runner/src/datamodules.
"""

import numpy as np
import torch
from sklearn import datasets
from torchcfm.utils import eight_normal_sample, sample_moons
from torchdyn.datasets import generate_gaussians

N = 400_000
np.random.seed(0)
torch.manual_seed(0)


def standardised_moons():
    x, _ = datasets.make_moons(N, noise=0.1)
    return (x - x.mean()) / x.std(ddof=1) * 7


def eight_gaussians():
    diagonal = [(a / np.sqrt(2), b / np.sqrt(2)) for a in (1, -1) for b in (1, -1)]
    centres = 4 * np.array([(1, 0), (-1, 0), (0, 1), (0, -1)] + diagonal)
    return 3 * (centres[np.random.randint(8, size=N)] + 0.5 * np.random.randn(N, 2))


def moons():
    x, _ = datasets.make_moons(N, noise=0.05)
    return x * 2 - [1, 0]


def s_curve():
    x, _ = datasets.make_s_curve(N, noise=0.05)
    return 1.5 * x[:, [0, 2]]


SETS = {
    "EightGaussiansNotebook": lambda: eight_normal_sample(60_000, 2, scale=5, var=0.1).numpy(),
    "EightGaussians": eight_gaussians,
    "Gaussians": lambda: generate_gaussians(N // 8, 8, radius=5, std_gaussians=1, noise=1e-4)[0].numpy(),
    "MoonsNotebook": lambda: sample_moons(N).numpy(),
    "Moons": moons,
    "StandardisedMoons": standardised_moons,
    "SCurve": s_curve,
}

for name, sample in SETS.items():
    x = sample().astype(float)
    mean = x.mean(0)
    c = x - mean
    cov = c.T @ c / len(c)
    values = [*mean, cov[0, 0], cov[0, 1], cov[1, 1], *(c**4).mean(0), np.hypot(*c.T).mean()]
    print(name, np.round(values, 4))
