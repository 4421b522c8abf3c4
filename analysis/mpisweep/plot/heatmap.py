"""Means over runs over two axes, as coloured tiles."""
import numpy as np

from ..cells import axes_without_runs
from ..errors import RequestError
from ..statistics import mean_over_runs, number_style, number_text
from .labels import axis_label, named_ticks, value_label
from .style import new_panels

MAX_NUMBERS, MAX_COLUMNS = 400, 20  # that are written into a map
LARGE = (9, 6.75)  # inches: of a map without numbers


def means_over_two_axes(array):
    axes = axes_without_runs(array)
    if len(axes) != 2:
        raise RequestError(
            f"{array.name}: a heat map needs two axes other than run; it has {len(axes)}: "
            f"{', '.join(axes) or 'none'}"
        )
    return mean_over_runs(array)


def heatmap(array, title="", label=None, y_label=None, x_label=None):
    """Tiles in the colour of the mean over runs, the number in each while they are few. The first of the two
    axes other than `run` is y, the second x. label: at the colour bar"""
    means = means_over_two_axes(array)
    y_axis, x_axis = means.dims
    rows, columns = means.shape
    with_numbers = means.size <= MAX_NUMBERS and columns <= MAX_COLUMNS
    size = (2.5 + 0.9 * columns, 2.0 + 0.6 * rows) if with_numbers else LARGE
    figure, (panel,) = new_panels(1, title, size)
    panel.set_facecolor("0.9")  # of what is not done
    image = panel.imshow(means.values, aspect="auto", cmap="viridis", interpolation="nearest")
    panel.set_xticks(*named_ticks(means, x_axis), rotation=0 if with_numbers else 90, parse_math=False)
    panel.set_yticks(*named_ticks(means, y_axis), parse_math=False)
    panel.set(xlabel=x_label or axis_label(means, x_axis), ylabel=y_label or axis_label(means, y_axis))
    figure.colorbar(image, ax=panel, label=label or value_label(array))
    if with_numbers:
        write_numbers(panel, image, means)
    return figure


def write_numbers(panel, image, means):
    style = number_style(means)
    for (row, column), mean in np.ndenumerate(means.values):
        # dark text on the bright end of the colour map
        color = "black" if not np.isnan(mean) and image.norm(mean) > 0.6 else "white"
        panel.text(
            column,
            row,
            number_text(mean, style),
            ha="center",
            va="center",
            color="0.4" if np.isnan(mean) else color,
        )
