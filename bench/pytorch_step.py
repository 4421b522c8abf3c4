#!/usr/bin/env python3
"""Time training steps or forward passes of PyTorch on random images, by the protocol of `mpisweep bench`: three steps to
warm up, then the minimum and the median of five blocks. The networks are those of bench/jobs. Prints one JSON object.

--tuned sets up PyTorch as an expert would: channels-last tensors and an allocator that keeps its pages.
Debian: python3-torch."""
import argparse
import json
import os
import statistics
import sys
import time

WARM_UP, BLOCKS = 3, 5
KEEP_PAGES = {"MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_MMAP_THRESHOLD_": "100000000000",
              "MALLOC_TOP_PAD_": "1000000000"}


def residual_block(nn, channels, filters, stride):
    """A basic block of a ResNet, with the ReLU behind it."""
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(),
                nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters))
            self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

        def forward(self, x):
            return nn.functional.relu(self.layers(x) + self.shortcut(x))
    return Block()


def networks(nn):
    """name: (shape of a sample, layers)"""
    image, digit = (3, 32, 32), (1, 28, 28)
    conv, linear, norm, norm1, pool = nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.BatchNorm1d, nn.MaxPool2d

    def separable(channels, filters, stride):
        return [conv(channels, channels, 3, stride, 1, groups=channels, bias=False), norm(channels), nn.ReLU(),
                conv(channels, filters, 1, bias=False), norm(filters), nn.ReLU()]
    return {
        "simple_cnn": (image, [
            conv(3, 32, 3, padding=1), nn.ReLU(), pool(2), conv(32, 64, 3, padding=1), nn.ReLU(), pool(2), nn.Flatten(),
            linear(4096, 128), nn.ReLU(), linear(128, 10)]),
        "cnn4": (image, [
            conv(3, 16, 3), nn.ReLU(), conv(16, 8, 3), nn.ReLU(), conv(8, 16, 5), nn.ReLU(), pool(2),
            conv(16, 16, 5), nn.ReLU(), pool(2), nn.Flatten(), linear(256, 10)]),
        "lenet_bn": (digit, [
            norm(1), conv(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), norm(6), conv(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), norm(16),
            nn.Flatten(), linear(256, 120), nn.Tanh(), norm1(120), linear(120, 84), nn.Tanh(), norm1(84), linear(84, 10)]),
        "mlp2": (image, [nn.Flatten(), linear(3072, 32), nn.ReLU(), linear(32, 64, bias=False), linear(64, 10)]),
        "depthwise": (image, [
            conv(3, 32, 3, padding=1, bias=False), norm(32), nn.ReLU(), *separable(32, 64, 1), *separable(64, 128, 2),
            *separable(128, 128, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear(128, 10)]),
        "resnet8": (image, [
            conv(3, 16, 3, padding=1, bias=False), norm(16), nn.ReLU(), residual_block(nn, 16, 16, 1),
            residual_block(nn, 16, 32, 2), residual_block(nn, 32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear(64, 10)]),
        "mlp_norm": (digit, [
            nn.Flatten(), linear(784, 128), nn.LayerNorm(128), nn.GELU(), linear(128, 128), nn.LayerNorm(128), nn.GELU(),
            linear(128, 10)]),
        "linear": (image, [nn.Flatten(), linear(3072, 10)]),
    }


def make_step(arguments):
    """A function that runs the work once."""
    import torch
    from torch import nn
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shape, layers = networks(nn)[arguments.network]
    network = nn.Sequential(*layers)
    images, labels = torch.randn(arguments.batch, *shape), torch.randint(0, 10, (arguments.batch,))
    if arguments.tuned:
        network, images = (x.to(memory_format=torch.channels_last) for x in (network, images))
    loss, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)

    def train():
        optimizer.zero_grad()
        loss(network(images), labels).backward()
        optimizer.step()

    def evaluate():
        with torch.no_grad():
            network(images)
    return evaluate if arguments.evaluate else train


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


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="simple_cnn", help="default: %(default)s")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=8, help="steps per block; default: %(default)s")
    parser.add_argument("--tuned", action="store_true", help="channels-last tensors, an allocator that keeps its pages")
    parser.add_argument("--evaluate", action="store_true", help="forward passes")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.tuned and "MALLOC_TOP_PAD_" not in os.environ:
        os.environ.update(KEEP_PAGES)
        os.execv(sys.executable, [sys.executable] + sys.argv)
    blocks = time_blocks(make_step(arguments), arguments.steps)
    print(json.dumps({"ms_per_step": min(blocks), "median_ms_per_step": statistics.median(blocks)}))


if __name__ == "__main__":
    main()
