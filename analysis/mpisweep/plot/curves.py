"""Curves over steps or epochs, or over another curve."""
import numpy as np

from ..cells import MOMENTS, RUN, groups
from ..errors import RequestError
from ..names import label_text
from ..statistics import over_runs, runs_text
from .colors import add_key, distinguish
from .labels import axis_label, value_label
from .scales import set_axis_scale
from .style import groups_to_draw, new_panels

MAX_MARKERS = 20  # moments up to which each has a dot


def curves(arrays, title="", smooth=1, log=None, against=None):
    """One panel per array of curves; a line per combination of the axes other than `run`: the mean over runs,
    and a band of one standard deviation. With a logarithmic y axis the geometric mean, and the band is a
    factor.

    smooth: moving mean of that many values, of lines that have at least twice as many
    log: axes that are logarithmic, "x", "y", "xy" or ""; None: x where the values of `against` are log-spaced
    against: an array of curves recorded at the same moments, to draw over in place of steps or epochs"""
    arrays = arrays if isinstance(arrays, (list, tuple)) else [arrays]
    check_smoothing(arrays, smooth)
    check_moments(arrays, against)
    figure, panels = new_panels(len(arrays), title)
    lines = [draw_panel(panel, array, smooth, log, against) for panel, array in zip(panels, arrays)][0]
    note = note_of(arrays[0], log, with_bands=not lines.scale)
    add_key(figure, panels, lines, note)
    return figure


def check_smoothing(arrays, smooth):
    most = max(array.shape[-1] for array in arrays)
    if not 1 <= smooth <= most:
        raise RequestError(f"--smooth: {smooth}: accepted: 1 to {most}, the values of the longest curve")


def check_moments(arrays, against):
    for array in arrays:
        if not MOMENTS.fullmatch(array.dims[-1]):
            raise RequestError(
                f"{array.name} is not a curve: its last dimension is {array.dims[-1]}, not steps or epochs"
            )
        if against is not None and array.dims != against.dims:
            raise RequestError(
                f"{array.name} and {against.name} were recorded at different moments: over "
                f"{array.dims[-1]} and over {against.dims[-1]}"
            )


def moving_mean(curves, width):
    """Centred moving mean over `width` values along the last dimension; NaN stays NaN and does not count."""
    known, ones = np.isfinite(curves), np.ones(width)

    def window_sums(values):
        return np.apply_along_axis(
            lambda curve: np.convolve(curve, ones)[(width - 1) // 2 :][: len(curve)], -1, values
        )

    counts = window_sums(known.astype(float))
    return np.divide(
        window_sums(np.where(known, curves, 0.0)), counts, out=np.full(curves.shape, np.nan), where=known
    )


def is_long_enough(part, smooth):
    """Whether the longest curve of a group has twice the values that a mean is of."""
    return smooth > 1 and np.isfinite(part.values).sum(axis=-1).max() >= 2 * smooth


def mean_and_band(part, log):
    """The mean over runs of curves (run, moment), and the ends of the band."""
    if "y" not in (log or ""):
        _, mean, spread = (values.values for values in over_runs(part))
        return mean, mean - spread, mean + spread
    with np.errstate(invalid="ignore", divide="ignore"):
        _, mean, spread = (values.values for values in over_runs(np.log(part)))
    return np.exp(mean), np.exp(mean - spread), np.exp(mean + spread)


def note_of(array, log, with_bands):
    """What a line is."""
    runs, geometric = runs_text(array), "y" in (log or "")
    band = f",\nband {'×÷' if geometric else '±'} 1 sd" if with_bands else ""
    return f"{'geometric ' * geometric}{runs}{band}" if runs else ""


def smoothing_note(smooth, which):
    """A line below the label of the y axis. which: whether each line is smoothed"""
    if not any(which):
        return ""
    return f"\nmoving mean of {smooth} values" + (
        "" if all(which) else f" of lines with {2 * smooth} or more"
    )


def draw_panel(panel, array, smooth, log, against=None):
    """How the lines are distinguished."""
    moments = array.dims[-1]
    parts = groups_to_draw(array, (RUN, moments))
    lines = distinguish(array, [label for label, _ in parts])
    others = (
        {}
        if against is None
        else {label_text(label): part for label, part in groups(against, (RUN, moments))}
    )
    smoothed = [is_long_enough(part, smooth) for _, part in parts]
    for i, ((label, part), is_smoothed) in enumerate(zip(parts, smoothed)):
        x = array[moments].values if against is None else over_runs(others[label_text(label)])[1].values
        if is_smoothed:
            part = part.copy(deep=False, data=moving_mean(part.values, smooth))
        draw_line(panel, x, *mean_and_band(part, log), lines, i)
    label = value_label(array) + smoothing_note(smooth, smoothed)
    panel.set(ylabel=label, xlabel=axis_label(array, moments) if against is None else value_label(against))
    set_axis_scale(panel, "y", None, log)
    set_axis_scale(panel, "x", None if against is None else finite_values(others), log)
    if panel.get_xscale() == "linear" and against is None:
        panel.xaxis.get_major_locator().set_params(integer=True)
    return lines


def draw_line(panel, x, mean, low, high, lines, i):
    """The i-th line, and its band where these are few."""
    marker = "o" if np.isfinite(mean).sum() <= MAX_MARKERS else None
    panel.plot(
        x,
        mean,
        color=lines.colors[i],
        linestyle=lines.styles[i],
        label=lines.texts[i],
        marker=marker,
        markersize=3,
    )
    if not lines.scale:
        panel.fill_between(x, low, high, color=lines.colors[i], alpha=0.25, linewidth=0)


def finite_values(parts):
    """A curve's values, where every cell's are the same ones."""
    values = np.concatenate([part.values[np.isfinite(part.values)] for part in parts.values()])
    return np.unique(values)
