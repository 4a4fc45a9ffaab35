#!/usr/bin/python3
"""What PyTorch computes with torch.nn.utils.weight_norm: run this to write weight_norm.json beside it.

Every case has its inputs, its parameters, the gradient dy of the loss sum(y dy) and what follows: y and all gradients.
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn.utils import weight_norm

torch.set_default_dtype(torch.float64)
torch.manual_seed(1602)


def tensor(x):
    return {"shape": list(x.shape), "data": x.detach().reshape(-1).tolist()}


def case(module, x, weights, options, output=lambda y: y):
    """Runs a module whose `weights` are already weight normalized; g and b get values of their own first."""
    for name, p in module.named_parameters():
        if name.endswith("_g") or name.startswith("bias"):
            p.data = torch.randn_like(p) + 0.5
    x.requires_grad_()
    y = output(module(x))
    dy = torch.randn_like(y)
    y.backward(dy)
    parameters = dict(module.named_parameters())
    values = {"x": x, **parameters, "dy": dy, "y": y, "dx": x.grad}
    gradients = {"d" + name: p.grad for name, p in parameters.items()}
    assert all(w + "_g" in parameters for w in weights)
    return {"options": options, "tensors": {k: tensor(v) for k, v in {**values, **gradients}.items()}}


conv_options = {"kernel": [3, 2], "strides": [2, 1], "pads": [1, 0], "groups": 2}
conv = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), groups=2)
transposed_options = {"kernel": [3, 3], "strides": [2, 2], "pads": [1, 1], "outputPadding": [1, 0]}
transposed = nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=(1, 0))
lstm = nn.LSTM(3, 2, batch_first=True)

cases = {
    "dense": case(weight_norm(nn.Linear(4, 3)), torch.randn(5, 4), ["weight"], {"units": 3}),
    "conv2d": case(weight_norm(conv), torch.randn(2, 4, 5, 4), ["weight"], {"units": 6, **conv_options}),
    "convTranspose2d": case(
        weight_norm(transposed, dim=1), torch.randn(2, 3, 2, 3), ["weight"], {"units": 2, **transposed_options}
    ),
    "lstm": case(
        weight_norm(weight_norm(lstm, "weight_ih_l0"), "weight_hh_l0"),
        torch.randn(2, 3, 3),
        ["weight_ih_l0", "weight_hh_l0"],
        {"inputs": 3, "units": 2},
        output=lambda y: y[0],
    ),
}
path = pathlib.Path(__file__).with_suffix(".json")
text = json.dumps({"torch": torch.__version__, "cases": cases})
path.write_text(text.replace('}, "', '},\n"') + "\n")  # a tensor a line
