"""How a command starts and ends: its errors become one line on standard error and an exit status. Imports
nothing that may be missing."""
import importlib
import os
import sys
import traceback

USAGE, BAD_FILE, DEFECT, STOPPED = 2, 3, 70, 130  # exit statuses; 1 is left for verdicts
PACKAGES = (
    "python3-xarray python3-h5netcdf python3-matplotlib python3-yaml"  # of Debian, with all that they need
)

COMMANDS = {
    "report": "one HTML page: axes, status, best cells, means, the figures that fit, provenance, the job",
    "ranking": "combinations of axis values, best first, as text, Markdown, CSV or options of mpisweep run",
    "heatmap": "mean over runs of a final value over two axes",
    "bars": "final values over an axis, as bars or as points to scale",
    "scatter": "final values against each number that an axis draws or lists",
    "parallel": "combinations of axis values as lines over parallel axes, coloured by a final value",
    "curves": "curves over steps or epochs, mean and band over runs",
    "histogram": "values per sample, right and wrong predictions separately",
    "violin": "distributions of whole arrays",
    "pictures": "weights and feature maps",
    "boundary": "the classes over the plane of two features, with the test samples",
    "surface": "a variable over two axes in space or as contours, with a path on it",
    "pca": "the plane in which the parameters of a cell moved most",
    "compare_reference": "whether the means agree with those of a published table",
}


def run(name):
    """The exit status of the command `name`, which takes sys.argv as its arguments."""
    try:
        main = importlib.import_module(f"{__package__}.{name}").main
    except ModuleNotFoundError as missing:
        return fail(
            f"{sys.executable} has no module {missing.name}. On Debian and Ubuntu: "
            f"apt-get install {PACKAGES}; "
            "then start it with /usr/bin/python3"
        )
    return call(main)


def call(main):
    """The exit status of main()."""
    from ..errors import FileError, MissingName, RequestError

    try:
        status = main()
        sys.stdout.flush()
        return status or 0
    except (MissingName, RequestError) as error:
        return fail(error, USAGE)
    except FileError as error:
        return fail(error, BAD_FILE)
    except BrokenPipeError:  # the reader of the table has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return fail(
            f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error, BAD_FILE
        )
    except MemoryError as error:
        return fail(f"out of memory; choose less with --select AXIS=VALUE. {error}", BAD_FILE)
    except KeyboardInterrupt:
        return fail("interrupted", STOPPED)
    except Exception as error:  # one line instead of a traceback; it says where to look
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return fail(
            f"unexpected {type(error).__name__}: {error} "
            f"({os.path.basename(frame.filename)}:{frame.lineno}): "
            "a defect of this command; please report it with its arguments",
            DEFECT,
        )


def fail(message, status=USAGE):
    print(f"{sys.argv[0]}: {' '.join(str(message).split())}", file=sys.stderr)
    return status
