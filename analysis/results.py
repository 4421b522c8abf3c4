"""Reading mpisweep's results files as labelled arrays, NaN where a cell is not done; tables; how scripts end."""
import argparse
import csv
import os
import re
import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

USAGE, BAD_FILE, DEFECT, STOPPED = 2, 3, 70, 130  # exit statuses; 1 is left for verdicts


def leave(message, status=USAGE):
    print(f"{sys.argv[0]}: {' '.join(str(message).split())}", file=sys.stderr)
    sys.exit(status)


def leave_without_module(missing):
    leave(f"{sys.executable} has no module {missing.name}. On Debian and Ubuntu: "
          "apt-get install python3-numpy python3-h5py python3-matplotlib; then start the script with /usr/bin/python3")


try:
    import h5py
    import numpy as np
except ImportError as missing:
    leave_without_module(missing)

RUN = "run"  # the axis of independent repeats
STATUS_DONE = 1
STATUS_LOST = (2, 3, 4)  # diverged, failed, timed out
MISSING = "–"  # in tables, where there is no number
MAX_LISTED = 12  # values of an axis in a message
LEAST_DIGITS, PLAIN_DIGITS, MOST_DIGITS = 3, 6, 17  # of the names of numbers
MAX_ROWS, MAX_COLUMNS, MAX_BEST = 40, 20, 20  # of a table that is read; where it is larger, the best are shown
BOOKKEEPING = ("status", "steps_taken")  # one value per cell, but nothing that was measured


class ResultsError(Exception):
    """Something was asked for that is not there; the text says what and where."""
    exit_status = USAGE


class FileError(ResultsError):
    """A file that cannot be read or is of another kind."""
    exit_status = BAD_FILE


def start(main):
    """Run a script to its exit status; its errors become one line."""
    try:
        status = main()
        sys.stdout.flush()
        sys.exit(status)
    except ResultsError as error:
        leave(error, error.exit_status)
    except BrokenPipeError:  # whoever reads the table has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        leave(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error, BAD_FILE)
    except MemoryError as error:
        leave(f"out of memory; choose less with --select AXIS=VALUE. {error}", BAD_FILE)
    except KeyboardInterrupt:
        leave("interrupted", STOPPED)
    except Exception as error:  # nobody's reader should meet a traceback; the line tells where to look
        frame = traceback.extract_tb(error.__traceback__)[-1]
        leave(f"unexpected {type(error).__name__}: {error} ({os.path.basename(frame.filename)}:{frame.lineno}): a defect of "
              "this script; please report it with the command", DEFECT)


def check_output(path, source):
    """Refuse to write over the file that is read."""
    if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
        raise ResultsError(f"{path}: is the results file; name another output with -o")


# ---- Labelled arrays ------------------------------------------------------------------------------

@dataclass
class LabelledArray:
    name: str
    values: np.ndarray  # float64, one dimension per axis; NaN where a cell is not done
    axes: dict  # axis name -> coordinate values, in the order of the dimensions
    units: str = "1"
    long_name: str = ""
    axis_meanings: dict = field(default_factory=dict)  # axis name -> long_name in the file
    cell_axes: tuple = ()  # names of the axes of the job, which come first
    title: str = ""
    data_source: str = ""  # "cifar10", "synthetic" …; "" when the file does not tell
    coordinates: dict = field(default_factory=dict)  # axis name -> all values in the file, also those not selected
    lost: np.ndarray = None  # of a variable with one value per cell: true where a cell diverged, failed or timed out

    @property
    def inner_axes(self):
        """Names of the axes of one cell's values."""
        return [axis for axis in self.axes if axis not in self.cell_axes]

    def names(self, axis, places=slice(None)):
        """The texts of the axis' values at these places: the shortest that tell them from all others in the file."""
        return value_names(self.axes[axis][places], self.coordinates.get(axis, self.axes[axis]))

    def groups(self, keep):
        """(label, values) for each combination of the axes outside `keep`, unless nothing of it is done.

        label: axis name -> value text, of axes with more than one value. The dimensions of the values follow `keep`;
        an axis that the array lacks has length 1."""
        others = [axis for axis in self.axes if axis not in keep]
        order = others + [axis for axis in keep if axis in self.axes]
        values = self.values.transpose([list(self.axes).index(axis) for axis in order])
        shape = [len(self.axes[axis]) if axis in self.axes else 1 for axis in keep]
        known = np.isfinite(values).any(axis=tuple(range(len(others), values.ndim)))
        names = {axis: self.names(axis) for axis in others}
        for place in map(tuple, np.argwhere(known)):
            yield {axis: names[axis][i] for axis, i in zip(others, place)
                   if len(self.axes[axis]) > 1}, values[place].reshape(shape)

    def count_groups(self, keep):
        """How many groups() gives."""
        dimensions = tuple(i for i, axis in enumerate(self.axes) if axis in keep)
        return int(np.isfinite(self.values).any(axis=dimensions).sum())

    def only_cell(self, inner=None):
        """The values of the one cell that is selected, in the dimensions `inner` (default: all of a cell)."""
        inner = self.inner_axes if inner is None else inner
        open_axes = [f"{axis} ({list_values(values)})"
                     for axis, values in self.axes.items() if axis not in inner and len(values) > 1]
        if open_axes:
            raise ResultsError(f"{self.name}: one cell is needed; choose with --select AXIS=VALUE from "
                               f"{'; '.join(open_axes)}")
        groups = list(self.groups(inner))
        if not groups:
            raise ResultsError(f"{self.name}: the selected cell is not done, or has no such values")
        return groups[0][1]


