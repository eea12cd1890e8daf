"""Values of tests/suite/torch.rs: python layers.py, torch 2.11.0, 2026-11-29.

Every tensor is filled with 0.6 sin(0.7 i + phase), i counting its entries; parameters have the phases 0, 1, 2, ... in the
order of their names below.
"""

import torch

torch.set_default_dtype(torch.float64)


def wave(shape, phase):
    count = torch.Size(shape).numel()
    return (torch.sin(torch.arange(count, dtype=torch.float64) * 0.7 + phase) * 0.6).reshape(shape)


def fill(*parameters):
    for phase, p in enumerate(parameters):
        with torch.no_grad():
            p.copy_(wave(p.shape, float(phase)))


def show(name, *tensors):
    print(name)
    for tensor in tensors:
        print("   ", tensor.detach().reshape(-1).tolist())


def gru():
    cell = torch.nn.GRUCell(2, 3)
    fill(cell.weight_ih, cell.bias_ih, cell.weight_hh, cell.bias_hh)
    x, h = wave((2, 2), 0.3).requires_grad_(), wave((2, 3), 1.1).requires_grad_()
    y = cell(x, h)
    show("gru", y, *torch.autograd.grad(y, [x, h], wave((2, 3), 2.0)))


def norm():
    layer = torch.nn.LayerNorm(5)
    fill(layer.weight, layer.bias)
    x = wave((2, 5), 0.3).requires_grad_()
    y = layer(x)
    show("norm", y, *torch.autograd.grad(y, [x, layer.weight], wave((2, 5), 2.0)))


def divergence():
    """A normalised residual perceptron: its exact divergence, and the gradient of div[0] - div[1] / 2."""
    layers = [torch.nn.Linear(3, 4), torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)]
    norms = [torch.nn.LayerNorm(4), torch.nn.LayerNorm(4)]
    for_names = [layers[0], norms[0], layers[1], norms[1], layers[2]]
    fill(*(p for module in for_names for p in (module.weight, module.bias)))
    silu = torch.nn.functional.silu
    t, x = torch.tensor([[0.2], [0.9]]), wave((2, 2), 0.3).requires_grad_()
    h = silu(norms[0](layers[0](torch.cat([t, x], 1))))
    y = layers[2](h + silu(norms[1](layers[1](h))))
    div = sum(torch.autograd.grad(y[:, k].sum(), x, create_graph=True)[0][:, k] for k in range(2))
    wanted = [x, layers[0].weight, norms[1].weight, layers[2].weight]
    show("divergence", y, div, *torch.autograd.grad((div * torch.tensor([1.0, -0.5])).sum(), wanted))


def phoenix():
    """The field of Hossain et al. 2024 from its equations."""
    products, sums = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    combine, multipliers = torch.nn.Linear(4, 3, bias=False), torch.nn.Parameter(torch.zeros(1, 3))
    fill(products.weight, products.bias, sums.weight, sums.bias, combine.weight, multipliers)
    g = (wave((2, 3), 0.3) + 0.6).requires_grad_()
    hill = (g - 0.5) / (1 + (g - 0.5).abs())
    both = torch.cat([sums(hill), torch.exp(products(torch.log1p(hill)))], 1)
    y = torch.relu(multipliers) * (combine(both) - g)
    show("phoenix", y, *torch.autograd.grad(y, [g, multipliers, products.weight], wave((2, 3), 2.0)))


def optimisers():
    variants = {
        "sgd": {},
        "momentum": {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1},
        "nesterov": {"momentum": 0.9, "nesterov": True},
    }
    for name, options in variants.items():
        p = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5, 3.0]))
        optimiser = torch.optim.SGD([p], lr=0.01, **options)
        for k in range(1, 11):
            p.grad = torch.tensor([((k * (i + 1)) % 7) - 3.0 + 0.25 * i for i in range(4)])
            optimiser.step()
        show(name, p)


for case in [gru, norm, divergence, phoenix, optimisers]:
    case()
