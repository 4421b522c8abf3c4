"""What commands have in common: arguments, the files that they write, tables."""
import argparse
import csv
import os
import sys
from pathlib import Path

from ..errors import RequestError
from ..plot.style import SUFFIXES, save
from ..reading import open as open_results
from ..statistics import MISSING

MAX_NAMED = 3  # variables in the name of a figure


def new_parser(description):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", metavar="RESULTS.h5")
    return parser


def figure_parser(description):
    parser = new_parser(description)
    add_selection(parser)
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        metavar="FIGURE",
        help=f"{', '.join(SUFFIXES)}; may be repeated; default: RESULTS_VARIABLE_KIND.png next to the file",
    )
    parser.add_argument("--title", help="default: the title of the job")
    return parser


def selected(text):
    """ "lr=0.01,0.1" as [(axis, value text), …]: the type of the option --select"""
    axis, equals, values = text.partition("=")
    if not (axis and equals and all(values.split(","))):
        raise argparse.ArgumentTypeError(f"{text}: accepted: AXIS=VALUE[,VALUE]...")
    return [(axis, value) for value in values.split(",")]


def add_selection(parser):
    parser.add_argument(
        "--select",
        type=selected,
        action="extend",
        default=[],
        metavar="AXIS=VALUE[,VALUE]...",
        help="only cells where AXIS has one of the values; may be repeated, and the values of one axis add "
        "up. A long number may be rounded to three digits or more",
    )


def add_log_axes(parser):
    parser.add_argument(
        "--log",
        choices=["x", "y", "xy", "none"],
        help="logarithmic axes; default: x where its values are log-spaced",
    )


def log_of(arguments):
    """As the plotting functions take it."""
    return "" if arguments.log == "none" else arguments.log


# ---- Figures --------------------------------------------------------------------------------------


def output_paths(arguments, variables, kind):
    """Where to write, checked before anything is read."""
    paths = [Path(path) for path in arguments.output or [default_path(arguments.file, variables, kind)]]
    for path in paths:
        if path.suffix not in SUFFIXES:
            raise RequestError(f"{path}: the figure's suffix must be one of {', '.join(SUFFIXES)}")
        check_output(path, arguments.file)
    return paths


def default_path(results, variables, kind):
    """RESULTS_VARIABLE_KIND.png next to the file. RESULTS is its name without .h5; another suffix stays."""
    words = [variable.replace("/", "_") for variable in variables[:MAX_NAMED]]
    if len(variables) > MAX_NAMED:
        words.append(f"{len(variables) - MAX_NAMED}_more")
    return Path(results).parent / f"{'_'.join([Path(results).name.removesuffix('.h5'), *words, kind])}.png"


def check_output(path, source):
    """Refuse to write over the file that is read."""
    if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
        raise RequestError(f"{path}: is the results file; name another output with -o")


def title_of(arguments, ds):
    return ds.attrs.get("title", "") if arguments.title is None else arguments.title


def write_figure(arguments, paths, draw):
    """Open the results file, draw(ds), write the figure, and say so."""
    with open_results(arguments.file) as ds:
        figure = draw(ds)
    save(figure, paths)
    for path in paths:
        print(f"wrote {path}")


# ---- Tables ---------------------------------------------------------------------------------------


def print_table(rows, style="text"):
    """rows: lists of texts, the first the header. style: text, markdown or csv (where missing is empty)"""
    if style == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(
            ["" if cell == MISSING else cell for cell in row] for row in rows
        )
    elif style == "markdown":
        for row in [rows[0], ["---:"] * len(rows[0]), *rows[1:]]:
            print(f"| {' | '.join(row)} |")
    else:
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))
