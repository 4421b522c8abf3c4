#!/usr/bin/env python3
"""Make optimizer_vectors.txt: optimisers and learning-rate schedules of PyTorch, in double precision.

    make_optimizer_vectors.py > optimizer_vectors.txt         needs Debian's python3-torch

Six parameters walk 20 steps down f(w) = Σ (k+1)/2 (w_k − k/2)², whose gradient is (k+1)(w_k − k/2), from w_k = 1 − k/3.
One line per optimiser: NAME COUNT the parameters after every step. One line per schedule: the rates of 60 steps; an epoch
has 10 steps. Keras's placement of ε is not in PyTorch: those lines follow the formula. Of the lines with decay_weights only
the parameters 0 and 1 decay; gradients that are clipped are those of two tensors.
"""
import math
import torch

STEPS, SIZE, LR = 20, 6, 0.05
k = torch.arange(SIZE, dtype=torch.float64)


def show(name, values):
    print(name, len(values), *(f"{v:.12e}" for v in values))


def walk(name, make):
    w = (1 - k / 3).clone().requires_grad_()
    optimizer = make([w])
    values = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        ((k + 1) / 2 * (w - k / 2) ** 2).sum().backward()
        optimizer.step()
        values += w.tolist()
    show(name, values)


def walk_parts(name, make, clip=lambda parts: None):
    parts = [part.clone().requires_grad_() for part in (1 - k / 3).split([2, 4])]
    optimizer = make(parts)
    values = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        w = torch.cat(parts)
        ((k + 1) / 2 * (w - k / 2) ** 2).sum().backward()
        clip(parts)
        optimizer.step()
        values += torch.cat(parts).tolist()
    show(name, values)


def decaying(parts, decay):
    return [{"params": parts[:1], "weight_decay": decay}, {"params": parts[1:], "weight_decay": 0}]


def clip_both(parts):
    U.clip_grad_norm_(parts, 6)
    U.clip_grad_value_(parts, 2)


def walk_keras(name, step):
    w = 1 - k / 3
    m, v, values = torch.zeros_like(w), torch.zeros_like(w), []
    for t in range(1, STEPS + 1):
        w, m, v = step(w, (k + 1) * (w - k / 2), m, v, t)
        values += w.tolist()
    show(name, values)


def adam_keras(w, g, m, v, t, b1=0.9, b2=0.99, eps=1e-3):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    return w - LR * math.sqrt(1 - b2**t) / (1 - b1**t) * m / (v.sqrt() + eps), m, v


def adamw_keras(w, g, m, v, t):
    return adam_keras(w - LR * 0.1 * w, g, m, v, t)


def rmsprop_keras(w, g, m, v, t, rho=0.9, eps=1e-3):
    v = rho * v + (1 - rho) * g * g
    return w - LR * g / (v + eps).sqrt(), m, v


O = torch.optim
walk("sgd", lambda p: O.SGD(p, lr=LR))
walk("momentum", lambda p: O.SGD(p, lr=LR, momentum=0.9))
walk("nesterov", lambda p: O.SGD(p, lr=LR, momentum=0.9, nesterov=True))
walk("weight_decay", lambda p: O.SGD(p, lr=LR, momentum=0.9, weight_decay=0.1))
walk("adam", lambda p: O.Adam(p, lr=LR, betas=(0.9, 0.99), eps=1e-3))
walk("rmsprop", lambda p: O.RMSprop(p, lr=LR, alpha=0.9, eps=1e-3))
walk_keras("adam_keras", adam_keras)
walk_keras("rmsprop_keras", rmsprop_keras)
U = torch.nn.utils
ADAM = dict(lr=LR, betas=(0.9, 0.99), eps=1e-3)
walk("adamw", lambda p: O.AdamW(p, weight_decay=0.1, **ADAM))
walk_keras("adamw_keras", adamw_keras)
walk("rmsprop_momentum", lambda p: O.RMSprop(p, lr=LR, alpha=0.9, eps=1e-3, momentum=0.8, weight_decay=0.05))
walk_parts("sgd_decay_weights", lambda p: O.SGD(decaying(p, 0.1), lr=LR, momentum=0.9))
walk_parts("adamw_decay_weights", lambda p: O.AdamW(decaying(p, 0.1), **ADAM))
walk_parts("rmsprop_decay_weights", lambda p: O.RMSprop(decaying(p, 0.1), lr=LR, alpha=0.9, eps=1e-3, momentum=0.8))
walk_parts("clip_norm", lambda p: O.SGD(p, lr=LR, momentum=0.9), lambda p: U.clip_grad_norm_(p, 5))
walk_parts("clip_value", lambda p: O.SGD(p, lr=LR, momentum=0.9), lambda p: U.clip_grad_value_(p, 2))
walk_parts("clip_both", lambda p: O.Adam(decaying(p, 0.1), **ADAM), clip_both)


