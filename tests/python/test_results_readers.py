"""Results files as other tools read them, and verify notices every byte of the content."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

STORE_CELLS, MPISWEEP = os.environ["STORE_CELLS"], os.environ["MPISWEEP"]
CHECK_XARRAY = Path(__file__).with_name("check_xarray.py")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "results-format.md"
RUNS = 3


class ReadersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = Path(directory.name)
        cls.results = cls.store("results.h5")

    @classmethod
    def store(cls, name):
        path = cls.directory / name
        subprocess.run([STORE_CELLS, path, str(RUNS)], check=True)
        return path

    def verify(self, other):
        process = subprocess.run([MPISWEEP, "verify", self.results, other], capture_output=True, text=True)
        return process.returncode, process.stdout.strip()

    def test_xarray(self):
        for engine in ("h5netcdf", "netcdf4"):
            with self.subTest(engine):
                subprocess.run([sys.executable, CHECK_XARRAY, self.results, engine], check=True)

    def run_lines_of_the_document(self, first, program, print_column):
        """The means that the indented lines from `first` on lead to, printed as a column."""
        lines = DOCUMENT.read_text(encoding="utf-8").split(f"    {first}", 1)[1].split("\n\n", 1)[0]
        script = self.directory / "script"
        script.write_text(f"{first}{lines}\n{print_column}\n", encoding="utf-8")
        process = subprocess.run([*program, script], cwd=self.directory, capture_output=True, text=True)
        return np.array(process.stdout.split(), float)

    def check_means(self, means):
        with h5py.File(self.results, "r") as file:
            accuracy = np.where(file["status"][...] == 1, file["test_accuracy"][...], np.nan)
        np.testing.assert_allclose(means, np.nanmean(accuracy, axis=0).ravel(), rtol=1e-6)

    @unittest.skipUnless(shutil.which("Rscript"), "R is not installed")
    def test_r(self):
        self.check_means(self.run_lines_of_the_document("library(ncdf4)", ["Rscript"],
                                                        "cat(format(c(accuracy), digits = 9))"))

    @unittest.skipUnless(shutil.which("octave-cli"), "Octave is not installed")
    def test_octave(self):
        self.check_means(self.run_lines_of_the_document("pkg load netcdf", ["octave-cli"], 'printf("%.9g\\n", accuracy)'))

    def test_h5dump(self):
        header = subprocess.run(["h5dump", "-H", self.results], capture_output=True, text=True, check=True)
        for name in ("test_accuracy", "train_loss_curve", "weights_0", "weights_0_input", "grid_output", "grid_x"):
            self.assertIn(f'DATASET "{name}"', header.stdout)

    def test_every_dimension_has_its_scale(self):
        with h5py.File(self.results, "r") as file:
            for name, dataset in file.items():
                if isinstance(dataset, h5py.Dataset) and "CLASS" not in dataset.attrs:
                    scales = [dimension[0].name for dimension in dataset.dims]
                    self.assertEqual(scales[:3], ["/run", "/lr", "/model"], name)
                    self.assertEqual([file[scale].shape for scale in scales], [(length,) for length in dataset.shape])

    def test_equal_runs_are_equal_and_their_files_differ_in_provenance_only(self):
        other = self.store("again.h5")
        self.assertEqual(self.verify(other), (0, "equal"))
        with h5py.File(other, "r+") as file:
            file["provenance/seconds"][0, 0, 0] = 99
        self.assertEqual(self.verify(other), (0, "equal"))

    def test_every_byte_of_the_science_counts(self):
        with h5py.File(self.results, "r") as file:
            science = {name: (d.id.get_offset(), d.id.get_storage_size()) for name, d in file.items()
                       if isinstance(d, h5py.Dataset) and not h5py.check_string_dtype(d.dtype)}
        original = self.results.read_bytes()
        other = self.directory / "changed.h5"
        generator = np.random.default_rng(1)
        for name, (offset, size) in science.items():
            for place in {0, size - 1, *generator.integers(0, size, 2).tolist()}:
                changed = bytearray(original)
                changed[offset + place] ^= 1
                other.write_bytes(changed)
                code, difference = self.verify(other)
                self.assertEqual(code, 1, f"byte {place} of {name}")
                self.assertTrue(difference.startswith(name + "("), difference)

    def test_difference_names_the_cell(self):
        other = self.directory / "named.h5"
        other.write_bytes(self.results.read_bytes())
        with h5py.File(other, "r+") as file:
            file["test_accuracy_curve"][1, 0, 1, 2] = 61.25
        self.assertEqual(self.verify(other),
                         (1, "test_accuracy_curve(run=1, lr=0.01, model=cnn, epoch=3): 552 != 61.25"))
        with h5py.File(other, "r+") as file:
            file["test_accuracy"][1, 0, 1] = 61.25
        self.assertEqual(self.verify(other), (1, "test_accuracy(run=1, lr=0.01, model=cnn): 552 != 61.25"))

    def test_difference_names_the_place_in_an_array(self):
        other = self.directory / "place.h5"
        other.write_bytes(self.results.read_bytes())
        with h5py.File(other, "r+") as file:
            file["test_gradient_0"][1, 0, 1, 2, 1] = 61.25
        self.assertEqual(self.verify(other), (1, "test_gradient_0(run=1, lr=0.01, model=cnn, epoch=3, "
                                                 "test_gradient_0_weight=5): 705 != 61.25"))
        with h5py.File(other, "r+") as file:
            file["weights_0"][1, 0, 1, 1, 2] = 61.25
        self.assertEqual(self.verify(other), (1, "weights_0(run=1, lr=0.01, model=cnn, weights_0_output=1, "
                                                 "weights_0_input=2): 655 != 61.25"))

    def test_labels_count(self):
        other = self.directory / "labels.h5"
        other.write_bytes(self.results.read_bytes())
        with h5py.File(other, "r+") as file:
            file["model"][1] = "rnn"
        self.assertEqual(self.verify(other), (1, "model(1): cnn != rnn"))

    def test_repacked_file_is_read(self):
        other = self.directory / "repacked.h5"
        subprocess.run(["h5repack", "-f", "GZIP=4", self.results, other], check=True)
        self.assertEqual(self.verify(other), (0, "equal"))
        subprocess.run([STORE_CELLS, other, str(RUNS)], check=True)  # complete: nothing to write

    def test_repacked_file_is_not_continued(self):
        pending, other = self.directory / "pending.h5", self.directory / "pending_repacked.h5"
        pending.write_bytes(self.results.read_bytes())
        with h5py.File(pending, "r+") as file:
            file["status"][0, 0, 0] = 0
        subprocess.run(["h5repack", "-f", "GZIP=4", pending, other], check=True)
        process = subprocess.run([STORE_CELLS, other, str(RUNS)], capture_output=True, text=True)
        self.assertEqual(process.returncode, 3)
        self.assertIn("rewritten by another tool", process.stderr)

    def test_status(self):
        text = subprocess.run([MPISWEEP, "status", self.results], capture_output=True, text=True, check=True).stdout
        self.assertIn("12 cells, 11 done, 1 diverged", text)
        self.assertRegex(text, r"0\.01 +451\.33 +551\.33")

    def shared_failures(self, changes):
        """What failures have in common, in lines and in JSON of status, for a file with these changes."""
        path = self.store("failures.h5")
        with h5py.File(path, "r+") as file:
            status = np.ones(file["status"].shape, "i1")  # (run: 3, lr: 2, model: 2)
            for place, value in changes:
                status[place] = value
            file["status"][...] = status
        lines, text = (subprocess.run([MPISWEEP, "status", path, *option], capture_output=True, text=True,
                                      check=True).stdout for option in ([], ["--json"]))
        return [line for line in lines.splitlines() if "cells have" in line], json.loads(text)["failures"]

    def test_status_names_the_value_that_failures_share(self):
        everywhere = slice(None)
        lines, objects = self.shared_failures([((everywhere, 1), 2), ((0, 1, 0), 0), ((everywhere, 0, 1), 3)])
        self.assertEqual(lines, ["5 of 5 diverged cells have lr = 0.001 (of 5 finished cells that do)",
                                 "3 of 3 failed cells have lr = 0.01 (of 6 finished cells that do)",
                                 "3 of 3 failed cells have model = cnn (of 6 finished cells that do)"])
        self.assertEqual(objects[0], {"status": "diverged", "cells": 5, "axis": "lr", "values": [0.001],
                                      "cells_with_values": 5, "finished_with_values": 5})
        self.assertEqual(objects[2]["values"], ["cnn"])

    def test_status_groups_failures(self):
        path = self.store("groups.h5")
        with h5py.File(path, "r+") as file:
            status = file["status"][...] * 0 + 1  # (run: 3, lr: 2, model: 2)
            status[:, 1] = 2
            status[0, 0] = 3
            file["status"][...] = status
            file["provenance/crashes"][0, 0, 1] = 2
            file["provenance/signal"][0, 0, 1] = 11
        lines, text = (subprocess.run([MPISWEEP, "status", path, *option], capture_output=True, text=True,
                                      check=True).stdout for option in ([], ["--json"]))
        for line in ("6 diverged: run=0, lr=0.001, model=mlp; run=0, lr=0.001, model=cnn; run=1, lr=0.001, model=mlp; and 3 more",
                     "2 failed, 1 of them in crashes, the last with signal 11 (Segmentation fault): "
                     "run=0, lr=0.01, model=mlp; run=0, lr=0.01, model=cnn"):
            self.assertIn(line, lines.splitlines())
        diverged, failed = json.loads(text)["failure_groups"]
        first = [{"run": 0, "lr": 0.01, "model": model} for model in ("mlp", "cnn")]
        self.assertEqual(failed, {"status": "failed", "cells": 2, "crashed": 1, "signal": 11, "first": first})
        self.assertEqual((diverged["cells"], diverged["crashed"], diverged["signal"]), (6, 0, None))

    def test_status_names_no_value_when_failures_share_none(self):
        self.assertEqual(self.shared_failures([((0, 0, 0), 2), ((1, 1, 1), 2), ((2, 0, 1), 4)]), ([], []))

    def test_status_of_another_file(self):
        other = self.directory / "other.h5"
        with h5py.File(other, "w") as file:
            file["status"] = [1]
        process = subprocess.run([MPISWEEP, "status", other], capture_output=True, text=True)
        self.assertEqual(process.returncode, 3)
        self.assertIn("not a results file of mpisweep", process.stderr)


if __name__ == "__main__":
    unittest.main()
