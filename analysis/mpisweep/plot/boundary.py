"""The decision boundary over the plane of two features."""
import numpy as np
from matplotlib.colors import CenteredNorm

from ..cells import only_cell
from .labels import value_label
from .style import new_panels

GRID = ("grid_y", "grid_x", "output")


def boundary(array, title="", points=None):
    """The outputs of the one cell in the array `grid_output`. A single output is drawn in shades, with a line
    where it is ½; of several, every point has the colour of the largest.

    points: (inputs (sample, 2), targets (sample)) of samples to draw over it"""
    outputs = only_cell(array, GRID)
    outputs = outputs[:, :, np.isfinite(outputs).any(axis=(0, 1))]
    x, y = array.grid_x.values, array.grid_y.values
    figure, (panel,) = new_panels(1, title)
    if outputs.shape[2] == 1:
        draw_single_output(figure, panel, value_label(array), x, y, outputs[:, :, 0])
    else:
        draw_classes(panel, x, y, outputs)
    if points is not None:
        inputs, targets = points
        panel.scatter(
            inputs[:, 0],
            inputs[:, 1],
            c=targets,
            cmap="tab10",
            vmin=0,
            vmax=9,
            s=12,
            edgecolors="white",
            linewidths=0.4,
        )
    panel.set(xlabel="First feature", ylabel="Second feature", xlim=(min(x), max(x)), ylim=(min(y), max(y)))
    return figure


def draw_single_output(figure, panel, label, x, y, output):
    shades = panel.contourf(x, y, output, levels=20, cmap="RdBu_r", norm=CenteredNorm(0.5))
    figure.colorbar(shades, ax=panel, label=label)
    if output.min() < 0.5 < output.max():
        panel.contour(x, y, output, levels=[0.5], colors="black")


def draw_classes(panel, x, y, outputs):
    """outputs (y, x, class)"""
    classes = outputs.shape[2]
    panel.pcolormesh(x, y, outputs.argmax(axis=2), cmap="tab10", vmin=0, vmax=9, alpha=0.4, shading="nearest")
    for k in range(classes if classes > 2 else 1):
        margin = outputs[:, :, k] - np.delete(outputs, k, axis=2).max(axis=2)
        if margin.min() < 0 < margin.max():
            panel.contour(x, y, margin, levels=[0], colors="black", linewidths=1)
