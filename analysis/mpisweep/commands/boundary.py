"""Draw the decision boundary of one cell from grid_output: the classes over the plane of two features. Of
what was recorded repeatedly, the last.

A single output is drawn in shades, with a line where it is ½; of several outputs, every point has the colour
of the largest. Test samples are drawn over it when the job recorded test_input and test_target."""
from ..cells import array_of, at_last_moment, only_cell, source
from ..errors import RequestError
from ..plot import boundary
from .common import figure_parser, output_paths, title_of, write_figure

POINTS = ("test_input", "test_target")


def points_of(ds, selection):
    """Inputs and targets of the test samples of the cell, or None where they are not recorded."""
    if not set(POINTS) <= set(ds.data_vars):
        return None
    inputs, targets = (only_cell(at_last_moment(array_of(ds, name, selection))) for name in POINTS)
    if inputs.shape[1] != 2:
        raise RequestError(f"{source(ds)}: test_input has {inputs.shape[1]} features; a plane has two")
    return inputs, targets


def main():
    arguments = figure_parser(__doc__).parse_args()
    paths = output_paths(arguments, ["grid_output"], "boundary")

    def draw(ds):
        array = at_last_moment(array_of(ds, "grid_output", arguments.select))
        return boundary(array, title_of(arguments, ds), points_of(ds, arguments.select))

    write_figure(arguments, paths, draw)
