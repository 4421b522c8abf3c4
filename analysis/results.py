"""Reading mpisweep's results files: one variable as a labelled array, NaN where a cell is not done."""
import sys
from dataclasses import dataclass, field



def leave(message):
    """End the script for bad usage or files; 1 is left for verdicts."""
    print(f"{sys.argv[0]}: {message}", file=sys.stderr)
    sys.exit(2)


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


class ResultsError(Exception):
    """A file that does not hold what was asked for; the text says what and where."""


@dataclass
class LabelledArray:
    name: str
    values: np.ndarray  # float64, one dimension per axis; NaN where a cell is not done
    axes: dict  # axis name -> coordinate values, in the order of the dimensions
    units: str = "1"
    axis_meanings: dict = field(default_factory=dict)  # axis name -> long_name in the file
    title: str = ""
    data_source: str = ""  # "cifar10", "synthetic" …; "" when the file does not tell


def as_text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def read_variable(path, name):
    """Read the final values (one number per cell) of the variable `name`."""
    try:
        with h5py.File(path, "r") as file:
            return _read_open_file(file, path, name)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read as an HDF5 file: {error}") from error


def _read_open_file(file, path, name):
    if "status" not in file:
        raise ResultsError(f"{path}: not a results file of mpisweep: no data set /status")
    status = file["status"][...]  # before the values: what is done now is whole in what is read next
    if name not in file or file[name].shape != status.shape:
        variables = sorted(key for key, item in file.items()
                           if isinstance(item, h5py.Dataset) and item.shape == status.shape
                           and key not in ("status", "steps_taken") and not h5py.h5ds.is_scale(item.id))
        raise ResultsError(f"{path}: no variable {name!r} with one value per cell; there are: {', '.join(variables)}")
    dataset = file[name]
    scales = [_scale_of(dimension, path, name) for dimension in dataset.dims]
    axes = {scale.name.lstrip("/"): scale[...] for scale in scales}
    axes = {axis: [as_text(v) for v in values] if values.dtype.kind == "O" else values for axis, values in axes.items()}
    return LabelledArray(
        name=name,
        values=np.where(status == STATUS_DONE, dataset[...].astype(np.float64), np.nan),
        axes=axes,
        units=as_text(dataset.attrs.get("units", "1")),
        axis_meanings={scale.name.lstrip("/"): as_text(scale.attrs.get("long_name", "")) for scale in scales},
        title=as_text(file.attrs.get("title", "")),
        data_source=_job_value(file, "data.source"))


def _scale_of(dimension, path, name):
    if len(dimension) == 0:
        raise ResultsError(f"{path}: a dimension of {name} has no coordinate (dimension scale)")
    return dimension[0]


def _job_value(file, key):
    """The value of one key of the job, from its canonical text ("key = value" lines)."""
    for line in as_text(file.attrs.get("job_canonical", "")).splitlines():
        found, _, value = line.partition(" = ")
        if found == key:
            return value
    return ""


def mean_over_runs(array):
    """The mean over done runs, NaN where there is none, and the axes that are left."""
    if RUN not in array.axes:
        return array.values, dict(array.axes)
    dimension = list(array.axes).index(RUN)
    done = np.isfinite(array.values)
    counts = done.sum(axis=dimension)
    sums = np.where(done, array.values, 0.0).sum(axis=dimension)
    means = np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    return means, {axis: values for axis, values in array.axes.items() if axis != RUN}


def value_text(value):
    """A coordinate as the job file has it: the shortest decimal that reads back the same."""
    if isinstance(value, str):
        return value
    short = f"{float(value):.15g}"
    return short if float(short) == float(value) else f"{float(value):.17g}"
