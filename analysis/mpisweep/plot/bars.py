"""Final values over an axis: as bars, or as points to scale."""
import numpy as np

from ..cells import RUN, axes_without_runs
from ..errors import MissingName, RequestError
from ..statistics import over_runs, runs_text
from .colors import add_key, distinguish
from .labels import MAX_NAMED, axis_label, named_ticks, value_label
from .scales import is_numeric, least_gap, move, scale_to, set_axis_scale
from .style import groups_to_draw, new_panels

MAX_BARS = 1000
MAX_MARKERS = 50  # that can be distinguished along a line
GROUP_WIDTH = 0.8  # of the distance between neighbours on the x axis
APART = 0.012  # of the range of x: from a point to one that it would cover
CLOSE = 0.015  # of the range of y: points that cover one another


def bars(arrays, title="", x=None, style="bars", log=None):
    """One panel per array: the mean over runs and one standard deviation over the axis `x` (default: the
    first other than `run`); the values of the other axes have a colour each.

    style: "bars"; "points" draws every run as a dot next to its mean, with x to scale when the axis has
    numbers. Points that would cover one another are side by side
    log: axes that are logarithmic, "x", "y", "xy" or ""; None: x where its values are log-spaced"""
    arrays = arrays if isinstance(arrays, (list, tuple)) else [arrays]
    figure, panels = new_panels(len(arrays), title)
    lines = [draw_panel(panel, array, x, style, log) for panel, array in zip(panels, arrays)][0]
    runs = runs_text(arrays[0])
    note = f"{runs} ± 1 sd" if runs else ""
    add_key(figure, panels, lines, note)
    return figure


def x_axis_of(array, name):
    axes = axes_without_runs(array)
    if name is None and not axes:
        raise RequestError(f"{array.name}: no axis other than run is left to draw over")
    if name is not None and name not in axes:
        raise MissingName(
            f"{array.name}: no axis {name!r} to draw over; there are: {', '.join(axes) or 'none'}"
        )
    return name or axes[0]


def error_bars(spread):
    """None where no mean has more than one run."""
    return spread if np.isfinite(spread).any() else None


def draw_panel(panel, array, x_name, style, log):
    """How the groups are distinguished."""
    x_name = x_axis_of(array, x_name)
    if style == "points" and is_numeric(array, x_name):
        array = array.sortby(x_name)  # lines go from one to the next; drawn values are in the order of draws
    groups = groups_to_draw(array, (RUN, x_name))
    lines = distinguish(array, [label for label, _ in groups], with_styles=False)
    if style == "bars":
        draw_bars(panel, array, x_name, groups, lines)
    else:
        draw_points(panel, array, x_name, groups, lines, log)
    set_axis_scale(panel, "y", None, log)
    panel.set(xlabel=axis_label(array, x_name), ylabel=value_label(array))
    return lines


def mark_places(panel, array, x_name):
    """Ticks where the values are at equal distances."""
    places, names = named_ticks(array, x_name)
    crowded = sum(map(len, names)) > MAX_NAMED
    panel.set_xticks(
        places, names, rotation=90 if crowded else 0, fontsize="small" if crowded else None, parse_math=False
    )
    panel.set_xlim(-0.6, array.sizes[x_name] - 0.4)


def draw_bars(panel, array, x_name, groups, lines):
    count, length = len(groups), array.sizes[x_name]
    if length * count > MAX_BARS:
        raise RequestError(
            f"{array.name}: {length * count} bars are too many for a figure; accepted: up to {MAX_BARS}; "
            "use --style points, or choose with --select AXIS=VALUE"
        )
    width = GROUP_WIDTH / count
    for i, ((_, part), color, text) in enumerate(zip(groups, lines.colors, lines.texts)):
        _, mean, spread = (values.values for values in over_runs(part))
        panel.bar(
            np.arange(length) + (i - (count - 1) / 2) * width,
            mean,
            width,
            yerr=error_bars(spread),
            color=color,
            label=text,
            capsize=3,
        )
    mark_places(panel, array, x_name)


def draw_points(panel, array, x_name, groups, lines, log):
    to_scale, length = is_numeric(array, x_name), array.sizes[x_name]
    if to_scale:
        scale_to(panel, array, x_name, "x", log)
    else:
        mark_places(panel, array, x_name)
    x = array[x_name].values.astype(float) if to_scale else np.arange(float(length))
    shares = group_offsets(len(groups), panel.xaxis, x)
    height = np.ptp(array.values[np.isfinite(array.values)]) or 1.0
    for (_, part), color, text, share in zip(groups, lines.colors, lines.texts, shares):
        _, mean, spread = (values.values for values in over_runs(part))
        panel.errorbar(
            move(panel.xaxis, x, share),
            mean,
            yerr=error_bars(spread),
            color=color,
            label=text,
            capsize=3,
            marker="o" if length <= MAX_MARKERS else None,
            linestyle="-" if to_scale else "none",
        )
        if len(part) > 1:
            draw_runs(panel, x, part.values, share, shares, color, height)


def group_offsets(count, direction, x):
    """How far each group is moved along the axis, in shares of the range of x; 0 where x has many values."""
    if len(x) > MAX_MARKERS:
        return np.zeros(count)
    step = min(2 * APART, GROUP_WIDTH / count * least_gap(direction, x))
    return (np.arange(count) - (count - 1) / 2) * step


def draw_runs(panel, x, values, share, shares, color, height):
    """A dot per run, (run, x), where no other of the group is."""
    room = APART if len(shares) == 1 else min(APART, (shares[1] - shares[0]) / 5)
    sideways = np.stack([swarm(column, CLOSE * height) for column in values.T], axis=1) * room
    for moved, run in zip(sideways, values):
        panel.plot(move(panel.xaxis, x, share + moved), run, ".", color=color, alpha=0.5, markersize=5)


def swarm(values, close):
    """Steps sideways, 1, −1, 2 …, by which each value is clear of those before it and of the mean, at 0."""
    steps = np.zeros(len(values))
    taken = {}
    for i in np.argsort(values, kind="stable"):
        for step in (1, -1, 2, -2, 3, -3):
            steps[i] = step
            if not values[i] - taken.get(step, -np.inf) < close:
                break
        taken[steps[i]] = values[i]
    return steps
