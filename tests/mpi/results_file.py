"""What must hold for a results file whatever happened to the program that wrote it."""
import subprocess

import h5py
import numpy as np


def arrays(path):
    """Every array of a results file except provenance, read by a stock reader; the status first."""
    with h5py.File(path) as file:
        names = sorted(file, key=lambda name: name != "status")
        return {name: file[name][...] for name in names if isinstance(file[name], h5py.Dataset)}


def states(path):
    """The status of every cell."""
    with h5py.File(path) as file:
        return file["status"][...].ravel()


def check_done_cells(path, undisturbed):
    """Every cell that has a status is as in `undisturbed`, the arrays of an undisturbed file. Returns their number."""
    found = arrays(path)
    known = found["status"] != 0
    for name, values in undisturbed.items():
        if values.shape[: known.ndim] == known.shape:
            np.testing.assert_array_equal(found[name][known], values[known], err_msg=name)
    return int(known.sum())


def check_opens(path):
    """h5dump reads all of it, too."""
    subprocess.run(["h5dump", "-o", "/dev/null", path], check=True, capture_output=True)