def rates(name, make, per_epoch=False):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=LR, momentum=0.9)
    schedule, values = make(optimizer), []
    for step in range(60):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not per_epoch or step % 10 == 9:
            schedule.step()
    show(name, values)


S = torch.optim.lr_scheduler
cycle = dict(base_lr=1e-3, max_lr=1e-1, step_size_up=7, cycle_momentum=False)
rates("step_decay", lambda o: S.StepLR(o, step_size=2, gamma=0.1), per_epoch=True)
rates("factors_at", lambda o: S.MultiStepLR(o, milestones=[15, 40], gamma=0.1))
rates("triangular", lambda o: S.CyclicLR(o, mode="triangular", **cycle))
rates("triangular2", lambda o: S.CyclicLR(o, mode="triangular2", **cycle))
rates("exp_range", lambda o: S.CyclicLR(o, mode="exp_range", gamma=0.97, **cycle))


def after(warmup, make, start=0.1):
    """A schedule after `warmup` counts of a rise."""
    return lambda o: S.SequentialLR(o, [S.LinearLR(o, start_factor=start, total_iters=warmup), make(o)], milestones=[warmup])


def cosine(length, low=0):
    return lambda o: S.CosineAnnealingLR(o, T_max=length, eta_min=low)


def restarts(period, multiplier, low=0):
    return lambda o: S.CosineAnnealingWarmRestarts(o, T_0=period, T_mult=multiplier, eta_min=low)


rates("cosine", cosine(60))
rates("cosine_epochs", cosine(6, 1e-3), per_epoch=True)
rates("cosine_beyond", cosine(23, 1e-3))
rates("restarts", restarts(7, 1, 1e-3))
rates("restarts_longer", restarts(4, 2))
rates("restarts_epochs", restarts(1, 3), per_epoch=True)
rates("linear", lambda o: S.LinearLR(o, start_factor=1, end_factor=0, total_iters=60))
rates("linear_short", lambda o: S.LinearLR(o, start_factor=0.5, end_factor=0.1, total_iters=4), per_epoch=True)
rates("exponential", lambda o: S.ExponentialLR(o, gamma=0.9))
rates("exponential_epochs", lambda o: S.ExponentialLR(o, gamma=0.5), per_epoch=True)
rates("one_cycle", lambda o: S.OneCycleLR(o, max_lr=LR, total_steps=60))
rates("one_cycle_keys", lambda o: S.OneCycleLR(o, max_lr=LR, total_steps=61, pct_start=0.6, div_factor=4, final_div_factor=50))
rates("step_decay_steps", lambda o: S.StepLR(o, step_size=13, gamma=0.1))
rates("factors_at_epochs", lambda o: S.MultiStepLR(o, milestones=[1, 4], gamma=0.1), per_epoch=True)
rates("warm_constant", lambda o: S.LinearLR(o, start_factor=0.01, total_iters=11))
rates("warm_cosine", after(7, cosine(53)))
rates("warm_cosine_epochs", after(2, cosine(4)), per_epoch=True)
rates("warm_restarts", after(5, restarts(10, 2)))
rates("warm_linear", after(20, lambda o: S.LinearLR(o, start_factor=0.8, end_factor=0.2, total_iters=30)))
rates("warm_exponential", after(3, lambda o: S.ExponentialLR(o, gamma=0.7)), per_epoch=True)
rates("warm_step_decay", after(2, lambda o: S.StepLR(o, step_size=2, gamma=0.1)), per_epoch=True)
rates("warm_factors_at", after(5, lambda o: S.MultiStepLR(o, milestones=[15, 40], gamma=0.1)))
