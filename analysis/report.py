#!/usr/bin/env python3
"""Make one HTML page of a results file: axes, status, the best cells, means over runs, figures, provenance, the job.

The page needs nothing but itself. Works while a run is writing: it shows what is done."""
import argparse
import base64
import html
import io
from pathlib import Path

import overview
from figure import pyplot
from ranking import best_is_highest, table_rows
from results import as_text, check_output, np, numbers_of_cells, open_results, read_variable, start, value_names

DECISIVE = ("validation_accuracy", "test_accuracy", "train_set_accuracy", "test_loss")  # in this order
TOP = 10  # best cells
MAX_ROWS = 500  # of the table of means
MAX_VALUES = 12  # of an axis
DOTS_PER_INCH = 90
PROVENANCE = ("source", "kernels", "cpu", "libraries", "created", "job_digest", "mpisweep_format")
STYLE = """body { font: 15px/1.4 sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; } th, td { padding: .2em .7em; border-bottom: 1px solid #ddd; }
th { background: #f4f4f4; text-align: left; } img { max-width: 100%; } figure { margin: 1em 0; }
pre { background: #f4f4f4; padding: 1em; overflow: auto; }"""


def table(rows):
    """rows: lists of texts, the first the header"""
    header, *body = ["<tr>" + "".join(f"<{cell}>{html.escape(text)}</{cell}>" for text in row) + "</tr>"
                     for cell, row in zip(["th"] + ["td"] * len(rows), rows)]
    return f"<table><thead>{header}</thead><tbody>{''.join(body)}</tbody></table>"


def embedded(caption, figure):
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH)
    pyplot.close(figure)
    text = html.escape(caption)
    return (f'<figure><img alt="{text}" src="data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}">'
            f"<figcaption>{text}</figcaption></figure>")


def axes_rows(file):
    rows = [["axis", "sets", "number of values", "values"]]
    for dimension in file["status"].dims:
        scale = dimension[0]
        values = [as_text(v) for v in scale[...]] if scale.dtype.kind == "O" else scale[...]
        values = value_names(values[:MAX_VALUES], values)
        rows.append([scale.name.lstrip("/"), as_text(scale.attrs.get("long_name", "")), str(len(scale)),
                     ", ".join(values) + ", …" * (len(scale) > MAX_VALUES)])
    return rows


def status_rows(file):
    status = file["status"]
    meanings = as_text(status.attrs.get("flag_meanings", "pending done diverged failed timed_out")).split()
    counts = [np.count_nonzero(status[...] == value) for value in range(len(meanings))]
    return [["cells", *meanings], [str(status.size), *map(str, counts)]]


def provenance_rows(file):
    rows = [["what", "value"]] + [[name, as_text(file.attrs[name])] for name in PROVENANCE if name in file.attrs]
    if "provenance/seconds" in file:
        seconds = file["provenance/seconds"][...]
        seconds = seconds[np.isfinite(seconds)]
        rows.append(["training", f"{seconds.sum():.4g} s in all, {seconds.mean():.4g} s a cell" if len(seconds) else "–"])
    return rows


def sections_of_results(path, numbers):
    """What was recorded: tables, figures. Nothing while no cell is done."""
    arrays = [read_variable(path, name) for name in numbers]
    best = overview.best_cell(arrays[0]) if arrays else []
    if best:
        highest = best_is_highest(arrays[0])
        rows = table_rows(arrays, highest, MAX_ROWS)
        yield (f"<h2>Best by {html.escape(numbers[0])}</h2><p>Means over the runs that are done, and their standard "
               f"deviations (sd).</p>{table(rows[:TOP + 1])}")
        if len(rows) > TOP + 1:
            yield f"<details><summary>The best {len(rows) - 1}</summary>{table(rows)}</details>"
        yield "<h2>Figures</h2>"
        for caption, figure in overview.figures(path, best):
            yield embedded(caption, figure)


def page(path):
    with open_results(path) as file:
        title = html.escape(as_text(file.attrs.get("title", "")) or as_text(file.attrs.get("job", Path(path).stem)))
        others = numbers_of_cells(file)
        numbers = [name for name in DECISIVE if name in others] + [name for name in others if name not in DECISIVE]
        axes, status, provenance = axes_rows(file), status_rows(file), provenance_rows(file)
        job = html.escape(as_text(file.attrs.get("job_text", "")))
    return "\n".join([
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style></head>',
        f"<body><h1>{title}</h1>",
        "<h2>Axes</h2>", table(axes), "<h2>Status</h2>", table(status), *sections_of_results(path, numbers),
        "<h2>Provenance</h2>", table(provenance), f"<h2>Job</h2><pre>{job}</pre>", "</body></html>\n"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="RESULTS.h5")
    parser.add_argument("-o", "--output", metavar="REPORT.html", help="default: beside the file, named as it")
    arguments = parser.parse_args()
    output = Path(arguments.output or Path(arguments.file).parent / f"{Path(arguments.file).stem}.html")
    check_output(output, arguments.file)
    output.write_text(page(arguments.file), encoding="utf-8")


if __name__ == "__main__":
    start(main)
