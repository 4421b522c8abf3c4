#!/usr/bin/env python3
"""Draw the mean over runs of one variable of a results file as a heat map, and print the same numbers.

The file must have two axes beside `run`: the first becomes y, the second x. Works while a run is writing."""
import argparse
from pathlib import Path

from results import ResultsError, leave, leave_without_module, mean_over_runs, np, read_variable, value_text

try:
    import matplotlib
except ImportError as missing:
    leave_without_module(missing)
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend is chosen before)

SUFFIXES = (".png", ".svg")
AXIS_LABELS = {"lr": "learning rate η", "lambda": "entropy weight λ"}
SOURCE_LABELS = {"cifar10": "CIFAR-10", "synthetic": "Synthetic"}
VARIABLE_LABELS = {"test_accuracy": "Test Acc", "test_loss": "Test Loss", "train_loss": "Train Loss"}


def default_color_label(array):
    """ "Mean CIFAR-10 Test Acc (%)" """
    words = ["Mean", SOURCE_LABELS.get(array.data_source, array.data_source),
             VARIABLE_LABELS.get(array.name, array.name)]
    words += {"percent": ["(%)"], "1": []}.get(array.units, [f"({array.units})"])
    return " ".join(word for word in words if word)


def axis_label(array, axis):
    return AXIS_LABELS.get(axis) or array.axis_meanings.get(axis) or axis


def format_mean(mean):
    return "–" if np.isnan(mean) else f"{mean:.2f}"


def print_table(means, axes):
    (y_name, y_values), (x_name, x_values) = axes.items()
    rows = [[f"{y_name} \\ {x_name}"] + [value_text(x) for x in x_values]]
    rows += [[value_text(y)] + [format_mean(mean) for mean in row] for y, row in zip(y_values, means)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))


def draw(means, axes, labels, path):
    """labels: (y, x, color, title)"""
    y_label, x_label, color_label, title = labels
    y_values, x_values = axes.values()
    figure, plot = pyplot.subplots(figsize=(2.5 + 0.9 * len(x_values), 2.0 + 0.6 * len(y_values)),
                                   layout="constrained")
    image = plot.imshow(means, aspect="auto", cmap="viridis")
    plot.set_xticks(range(len(x_values)), [value_text(x) for x in x_values])
    plot.set_yticks(range(len(y_values)), [value_text(y) for y in y_values])
    plot.set(xlabel=x_label, ylabel=y_label, title=title)
    figure.colorbar(image, ax=plot, label=color_label)
    for (row, column), mean in np.ndenumerate(means):
        # dark text on the bright end of the colour map
        color = "black" if not np.isnan(mean) and image.norm(mean) > 0.6 else "white"
        plot.text(column, row, format_mean(mean), ha="center", va="center", color="gray" if np.isnan(mean) else color)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="RESULTS.h5")
    parser.add_argument("--variable", default="test_accuracy", help="default: %(default)s")
    parser.add_argument("-o", "--output", metavar="FIGURE", help=".png or .svg; default: VARIABLE.png beside the file")
    parser.add_argument("--title", help="default: the title of the job")
    parser.add_argument("--x-label")
    parser.add_argument("--y-label")
    parser.add_argument("--label", help="text at the colour bar")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    output = Path(arguments.output or Path(arguments.file).with_name(f"{arguments.variable}.png"))
    if output.suffix not in SUFFIXES:
        raise ResultsError(f"{output}: the figure's suffix must be one of {', '.join(SUFFIXES)}")
    array = read_variable(arguments.file, arguments.variable)
    means, axes = mean_over_runs(array)
    if len(axes) != 2:
        raise ResultsError(f"{arguments.file}: a heat map needs two axes beside run; "
                           f"{arguments.variable} has {len(axes)}: {', '.join(axes) or 'none'}")
    y_name, x_name = axes
    labels = (arguments.y_label or axis_label(array, y_name), arguments.x_label or axis_label(array, x_name),
              arguments.label or default_color_label(array),
              array.title if arguments.title is None else arguments.title)
    print(f"{labels[2]}, {np.isfinite(array.values).sum()} of {array.values.size} cells done")
    print_table(means, axes)
    draw(means, axes, labels, output)


if __name__ == "__main__":
    try:
        main()
    except (ResultsError, OSError) as error:
        leave(error)
