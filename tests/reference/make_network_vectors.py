#!/usr/bin/env python3
"""Make network_vectors.json: the losses of PyTorch on the cases of network_cases.py, in double precision.

    make_network_vectors.py > network_vectors.json         needs Debian's python3-torch

Per case: the number of parameters, the loss of every step before its update, and 40 parameters after the last one. Of the
convex problem: the lowest cost and where it is.
"""
import json

import numpy as np
import torch
from torch import nn

from network_cases import CASES, CONVEX, samples, start

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


class ScaledSigmoid(nn.Module):
    def forward(self, x):
        return torch.sigmoid(2 * x)


PLAIN = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "scaled_sigmoid": ScaledSigmoid, "identity": nn.Identity,
         "flatten": nn.Flatten, "silu": nn.SiLU, "gelu": nn.GELU, "softplus": nn.Softplus}
PADDINGS = {"same": "same", "valid": 0}


def as_tuple(value):
    return tuple(value) if isinstance(value, list) else value


def convolution(shape, keys):
    padding = keys.get("padding", 0)
    return nn.Conv2d(shape[0], keys["filters"], as_tuple(keys["kernel"]), stride=as_tuple(keys.get("stride", 1)),
                     padding=PADDINGS.get(padding, padding) if isinstance(padding, str) else as_tuple(padding),
                     dilation=keys.get("dilation", 1), groups=keys.get("groups", 1), bias=keys.get("bias", True))


def normalization(shape, keys):
    make = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
    return make(shape[0], eps=keys["epsilon"], momentum=1 - keys["momentum"])


def pooling(make, keys):
    keys = keys if isinstance(keys, dict) else {"kernel": keys}
    return make(keys["kernel"], stride=keys.get("stride", keys["kernel"]), padding=keys.get("padding", 0))


class Residual(nn.Module):
    def __init__(self, inner, shortcut):
        super().__init__()
        self.inner, self.shortcut = inner, shortcut

    def forward(self, x):
        return self.inner(x) + self.shortcut(x)


def residual(shape, keys):
    keys = keys if isinstance(keys, dict) else {"layers": keys}
    return Residual(nn.Sequential(*modules_of(keys["layers"], shape)), nn.Sequential(*modules_of(keys.get("shortcut", []), shape)))


def layer(item, shape):
    """The modules of one layer on an input of `shape` (without the batch)."""
    if item == "global_avg_pool":
        return [nn.AdaptiveAvgPool2d(1)]
    if isinstance(item, str):
        return [nn.Softmax(dim=1)] if item == "softmax" else [PLAIN[item]()]
    (kind, keys), = item.items()
    if kind == "dense":
        flatten = [nn.Flatten()] if len(shape) > 1 else []
        return flatten + [nn.Linear(int(np.prod(shape)), keys["units"], bias=keys["bias"])]
    if kind == "conv":
        return [convolution(shape, keys)]
    if kind == "batch_norm":
        return [normalization(shape, keys)]
    if kind == "residual":
        return [residual(shape, keys)]
    if kind == "layer_norm":
        return [nn.LayerNorm(shape, eps=keys["epsilon"])]
    if kind == "group_norm":
        return [nn.GroupNorm(keys["groups"], shape[0], eps=keys["epsilon"])]
    if kind == "gelu":
        return [nn.GELU(approximate=keys)]
    if kind == "leaky_relu":
        return [nn.LeakyReLU(keys)]
    if kind == "elu":
        return [nn.ELU(keys)]
    return [pooling({"max_pool": nn.MaxPool2d, "avg_pool": nn.AvgPool2d}[kind], keys)]


def modules_of(layers, shape):
    """Those of a list of layers, on an input of `shape`."""
    modules, x = [], torch.zeros(2, *shape)
    for item in layers:
        added = layer(item, tuple(x.shape[1:]))
        x = nn.Sequential(*added)(x)
        modules += added
    return modules


def network(c):
    """The case's model. mpisweep's cross-entropy includes a final softmax, and so does PyTorch's."""
    layers = c["layers"][:-1] if c["layers"][-1] == "softmax" else c["layers"]
    return nn.Sequential(*modules_of(layers, c["shape"]))


