"""Principal components of the path that the parameters of one cell took: the plane for a picture of the loss.

Reads `parameters`, recorded every N steps or epochs, and writes into --directory
    origin.npy (P)         mean of the path: model.init_file of a job that evaluates the loss over the plane
    directions.npy (2, P)  the first two principal components, of unit length: its model.shift_file
    path.csv               step or epoch, shift_1, shift_2: the path in the plane, for surface.py --path
P parameters are in natural order (docs/job-format.md). The components are the right singular vectors of the
path minus its mean (Jolliffe, "Principal component analysis", 2002, section 3.5); the sign makes the greatest
entry positive."""
import csv
from pathlib import Path

import numpy as np

from ..cells import array_of, inner_axes, only_cell
from ..errors import RequestError
from ..names import value_text
from ..reading import open as open_results
from .common import add_selection, new_parser

COMPONENTS = 2
MARGIN = 0.2  # of the extent of the path, beyond its ends, in the ranges that are proposed


def principal_components(path):
    """path (moments, P) → origin (P), directions (2, P), coordinates (moments, 2), shares of variance (2)"""
    origin = path.mean(axis=0)
    _, lengths, directions = np.linalg.svd(path - origin, full_matrices=False)
    directions = directions[:COMPONENTS]
    greatest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[range(COMPONENTS), greatest])[:, None]
    return (
        origin,
        directions,
        (path - origin) @ directions.T,
        lengths[:COMPONENTS] ** 2 / (lengths**2).sum(),
    )


def read_path(file, selection):
    """The moments' axis, its coordinates, and the path (moments, P) of the selected cell."""
    with open_results(file) as ds:
        array = array_of(ds, "parameters", selection)
    moments = [axis for axis in inner_axes(array) if axis != "parameter"]
    if len(moments) != 1:
        raise RequestError(
            f"{file}: parameters were recorded once; a path needs record.parameters every so "
            "many steps or epochs"
        )
    path = only_cell(array, (*moments, "parameter"))
    passed = np.isfinite(path).any(axis=1)
    path = path[passed][:, np.isfinite(path).any(axis=0)]
    if len(path) <= COMPONENTS:
        raise RequestError(f"{file}: the path has {len(path)} moments; accepted: {COMPONENTS + 1} or more")
    return moments[0], array[moments[0]].values[passed], path


def write_path(file_path, axis, moments, coordinates):
    with open(file_path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([axis, "shift_1", "shift_2"])
        writer.writerows(
            [value_text(moment), *map(float, place)] for moment, place in zip(moments, coordinates)
        )


def print_ranges(coordinates):
    for number, values in enumerate(coordinates.T, start=1):
        margin = MARGIN * np.ptp(values)
        print(
            f"shift_{number} spans {values.min():.4g} to {values.max():.4g}; an axis with some room: "
            f"{{set: model.shift_{number}, "
            f"linspace: [{values.min() - margin:.4g}, {values.max() + margin:.4g}, 100]}}"
        )


def main():
    parser = new_parser(__doc__)
    add_selection(parser)
    parser.add_argument("-d", "--directory", default=".", type=Path, help="default: the current one")
    arguments = parser.parse_args()
    axis, moments, path = read_path(arguments.file, arguments.select)
    origin, directions, coordinates, explained = principal_components(path)
    np.save(arguments.directory / "origin.npy", origin.astype(np.float32))
    np.save(arguments.directory / "directions.npy", directions.astype(np.float32))
    write_path(arguments.directory / "path.csv", axis, moments, coordinates)
    print(
        f"{path.shape[1]} parameters at {len(path)} moments; explained variance: "
        f"{', '.join(f'{share:.2%}' for share in explained)}, together {explained.sum():.2%}"
    )
    print_ranges(coordinates)
