"""Are two means equivalent? Two one-sided tests with Welch's standard error and degrees of freedom."""
import math
from dataclasses import dataclass

import numpy as np

LEVEL = 0.05  # of each one-sided test


@dataclass
class Comparison:
    label: dict  # axis name -> value text
    ours: np.ndarray
    reference: np.ndarray
    margin: float
    difference: float = math.nan
    standard_error: float = math.nan
    verdict: str = "no data"


def student_t_upper_tail(t, degrees):
    """P(T > t) for Student's t. With t = √ν·tan θ the density is ∝ cos^(ν−1) θ on (−π/2, π/2)."""

    def integral(low):
        theta, width = np.linspace(low, math.pi / 2, 20001, retstep=True)
        density = np.cos(theta).clip(0) ** (degrees - 1)
        return width * (density.sum() - (density[0] + density[-1]) / 2)

    return integral(math.atan(t / math.sqrt(degrees))) / integral(-math.pi / 2)


def compare(label, ours, reference, margin):
    """Two one-sided Welch t-tests of |mean(ours) − mean(reference)| < margin."""
    result = Comparison(label, ours, reference, margin)
    if len(ours) > 0 and len(reference) > 0:
        result.difference = ours.mean() - reference.mean()
    if len(ours) < 2 or len(reference) < 2:
        return result
    variances = np.array([sample.var(ddof=1) / len(sample) for sample in (ours, reference)])
    result.standard_error = math.sqrt(variances.sum())
    if result.standard_error == 0:
        result.verdict = "equivalent" if abs(result.difference) < margin else "different"
        return result
    degrees = variances.sum() ** 2 / (variances**2 / [len(ours) - 1, len(reference) - 1]).sum()

    def excess_is_significant(distance):
        return student_t_upper_tail(distance / result.standard_error, degrees) < LEVEL

    if excess_is_significant(margin - abs(result.difference)):
        result.verdict = "equivalent"
    elif excess_is_significant(abs(result.difference) - margin):
        result.verdict = "different"
    else:
        result.verdict = "undecided"
    return result
