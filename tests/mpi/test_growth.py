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


class GrowthTest(RunTest):
    def setUp(self):
        super().setUp()
        self.file = self.results("growing.h5")


class Values(GrowthTest):
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



class AxesTest(GrowthTest):
    AXES = {"run": "2", "rate": "{set: optimizer.momentum, values: [0.5, 0.9]}",
            "net": "{set: model.layers, values: {line: [{dense: 10}], small: [{dense: 4}, relu, {dense: 10}]}}"}

    def write_axes(self, name, momentum=None, **axes):
        """Without an axis for the layers they are those of `small`."""
        path = self.directory / name
        head = JOB.partition("sweep:")[0].format(lr=0.1)
        if momentum is not None:
            head = head.replace("lr: 0.1}", f"lr: 0.1, momentum: {momentum}}}")
        if "net" not in axes:
            head = head.replace("[{dense: 10}]", "[{dense: 4}, relu, {dense: 10}]")
        path.write_text(head + "sweep:\n" + "".join(f"  {axis}: {value}\n" for axis, value in axes.items()))
        return path

    def run_axes(self, expected, **axes):
        return self.check(expected, "run", self.write_axes("job.yaml", **axes), "-o", self.file)

    def assert_equals_whole_axes(self, **axes):
        whole = self.results("whole.h5")
        whole.unlink(missing_ok=True)
        self.check(0, "run", self.write_axes("whole.yaml", **axes), "-o", whole)
        self.assert_equal(self.file, whole)

    def with_base(self, axis, base):
        return self.AXES[axis][:-1] + f", base: {base}}}"


class Axes(AxesTest):
    """An axis that the file does not have: its cells have the base."""

    def test_each_kind(self):
        """A number, a label and repeats, in front of the other axis and behind it."""
        for axis, based in (("rate", self.with_base("rate", 0.9)), ("net", self.with_base("net", "small")),
                            ("run", "{count: 3, base: 1}")):
            other = {"steps": "{set: train.epochs, values: [1, 2]}"}
            for axes in {axis: based, **other}, {**other, axis: based}:
                self.file.unlink(missing_ok=True)
                self.run_axes(0, momentum=0.9, **other)
                with h5py.File(self.file) as file:
                    before = file["provenance/checksum"][...]
                _, err = self.run_axes(0, momentum=0.9, **axes)
                self.assertRegex(err, "grows from 2 to [46] cells; 2 are trained already")
                self.assertEqual(before.size, 2)
                self.assert_equals_whole_axes(momentum=0.9, **axes)

    def test_several_at_once_with_more_values(self):
        self.run_axes(0, momentum=0.9, net=self.AXES["net"])
        axes = {"rate": self.with_base("rate", 0.9), "net": self.AXES["net"].replace("}}", ", large: [{dense: 6}]}}").replace(
            "{dense: 6}", "{dense: 6}, relu, {dense: 10}"), "run": "{count: 2, base: 0}"}
        _, err = self.run_axes(0, momentum=0.3, **axes)  # which the axis sets
        self.assertIn("grows from 2 to 12 cells; 2 are trained already", err)
        self.assert_equals_whole_axes(**axes)

    def test_the_base_keeps_bits_and_others_have_their_own(self):
        """The base is part of the job: without it the same values are other random streams."""
        axes = {"run": "2", "rate": self.with_base("rate", 0.9)}
        self.run_axes(0, **axes)
        without = self.results("without.h5")
        self.check(0, "run", self.write_axes("without.yaml", run="2", rate=self.AXES["rate"]), "-o", without)
        with h5py.File(self.file) as file, h5py.File(without) as other:
            differ = (file["train_loss"][...] != other["train_loss"][...]).tolist()
        self.assertEqual(differ, [[False, True], [False, True]])
        _, err = self.check(2, "run", self.directory / "without.yaml", "-o", self.file)
        self.assertIn("sweep.rate.base: 0.9 → (absent)", err)

    def test_axes_in_another_order(self):
        self.run_axes(0, **self.AXES)
        turned = dict(reversed(self.AXES.items()))
        out, err = self.run_axes(0, **turned)
        self.assertIn("nothing left to train", out)
        self.assertIn("is written anew for the job's axes; 8 of its 8 cells are trained already", err)
        self.assert_equals_whole_axes(**turned)

    def test_refusals(self):
        self.run_axes(0, momentum=0.9, run="2")
        before = self.file.read_bytes()
        for axes, words in (({"rate": self.AXES["rate"]}, "has no axis rate; .* sweep.rate.base$"),
                            ({"rate": self.with_base("rate", 0.5)}, "optimizer.momentum: 0.9 → 0.5$"),
                            ({"rate": self.with_base("rate", 0.7)}, "job.yaml:[0-9:]+ sweep.rate.base: '0.7'; accepted: one of"),
                            ({"rate": self.with_base("rate", "[0.5]")}, "sweep.rate.base: .*; accepted: one of")):
            _, err = self.run_axes(2, momentum=0.9, run="2", **axes)
            self.assertRegex(err, words)
        for run, words in (("{count: 2, base: 2}", "sweep.run.base: '2'; accepted: one of"), ("{base: 0}", "sweep.run.count"),
                           ("{count: 0}", "sweep.run.count: '0'"), ("{number: 2}", "number: unknown key; accepted: count, base")):
            _, err = self.run_axes(2, run=run)
            self.assertIn(words, err)
        self.assertEqual(self.file.read_bytes(), before)


class Extend(AxesTest):
    def test_cells_keep_their_bits(self):
        """And the file has the job with which they can be trained again."""
        job = self.write_axes("job.yaml", momentum=0.9, net=self.AXES["net"])
        self.check(0, "run", job, "-o", self.file)
        out, _ = self.check(0, "extend", self.file, "momentum=0.9", "--axis", "mass")
        self.assertIn("mass: {set: optimizer.momentum, values: [0.9], base: 0.9}\n", out)
        self.check(0, "extend", self.file, "run=0")
        with h5py.File(self.file) as file:
            self.assertEqual(file["test_accuracy"].shape, (2, 1, 1))
        out, _ = self.check(0, "rerun", self.file)
        self.assertEqual(out.count("identical"), 2, out)
        axes = {"mass": "{set: optimizer.momentum, values: [0.9, 0], base: 0.9}", "run": "{count: 2, base: 0}",
                "net": self.AXES["net"]}
        _, err = self.run_axes(0, **axes)
        self.assertIn("grows from 2 to 8 cells; 2 are trained already", err)
        self.assert_equals_whole_axes(**axes)

    def test_refusals(self):
        self.run_axes(0, momentum=0.9, run="2")
        before = self.file.read_bytes()
        for axis, words in (("run=0", "has an axis run already"), ("momentum=0.5", "optimizer.momentum: 0.9 → 0.5"),
                            ("kind=sgd", "this may be loss.kind, optimizer.kind, schedule.kind"),
                            ("frob=1", "no key ends so"), ("optimizer.frob=1", "sweep.frob.set: 'optimizer.frob'"),
                            ("momentum", "accepted: KEY=VALUE"), ("momentum=", "accepted: KEY=VALUE"), ("=1", "accepted: KEY"),
                            ("momentum=x", "'x' is not a value for optimizer.momentum")):
            _, err = self.check(2, "extend", self.file, axis)
            self.assertIn(words, err)
        self.check(3, "extend", self.results("missing.h5"), "run=0")
        self.assertEqual(self.file.read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
