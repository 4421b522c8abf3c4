"""Draw combinations of axis values as lines over parallel axes: one axis for each key, the last for the mean
over runs of a final value, which also gives a line its colour.

The best lines are on top. Log-spaced numbers have logarithmic axes."""
from ..cells import number_of
from ..plot import parallel
from .common import figure_parser, output_paths, title_of, write_figure


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("variable", metavar="VARIABLE", help="test_accuracy, train_loss …")
    arguments = parser.parse_args()
    paths = output_paths(arguments, [arguments.variable], "parallel")

    def draw(ds):
        return parallel(number_of(ds, arguments.variable, arguments.select), title_of(arguments, ds))

    write_figure(arguments, paths, draw)