MOMENTS = re.compile(r"(step|epoch)(_\d+)?")  # axes of what is recorded again and again


def at_last_moment(array):
    """What each cell recorded last, of an array that was recorded every so many steps or epochs."""
    place = len(array.cell_axes)
    moments = array.inner_axes[:1]
    if not moments or not MOMENTS.fullmatch(moments[0]):
        return array
    rest = tuple(range(place + 1, array.values.ndim))
    known = np.isfinite(array.values).any(axis=rest)
    last = known.shape[place] - 1 - np.flip(known, place).argmax(axis=place)
    values = np.take_along_axis(array.values, np.expand_dims(last, (place, *rest)), place).squeeze(place)
    return replace(array, values=values, axes={axis: v for axis, v in array.axes.items() if axis != moments[0]})


def as_text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def value_text(value):
    """A coordinate as the job file has it: the shortest decimal that reads back the same."""
    if isinstance(value, str):
        return value
    short = f"{float(value):.15g}"
    return short if float(short) == float(value) else f"{float(value):.17g}"


def list_values(values):
    """As many as a message has room for."""
    return ", ".join(map(value_text, values[:MAX_LISTED])) + ", …" * (len(values) > MAX_LISTED)


def digits_of_name(text):
    """The digits to which a name is rounded: the significant ones that are written, and at least LEAST_DIGITS."""
    written = re.sub("[eE].*", "", text).replace(".", "").lstrip("+-0")
    return min(max(len(written), LEAST_DIGITS), MOST_DIGITS)


def has_name(value, number, digits):
    """Whether the value is `number` when it is rounded to the digits of that name."""
    return float(f"{value:.{digits}g}") == number


def value_names(values, among):
    """The shortest names of values that are among others, as `mpisweep status` prints them: the fewest digits, three or
    more, that no other value rounds to; integers, labels, and numbers of up to six digits in full."""
    if len(values) == 0 or isinstance(values[0], str):
        return list(values)
    ordered = np.unique(np.asarray(among, float))
    return [_value_name(float(value), ordered) for value in values]


def _value_name(value, ordered):
    full = value_text(value)
    if value.is_integer() or float(f"{value:.{PLAIN_DIGITS}g}") == value:
        return full
    place = np.searchsorted(ordered, value)
    neighbours = [*ordered[max(place - 1, 0):place], *ordered[place + 1:place + 2]]
    for digits in range(LEAST_DIGITS, MOST_DIGITS):
        name = f"{value:.{digits}g}"
        # rounding keeps the order: when the neighbours have other names, so have all
        if digits_of_name(name) == digits and not any(has_name(other, float(name), digits) for other in neighbours):
            return min(name, full, key=len)
    return full


DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def find_values(values, text):
    """Places of the values of an axis that `text` names: labels are texts (1.1 and 1.10 are two); a number names the value
    that it is, else those that it is when they are rounded to its digits."""
    if isinstance(values[0], str):
        return [i for i, value in enumerate(values) if value == text]
    if not DECIMAL.fullmatch(text):
        return []
    numbers, number = np.asarray(values, float), float(text)
    exact = np.flatnonzero(numbers == number)
    near = np.flatnonzero(np.abs(numbers - number) <= 0.01 * abs(number)) if len(exact) == 0 else []
    digits = digits_of_name(text)
    return [*exact, *(i for i in near if has_name(numbers[i], number, digits))]


