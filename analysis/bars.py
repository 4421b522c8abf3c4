#!/usr/bin/env python3
"""Draw final values over one or two axes: the mean over runs and one standard deviation.

One panel per variable. The axis of --x (default: the first beside `run`) lies along x; the values of the other axes
have a colour each. --style bars draws bars, points draws every run as a dot beside its mean, with x to scale when the
axis has numbers."""
from figure import (MAX_NAMED, add_legends, add_log_axes, axis_label, colors, figure_parser, groups_to_draw, named_ticks,
                    new_panels, output_paths, save, set_log_axes, title_of, value_label)
from results import RUN, ResultsError, label_text, mean_and_spread, np, read_variable, start

MAX_BARS = 1000
MAX_MARKERS = 50  # that can be told apart along a line
MAX_TICKS = 12  # of a logarithmic axis, to be marked by their values
GROUP_WIDTH = 0.8  # of the distance between neighbours on the x axis


def x_axis_of(array, name):
    axes = [axis for axis in array.axes if axis != RUN]
    if name is None and not axes:
        raise ResultsError(f"{array.name}: no axis beside run is left to draw over")
    if name is not None and name not in axes:
        raise ResultsError(f"{array.name}: no axis {name!r} to draw over; there are: {', '.join(axes) or 'none'}")
    return name or axes[0]


def error_bars(spread):
    """None where no mean has more than one run."""
    return spread if np.isfinite(spread).any() else None


def draw_bars(panel, x, values, i, count, color, label):
    width = GROUP_WIDTH / count
    _, mean, spread = mean_and_spread(values)
    panel.bar(np.arange(len(x)) + (i - (count - 1) / 2) * width, mean, width, yerr=error_bars(spread), color=color, label=label,
              capsize=3)


def draw_points(panel, x, values, i, count, color, label):
    to_scale = not isinstance(x[0], str)
    x = np.array(x, float) if to_scale else np.arange(len(x)) + (i - (count - 1) / 2) * GROUP_WIDTH / count
    _, mean, spread = mean_and_spread(values)
    panel.errorbar(x, mean, yerr=error_bars(spread), color=color, label=label, capsize=3,
                   marker="o" if len(x) <= MAX_MARKERS else None, linestyle="-" if to_scale else "none")
    if len(values) > 1:
        panel.plot(np.tile(x, len(values)), values.ravel(), ".", color=color, alpha=0.4)


def mark_values(panel, x, names):
    """Ticks at the values of a logarithmic axis instead of powers of ten."""
    panel.set_xticks(x, names)
    panel.set_xticks([], minor=True)


def mark_places(panel, array, x_name):
    """Ticks where the values stand at equal distances."""
    places, names = named_ticks(array, x_name)
    crowded = sum(map(len, names)) > MAX_NAMED
    panel.set_xticks(places, names, rotation=90 if crowded else 0, fontsize="small" if crowded else None)


def draw_panel(panel, array, x_name, style, log):
    x_name = x_axis_of(array, x_name)
    x = array.axes[x_name]
    groups = groups_to_draw(array, (RUN, x_name))
    draw_group = draw_bars if style == "bars" else draw_points
    if style == "bars" and len(x) * len(groups) > MAX_BARS:
        raise ResultsError(f"{array.name}: {len(x) * len(groups)} bars are too many for a figure; accepted: up to {MAX_BARS}; "
                           "use --style points, or choose with --select AXIS=VALUE")
    for i, ((label, values), color) in enumerate(zip(groups, colors(len(groups)))):
        draw_group(panel, x, values, i, len(groups), color, label_text(label) or array.name)
    if style == "bars" or isinstance(x[0], str):
        mark_places(panel, array, x_name)
    set_log_axes(panel, log)
    if "x" in log and len(x) <= MAX_TICKS:
        mark_values(panel, x, array.names(x_name))
    panel.set(xlabel=axis_label(array, x_name), ylabel=value_label(array))


def draw(arrays, title, x_name=None, style="bars", log=""):
    figure, panels = new_panels(len(arrays), title)
    for panel, array in zip(panels, arrays):
        draw_panel(panel, array, x_name, style, log)
    runs = len(arrays[0].axes.get(RUN, [0]))
    add_legends(panels, f"mean of {runs} runs ± 1 sd" if runs > 1 else "")
    return figure


def parse_arguments():
    parser = figure_parser(__doc__)
    parser.add_argument("variables", nargs="+", metavar="VARIABLE", help="test_accuracy, train_loss …")
    parser.add_argument("--x", metavar="AXIS", help="axis along x")
    parser.add_argument("--style", choices=["bars", "points"], default="bars", help="default: %(default)s")
    add_log_axes(parser)
    arguments = parser.parse_args()
    if arguments.style == "bars" and "x" in arguments.log:
        parser.error("--log x: bars stand at equal distances; use it with --style points")
    return arguments


def main():
    arguments = parse_arguments()
    paths = output_paths(arguments, f"{arguments.variables[0]}_{arguments.style}")
    arrays = [read_variable(arguments.file, name, arguments.select) for name in arguments.variables]
    save(draw(arrays, title_of(arguments, arrays[0]), arguments.x, arguments.style, arguments.log), paths)


if __name__ == "__main__":
    start(main)
