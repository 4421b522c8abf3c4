#!/usr/bin/env python3
"""Make cnn_vectors.txt: the network of jobs/entropy_sensitivity.yaml in PyTorch, in double precision.

    make_cnn_vectors.py > cnn_vectors.txt         needs Debian's python3-torch

Parameters and pixels come from a formula that tests/unit/test_reference.c repeats, so that only results are stored: the
loss of every one of 20 steps of SGD with momentum and the entropy term, and of every parameter tensor a sample of its
first gradient and of its values after the last step. One line each: NAME COUNT VALUE...
First parameters that differ by 1e-7 move the last ones by no more than that with these streams. With others it is up to
1e-2, as inputs of ReLUs change sign.
"""
import torch
from torch import nn

BATCH, STEPS, SAMPLES = 16, 20, 40
LR, MOMENTUM, ENTROPY_WEIGHT = 0.02, 0.9, 5e-3
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def words(stream, count):
    """Pseudo-random 32-bit words number 0 … count − 1 of a stream (a multiply and two shifts; SplitMix's mixer)."""
    z = torch.arange(count, dtype=torch.int64) + stream * 1000003
    z = (z * 0x9E3779B1) & 0xFFFFFFFF
    z = ((z ^ (z >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    z = ((z ^ (z >> 13)) * 0x27D4EB2F) & 0xFFFFFFFF
    return z ^ (z >> 16)


def show(name, values):
    print(name, len(values), *(f"{v:.10e}" for v in values))


def sample(tensor):
    flat = tensor.detach().reshape(-1)
    step = max(1, len(flat) // SAMPLES)
    return flat[::step][:SAMPLES].tolist()


net = nn.Sequential(
    nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(4096, 128), nn.ReLU(), nn.Linear(128, 10)).double()
with torch.no_grad():
    for i, p in enumerate(net.parameters()):
        fan_in = list(net.parameters())[i - i % 2][0].numel()
        unit = words(i + 1, p.numel()).double() / 2**32
        # rounded to single precision, as the engine under test stores it
        p.copy_(((2 * unit - 1) / fan_in**0.5).float().double().reshape(p.shape))

pixels = (words(110, BATCH * STEPS * 3072) >> 24).reshape(STEPS, BATCH, 3, 32, 32).double() / 255
x = (pixels - torch.tensor(MEAN).double().view(3, 1, 1)) / torch.tensor(STD).double().view(3, 1, 1)
y = (words(111, BATCH * STEPS) % 10).reshape(STEPS, BATCH)
optimizer = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)
losses = []
for step in range(STEPS):
    optimizer.zero_grad()
    logits = net(x[step])
    p = torch.softmax(logits, dim=1)
    entropy = -(p * torch.log(p + 1e-8)).sum(dim=1).mean()
    loss = nn.functional.cross_entropy(logits, y[step]) + ENTROPY_WEIGHT * entropy
    loss.backward()
    losses.append(loss.item())
    if step == 0:
        for i, parameter in enumerate(net.parameters()):
            show(f"gradient{i}", sample(parameter.grad))
    optimizer.step()
show("losses", losses)
for i, parameter in enumerate(net.parameters()):
    show(f"parameter{i}", sample(parameter))
