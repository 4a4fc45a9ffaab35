#!/usr/bin/python3
"""A transformer's encoder as PyTorch exports it: run this to write transformer.onnx and transformer.json beside it.

The network takes ids [batch, time] and a mask [batch, time], 1 where there is a word, and makes scores [batch, 5]. The figures are
ids, mask and target of four examples, the scores, the loss (the mean of squares of their distance from the target), and its
gradients by some of the weights.
"""
import json
import pathlib

import torch
from torch import nn

torch.manual_seed(1602)
WORDS, WIDTH, HEADS, TIME, CLASSES = 40, 32, 4, 6, 5


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.gelu = nn.GELU()

    def heads(self, x):
        return x.view(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)

    def forward(self, x, far):
        q, k, v = self.heads(self.query(x)), self.heads(self.key(x)), self.heads(self.value(x))
        scores = q @ k.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5 + far
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.down(self.gelu(self.up(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(TIME, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.layers = nn.ModuleList([Layer(), Layer()])
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, ids, mask):
        places = torch.arange(ids.shape[1])
        x = self.norm(self.words(ids) + self.places(places))
        far = (1 - mask[:, None, None, :]) * -1e4
        for layer in self.layers:
            x = layer(x, far)
        weights = mask[:, :, None]
        return self.head((x * weights).sum(1) / weights.sum(1))


def tensor(x):
    digits = (lambda v: v) if x.dtype == torch.int64 else (lambda v: float(f"{v:.7g}"))
    return {"shape": list(x.shape), "data": [digits(v) for v in x.detach().reshape(-1).tolist()]}


network = Encoder().eval()
with torch.no_grad():
    for p in network.parameters():
        p.add_(torch.randn_like(p) * 0.05)  # no scale is 1, no bias 0
ids = torch.randint(0, WORDS, (4, TIME))
mask = torch.tensor([[1.0] * n + [0.0] * (TIME - n) for n in (6, 4, 1, 5)])
target = torch.randn(4, CLASSES)
scores = network(ids, mask)
loss = ((scores - target) ** 2).mean()
loss.backward()

here = pathlib.Path(__file__).parent
torch.onnx.export(
    network, (ids, mask), str(here / "transformer.onnx"), opset_version=16,
    input_names=["ids", "mask"], output_names=["scores"],
    dynamic_axes={"ids": {0: "batch"}, "mask": {0: "batch"}, "scores": {0: "batch"}},
)
named = dict(network.named_parameters())
told = ["words.weight", "places.weight", "norm.weight", "layers.0.query.bias", "layers.1.norm2.bias", "head.weight"]
figures = {
    "ids": tensor(ids), "mask": tensor(mask), "target": tensor(target), "scores": tensor(scores),
    "loss": loss.item(), "gradients": {name: tensor(named[name].grad) for name in told},
}
(here / "transformer.json").write_text(json.dumps(figures) + "\n")
