#!/usr/bin/env python3
"""Print the combinations of axis values in the order of a variable's mean over runs, best first.

Best is the highest of what is in percent and the lowest of anything else, unless --highest or --lowest says otherwise.
Further variables become columns. Combinations of which no run is done are left out. With --only, prints the best as
options of `mpisweep run`, which then trains it alone:

    mpisweep run job.yaml $(ranking.py results.h5 validation_accuracy --only) --set sweep.run=5 -o best.h5"""
import argparse
import shlex

from results import (RUN, ResultsError, add_selection, mean_and_spread, np, number_text, print_table, read_variable,
                     start, value_text)


def ranked(array, highest):
    """[(place in the array of means, count, mean, spread)], best first; where nothing is done, there is no entry."""
    dimension = list(array.axes).index(RUN) if RUN in array.axes else None
    values = array.values[None] if dimension is None else np.moveaxis(array.values, dimension, 0)
    count, mean, spread = mean_and_spread(values)
    places = [place for place in np.ndindex(mean.shape) if count[place] > 0]
    places.sort(key=lambda place: -mean[place] if highest else mean[place])
    return [(place, count[place], mean[place], spread[place]) for place in places]


def axis_values(array, place):
    return [value_text(values[i]) for values, i in zip(
        (values for axis, values in array.axes.items() if axis != RUN), place)]


def table_rows(arrays, highest, top=None, digits=4):
    """A header, then a row per combination; the first array decides on the order."""
    style = f"{{:#.{digits}g}}"  # with trailing zeros
    columns = [{place: (number_text(mean, style), number_text(spread, style)) for place, _, mean, spread in
                ranked(array, highest)} for array in arrays]
    rows = [["rank", *(axis for axis in arrays[0].axes if axis != RUN), "runs",
             *(text for array in arrays for text in (array.name, "sd"))]]
    for rank, (place, count, _, _) in enumerate(ranked(arrays[0], highest)[:top], start=1):
        numbers = [text for column in columns for text in column.get(place, ("–", "–"))]
        rows.append([str(rank), *axis_values(arrays[0], place), str(count), *numbers])
    return rows


def options_of_best(array, highest):
    best, *_ = ranked(array, highest)[0]
    axes = [axis for axis in array.axes if axis != RUN]
    return shlex.join(word for axis, value in zip(axes, axis_values(array, best)) for word in ("--only", f"{axis}={value}"))


def best_is_highest(array):
    return array.units == "percent"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="RESULTS.h5")
    parser.add_argument("variables", nargs="+", metavar="VARIABLE", help="the first decides on the order")
    add_selection(parser)
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument("--highest", action="store_true")
    direction.add_argument("--lowest", action="store_true")
    style = parser.add_mutually_exclusive_group()
    style.add_argument("--markdown", dest="style", action="store_const", const="markdown", default="text")
    style.add_argument("--csv", dest="style", action="store_const", const="csv")
    style.add_argument("--only", dest="style", action="store_const", const="only",
                       help="the best combination, as options of mpisweep run")
    parser.add_argument("--top", type=int, metavar="N", help="the best N only")
    parser.add_argument("--digits", type=int, default=4, help="significant; default: %(default)s")
    arguments = parser.parse_args()
    for name in ("top", "digits"):
        if (value := getattr(arguments, name)) is not None and value < 1:
            parser.error(f"--{name}: {value}: accepted: 1 or more")
    return arguments


def main():
    arguments = parse_arguments()
    arrays = [read_variable(arguments.file, name, arguments.select) for name in arguments.variables]
    highest = arguments.highest or (best_is_highest(arrays[0]) and not arguments.lowest)
    rows = table_rows(arrays, highest, arguments.top, arguments.digits)
    if len(rows) == 1:
        raise ResultsError(f"{arguments.file}: no selected cell is done")
    if arguments.style == "only":
        print(options_of_best(arrays[0], highest))
    else:
        print_table(rows, arguments.style)


if __name__ == "__main__":
    start(main)
