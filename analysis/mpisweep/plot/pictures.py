"""Weights and feature maps as pictures."""
import math

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from ..cells import inner_axes, names, only_cell
from ..errors import RequestError
from .labels import axis_label, value_label
from .style import new_panels

PER_ROW = 8  # pictures in one row
MAX_PICTURES = 4096
TILE = 0.8  # inches
GAP = 1  # pixels between pictures
PAPER = 0.65  # grey between pictures, on which their black and white are both seen


def pictures(array, title="", shape=None, stretch="all"):
    """A row of pictures per output and a column per input channel of weights, or a row per sample and a
    column per channel of feature maps, of the one cell in the array. Weights with three input channels become
    one picture in colours per output; these, and weights with one input channel, are numbered and placed in
    rows of eight.

    shape: (channels, height, width) of the pictures that the rows of a dense layer with flat inputs become
    stretch: "all" gives all pictures one scale, of weights with 0 in its middle; "each" gives every picture
    its own, from its least value (black) to its greatest (white)"""
    maps = maps_of(array, shape)
    is_weights = array.name.startswith("weights")
    is_list = is_weights and maps.shape[1] in (1, 3)
    columns = min(PER_ROW, len(maps)) if is_list else maps.shape[1]
    tiles = maps.transpose(0, 2, 3, 1) if is_list else maps.reshape(-1, *maps.shape[2:], 1)
    norm = None if stretch == "each" else scale_of(maps, symmetric=is_weights)
    whole, pitch = mosaic([stretched(tile, norm) for tile in tiles], columns)
    rows = len(whole) // pitch[0]
    figure, (panel,) = new_panels(1, title, size=(max(TILE * columns + 2.2, 3.5), TILE * rows + 1.4))
    panel.imshow(whole, interpolation="nearest")
    row_axis, column_axis = inner_axes(array)[:2]
    row_names = range(0, len(maps), columns) if is_list else names(array, row_axis, slice(rows))
    panel.set_yticks((np.arange(rows) + 0.5) * pitch[0], row_names)
    panel.set_xticks((np.arange(columns) + 0.5) * pitch[1], range(columns))
    panel.set(xlabel="" if is_list else axis_label(array, column_axis), ylabel=axis_label(array, row_axis))
    add_scale(figure, panel, norm, value_label(array))
    return figure


def known_part(values):
    """Without the indices of any dimension that are all NaN: what this cell does not have."""
    for dimension in range(values.ndim):
        others = tuple(d for d in range(values.ndim) if d != dimension)
        values = values.compress(np.isfinite(values).any(axis=others), axis=dimension)
    return values


def maps_of(array, shape):
    """The maps of the one cell, (rows, columns, height, width)."""
    values = known_part(only_cell(array))
    if shape is not None and values.ndim == 2:
        if values.shape[1] != math.prod(shape):
            raise RequestError(
                f"{array.name}: --shape has {math.prod(shape)} values, and the cell {values.shape[1]} inputs"
            )
        values = values.reshape(-1, *shape)
    if values.ndim != 4:
        raise RequestError(
            f"{array.name}: pictures need four dimensions, (row, column, height, width) of pictures; it "
            f"has {', '.join(inner_axes(array))}. See --shape and --select"
        )
    if values.shape[0] * values.shape[1] > MAX_PICTURES:
        raise RequestError(
            f"{array.name}: {values.shape[0]} × {values.shape[1]} pictures are too many; choose up to "
            f"{MAX_PICTURES} with --select AXIS=VALUE"
        )
    return values


def scale_of(values, symmetric):
    low, high = values.min(), values.max()
    if symmetric:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    return Normalize(low, high if high > low else low + 1)


def stretched(tile, norm):
    """The values from 0 to 1, on the scale or from the least to the greatest of the picture."""
    return np.asarray((norm or scale_of(tile, symmetric=False))(tile))


def mosaic(tiles, columns):
    """tiles (height, width, 1 or 3) each, row by row → one picture with grey gaps; the pitch of the tiles"""
    height, width, channels = tiles[0].shape
    pitch = np.array([height, width]) + GAP
    whole = np.full((*(pitch * [-(-len(tiles) // columns), columns] + GAP), 3), PAPER)
    for i, tile in enumerate(tiles):
        top, left = pitch * divmod(i, columns) + GAP
        whole[top : top + height, left : left + width] = tile.repeat(3 // channels, axis=2)
    return whole, pitch


def add_scale(figure, panel, norm, label):
    """What black and white are."""
    bar = figure.colorbar(ScalarMappable(norm or Normalize(0, 1), "gray"), ax=panel, label=label, shrink=0.9)
    if norm is None:
        bar.set_ticks([0, 1], labels=["least of\neach", "greatest"])
