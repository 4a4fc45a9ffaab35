"""Times training steps on request, whatever their loss: answers one line of JSON per line of JSON, as serve.py does.

{"arm": "weight", "batch": 100, "width": 16, "variant": "", "steps": 20, "threads": 2} -> {"milliseconds": [...]}
"""
import json
import sys
import time

import torch


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
