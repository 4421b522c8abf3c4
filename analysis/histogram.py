#!/usr/bin/env python3
"""Draw histograms of values that cells recorded per sample, all runs together; of what was recorded again and again,
the last.

One panel per combination of the values of the other axes. With --split, samples that were classified rightly and
wrongly are counted apart; the job must have recorded test_prediction and test_target. Without a variable: the
probability given to the true class (test_probability)."""
from dataclasses import replace

from figure import figure_parser, groups_to_draw, new_panels, output_paths, save, title_of, value_label
from results import RUN, ResultsError, at_last_moment, label_text, np, read_array, start

MAX_BINS = 10000
COLORS = {"right": "tab:blue", "wrong": "tab:red", "all": "tab:blue"}


def check_single_dimension(array):
    if len(array.inner_axes) != 1:
        raise ResultsError(f"{array.name}: a histogram needs one dimension of samples beside the axes of the job; it "
                           f"has {len(array.inner_axes)}: {', '.join(array.inner_axes) or 'none'}; choose with "
                           "--select AXIS=VALUE")


def split_samples(array, predictions, targets):
    """{"right": array, "wrong": array}, NaN where a sample does not belong."""
    right = predictions.values == targets.values
    return {name: replace(array, values=np.where(belongs, array.values, np.nan))
            for name, belongs in (("right", right), ("wrong", ~right))}


def samples_by_label(array):
    return {label_text(label): values[np.isfinite(values)]
            for label, values in array.groups((RUN, *array.inner_axes))}


def draw(array, parts, title, bins=40):
    """parts: {a key of COLORS: array}, together the array's samples"""
    groups = [label_text(label) for label, _ in groups_to_draw(array, (RUN, *array.inner_axes))]
    parts = {name: samples_by_label(part) for name, part in parts.items()}
    edges = np.histogram_bin_edges(array.values[np.isfinite(array.values)], bins)
    figure, panels = new_panels(len(groups), title, sharex=True, sharey=True)
    for panel, label in zip(panels, groups):
        for name, samples in parts.items():
            chosen = samples.get(label, [])
            panel.hist(chosen, edges, color=COLORS[name], alpha=0.6, label=f"{name}: {len(chosen)} samples")
        panel.set(title=label, xlabel=value_label(array), ylabel="samples")
        panel.legend(title="prediction" if len(parts) > 1 else None, fontsize="small")
    return figure


def parse_arguments():
    parser = figure_parser(__doc__)
    parser.add_argument("variable", nargs="?", default="test_probability", metavar="VARIABLE")
    parser.add_argument("--bins", type=int, default=40, help="default: %(default)s")
    parser.add_argument("--split", action="store_true", help="count right and wrong predictions apart")
    arguments = parser.parse_args()
    if not 1 <= arguments.bins <= MAX_BINS:
        parser.error(f"--bins: {arguments.bins}: accepted: 1 to {MAX_BINS}")
    return arguments


def main():
    arguments = parse_arguments()
    paths = output_paths(arguments, f"{arguments.variable}_histogram")

    def read(name):
        return at_last_moment(read_array(arguments.file, name, arguments.select))

    array = read(arguments.variable)
    check_single_dimension(array)
    parts = {"all": array}
    if arguments.split:
        parts = split_samples(array, read("test_prediction"), read("test_target"))
    save(draw(array, parts, title_of(arguments, array), arguments.bins), paths)


if __name__ == "__main__":
    start(main)
