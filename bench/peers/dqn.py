"""The learning step of experiments/dqn in PyTorch, for comparison: the same networks, Huber loss, centred RMSProp."""
import torch
import torch.nn as nn

from serve import serve_steps

ACTIONS, GAMMA = 6, 0.99
SHAPES = {"minatar": (4, 10, 10), "nature": (4, 84, 84)}


def weighted(arm, layer):
    return nn.utils.weight_norm(layer) if arm == "weight" else layer


def minatar(arm):
    return nn.Sequential(
        weighted(arm, nn.Conv2d(4, 16, 3)), nn.ReLU(), nn.Flatten(),
        weighted(arm, nn.Linear(1024, 128)), nn.ReLU(),
        weighted(arm, nn.Linear(128, ACTIONS)),
    )


def nature(arm):
    return nn.Sequential(
        weighted(arm, nn.Conv2d(4, 32, 8, stride=4)), nn.ReLU(),
        weighted(arm, nn.Conv2d(32, 64, 4, stride=2)), nn.ReLU(),
        weighted(arm, nn.Conv2d(64, 64, 3)), nn.ReLU(), nn.Flatten(),
        weighted(arm, nn.Linear(3136, 512)), nn.ReLU(),
        weighted(arm, nn.Linear(512, ACTIONS)),
    )


def make_step(arm, batch, width, variant):
    make = {"minatar": minatar, "nature": nature}[variant]
    online, target = make(arm), make(arm)
    optimizer = torch.optim.RMSprop(online.parameters(), lr=2.5e-4, alpha=0.95, eps=0.01, centered=True)
    x, after = torch.rand(batch, *SHAPES[variant]), torch.rand(batch, *SHAPES[variant])
    actions = torch.arange(batch) % ACTIONS
    scale = {"minatar": 1, "nature": 1 / 255}[variant]
    rewards, ended = torch.rand(batch), (torch.arange(batch) % 7 == 0).float()

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            goal = rewards + GAMMA * (1 - ended) * target(after * scale).max(1).values
        values = online(x * scale)
        loss = nn.functional.smooth_l1_loss(values.gather(1, actions[:, None])[:, 0], goal)
        q = values.detach().max(1).values.mean()
        loss.backward()
        optimizer.step()
        return loss.item(), q.item()

    return step


serve_steps(make_step)