def label_text(label):
    return ", ".join(f"{axis} = {value}" for axis, value in label.items())


# ---- Reading --------------------------------------------------------------------------------------

def _check_links(group, path):
    """Every name in a group and the groups below leads somewhere: a soft link may lead nowhere, or round in a circle."""
    for name in group:
        if group.get(name, getclass=True, getlink=True) is h5py.HardLink:
            if group.get(name, getclass=True) is h5py.Group:
                _check_links(group[name], path)
            continue
        try:
            group[name]
        except (KeyError, OSError, RuntimeError) as error:
            where = f"{group.name.rstrip('/')}/{name}"
            raise FileError(f"{path}: the link {where} leads nowhere, or round in a circle: {error}") from error


@contextmanager
def open_results(path):
    if not str(path):
        raise FileError("the name of the results file is empty: cannot be read")
    try:
        with h5py.File(path, "r") as file:
            _check_links(file, path)
            if "status" not in file:
                raise FileError(f"{path}: not a results file of mpisweep: no data set /status")
            yield file
    except OSError as error:
        raise FileError(f"{path}: cannot be read as an HDF5 file: {error}") from error
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise FileError(f"{path}: is damaged, or not as docs/results-format.md has it: {error}") from error


def _items(file):
    """What the file holds, without links that lead nowhere."""
    for name in file:
        try:
            yield name, file[name]
        except (KeyError, OSError, RuntimeError):
            continue


def names_of_cells(file):
    """Names of the data sets that have values of every cell, bookkeeping apart."""
    shape = file["status"].shape
    return sorted(name for name, item in _items(file)
                  if isinstance(item, h5py.Dataset) and item.shape[:len(shape)] == shape
                  and name not in BOOKKEEPING and not h5py.h5ds.is_scale(item.id))


def numbers_of_cells(file):
    """Of these, the names of those with one value per cell."""
    return [name for name in names_of_cells(file) if file[name].shape == file["status"].shape]


def read_variable(path, name, selection=()):
    """Read the final values (one number per cell) of the variable `name`, or an array of one value; see read_array."""
    with open_results(path) as file:
        if name not in names_of_cells(file) or file[name].size != file["status"].size:
            raise ResultsError(f"{path}: no variable {name!r} with one value per cell; there are: "
                               f"{', '.join(numbers_of_cells(file))}")
        array = _read(file, path, name, selection)
        cell_axes = {axis: array.axes[axis] for axis in array.cell_axes}
        shape = [len(v) for v in cell_axes.values()]
        return replace(array, values=array.values.reshape(shape), lost=array.lost.reshape(shape), axes=cell_axes)


def read_curve(path, name, selection=()):
    """Read the curve of the variable `name`, over steps or epochs; see read_array."""
    with open_results(path) as file:
        curves = [curve for curve in names_of_cells(file) if curve.endswith("_curve")]
        name = name if name.endswith("_curve") else f"{name}_curve"
        if name not in curves:
            raise ResultsError(f"{path}: no curve {name!r}; there are: {', '.join(curves) or 'none'}")
        return _read(file, path, name, selection)


def read_array(path, name, selection=()):
    """Read values of the data set `name`, however many a cell has.

    selection: (axis, value) pairs; of an axis that is named only these values stay, in the order of the file; an axis
    of which one value is selected is left out."""
    with open_results(path) as file:
        names = names_of_cells(file)
        if name not in names:
            raise ResultsError(f"{path}: no array {name!r}; there are: {', '.join(names)}")
        return _read(file, path, name, selection)


def _read(file, path, name, selection):
    dataset = file[name]
    scales = {scale.name.lstrip("/"): scale
              for scale in (_scale_of(dimension, path, name) for dimension in dataset.dims)}
    axes = {axis: [as_text(v) for v in scale] if scale.dtype.kind == "O" else scale[...]
            for axis, scale in scales.items()}
    places = {axis: np.arange(len(coordinates)) for axis, coordinates in axes.items()}
    places.update(_selected_places(path, name, axes, selection))
    cell_axes = list(axes)[:file["status"].ndim]
    # the status first: what is done then, is whole in what is read afterwards
    status = _take(file["status"], [places[axis] for axis in cell_axes])
    done = status == STATUS_DONE
    values = _take(dataset, list(places.values())).astype(np.float64)
    values[~done] = np.nan
    chosen = [axis for axis in axes if len(places[axis]) == 1 and axis in dict(selection)]
    return LabelledArray(
        name=name,
        values=values.squeeze(tuple(list(axes).index(axis) for axis in chosen)),
        axes={axis: [axes[axis][i] for i in places[axis]] for axis in axes if axis not in chosen},
        units=as_text(dataset.attrs.get("units", "1")),
        long_name=as_text(dataset.attrs.get("long_name", "")),
        axis_meanings={axis: as_text(scale.attrs.get("long_name", "")) for axis, scale in scales.items()},
        cell_axes=tuple(axis for axis in cell_axes if axis not in chosen),
        coordinates=axes,
        lost=np.isin(status, STATUS_LOST),
        title=as_text(file.attrs.get("title", "")),
        data_source=_job_value(file, "data.source"))


