"""Networks from and to PyTorch (docs/from-pytorch.md)."""
import numpy as np
import torch
from torch import nn

from .cell_layers import layers_of, places_of
from .cells import source
from .errors import MissingName, RequestError
from .reading import open as open_results

# Of a sample, for the sources of data that have but one.
SHAPES = {
    "cifar10": (3, 32, 32),
    "mnist": (1, 28, 28),
    "fashion_mnist": (1, 28, 28),
    "xor": (2,),
    "absolute_value": (1,),
}


class Residual(nn.Module):
    """The sum of what its layers and its shortcut make of an input."""

    def __init__(self, layers, shortcut=None):
        super().__init__()
        self.layers, self.shortcut = layers, nn.Identity() if shortcut is None else shortcut

    def forward(self, x):
        return self.layers(x) + self.shortcut(x)


class ScaledSigmoid(nn.Module):
    """1 / (1 + exp(-2 x))"""

    def forward(self, x):
        return torch.sigmoid(2 * x)


class SampleSoftmax(nn.Module):
    """Softmax over all values of a sample."""

    def forward(self, x):
        return torch.softmax(x.flatten(1), 1).view(x.shape)


# ---- To PyTorch -----------------------------------------------------------------------------------


def _window(keys):
    kernel = _pair(keys["kernel"])
    return {
        "kernel_size": kernel,
        "stride": _pair(keys.get("stride", kernel)),
        "padding": _pair(keys.get("padding", 0)),
    }


def _pair(value):
    return tuple(value) if isinstance(value, (list, tuple)) else (value, value)


