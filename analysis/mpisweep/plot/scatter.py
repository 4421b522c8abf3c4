"""Final values against the numbers that axes draw or list: what a random search shows of each key."""
import numpy as np

from ..cells import RUN, axes_without_runs, has_labels, keys_along
from ..errors import RequestError
from ..statistics import over_runs, runs_text
from .colors import add_key, distinguish
from .labels import axis_label, value_label
from .scales import is_numeric, mark_choices, set_axis_scale
from .style import groups_to_draw, new_panels

SIDEWAYS = 0.03  # of the distance between words: from one draw to the next
LANES = 7  # before dots with a word are where others are


def scatter(array, title="", log=None):
    """One panel for each key of the axes that draw several keys together, and for each other axis with
    numbers: every cell is a dot, the mean over runs a larger one. The values of axes with labels have a
    colour each.

    log: axes that are logarithmic, "x", "y", "xy" or ""; None: x where its values are log-spaced"""
    keys = [(axis, key) for axis in axes_along(array) for key in keys_along(array, axis)]
    groups = groups_to_draw(array, (RUN, *axes_along(array)))
    lines = distinguish(array, [label for label, _ in groups], with_styles=False)
    figure, panels = new_panels(len(keys), title, sharey=True)
    for panel, (axis, key) in zip(panels, keys):
        draw_panel(panel, array, axis, key, groups, lines, log)
    add_key(figure, panels, lines, runs_text(array))
    return figure


def axes_along(array):
    """The axes whose keys have panels."""
    axes = [
        axis
        for axis in axes_without_runs(array)
        if keys_along(array, axis) != [axis] or is_numeric(array, axis)
    ]
    if not axes:
        raise RequestError(f"{array.name}: no axis other than run has numbers; accepted: drawn or listed numbers")
    return axes


def draw_panel(panel, array, axis, key, groups, lines, log):
    places = places_of(panel, array, key, log)
    set_axis_scale(panel, "y", None, log)
    for (_, part), color, text in zip(groups, lines.colors, lines.texts):
        _, mean, _ = over_runs(part)
        if part.sizes[RUN] > 1:
            panel.plot(*points(part, axis, places), ".", color=color, alpha=0.4, markersize=4)
        panel.plot(*points(mean, axis, places), "o", color=color, markersize=5, label=text)
    panel.set_xlabel(axis_label(array, key))
    if panel.get_subplotspec().is_first_col():
        panel.set_ylabel(value_label(array))


def places_of(panel, array, key, log):
    """Where the values of a key are along x, which is scaled or marked for them."""
    values = array[key].values
    if not has_labels(array, key):
        set_axis_scale(panel, "x", values, log)
        mark_choices(panel.xaxis, values)
        return values.astype(float)
    words = sorted(set(values.tolist()))
    panel.set_xticks(range(len(words)), words, parse_math=False)
    panel.set_xlim(-0.5, len(words) - 0.5)
    lanes = np.arange(len(values)) % LANES - (LANES - 1) / 2
    return np.array([words.index(word) for word in values.tolist()]) + SIDEWAYS * lanes


def points(part, axis, places):
    """(x, y) of all values of an array along one of its axes."""
    values = part.transpose(..., axis).values
    return np.broadcast_to(places, values.shape).ravel(), values.ravel()
