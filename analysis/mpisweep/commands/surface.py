"""Draw the mean over runs of one variable over two numeric axes as a surface in space, or as contours.

The first of the two axes other than `run` (and those that --select takes away) is x, the second y. --path
PATH.csv, as pca.py writes it, draws the path of a training over it: its last two columns are x and y, and its
height is interpolated in the surface."""
import csv

import numpy as np

from ..cells import number_of
from ..errors import FileError
from ..plot import surface
from .common import figure_parser, output_paths, title_of, write_figure


def read_path(path):
    """(points, 2) from the last two columns."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        try:
            next(reader, None)
            points = np.array([[float(x), float(y)] for *_, x, y in reader])
        except (ValueError, csv.Error) as error:
            raise FileError(
                f"{path}:{reader.line_num}: needs rows that end with two numbers: {error}"
            ) from error
    if len(points) == 0:
        raise FileError(f"{path}: has no rows below its header")
    return points


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("variable", metavar="VARIABLE", help="train_set_loss, test_accuracy …")
    parser.add_argument("--path", metavar="PATH.csv")
    parser.add_argument(
        "--style", choices=["space", "contours"], default="space", help="default: %(default)s"
    )
    parser.add_argument("--log", action="store_true", help="logarithm of the variable")
    arguments = parser.parse_args()
    paths = output_paths(arguments, [arguments.variable], arguments.style)

    def draw(ds):
        array = number_of(ds, arguments.variable, arguments.select)
        path = read_path(arguments.path) if arguments.path else None
        return surface(array, title_of(arguments, ds), path, arguments.style, arguments.log)

    write_figure(arguments, paths, draw)
