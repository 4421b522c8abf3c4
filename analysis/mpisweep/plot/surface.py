"""A variable over two numeric axes as a surface in space, or as contours."""
from dataclasses import dataclass

import numpy as np
from matplotlib import ticker

from ..cells import axes_without_runs, has_labels
from ..errors import RequestError
from ..statistics import mean_over_runs
from .labels import axis_label, value_label
from .scales import scale_of, scale_to
from .style import new_panels

SIZE = (7, 6)  # inches
MAX_TICKS = 6  # along a logarithmic axis in space
ABOVE = 0.02  # of the height of the surface: lifts the path so that it is seen
PATH_STYLE = {"color": "red", "marker": "o", "markersize": 3, "linewidth": 1.5}


@dataclass
class Surface:
    x: np.ndarray  # ascending, as y
    y: np.ndarray
    heights: np.ndarray  # (x, y), NaN where a cell is not done
    label: str


def surface(array, title="", path=None, style="space", log=False):
    """The mean over runs over the first (x) and the second (y) of the two axes other than `run`, log-spaced
    values on logarithmic axes.

    path: points (count, 2) of a path to draw over it; its height is interpolated
    style: "space" or "contours"; log: whether the logarithm of the variable is drawn"""
    plane = surface_of(array, log)
    figure, panel = (draw_in_space if style == "space" else draw_contours)(array, plane, title, path)
    x_axis, y_axis = axes_without_runs(array)
    panel.set(xlabel=axis_label(array, x_axis), ylabel=axis_label(array, y_axis))
    return figure


def surface_of(array, log):
    means, axes = mean_over_runs(array), axes_without_runs(array)
    if len(axes) != 2 or any(has_labels(array, axis) for axis in axes):
        raise RequestError(
            f"{array.name}: a surface needs two axes of numbers other than run; it has "
            f"{', '.join(axes) or 'none'}; see --select"
        )
    if not np.isfinite(means.values).any():
        raise RequestError(f"{array.name}: no selected cell is done")
    means = means.sortby(axes)
    heights = means.values
    if log:
        heights = np.log10(heights, out=np.full(heights.shape, np.nan), where=heights > 0)
    x, y = (means[axis].values.astype(float) for axis in axes)
    return Surface(x, y, heights, f"log₁₀ of {value_label(array)}" if log else value_label(array))


def interpolate(plane, points):
    """Heights at points (count, 2), bilinear; NaN outside."""
    along_y = np.array(
        [np.interp(points[:, 1], plane.y, row, left=np.nan, right=np.nan) for row in plane.heights]
    )
    return np.array(
        [
            np.interp(x, plane.x, heights, left=np.nan, right=np.nan)
            for x, heights in zip(points[:, 0], along_y.T)
        ]
    )


def is_log(values):
    return scale_of(values)[0] == "log"


def draw_in_space(array, plane, title, path):
    figure, (panel,) = new_panels(1, title, SIZE, subplot_kw={"projection": "3d", "computed_zorder": False})
    # matplotlib has no logarithmic axes in space: the logarithms are drawn, and the ticks say what they are
    # of
    along = [np.log10 if is_log(values) else np.asarray for values in (plane.x, plane.y)]
    places = np.meshgrid(along[0](plane.x), along[1](plane.y), indexing="ij")
    panel.plot_surface(*places, plane.heights, cmap="viridis", rcount=100, ccount=100, alpha=0.9)
    if path is not None:
        above = ABOVE * (np.nanmax(plane.heights) - np.nanmin(plane.heights))
        panel.plot(
            along[0](path[:, 0]),
            along[1](path[:, 1]),
            interpolate(plane, path) + above,
            zorder=10,
            **PATH_STYLE,
        )
    for direction, values in ((panel.xaxis, plane.x), (panel.yaxis, plane.y)):
        if is_log(values):
            direction.set_major_locator(
                ticker.FixedLocator(np.log10(values))
                if len(values) <= MAX_TICKS
                else ticker.MultipleLocator(1)
            )
            direction.set_major_formatter(ticker.FuncFormatter(lambda place, _: f"{10 ** place:.2g}"))
    panel.set_zlabel(plane.label)
    return figure, panel


def draw_contours(array, plane, title, path):
    figure, (panel,) = new_panels(1, title, SIZE)
    for direction, axis in zip("xy", axes_without_runs(array)):
        scale_to(panel, array, axis, direction, None)
    shades = panel.contourf(plane.x, plane.y, plane.heights.T, levels=30, cmap="viridis")
    figure.colorbar(shades, ax=panel, label=plane.label)
    if path is not None:
        panel.plot(*path.T, **PATH_STYLE)
    return figure, panel
