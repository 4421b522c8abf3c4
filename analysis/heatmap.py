#!/usr/bin/env python3
"""Draw the mean over runs of one variable of a results file as a heat map, and print the same numbers.

The file must have two axes beside `run` and those that --select takes away: the first becomes y, the second x.
Works while a run is writing."""
from figure import axis_label, figure_parser, output_paths, pyplot, save, title_of
from results import (ResultsError, mean_over_runs, np, number_text, print_table, read_variable, start,
                     value_text)

SOURCE_LABELS = {"cifar10": "CIFAR-10", "synthetic": "Synthetic"}
VARIABLE_LABELS = {"test_accuracy": "Test Acc", "test_loss": "Test Loss", "train_loss": "Train Loss"}


def default_color_label(array):
    """ "Mean CIFAR-10 Test Acc (%)" """
    words = ["Mean", SOURCE_LABELS.get(array.data_source, array.data_source),
             VARIABLE_LABELS.get(array.name, array.name)]
    words += {"percent": ["(%)"], "1": []}.get(array.units, [f"({array.units})"])
    return " ".join(word for word in words if word)


def means_over_two_axes(array):
    means = mean_over_runs(array)
    if len(means.axes) != 2:
        raise ResultsError(f"{array.name}: a heat map needs two axes beside run; it has {len(means.axes)}: "
                           f"{', '.join(means.axes) or 'none'}")
    return means


def table_rows(means):
    (y_name, y_values), (x_name, x_values) = means.axes.items()
    rows = [[f"{y_name} \\ {x_name}"] + [value_text(x) for x in x_values]]
    return rows + [[value_text(y)] + [number_text(mean) for mean in row] for y, row in zip(y_values, means.values)]


def draw(means, title, color_label, y_label=None, x_label=None):
    y_name, x_name = means.axes
    y_values, x_values = means.axes.values()
    figure, plot = pyplot.subplots(figsize=(2.5 + 0.9 * len(x_values), 2.0 + 0.6 * len(y_values)),
                                   layout="constrained")
    image = plot.imshow(means.values, aspect="auto", cmap="viridis")
    plot.set_xticks(range(len(x_values)), [value_text(x) for x in x_values])
    plot.set_yticks(range(len(y_values)), [value_text(y) for y in y_values])
    plot.set(xlabel=x_label or axis_label(means, x_name), ylabel=y_label or axis_label(means, y_name), title=title)
    figure.colorbar(image, ax=plot, label=color_label)
    for (row, column), mean in np.ndenumerate(means.values):
        # dark text on the bright end of the colour map
        color = "black" if not np.isnan(mean) and image.norm(mean) > 0.6 else "white"
        plot.text(column, row, number_text(mean), ha="center", va="center", color="gray" if np.isnan(mean) else color)
    return figure


def parse_arguments():
    parser = figure_parser(__doc__)
    parser.add_argument("--variable", default="test_accuracy", help="default: %(default)s")
    parser.add_argument("--x-label")
    parser.add_argument("--y-label")
    parser.add_argument("--label", help="text at the colour bar")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    paths = output_paths(arguments, arguments.variable)
    array = read_variable(arguments.file, arguments.variable, arguments.select)
    means = means_over_two_axes(array)
    color_label = arguments.label or default_color_label(array)
    print(f"{color_label}, {np.isfinite(array.values).sum()} of {array.values.size} cells done")
    print_table(table_rows(means))
    save(draw(means, title_of(arguments, array), color_label, arguments.y_label, arguments.x_label), paths)


if __name__ == "__main__":
    start(main)
