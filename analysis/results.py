"""Reading mpisweep's results files as labelled arrays, NaN where a cell is not done; tables; how scripts end."""
import csv
import itertools
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

USAGE, BAD_FILE = 2, 3  # exit statuses; 1 is left for verdicts


def leave(message, status=USAGE):
    print(f"{sys.argv[0]}: {message}", file=sys.stderr)
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
        sys.exit(main())
    except ResultsError as error:
        leave(error, error.exit_status)
    except OSError as error:
        leave(error, BAD_FILE)


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

    @property
    def inner_axes(self):
        """Names of the axes of one cell's values."""
        return [axis for axis in self.axes if axis not in self.cell_axes]

    def groups(self, keep):
        """(label, values) for each combination of the axes outside `keep`, unless nothing of it is done.

        label: axis name -> value text, of axes with more than one value. The dimensions of the values follow `keep`;
        an axis that the array lacks has length 1."""
        others = [axis for axis in self.axes if axis not in keep]
        order = others + [axis for axis in keep if axis in self.axes]
        values = self.values.transpose([list(self.axes).index(axis) for axis in order])
        shape = [len(self.axes[axis]) if axis in self.axes else 1 for axis in keep]
        for place in itertools.product(*(range(len(self.axes[axis])) for axis in others)):
            group = values[place].reshape(shape)
            if np.isfinite(group).any():
                yield {axis: value_text(self.axes[axis][i]) for axis, i in zip(others, place)
                       if len(self.axes[axis]) > 1}, group

    def only_cell(self, inner=None):
        """The values of the one cell that is selected, in the dimensions `inner` (default: all of a cell)."""
        inner = self.inner_axes if inner is None else inner
        open_axes = [f"{axis} ({', '.join(map(value_text, values[:8]))}{', …' if len(values) > 8 else ''})"
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


def coordinate_key(value):
    """Equal for equal numbers however they are written."""
    try:
        return value_text(float(value))
    except ValueError:
        return value


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
    try:
        with h5py.File(path, "r") as file:
            _check_links(file, path)
            if "status" not in file:
                raise FileError(f"{path}: not a results file of mpisweep: no data set /status")
            yield file
    except OSError as error:
        raise FileError(f"{path}: cannot be read as an HDF5 file: {error}") from error


def names_of_cells(file):
    """Names of the data sets that have values of every cell, bookkeeping apart."""
    shape = file["status"].shape
    return sorted(name for name, item in file.items()
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
        return replace(array, values=array.values.reshape([len(v) for v in cell_axes.values()]), axes=cell_axes)


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
    done = _take(file["status"], [places[axis] for axis in cell_axes]) == STATUS_DONE
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
        keys = [coordinate_key(coordinate) for coordinate in axes[axis]]
        if coordinate_key(value) not in keys:
            raise ResultsError(f"{path}: axis {axis} has no value {value}; it has: {', '.join(keys)}")
        places.setdefault(axis, set()).add(keys.index(coordinate_key(value)))
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
    """ "lr=0.01" as (axis, value text): the type of the option --select """
    axis, equals, value = text.partition("=")
    if not (axis and equals and value):
        raise ValueError
    return axis, value


def add_selection(parser):
    parser.add_argument("--select", type=selected, action="append", default=[], metavar="AXIS=VALUE",
                        help="only cells where AXIS has VALUE; may be repeated, also with several values of one axis")


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
    return "–" if np.isnan(value) else style.format(value)


def print_table(rows, style="text"):
    """rows: lists of texts, the first the header. style: text, markdown or csv."""
    if style == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
    elif style == "markdown":
        for row in [rows[0], ["---:"] * len(rows[0]), *rows[1:]]:
            print(f"| {' | '.join(row)} |")
    else:
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))
