"""check_xarray.py FILE ENGINE: is the file that store_cells wrote with 3 runs a labelled data set for xarray?

One engine per process: h5netcdf and netCDF4 bring their own handles to one HDF5 library."""
import sys

import xarray

path, engine = sys.argv[1:]
with xarray.open_dataset(path, engine=engine) as ds:
    ds.load()
    assert ds.test_accuracy.dims == ("run", "lr", "model"), ds.test_accuracy.dims
    assert ds.train_loss_curve.dims == ("run", "lr", "model", "step"), ds.train_loss_curve.dims
    assert ds.run.values.tolist() == [0, 1, 2] and ds.run.dtype == "int64"
    assert ds.lr.values.tolist() == [0.01, 0.001] and ds.lr.attrs["long_name"] == "optimizer.lr"
    assert ds.model.values.tolist() == ["mlp", "cnn"]
    assert ds.step.values.tolist() == list(range(2, 42, 2)) and ds.epoch.values.tolist() == [1, 2, 3]
    assert ds.test_accuracy.attrs["units"] == "percent"
    assert float(ds.test_accuracy.sel(run=1, lr=0.01, model="cnn")) == 552
    assert bool(ds.test_accuracy.sel(run=1, lr=0.001, model="mlp").isnull()), "cell 6 is diverged"
    assert ds.status.attrs["flag_meanings"].split()[2] == "diverged"
    assert list(ds.status.attrs["flag_values"]) == [0, 1, 2, 3, 4, 5]
    assert list(ds.data_vars) == ["status", "steps_taken", "train_loss", "train_loss_curve", "test_accuracy",
                                  "test_accuracy_curve", "test_loss", "weights_0", "test_gradient_0",
                                  "grid_output"], "in the order of creation, the status first"
    assert ds.test_loss.dims == ("run", "lr", "model") and float(ds.test_loss.sel(run=1, lr=0.01, model="cnn")) == 600
    short = ds.sel(run=1, lr=0.01, model="mlp")
    assert short.train_loss_curve.notnull().sum() == 15 and float(short.train_loss) == 414, "curves end with NaN"
    assert short.test_gradient_0.notnull().values.tolist() == [[True, True], [False, False], [False, False]]
    assert ds.weights_0.dims == ("run", "lr", "model", "weights_0_output", "weights_0_input")
    assert short.weights_0.values.tolist() == [[550, 551, 552], [553, 554, 555]]
    assert ds.test_gradient_0.dims == ("run", "lr", "model", "epoch", "test_gradient_0_weight")
    assert ds.test_gradient_0_weight.values.tolist() == [0, 5] and ds.test_gradient_0_weight.dtype == "int32"
    assert ds.grid_output.dims == ("run", "lr", "model", "grid_y", "grid_x", "output")
    assert ds.grid_x.values.tolist() == [-1, 0.5] and ds.grid_y.dtype == "float64"
    assert ds.grid_output.sel(grid_y=0.5, grid_x=-1, run=1, lr=0.01, model="mlp").values.tolist() == [652]
    assert ds.attrs["Conventions"].startswith("CF-") and ds.attrs["title"] == "Cells made by hand"
    assert ds.attrs["job_digest"] == "0123456789abcdef" and ds.attrs["kernels"] == "reference"
with xarray.open_dataset(path, engine=engine, group="provenance", decode_times=False) as ds:
    ds.load()
    assert (ds["rank"] == 1).all() and (ds.tries == 1).all() and (ds.checksum != 0).all()
    assert b"".join(ds.hosts.values[0].tolist()) == b"node1", ds.hosts
