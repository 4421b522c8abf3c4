"""Which axes are logarithmic, and places along them."""
import numpy as np
from matplotlib import ticker

from ..cells import has_labels

LEAST_RATIO = 8  # of the greatest to the least of log-spaced values
MAX_CHOICES = 5
MAX_TICKS = 12  # of a logarithmic axis, to be marked by their values


def is_log_spaced(values):
    """Whether positive numbers are more evenly spaced in their logarithms than in themselves."""
    ordered = np.unique(np.asarray(values, float))
    if len(ordered) < 3 or ordered[0] <= 0 or ordered[-1] < LEAST_RATIO * ordered[0]:
        return False

    def unevenness(places):
        gaps = np.diff(places)
        return gaps.std() / gaps.mean()

    return unevenness(np.log(ordered)) < unevenness(ordered)


def scale_of(values):
    """The scale of an axis of these values, as (name, options): log where they are log-spaced, and where they
    are so besides 0 symlog, which is linear below the least of them."""
    values = np.asarray(values, float)
    if is_log_spaced(values):
        return "log", {}
    others = values[values != 0]
    if len(others) < len(values) and is_log_spaced(others):
        return "symlog", {"linthresh": others.min(), "linscale": 0.5}
    return "linear", {}


def set_axis_scale(panel, axis, values, log):
    """log: "x", "y", "xy" or "" as asked for, None for what fits the values (None: unknown, linear)"""
    if log is not None:
        panel.set(**{f"{axis}scale": "log" if axis in log else "linear"})
    elif values is not None:
        name, options = scale_of(values)
        getattr(panel, f"set_{axis}scale")(name, **options)


def scale_to(panel, array, axis, x, log):
    """Scale the panel's axis `x`, "x" or "y", to the values of a numeric axis of the array."""
    values = array[axis].values
    set_axis_scale(panel, x, values, log)
    direction = getattr(panel, f"{x}axis")
    if direction.get_scale() != "linear":
        mark_values(direction, values)


def mark_values(direction, values):
    """Ticks at the values of a logarithmic axis in place of powers of ten, where they are few and none is
    close to the next."""
    values = np.unique(np.asarray(values, float))
    places = direction.get_transform().transform(values)
    if 1 < len(values) <= MAX_TICKS and np.diff(places).min() > 0.6 * np.ptp(places) / MAX_TICKS:
        tick_at(direction, values)


def mark_choices(direction, values):
    """Ticks at the values of an axis where they are so few that they must be choices."""
    values = np.unique(np.asarray(values, float))
    if len(values) <= MAX_CHOICES:
        tick_at(direction, values)


def tick_at(direction, values):
    direction.set_major_locator(ticker.FixedLocator(values))
    direction.set_minor_locator(ticker.NullLocator())
    direction.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:.4g}"))


def move(direction, values, share):
    """The values moved by a share of their range along an axis, on its scale. share: one, or one per value"""
    transform = direction.get_transform()
    places = transform.transform(np.asarray(values, float))
    spread = np.ptp(places) if len(places) > 1 and np.ptp(places) > 0 else 1.0
    return transform.inverted().transform(places + share * spread)


def least_gap(direction, values):
    """The least distance between values along an axis, on its scale, as a share of their range."""
    places = np.unique(direction.get_transform().transform(np.asarray(values, float)))
    return np.diff(places).min() / np.ptp(places) if len(places) > 1 else 1.0


def is_numeric(array, axis):
    return not has_labels(array, axis)
