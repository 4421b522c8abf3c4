"""Colours of lines: one each while they are few; a colour scale over an axis when they are many."""
from dataclasses import dataclass, field

import numpy as np
from matplotlib import cm, colormaps, colors
from matplotlib.lines import Line2D

from ..cells import names
from ..names import label_text
from .labels import axis_label
from .scales import is_numeric, mark_values, scale_of
from .style import LEGEND, add_legends, outer_legend, widen

MAX_COLORS = 10  # that are distinguished by a legend
STYLES = ["-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1))]
MAP = colors.ListedColormap(colormaps["viridis"](np.linspace(0, 0.95, 256)))  # yellow is not seen on white


@dataclass
class Lines:
    """How lines are distinguished."""

    colors: list
    styles: list  # of matplotlib's line styles
    texts: list  # entries of a legend; "_" of a line that needs none
    scale: cm.ScalarMappable = None  # in place of a legend
    scale_label: str = ""
    ticks: dict = field(default_factory=dict)  # place on the scale -> name, where its values have names
    values: list = None  # numbers along the scale
    style_names: list = field(
        default_factory=list
    )  # of the styles, where they show axes that colours do not


def distinguish(array, labels, with_styles=True):
    """Lines for the labels of groups() of the array."""
    texts = [label_text(label) or "_" for label in labels]
    if len(labels) <= MAX_COLORS:
        return Lines([f"C{i}" for i in range(len(labels))], ["-"] * len(labels), texts)
    axis = _axis_of_scale(array, labels, with_styles)
    if axis is None:
        return _numbered(texts)
    others = [
        label_text({other: value for other, value in label.items() if other != axis}) for label in labels
    ]
    style_names = list(dict.fromkeys(others))
    lines = _along(array, axis, [label[axis] for label in labels])
    lines.styles = [STYLES[style_names.index(other)] for other in others]
    lines.style_names = style_names if len(style_names) > 1 else []
    return lines


def _axis_of_scale(array, labels, with_styles):
    """The axis with the most values, if line styles suffice for the others."""
    axis = max(labels[0], key=lambda name: (array.sizes[name], is_numeric(array, name)))
    combinations = {tuple(value for other, value in label.items() if other != axis) for label in labels}
    return axis if len(combinations) <= (len(STYLES) if with_styles else 1) else None


def _along(array, axis, chosen):
    """Colours by the values of an axis; chosen: their names, line by line."""
    all_names = names(array, axis)
    if not is_numeric(array, axis):
        return _scaled(
            [all_names.index(name) for name in chosen], axis_label(array, axis), dict(enumerate(all_names))
        )
    values = array[axis].values.astype(float)
    scale, options = scale_of(values)
    make_norm = {"log": colors.LogNorm, "symlog": colors.SymLogNorm, "linear": colors.Normalize}[scale]
    norm = make_norm(vmin=values.min(), vmax=values.max(), **options)
    mappable = cm.ScalarMappable(norm, MAP)
    return Lines(
        [mappable.to_rgba(values[all_names.index(name)]) for name in chosen],
        [],
        ["_"] * len(chosen),
        mappable,
        axis_label(array, axis),
        values=values,
    )


def _numbered(texts):
    lines = _scaled(list(range(len(texts))), "", dict(enumerate(texts)))
    lines.styles = ["-"] * len(texts)
    return lines


def _scaled(places, label, ticks):
    """One step of a scale of colours per tick."""
    count = len(ticks)
    mappable = cm.ScalarMappable(colors.BoundaryNorm(np.arange(count + 1) - 0.5, count), MAP.resampled(count))
    return Lines(
        [mappable.to_rgba(place) for place in places], [], ["_"] * len(places), mappable, label, ticks
    )


def add_key(figure, panels, lines, note):
    """What the lines of the panels are: a colour scale where they have one, else legends."""
    if lines.scale:
        add_scale(figure, panels, lines, note)
    else:
        add_legends(panels, [note] * len(panels))


def add_scale(figure, panels, lines, note=""):
    """The colour scale to the right of the panels, its ticks as large as fits; a legend of styles."""
    bar = figure.colorbar(lines.scale, ax=panels, label=lines.scale_label, aspect=30)
    if lines.ticks:
        height = 72 * figure.get_size_inches()[1] * 0.8  # points
        bar.set_ticks(list(lines.ticks), labels=list(lines.ticks.values()))
        bar.ax.tick_params(labelsize=min(9, 0.8 * height / len(lines.ticks)), length=0)
        bar.ax.minorticks_off()
    elif not isinstance(lines.scale.norm, (colors.BoundaryNorm,)) and bar.ax.yaxis.get_scale() != "linear":
        mark_values(bar.ax.yaxis, lines.values)
    handles = [
        Line2D([], [], color="0.3", linestyle=style, label=name)
        for style, name in zip(STYLES, lines.style_names)
    ]
    if handles or note:
        outer_legend(panels[-1], note, handles)
    widen(figure, LEGEND if handles or note else 0.8)
