"""Times training steps of a network on request: answers one line of JSON per line of JSON.

{"arm": "weight", "batch": 100, "width": 1, "steps": 20, "threads": 2} -> {"milliseconds": [...]}
"""
import json
import sys
import time

import torch
import torch.nn as nn


def unit(arm, layer, norm):
    """A layer with weights in the parameterization of an arm; `norm` follows it where the arm is batch."""
    if arm == "weight":
        return [torch.nn.utils.weight_norm(layer)]
    return [layer, norm] if arm == "batch" else [layer]


def trainer(network, image, arm, batch, width):
    net = network(arm, width)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, labels = torch.randn(batch, *image), torch.arange(batch) % 10

    def step():
        optimizer.zero_grad(set_to_none=True)
        logits = net(x)
        loss = nn.functional.cross_entropy(logits, labels)
        (logits.argmax(1) != labels).float()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def serve_steps(make_step):
    """`make_step(arm, batch, width, variant)` returns a function that does one training step; `variant` may be None."""
    steps = {}
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        torch.set_num_threads(order["threads"])
        key = (order["arm"], order["batch"], order["width"], order.get("variant"))
        if key not in steps:
            torch.manual_seed(1)
            steps[key] = make_step(*key)
        milliseconds = []
        for _ in range(order["steps"]):
            start = time.perf_counter()
            steps[key]()
            milliseconds.append(1000 * (time.perf_counter() - start))
        print(json.dumps({"milliseconds": milliseconds}), flush=True)


def serve(network, image):
    serve_steps(lambda arm, batch, width, variant: trainer(network, image, arm, batch, width))
