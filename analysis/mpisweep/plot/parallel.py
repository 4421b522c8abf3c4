"""Parallel coordinates: which combinations of axis values are good."""
from dataclasses import dataclass

import numpy as np
from matplotlib import colors, patheffects
from matplotlib.collections import LineCollection

from ..cells import axes_without_runs, finite, has_labels, keys_along
from ..errors import RequestError
from ..statistics import is_better_when_higher, mean_over_runs
from .colors import MAP
from .labels import axis_label, fill, value_label
from .scales import mark_choices, scale_of
from .style import new_panels

MAX_LINES = 2000
WIDTH, HEIGHT = 1.7, 4.2  # inches: from one axis to the next, of all
NAME_WIDTH = 16  # characters of an axis' name in a line


@dataclass
class Scale:
    """One of the parallel axes."""

    label: str
    values: np.ndarray  # of every line, numbers
    words: list  # that the numbers 0, 1, … stand for; none: they are numbers


def parallel(array, title=""):
    """A line for each combination of axis values, over an axis for each key and one for the mean over runs,
    which also decides its colour; the best lines are on top. Log-spaced numbers have logarithmic axes."""
    scales = scales_of(array)
    means = scales[-1].values
    figure, (panel,) = new_panels(1, title, (WIDTH * (len(scales) - 1) + 1.5, HEIGHT))
    panel.set(xlim=(-0.1, len(scales) - 0.9), ylim=(-0.02, 1.02))
    panel.set_xticks(range(len(scales)), [fill(scale.label, NAME_WIDTH) for scale in scales], parse_math=False)
    panel.tick_params(axis="x", length=0)
    panel.yaxis.set_visible(False)
    panel.spines[:].set_visible(False)
    heights = np.stack([draw_scale(panel, place, scale) for place, scale in enumerate(scales)], axis=1)
    order = np.argsort(means if is_better_when_higher(array) else -means, kind="stable")
    segments = np.stack([np.broadcast_to(np.arange(len(scales)), heights.shape), heights], axis=2)[order]
    norm = colors.Normalize(means.min(), means.max())
    panel.add_collection(LineCollection(segments, colors=MAP(norm(means[order])), linewidths=1.2, alpha=0.8))
    return figure


def scales_of(array):
    """Of every key, and last of the mean."""
    mean = finite(mean_over_runs(array))
    axes = axes_without_runs(mean)
    keys = [(axis, key) for axis in axes for key in keys_along(mean, axis)]
    done = np.isfinite(mean.values)
    if not keys:
        raise RequestError(f"{array.name}: no axis other than run is left to draw")
    if not done.any():
        raise RequestError(f"{array.name}: no selected cell is done")
    if done.sum() > MAX_LINES:
        raise RequestError(
            f"{array.name}: {done.sum()} lines are too many for a figure; choose up to {MAX_LINES} with "
            "--select AXIS=VALUE"
        )
    places = dict(zip(axes, np.nonzero(done)))
    return [
        *(scale_along(mean, key, places[axis]) for axis, key in keys),
        Scale(value_label(array), mean.values[done], []),
    ]


def scale_along(array, key, places):
    values = array[key].values
    if not has_labels(array, key):
        return Scale(axis_label(array, key), values.astype(float)[places], [])
    words = sorted(set(values.tolist()))
    numbers = np.array([words.index(word) for word in values.tolist()], float)
    return Scale(axis_label(array, key), numbers[places], words)


def draw_scale(panel, place, scale):
    """Draw an axis at a place of the panel; the heights of its values, from 0 to 1."""
    axis = panel.twinx()
    axis.spines[:].set_visible(False)
    axis.spines["right"].set(visible=True, position=("data", place), color="0.4")
    axis.patch.set_visible(False)
    least, greatest = scale.values.min(), scale.values.max()
    if scale.words:
        least, greatest = -0.2, len(scale.words) - 0.8
        axis.set_yticks(range(len(scale.words)), scale.words, parse_math=False)
    else:
        name, options = scale_of(scale.values)
        axis.set_yscale(name, **options)
        mark_choices(axis.yaxis, scale.values)
    if least == greatest:
        least, greatest = least - 0.5, greatest + 0.5
    axis.tick_params(axis="y", labelsize="small", pad=1)
    transform = axis.yaxis.get_transform()
    low, high = transform.transform(np.array([least, greatest], float))
    margin = 0.02 * (high - low)  # as of the panel
    axis.set_ylim(*transform.inverted().transform(np.array([low - margin, high + margin])))
    for text in axis.get_yticklabels():
        text.set_path_effects([patheffects.withStroke(linewidth=3, foreground="white")])  # lines are behind it
    return (transform.transform(scale.values) - low) / (high - low)