def _scale_of(dimension, path, name):
    if len(dimension) == 0:
        raise FileError(f"{path}: a dimension of {name} has no coordinate (dimension scale)")
    return dimension[0]


def _selected_places(path, name, axes, selection):
    """Axis name -> places of the values that are selected, in the order of the file."""
    places = {}
    for axis, value in selection:
        if axis not in axes:
            raise ResultsError(f"{path}: {name} has no axis {axis!r}; it has: {', '.join(axes)}")
        found = find_values(axes[axis], value)
        if len(found) == 0:
            raise ResultsError(f"{path}: axis {axis} has no value {value}; it has: {list_values(axes[axis])}")
        if len(found) > 1:
            raise ResultsError(f"{path}: axis {axis} has {len(found)} values that round to {value}: "
                               f"{list_values([axes[axis][i] for i in found])}; write one with more digits")
        places.setdefault(axis, set()).add(found[0])
    return {axis: np.array(sorted(chosen)) for axis, chosen in places.items()}


def _take(dataset, places):
    """The places of every dimension; no more than their bounding box is read."""
    box = tuple(slice(place.min(), place.max() + 1) for place in places)
    return dataset[box][np.ix_(*(place - place.min() for place in places))]


def _job_value(file, key):
    """The value of one key of the job, from its canonical text ("key = value" lines)."""
    for line in as_text(file.attrs.get("job_canonical", "")).splitlines():
        found, _, value = line.partition(" = ")
        if found == key:
            return value
    return ""


def selected(text):
    """ "lr=0.01,0.1" as [(axis, value text), …]: the type of the option --select """
    axis, equals, values = text.partition("=")
    if not (axis and equals and all(values.split(","))):
        raise argparse.ArgumentTypeError(f"{text}: accepted: AXIS=VALUE[,VALUE]...")
    return [(axis, value) for value in values.split(",")]


def add_selection(parser):
    parser.add_argument("--select", type=selected, action="extend", default=[], metavar="AXIS=VALUE[,VALUE]...",
                        help="only cells where AXIS has one of the values; may be repeated, and the values of one axis add "
                             "up. A long number may be rounded to three digits or more")


# ---- Statistics -----------------------------------------------------------------------------------

def mean_and_spread(values, dimension=0):
    """(count, mean, sample standard deviation) along a dimension over what is not NaN.

    The mean of nothing and the standard deviation of less than two values are NaN."""
    known = np.isfinite(values)
    count = known.sum(axis=dimension)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0.0).sum(axis=dimension) / count
        deviations = np.where(known, values - np.expand_dims(mean, dimension), 0.0)
        spread = np.sqrt((deviations ** 2).sum(axis=dimension) / np.where(count > 1, count - 1, np.nan))
    return count, mean, spread


def mean_over_runs(array):
    """The array of means over done runs, NaN where there is none."""
    if RUN not in array.axes:
        return array
    _, means, _ = mean_and_spread(array.values, list(array.axes).index(RUN))
    return replace(array, values=means, axes={axis: v for axis, v in array.axes.items() if axis != RUN})


# ---- Tables ---------------------------------------------------------------------------------------

def number_text(value, style="{:.2f}"):
    return MISSING if np.isnan(value) else style.format(value)


def print_table(rows, style="text"):
    """rows: lists of texts, the first the header. style: text, markdown or csv, where a missing number is an empty field."""
    if style == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(
            ["" if cell == MISSING else cell for cell in row] for row in rows)
    elif style == "markdown":
        for row in [rows[0], ["---:"] * len(rows[0]), *rows[1:]]:
            print(f"| {' | '.join(row)} |")
    else:
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))
