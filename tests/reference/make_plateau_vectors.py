#!/usr/bin/env python3
"""Make plateau_vectors.txt: the rates of PyTorch's ReduceLROnPlateau.

    make_plateau_vectors.py > plateau_vectors.txt             needs Debian's python3-torch

The first line has the 60 numbers that are watched. A line per setting: the rates after each of them; those of accuracies
watch 100 times the negative number.
"""
import math
import torch

COUNT, LR = 60, 0.05
numbers = [0.5 + math.exp(-i / 6) + 0.03 * math.sin(i * i) for i in range(COUNT)]


def show(name, values):
    print(name, len(values), *(f"{v:.17g}" for v in values))


def rates(mode, **settings):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode=mode, **settings)
    found = []
    for number in numbers:
        scheduler.step(number if mode == "min" else -100 * number)
        found.append(optimizer.param_groups[0]["lr"])
    return found


show("numbers", numbers)
show("rel", rates("min", factor=0.1, patience=3, threshold=1e-4))
show("rel_threshold", rates("min", factor=0.5, patience=1, threshold=0.02, cooldown=3))
show("abs", rates("min", factor=0.7, patience=0, threshold=0.01, threshold_mode="abs", min_lr=0.003))
show("max_rel", rates("max", factor=0.3, patience=2, threshold=0.01))
show("max_abs", rates("max", factor=0.5, patience=2, threshold=0.5, threshold_mode="abs", cooldown=1))
show("tiny", rates("min", factor=0.01, patience=2, threshold=0.5))
