"""The figures that fit the data of a results file, each drawn as its own script draws it."""
import re

import bars
import boundary
import curves
import heatmap
import histogram
import pictures
import surface
import violin
from figure import value_label
from ranking import best_is_highest, ranked
from results import (RUN, ResultsError, at_last_moment, label_text, names_of_cells, np, numbers_of_cells, open_results,
                     read_array, read_curve, read_variable, value_text)

VIOLINS = re.compile(r"((?:test_gradient|batch_norm))_\d+(.*)")
MAX_TILES = 15  # along an axis of a heat map with numbers
PICTURES = re.compile(r"(weights|feature_maps)_\d+")


def best_cell(array):
    """The selection of the best combination of axis values and its first run; none when nothing is done."""
    ranking = ranked(array, best_is_highest(array))
    if not ranking:
        return []
    axes = [axis for axis in array.axes if axis != RUN]
    selection = [(axis, value_text(array.axes[axis][i])) for axis, i in zip(axes, ranking[0][0])]
    if RUN in array.axes:
        runs = np.moveaxis(array.values, list(array.axes).index(RUN), -1)[ranking[0][0]]
        selection.append((RUN, value_text(array.axes[RUN][np.isfinite(runs).argmax()])))
    return selection


def draw_number(path, name, selection):
    array = read_variable(path, name, selection)
    if len([axis for axis in array.axes if axis != RUN]) == 1:
        return bars.draw([array], "", style="points")
    means = heatmap.means_over_two_axes(array)
    if max(means.values.shape) > MAX_TILES:
        return surface.draw(array, "", style="contours")
    return heatmap.draw(means, "", value_label(array))


def draw_curve(path, name, selection):
    return curves.draw([read_curve(path, name, selection)], "")


def draw_probabilities(path, name, selection):
    def read(other):
        return at_last_moment(read_array(path, other, selection))

    try:
        parts = histogram.split_samples(read(name), read("test_prediction"), read("test_target"))
    except ResultsError:  # not recorded
        parts = {"all": read(name)}
    return histogram.draw(read(name), parts, "")


def draw_violins(path, names, selection):
    return violin.draw([at_last_moment(read_array(path, name, selection)) for name in names], "")


def draw_pictures(path, name, selection):
    return pictures.draw(at_last_moment(read_array(path, name, selection)), "")


def draw_boundary(path, name, selection):
    return boundary.draw(at_last_moment(read_array(path, name, selection)), "", boundary.read_points(path, selection))


def requests(names, numbers, best):
    """(caption, function to draw, name or names, selections to try in turn)"""
    settings = [(axis, value) for axis, value in best if axis != RUN]
    for name in numbers:
        yield name, draw_number, name, ([], settings[2:])
    for name in (name for name in names if name.endswith("_curve")):
        yield name, draw_curve, name, ([], settings)
    if "test_probability" in names:
        yield "test_probability", draw_probabilities, "test_probability", ([], settings)
    families = {}
    for name in names:
        if match := VIOLINS.fullmatch(name):
            families.setdefault(match[1] + match[2], []).append(name)
    for family, members in families.items():
        yield family, draw_violins, members, ([], settings)
    for name in filter(PICTURES.fullmatch, names):
        yield name, draw_pictures, name, (best,)
    if "grid_output" in names:
        yield "grid_output", draw_boundary, "grid_output", (best,)


def figures(path, best):
    """Yields (caption, figure) of what can be drawn: of all cells, or where these are too many of the best one's."""
    with open_results(path) as file:
        names, numbers = names_of_cells(file), numbers_of_cells(file)
    for caption, draw, data, selections in requests(names, numbers, best):
        for selection in selections:
            try:
                yield f"{caption}{' of ' * bool(selection)}{label_text(dict(selection))}", draw(path, data, selection)
                break
            except ResultsError:  # this figure does not fit these data
                continue
