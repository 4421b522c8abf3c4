"""The combinations of axis values in the order of a variable's mean over runs."""
import pandas
import xarray

from .cells import RUN, axes_without_runs, keys_along, number_names, number_of
from .errors import RequestError
from .statistics import is_better_when_higher, over_runs

LOST = ("diverged", "failed", "timed_out")  # states of cells that ended without values


def rank(ds, *variables, highest=None):
    """A pandas.DataFrame with a row per combination of axis values, best first, its index counting from 1.

    variables: names of variables with one value per cell; the first decides on the order
    highest: whether its highest mean is the best; None: it is for what is in percent
    Columns: the axes, but for `run`, each followed by the keys that it draws together; `runs`, how many runs are done; `lost`, how many diverged, failed or
    timed out; and for each variable its mean over runs and, as VARIABLE_sd, the sample standard deviation.
    Combinations without a mean come last; those of which nothing is finished are left out."""
    if not variables:
        raise RequestError(
            f"rank: name a variable with one value per cell; there are: {', '.join(number_names(ds))}"
        )
    return rank_arrays([number_of(ds, variable) for variable in variables], highest)


def rank_arrays(arrays, highest=None):
    """The same of arrays, cells of which may have been selected."""
    if highest is None:
        highest = is_better_when_higher(arrays[0])
    rows = _rows(arrays)
    rows = rows[(rows["runs"] > 0) | (rows["lost"] > 0)]
    rows = rows.sort_values(
        arrays[0].name, ascending=not highest, kind="stable", na_position="last", ignore_index=True
    )
    return rows.set_axis(pandas.RangeIndex(1, len(rows) + 1, name="rank"))


def _rows(arrays):
    """A row per combination, in the order of the file."""
    count, _, _ = over_runs(arrays[0])
    columns = {"runs": count, "lost": _lost_runs(arrays[0])}
    for array in arrays:
        _, columns[array.name], columns[f"{array.name}_sd"] = over_runs(array)
    table = xarray.Dataset({name: column.reset_coords(drop=True) for name, column in columns.items()})
    axes = axes_without_runs(arrays[0])
    if not axes:
        return pandas.DataFrame({name: [column.item()] for name, column in table.data_vars.items()})
    rows = table.to_dataframe(dim_order=axes).reset_index()
    for axis in axes:
        for key in keys_along(arrays[0], axis):
            rows[key] = rows[axis].map(dict(zip(arrays[0][axis].values, arrays[0][key].values)))
    return rows[[*columns_of(arrays[0]), *columns]]


def columns_of(array):
    """The axes, but for `run`, and the keys that they draw."""
    return list(
        dict.fromkeys(
            name for axis in axes_without_runs(array) for name in (axis, *keys_along(array, axis))
        )
    )


def _lost_runs(array):
    lost = array.status.isin(LOST)
    return lost.sum(RUN) if RUN in lost.dims else lost.astype(int)
