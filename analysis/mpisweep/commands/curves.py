"""Draw recorded curves over steps or epochs: the mean over runs, and a band of one standard deviation about
it; with a logarithmic y axis the geometric mean, and the band is a factor.

One panel per variable; one line per combination of the values of the other axes. With --against, over the
curve of another variable that was recorded at the same moments (the loss over the learning rate, say),
averaged likewise."""
from ..cells import curve_of
from ..plot import curves
from ..plot.curves import is_long_enough
from .common import add_log_axes, figure_parser, log_of, output_paths, title_of, write_figure


def parse_arguments():
    parser = figure_parser(__doc__)
    parser.add_argument("variables", nargs="+", metavar="VARIABLE", help="train_loss, test_accuracy …")
    parser.add_argument(
        "--smooth",
        type=int,
        default=1,
        metavar="N",
        help="moving mean of N values, of lines that have 2 N or more; the legend says so",
    )
    parser.add_argument(
        "--against", metavar="VARIABLE", help="what to draw them over, in place of steps or epochs"
    )
    add_log_axes(parser)
    return parser.parse_args()


def report_short_curves(arrays, smooth):
    for array in arrays:
        if smooth > 1 and not is_long_enough(array, smooth):
            print(f"{array.name}: not smoothed, its longest curve has fewer than {2 * smooth} values")


def main():
    arguments = parse_arguments()
    paths = output_paths(arguments, arguments.variables, "curves")

    def draw(ds):
        arrays = [curve_of(ds, name, arguments.select) for name in arguments.variables]
        report_short_curves(arrays, arguments.smooth)
        against = arguments.against and curve_of(ds, arguments.against, arguments.select)
        return curves(arrays, title_of(arguments, ds), arguments.smooth, log_of(arguments), against)

    write_figure(arguments, paths, draw)
