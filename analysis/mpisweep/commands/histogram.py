"""Draw histograms of values that cells recorded per sample, all runs together; of what was recorded
repeatedly, the last.

One panel per combination of the values of the other axes. With --split, samples that were classified rightly
and wrongly are counted separately; the job must have recorded test_prediction and test_target. Without a
variable: the probability given to the true class (test_probability)."""
from ..cells import array_of, at_last_moment
from ..plot import histogram
from .common import figure_parser, output_paths, title_of, write_figure

MAX_BINS = 10000


def last_of(ds, name, selection):
    return at_last_moment(array_of(ds, name, selection))


def right_predictions(ds, selection):
    """Where the predicted class of a sample is the true one."""
    return last_of(ds, "test_prediction", selection) == last_of(ds, "test_target", selection)


def parse_arguments():
    parser = figure_parser(__doc__)
    parser.add_argument("variable", nargs="?", default="test_probability", metavar="VARIABLE")
    parser.add_argument("--bins", type=int, default=40, help="default: %(default)s")
    parser.add_argument("--split", action="store_true", help="count right and wrong predictions separately")
    arguments = parser.parse_args()
    if not 1 <= arguments.bins <= MAX_BINS:
        parser.error(f"--bins: {arguments.bins}: accepted: 1 to {MAX_BINS}")
    return arguments


def main():
    arguments = parse_arguments()
    paths = output_paths(arguments, [arguments.variable], "histogram")

    def draw(ds):
        array = last_of(ds, arguments.variable, arguments.select)
        right = right_predictions(ds, arguments.select) if arguments.split else None
        return histogram(array, title_of(arguments, ds), right, arguments.bins)

    write_figure(arguments, paths, draw)
