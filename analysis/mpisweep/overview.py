"""The figures that fit the data of a results file, each drawn as its own command draws it."""
import re

from . import plot
from .cells import (
    RUN,
    array_of,
    at_last_moment,
    axes_without_runs,
    curve_of,
    keys_along,
    number_names,
    number_of,
    recorded_names,
)
from .commands.boundary import points_of
from .commands.histogram import right_predictions
from .errors import MissingName, RequestError
from .names import label_text, value_text
from .ranking import rank_arrays

VIOLINS = re.compile(r"((?:test_gradient|batch_norm))_\d+(.*)")
MAX_TILES = 15  # along an axis of a heat map with numbers
PICTURES = re.compile(r"(weights|feature_maps)_\d+")


def best_cell(array):
    """The selection of the best combination of axis values and its first run; none when nothing is done."""
    table = rank_arrays([array])
    if not (table["runs"] > 0).any():
        return []
    best = {axis: table[axis].iloc[0] for axis in axes_without_runs(array)}
    selection = [(axis, value_text(value)) for axis, value in best.items()]
    if RUN in array.dims:
        runs = array.sel(best)
        selection.append((RUN, value_text(runs[RUN].values[runs.notnull().values.argmax()])))
    return selection


def draw_number(ds, name, selection):
    array = number_of(ds, name, selection)
    if draws_keys(array):
        return plot.scatter(array)
    if len(axes_without_runs(array)) == 1:
        return plot.bars(array, style="points")
    if max(array.sizes[axis] for axis in axes_without_runs(array)) > MAX_TILES:
        return plot.surface(array, style="contours")
    return plot.heatmap(array)


def draws_keys(array):
    """Whether an axis draws several keys together, so that its own values mean nothing."""
    return any(keys_along(array, axis) != [axis] for axis in axes_without_runs(array))


def draw_parallel(ds, name, selection):
    array = number_of(ds, name, selection)
    if not draws_keys(array):
        raise RequestError(f"{name}: no axis draws several keys")
    return plot.parallel(array)


def draw_curve(ds, name, selection):
    return plot.curves(curve_of(ds, name, selection))


def draw_probabilities(ds, name, selection):
    try:
        right = right_predictions(ds, selection)
    except MissingName:  # not recorded
        right = None
    return plot.histogram(last_of(ds, name, selection), right=right)


def draw_violins(ds, names, selection):
    return plot.violins([last_of(ds, name, selection) for name in names])


def draw_pictures(ds, name, selection):
    return plot.pictures(last_of(ds, name, selection))


def draw_boundary(ds, name, selection):
    return plot.boundary(last_of(ds, name, selection), points=points_of(ds, selection))


def last_of(ds, name, selection):
    return at_last_moment(array_of(ds, name, selection))


def requests(ds, best):
    """(caption, function to draw, name or names, selections to try in turn)"""
    names, settings = recorded_names(ds), [(axis, value) for axis, value in best if axis != RUN]
    for name in number_names(ds):
        yield name, draw_number, name, ([], settings[2:])
        yield name, draw_parallel, name, ([],)
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


def figures(ds, best):
    """Yields (caption, figure) of what can be drawn: of all cells, or of the best if they are too many."""
    for caption, draw, data, selections in requests(ds, best):
        for selection in selections:
            try:
                yield f"{caption}{' of ' * bool(selection)}{label_text(dict(selection))}", draw(
                    ds, data, selection
                )
                break
            except (MissingName, RequestError):  # this figure does not fit these data
                continue
