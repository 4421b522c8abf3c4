"""Networks that mpisweep and PyTorch train from the same start on the same samples, step by step.

A case is a job without its data and start; samples and first parameters come from a hash, so that both sides make the
same arrays and only PyTorch's losses must be kept.
"""
import numpy as np

CIFAR = {"mean": [0.4914, 0.4822, 0.4465], "std": [0.247, 0.243, 0.261]}


def uniform(stream, shape):
    """Numbers in [0, 1) by a hash of their position: float64 of `shape`."""
    z = (np.arange(int(np.prod(shape)), dtype=np.uint32) + np.uint32(stream * 1000003)) * np.uint32(0x9E3779B1)
    z = (z ^ (z >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    z = (z ^ (z >> np.uint32(13))) * np.uint32(0x27D4EB2F)
    return ((z ^ (z >> np.uint32(16))) / 2.0**32).reshape(shape)


def conv(filters, kernel, **more):
    return {"conv": {"filters": filters, "kernel": kernel, **more}}


def dense(units, bias=True):
    return {"dense": {"units": units, "bias": bias}}


POOL = {"max_pool": 2}
MLP1 = [dense(32), "relu", dense(10)]
MLP2 = [dense(32), "relu", dense(64, bias=False), dense(10)]
CNN3 = [conv(16, 3), "relu", conv(8, 5), "relu", POOL, conv(16, 7), POOL, dense(10)]
CNN4 = [conv(16, 3), "relu", conv(8, 3), "relu", conv(16, 5), "relu", POOL, conv(16, 5), "relu", POOL, dense(10)]
CNN5 = [conv(8, 3), "relu", conv(16, 3), "relu", conv(8, 3), "relu", conv(16, 3), "relu", POOL,
        conv(16, 3), "relu", conv(8, 3), "relu", POOL, dense(10)]
NORM = {"batch_norm": {"momentum": 0.99, "epsilon": 1e-3}}
MLP_NORM = [dense(32), NORM, "tanh", dense(20), "relu", dense(10)]
LENET_NORM = [NORM, conv(6, 5), "tanh", {"avg_pool": 2}, NORM, conv(16, 5), "tanh", {"avg_pool": 2}, NORM,
              dense(120), "tanh", NORM, dense(84), "tanh", NORM, dense(10), "softmax"]
MIXED = [conv(8, 3, padding="same"), {"leaky_relu": 0.1}, conv(18, [3, 2], stride=2, padding=[1, 0]), "relu",
         {"max_pool": {"kernel": 3, "stride": 2}}, conv(16, 3, padding="valid"), "tanh", "flatten", dense(24, bias=False),
         "identity", dense(10)]
ELUS = [conv(6, 3), {"elu": 1}, conv(8, 3, padding=1), {"elu": 0.5}, POOL, dense(20), {"elu": 1}, dense(10)]
BLOCK_NORM = {"batch_norm": {"momentum": 0.9, "epsilon": 1e-5}}


def block(filters, stride=1, shortcut=None):
    """A basic block of a ResNet, before the ReLU that follows it."""
    layers = [conv(filters, 3, padding=1, stride=stride), BLOCK_NORM, "relu", conv(filters, 3, padding=1), BLOCK_NORM]
    return {"residual": {"layers": layers, **({"shortcut": shortcut} if shortcut else {})}}


RESNET = [conv(8, 3, padding=1), BLOCK_NORM, "relu", block(8), "relu", block(12, 2, [conv(12, 1, stride=2), BLOCK_NORM]), "relu",
          {"avg_pool": 4}, dense(10)]
NESTED = [dense(12), {"residual": ["tanh", {"residual": [dense(12), "tanh"]}, dense(12)]}, "relu", dense(10)]
MODERN = [conv(6, 3, bias=False), {"layer_norm": {"epsilon": 1e-5}}, "gelu",
          {"max_pool": {"kernel": 3, "stride": 2, "padding": 1}}, conv(8, 3, padding=2, dilation=2),
          {"group_norm": {"groups": 4, "epsilon": 1e-5}}, "silu", "global_avg_pool", dense(12), {"gelu": "tanh"}, dense(10)]
DEPTHWISE = [conv(18, 3, padding=1), "softplus", conv(18, 3, padding=1, stride=2, groups=18, bias=False),
             {"group_norm": {"groups": 3, "epsilon": 1e-5}}, "gelu", conv(24, 1, groups=2), "silu",
             {"avg_pool": {"kernel": 3, "stride": 2, "padding": 1}}, dense(16), {"layer_norm": {"epsilon": 1e-5}}, dense(10)]
SIGMOIDS = [dense(20), "scaled_sigmoid", dense(20), "sigmoid", dense(10), "scaled_sigmoid"]
REGRESSION = [dense(16), "tanh", dense(8), "softmax", dense(3)]

ADAM = {"kind": "adam", "lr": 1e-3}
ENTROPY = {"entropy_weight": 0.005}


def case(layers, shape, optimizer, loss=None, batch=16, steps=20, epochs=1, normalize=None, targets=0, stream=10,
         labels=False, schedule=None):
    """`targets` 0: ten classes; else this many numbers per sample, 0 and 1 with `labels`. One epoch has steps / epochs batches.
    `stream`: of the first parameters."""
    return {"layers": layers, "shape": shape, "optimizer": optimizer, "loss": loss or {}, "batch": batch, "steps": steps,
            "epochs": epochs, "normalize": normalize or {}, "targets": targets, "stream": stream, "labels": labels,
            "schedule": schedule or {}}


# Twenty steps: the networks of the architecture study, LeNet with batch normalisation, further optimisers, losses and layers.
SHORT = {
    "mlp1_adam": case(MLP1, (3, 32, 32), ADAM, normalize=CIFAR),
    "mlp2_adam": case(MLP2, (3, 32, 32), ADAM, normalize=CIFAR),
    "cnn3_adam": case(CNN3, (3, 32, 32), ADAM, normalize=CIFAR),
    # In double precision first parameters that differ by 1e-6 move losses by 3e-5 to 3e-3 within 20 steps, as inputs of
    # ReLUs change sign; PyTorch in single precision is up to 2e-3 away. This start is one of the quieter.
    "cnn4_adam": case(CNN4, (3, 32, 32), ADAM, normalize=CIFAR, stream=14),
    "cnn5_adam": case(CNN5, (3, 32, 32), ADAM, normalize=CIFAR),
    "lenet_norm_sgd": case(LENET_NORM, (1, 28, 28), {"kind": "sgd", "lr": 0.1}),
    "mlp2_rmsprop": case(MLP2, (3, 8, 8), {"kind": "rmsprop", "lr": 2e-3, "rho": 0.9, "epsilon": 1e-7}),
    "mlp2_nesterov": case(MLP2, (3, 8, 8), {"kind": "nesterov", "lr": 0.05, "momentum": 0.9}),
    "regression_mae": case(REGRESSION, (6, 1, 1), {"kind": "sgd", "lr": 0.1, "momentum": 0.9},
                           loss={"kind": "mae", "over_outputs": "sum"}, targets=3),
    "labels_logits": case([dense(12), "tanh", dense(3)], (6, 1, 1), {"kind": "adam", "lr": 2e-3},
                          loss={"kind": "binary_cross_entropy_with_logits"}, targets=3, labels=True),
    "smoothed_sgd": case(MLP1, (2, 9, 8), {"kind": "sgd", "lr": 0.1}, loss={"label_smoothing": 0.1}),
    "weighted_momentum": case(MLP1, (2, 9, 8), {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
                              loss={"label_smoothing": 0.2, "class_weights": [0.2 * c for c in range(1, 11)]}),
    "norms_adamw_cosine": case(MLP_NORM, (3, 8, 8), {"kind": "adamw", "lr": 3e-3, "weight_decay": 0.1, "decay": "weights",
                                                     "clip_norm": 1}, epochs=2,
                               schedule={"kind": "cosine", "per": "step", "warmup": 4, "min_lr": 1e-5}),
    "mlp2_rmsprop_momentum": case(MLP2, (3, 8, 8), {"kind": "rmsprop", "lr": 1e-3, "momentum": 0.9, "weight_decay": 0.01,
                                                    "clip_value": 0.02}, epochs=5,
                                  schedule={"kind": "exponential", "factor": 0.7}),
    "mlp1_one_cycle": case(MLP1, (3, 8, 8), {"kind": "sgd", "lr": 0.3, "momentum": 0.9, "weight_decay": 0.01,
                                             "decay": "weights"}, schedule={"kind": "one_cycle"}),
    "modern_adam": case(MODERN, (2, 13, 11), {"kind": "adam", "lr": 2e-3}, steps=20, epochs=2),
    "depthwise_sgd": case(DEPTHWISE, (3, 12, 13), {"kind": "sgd", "lr": 0.05, "momentum": 0.9}, steps=20, epochs=2),
}
# Fifty steps in five epochs: between them every layer except dropout, every loss and every optimiser that takes steps.
LONG = {
    "mixed_momentum": case(MIXED, (3, 17, 14), {"kind": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-3},
                           loss=ENTROPY, steps=50, epochs=5),
    "lenet_norm_nesterov": case(LENET_NORM, (1, 28, 28), {"kind": "nesterov", "lr": 0.05, "momentum": 0.9},
                                steps=50, epochs=5, batch=24),
    "sigmoids_adam": case(SIGMOIDS, (1, 9, 7), {"kind": "adam", "lr": 2e-3, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6},
                          loss={"kind": "binary_cross_entropy", "over_outputs": "sum", "l2": 1e-3}, steps=50, epochs=5),
    "regression_rmsprop": case(REGRESSION, (6, 1, 1), {"kind": "rmsprop", "lr": 2e-3, "weight_decay": 1e-3},
                               loss={"kind": "squared_error"}, steps=50, epochs=5, targets=3),
    "regression_huber": case(REGRESSION, (6, 1, 1), {"kind": "sgd", "lr": 0.1, "momentum": 0.9},
                             loss={"kind": "huber", "delta": 0.4}, steps=50, epochs=5, targets=3),
    "resnet_momentum": case(RESNET, (3, 8, 8), {"kind": "sgd", "lr": 0.05, "momentum": 0.9}, steps=50, epochs=5),
    "nested_adam": case(NESTED, (5, 1, 1), {"kind": "adam", "lr": 2e-3}, steps=50, epochs=5),
    "elus_adam": case(ELUS, (2, 9, 8), {"kind": "adam", "lr": 2e-3}, steps=50, epochs=5),
}
CASES = {**SHORT, **LONG}

# A convex problem whose optimum the full-batch optimisers must find; at most this many evaluations.
CONVEX = case([dense(10)], (1, 5, 4), None, loss={"l2": 1e-2}, batch=200, steps=1)
FULL_BATCH = ("truncated_newton", "lbfgs")
EVALUATIONS = 200


def samples(c):
    """x (N, C, H, W) uint8, a picture of the class under noise; y (N) int32 classes, or (N, targets) float32.

    N fills every batch of an epoch."""
    count = c["batch"] * c["steps"] // c["epochs"]
    classes = (uniform(3, count) * 10).astype(np.int32)
    noise, pictures = uniform(1, (count, *c["shape"])), uniform(2, (10, *c["shape"]))
    x = (128 * (noise + pictures[classes])).astype(np.uint8)
    if c["targets"]:
        targets = 2 * uniform(4, (10, c["targets"]))[classes] - 1
        return x, (targets > 0 if c["labels"] else targets).astype(np.float32)
    return x, classes


def start(c, count, bound=0.1):
    """First parameters of all layers in natural order: (count) float32 in ±bound."""
    return ((2 * uniform(c["stream"], count) - 1) * bound).astype(np.float32)
