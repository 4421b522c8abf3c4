#!/usr/bin/env python3
"""Draw the mean over runs of one variable of a results file as a heat map, and print the same numbers.

The file must have two axes beside `run` and those that --select takes away: the first becomes y, the second x.
A large map has no numbers in it, and of a table of more than 40 × 20 the best 20 are printed; ranking.py prints all.
Works while a run is writing."""
from figure import axis_label, figure_parser, named_ticks, output_paths, pyplot, save, title_of
from ranking import best_is_highest, table_rows as ranking_rows
from results import (MAX_BEST, MAX_COLUMNS, MAX_ROWS, ResultsError, mean_over_runs, np, number_text, print_table,
                     read_variable, start)

MAX_NUMBERS = 400  # that are written into a map
LARGE = (12, 9)  # inches: of a map without numbers

SOURCE_LABELS = {"cifar10": "CIFAR-10", "synthetic": "Synthetic"}
VARIABLE_LABELS = {"test_accuracy": "Test Acc", "test_loss": "Test Loss", "train_loss": "Train Loss"}


def default_color_label(array):
    """ "Mean CIFAR-10 Test Acc (%)" """
    words = ["Mean", SOURCE_LABELS.get(array.data_source, array.data_source),
             VARIABLE_LABELS.get(array.name, array.name)]
    words += {"percent": ["(%)"], "1": []}.get(array.units, [f"({array.units})"])
    return " ".join(word for word in words if word)


def number_style(means):
    return "{:.2f}" if means.units == "percent" else "{:.4g}"


def means_over_two_axes(array):
    means = mean_over_runs(array)
    if len(means.axes) != 2:
        raise ResultsError(f"{array.name}: a heat map needs two axes beside run; it has {len(means.axes)}: "
                           f"{', '.join(means.axes) or 'none'}")
    return means


def table_rows(means):
    y_name, x_name = means.axes
    rows = [[f"{y_name} \\ {x_name}"] + means.names(x_name)]
    style = number_style(means)
    return rows + [[y] + [number_text(mean, style) for mean in row] for y, row in zip(means.names(y_name), means.values)]


def print_means(array, means):
    """All of them, or the best where these are too many to be read."""
    rows, columns = means.values.shape
    if rows <= MAX_ROWS and columns <= MAX_COLUMNS:
        print_table(table_rows(means))
        return
    print(f"the best {MAX_BEST} of {rows} × {columns} combinations; ranking.py prints all")
    print_table(ranking_rows([array], best_is_highest(array), MAX_BEST))


def write_numbers(plot, image, means):
    for (row, column), mean in np.ndenumerate(means.values):
        # dark text on the bright end of the colour map
        color = "black" if not np.isnan(mean) and image.norm(mean) > 0.6 else "white"
        plot.text(column, row, number_text(mean, number_style(means)), ha="center", va="center",
                  color="gray" if np.isnan(mean) else color)


def draw(means, title, color_label, y_label=None, x_label=None):
    y_name, x_name = means.axes
    with_numbers = means.values.size <= MAX_NUMBERS and len(means.axes[x_name]) <= MAX_COLUMNS
    size = (2.5 + 0.9 * len(means.axes[x_name]), 2.0 + 0.6 * len(means.axes[y_name])) if with_numbers else LARGE
    figure, plot = pyplot.subplots(figsize=size, layout="constrained")
    image = plot.imshow(means.values, aspect="auto", cmap="viridis")
    plot.set_xticks(*named_ticks(means, x_name), rotation=0 if with_numbers else 90)
    plot.set_yticks(*named_ticks(means, y_name))
    plot.set(xlabel=x_label or axis_label(means, x_name), ylabel=y_label or axis_label(means, y_name), title=title)
    figure.colorbar(image, ax=plot, label=color_label)
    if with_numbers:
        write_numbers(plot, image, means)
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
    print_means(array, means)
    save(draw(means, title_of(arguments, array), color_label, arguments.y_label, arguments.x_label), paths)


if __name__ == "__main__":
    start(main)
