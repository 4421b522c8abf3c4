#!/usr/bin/env python3
"""Compare a results file with a published table: are the means equivalent?

REFERENCE.csv has one row per run and cell: columns named as the axes of the results file, and one with the values.
Means are compared per cell, and per value of the first axis beside `run` (--by), pooled over the other axes. Only
cells that both have take part.

The verdict is that of two one-sided tests (TOST) with Welch's standard error and degrees of freedom: "equivalent" when
the 90 % confidence interval of the difference lies within ±margin, so that a real difference of the margin or more
passes with a probability of at most 5 %; "different" when the interval lies wholly outside; else "undecided".

Exit status: 0 every --by group is equivalent, 1 not, 2 bad usage, 3 a file that cannot be read."""
import argparse
import csv
import math
from dataclasses import dataclass

from results import (RUN, ResultsError, find_values, list_values, np, number_text, print_table, read_variable, start,
                     value_text)

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
    """P(T > t) for Student's t. With t = √ν·tan θ the density is proportional to cos^(ν−1) θ on (−π/2, π/2)."""
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
    degrees = variances.sum() ** 2 / (variances ** 2 / [len(ours) - 1, len(reference) - 1]).sum()

    def excess_is_significant(distance):
        return student_t_upper_tail(distance / result.standard_error, degrees) < LEVEL

    if excess_is_significant(margin - abs(result.difference)):
        result.verdict = "equivalent"
    elif excess_is_significant(abs(result.difference) - margin):
        result.verdict = "different"
    else:
        result.verdict = "undecided"
    return result


def value_key(values, text):
    """The text in full of the value of an axis that `text` names; of a value that the axis lacks its own."""
    found = find_values(values, text)
    if len(found) > 1:
        raise ValueError(f"{text} names {len(found)} values: {list_values([values[i] for i in found])}")
    if found:
        return value_text(values[found[0]])
    return text if isinstance(values[0], str) else value_text(float(text))


def read_reference(path, axes):
    """The table as {texts of the axis values: [values of the runs]}; axes: name -> values, without run."""
    cells = {}
    with open(path, newline="", encoding="utf-8-sig") as file:  # spreadsheets write a byte order mark
        try:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            values = [column for column in columns if column not in axes and column != RUN]
            if not set(axes) <= set(columns) or len(values) != 1:
                raise ResultsError(f"{path}: needs the columns {', '.join(axes)} and one with the values (run may be there "
                                   f"too), has: {', '.join(map(str, columns))}")
            for row in reader:
                if None in row:
                    raise ValueError(f"{len(columns) + len(row[None])} fields; accepted: {len(columns)}, as in the header")
                key = tuple(value_key(coordinates, row[axis]) for axis, coordinates in axes.items())
                cells.setdefault(key, []).append(float(row[values[0]]))
        except (AttributeError, TypeError, ValueError, csv.Error) as error:
            raise ResultsError(f"{path}:{reader.line_num}: {error}") from error
    return {key: np.array(runs) for key, runs in cells.items()}


def split_into_cells(array):
    """{texts of the axis values without run: values of the done runs}"""
    names = list(array.axes)
    runs_last = np.moveaxis(array.values, names.index(RUN), -1) if RUN in names else array.values[..., None]
    others = [array.axes[name] for name in names if name != RUN]
    return {tuple(value_text(values[i]) for values, i in zip(others, index)):
            runs_last[index][np.isfinite(runs_last[index])]
            for index in np.ndindex(runs_last.shape[:-1])}


def compare_cells(ours, reference, axes, margin_of):
    return [compare(label, ours[key], reference[key], margin_of(label))
            for key in reference if key in ours
            for label in [dict(zip(axes, key))]]


def compare_groups(cells, reference, axes, by, margin_of):
    """Pool the cells by the axis `by`; a value that only the reference has is a group without data."""
    groups = {key[axes.index(by)]: [] for key in reference}
    for cell in cells:
        if len(cell.ours) > 0:
            groups[cell.label[by]].append(cell)
    empty = np.array([])
    return [compare({by: value},
                    np.concatenate([cell.ours for cell in members] or [empty]),
                    np.concatenate([cell.reference for cell in members] or [empty]),
                    margin_of({by: value}))
            for value, members in groups.items()]


def table_rows(comparisons):
    def moments(sample):
        return [str(len(sample)), number_text(sample.mean() if len(sample) > 0 else math.nan),
                number_text(sample.std(ddof=1) if len(sample) > 1 else math.nan)]

    header = ["n", "ours", "sd", "n", "reference", "sd", "difference", "SE", "margin", "verdict"]
    return [list(comparisons[0].label) + header] + [
        list(c.label.values()) + moments(c.ours) + moments(c.reference)
        + [number_text(c.difference, "{:+.2f}"), number_text(c.standard_error), f"{c.margin:g}", c.verdict]
        for c in comparisons]


def margin_at(text):
    """ "lr=1e-4:2.5" as (axis, value text, margin) """
    place, _, margin = text.rpartition(":")
    axis, _, value = place.partition("=")
    if not (axis and value and float(margin) > 0):
        raise ValueError
    return axis, value, float(margin)


def positive(text):
    if not float(text) > 0:
        raise ValueError
    return float(text)


def value_on(array, axis, text):
    """The text in full of the value that --margin-at names."""
    try:
        key = value_key(array.axes[axis], text)
    except ValueError as error:
        raise ResultsError(f"--margin-at {axis}={text}: {error}") from error
    if key not in map(value_text, array.axes[axis]):
        raise ResultsError(f"--margin-at {axis}={text}: axis {axis} has no such value; it has: "
                           f"{list_values(array.axes[axis])}")
    return key


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="RESULTS.h5")
    parser.add_argument("reference", metavar="REFERENCE.csv")
    parser.add_argument("--variable", default="test_accuracy", help="default: %(default)s")
    parser.add_argument("--by", metavar="AXIS", help="group by this axis; default: the first beside run")
    parser.add_argument("--margin", type=positive, default=1.5, help="largest harmless difference; default: %(default)s")
    parser.add_argument("--margin-at", type=margin_at, action="append", default=[], metavar="AXIS=VALUE:MARGIN",
                        help="another margin where AXIS has VALUE, for example lr=1e-4:2.5; may be repeated")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    array = read_variable(arguments.file, arguments.variable)
    axes = [axis for axis in array.axes if axis != RUN]
    by = arguments.by or (axes[0] if axes else RUN)
    for axis in [by] + [axis for axis, _, _ in arguments.margin_at]:
        if axis not in axes:
            raise ResultsError(f"{arguments.file}: no axis {axis!r} to compare by; there are: {', '.join(axes)}")

    special_margins = [(axis, value_on(array, axis, value), margin) for axis, value, margin in arguments.margin_at]

    def margin_of(label):
        special = [margin for axis, value, margin in special_margins if label.get(axis) == value]
        return special[-1] if special else arguments.margin

    reference = read_reference(arguments.reference, {axis: array.axes[axis] for axis in axes})
    cells = compare_cells(split_into_cells(array), reference, axes, margin_of)
    if not cells:
        raise ResultsError(f"{arguments.reference}: has no cell in common with {arguments.file}")
    groups = compare_groups(cells, reference, axes, by, margin_of)
    heading, style = ("### ", "markdown") if arguments.markdown else ("", "text")
    print(f"{heading}{arguments.variable} per {by}\n")
    print_table(table_rows(groups), style)
    print(f"\n{heading}{arguments.variable} per cell\n")
    print_table(table_rows(cells), style)
    return 0 if all(group.verdict == "equivalent" for group in groups) else 1


if __name__ == "__main__":
    start(main)
