#!/usr/bin/env python3
"""Time training steps of PyTorch on random images, by the protocol of `mpisweep bench`: three steps to warm up, then
the minimum and the median of five blocks. Prints one JSON object. Debian: python3-torch."""
import argparse
import json
import statistics
import time

import torch
from torch import nn

WARM_UP, BLOCKS = 3, 5


def entropy_sensitivity():
    """The network of jobs/entropy_sensitivity.yaml."""
    network = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4096, 128), nn.ReLU(), nn.Linear(128, 10))
    return network, (3, 32, 32), torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)


NETWORKS = {"entropy_sensitivity": entropy_sensitivity}


def training_step(network, shape, optimizer, batch):
    images, labels = torch.randn(batch, *shape), torch.randint(0, 10, (batch,))
    loss = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss(network(images), labels).backward()
        optimizer.step()
    return step


def time_blocks(step, steps):
    """Milliseconds per step of each block."""
    for _ in range(WARM_UP):
        step()
    blocks = []
    for _ in range(BLOCKS):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        blocks.append((time.perf_counter() - start) / steps * 1e3)
    return blocks


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, default="entropy_sensitivity")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=8, help="steps per block; default: %(default)s")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    blocks = time_blocks(training_step(*NETWORKS[arguments.network](), arguments.batch), arguments.steps)
    print(json.dumps({"ms_per_step": min(blocks), "median_ms_per_step": statistics.median(blocks),
                      "threads": arguments.threads, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
