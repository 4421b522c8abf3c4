#!/usr/bin/env python3
"""Draw weights or feature maps of one cell as pictures; of what was recorded again and again, the last.

A row of pictures per output and a column per input channel of weights, or a row per sample and a column per channel of
feature maps. Weights with three input channels become one picture in colours per output; these, and weights with one
input channel, are numbered and stand in rows of eight. The rows of a dense layer with flat inputs become pictures of
--shape. Each picture goes from its least value (black) to its greatest (white)."""
import argparse
import math

from figure import axis_label, figure_parser, new_panels, output_paths, save, title_of, value_label
from results import ResultsError, at_last_moment, np, read_array, start

PER_ROW = 8  # pictures that are one behind the other
MAX_PICTURES = 4096
TILE = 0.8  # inches
GAP = 1  # pixels between pictures


def image_shape(text):
    """ "3x32x32" as (3, 32, 32): the type of --shape """
    shape = tuple(int(size) for size in text.split("x") if size.isdecimal())
    if len(shape) != 3 or min(shape) < 1 or text.count("x") != 2:
        raise argparse.ArgumentTypeError(f"{text}: accepted: CHANNELSxHEIGHTxWIDTH, such as 3x32x32")
    return shape


def known_part(values):
    """Without the indices of any dimension that are all NaN: what this cell does not have."""
    for dimension in range(values.ndim):
        others = tuple(d for d in range(values.ndim) if d != dimension)
        values = values.compress(np.isfinite(values).any(axis=others), axis=dimension)
    return values


def maps_of(array, shape):
    """The maps of the one cell, (rows, columns, height, width)."""
    values = known_part(array.only_cell())
    if shape is not None and values.ndim == 2:
        if values.shape[1] != math.prod(shape):
            raise ResultsError(f"{array.name}: --shape has {math.prod(shape)} values, and the cell {values.shape[1]} inputs")
        values = values.reshape(-1, *shape)
    if values.ndim != 4:
        raise ResultsError(f"{array.name}: pictures need four dimensions, (row, column, height, width) of pictures; it "
                           f"has {', '.join(array.inner_axes)}. See --shape and --select")
    if values.shape[0] * values.shape[1] > MAX_PICTURES:
        raise ResultsError(f"{array.name}: {values.shape[0]} × {values.shape[1]} pictures are too many; choose up to "
                           f"{MAX_PICTURES} with --select AXIS=VALUE")
    return values


def stretch(picture):
    low, high = picture.min(), picture.max()
    return (picture - low) / (high - low) if high > low else np.full(picture.shape, 0.5)


def mosaic(pictures, columns):
    """pictures (count, height, width, 1 or 3), row by row → one picture with white gaps"""
    count, height, width, channels = pictures.shape
    pitch = np.array([height, width]) + GAP
    whole = np.ones((*(pitch * [-(-count // columns), columns] + GAP), channels))
    for i, picture in enumerate(pictures):
        top, left = pitch * divmod(i, columns) + GAP
        whole[top:top + height, left:left + width] = stretch(picture)
    return whole, pitch


def draw(array, title, shape=None):
    maps = maps_of(array, shape)
    is_list = array.name.startswith("weights") and maps.shape[1] in (1, 3)
    columns = min(PER_ROW, len(maps)) if is_list else maps.shape[1]
    pictures = maps.transpose(0, 2, 3, 1) if is_list else maps.reshape(-1, *maps.shape[2:], 1)
    whole, pitch = mosaic(pictures, columns)
    rows = len(whole) // pitch[0]
    figure, (panel,) = new_panels(1, title, size=(TILE * columns + 1.2, TILE * rows + 1.2))
    panel.imshow(whole.repeat(3 // whole.shape[2], axis=2), interpolation="nearest")
    row_axis, column_axis = array.inner_axes[:2]
    names = range(0, len(maps), columns) if is_list else array.names(row_axis, slice(rows))
    panel.set_yticks((np.arange(rows) + 0.5) * pitch[0], names)
    panel.set_xticks((np.arange(columns) + 0.5) * pitch[1], range(columns))
    panel.set(xlabel="" if is_list else axis_label(array, column_axis), ylabel=axis_label(array, row_axis))
    panel.set_title(value_label(array), fontsize="medium")
    return figure


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("variable", metavar="VARIABLE", help="weights_0, feature_maps_0 …")
    parser.add_argument("--shape", type=image_shape, metavar="CxHxW", help="of the inputs of a dense layer")
    arguments = parser.parse_args()
    paths = output_paths(arguments, f"{arguments.variable}_pictures")
    array = at_last_moment(read_array(arguments.file, arguments.variable, arguments.select))
    save(draw(array, title_of(arguments, array), arguments.shape), paths)


if __name__ == "__main__":
    start(main)
