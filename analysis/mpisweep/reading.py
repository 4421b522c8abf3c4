"""Opening a results file as an xarray.Dataset."""
import os
from functools import partial

import h5py
import numpy as np
import xarray
from xarray.backends import BackendArray
from xarray.core import indexing

from .errors import FileError
from .job import job_of
from .names import ALONG, PLACE

ENGINE = "h5netcdf"
DONE, DAMAGED = "done", "damaged"  # names of states; the others come from the file
EPOCH = "seconds since 1970-01-01 00:00:00"  # units of times
FACTS = ("status", "steps_taken")  # about a cell, not recorded by it: they become coordinates
HOSTS = "hosts"  # the table that numbers in provenance/host point into


def open(path):  # noqa: A001 (called as mpisweep.open)
    """The results file as an xarray.Dataset, also while a run is writing it.

    Only the states of the cells are read at once: those of the moment of opening, and what is done by them is
    whole in what is read later. Open the file again for newer results. Close the data set, or use it in a
    `with` statement.

    Data variables  what cells recorded, NaN in cells that are not done
    Coordinates     values of the axes, and of the keys that an axis draws together; for every cell its `status` by name (pending, done, diverged …),
                    `steps_taken` and the provenance: seconds, rank, host by name, tries, finished, a time …;
                    a row per session of `session_start`, `session_commit` …; what has the name of an axis is
                    called provenance_NAME
    Attributes      those of the file, with `job` as the dictionary that the job file is

    Raises FileNotFoundError, or FileError (a ValueError) for a file that is damaged or not a results file."""
    path = os.fspath(path)
    check_file(path)
    parts = []
    try:
        parts.append(xarray.open_dataset(path, engine=ENGINE, decode_times=False))
        parts.append(_open_provenance(path, parts[0].status.dims))
        result = _as_documented(*parts)
    except (AttributeError, IndexError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        _close(parts)
        raise FileError(f"{path}: is damaged, or not as docs/results-format.md has it: {error}") from error
    result.set_close(partial(_close, parts))
    result.encoding["source"] = path
    return result


def _close(parts):
    for part in parts:
        part.close()


# ---- What must hold of the file -------------------------------------------------------------------


def check_file(path):
    """Raise unless the file is one of mpisweep's that can be read as labelled arrays."""
    if not path:
        raise FileError("the name of the results file is empty: cannot be read")
    try:
        with h5py.File(path, "r") as file:
            _check_links(file, path)
            if not isinstance(file.get("status"), h5py.Dataset):
                raise FileError(f"{path}: not a results file of mpisweep: no data set /status")
            _check_cells(file, path)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{path}: cannot be read: no such file") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read as an HDF5 file: {error}") from error
    except RuntimeError as error:
        raise FileError(f"{path}: is damaged, or not as docs/results-format.md has it: {error}") from error


def _check_links(group, path):
    """Every name in a group and the groups below leads somewhere; a soft link may lead round in a circle."""
    for name in group:
        if group.get(name, getclass=True, getlink=True) is h5py.HardLink:
            if group.get(name, getclass=True) is h5py.Group:
                _check_links(group[name], path)
            continue
        try:
            group[name]
        except (KeyError, OSError, RuntimeError) as error:
            where = f"{group.name.rstrip('/')}/{name}"
            raise FileError(
                f"{path}: the link {where} leads nowhere, or round in a circle: {error}"
            ) from error


def _check_cells(file, path):
    """What has values of every cell has numbers, and a coordinate for every dimension."""
    shape = file["status"].shape
    auxiliaries = str(file["status"].attrs.get("coordinates", "")).split()  # of drawn axes; may be texts
    for name, item in file.items():
        if (
            not isinstance(item, h5py.Dataset)
            or item.shape[: len(shape)] != shape
            or h5py.h5ds.is_scale(item.id)
            or name in auxiliaries
        ):
            continue
        if any(len(dimension) == 0 for dimension in item.dims):
            raise FileError(f"{path}: a dimension of {name} has no coordinate (dimension scale)")
        if item.dtype.kind not in "fiu":
            raise FileError(f"{path}: {name} has no numbers, but values of the type {item.dtype}")


# ---- From the file's variables to what open() promises --------------------------------------------


class _Changed(BackendArray):
    """A variable of a file whose values are changed when they are read, and read when they are used."""

    def __init__(self, variable, dtype, change):
        """change(values, key): the changed values of the part `key` (integers and slices) of the variable"""
        self.variable, self.change = variable, change
        self.shape, self.dtype = variable.shape, np.dtype(dtype)

    def __getitem__(self, key):
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def __deepcopy__(self, memo):
        return self  # nothing writes to it

    def _read(self, key):
        return self.change(self.variable[key].values, key).astype(self.dtype, copy=False)


