"""The network of experiments/mnist in PyTorch, for comparison: answers one line of JSON per line of JSON.

{"arm": "weight", "batch": 100, "width": 1, "steps": 20, "threads": 2} -> {"milliseconds": [...]}
"""
import json
import sys
import time

import torch
import torch.nn as nn


def network(arm, width):
    weight = torch.nn.utils.weight_norm if arm == "weight" else lambda layer: layer

    def unit(layer, norm):
        return [weight(layer)] + ([norm] if arm == "batch" else [])

    def conv(inputs, units, kernel):
        layer = nn.Conv2d(inputs, units, kernel, padding=kernel // 2, bias=arm != "batch")
        return unit(layer, nn.BatchNorm2d(units, eps=1e-6))

    a, b, c = 16 * width, 32 * width, 64 * width
    return nn.Sequential(
        *conv(1, a, 3), nn.MaxPool2d(2), nn.ReLU(),
        *conv(a, b, 3), nn.ReLU(),
        *conv(b, b, 3), nn.MaxPool2d(2), nn.ReLU(),
        *conv(b, c, 3), nn.ReLU(),
        nn.Flatten(),
        *unit(nn.Linear(49 * c, 10, bias=arm != "batch"), nn.BatchNorm1d(10, eps=1e-6)),
    )


def trainer(arm, batch, width):
    torch.manual_seed(1)
    net = network(arm, width)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, labels = torch.randn(batch, 1, 28, 28), torch.arange(batch) % 10

    def step():
        optimizer.zero_grad(set_to_none=True)
        logits = net(x)
        loss = nn.functional.cross_entropy(logits, labels)
        (logits.argmax(1) != labels).float()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


trainers = {}
print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    order = json.loads(line)
    torch.set_num_threads(order["threads"])
    key = (order["arm"], order["batch"], order["width"])
    if key not in trainers:
        trainers[key] = trainer(*key)
    milliseconds = []
    for _ in range(order["steps"]):
        start = time.perf_counter()
        trainers[key]()
        milliseconds.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"milliseconds": milliseconds}), flush=True)
