"""Make one HTML page of a results file: axes, status, the best cells, means over runs, figures, provenance,
the job.

The page needs nothing but itself. Works while a run is writing: it shows what is done. With --watch, the page
is written again every SECONDS seconds, and reloads itself in the browser, until no cell is pending or Ctrl-C
ends it."""
import os
import time
from pathlib import Path

from ..page import page
from ..reading import open as open_results
from .common import check_output, new_parser


def write_page(results, output, reload_after=None):
    """Write the page as a whole, so that a browser never sees a part of it; whether cells are pending."""
    with open_results(results) as ds:
        pending = bool((ds.status == "pending").any())
        text = page(ds, reload_after if pending else None)
    new = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    try:
        new.write_text(text, encoding="utf-8")
        os.replace(new, output)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(output)) from error
    return pending


def watch(results, output, seconds, sleep=time.sleep):
    """Write the page repeatedly while cells are pending."""
    while write_page(results, output, seconds):
        sleep(seconds)


def positive(text):
    if not 0 < float(text) < float("inf"):
        raise ValueError
    return float(text)


def main():
    parser = new_parser(__doc__)
    parser.add_argument(
        "-o", "--output", metavar="REPORT.html", help="default: next to the file, with its name"
    )
    parser.add_argument(
        "--watch", type=positive, metavar="SECONDS", help="write it repeatedly while cells are pending"
    )
    arguments = parser.parse_args()
    output = Path(arguments.output or Path(arguments.file).parent / f"{Path(arguments.file).stem}.html")
    check_output(output, arguments.file)
    if arguments.watch is None:
        write_page(arguments.file, output)
    else:
        watch(arguments.file, output, arguments.watch)
    print(f"wrote {output}")
