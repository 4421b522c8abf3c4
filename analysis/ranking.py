#!/usr/bin/env python3
"""Print the combinations of axis values in the order of a variable's mean over runs, best first.

Best is the highest of what is in percent and the lowest of anything else, unless --highest or --lowest says otherwise.
Further variables become columns. The column `runs` counts the runs that the mean is of, `lost` those that diverged,
failed or timed out. Combinations without a mean come last; those of which nothing is finished are left out. With --only,
prints the best as options of `mpisweep run`, which then trains it alone:

    mpisweep run job.yaml $(ranking.py results.h5 validation_accuracy --only) --set sweep.run=5 -o best.h5"""
import argparse
import shlex

from results import (MISSING, RUN, ResultsError, add_selection, mean_and_spread, np, number_text, print_table,
                     read_variable, start, value_names, value_text)

MOST_DIGITS = 17  # that a number has


def runs_first(array, values):
    """The values (run, other axes)."""
    return np.moveaxis(values, list(array.axes).index(RUN), 0) if RUN in array.axes else values[None]


def lost_runs(array):
    """How many runs of each combination diverged, failed or timed out."""
    return runs_first(array, array.lost).sum(axis=0) if array.lost is not None else np.zeros((), int)


def ranked(array, highest):
    """[(place in the array of means, count, mean, spread)], best first; where there is no mean, there is no entry."""
    count, mean, spread = mean_and_spread(runs_first(array, array.values))
    order = np.argsort(-mean if highest else mean, axis=None, kind="stable")  # NaN last
    places = [tuple(map(int, place)) for place in zip(*np.unravel_index(order, mean.shape))] if mean.ndim else [()]
    return [(place, count[place], mean[place], spread[place]) for place in places if count[place] > 0]


def lost_places(array):
    """The places of the combinations that have finished runs and no mean."""
    count, _, _ = mean_and_spread(runs_first(array, array.values))
    return [tuple(map(int, place)) for place in np.argwhere((count == 0) & (lost_runs(array) > 0))]


def axis_values(array, place):
    return [value_text(values[i]) for values, i in zip(
        (values for axis, values in array.axes.items() if axis != RUN), place)]


def axis_names(array, places):
    """The names of the axis values of each of these places; only these values are named: there may be a million."""
    columns = []
    for axis, wanted in zip((axis for axis in array.axes if axis != RUN), zip(*places)):
        different = sorted(set(wanted))
        names = dict(zip(different, value_names([array.axes[axis][i] for i in different], array.coordinates.get(axis, []))))
        columns.append([names[i] for i in wanted])
    return [list(row) for row in zip(*columns)] if columns else [[] for _ in places]


def table_rows(arrays, highest, top=None, digits=4, in_full=False):
    """A header, then a row per combination; the first array decides on the order. in_full: values with all digits."""
    style = f"{{:#.{digits}g}}"  # with trailing zeros
    first, lost = arrays[0], lost_runs(arrays[0])
    columns = [{place: (number_text(mean, style), number_text(spread, style)) for place, _, mean, spread in
                ranked(array, highest)} for array in arrays]
    with_lost = in_full or bool(lost.any())
    rows = [["rank", *(axis for axis in first.axes if axis != RUN), "runs", *["lost"] * with_lost,
             *(text for array in arrays for text in (array.name, "sd"))]]
    counts = {place: count for place, count, _, _ in ranked(first, highest)}
    places = [*counts, *lost_places(first)][:top]
    texts = [axis_values(first, place) for place in places] if in_full else axis_names(first, places)
    for rank, (place, values) in enumerate(zip(places, texts), start=1):
        numbers = [text for column in columns for text in column.get(place, (MISSING, MISSING))]
        count = counts.get(place, 0)
        rows.append([str(rank) if count > 0 else MISSING, *values, str(count), *[str(lost[place])] * with_lost, *numbers])
    return rows


def options_of_best(array, highest):
    ranking = ranked(array, highest)
    if not ranking:
        raise ResultsError(f"{array.name}: no selected cell is done")
    axes = [axis for axis in array.axes if axis != RUN]
    values = axis_values(array, ranking[0][0])
    return shlex.join(word for axis, value in zip(axes, values) for word in ("--only", f"{axis}={value}"))


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
    arrays = [read_variable(arguments.file, name, arguments.select) for name in arguments.variables]
    highest = arguments.highest or (best_is_highest(arrays[0]) and not arguments.lowest)
    if arguments.style == "only":
        print(options_of_best(arrays[0], highest))
        return
    rows = table_rows(arrays, highest, arguments.top, arguments.digits, in_full=arguments.style == "csv")
    if len(rows) == 1:
        raise ResultsError(f"{arguments.file}: no selected cell is done")
    print_table(rows, arguments.style)


if __name__ == "__main__":
    start(main)
