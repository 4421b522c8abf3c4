"""Means over independent runs, and numbers as texts."""
import math
import warnings

import numpy as np

from .cells import RUN, finite, inner_axes

MISSING = "–"  # in tables, where there is no number
FLOAT32_DIGITS = 7  # that the recorded values have


def over_runs(array):
    """(count, mean, sample standard deviation) over what is not NaN along the axis of runs.

    The mean of nothing and the standard deviation of fewer than two values are NaN."""
    array = finite(array)
    if RUN not in array.dims:
        array = array.drop_vars(RUN, errors="ignore").expand_dims(RUN)
    with warnings.catch_warnings():  # where there are too few values
        warnings.simplefilter("ignore", RuntimeWarning)
        return array.count(RUN), array.mean(RUN, keep_attrs=True), array.std(RUN, ddof=1, keep_attrs=True)


def mean_over_runs(array):
    """The means over done runs, NaN where there is none."""
    return over_runs(array)[1] if RUN in array.dims else array


def runs_text(array):
    """ "mean of 3 runs", or of "2 to 3 runs" where they differ in how many are done; "" where nothing was
    averaged"""
    if RUN not in array.dims:
        return ""
    counts = np.isfinite(array).any(inner_axes(array)).sum(RUN).values
    least, most = counts[counts > 0].min(initial=array.sizes[RUN]), counts.max()
    if most <= 1:
        return ""
    return f"mean of {most} runs" if least == most else f"mean of {least} to {most} runs"


def is_better_when_higher(array):
    """Whether a variable is one whose highest value is the best: what is in percent is an accuracy, and R²."""
    return array.attrs.get("units") == "percent" or str(array.name).endswith("_r2")


def number_text(value, style="{:.2f}"):
    return MISSING if np.isnan(value) else style.format(value)


def number_style(array):
    """How the values of a variable are written: percentages with two decimals, anything else with four
    significant digits; with more where the values differ in these alone, so that a hundredth of their range
    is seen."""
    values = array.values[np.isfinite(array.values)]
    spread, largest = (np.ptp(values), np.abs(values).max()) if len(values) > 0 else (0, 0)
    decimals = math.ceil(-math.log10(spread / 100)) if spread > 0 else 0
    whole = math.floor(math.log10(largest)) + 1 if largest > 0 else 1  # digits before the point
    most = FLOAT32_DIGITS - whole
    if array.attrs.get("units") == "percent":
        return f"{{:.{max(2, min(decimals, most))}f}}"
    return f"{{:#.{max(4, whole + min(decimals, most))}g}}"
