"""The VAE of experiments/vae/model.ts in PyTorch, for comparison: the same layers, the same bound, Adamax."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from serve import serve_steps

LATENTS, HIDDEN = 32, 450


def weighted(arm, layer, axis=0):
    """A layer with weights in the parameterization of an arm, one scale for every unit along `axis`."""
    return nn.utils.weight_norm(layer, dim=axis) if arm == "weight" else layer


def conv(arm, inputs, units, stride=1):
    return weighted(arm, nn.Conv2d(inputs, units, 3, stride=stride, padding=1))


def up(arm, inputs, units):
    layer = nn.ConvTranspose2d(inputs, units, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(nn.ELU(), weighted(arm, layer, axis=1))


def down(arm, inputs, units):
    return nn.Sequential(nn.ELU(), conv(arm, inputs, units, stride=2))


def dense(arm, inputs, units):
    return weighted(arm, nn.Linear(inputs, units))


class Block(nn.Module):
    def __init__(self, arm, width):
        super().__init__()
        self.layers = nn.Sequential(nn.ELU(), conv(arm, width, width), nn.ELU(), conv(arm, width, width))

    def forward(self, x):
        return x + self.layers(x)


class Vae(nn.Module):
    def __init__(self, arm, width):
        super().__init__()
        wide = 2 * width

        def blocks(units):
            return [Block(arm, units), Block(arm, units)]

        self.encoder = nn.Sequential(
            conv(arm, 1, width),
            *blocks(width), down(arm, width, wide),
            *blocks(wide), down(arm, wide, wide),
            *blocks(wide), nn.ELU(), nn.Flatten(),
            dense(arm, 49 * wide, HIDDEN), nn.ELU(),
        )
        self.mu, self.log_variance = dense(arm, HIDDEN, LATENTS), dense(arm, HIDDEN, LATENTS)
        self.decoder = nn.Sequential(
            dense(arm, LATENTS, HIDDEN), nn.ELU(), dense(arm, HIDDEN, 49 * wide), nn.Unflatten(1, (wide, 7, 7)),
            *blocks(wide), up(arm, wide, wide),
            *blocks(wide), up(arm, wide, width),
            *blocks(width), nn.ELU(),
            conv(arm, width, 1),
        )

    def forward(self, x):
        """The negative variational bound of every image, in nats: its reconstruction and its KL part."""
        pixels = torch.bernoulli(x)
        h = self.encoder(pixels)
        mu, log_variance = self.mu(h), self.log_variance(h)
        z = mu + torch.exp(log_variance / 2) * torch.randn_like(mu)
        terms = F.binary_cross_entropy_with_logits(self.decoder(z), pixels, reduction="none")
        kl = (mu**2 + log_variance.exp() - log_variance - 1) / 2
        return terms.sum((1, 2, 3)), kl.sum(1)


def make_step(arm, batch, width, variant=None):
    net = Vae(arm, width)
    optimizer = torch.optim.Adamax(net.parameters(), lr=0.002)
    x = torch.rand(batch, 1, 28, 28)

    def step():
        optimizer.zero_grad(set_to_none=True)
        reconstruction, kl = net(x)
        loss = (reconstruction + kl).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


serve_steps(make_step)
