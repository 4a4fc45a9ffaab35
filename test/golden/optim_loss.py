#!/usr/bin/python3
"""What PyTorch computes with torch.optim.AdamW and its losses: run this to write optim_loss.json beside it.

A loss has the names of its inputs, whose classes are last as in this library, its value y and the gradient dx of it; where
nothing is reduced, of its sum. An optimizer has two tensors, gradients for every step, and the tensors after each.
"""
import itertools
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1711)


def tensor(x):
    return {"shape": list(x.shape), "data": x.detach().reshape(-1).tolist()}


tensors = {}


def name_of(x):
    """A name for a tensor of `tensors`, by which several cases have it."""
    for name, known in tensors.items():
        if known.shape == x.shape and torch.equal(known, x):
            return name
    tensors[f"t{len(tensors)}"] = x.detach().clone()
    return name_of(x)


def loss_case(loss, x, target, options, compute):
    """`compute` takes x, of which the gradient is wanted."""
    x = x.detach().clone().requires_grad_()
    y = compute(x)
    y.sum().backward()
    case = {"loss": loss, "options": options, "x": name_of(x), "target": name_of(target)}
    return {**case, "y": tensor(y), "dx": tensor(x.grad)}


def classes_second(x):
    """[batch, ...positions, classes] as PyTorch has it: [batch, classes, ...positions]."""
    return x.movedim(-1, 1)


CLASSES = 4
weights = [0.5, 2.0, 0.0, 1.25]
logits = {"rows": 2 * torch.randn(6, CLASSES), "positions": 2 * torch.randn(2, 3, CLASSES)}
labels = {"rows": torch.tensor([0, 1, 3, 2, 1, 0]), "positions": torch.tensor([[3, 0, 1], [1, 2, 0]])}
distributions = {k: torch.softmax(torch.randn_like(x), -1) for k, x in logits.items()}

cases = []
reductions = ["mean", "sum", "none"]
for shape, smoothing, weight, ignore, reduction in itertools.product(
    ["rows", "positions"], [0, 0.3], [None, weights], [None, 1, -100], reductions
):
    target = labels[shape].clone()
    if ignore == -100:
        target[0] = ignore  # the first row, or all positions of the first example
    options = {"reduction": reduction}
    if smoothing:
        options["labelSmoothing"] = smoothing
    if weight:
        options["classWeights"] = weight
    if ignore is not None:
        options["ignoreIndex"] = ignore
    common = {
        "weight": torch.tensor(weight) if weight else None,
        "reduction": reduction,
        "ignore_index": -1000 if ignore is None else ignore,
    }
    cases.append(
        loss_case(
            *("softmaxCrossEntropy", logits[shape], target, options),
            lambda x: F.cross_entropy(classes_second(x), target, label_smoothing=smoothing, **common),
        )
    )
    if not smoothing:
        cases.append(
            loss_case(
                *("negativeLogLikelihood", torch.log_softmax(logits[shape], -1), target, options),
                lambda x: F.nll_loss(classes_second(x), target, **common),
            )
        )
for shape, smoothing, weight, reduction in itertools.product(["rows", "positions"], [0, 0.3], [None, weights], reductions):
    options = {"reduction": reduction}
    if smoothing:
        options["labelSmoothing"] = smoothing
    if weight:
        options["classWeights"] = weight
    cases.append(
        loss_case(
            *("softmaxCrossEntropy", logits[shape], distributions[shape], options),
            lambda x: F.cross_entropy(
                *(classes_second(x), classes_second(distributions[shape])),
                weight=torch.tensor(weight) if weight else None,
                label_smoothing=smoothing,
                reduction=reduction,
            ),
        )
    )

y, probabilities = 3 * torch.randn(5, 3), torch.rand(5, 3)
for positive in [None, 2.5, [0.5, 1.0, 4.0]]:
    cases.append(
        loss_case(
            *("binaryCrossEntropy", y, probabilities, {} if positive is None else {"positiveWeight": positive}),
            lambda x: F.binary_cross_entropy_with_logits(
                *(x, probabilities),
                pos_weight=None if positive is None else torch.tensor(positive),
                reduction="sum",
            )
            / len(x),  # here the sum over all but the batch
        )
    )
cases.append(loss_case("meanAbsoluteError", y, probabilities, {}, lambda x: F.l1_loss(x, probabilities)))

STEPS = 5


def optimizer_case(optimizer, options):
    parameters = {"w": torch.randn(2, 3), "b": torch.randn(4)}
    steps = [{name: torch.randn_like(p) for name, p in parameters.items()} for _ in range(STEPS)]
    start = {name: tensor(p) for name, p in parameters.items()}
    taken = {name: p.clone().requires_grad_() for name, p in parameters.items()}
    torch_optimizer = optimizer(taken.values())
    path = []
    for gradients in steps:
        for name, p in taken.items():
            p.grad = gradients[name].clone()
        torch_optimizer.step()
        path.append({name: tensor(p) for name, p in taken.items()})
    return {
        "options": options,
        "start": start,
        "gradients": [{name: tensor(g) for name, g in step.items()} for step in steps],
        "path": path,
    }


optimizers = {
    "adamW": [
        optimizer_case(lambda p: torch.optim.AdamW(p), {}),
        optimizer_case(
            lambda p: torch.optim.AdamW(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.4),
            {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weightDecay": 0.4},
        ),
    ],
    "adam": [
        optimizer_case(
            lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3),
            {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3},
        )
    ],
}
path = pathlib.Path(__file__).with_suffix(".json")
inputs = {name: tensor(x) for name, x in tensors.items()}
text = json.dumps({"torch": torch.__version__, "tensors": inputs, "losses": cases, "optimizers": optimizers})
path.write_text(text.replace("]}", "]}\n") + "\n")  # a tensor a line
