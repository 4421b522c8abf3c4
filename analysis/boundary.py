#!/usr/bin/env python3
"""Draw the decision boundary of one cell from grid_output: the classes over the plane of two features. Of
what was recorded again and again, the last.

A single output is drawn in shades, with a line where it is ½; of several outputs, every point has the colour of the
largest. Test samples are drawn over it when the job recorded test_input and test_target."""
from figure import axis_label, figure_parser, new_panels, output_paths, save, title_of, value_label
from results import ResultsError, at_last_moment, names_of_cells, np, open_results, read_array, start

GRID = ("grid_y", "grid_x", "output")
POINTS = ("test_input", "test_target")


def draw_single_output(figure, panel, array, x, y, output):
    shades = panel.contourf(x, y, output, levels=20, cmap="RdBu_r")
    figure.colorbar(shades, ax=panel, label=value_label(array))
    if output.min() < 0.5 < output.max():
        panel.contour(x, y, output, levels=[0.5], colors="black")


def draw_classes(panel, x, y, outputs):
    """outputs (y, x, class)"""
    classes = outputs.shape[2]
    panel.pcolormesh(x, y, outputs.argmax(axis=2), cmap="tab10", vmin=0, vmax=9, alpha=0.4, shading="nearest")
    for k in range(classes if classes > 2 else 1):
        margin = outputs[:, :, k] - np.delete(outputs, k, axis=2).max(axis=2)
        if margin.min() < 0 < margin.max():
            panel.contour(x, y, margin, levels=[0], colors="black", linewidths=1)


def draw(array, title, points=None):
    """points: (inputs (sample, 2), targets (sample))"""
    outputs = array.only_cell(GRID)
    outputs = outputs[:, :, np.isfinite(outputs).any(axis=(0, 1))]
    x, y = array.axes["grid_x"], array.axes["grid_y"]
    figure, (panel,) = new_panels(1, title)
    if outputs.shape[2] == 1:
        draw_single_output(figure, panel, array, x, y, outputs[:, :, 0])
    else:
        draw_classes(panel, x, y, outputs)
    if points is not None:
        inputs, targets = points
        panel.scatter(inputs[:, 0], inputs[:, 1], c=targets, cmap="tab10", vmin=0, vmax=9, s=12, edgecolors="white",
                      linewidths=0.4)
    panel.set(xlabel="first feature", ylabel="second feature", xlim=(min(x), max(x)), ylim=(min(y), max(y)))
    return figure


def read_points(path, selection):
    """Inputs and targets of the test samples of the cell, or None where they are not recorded."""
    with open_results(path) as file:
        if not set(POINTS) <= set(names_of_cells(file)):
            return None
    inputs, targets = (at_last_moment(read_array(path, name, selection)).only_cell() for name in POINTS)
    if inputs.shape[1] != 2:
        raise ResultsError(f"{path}: test_input has {inputs.shape[1]} features; a plane has two")
    return inputs, targets


def main():
    arguments = figure_parser(__doc__).parse_args()
    paths = output_paths(arguments, "decision_boundary")
    array = at_last_moment(read_array(arguments.file, "grid_output", arguments.select))
    save(draw(array, title_of(arguments, array), read_points(arguments.file, arguments.select)), paths)


if __name__ == "__main__":
    start(main)
