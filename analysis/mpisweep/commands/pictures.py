"""Draw weights or feature maps of one cell as pictures; of what was recorded repeatedly, the last.

A row of pictures per output and a column per input channel of weights, or a row per sample and a column per
channel of feature maps. Weights with three input channels become one picture in colours per output; these,
and weights with one input channel, are numbered and placed in rows of eight. The rows of a dense layer with
flat inputs become pictures of --shape. All pictures have one scale, that of weights with 0 in its middle;
with --stretch each, every picture goes from its least value (black) to its greatest (white)."""
import argparse

from ..cells import array_of, at_last_moment
from ..plot import pictures
from .common import figure_parser, output_paths, title_of, write_figure


def image_shape(text):
    """ "3x32x32" as (3, 32, 32): the type of --shape"""
    shape = tuple(int(size) for size in text.split("x") if size.isdecimal())
    if len(shape) != 3 or min(shape) < 1 or text.count("x") != 2:
        raise argparse.ArgumentTypeError(f"{text}: accepted: CHANNELSxHEIGHTxWIDTH, such as 3x32x32")
    return shape


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("variable", metavar="VARIABLE", help="weights_0, feature_maps_0 …")
    parser.add_argument("--shape", type=image_shape, metavar="CxHxW", help="of the inputs of a dense layer")
    parser.add_argument("--stretch", choices=["all", "each"], default="all", help="default: %(default)s")
    arguments = parser.parse_args()
    paths = output_paths(arguments, [arguments.variable], "pictures")

    def draw(ds):
        array = at_last_moment(array_of(ds, arguments.variable, arguments.select))
        return pictures(array, title_of(arguments, ds), arguments.shape, arguments.stretch)

    write_figure(arguments, paths, draw)
