#!/usr/bin/python3
"""What PyTorch computes with its layers: run this to write layers.json beside it.

Every case has its inputs, the tensors of its module's checkpoint ("state"), the gradient dy of the loss sum(y dy) and what
follows: y, the gradient of x ("dx") and those of the parameters ("gradients").
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn import functional

torch.set_default_dtype(torch.float64)
torch.manual_seed(1602)


def tensor(x):
    return {"shape": list(x.shape), "data": [float(f"{v:.13g}") for v in x.detach().double().reshape(-1).tolist()]}


def numbers(*shape):
    """Few digits, so that the file is small."""
    return (torch.randn(*shape) * 64).round() / 64


def case(module, x, run=None, vary=True, options=None, **others):
    """Runs a module as `run`, or as it is; its parameters get values of their own first."""
    parameters = dict(module.named_parameters()) if isinstance(module, nn.Module) else {}
    for p in parameters.values():
        if vary:
            p.data = numbers(*p.shape)
    # The running averages of batch normalization are those before the step.
    state = {k: tensor(v) for k, v in module.state_dict().items()} if parameters else {}
    if x.is_floating_point():
        x.requires_grad_()
    y = run(module, x) if run else module(x)
    dy = numbers(*y.shape)
    y.backward(dy)
    result = {"options": options or {}, "x": tensor(x), "dy": tensor(dy), "y": tensor(y), "state": state}
    if x.grad is not None:
        result["dx"] = tensor(x.grad)
    result["gradients"] = {k: tensor(p.grad) for k, p in parameters.items()}
    return {**result, **{k: tensor(v) for k, v in others.items()}}


def padded_embedding():
    layer = nn.Embedding(5, 3, padding_idx=2)
    layer.weight.data = numbers(5, 3)
    layer.weight.data[2] = 0
    return case(layer, torch.tensor([[0, 2, 4], [2, 2, 1]]), vary=False)


def batch_norm(training):
    """A network with a batch normalization that has seen other batches before."""
    network = nn.Sequential()
    network.add_module("conv", nn.Conv2d(2, 3, 2))
    network.add_module("bn", nn.BatchNorm2d(3))
    for p in network.parameters():
        p.data = numbers(*p.shape)
    with torch.no_grad():
        for _ in range(3):
            network(numbers(4, 2, 3, 3))
    network.train(training)
    return network, numbers(3, 2, 3, 3)


def trained_batch_norm():
    network, x = batch_norm(True)
    result = case(network, x, vary=False)
    bn = network.bn
    return {**result, "after": {"running_mean": tensor(bn.running_mean), "running_var": tensor(bn.running_var)}}


def attend(memory=None, causal=False, padding=None):
    def run(module, x):
        source = x if memory is None else memory
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]).double() if causal else None
        return module(x, source, source, attn_mask=mask, key_padding_mask=padding)[0]

    return run


def attention():
    return nn.MultiheadAttention(4, 2, batch_first=True)


first = lambda module, x: module(x)[0]
memory = numbers(2, 4, 4)
wide = numbers(2, 4, 5)
padding = torch.tensor([[False, False, True, True], [False, True, False, False]])
lstm = lambda **options: nn.LSTM(3, 2, batch_first=True, **options)
gru = lambda **options: nn.GRU(3, 2, batch_first=True, **options)
both = {"layers": 2, "bidirectional": True}
pytorch = {"num_layers": 2, "bidirectional": True}
resize = lambda **options: lambda _, x: functional.interpolate(x, **options)

cases = {
    "layerNorm": case(nn.LayerNorm(4), numbers(2, 3, 4)),
    "layerNorm2": case(nn.LayerNorm([3, 4]), numbers(2, 3, 4)),
    "groupNorm": case(nn.GroupNorm(2, 4), numbers(2, 4, 3)),
    "attention": case(attention(), numbers(2, 3, 4), attend()),
    "causalAttention": case(attention(), numbers(2, 3, 4), attend(causal=True)),
    "crossAttention": case(attention(), numbers(2, 3, 4), attend(memory, padding=padding), memory=memory, padding=padding),
    "wideMemory": case(
        nn.MultiheadAttention(4, 2, batch_first=True, kdim=5, vdim=5), numbers(2, 3, 4), attend(wide), memory=wide
    ),
    "lstm": case(lstm(**pytorch), numbers(2, 3, 3), first, options=both),
    "lstmWithoutBias": case(lstm(bias=False), numbers(2, 3, 3), first, options={"bias": False}),
    "gru": case(gru(**pytorch), numbers(2, 3, 3), first, options=both),
    "gruWithoutBias": case(gru(bias=False), numbers(2, 3, 3), first, options={"bias": False}),
    "convTranspose1d": case(
        nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2), numbers(2, 4, 5)
    ),
    "linear": case(nn.Linear(3, 2, bias=False), numbers(2, 2, 3)),
    "prelu": case(nn.PReLU(3), numbers(2, 3, 4)),
    "sameConv1d": case(nn.Conv1d(2, 3, 4, padding="same", dilation=3), numbers(2, 2, 7)),
    "sameConv2d": case(nn.Conv2d(2, 2, (2, 3), padding="same"), numbers(2, 2, 4, 3)),
    "gelu": case(None, numbers(12), lambda _, x: functional.gelu(x)),
    "geluTanh": case(None, numbers(12), lambda _, x: functional.gelu(x, approximate="tanh")),
    "silu": case(None, numbers(12), lambda _, x: functional.silu(x)),
    "nearest": case(None, numbers(1, 2, 2, 3), resize(scale_factor=(2, 3), mode="nearest")),
    "nearestTo": case(None, numbers(1, 2, 3, 5), resize(size=(5, 3), mode="nearest")),
    "nearestSequence": case(None, numbers(2, 2, 4), resize(scale_factor=1.5, mode="nearest")),
    "bilinear": case(None, numbers(1, 2, 2, 3), resize(scale_factor=2, mode="bilinear")),
    "bilinearTo": case(None, numbers(1, 1, 4, 3), resize(size=(3, 7), mode="bilinear")),
    "bilinearBy": case(None, numbers(1, 1, 3, 5), resize(scale_factor=1.7, mode="bilinear")),
    "bilinearAligned": case(None, numbers(1, 2, 2, 3), resize(size=(4, 5), mode="bilinear", align_corners=True)),
    "maxPool1d": case(None, numbers(2, 2, 7), lambda _, x: functional.max_pool1d(x, 3, stride=2, padding=1)),
    "averagePool1d": case(None, numbers(2, 2, 7), lambda _, x: functional.avg_pool1d(x, 3, stride=2, padding=1)),
    "embedding": padded_embedding(),
    "batchNorm": trained_batch_norm(),
    "batchNormEvaluated": case(*batch_norm(False), vary=False),
}
path = pathlib.Path(__file__).with_suffix(".json")
text = json.dumps({"torch": torch.__version__, "cases": cases})
path.write_text(text.replace('}, "', '},\n"') + "\n")  # a tensor a line
