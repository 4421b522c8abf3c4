"""What the scripts that draw have in common: their arguments, labels, panels and files."""
import argparse
import textwrap
from pathlib import Path

from results import ResultsError, add_selection, check_output, leave_without_module, np

try:
    import matplotlib
except ImportError as missing:
    leave_without_module(missing)
matplotlib.use("Agg")
matplotlib.rcParams["text.parse_math"] = False  # a title may have dollars
from matplotlib import pyplot  # noqa: E402  (the backend is chosen before)

SUFFIXES = (".png", ".svg")
AXIS_LABELS = {"lr": "learning rate η", "lambda": "entropy weight λ"}
PLACE = "coordinate in the array"  # what the file says of axes that mean no more than their name
LABEL_WIDTH = 40  # characters: along the shorter side of a panel
PANEL = (5.5, 3.8)  # inches
MAX_COLUMNS = 3  # of panels
MAX_INNER_LEGEND = 6  # entries
MAX_GROUPS = 40  # lines, bars or panels that can be told apart
MAX_NAMED = 40  # values along an axis that can be read


def figure_parser(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="RESULTS.h5")
    add_selection(parser)
    parser.add_argument("-o", "--output", action="append", metavar="FIGURE",
                        help=".png or .svg; may be repeated; default: a .png named by what is drawn, beside the file")
    parser.add_argument("--title", help="default: the title of the job")
    return parser


def add_log_axes(parser):
    parser.add_argument("--log", choices=["x", "y", "xy"], default="", help="logarithmic axes")


def output_paths(arguments, default_name):
    """Where to write, checked before anything is read."""
    paths = [Path(path) for path in arguments.output or [Path(arguments.file).parent / f"{default_name.replace('/', '_')}.png"]]
    for path in paths:
        if path.suffix not in SUFFIXES:
            raise ResultsError(f"{path}: the figure's suffix must be one of {', '.join(SUFFIXES)}")
        check_output(path, arguments.file)
    return paths


def save(figure, paths):
    for path in paths:
        figure.savefig(path, dpi=150)
    pyplot.close(figure)


def axis_label(array, axis):
    meaning = array.axis_meanings.get(axis)
    if axis in AXIS_LABELS or meaning in (None, "", PLACE):
        return AXIS_LABELS.get(axis, axis)
    return f"{axis} ({meaning})" if axis in array.cell_axes else meaning


def fill(text):
    """On as few lines as LABEL_WIDTH allows, and these as even as can be."""
    lines = [textwrap.wrap(text, width, break_long_words=False) for width in range(1, LABEL_WIDTH + 1)]
    return "\n".join(next(few for few in lines if len(few) <= len(lines[-1])))


def value_label(array):
    """ "test accuracy (percent)" """
    name = array.long_name or array.name
    return fill(name if array.units == "1" else f"{name} ({array.units})")


def title_of(arguments, array):
    return array.title if arguments.title is None else arguments.title


def new_panels(count, title, size=PANEL, **options):
    """A figure of `count` panels, and these."""
    columns = 2 if count == 4 else min(count, MAX_COLUMNS)
    rows = -(-count // columns)
    figure, panels = pyplot.subplots(rows, columns, figsize=(size[0] * columns, size[1] * rows), squeeze=False,
                                     layout="constrained", **options)
    for unused in panels.flat[count:]:
        unused.remove()
    figure.suptitle(title)
    return figure, list(panels.flat[:count])


def add_legends(panels, title=""):
    """Where there is something to tell: in the last of panels with the same entries, beside it when these are many."""
    entries = [panel.get_legend_handles_labels()[1] for panel in panels]
    for panel, labels, following in zip(panels, entries, [*entries[1:], None]):
        if labels != following and (title or len(labels) > 1):
            place = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if len(labels) > MAX_INNER_LEGEND else {}
            panel.legend(title=title, fontsize="small", title_fontsize="small", **place)


def set_log_axes(panel, log):
    panel.set(**{f"{axis}scale": "log" for axis in log})


def groups_to_draw(array, keep):
    """The groups of the array as a list that is not empty and can be drawn."""
    count = array.count_groups(keep)
    if count == 0:
        raise ResultsError(f"{array.name}: no selected cell is done")
    if count > MAX_GROUPS:
        raise ResultsError(f"{array.name}: {count} combinations of axis values are too many for a figure; "
                           f"choose up to {MAX_GROUPS} with --select AXIS=VALUE; ranking.py lists the best")
    return list(array.groups(keep))


def named_ticks(array, axis):
    """(places, names) of the values along an axis: of all, or evenly spaced ones where they are too many to be read."""
    step = -(-len(array.axes[axis]) // MAX_NAMED)
    return list(range(0, len(array.axes[axis]), step)), array.names(axis, slice(None, None, step))


def colors(count):
    return pyplot.cm.tab10(range(count)) if count <= 10 else pyplot.cm.viridis(np.linspace(0, 0.95, count))
