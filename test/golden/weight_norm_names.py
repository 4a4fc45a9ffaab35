#!/usr/bin/python3
"""What torch.nn.utils.weight_norm stores for every dim, and the weight that it makes: run this to write weight_norm_names.json.

Of PyTorch 1.13, which has the scheme weight_g, weight_v alone; the parametrization of later versions stores the same two.
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn.utils import remove_weight_norm, weight_norm

torch.manual_seed(1602)


def tensor(x):
    return {"shape": list(x.shape), "data": x.detach().reshape(-1).tolist()}


def case(module, **options):
    """The state of a module with weight normalization whose scales are no longer |v|, and the one without it."""
    weight_norm(module, **options)
    module.weight_g.data = module.weight_g.data * (1 + torch.rand_like(module.weight_g))
    before = {k: tensor(v) for k, v in module.state_dict().items()}
    module(torch.randn(module.in_features) if isinstance(module, nn.Linear) else torch.randn(2, module.in_channels, 5, 4))
    remove_weight_norm(module)
    return {"normalized": before, "plain": {k: tensor(v) for k, v in module.state_dict().items()}}


cases = {
    "rows": case(nn.Linear(4, 3)),
    "columns": case(nn.Linear(4, 3), dim=1),
    "the whole tensor": case(nn.Linear(4, 3), dim=None),
    "filters": case(nn.Conv2d(4, 6, (3, 2), groups=2)),
    "a transposed convolution by its inputs, as is the default": case(nn.ConvTranspose2d(3, 2, 3)),
    "a transposed convolution by its units": case(nn.ConvTranspose2d(3, 2, 3), dim=1),
}
path = pathlib.Path(__file__).with_suffix(".json")
text = json.dumps({"torch": torch.__version__, "cases": cases})
path.write_text(text.replace('}, "', '},\n"') + "\n")  # a tensor a line
