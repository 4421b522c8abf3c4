"""Histograms of values per sample."""
import numpy as np

from ..cells import RUN, groups, inner_axes
from ..errors import RequestError
from ..names import label_text
from .labels import value_label
from .style import add_legends, groups_to_draw, new_panels

COLORS = {"right": "tab:blue", "wrong": "tab:red", "all": "tab:blue"}


def histogram(array, title="", right=None, bins=40):
    """One panel per combination of the axes other than `run`, all runs together.

    right: an array as `array` that is true where the prediction was right; these samples are counted
    separately"""
    inner = inner_axes(array)
    if len(inner) != 1:
        raise RequestError(
            f"{array.name}: a histogram needs one dimension of samples other than the axes of the job; it "
            f"has {len(inner)}: {', '.join(inner) or 'none'}; choose with --select AXIS=VALUE"
        )
    labels = [label_text(label) for label, _ in groups_to_draw(array, (RUN, *inner))]
    parts = {"all": array} if right is None else {"right": array.where(right), "wrong": array.where(~right)}
    samples = {name: samples_by_label(part) for name, part in parts.items()}
    edges = np.histogram_bin_edges(array.values[np.isfinite(array.values)], bins)
    figure, panels = new_panels(len(labels), title, sharex=True, sharey=True)
    for panel, label in zip(panels, labels):
        for name, by_label in samples.items():
            chosen = by_label.get(label, [])
            panel.hist(chosen, edges, color=COLORS[name], alpha=0.6, label=f"{name}: {len(chosen)} samples")
        panel.set(xlabel=value_label(array), ylabel="Samples")
        panel.set_title(label, parse_math=False, fontsize="medium")
    add_legends(panels, ["prediction" if right is not None else " "] * len(panels))
    return figure


def samples_by_label(array):
    return {
        label_text(label): part.values[np.isfinite(part.values)]
        for label, part in groups(array, (RUN, *inner_axes(array)))
    }
