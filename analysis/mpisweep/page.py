"""The report: one HTML page of a results file that needs nothing but itself."""
import base64
import html
import io
from pathlib import Path

import numpy as np

from . import overview
from .cells import keys_along, number_names, number_of, source
from .commands.ranking import table_rows
from .names import value_names

DECISIVE = ("validation_accuracy", "test_accuracy", "train_set_accuracy", "test_loss")  # in this order
TOP = 10  # best cells
MAX_ROWS = 500  # of the table of means
MAX_VALUES = 12  # of an axis
DOTS_PER_INCH = 110
STATES = ("pending", "done", "diverged", "failed", "timed_out", "left_out")
PROVENANCE = ("source", "kernels", "cpu", "libraries", "created", "job_digest", "mpisweep_format")
# Two columns where both have room. A table that is wider than the window scrolls within itself; in a narrow
# window its rows become lists.
STYLE = """
body { font: 15px/1.4 sans-serif; max-width: 100em; margin: 1em auto; padding: 0 1em; }
body { overflow-wrap: anywhere; }
h2 { margin: .8em 0 .3em; border-bottom: 2px solid #ddd; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(34em, 100%), 1fr)); gap: 0 2em; }
.columns > *, section { min-width: 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .5em 0 1em; overflow-wrap: normal; }
th, td { padding: .2em .7em; border-bottom: 1px solid #ddd; vertical-align: top; }
th, td { text-align: right; white-space: nowrap; }
th { background: #f4f4f4; } .texts th, .texts td { text-align: left; }
.texts td:nth-child(n + 2) { white-space: normal; }
img { max-width: 100%; height: auto; } figure { margin: 1em 0; } figcaption { color: #555; }
pre { background: #f4f4f4; padding: 1em; white-space: pre-wrap; }
@media (max-width: 600px) {
  table { overflow-wrap: anywhere; }
  table, tbody, tr, td { display: block; } thead { display: none; }
  tr { border-bottom: 2px solid #ddd; } td { border: 0; }
  td, .texts td:nth-child(n + 2) { display: flex; justify-content: space-between; gap: 1em; }
  td, .texts td:nth-child(n + 2) { white-space: normal; text-align: right; }
  td::before { content: attr(data-name); color: #555; flex: none; }
}"""


def table(rows, kind="numbers"):
    """rows: lists of texts, the first the header; kind: numbers or texts"""
    names, *body = [[html.escape(text) for text in row] for row in rows]
    header = "".join(f"<th>{name}</th>" for name in names)
    lines = ["".join(f'<td data-name="{name}">{text}</td>' for name, text in zip(names, row)) for row in body]
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{header}</tr></thead>'
        f"<tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table></div>"
    )


def section(heading, *content):
    return f"<section><h2>{html.escape(heading)}</h2>{''.join(content)}</section>"


def embedded(caption, figure):
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH)
    text, data = html.escape(caption), base64.b64encode(picture.getvalue()).decode()
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def axes_rows(ds):
    rows = [["axis", "sets", "number of values", "values"]]
    for axis in (name for axis in ds.status.dims for name in dict.fromkeys((axis, *keys_along(ds, axis)))):
        values = ds[axis].values
        rows.append(
            [
                axis,
                ds[axis].attrs.get("long_name", ""),
                str(len(values)),
                ", ".join(value_names(values[:MAX_VALUES], values)) + ", …" * (len(values) > MAX_VALUES),
            ]
        )
    return rows


def status_rows(ds):
    states, counts = np.unique(ds.status.values, return_counts=True)
    by_state = {**dict.fromkeys(STATES, 0), **dict(zip(states.tolist(), counts.tolist()))}
    return [["cells", *by_state], [str(ds.status.size), *map(str, by_state.values())]]


def provenance_rows(ds):
    rows = [["what", "value"]] + [[name, str(ds.attrs[name])] for name in PROVENANCE if name in ds.attrs]
    if "seconds" in ds.coords:
        seconds = ds.seconds.values[np.isfinite(ds.seconds.values)]
        rows.append(
            [
                "training",
                f"{seconds.sum():.4g} s in all, {seconds.mean():.4g} s a cell" if len(seconds) else "–",
            ]
        )
    return rows


def results_of(ds):
    """(the section of the best cells, figures), empty while no cell is done."""
    others = number_names(ds)
    numbers = [name for name in DECISIVE if name in others] + [
        name for name in others if name not in DECISIVE
    ]
    arrays = [number_of(ds, name) for name in numbers]
    best = overview.best_cell(arrays[0]) if arrays else []
    if not best:
        return "", []
    rows = table_rows(arrays, top=MAX_ROWS)
    more = (
        f"<details><summary>The best {len(rows) - 1}</summary>{table(rows)}</details>"
        if len(rows) > TOP + 1
        else ""
    )
    ranking = section(
        f"Best by {numbers[0]}",
        "<p>Means over the runs that are done, and their standard deviations (sd).</p>",
        table(rows[: TOP + 1]),
        more,
    )
    return ranking, [embedded(caption, figure) for caption, figure in overview.figures(ds, best)]


def page(ds, reload_after=None):
    """The page's text. reload_after: seconds after which a browser loads it again"""
    title = html.escape(str(ds.attrs.get("title") or ds.attrs["job"].get("job") or Path(source(ds)).stem))
    refresh = f'<meta http-equiv="refresh" content="{reload_after:g}">' if reload_after is not None else ""
    ranking, figures = results_of(ds)
    job = html.escape(str(ds.attrs.get("job_text", "")))
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width">{refresh}<title>{title}</title>',
            f"<style>{STYLE}</style></head>",
            f"<body><h1>{title}</h1>",
            '<div class="columns">',
            section("Axes", table(axes_rows(ds), "texts")),
            section("Status", table(status_rows(ds))),
            "</div>",
            ranking,
            '<h2>Figures</h2>\n<div class="columns">' if figures else "",
            *figures,
            "</div>" if figures else "",
            '<div class="columns">',
            section("Provenance", table(provenance_rows(ds), "texts")),
            section("Job", f"<pre>{job}</pre>"),
            "</div></body></html>\n",
        ]
    )
