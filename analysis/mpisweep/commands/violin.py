"""Draw the distribution of all values of arrays as violins, all runs together; of what was recorded
repeatedly, the last.

Several variables (test_gradient_0 test_gradient_2 …) are side by side, with a panel per combination of the
values of the other axes. Of a single variable these combinations are side by side."""
from ..cells import array_of, at_last_moment
from ..plot import violins
from .common import figure_parser, output_paths, title_of, write_figure


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("variables", nargs="+", metavar="VARIABLE")
    arguments = parser.parse_args()
    paths = output_paths(arguments, arguments.variables, "violins")

    def draw(ds):
        arrays = [at_last_moment(array_of(ds, name, arguments.select)) for name in arguments.variables]
        return violins(arrays, title_of(arguments, ds))

    write_figure(arguments, paths, draw)
