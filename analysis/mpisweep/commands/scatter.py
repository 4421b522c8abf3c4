"""Draw a final value against each number that an axis draws or lists: a panel per key.

Every cell is a dot, the mean over runs a larger one. Of an axis that draws several keys together, each key has
a panel; the values of axes with labels have a colour each. x is logarithmic where the numbers are log-spaced."""
from ..cells import number_of
from ..plot import scatter
from .common import add_log_axes, figure_parser, log_of, output_paths, title_of, write_figure


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("variable", metavar="VARIABLE", help="test_accuracy, train_loss …")
    add_log_axes(parser)
    arguments = parser.parse_args()
    paths = output_paths(arguments, [arguments.variable], "scatter")

    def draw(ds):
        array = number_of(ds, arguments.variable, arguments.select)
        return scatter(array, title_of(arguments, ds), log_of(arguments))

    write_figure(arguments, paths, draw)
