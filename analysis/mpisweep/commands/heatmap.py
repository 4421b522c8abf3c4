"""Draw the mean over runs of one variable of a results file as a heat map, and print the same numbers.

The file must have two axes other than `run` and those that --select takes away: the first becomes y, the
second x. A large map has no numbers in it, and of a table of more than 40 × 20 the best 20 are printed;
ranking.py prints all. Works while a run is writing."""
import numpy as np

from ..cells import names, number_of
from ..plot import heatmap
from ..plot.heatmap import means_over_two_axes
from ..plot.labels import value_label
from ..statistics import number_style, number_text
from .common import figure_parser, output_paths, print_table, title_of, write_figure
from .ranking import table_rows as ranking_rows

MAX_ROWS, MAX_COLUMNS, MAX_BEST = (
    40,
    20,
    20,
)  # of a table that is read; where it is larger, the best are shown


def table_rows(means):
    y_axis, x_axis = means.dims
    rows = [[f"{y_axis} \\ {x_axis}"] + names(means, x_axis)]
    style = number_style(means)
    return rows + [
        [y] + [number_text(mean, style) for mean in row] for y, row in zip(names(means, y_axis), means.values)
    ]


def print_means(array):
    """All of them, or the best where these are too many to be read."""
    means = means_over_two_axes(array)
    rows, columns = means.shape
    if rows <= MAX_ROWS and columns <= MAX_COLUMNS:
        print_table(table_rows(means))
        return
    print(f"the best {MAX_BEST} of {rows} × {columns} combinations; ranking.py prints all")
    print_table(ranking_rows([array], top=MAX_BEST))


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("--variable", default="test_accuracy", help="default: %(default)s")
    parser.add_argument("--x-label")
    parser.add_argument("--y-label")
    parser.add_argument("--label", help="text at the colour bar")
    arguments = parser.parse_args()
    paths = output_paths(arguments, [arguments.variable], "heatmap")

    def draw(ds):
        array = number_of(ds, arguments.variable, arguments.select)
        means_over_two_axes(array)
        label = arguments.label or value_label(array)
        print(f"{' '.join(label.split())}, {np.isfinite(array.values).sum()} of {array.size} cells done")
        print_means(array)
        return heatmap(array, title_of(arguments, ds), label, arguments.y_label, arguments.x_label)

    write_figure(arguments, paths, draw)
