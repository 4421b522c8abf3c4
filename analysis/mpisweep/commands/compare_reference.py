"""Compare a results file with a published table: are the means equivalent?

REFERENCE.csv has one row per run and cell: columns named as the axes of the results file, and one with the
values. Means are compared per cell, and per value of the first axis other than `run` (--by), pooled over the
other axes. Only cells that both have take part.

The verdict is that of two one-sided tests (TOST) with Welch's standard error and degrees of freedom:
"equivalent" when the 90 % confidence interval of the difference lies within ±margin, so that a real
difference of the margin or more passes with a probability of at most 5 %; "different" when the interval is
wholly outside; else "undecided".

Exit status: 0 every --by group is equivalent, 1 not, 2 bad usage, 3 a file that cannot be read."""
import csv
import math
from argparse import ArgumentTypeError

import numpy as np

from ..cells import RUN, axes_without_runs, number_of
from ..equivalence import compare
from ..errors import MissingName, RequestError
from ..names import find_values, list_values, value_text
from ..reading import open as open_results
from ..statistics import number_style, number_text
from .common import new_parser, print_table


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
                raise RequestError(
                    f"{path}: needs the columns {', '.join(axes)} and one with the values (run may be there "
                    f"too), has: {', '.join(map(str, columns))}"
                )
            for row in reader:
                if None in row:
                    raise ValueError(
                        f"{len(columns) + len(row[None])} fields; accepted: {len(columns)}, as in the header"
                    )
                key = tuple(value_key(coordinates, row[axis]) for axis, coordinates in axes.items())
                cells.setdefault(key, []).append(float(row[values[0]]))
        except RequestError:
            raise
        except (AttributeError, TypeError, ValueError, csv.Error) as error:
            raise RequestError(f"{path}:{reader.line_num}: {error}") from error
    return {key: np.array(runs) for key, runs in cells.items()}


def split_into_cells(array):
    """{texts of the axis values without run: values of the done runs}"""
    axes = axes_without_runs(array)
    values = array.transpose(*axes, ...).values.reshape(*(array.sizes[axis] for axis in axes), -1)
    coordinates = [array[axis].values for axis in axes]
    return {
        tuple(value_text(along[i]) for along, i in zip(coordinates, place)): values[place][
            np.isfinite(values[place])
        ]
        for place in np.ndindex(values.shape[:-1])
    }


def compare_cells(ours, reference, axes, margin_of):
    return [
        compare(label, ours[key], reference[key], margin_of(label))
        for key in reference
        if key in ours
        for label in [dict(zip(axes, key))]
    ]


def compare_groups(cells, reference, axes, by, margin_of):
    """Pool the cells by the axis `by`; a value that only the reference has is a group without data."""
    groups = {key[axes.index(by)]: [] for key in reference}
    for cell in cells:
        if len(cell.ours) > 0:
            groups[cell.label[by]].append(cell)
    empty = np.array([])
    return [
        compare(
            {by: value},
            np.concatenate([cell.ours for cell in members] or [empty]),
            np.concatenate([cell.reference for cell in members] or [empty]),
            margin_of({by: value}),
        )
        for value, members in groups.items()
    ]


def table_rows(comparisons, style):
    """style: of a number, as number_style() gives it"""

    def moments(sample):
        return [
            str(len(sample)),
            number_text(sample.mean() if len(sample) > 0 else math.nan, style),
            number_text(sample.std(ddof=1) if len(sample) > 1 else math.nan, style),
        ]

    header = ["n", "ours", "sd", "n", "reference", "sd", "difference", "SE", "margin", "verdict"]
    return [list(comparisons[0].label) + header] + [
        list(c.label.values())
        + moments(c.ours)
        + moments(c.reference)
        + [
            number_text(c.difference, style.replace(":", ":+")),
            number_text(c.standard_error, style),
            f"{c.margin:g}",
            c.verdict,
        ]
        for c in comparisons
    ]


def margin_at(text):
    """ "lr=1e-4:2.5" as (axis, value text, margin)"""
    place, _, margin = text.rpartition(":")
    axis, _, value = place.partition("=")
    if not (axis and value and float(margin) > 0):
        raise ArgumentTypeError(f"{text}: accepted: AXIS=VALUE:MARGIN, a margin above 0")
    return axis, value, float(margin)


def positive(text):
    if not float(text) > 0:
        raise ValueError
    return float(text)


def value_on(array, axis, text):
    """The text in full of the value that --margin-at names."""
    values = array[axis].values
    try:
        key = value_key(values, text)
    except ValueError as error:
        raise RequestError(f"--margin-at {axis}={text}: {error}") from error
    if key not in map(value_text, values):
        raise RequestError(
            f"--margin-at {axis}={text}: axis {axis} has no such value; it has: {list_values(values)}"
        )
    return key


def parse_arguments():
    parser = new_parser(__doc__)
    parser.add_argument("reference", metavar="REFERENCE.csv")
    parser.add_argument("--variable", default="test_accuracy", help="default: %(default)s")
    parser.add_argument("--by", metavar="AXIS", help="group by this axis; default: the first other than run")
    parser.add_argument(
        "--margin", type=positive, default=1.5, help="largest harmless difference; default: %(default)s"
    )
    parser.add_argument(
        "--margin-at",
        type=margin_at,
        action="append",
        default=[],
        metavar="AXIS=VALUE:MARGIN",
        help="another margin where AXIS has VALUE, for example lr=1e-4:2.5; may be repeated",
    )
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    return parser.parse_args()


def margins(array, arguments):
    """The function that gives the margin of a label."""
    special = [(axis, value_on(array, axis, value), margin) for axis, value, margin in arguments.margin_at]

    def margin_of(label):
        found = [margin for axis, value, margin in special if label.get(axis) == value]
        return found[-1] if found else arguments.margin

    return margin_of


def check_axes(array, arguments, by):
    axes = axes_without_runs(array)
    for axis in [by] + [axis for axis, _, _ in arguments.margin_at]:
        if axis not in axes:
            raise MissingName(
                f"{arguments.file}: no axis {axis!r} to compare by; there are: {', '.join(axes)}"
            )


def main():
    arguments = parse_arguments()
    with open_results(arguments.file) as ds:
        array = number_of(ds, arguments.variable)
    axes = axes_without_runs(array)
    by = arguments.by or (axes[0] if axes else RUN)
    check_axes(array, arguments, by)
    margin_of = margins(array, arguments)
    reference = read_reference(arguments.reference, {axis: array[axis].values for axis in axes})
    cells = compare_cells(split_into_cells(array), reference, axes, margin_of)
    if not cells:
        raise RequestError(f"{arguments.reference}: has no cell in common with {arguments.file}")
    groups = compare_groups(cells, reference, axes, by, margin_of)
    print_tables(arguments, array, by, groups, cells)
    return 0 if all(group.verdict == "equivalent" for group in groups) else 1


def print_tables(arguments, array, by, groups, cells):
    heading, style = ("### ", "markdown") if arguments.markdown else ("", "text")
    print(f"{heading}{arguments.variable} per {by}\n")
    print_table(table_rows(groups, number_style(array)), style)
    print(f"\n{heading}{arguments.variable} per cell\n")
    print_table(table_rows(cells, number_style(array)), style)
