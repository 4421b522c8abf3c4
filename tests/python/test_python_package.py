"""The Python package mpisweep: what open() promises of files with cells in every state and arrays of every
shape, also while they are written; rank(); which errors are raised; the commands; how it is installed."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np
from analysis_case import ANALYSIS, AnalysisTest, write_results

import mpisweep
from mpisweep.commands.start import COMMANDS

AXES = {"run": np.arange(2), "model": ["mlp", "cnn"], "lr": [0.1, 0.01, 0.001]}
SHAPE = (2, 2, 3)
PENDING, DONE, DIVERGED, FAILED, TIMED_OUT = range(5)
STATUS = np.array([[[1, 2, 3], [4, 0, 1]], [[1, 1, 1], [1, 1, 1]]], np.int8)
STEPS = 4


def numbers(*inner):
    """Values that show their position."""
    return np.arange(np.prod(SHAPE + inner), dtype=np.float32).reshape(SHAPE + inner)


def write_grid(path, status=STATUS):
    write_results(
        path,
        AXES,
        {
            "test_accuracy": numbers(),
            "train_loss": numbers(),
            "train_loss_curve": (numbers(STEPS), ["step"]),
            "weights_0": (numbers(2, 5, 3), ["epoch", "weights_0_output", "weights_0_input"]),
            "feature_maps_1": (numbers(1, 1), ["feature_maps_sample", "one"]),
        },
        status,
        {"step": np.arange(10, 50, 10)},
    )


def texts(rows, count, width=64):
    """A table of characters, padded with zeros."""
    return (
        np.array([row.encode() for row in rows] + [b""] * (count - len(rows)), f"S{width}")
        .view("S1")
        .reshape(count, width)
    )


def add_provenance(path, axes=("run", "model", "lr")):
    """The group as the program writes it, of 4 hosts and 3 sessions."""
    with h5py.File(path, "r+") as file:
        group = file.create_group("provenance")
        for scale, length in (("host_row", 4), ("session", 3), ("character", 64)):
            group.create_dataset(scale, data=np.arange(length)).make_scale(scale)
        finished = np.where(STATUS > 0, 1.75e9 + 0.25, np.nan)
        cells = {
            "rank": (STATUS % 2).astype("i4"),
            "seconds": np.where(STATUS > 0, 1.5, np.nan),
            "finished": finished,
            "host": np.where(STATUS > 0, STATUS % 2, -1).astype("i4"),
        }
        for key, values in cells.items():
            dataset = group.create_dataset(key, data=values)
            dataset.attrs["long_name"], dataset.attrs["units"] = key, "s" if key == "seconds" else "1"
            for dimension, axis in zip(dataset.dims, axes):
                dimension.attach_scale(file[axis])
        group["finished"].attrs["units"] = "seconds since 1970-01-01 00:00:00"
        tables = {
            "hosts": (texts(["node0", "nöde1"], 4), ["host_row", "character"]),
            "session_start": (np.array([1e9, 2e9, np.nan]), ["session"]),
            "session_commit": (texts(["abc", "abc-dirty"], 3), ["session", "character"]),
        }
        for key, (values, dimensions) in tables.items():
            dataset = group.create_dataset(key, data=values)
            for dimension, scale in zip(dataset.dims, dimensions):
                dimension.attach_scale(group[scale])


class OpenTest(AnalysisTest):
    def setUp(self):
        super().setUp()
        write_grid(self.results)

    def open(self):
        ds = mpisweep.open(self.results)
        self.addCleanup(ds.close)
        return ds

    def test_what_is_not_done_is_nan_in_records_of_every_shape(self):
        ds = self.open()
        self.assertEqual(
            set(ds.data_vars),
            {"test_accuracy", "train_loss", "train_loss_curve", "weights_0", "feature_maps_1"},
        )
        for name, variable in ds.data_vars.items():
            with self.subTest(name):
                expected = numbers(*variable.shape[3:])
                expected[STATUS != DONE] = np.nan
                np.testing.assert_array_equal(variable.values, expected)
                self.assertEqual(variable.dtype, np.float32)

    def test_states_have_names_and_axes_their_values(self):
        ds = self.open()
        self.assertEqual(
            ds.status.values[0].tolist(), [["done", "diverged", "failed"], ["timed_out", "pending", "done"]]
        )
        self.assertEqual(ds.status.dims, ("run", "model", "lr"))
        self.assertEqual(ds.model.values.tolist(), ["mlp", "cnn"])
        self.assertEqual(ds.step.values.tolist(), [10, 20, 30, 40])
        self.assertEqual(
            float(ds.train_loss_curve.sel(run=1, model="cnn", lr=0.01, step=20)), numbers(STEPS)[1, 1, 1, 1]
        )
        np.testing.assert_array_equal(
            ds.test_accuracy.mean("run"), np.nanmean(ds.test_accuracy.values, axis=0)
        )

    def test_a_state_of_the_file_s_own_and_one_that_does_not_exist(self):
        status = STATUS.copy()
        status[1, 0] = 5, 7, -1
        write_grid(self.results, status)
        with h5py.File(self.results, "r+") as file:
            file["status"].attrs["flag_values"] = np.arange(6, dtype=np.int8)
            file["status"].attrs["flag_meanings"] = "pending done diverged failed timed_out left_out"
        ds = self.open()
        self.assertEqual(ds.status.values[1, 0].tolist(), ["left_out", "damaged", "damaged"])
        self.assertTrue(np.isnan(ds.test_accuracy.values[1, 0]).all())

    def test_any_part_is_read_as_numpy_has_it(self):
        whole = self.open().weights_0.values
        for key in (
            {"run": 1},
            {"model": [1, 0], "lr": [2, 0]},
            {"lr": slice(None, None, -1)},
            {"epoch": -1, "lr": slice(1, None)},
            {"run": 0, "model": 1, "lr": 1, "weights_0_output": [4, 1, 1]},
            {"lr": slice(3, 3)},
        ):
            with self.subTest(key):
                part, expected = self.open().weights_0, whole
                for dimension, axis in reversed(list(enumerate(part.dims))):
                    expected = expected[(slice(None),) * dimension + (key.get(axis, slice(None)),)]
                np.testing.assert_array_equal(part.isel(key).values, expected)

    def test_values_are_read_when_they_are_used_and_states_when_the_file_is_opened(self):
        """As the program writes: the values of a cell in place, then its status."""
        with h5py.File(self.results) as file:
            offsets = {name: file[name].id.get_offset() for name in ("test_accuracy", "status")}
        ds = self.open()
        with open(self.results, "r+b") as file:
            for cell, accuracy in ((0, 77), (4, 88)):  # done already, pending
                os.pwrite(file.fileno(), np.float32(accuracy).tobytes(), offsets["test_accuracy"] + 4 * cell)
                os.pwrite(file.fileno(), bytes([DONE]), offsets["status"] + cell)
        self.assertEqual(ds.test_accuracy.values.flat[0], 77)
        self.assertTrue(np.isnan(ds.test_accuracy.values.flat[4]))
        self.assertEqual(ds.status.values.flat[4], "pending")
        self.assertEqual(self.open().test_accuracy.values.flat[4], 88)

    def test_provenance_is_in_coordinates(self):
        add_provenance(self.results)
        ds = self.open()
        accuracy = ds.test_accuracy
        self.assertEqual(
            accuracy.host.values[0].tolist(), [["nöde1", "node0", "nöde1"], ["node0", "", "nöde1"]]
        )
        np.testing.assert_array_equal(accuracy.seconds, np.where(STATUS > 0, 1.5, np.nan))
        np.testing.assert_array_equal(ds["rank"], STATUS % 2)
        self.assertEqual(str(accuracy.finished.values[0, 0, 0]), "2025-06-15T15:06:40.250000000")
        self.assertTrue(np.isnat(accuracy.finished.values[0, 1, 1]))
        self.assertEqual(ds.session_commit.values.tolist(), ["abc", "abc-dirty"])
        self.assertNotIn("hosts", ds.variables)
        self.assertEqual(ds.seconds.attrs["units"], "s")

    def test_an_axis_keeps_its_name_before_the_provenance(self):
        write_results(
            self.results,
            {"run": np.arange(2), "seconds": [1.0, 2.0], "lr": [0.1, 0.2, 0.3]},
            {"test_accuracy": numbers()},
            STATUS,
        )
        add_provenance(self.results, ("run", "seconds", "lr"))
        ds = self.open()
        self.assertEqual(ds.seconds.values.tolist(), [1, 2])
        self.assertEqual(ds.provenance_seconds.dims, ("run", "seconds", "lr"))

    def test_a_grid_without_axes(self):
        write_results(
            self.results, {}, {"test_accuracy": np.array(5.0), "train_loss_curve": (np.arange(3.0), ["step"])}
        )
        ds = self.open()
        self.assertEqual((float(ds.test_accuracy), ds.status.item()), (5, "done"))
        self.assertEqual(ds.train_loss_curve.values.tolist(), [0, 1, 2])
        self.assertEqual(mpisweep.rank(ds, "test_accuracy").test_accuracy.tolist(), [5])

    def job_of(self, text):
        with h5py.File(self.results, "r+") as file:
            file.attrs["job"], file.attrs["job_text"] = "small", text
        with mpisweep.open(self.results) as ds:
            return ds.attrs["job"]

    def test_the_job_is_a_dictionary(self):
        job = self.job_of(
            "job: small\ntrain: {epochs: 3, lr: 1e-2}  # a comment\nmodel: [dense: 4, relu, off, ~, true]\n"
        )
        self.assertEqual(job["train"], {"epochs": 3, "lr": 0.01})
        self.assertEqual(job["model"], [{"dense": 4}, "relu", "off", None, True])
        for text in ("", "[", "- 1"):
            self.assertEqual(self.job_of(text), {"job": "small"})

    def test_after_closing_others_may_write(self):
        with mpisweep.open(self.results) as ds:
            ds.test_accuracy.load()
        with h5py.File(self.results, "r+"):
            pass
        self.assertEqual(ds.test_accuracy.values.shape, SHAPE)

    def test_files_that_are_none(self):
        rubbish, other = self.directory / "rubbish.h5", self.directory / "other.h5"
        rubbish.write_bytes(b"rubbish")
        with h5py.File(other, "w"):
            pass
        for path, kind, words in (
            (self.directory / "none.h5", FileNotFoundError, "none.h5: cannot be read: no such file"),
            (rubbish, ValueError, "rubbish.h5: cannot be read as an HDF5 file"),
            (self.directory, ValueError, "cannot be read as an HDF5 file"),
            ("", ValueError, "is empty"),
            (other, mpisweep.FileError, "other.h5: not a results file of mpisweep"),
        ):
            with self.subTest(path), self.assertRaisesRegex(kind, re.escape(words)):
                mpisweep.open(path)


class RankTest(AnalysisTest):
    def setUp(self):
        super().setUp()
        accuracies = np.array([[90.0, 10, np.nan, 50, 50, 99], [80, 20, np.nan, 50, 50, 99]])
        status = np.array([[1, 1, 1, 1, 1, 0], [2, 1, 1, 3, 1, 0]], np.int8)
        write_results(
            self.results,
            {"run": [0, 1], "lr": [1.0, 2, 3, 4, 5, 6]},
            {"test_accuracy": accuracies, "test_loss": -accuracies},
            status,
        )
        self.ds = mpisweep.open(self.results)
        self.addCleanup(self.ds.close)

    def test_best_first_and_without_a_mean_last(self):
        table = mpisweep.rank(self.ds, "test_accuracy", "test_loss")
        self.assertEqual(
            list(table.columns),
            ["lr", "runs", "lost", "test_accuracy", "test_accuracy_sd", "test_loss", "test_loss_sd"],
        )
        self.assertEqual(table.index.tolist(), [1, 2, 3, 4])
        self.assertEqual(
            table.lr.tolist(), [1, 4, 5, 2]
        )  # equal ones in the order of the file; lr = 3 is NaN, 6 pending
        self.assertEqual(table.runs.tolist(), [1, 1, 2, 2])
        self.assertEqual(table.lost.tolist(), [1, 1, 0, 0])
        self.assertEqual(table.test_accuracy.tolist(), [90, 50, 50, 15])
        np.testing.assert_allclose(table.test_accuracy_sd, [np.nan, np.nan, 0, 50**0.5])
        self.assertEqual(mpisweep.rank(self.ds, "test_accuracy", highest=False).lr.tolist(), [2, 4, 5, 1])
        self.assertEqual(mpisweep.rank(self.ds, "test_loss").lr.tolist(), [1, 4, 5, 2])

    def test_lost_ones_are_last_either_way(self):
        path = self.directory / "lost.h5"
        write_results(
            path, {"lr": [1.0, 2, 3]}, {"test_loss": np.array([1.0, 2, 3])}, np.array([2, 1, 0], np.int8)
        )
        with mpisweep.open(path) as ds:
            for highest in (True, False):
                self.assertEqual(mpisweep.rank(ds, "test_loss", highest=highest).lr.tolist(), [2, 1])

    def test_names_that_are_not_there(self):
        with self.assertRaisesRegex(
            KeyError, "no variable 'accuracy' with one value per cell; there are: test_accuracy, test_loss"
        ):
            mpisweep.rank(self.ds, "accuracy")
        with self.assertRaisesRegex(ValueError, "name a variable with one value per cell"):
            mpisweep.rank(self.ds)


class CommandsTest(AnalysisTest):
    def run_python(self, *arguments, status=0, **environment):
        process = subprocess.run(
            [sys.executable, "-B", *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ANALYSIS), **environment},
        )
        self.assertEqual(process.returncode, status, process.stderr)
        return process.stdout if status == 0 else process.stderr

    def test_they_are_listed_and_run(self):
        listing = self.run_python("-m", "mpisweep")
        for name, summary in COMMANDS.items():
            self.assertRegex(listing, rf"(?m)^ +{name} +{re.escape(summary)}$")
            self.assertTrue(os.access(ANALYSIS / f"{name}.py", os.X_OK), name)
        write_grid(self.results)
        output = self.run_python("-m", "mpisweep", "ranking", self.results, "test_accuracy", "--top", "1")
        self.assertEqual(output.split()[:4], ["rank", "model", "lr", "runs"])
        message = self.run_python("-m", "mpisweep", "heatmpa", status=2)
        self.assertIn("no command 'heatmpa'; there are: report, ranking, heatmap", message)

    def test_importing_needs_nothing_and_never_exits(self):
        """Without a module, the import works, and a command says in one line what to install."""
        code = (
            "import sys; sys.modules['xarray'] = None; import mpisweep; "
            "from mpisweep.commands.start import run; sys.exit(run('bars'))"
        )
        message = self.run_python("-c", code, status=2)
        self.assertRegex(
            message,
            r"^-c: .* has no module xarray. On Debian and Ubuntu: apt-get install python3-xarray [^\n]*\n$",
        )

    def test_the_version_is_the_project_s(self):
        """As PEP 440 writes it: 1.0.0rc1 for what CMake calls 1.0.0 and rc1."""
        cmake = (ANALYSIS.parent / "CMakeLists.txt").read_text()
        number, candidate = re.fullmatch(r"([\d.]+)((?:rc\d+)?)", mpisweep.__version__).groups()
        self.assertIn(f"project(mpisweep VERSION {number} ", cmake)
        self.assertRegex(cmake, rf"\nset\(MPISWEEP_PRERELEASE {candidate}\)" if candidate else "PRERELEASE")

    @unittest.skipUnless(shutil.which("cmake"), "CMake is not installed")
    def test_cmake_installs_it_where_python_looks(self):
        home = Path(tempfile.mkdtemp(dir=self.directory))
        build = home / "build"
        project = (
            "cmake_minimum_required(VERSION 3.25)\nproject(mpisweep VERSION 9.8.7 LANGUAGES NONE)\n"
            f"add_subdirectory({ANALYSIS} analysis)\n"
        )
        (home / "CMakeLists.txt").write_text(project)
        for arguments in (("-S", home, "-B", build), ("--install", build, "--prefix", home / ".local")):
            subprocess.run(
                ["cmake", *map(str, arguments)],
                check=True,
                capture_output=True,
                env={**os.environ, "HOME": str(home)},
            )
        installed = [*home.glob(".local/lib/python3.*/site-packages/mpisweep")]
        self.assertEqual(len(installed), 1)
        code = "import mpisweep; print(mpisweep.__version__, mpisweep.__file__)"
        output = self.run_python("-c", code, PYTHONPATH=str(installed[0].parent))
        self.assertEqual(output.split(), ["9.8.7", str(installed[0] / "__init__.py")])


if __name__ == "__main__":
    unittest.main()
