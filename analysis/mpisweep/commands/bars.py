"""Draw final values over one or two axes: the mean over runs and one standard deviation.

One panel per variable. The axis of --x (default: the first other than `run`) is along x; the values of the
other axes have a colour each. --style bars draws bars, points draws every run as a dot next to its mean, with
x to scale when the axis has numbers."""
from ..cells import number_of
from ..plot import bars
from .common import add_log_axes, figure_parser, log_of, output_paths, title_of, write_figure


def parse_arguments():
    parser = figure_parser(__doc__)
    parser.add_argument("variables", nargs="+", metavar="VARIABLE", help="test_accuracy, train_loss …")
    parser.add_argument("--x", metavar="AXIS", help="axis along x")
    parser.add_argument("--style", choices=["bars", "points"], default="bars", help="default: %(default)s")
    add_log_axes(parser)
    arguments = parser.parse_args()
    if arguments.style == "bars" and "x" in (log_of(arguments) or ""):
        parser.error("--log x: bars are at equal distances; use it with --style points")
    return arguments


def main():
    arguments = parse_arguments()
    paths = output_paths(arguments, arguments.variables, arguments.style)

    def draw(ds):
        arrays = [number_of(ds, name, arguments.select) for name in arguments.variables]
        return bars(arrays, title_of(arguments, ds), arguments.x, arguments.style, log_of(arguments))

    write_figure(arguments, paths, draw)
