"""The layers of one cell's network: those of the job, with what --set and the axes put in their place."""
import copy
import json
import re

from .cells import source
from .errors import MissingName, RequestError
from .job import parse_value

LAYER_KEY = re.compile(r"model\.layers\[([\w.]+)\](?:\.(\w+))?$")
SHORT_KEYS = {
    "dense": "units",
    "max_pool": "kernel",
    "avg_pool": "kernel",
    "dropout": "rate",
    "leaky_relu": "slope",
    "elu": "alpha",
    "gelu": "approximate",
    "softplus": "beta",
    "group_norm": "groups",
    "residual": "layers",
}


def layers_of(ds, cell):
    """The list `model.layers` of the cell of an opened file with these values of its axes, written out: every
    layer as (kind, {key: value})."""
    job = copy.deepcopy(ds.attrs["job"])
    for setting in json.loads(ds.attrs.get("job_settings", "[]")):
        key, _, value = setting.partition("=")
        _put(job, key, parse_value(value))
    for axis, place in places_of(ds, cell).items():
        _put_axis(ds, job, axis, place)
    layers = job.get("model", {}).get("layers")
    if not isinstance(layers, list):
        raise RequestError(f"{source(ds)}: the file does not have the layers of its job")
    return [written_out(item) for item in layers]


def written_out(item):
    """`relu` → ("relu", {}); `dense: 8` → ("dense", {"units": 8}); layers of residual blocks, too."""
    if not isinstance(item, dict):
        return item, {}
    ((kind, keys),) = item.items()
    if keys is None:
        keys = {}
    if not isinstance(keys, dict):
        keys = {SHORT_KEYS[kind]: keys}
    if kind == "residual":
        shortcut = keys.get("shortcut", "identity")
        shortcut = shortcut if isinstance(shortcut, list) else [] if shortcut == "identity" else [shortcut]
        keys = {
            "layers": [written_out(inner) for inner in keys["layers"]],
            "shortcut": [written_out(inner) for inner in shortcut],
        }
    return kind, keys


# ---- The cell -------------------------------------------------------------------------------------


def places_of(ds, cell):
    """{axis: place of the cell's value}; an axis with one value need not be named."""
    axes = ds.status.dims
    for name in cell:
        if name not in axes:
            raise MissingName(f"{source(ds)}: no axis {name!r}; there are: {', '.join(axes)}")
    return {axis: _place(ds, axis, cell) for axis in axes}


def _place(ds, axis, cell):
    values = [_plain(value) for value in ds[axis].values]
    if axis not in cell:
        if len(values) == 1:
            return 0
        raise MissingName(f"{source(ds)}: which {axis}? There are: {', '.join(map(str, values))}")
    wanted = cell[axis]
    for place, value in enumerate(values):
        if value == wanted or str(value) == str(wanted):
            return place
    raise MissingName(f"{source(ds)}: no {axis}={wanted}; there are: {', '.join(map(str, values))}")


# ---- What an axis sets ----------------------------------------------------------------------------


def _put_axis(ds, job, axis, place):
    entry = ds.attrs["job"].get("sweep", {}).get(axis)
    drawn = [
        name
        for name, item in ds.coords.items()
        if name != axis and item.dims == (axis,) and "long_name" in item.attrs
    ]
    if drawn:  # several keys, with a coordinate each
        for name in drawn:
            _put(job, ds[name].attrs["long_name"], _plain(ds[name].values[place]))
        return
    if not isinstance(entry, dict) or "set" not in entry:
        return  # runs
    value = _plain(ds[axis].values[place])
    keys, values = entry["set"], entry.get("values", entry.get("choice"))
    if isinstance(values, dict):
        value = _of_label(values, value)
    elif isinstance(value, str) and isinstance(values, list):
        value = next((item for item in values if _label(item) == value), parse_value(value))
    if not isinstance(keys, list):
        _put(job, keys, value)
    elif isinstance(value, dict):
        for key, part in value.items():
            _put(job, key, part)
    else:
        for key, part in zip(keys, value):
            _put(job, key, part)


def _plain(value):
    """Numbers of axes are stored as float64; keys that count take integers."""
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _of_label(values, label):
    return next(value for name, value in values.items() if str(name) == str(label))


def _label(value):
    """The text by which the file knows a value."""
    if isinstance(value, list):
        return "_".join(map(_label, value))
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


# ---- Keys -----------------------------------------------------------------------------------------


def _put(job, key, value):
    """What is not of the model is left alone."""
    found = LAYER_KEY.match(key)
    if key == "model":
        job["model"] = copy.deepcopy(value)
    elif found:
        items, place = _find(job["model"]["layers"], found[1])
        if found[2] is None:
            items[place] = copy.deepcopy(value)
        else:
            _set_key(items, place, found[2], value)
    elif key == "model.layers":
        job.setdefault("model", {})["layers"] = copy.deepcopy(value)


def _find(items, path):
    """The list that has the layer of a path, and its place there."""
    steps = path.split(".")
    place = int(steps.pop(0))
    while steps:
        way = "shortcut" if steps[0] == "shortcut" else "layers"
        if way == "shortcut":
            steps.pop(0)
        _set_key(items, place, None, None)
        block = items[place]["residual"]
        if not isinstance(block.get(way, []), list):
            block[way] = [block[way]]
        items, place = block[way], int(steps.pop(0))
    return items, place


def _set_key(items, place, key, value):
    """In the long form of the layer."""
    item = items[place]
    kind, keys = (item, {}) if not isinstance(item, dict) else next(iter(item.items()))
    if not isinstance(keys, dict):
        keys = {} if keys is None else {SHORT_KEYS[kind]: keys}
    items[place] = {kind: {**keys, **({key: value} if key else {})}}
