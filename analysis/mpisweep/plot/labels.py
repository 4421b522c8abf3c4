"""Texts in figures: long names with units, wrapped; names of values along an axis."""
import textwrap

from ..cells import MOMENTS, cell_axes, names
from ..names import ALONG

UNITS = {"percent": "%", "1": "", "": ""}
# What a key of the job is called; an axis that sets another is called by its name, with the key.
KEYS = {
    "optimizer.lr": "Learning rate η",
    "loss.entropy_weight": "Entropy weight λ",
    "loss.l2": "L2 penalty",
    "optimizer.momentum": "Momentum",
    "optimizer.weight_decay": "Weight decay",
    "train.batch": "Batch size",
    "train.epochs": "Epochs",
    "data.train_count": "Training samples",
}
LABEL_WIDTH = 40  # characters: along the shorter side of a panel
CHARACTERS = 11  # of a title, per inch
MAX_NAMED = 40  # values along an axis that can be read


def capital(text):
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def axis_label(array, axis):
    """ "Learning rate η", "Epochs trained so far", "model (model.layers)", "Weights 0 row" """
    meaning = array[axis].attrs.get("long_name", "")
    if axis in cell_axes(array) or ALONG in array[axis].attrs:
        return KEYS.get(meaning, f"{axis} ({meaning})" if meaning not in ("", axis) else axis)
    return capital(meaning if MOMENTS.fullmatch(axis) and meaning else axis.replace("_", " "))


def value_label(array):
    """ "Test accuracy (%)" """
    name = array.attrs.get("long_name") or array.name.replace("_", " ")
    units = array.attrs.get("units", "")
    units = UNITS.get(units, units)
    return fill(capital(name) + f" ({units})" * bool(units))


def fill(text, width=LABEL_WIDTH):
    """On as few lines as the width allows, and these as even as can be."""
    lines = [textwrap.wrap(text, narrow, break_long_words=False) for narrow in range(1, width + 1)]
    return "\n".join(next(few for few in lines if len(few) <= len(lines[-1])))


def named_ticks(array, axis):
    """(places, names) of the values along an axis: of all, or of every N-th where they are too many."""
    step = -(-array.sizes[axis] // MAX_NAMED)
    return list(range(0, array.sizes[axis], step)), names(array, axis, slice(None, None, step))
