#!/usr/bin/env python3
"""Time PyTorch on the networks of jobs/dying_relu.yaml, one thread: ten ReLU layers of width 2 learn y = |x| for one epoch.
Prints one JSON object, which includes how many networks give the same output for every test point. Debian: python3-torch."""
import argparse
import json
import time

import torch
from torch import nn

TRAIN, TEST, BATCH, SPREAD, LR, RHO, EPSILON = 3000, 750, 64, 7.0, 1e-3, 0.9, 1e-7


def network():
    """Ten ReLU layers of width 2 and one of width 1, Glorot uniform, biases zero."""
    widths = [1] + [2] * 10 + [1]
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        linear = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers)


def points(count):
    return (2 * torch.rand(count, 1) - 1) * SPREAD


def simulate():
    """Whether the trained network gives the same output for every test point."""
    model, x, test = network(), points(TRAIN), points(TEST)
    y, order = x.abs(), torch.randperm(TRAIN)
    parameters = list(model.parameters())
    squares = [torch.zeros_like(p) for p in parameters]
    for first in range(0, TRAIN, BATCH):
        batch = order[first:first + BATCH]
        gradients = torch.autograd.grad(nn.functional.mse_loss(model(x[batch]), y[batch]), parameters)
        with torch.no_grad():  # Keras's RMSprop, which PyTorch lacks
            for p, s, g in zip(parameters, squares, gradients):
                s.mul_(RHO).addcmul_(g, g, value=1 - RHO)
                p.addcdiv_(g, (s + EPSILON).sqrt_(), value=-LR)
    with torch.no_grad():
        return len(torch.unique(model(test))) == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=100, help="default: %(default)s")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    start = time.perf_counter()
    collapsed = sum(simulate() for _ in range(arguments.simulations))
    seconds = time.perf_counter() - start
    print(json.dumps({"ms_per_simulation": seconds / arguments.simulations * 1e3, "collapsed": collapsed,
                      "simulations": arguments.simulations}))


if __name__ == "__main__":
    main()
