"""Distributions of all values of arrays."""
import re

import numpy as np

from ..cells import RUN, inner_axes
from ..names import label_text
from .labels import fill, value_label
from .style import groups_to_draw, new_panels

TEXT_WIDTH = 24  # characters of a violin's name in a line


def violins(arrays, title=""):
    """Several arrays are side by side, with a panel per combination of the axes other than `run`; of a single
    array these combinations are side by side. All runs together."""
    arrays = arrays if isinstance(arrays, (list, tuple)) else [arrays]
    by_heading = panels_of(arrays)
    figure, panels = new_panels(len(by_heading), title)
    for panel, (heading, chosen) in zip(panels, by_heading.items()):
        draw_panel(panel, chosen)
        panel.set(ylabel=common_label(arrays))
        panel.set_title(heading, parse_math=False, fontsize="medium")
    return figure


def common_label(arrays):
    """The label of all arrays, where they differ in nothing but the layer."""
    if len(arrays) == 1:
        return value_label(arrays[0])
    labels = {re.sub(r" of layer \d+", "", " ".join(value_label(array).split())) for array in arrays}
    return fill(labels.pop()) if len(labels) == 1 else "Value"


def distributions(array):
    """{text of the other axes: all values that are known}"""
    groups = groups_to_draw(array, (RUN, *inner_axes(array)))
    return {label_text(label): part.values[np.isfinite(part.values)] for label, part in groups}


def panels_of(arrays):
    """{heading: {name of a violin: values}}"""
    by_name = {array.name: distributions(array) for array in arrays}
    if len(arrays) == 1:
        ((name, by_label),) = by_name.items()
        return {"": {label or name: values for label, values in by_label.items()}}
    headings = dict.fromkeys(label for by_label in by_name.values() for label in by_label)
    return {
        heading: {name: by_label[heading] for name, by_label in by_name.items() if heading in by_label}
        for heading in headings
    }


def draw_panel(panel, chosen):
    """chosen: {name: values}"""
    parts = panel.violinplot(list(chosen.values()), showmedians=True)
    for i, body in enumerate(parts["bodies"]):
        body.set(facecolor=f"C{i % 10}", alpha=0.6)
    for lines in ("cbars", "cmins", "cmaxes", "cmedians"):
        parts[lines].set(color="black", linewidth=0.8)
    panel.set_xticks(
        range(1, len(chosen) + 1),
        [fill(name, TEXT_WIDTH) for name in chosen],
        rotation=30,
        ha="right",
        fontsize="small",
        parse_math=False,
    )
