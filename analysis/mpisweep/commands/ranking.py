"""Print the combinations of axis values in the order of a variable's mean over runs, best first.

Best is the highest of what is in percent and of R², and the lowest of anything else, unless --highest or --lowest says
otherwise. Further variables become columns. The column `runs` counts the runs that the mean is of, `lost`
those that diverged, failed or timed out. Combinations without a mean come last; those of which nothing is
finished are left out. With --only, prints the best as options of `mpisweep run`, which then trains it alone:

    mpisweep run job.yaml $(ranking.py results.h5 validation_accuracy --only) --set sweep.run=5 -o best.h5"""
import shlex

from ..cells import axes_without_runs, number_of, source
from ..errors import RequestError
from ..names import MOST_DIGITS, value_names, value_text
from ..ranking import columns_of, rank_arrays
from ..reading import open as open_results
from ..statistics import MISSING, number_text
from .common import add_selection, new_parser, print_table


def table_rows(arrays, highest=None, top=None, digits=4, in_full=False):
    """A header, then a row per combination, ordered by the first array. in_full: values with all digits"""
    axes = columns_of(arrays[0])
    table = rank_arrays(arrays, highest)
    with_lost = in_full or bool(table["lost"].any())
    table = table[:top]
    header = [
        "rank",
        *axes,
        "runs",
        *["lost"] * with_lost,
        *(text for array in arrays for text in (array.name, "sd")),
    ]
    ranks = [str(place) if runs > 0 else MISSING for place, runs in table["runs"].items()]
    values = [axis_texts(arrays[0], axis, table[axis].tolist(), in_full) for axis in axes]
    counts = [[str(count) for count in table[name]] for name in ["runs", *["lost"] * with_lost]]
    style = f"{{:#.{digits}g}}"  # with trailing zeros
    numbers = [
        [number_text(value, style) for value in table[name]]
        for array in arrays
        for name in (array.name, f"{array.name}_sd")
    ]
    return [header, *map(list, zip(ranks, *values, *counts, *numbers))]


def axis_texts(array, axis, values, in_full):
    """Only these values are named: the axis may have a million."""
    if in_full:
        return [value_text(value) for value in values]
    different = sorted(set(values))
    texts = dict(
        zip(different, value_names(different, array[axis].encoding.get("among", array[axis].values)))
    )
    return [texts[value] for value in values]


def options_of_best(array, highest):
    table = rank_arrays([array], highest)
    if not (table["runs"] > 0).any():
        raise RequestError(f"{array.name}: no selected cell is done")
    return shlex.join(
        word
        for axis in axes_without_runs(array)
        for word in ("--only", f"{axis}={value_text(table[axis].iloc[0])}")
    )


def parse_arguments():
    parser = new_parser(__doc__)
    parser.add_argument("variables", nargs="+", metavar="VARIABLE", help="the first decides on the order")
    add_selection(parser)
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument("--highest", action="store_true")
    direction.add_argument("--lowest", action="store_true")
    style = parser.add_mutually_exclusive_group()
    style.add_argument("--markdown", dest="style", action="store_const", const="markdown", default="text")
    style.add_argument("--csv", dest="style", action="store_const", const="csv")
    style.add_argument(
        "--only",
        dest="style",
        action="store_const",
        const="only",
        help="the best combination, as options of mpisweep run",
    )
    parser.add_argument("--top", type=int, metavar="N", help="the best N only")
    parser.add_argument("--digits", type=int, default=4, help="of means, significant; default: %(default)s")
    arguments = parser.parse_args()
    for name in ("top", "digits"):
        if (value := getattr(arguments, name)) is not None and value < 1:
            parser.error(f"--{name}: {value}: accepted: 1 or more")
    if arguments.digits > MOST_DIGITS:
        parser.error(f"--digits: {arguments.digits}: accepted: up to {MOST_DIGITS}")
    return arguments


def main():
    arguments = parse_arguments()
    highest = True if arguments.highest else False if arguments.lowest else None
    with open_results(arguments.file) as ds:
        arrays = [number_of(ds, name, arguments.select) for name in arguments.variables]
        if arguments.style == "only":
            print(options_of_best(arrays[0], highest))
            return
        rows = table_rows(arrays, highest, arguments.top, arguments.digits, in_full=arguments.style == "csv")
        if len(rows) == 1:
            raise RequestError(f"{source(ds)}: no selected cell is done")
    print_table(rows, arguments.style)