def fresh(model):
    """Running statistics as at the start: building the model has passed data through it."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
    return model


def decaying(model, keys):
    """All parameters, or a group of those that decay and one of the others."""
    if keys.get("decay", "all") == "all":
        return model.parameters()
    weights = [m.weight for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    others = [p for p in model.parameters() if not any(p is w for w in weights)]
    return [{"params": weights}, {"params": others, "weight_decay": 0}]


def optimizer(model, keys):
    kind, lr, decay, parameters = keys["kind"], keys["lr"], keys.get("weight_decay", 0), decaying(model, keys)
    if kind in ("adam", "adamw"):
        make = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
        return make(parameters, lr=lr, betas=(keys.get("beta1", 0.9), keys.get("beta2", 0.999)),
                    eps=keys.get("epsilon", 1e-8), weight_decay=decay)
    if kind == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=lr, alpha=keys.get("rho", 0.99), eps=keys.get("epsilon", 1e-8),
                                   weight_decay=decay, momentum=keys.get("momentum", 0))
    return torch.optim.SGD(parameters, lr=lr, momentum=keys.get("momentum", 0), weight_decay=decay,
                           nesterov=kind == "nesterov")


def clip(model, keys):
    if "clip_norm" in keys:
        nn.utils.clip_grad_norm_(model.parameters(), keys["clip_norm"])
    if "clip_value" in keys:
        nn.utils.clip_grad_value_(model.parameters(), keys["clip_value"])


def schedule(c, steps):
    """(the case's schedule, whether it counts steps)"""
    keys, rates = c["schedule"], torch.optim.lr_scheduler
    if not keys:
        return rates.ConstantLR(steps, factor=1), True
    if keys["kind"] == "exponential":
        return rates.ExponentialLR(steps, gamma=keys["factor"]), False
    if keys["kind"] == "one_cycle":
        return rates.OneCycleLR(steps, max_lr=c["optimizer"]["lr"], total_steps=c["steps"], cycle_momentum=False), True
    warmup = rates.LinearLR(steps, start_factor=0.01, total_iters=keys["warmup"])
    cosine = rates.CosineAnnealingLR(steps, T_max=c["steps"] - keys["warmup"], eta_min=keys["min_lr"])
    return rates.SequentialLR(steps, [warmup, cosine], milestones=[keys["warmup"]]), True


def data_loss(c, outputs, y):
    loss = c["loss"]
    kind = loss.get("kind", "cross_entropy")
    if kind == "squared_error":
        return nn.functional.mse_loss(outputs, y)
    if kind == "huber":
        return nn.functional.huber_loss(outputs, y, delta=loss["delta"])
    if kind == "mae":
        return nn.functional.l1_loss(outputs, y, reduction="sum") / len(y)
    if kind == "binary_cross_entropy_with_logits":
        return nn.functional.binary_cross_entropy_with_logits(outputs, y)
    if kind == "binary_cross_entropy":
        return nn.functional.binary_cross_entropy(outputs, nn.functional.one_hot(y, 10).double(), reduction="sum") / len(y)
    weight = torch.tensor(loss["class_weights"]) if "class_weights" in loss else None
    value = nn.functional.cross_entropy(outputs, y, weight, label_smoothing=loss.get("label_smoothing", 0))
    p = torch.softmax(outputs, dim=1)
    entropy = -(p * torch.log(p + 1e-8)).sum(dim=1).mean()
    return value + loss.get("entropy_weight", 0) * entropy


def penalty(c, model):
    return c["loss"].get("l2", 0) * sum((m.weight**2).sum() for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d)))


def inputs(c, x):
    x = torch.tensor(x).double() / 255
    if c["normalize"]:
        mean, std = (torch.tensor(c["normalize"][k]).view(1, -1, 1, 1) for k in ("mean", "std"))
        x = (x - mean) / std
    return x


def train(c):
    model = fresh(network(c))
    values = torch.tensor(start(c, sum(p.numel() for p in model.parameters()))).double()
    nn.utils.vector_to_parameters(values, model.parameters())
    x, y = samples(c)
    x, y = inputs(c, x), torch.tensor(y).double() if c["targets"] else torch.tensor(y).long()
    steps, batch, losses = optimizer(model, c["optimizer"]), c["batch"], []
    rates, per_step = schedule(c, steps)
    for step in range(c["steps"]):
        first = step * batch % len(x)
        loss = data_loss(c, model(x[first:first + batch]), y[first:first + batch])
        losses.append(loss.item())
        steps.zero_grad()
        (loss + penalty(c, model)).backward()
        clip(model, c["optimizer"])
        steps.step()
        if per_step or first + batch == len(x):
            rates.step()
    end = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    places = np.linspace(0, len(end) - 1, 40).astype(int)
    return {"parameters": len(end), "losses": losses, "places": places.tolist(), "values": end[places].tolist()}


def optimum(c):
    """By PyTorch's own L-BFGS, until nothing moves."""
    model, (x, y) = fresh(network(c)), samples(c)
    x, y = inputs(c, x), torch.tensor(y).long()
    steps = torch.optim.LBFGS(model.parameters(), max_iter=1000, tolerance_grad=1e-12, tolerance_change=1e-16,
                              line_search_fn="strong_wolfe")

    def cost():
        steps.zero_grad()
        value = data_loss(c, model(x), y) + penalty(c, model)
        value.backward()
        return value
    steps.step(cost)
    end = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    return {"parameters": len(end), "cost": cost().item(), "weights": end[:-10].tolist()}


def rounded(value):
    return float(f"{value:.9e}") if isinstance(value, float) else value


def all_vectors():
    yield from ((name, train(c)) for name, c in CASES.items())
    yield "convex", optimum(CONVEX)


def main():
    vectors = {name: {key: [rounded(v) for v in value] if isinstance(value, list) else value
                      for key, value in found.items()} for name, found in all_vectors()}
    print("{\n" + ",\n".join(f'"{name}": {json.dumps(v)}' for name, v in vectors.items()) + "\n}")


if __name__ == "__main__":
    main()