def _conv(shape, keys):
    kernel, dilation = _pair(keys["kernel"]), _pair(keys.get("dilation", 1))
    padding = keys.get("padding", 0)
    if padding == "same":
        padding = [d * (k - 1) // 2 for k, d in zip(kernel, dilation)]
    return nn.Conv2d(
        shape[0],
        keys["filters"],
        kernel,
        _pair(keys.get("stride", 1)),
        _pair(0 if padding == "valid" else padding),
        dilation,
        keys.get("groups", 1),
        keys.get("bias", True),
    )


def _batch_norm(shape, keys):
    norm = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    return norm(shape[0], eps=keys.get("epsilon", 1e-5), momentum=1 - keys.get("momentum", 0.9))


def _residual(shape, keys):
    return Residual(
        _sequence(keys["layers"], shape), _sequence(keys["shortcut"], shape) if keys["shortcut"] else None
    )


# Kind of layer: what makes its module for an input of `shape`, without the number of samples.
MODULES = {
    "conv": _conv,
    "max_pool": lambda shape, keys: nn.MaxPool2d(**_window(keys)),
    "avg_pool": lambda shape, keys: nn.AvgPool2d(**_window(keys)),
    "global_avg_pool": lambda shape, keys: nn.AdaptiveAvgPool2d(1),
    "batch_norm": _batch_norm,
    "layer_norm": lambda shape, keys: nn.LayerNorm(shape, eps=keys.get("epsilon", 1e-5)),
    "group_norm": lambda shape, keys: nn.GroupNorm(keys["groups"], shape[0], eps=keys.get("epsilon", 1e-5)),
    "dropout": lambda shape, keys: nn.Dropout(keys["rate"]),
    "relu": lambda shape, keys: nn.ReLU(),
    "leaky_relu": lambda shape, keys: nn.LeakyReLU(keys.get("slope", 0.01)),
    "elu": lambda shape, keys: nn.ELU(keys.get("alpha", 1)),
    "gelu": lambda shape, keys: nn.GELU(approximate=keys.get("approximate", "none")),
    "silu": lambda shape, keys: nn.SiLU(),
    "softplus": lambda shape, keys: nn.Softplus(keys.get("beta", 1), keys.get("threshold", 20)),
    "tanh": lambda shape, keys: nn.Tanh(),
    "sigmoid": lambda shape, keys: nn.Sigmoid(),
    "scaled_sigmoid": lambda shape, keys: ScaledSigmoid(),
    "softmax": lambda shape, keys: SampleSoftmax(),
    "identity": lambda shape, keys: nn.Identity(),
    "flatten": lambda shape, keys: nn.Flatten(),
    "residual": _residual,
}


def _modules(kind, keys, shape):
    """Those of a layer; a dense layer reads an image by channel, row and column."""
    if kind == "dense":
        flat = [nn.Flatten()] if len(shape) > 1 else []
        return [*flat, nn.Linear(int(np.prod(shape)), keys["units"], bias=keys.get("bias", True))]
    return [MODULES[kind](shape, keys)]


def _sequence(layers, shape):
    modules, x = [], torch.zeros(1, *shape)
    for kind, keys in layers:
        for module in _modules(kind, keys, tuple(x.shape[1:])):
            x = module.eval()(x)
            modules.append(module)
    return nn.Sequential(*modules)


def _shape_of(ds, shape):
    """Of a sample."""
    data = ds.attrs["job"].get("data", {})
    known = SHAPES.get(data.get("source"))
    if data.get("source") == "synthetic":
        known = tuple(
            data.get(key, default) for key, default in (("channels", 3), ("height", 32), ("width", 32))
        )
        known = known[:1] if known[1:] == (1, 1) else known
    if shape is None and known is None:
        raise RequestError(
            f"{source(ds)}: the file does not say of what shape a sample is; "
            "give shape=(channels, rows, columns) or (features,)"
        )
    return tuple(shape) if shape is not None else known


def _values(ds, name, places):
    if name not in ds.data_vars:
        raise MissingName(
            f"{source(ds)}: no array {name!r}: the cell's network is not recorded; "
            f"record it with `{name.partition('_')[0]}: {{every: end}}` and the like"
        )
    return ds[name].isel(places).values


def _last(values):
    """Of an array that was recorded repeatedly, the last moment."""
    return values.reshape(-1, values.shape[-1])[-1]


def _norm_names(layers, before=""):
    """Of batch norms, in the order of their parameters: "3", "4_0", "4_shortcut_1"."""
    for place, (kind, keys) in enumerate(layers):
        if kind == "batch_norm":
            yield f"{before}{place}"
        if kind == "residual":
            yield from _norm_names(keys["layers"], f"{before}{place}_")
            yield from _norm_names(keys["shortcut"], f"{before}{place}_shortcut_")


def _load(ds, module, layers, places):
    parameters = _last(_values(ds, "parameters", places))
    count = sum(p.numel() for p in module.parameters())
    parameters = parameters[:count]
    if len(parameters) != count or not np.isfinite(parameters).all():
        raise RequestError(
            f"{source(ds)}: the cell has not the {count} parameters of its network: it is not done, or "
            "samples have another shape"
        )
    nn.utils.vector_to_parameters(torch.tensor(parameters), module.parameters())
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm, name in zip(norms, _norm_names(layers)):
        for buffer, part in ((norm.running_mean, "mean"), (norm.running_var, "variance")):
            buffer.copy_(torch.tensor(_last(_values(ds, f"batch_norm_{name}_{part}", places))[: len(buffer)]))


def to_torch(file, cell, shape=None):
    """The network of a cell with the parameters that it recorded, an nn.Sequential in evaluation mode.

    file    a results file, or what open() made of it; its job records `parameters`, and `batch_norm` where
            there is one
    cell    {axis: value}; an axis with one value need not be named
    shape   of a sample, (channels, rows, columns) or (features,); needed for data of your own

    It takes samples as the job normalises them, images as (N, C, H, W), and ends as the job's layers do: with
    the logits unless these end with softmax or sigmoid. Raises RequestError (a ValueError) or KeyError."""
    if not hasattr(file, "status"):
        with open_results(file) as ds:
            return to_torch(ds, cell, shape)
    layers = layers_of(file, cell)
    module = _sequence(layers, _shape_of(file, shape))
    with torch.no_grad():
        _load(file, module, layers, places_of(file, cell))
    return module.eval()


# ---- From PyTorch ---------------------------------------------------------------------------------


def _of_conv(m):
    if m.padding_mode != "zeros":
        raise RequestError(f"{m}: padding_mode {m.padding_mode!r}; accepted: zeros")
    keys = {
        "filters": m.out_channels,
        "kernel": list(m.kernel_size),
        "stride": list(m.stride),
        "padding": m.padding if isinstance(m.padding, str) else list(m.padding),
    }
    more = {"dilation": list(m.dilation), "groups": m.groups, "bias": m.bias is not None}
    return {
        "conv": keys
        | {
            key: value
            for key, value in more.items()
            if value not in ([1, 1], 1) or key == "bias" and not value
        }
    }


def _of_pool(kind):
    def layer(m):
        if (
            m.ceil_mode
            or getattr(m, "dilation", 1) not in (1, (1, 1))
            or not getattr(m, "count_include_pad", True)
        ):
            raise RequestError(f"{m}; accepted: without ceil_mode and dilation, padding counted")
        return {
            kind: {
                "kernel": list(_pair(m.kernel_size)),
                "stride": list(_pair(m.stride)),
                "padding": list(_pair(m.padding)),
            }
        }

    return layer


def _of_batch_norm(m):
    if not m.affine or not m.track_running_stats or m.momentum is None:
        raise RequestError(f"{m}; accepted: affine, with running statistics and a momentum")
    return {"batch_norm": {"momentum": 1 - m.momentum, "epsilon": m.eps}}


def _of_norm(kind, keys):
    def layer(m):
        if m.weight is None or m.bias is None:
            raise RequestError(f"{m}; accepted: with weights and biases")
        return {kind: {"epsilon": m.eps} | keys(m)}

    return layer


def _of_softmax(m):
    if m.dim not in (1, -1):
        raise RequestError(f"{m}; accepted: over dimension 1")
    return "softmax"


def _of_residual(m):
    keys = {"layers": _layers(m.layers)}
    shortcut = [] if isinstance(m.shortcut, nn.Identity) else _layers(m.shortcut)
    return {"residual": keys | ({"shortcut": shortcut} if shortcut else {})}


def _of_average(m):
    if m.output_size not in (1, (1, 1)):
        raise RequestError(f"{m}; accepted: an output of 1 × 1")
    return "global_avg_pool"


# Class of a module: what the layer of a job is. In this order: the first that fits.
LAYERS = (
    (nn.Linear, lambda m: {"dense": {"units": m.out_features, "bias": m.bias is not None}}),
    (nn.Conv2d, _of_conv),
    (nn.MaxPool2d, _of_pool("max_pool")),
    (nn.AvgPool2d, _of_pool("avg_pool")),
    ((nn.BatchNorm1d, nn.BatchNorm2d), _of_batch_norm),
    (nn.LayerNorm, _of_norm("layer_norm", lambda m: {})),
    (nn.GroupNorm, _of_norm("group_norm", lambda m: {"groups": m.num_groups})),
    (nn.Dropout, lambda m: {"dropout": m.p}),
    (nn.ReLU, lambda m: "relu"),
    (nn.LeakyReLU, lambda m: {"leaky_relu": m.negative_slope}),
    (nn.ELU, lambda m: {"elu": m.alpha}),
    (nn.GELU, lambda m: {"gelu": m.approximate}),
    (nn.SiLU, lambda m: "silu"),
    (nn.Softplus, lambda m: {"softplus": {"beta": m.beta, "threshold": m.threshold}}),
    (nn.Tanh, lambda m: "tanh"),
    (nn.Sigmoid, lambda m: "sigmoid"),
    (ScaledSigmoid, lambda m: "scaled_sigmoid"),
    (SampleSoftmax, lambda m: "softmax"),
    (nn.Softmax, _of_softmax),
    (nn.Identity, lambda m: "identity"),
    (nn.Flatten, lambda m: "flatten"),
    (nn.AdaptiveAvgPool2d, _of_average),
    (Residual, _of_residual),
)


def _layers(module):
    if isinstance(module, nn.Sequential):
        return [layer for inner in module for layer in _layers(inner)]
    for kinds, layer in LAYERS:
        if isinstance(module, kinds):
            return [layer(module)]
    raise RequestError(
        f"{type(module).__name__} has no layer in a job; accepted: nn.Sequential, mpisweep.networks.Residual, "
        "and "
        + ", ".join(
            kind.__name__ for kinds, _ in LAYERS for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
        )
    )


def from_torch(module, file=None):
    """The list for `model.layers` of a job that has the network of a module: an nn.Sequential, with residual
    blocks as mpisweep.networks.Residual.

    file    where its parameters are written, for `model.init_file` (.npy); None: nowhere

    Running statistics of batch norms are not parameters: a job starts with 0 and 1. Raises RequestError (a
    ValueError) for what has no layer."""
    layers = _layers(module)
    if file is not None:
        np.save(
            file, nn.utils.parameters_to_vector(module.parameters()).detach().cpu().numpy().astype(np.float32)
        )
    return layers
