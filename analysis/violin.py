#!/usr/bin/env python3
"""Draw the distribution of all values of arrays as violins, all runs together; of what was recorded again and again, the last.

Several variables (test_gradient_0 test_gradient_2 …) stand side by side, with a panel per combination of the values of
the other axes. Of a single variable these combinations stand side by side."""
from figure import colors, figure_parser, groups_to_draw, new_panels, output_paths, save, title_of, value_label
from results import RUN, at_last_moment, label_text, np, read_array, start


def distributions(array):
    """{text of the other axes: all values that are known}"""
    groups = groups_to_draw(array, (RUN, *array.inner_axes))
    return {label_text(label): values[np.isfinite(values)] for label, values in groups}


def panels_of(arrays):
    """{heading: {name of a violin: values}}"""
    by_name = {array.name: distributions(array) for array in arrays}
    if len(arrays) == 1:
        (name, by_label), = by_name.items()
        return {"": {label or name: values for label, values in by_label.items()}}
    headings = dict.fromkeys(label for by_label in by_name.values() for label in by_label)
    return {heading: {name: by_label[heading] for name, by_label in by_name.items() if heading in by_label}
            for heading in headings}


def draw_panel(panel, violins):
    parts = panel.violinplot(list(violins.values()), showmedians=True)
    for body, color in zip(parts["bodies"], colors(len(violins))):
        body.set(facecolor=color, alpha=0.6)
    for lines in ("cbars", "cmins", "cmaxes", "cmedians"):
        parts[lines].set(color="black", linewidth=0.8)
    panel.set_xticks(range(1, len(violins) + 1), violins, rotation=30, ha="right", fontsize="small")


def draw(arrays, title):
    by_heading = panels_of(arrays)
    figure, panels = new_panels(len(by_heading), title)
    for panel, (heading, violins) in zip(panels, by_heading.items()):
        draw_panel(panel, violins)
        panel.set(title=heading, ylabel=value_label(arrays[0]) if len(arrays) == 1 else "value")
    return figure


def main():
    parser = figure_parser(__doc__)
    parser.add_argument("variables", nargs="+", metavar="VARIABLE")
    arguments = parser.parse_args()
    paths = output_paths(arguments, f"{arguments.variables[0]}_violins")
    arrays = [at_last_moment(read_array(arguments.file, name, arguments.select)) for name in arguments.variables]
    save(draw(arrays, title_of(arguments, arrays[0])), paths)


if __name__ == "__main__":
    start(main)
