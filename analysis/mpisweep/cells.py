"""Choosing from an opened results file: variables, cells, groups of cells."""
import re

import numpy as np

from .errors import MissingName, RequestError
from .names import ALONG, PLACE, find_values, list_values, value_names

RUN = "run"  # the axis of independent repeats
MOMENTS = re.compile(r"(step|epoch)(_\d+)?")  # axes of what is recorded repeatedly


# ---- Variables ------------------------------------------------------------------------------------


def source(ds):
    """What a message calls the file."""
    return ds.encoding.get("source", "this data set")


def recorded_names(ds):
    """Names of all that cells recorded."""
    return sorted(ds.data_vars)


def number_names(ds):
    """Names of what has one value per cell."""
    return [name for name in recorded_names(ds) if ds[name].dims == ds.status.dims]


def array_of(ds, name, selection=()):
    """The variable `name`, however many values a cell has, as float64 in memory; see select()."""
    if name not in ds.data_vars:
        raise MissingName(f"{source(ds)}: no array {name!r}; there are: {', '.join(recorded_names(ds))}")
    return select(ds[name], selection, f"{source(ds)}: {name}").astype(float)


def number_of(ds, name, selection=()):
    """The variable `name` with one value per cell, or an array of one value."""
    if name not in ds.data_vars or ds[name].size != ds.status.size:
        raise MissingName(
            f"{source(ds)}: no variable {name!r} with one value per cell; there are: "
            f"{', '.join(number_names(ds))}"
        )
    array = array_of(ds, name, selection)
    return array.squeeze(inner_axes(array), drop=True)


def curve_of(ds, name, selection=()):
    """The curve of the variable `name`, over steps or epochs."""
    curves = [curve for curve in recorded_names(ds) if curve.endswith("_curve")]
    name = name if name.endswith("_curve") else f"{name}_curve"
    if name not in curves:
        raise MissingName(f"{source(ds)}: no curve {name!r}; there are: {', '.join(curves) or 'none'}")
    return array_of(ds, name, selection)


# ---- Axes and their values ------------------------------------------------------------------------


def cell_axes(array):
    """The axes of the job, which come first; after averaging over cells, all axes but those of moments."""
    if "status" in array.coords:
        return [axis for axis in array.dims if axis in array.status.dims]
    return [axis for axis in array.dims if not MOMENTS.fullmatch(axis)]


def inner_axes(array):
    """The axes of one cell's values."""
    return [axis for axis in array.dims if axis not in cell_axes(array)]


def axes_without_runs(array):
    return [axis for axis in array.dims if axis != RUN]


def keys_along(array, axis):
    """The coordinates that say what differs along an axis: of the keys that it draws together, else its own."""
    drawn = [name for name, item in array.coords.items() if item.attrs.get(ALONG) == axis]
    drawn = [name for name in drawn if array[name].dims == (axis,)]
    return sorted(drawn, key=lambda name: array[name].attrs[PLACE]) or [axis]


def has_labels(array, axis):
    return array[axis].dtype.kind in "OU"


def names(array, axis, places=slice(None)):
    """The shortest texts that distinguish the axis' values at these places from all others in the file."""
    coordinate = array[axis]
    return value_names(coordinate.values[places], coordinate.encoding.get("among", coordinate.values))


def select(array, selection, what=None):
    """The cells where the axes have the values.

    selection: (axis, text of a value) pairs. Of an axis that is named only these values stay, in the order of
    the file; an axis of which one value is selected is not a dimension any more."""
    places = {}
    for axis, text in selection:
        places.setdefault(axis, set()).add(_place_of(array, axis, text, what or array.name))
    return array.isel(
        {axis: min(chosen) if len(chosen) == 1 else sorted(chosen) for axis, chosen in places.items()}
    )


def _place_of(array, axis, text, what):
    if axis not in array.dims:
        raise MissingName(f"{what} has no axis {axis!r}; it has: {', '.join(array.dims)}")
    values = array[axis].values
    found = find_values(values, text)
    if len(found) == 0:
        raise MissingName(f"{what}: axis {axis} has no value {text}; it has: {list_values(values)}")
    if len(found) > 1:
        raise RequestError(
            f"{what}: axis {axis} has {len(found)} values that round to {text}: "
            f"{list_values(values[found])}; write one with more digits"
        )
    return int(found[0])


# ---- Parts of an array ----------------------------------------------------------------------------


def finite(array):
    """The array with infinities as NaN: they take no part in means."""
    return array.where(np.isfinite(array))


def count_groups(array, keep):
    """How many groups() gives."""
    return int(np.isfinite(array).any([axis for axis in keep if axis in array.dims]).sum())


def groups(array, keep):
    """(label, part) for each combination of the axes outside `keep`, unless nothing of it is done.

    label: axis name -> value text, of axes with more than one value. The dimensions of the part are `keep`;
    an axis that the array lacks has length 1."""
    others = [axis for axis in array.dims if axis not in keep]
    array = array.expand_dims([axis for axis in keep if axis not in array.dims]).transpose(*others, *keep)
    known = np.isfinite(array.values).any(axis=tuple(range(len(others), array.ndim)))
    texts = {axis: names(array, axis) for axis in others}
    for place in map(tuple, np.argwhere(known)):
        yield (
            {axis: texts[axis][i] for axis, i in zip(others, place) if array.sizes[axis] > 1},
            array.isel(dict(zip(others, place))),
        )


def only_cell(array, inner=None):
    """The values of the one cell that is selected, in the dimensions `inner` (default: all of a cell)."""
    inner = inner_axes(array) if inner is None else inner
    open_axes = [
        f"{axis} ({list_values(array[axis].values)})"
        for axis in array.dims
        if axis not in inner and array.sizes[axis] > 1
    ]
    if open_axes:
        raise RequestError(
            f"{array.name}: one cell is needed; choose with --select AXIS=VALUE from "
            f"{'; '.join(open_axes)}"
        )
    found = list(groups(array, inner))
    if not found:
        raise RequestError(f"{array.name}: the selected cell is not done, or has no such values")
    return found[0][1].values


def at_last_moment(array):
    """What each cell recorded last, of an array that was recorded every N steps or epochs."""
    moment, *rest = inner_axes(array) or [""]
    if not MOMENTS.fullmatch(moment):
        return array
    known = np.isfinite(array).any(rest)
    last = known.sizes[moment] - 1 - known.isel({moment: slice(None, None, -1)}).argmax(moment)
    return array.isel({moment: last}).drop_vars(moment)
