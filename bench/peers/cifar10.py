"""The network of experiments/cifar10 in PyTorch, for comparison."""
import torch
import torch.nn as nn

from serve import serve, unit


class Noise(nn.Module):
    def forward(self, x):
        return x + 0.15 * torch.randn_like(x)


def network(arm, width):
    def conv(inputs, units, kernel, padding):
        layer = nn.Conv2d(inputs, units, kernel, padding=padding, bias=arm != "batch")
        return [*unit(arm, layer, nn.BatchNorm2d(units, eps=1e-6)), nn.LeakyReLU(0.1)]

    a, b = width, 2 * width
    return nn.Sequential(
        Noise(),
        *conv(3, a, 3, 1), *conv(a, a, 3, 1), *conv(a, a, 3, 1), nn.MaxPool2d(2), nn.Dropout(0.5),
        *conv(a, b, 3, 1), *conv(b, b, 3, 1), *conv(b, b, 3, 1), nn.MaxPool2d(2), nn.Dropout(0.5),
        *conv(b, b, 3, 0), *conv(b, b, 1, 0), *conv(b, b, 1, 0),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        *unit(arm, nn.Linear(b, 10, bias=arm != "batch"), nn.BatchNorm1d(10, eps=1e-6)),
    )


serve(network, (3, 32, 32))
