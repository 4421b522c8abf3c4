"""What figures have in common: panels, legends, how many lines there may be, files."""
import matplotlib
from matplotlib.figure import Figure

from ..cells import count_groups, groups
from ..errors import RequestError
from .labels import CHARACTERS, fill

PANEL = (5.5, 3.8)  # inches
LEGEND = 1.7  # inches that a legend adds to the width
MAX_COLUMNS = 3  # of panels
MAX_GROUPS = 40  # lines, bars or panels that can be distinguished
DOTS_PER_INCH = 300
SUFFIXES = (".png", ".svg", ".pdf")
FILES = {"pdf.fonttype": 42}  # TrueType: publishers refuse type 3


def new_panels(count, title, size=PANEL, **options):
    """A figure of `count` panels, and these."""
    columns = 2 if count == 4 else min(count, MAX_COLUMNS)
    rows = -(-count // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, **options)
    for unused in panels.flat[count:]:
        unused.remove()
    if title:
        width = max(int(CHARACTERS * size[0] * columns), 20)
        figure.suptitle(fill(title, width), parse_math=False)  # a title may have dollars
    return figure, list(panels.flat[:count])


def add_legends(panels, titles):
    """To the right of the last of panels with the same entries, where no data are, if there is anything to
    say.

    titles: of each panel's legend"""
    entries = [(title, *panel.get_legend_handles_labels()[1]) for panel, title in zip(panels, titles)]
    placed = False
    for panel, (title, *labels), following in zip(panels, entries, [*entries[1:], None]):
        if (title, *labels) != following and (title or len(labels) > 1):
            handles, _ = panel.get_legend_handles_labels()
            outer_legend(panel, title, handles)
            placed = True
    if placed:
        widen(panels[0].figure)


def outer_legend(panel, title, handles):
    """handles: of what has an entry; none where the title says all"""
    legend = panel.legend(
        handles=handles,
        title=title,
        fontsize="small",
        title_fontsize="small",
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        borderaxespad=0,
        frameon=False,
        alignment="left",
    )
    for text in [*legend.get_texts(), legend.get_title()]:
        text.set_parse_math(False)
    return legend


def widen(figure, inches=LEGEND):
    width, height = figure.get_size_inches()
    figure.set_size_inches(width + inches, height)


def groups_to_draw(array, keep):
    """The groups of the array as a list that is not empty and can be drawn."""
    count = count_groups(array, keep)
    if count == 0:
        raise RequestError(f"{array.name}: no selected cell is done")
    if count > MAX_GROUPS:
        raise RequestError(
            f"{array.name}: {count} combinations of axis values are too many for a figure; "
            f"choose up to {MAX_GROUPS} with --select AXIS=VALUE; ranking.py lists the best"
        )
    return list(groups(array, keep))


def save(figure, paths):
    """Write the figure into each of the files, .png with 300 dots per inch, .svg or .pdf."""
    with matplotlib.rc_context(FILES):
        for path in paths:
            figure.savefig(path, dpi=DOTS_PER_INCH)
