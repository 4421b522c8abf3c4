#!/usr/bin/env python3
"""Draw recorded curves over steps or epochs: the mean over runs, and a band of one standard deviation about it; with a
logarithmic y axis the geometric mean, and the band is a factor.

One panel per variable; one line per combination of the values of the other axes. With --against, over the curve of
another variable that was recorded at the same moments (the loss over the learning rate, say), averaged likewise."""
from figure import (add_legends, add_log_axes, axis_label, colors, figure_parser, groups_to_draw, new_panels, output_paths, save,
                    set_log_axes, title_of, value_label)
from results import RUN, ResultsError, label_text, mean_and_spread, np, read_curve, start


def moving_mean(curves, width):
    """Centred moving mean over `width` values along the last dimension; what is NaN stays so and does not count."""
    known, ones = np.isfinite(curves), np.ones(width)

    def window_sums(values):
        return np.apply_along_axis(lambda curve: np.convolve(curve, ones)[(width - 1) // 2:][:len(curve)], -1, values)

    counts = window_sums(known.astype(float))
    return np.divide(window_sums(np.where(known, curves, 0.0)), counts, out=np.full(curves.shape, np.nan), where=known)


def legend_title(array, smooth, log):
    runs = len(array.axes.get(RUN, [0]))
    mean = "geometric mean of {} runs, band ×÷ 1 sd" if "y" in log else "mean of {} runs, band ± 1 sd"
    lines = [mean.format(runs)] if runs > 1 else []
    return "\n".join(lines + ([f"moving mean of {smooth} values"] if smooth > 1 else []))


def mean_and_band(curves, log):
    """The mean over runs, and the ends of the band."""
    if "y" not in log:
        _, mean, spread = mean_and_spread(curves)
        return mean, mean - spread, mean + spread
    with np.errstate(invalid="ignore", divide="ignore"):
        _, mean, spread = mean_and_spread(np.log(curves))
    return np.exp(mean), np.exp(mean - spread), np.exp(mean + spread)


def draw_panel(panel, array, smooth, log, against=None):
    moments = list(array.axes)[-1]
    groups = groups_to_draw(array, (RUN, moments))
    others = against and {label_text(label): values for label, values in against.groups((RUN, moments))}
    for (label, curves), color in zip(groups, colors(len(groups))):
        mean, *band = mean_and_band(moving_mean(curves, smooth), log)
        x = mean_and_spread(others[label_text(label)])[1] if against else array.axes[moments]
        marker = "o" if np.isfinite(mean).sum() <= 20 else None
        panel.plot(x, mean, color=color, label=label_text(label) or array.name, marker=marker, markersize=3)
        panel.fill_between(x, *band, color=color, alpha=0.25, linewidth=0)
    panel.set(xlabel=value_label(against) if against else axis_label(array, moments), ylabel=value_label(array))
    set_log_axes(panel, log)
    if against is None and "x" not in log:
        panel.locator_params(axis="x", integer=True)


def draw(arrays, title, smooth=1, log="", against=None):
    figure, panels = new_panels(len(arrays), title)
    for panel, array in zip(panels, arrays):
        draw_panel(panel, array, smooth, log, against)
    add_legends(panels, legend_title(arrays[0], smooth, log))
    return figure


def check_same_moments(arrays, against):
    for array in arrays:
        if list(array.axes) != list(against.axes):
            raise ResultsError(f"{array.name} and {against.name} were recorded at different moments: over "
                               f"{list(array.axes)[-1]} and over {list(against.axes)[-1]}")


def parse_arguments():
    parser = figure_parser(__doc__)
    parser.add_argument("variables", nargs="+", metavar="VARIABLE", help="train_loss, test_accuracy …")
    parser.add_argument("--smooth", type=int, default=1, metavar="N", help="moving mean of N values; the legend says so")
    parser.add_argument("--against", metavar="VARIABLE", help="what to draw them over, in place of steps or epochs")
    add_log_axes(parser)
    arguments = parser.parse_args()
    if arguments.smooth < 1:
        parser.error(f"--smooth: {arguments.smooth}: accepted: 1 or more values")
    return arguments


def main():
    arguments = parse_arguments()
    paths = output_paths(arguments, f"{arguments.variables[0]}_curves")
    arrays = [read_curve(arguments.file, name, arguments.select) for name in arguments.variables]
    shortest = min(array.values.shape[-1] for array in arrays)
    if arguments.smooth > shortest:
        raise ResultsError(f"--smooth: {arguments.smooth}: accepted: 1 to {shortest}, the values of the curve")
    against = arguments.against and read_curve(arguments.file, arguments.against, arguments.select)
    if against:
        check_same_moments(arrays, against)
    save(draw(arrays, title_of(arguments, arrays[0]), arguments.smooth, arguments.log, against), paths)


if __name__ == "__main__":
    start(main)
