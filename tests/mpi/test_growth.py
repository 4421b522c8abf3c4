"""A results file grows with its grid: new axis values are trained, old cells keep what they have."""
import errno
import unittest

import h5py
import numpy as np

import disk
from launch import RunTest

JOB = """\
job: growing
seed: 3
data: {{source: synthetic, height: 8, width: 8, train_count: 40, test_count: 20}}
model: {{layers: [{{dense: 10}}]}}
optimizer: {{kind: sgd, lr: {lr}}}
train: {{epochs: 1, batch: 20}}
record:
  train_loss: {{every: 1 step}}
  test_accuracy: {{every: 1 epoch}}
  weights: {{layers: [0], every: 1 epoch}}
sweep:
  run: {runs}
  rate: {{set: optimizer.momentum, values: {rates}}}
  length: {{set: train.epochs, values: {lengths}}}
  net:
    set: model.layers
    values: {{{nets}}}
"""
NETS = {"line": "[{dense: 10}]", "small": "[{dense: 4}, relu, {dense: 10}]", "large": "[{dense: 6}, relu, {dense: 10}]"}
# The first file, and what is added to it, with old values in other positions.
SMALL = dict(runs=2, rates=[0.5, 0.9], lengths=[2, 1], nets=["small"])
LARGE = dict(runs=3, rates=[0.9, 0, 0.5], lengths=[1, 3, 2], nets=["line", "small", "large"])


class Growth(RunTest):
    def setUp(self):
        super().setUp()
        self.file = self.results("growing.h5")

    def write_job(self, name, lr=0.1, **grid):
        nets = ", ".join(f"{net}: {NETS[net]}" for net in grid.pop("nets"))
        path = self.directory / name
        path.write_text(JOB.format(lr=lr, nets=nets, **grid))
        return path

    def train(self, expected, **grid):
        return self.check(expected, "run", self.write_job("job.yaml", **grid), "-o", self.file)

    def assert_equals_whole(self, **grid):
        """The file equals that of a session that had this grid from the start."""
        whole = self.results("whole.h5")
        self.check(0, "run", self.write_job("whole.yaml", **grid), "-o", whole)
        self.assert_equal(self.file, whole)

    def test_all_kinds_of_axes_at_once(self):
        self.train(0, **SMALL)
        with h5py.File(self.file) as file:
            finished = np.sort(file["provenance/finished"][...], axis=None)
        _, err = self.train(0, **LARGE)
        self.assertIn("grows from 8 to 81 cells; 8 are trained already", err)
        with h5py.File(self.file) as file:
            np.testing.assert_array_equal(np.sort(file["provenance/finished"][...], axis=None)[:8], finished)
            self.assertTrue((file["provenance/tries"][...] == 1).all())
            self.assertEqual(np.isfinite(file["provenance/session_start"][...]).sum(), 2)
        self.assert_equals_whole(**LARGE)
        self.assertEqual([p.name for p in self.directory.glob("growing.h5?*")], [])

    def test_values_in_another_order(self):
        self.train(0, **SMALL)
        turned = dict(SMALL, rates=[0.9, 0.5], lengths=[1, 2])
        out, _ = self.train(0, **turned)
        self.assertIn("nothing left to train", out)
        self.assert_equals_whole(**turned)

    def test_a_part_that_is_not_complete(self):
        self.check(0, "run", self.write_job("job.yaml", **SMALL), "-o", self.file, "--only", "rate=0.5")
        _, err = self.train(0, **LARGE)
        self.assertIn("grows from 8 to 81 cells; 4 are trained already", err)
        self.assert_equals_whole(**LARGE)

    def test_values_that_vanish_are_named(self):
        self.train(0, **LARGE)
        before = self.file.read_bytes()
        for lost, words in ((dict(LARGE, runs=1), "run=1 and 1 more"), (dict(LARGE, rates=[0.5, 0.9, 1e-3]), "rate=0,"),
                            (dict(LARGE, nets=["line", "large"]), "net=small,")):
            _, err = self.train(2, **lost)
            self.assertIn(words, err)
            self.assertIn("the job no longer has", err)
        self.assertEqual(self.file.read_bytes(), before)

    def test_another_job_is_refused_and_only_what_differs_is_named(self):
        self.train(0, **SMALL)
        before = self.file.read_bytes()
        _, err = self.train(2, lr=0.2, **LARGE)
        self.assertIn("optimizer.lr: 0.1 → 0.2\n", err)
        self.assertNotIn("sweep.", err)
        nets = dict(NETS)
        NETS["small"] = "[{dense: 5}, relu, {dense: 10}]"
        _, err = self.train(2, **LARGE)
        NETS.update(nets)
        self.assertIn("sweep.net.small.model.layers[0].units: 4 → 5", err)
        self.assertNotIn("large", err)
        self.assertEqual(self.file.read_bytes(), before)

    def test_a_damaged_cell_is_trained_again(self):
        self.train(0, **SMALL)
        with h5py.File(self.file, "r+") as file:
            file["test_accuracy"][1, 0, 0, 0] += 1
        _, err = self.train(0, **LARGE)
        self.assertIn("1 cells do not match their checksum", err)
        self.assert_equals_whole(**LARGE)

    def test_no_room_for_the_larger_file(self):
        self.train(0, **SMALL)
        before = self.file.read_bytes()
        self.environment.update(disk.environment(self.file, fault=f"fallocate:1:{errno.ENOSPC}"))
        _, err = self.train(3, **LARGE)
        self.assertIn("cannot reserve", err)
        self.assertEqual(self.file.read_bytes(), before)
        self.assertEqual([p.name for p in self.directory.glob("growing.h5?*")], [])

    def test_no_growth_while_another_program_writes(self):
        self.train(0, **SMALL)
        with h5py.File(self.file, "r+"):
            _, err = self.train(3, **LARGE)
        self.assertIn("is open for writing in another program", err)
        self.train(0, **LARGE)


if __name__ == "__main__":
    unittest.main()
