"""The network of experiments/mnist in PyTorch, for comparison."""
import torch.nn as nn

from serve import serve, unit


def network(arm, width):
    def conv(inputs, units, kernel):
        layer = nn.Conv2d(inputs, units, kernel, padding=kernel // 2, bias=arm != "batch")
        return unit(arm, layer, nn.BatchNorm2d(units, eps=1e-6))

    a, b, c = 16 * width, 32 * width, 64 * width
    return nn.Sequential(
        *conv(1, a, 3), nn.MaxPool2d(2), nn.ReLU(),
        *conv(a, b, 3), nn.ReLU(),
        *conv(b, b, 3), nn.MaxPool2d(2), nn.ReLU(),
        *conv(b, c, 3), nn.ReLU(),
        nn.Flatten(),
        *unit(arm, nn.Linear(49 * c, 10, bias=arm != "batch"), nn.BatchNorm1d(10, eps=1e-6)),
    )


serve(network, (1, 28, 28))
