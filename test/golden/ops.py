#!/usr/bin/python3
"""What PyTorch computes where ours are functions of other ops or written out for ONNX: run this to write ops.json beside it.

Every case has its x, its value y, the gradient dy of the loss sum(y dy) where there is one, and dx.
"""
import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(1602)


def tensor(x):
    return {"shape": list(x.shape), "data": x.detach().reshape(-1).tolist()}


def case(f, x):
    x = x.clone().requires_grad_()
    y = f(x)
    if not y.requires_grad:
        return {"x": tensor(x), "y": tensor(y)}
    dy = torch.randn_like(y)
    y.backward(dy)
    return {"x": tensor(x), "y": tensor(y), "dy": tensor(dy), "dx": tensor(x.grad)}


x = torch.randn(2, 4, 3)
zeros = torch.tensor([[2.0, 3, 0.5], [-1, 0, 4], [0, 3, 0], [1.5, -2, 0.25]])
ties = torch.tensor([[1.0, 3, 2, 3], [0, -1, -1, 0]])
halves = torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.2, -0.7])
small = torch.tensor([-0.9, -0.3, -1e-9, 1e-15, 1e-6, 0.1, 2, 40])

cases = {
    "min": case(lambda x: torch.amin(x, (0, 2)), x),
    "min of ties": case(lambda x: torch.amin(x, 1), ties),
    "argmin": case(lambda x: torch.argmin(x, 1), x),
    "variance": case(lambda x: torch.var(x, (0, 2), unbiased=False, keepdim=True), x),
    "variance of a sample": case(lambda x: torch.var(x, 1, unbiased=True), x),
    "product": case(lambda x: torch.prod(x, 2), x),
    "product with zeros": case(lambda x: torch.prod(x, 1), zeros),
    "cumulativeSum": case(lambda x: torch.cumsum(x, 1), x),
    "cumulativeSum, reverse": case(lambda x: torch.flip(torch.cumsum(torch.flip(x, (0,)), 0), (0,)), x),
    "topK": case(lambda x: torch.topk(x, 2, 1).values, x),
    "topK's indices": case(lambda x: torch.topk(x, 2, 1).indices, x),
    "split": case(lambda x: torch.split(x, [1, 3], 1)[1], x),
    "stack": case(lambda x: torch.stack([x, x * 2], 1), x),
    "tile": case(lambda x: torch.tile(x, (2, 1, 3)), x),
    "flip": case(lambda x: torch.flip(x, (0, 2)), x),
    "round": case(lambda x: torch.round(x.detach()), halves),
    "expm1": case(torch.expm1, small),
    "log1p": case(torch.log1p, small),
    "rsqrt": case(torch.rsqrt, small.abs()),
    "sin": case(torch.sin, x),
    "cos": case(torch.cos, x),
}
path = pathlib.Path(__file__).with_suffix(".json")
text = json.dumps({"torch": torch.__version__, "cases": cases})
path.write_text(text.replace('}, "', '},\n"') + "\n")  # a tensor a line