def _changed(variable, dtype, change):
    """The variable with other values, and without units when these are no numbers any more."""
    kept = ("long_name", "units") if np.dtype(dtype).kind in "fiu" else ("long_name",)
    attrs = {name: text for name, text in variable.attrs.items() if name in kept}
    return xarray.Variable(
        variable.dims, indexing.LazilyIndexedArray(_Changed(variable, dtype, change)), attrs
    )


def _same(values, key):
    return values


def _names(names, codes, key):
    """names: of every code"""
    return names[codes.astype(np.uint8)]


def _hosts(hosts, rows, key):
    return np.where(rows >= 0, hosts[rows], "")


def _only_done(done, values, key):
    """done (cells): true where a cell is done"""
    known = np.asarray(done[key[: done.ndim]])
    known = known.reshape(known.shape + (1,) * (values.ndim - known.ndim))
    return np.where(known, values, values.dtype.type(np.nan) if values.dtype.kind == "f" else np.nan)


def _times(seconds, key):
    milliseconds = (np.nan_to_num(seconds) * 1000).astype("datetime64[ms]").astype("datetime64[ns]")
    return np.where(np.isfinite(seconds), milliseconds, np.datetime64("NaT", "ns"))


def _as_documented(ds, provenance):
    status = ds.status.variable.load()
    names = _status_names(status)
    done = np.asarray(names[status.values.astype(np.uint8)] == DONE)
    is_of_cells = {name: ds[name].dims[: status.ndim] == status.dims for name in ds.data_vars}
    recorded = [name for name, of_cells in is_of_cells.items() if of_cells and name not in FACTS]
    result = ds.assign({name: _recorded(ds[name].variable, done) for name in recorded})
    result = result.assign_coords(status=_changed(status, names.dtype, partial(_names, names)))
    if "steps_taken" in ds:
        result = result.assign_coords(
            steps_taken=_changed(ds.steps_taken.variable, ds.steps_taken.dtype, _same)
        )
    result = result.assign_coords(_coordinates_of(provenance))
    drawn = [name for name in status.encoding.get("coordinates", "").split() if name in result.coords]
    for place, name in enumerate(drawn):
        result[name].attrs.update({ALONG: result[name].dims[0], PLACE: place})
    for axis in (*status.dims, *drawn):  # of which a selection is named (cells.names)
        result[axis].encoding["among"] = ds[axis].values
    result.attrs["job"] = job_of(ds.attrs)
    return result


def _status_names(status):
    """The name of every byte that can be in /status."""
    names = np.full(256, DAMAGED, object)
    names[:6] = "pending", DONE, "diverged", "failed", "timed_out", "left_out"
    if "flag_meanings" in status.attrs:
        names[np.asarray(status.attrs["flag_values"], np.uint8)] = status.attrs["flag_meanings"].split()
    return names.astype(str)


def _recorded(variable, done):
    return _changed(
        variable, variable.dtype if variable.dtype.kind == "f" else float, partial(_only_done, done)
    )


def _open_provenance(path, axes):
    """The group, empty when there is none. What has the name of one of the axes gets another, and is read at
    once: xarray has no variables with the name of one of their dimensions."""
    with h5py.File(path, "r") as file:
        if "provenance" not in file:
            return xarray.Dataset()
        group = file["provenance"]
        clashes = {name: (axes, group[name][...]) for name in axes if name in group}
    ds = xarray.open_dataset(
        path, engine=ENGINE, group="provenance", decode_times=False, drop_variables=list(clashes)
    )
    return ds.assign({f"provenance_{name}": values for name, values in clashes.items()})


def _coordinates_of(provenance):
    """The group's variables: texts and times as such, hosts by name, no unused sessions."""
    hosts = _texts(provenance[HOSTS].values) if HOSTS in provenance else np.array([])
    if "session_start" in provenance:
        provenance = provenance.isel(session=np.flatnonzero(np.isfinite(provenance.session_start.values)))
    return {
        name: _readable(item.variable, name, hosts)
        for name, item in provenance.data_vars.items()
        if name != HOSTS
    }


def _readable(variable, name, hosts):
    if variable.dtype.kind == "S":
        return xarray.Variable(variable.dims[:1], _texts(variable.values), variable.attrs)
    if name == "host" and len(hosts) > 0:
        return _changed(variable, hosts.dtype, partial(_hosts, hosts))
    if variable.attrs.get("units") == EPOCH:
        return _changed(variable, "datetime64[ns]", _times)
    return _changed(variable, variable.dtype, _same)


def _texts(characters):
    """(rows, characters) padded with zeros → (rows)"""
    rows = np.ascontiguousarray(characters)
    return np.char.decode(rows.view(f"S{rows.shape[1]}")[:, 0], "utf-8", "replace")
