#!/usr/bin/env python3
"""Draw the mean over runs of one variable over two numeric axes as a surface in space, or as contours.

The first of the two axes beside `run` (and those that --select takes away) is x, the second y. --path PATH.csv, as
pca.py writes it, draws the path of a training over it: its last two columns are x and y, and its height is interpolated
in the surface."""
import csv
from dataclasses import dataclass

from figure import axis_label, figure_parser, new_panels, output_paths, save, title_of, value_label
from results import FileError, ResultsError, mean_over_runs, np, read_variable, start

SIZE = (7, 6)  # inches
ABOVE = 0.02  # of the height of the surface: lifts the path so that it is seen
PATH_STYLE = {"color": "red", "marker": "o", "markersize": 3, "linewidth": 1.5}


@dataclass
class Surface:
    x: np.ndarray  # ascending, as y
    y: np.ndarray
    heights: np.ndarray  # (x, y), NaN where a cell is not done
    label: str


def surface_of(array, log):
    means = mean_over_runs(array)
    if len(means.axes) != 2 or any(isinstance(values[0], str) for values in means.axes.values()):
        raise ResultsError(f"{array.name}: a surface needs two axes of numbers beside run; it has "
                           f"{', '.join(means.axes) or 'none'}; see --select")
    x, y = (np.array(values, float) for values in means.axes.values())
    if not np.isfinite(means.values).any():
        raise ResultsError(f"{array.name}: no selected cell is done")
    heights = means.values[np.ix_(x.argsort(), y.argsort())]
    if log:
        heights = np.log10(heights, out=np.full(heights.shape, np.nan), where=heights > 0)
    return Surface(np.sort(x), np.sort(y), heights, f"log₁₀ of {value_label(array)}" if log else value_label(array))


def read_path(path):
    """(points, 2) from the last two columns."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        try:
            next(reader, None)
            points = np.array([[float(x), float(y)] for *_, x, y in reader])
        except (ValueError, csv.Error) as error:
            raise FileError(f"{path}:{reader.line_num}: needs rows that end with two numbers: {error}") from error
    if len(points) == 0:
        raise FileError(f"{path}: has no rows below its header")
    return points


def interpolate(surface, points):
    """Heights at points (count, 2), bilinear; NaN outside."""
    along_y = np.array([np.interp(points[:, 1], surface.y, row, left=np.nan, right=np.nan) for row in surface.heights])
    return np.array([np.interp(x, surface.x, heights, left=np.nan, right=np.nan)
                     for x, heights in zip(points[:, 0], along_y.T)])


def draw_in_space(surface, title, path):
    figure, (panel,) = new_panels(1, title, SIZE, subplot_kw={"projection": "3d", "computed_zorder": False})
    panel.plot_surface(*np.meshgrid(surface.x, surface.y, indexing="ij"), surface.heights, cmap="viridis", rcount=100,
                       ccount=100, alpha=0.9)
    if path is not None:
        above = ABOVE * (np.nanmax(surface.heights) - np.nanmin(surface.heights))
        panel.plot(*path.T, interpolate(surface, path) + above, zorder=10, **PATH_STYLE)
    panel.set_zlabel(surface.label)
    return figure, panel


def draw_contours(surface, title, path):
    figure, (panel,) = new_panels(1, title, SIZE)
    shades = panel.contourf(surface.x, surface.y, surface.heights.T, levels=30, cmap="viridis")
    figure.colorbar(shades, ax=panel, label=surface.label)
    if path is not None:
        panel.plot(*path.T, **PATH_STYLE)
    return figure, panel


def draw(array, title, path=None, style="space", log=False):
    surface = surface_of(array, log)
    figure, panel = (draw_in_space if style == "space" else draw_contours)(surface, title, path)
    x_axis, y_axis = mean_over_runs(array).axes
    panel.set(xlabel=axis_label(array, x_axis), ylabel=axis_label(array, y_axis))
    return figure


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("variable", metavar="VARIABLE", help="train_set_loss, test_accuracy …")
    parser.add_argument("--path", metavar="PATH.csv")
    parser.add_argument("--style", choices=["space", "contours"], default="space", help="default: %(default)s")
    parser.add_argument("--log", action="store_true", help="logarithm of the variable")
    arguments = parser.parse_args()
    paths = output_paths(arguments, f"{arguments.variable}_{arguments.style}")
    array = read_variable(arguments.file, arguments.variable, arguments.select)
    path = arguments.path and read_path(arguments.path)
    save(draw(array, title_of(arguments, array), path, arguments.style, arguments.log), paths)


if __name__ == "__main__":
    start(main)
