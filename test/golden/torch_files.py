#!/usr/bin/python3
"""Checkpoints as torch.save writes them, in its archives and in the form before these: run this to write torch_zip.pth, torch_older.pth and torch_files.json.

Of PyTorch 1.13. The numbers are what Python reads from them.
"""
import argparse
import json
import pathlib

import numpy
import torch
from torch import nn
from torch.nn.utils import weight_norm

torch.manual_seed(1602)
base = torch.arange(24.0).reshape(4, 6) / 8
model = nn.Sequential(
    weight_norm(nn.Conv1d(4, 6, 3)),
    weight_norm(nn.ConvTranspose1d(6, 3, 4)),
    weight_norm(nn.Conv1d(3, 3, 8, groups=3), dim=2),
    weight_norm(nn.Linear(5, 4), dim=None),
)
shared = torch.arange(6.0)
saved = {
    "generator": model.state_dict(),
    "half": base.half(),
    "bfloat": base.bfloat16(),
    "double": base.double(),
    "transposed": base.t(),
    "part": base[1:3, ::2],
    "expanded": torch.ones(1).expand(3, 2),
    "tied": [shared, shared, shared[2:5]],
    "long": torch.tensor([2**40, -1]),
    "int": torch.tensor([1, -2], dtype=torch.int32),
    "short": torch.tensor([1, -2], dtype=torch.int16),
    "char": torch.tensor([1, -2], dtype=torch.int8),
    "byte": torch.tensor([1, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False]),
    "complex": torch.tensor([1 + 2j]),
    "empty": torch.zeros(0, 3),
    "scalar": torch.tensor(3.5),
    "parameter": nn.Parameter(torch.ones(2, 2)),
    "module": nn.Linear(2, 2),
    "__proto__": torch.tensor([7.0]),
    "args": argparse.Namespace(lr=0.1, betas=(0.9, 0.999)),
    "step": 12,
    "large": 2**70,
    "optimizer": {"state": {0: {"step": 3, "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]},
    "numpy": numpy.ones(3),
    "none": None,
}
here = pathlib.Path(__file__).parent
torch.save(saved, here / "torch_zip.pth")
torch.save(saved, here / "torch_older.pth", _use_new_zipfile_serialization=False)


def flat(value, name=""):
    if isinstance(value, nn.Module):
        value = value.state_dict()
    if isinstance(value, torch.Tensor):
        x = value.detach()
        if x.is_complex():
            x = torch.view_as_real(x)
        yield name, {"dtype": str(value.dtype).split(".")[1], "shape": list(value.shape), "data": x.reshape(-1).tolist()}
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from flat(inner, f"{name}.{i}")


loaded = torch.load(here / "torch_zip.pth")
tensors = [[name, x] for name, x in flat(loaded)]  # a list, since JSON's objects know no order of "0"
text = json.dumps({"torch": torch.__version__, "tensors": tensors})
(here / "torch_files.json").write_text(text.replace('}], ["', '}],\n["') + "\n")
