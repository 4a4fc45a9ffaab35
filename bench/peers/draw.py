"""The model of experiments/draw in PyTorch, for comparison: variants "plain" (10 steps) and "attention" (64), `width` units."""
import torch
import torch.nn as nn
from torch.nn.utils import weight_norm

from serve import serve_steps

SIZE, LATENTS = 28, 100
VARIANTS = {"plain": {"steps": 10, "read": 0, "write": 0}, "attention": {"steps": 64, "read": 2, "write": 5}}


def linear(arm, inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    return weight_norm(layer) if arm == "weight" else layer


def lstm(arm, inputs, units):
    cell = nn.LSTMCell(inputs, units)
    if arm == "weight":
        for name in ("weight_ih", "weight_hh"):
            weight_norm(cell, name)
    return cell


def filters(parameters, points):
    """[batch, 5] -> F_X, F_Y [batch, points, SIZE] and gamma [batch, 1, 1]."""
    g_x, g_y, log_variance, log_stride, log_intensity = parameters.t()[:, :, None, None]
    stride = (SIZE - 1) / (points - 1) * log_stride.exp()
    offsets = (torch.arange(points) - (points - 1) / 2)[:, None] * stride
    pixels = torch.arange(SIZE)

    def bank(g):
        means = (SIZE + 1) / 2 * (g + 1) - 1 + offsets
        bells = torch.exp(-((pixels - means) ** 2) / (2 * log_variance.exp()))
        return bells / (bells.sum(2, keepdim=True) + 1e-8)

    return bank(g_x), bank(g_y), log_intensity.exp()


class Draw(nn.Module):
    def __init__(self, arm, units, steps, read, write):
        super().__init__()
        self.units, self.steps, self.read_points, self.write_points = units, steps, read, write
        glimpse = 2 * (read or SIZE) ** 2
        self.reader = linear(arm, units, 5) if read else None
        self.encoder = lstm(arm, glimpse + units, units)
        self.posterior = linear(arm, units, 2 * LATENTS)
        self.decoder = lstm(arm, LATENTS, units)
        self.writer = linear(arm, units, 5 + write**2 if write else SIZE**2)

    def read(self, x, error, h):
        if not self.reader:
            return torch.cat([x.flatten(1), error.flatten(1)], 1)
        f_x, f_y, gamma = filters(self.reader(h), self.read_points)
        seen = [gamma * (f_y @ image @ f_x.transpose(1, 2)) for image in (x, error)]
        return torch.cat([s.flatten(1) for s in seen], 1)

    def write(self, h):
        y = self.writer(h)
        if not self.write_points:
            return y.view(-1, SIZE, SIZE)
        f_x, f_y, gamma = filters(y[:, :5], self.write_points)
        patch = y[:, 5:].view(-1, self.write_points, self.write_points)
        return f_y.transpose(1, 2) @ patch @ f_x / gamma

    def forward(self, x):
        zeros = x.new_zeros(len(x), self.units)
        encoder, decoder, canvas, kl = (zeros, zeros), (zeros, zeros), torch.zeros_like(x), 0
        for _ in range(self.steps):
            h = decoder[0]
            glimpse = self.read(x, x - torch.sigmoid(canvas), h)
            encoder = self.encoder(torch.cat([glimpse, h], 1), encoder)
            mu, log_sigma = self.posterior(encoder[0]).chunk(2, 1)
            sigma = log_sigma.exp()
            kl = kl + 0.5 * (mu**2 + sigma**2 - 2 * log_sigma - 1).sum(1)
            decoder = self.decoder(mu + sigma * torch.randn_like(mu), decoder)
            canvas = canvas + self.write(decoder[0])
        cost = nn.functional.binary_cross_entropy_with_logits(canvas, x, reduction="none")
        return (cost.sum((1, 2)) + kl).mean()


def make_step(arm, batch, width, variant):
    torch.manual_seed(1)
    model = Draw(arm, width, **VARIANTS[variant or "plain"])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    p = torch.rand(batch, SIZE, SIZE)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = model(torch.bernoulli(p))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimizer.step()
        return loss.item()

    return step


serve_steps(make_step)
