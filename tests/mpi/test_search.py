"""Drawn axes: the same bits for any number of ranks, after kills and when the count grows; and combinations that are
left out."""
import json
import unittest

import h5py
import numpy as np

from launch import RunTest, kill_all, wait_until
from results_file import arrays, check_done_cells, states

JOB = """\
job: search
seed: 3
data: {{source: synthetic, height: 8, width: 8, train_count: 40, test_count: 20}}
model: {{layers: [{{dense: 8}}, relu, {{dense: 10}}]}}
optimizer: {{kind: sgd, lr: 0.1}}
train: {{epochs: {epochs}, batch: 20}}
record:
  train_loss: {{every: 1 step}}
  test_accuracy: {{every: 1 epoch}}
sweep:
  run: 2
  {axes}
"""
ONE = "lr: {{set: optimizer.lr, log_uniform: [1e-4, 1], count: {count}}}"
SOBOL = ("draw: {{set: [optimizer.lr, loss.entropy_weight], log_uniform: [[1e-4, 1], [1e-5, 1e-2]], count: {count}, "
         "sequence: sobol}}")
MIXED = ("draw: {{optimizer.lr: {{uniform: [0.01, 1]}}, train.batch: {{choice: [10, 20]}}, "
         "'model.layers[1]': {{choice: [relu, tanh]}}, train.epochs: {{integers: [1, 3]}}, count: {count}}}")
LEFT_OUT = 5


class SearchTest(RunTest):
    def write_job(self, axes, name="job.yaml", count=6, epochs=2):
        path = self.directory / name
        path.write_text(JOB.format(axes=axes.format(count=count), epochs=epochs))
        return path

    def train(self, job, name, *options, ranks=None, expected=0):
        path = self.results(name)
        self.said = self.check(expected, "run", job, "-o", path, *options, ranks=ranks)
        return path


class DrawnTest(SearchTest):
    def test_any_number_of_ranks_gives_the_same_file(self):
        job = self.write_job(MIXED)
        one = self.train(job, "one.h5", ranks=1)
        for ranks in (2, 3):
            self.assert_equal(one, self.train(job, f"{ranks}.h5", ranks=ranks))

    def test_a_larger_count_keeps_the_old_cells(self):
        for axes in (ONE, SOBOL, MIXED):
            with self.subTest(axes):
                small = self.train(self.write_job(axes, count=3), "growing.h5")
                before = arrays(small)
                with h5py.File(small) as file:
                    finished = file["provenance/finished"][...]
                self.train(self.write_job(axes, count=7), "growing.h5", ranks=2)
                self.assertIn("grows from 6 to 14 cells; 6 are trained already", self.said[1])
                with h5py.File(small) as file:
                    np.testing.assert_array_equal(file["provenance/finished"][:, :3], finished)
                    np.testing.assert_array_equal(file["test_accuracy"][:, :3], before["test_accuracy"])
                self.assert_equal(small, self.train(self.write_job(axes, count=7), "whole.h5"))
                for path in (small, self.results("whole.h5")):
                    path.unlink()

    def test_fewer_draws_are_refused_and_so_are_others(self):
        self.train(self.write_job(SOBOL, count=4), "a.h5")
        self.train(self.write_job(SOBOL, count=2), "a.h5", expected=2)
        self.assertIn("has cells of draw=2 and 1 more of its values, which the job no longer has", self.said[1])
        self.train(self.write_job(SOBOL.replace("1e-5", "1e-6"), count=4), "a.h5", expected=2)
        self.assertIn("sweep.draw.loss.entropy_weight: ", self.said[1])

    def test_killed_sessions_are_resumed_to_the_same_bits(self):
        job = self.write_job(SOBOL, count=12, epochs=4000)
        whole = self.train(job, "whole.h5")
        undisturbed = arrays(whole)
        path = self.results("killed.h5")
        for done in (1, 8):
            process = self.start("run", job, "-o", path, ranks=2)
            wait_until(lambda: process.poll() is not None or (path.exists() and (states(path) != 0).sum() >= done))
            kill_all(process)
            check_done_cells(path, undisturbed)
        self.train(job, "killed.h5", ranks=3)
        self.assert_equal(path, whole)

    def test_a_cell_is_trained_again_from_the_file_alone(self):
        path = self.train(self.write_job(MIXED), "a.h5")
        out, _ = self.check(0, "rerun", path, "draw=4", "run=1")
        self.assertRegex(out, r"^identical: run=1, draw=4 \(lr=0\.\d+, batch=[12]0, layers_1=(relu|tanh), epochs=[123]\)\n$")

    def test_the_file_has_the_values_as_coordinates(self):
        import xarray
        path = self.train(self.write_job(MIXED), "a.h5")
        plan = json.loads(self.check(0, "plan", "--json", self.write_job(MIXED))[0])
        keys = plan["axes"][1]["keys"]
        for engine in ("h5netcdf", "netcdf4"):
            with self.subTest(engine), xarray.open_dataset(path, engine=engine) as ds:
                self.assertEqual(list(ds.coords)[:6], ["run", "draw", "lr", "batch", "layers_1", "epochs"])
                self.assertEqual(ds.test_accuracy.dims, ("run", "draw"))
                self.assertEqual(ds.draw.values.tolist(), list(range(6)))
                for name, key in (("lr", "optimizer.lr"), ("batch", "train.batch"), ("layers_1", "model.layers[1]"),
                                  ("epochs", "train.epochs")):
                    self.assertEqual(ds[name].attrs["long_name"], key)
                    self.assertEqual(ds[name].dims, ("draw",))
                    self.assertEqual(ds[name].values.tolist(), keys[key])

    def test_plan_shows_what_was_drawn(self):
        out, _ = self.check(0, "plan", self.write_job(MIXED))
        self.assertRegex(out, r"draw +6 drawn\n +lr +0\.\d+, 0\.\d+, 0\.\d+, 0\.\d+, \.\.\.; from 0\.\d+ to 0\.\d+\n"
                              r" +batch +([12]0, ){4}\.\.\.; from 10 to 20\n +layers_1 +((relu|tanh), ){4}\.\.\.\n")
        out, _ = self.check(0, "plan", self.write_job(ONE, count=2))
        self.assertRegex(out, r"lr +2 drawn, [\d.e-]+, [\d.e-]+; from [\d.e-]+ to [\d.e-]+\n")


GRID = """lr: {{set: optimizer.lr, values: [0.1, 0.01, 0.001]}}
  batch: {{set: train.batch, values: [10, 20]}}"""
SOME = "\n  where: [{{lr: 0.1, batch: [10, 20]}}, {{run: 1, lr: 0.01}}]"


class WhereTest(SearchTest):
    def counts(self, path):
        found = json.loads(self.check(0, "status", "--json", path)[0])
        return {name: found[name] for name in ("done", "pending", "left_out")}

    def left_out(self, path):
        with h5py.File(path) as file:
            return file["status"][...] == LEFT_OUT

    def test_combinations_are_left_out(self):
        job = self.write_job(GRID + SOME)
        plan = json.loads(self.check(0, "plan", "--json", job)[0])
        self.assertEqual((plan["cells"], plan["left_out"]), (12, 6))
        self.assertIn("cells        12, 6 of them left out: 6 to train", self.check(0, "plan", job)[0])
        one = self.train(job, "one.h5")
        self.assertIn("12 cells, 0 pending, 6 done, 0 diverged, 0 failed, 0 timed_out, 6 left_out\n", self.said[0])
        expected = np.zeros((2, 3, 2), bool)
        expected[:, 0] = expected[1, 1] = True
        np.testing.assert_array_equal(self.left_out(one), expected)
        self.assertEqual(self.counts(one), {"done": 6, "pending": 0, "left_out": 6})
        with h5py.File(one) as file:
            self.assertEqual(file["status"].attrs["flag_values"].tolist(), [0, 1, 2, 3, 4, 5])
            self.assertEqual(file["status"].attrs["flag_meanings"].split()[5], "left_out")
            self.assertTrue(np.isnan(file["test_accuracy"][...][expected]).all())
        self.assert_equal(one, self.train(job, "two.h5", ranks=2))
        self.assertIn("whole: 6 cells", self.check(0, "verify", one)[0])
        _, err = self.check(0, "rerun", one, "batch=10")
        self.assertIn("3 cells that match are left out: they are neither done nor diverged", err)

    def test_other_cells_have_the_bits_that_they_have_without(self):
        part = self.train(self.write_job(GRID + SOME), "part.h5")
        whole = self.train(self.write_job(GRID), "whole.h5")
        done = ~self.left_out(part)
        for name, values in arrays(part).items():
            if values.shape[:3] == done.shape:
                np.testing.assert_array_equal(values[done], arrays(whole)[name][done], err_msg=name)
        self.assert_equal(whole, self.train(self.write_job(GRID), "part.h5"))

    def test_it_may_change_between_sessions(self):
        path = self.train(self.write_job(GRID + SOME), "a.h5", "--only", "lr=0.01")
        self.assertEqual(self.counts(path), {"done": 2, "pending": 4, "left_out": 6})
        other = self.write_job(GRID + "\n  where: [{{lr: 0.01}}, {{batch: 20}}]")
        self.train(other, "a.h5")
        self.assertIn("2 of the cells that sweep.where leaves out have a result, which they keep", self.said[1])
        self.assertIn("12 cells, 0 pending, 4 done, 0 diverged, 0 failed, 0 timed_out, 8 left_out", self.said[0])
        self.assertEqual(self.counts(path), {"done": 6, "pending": 0, "left_out": 6})
        self.train(self.write_job(GRID), "a.h5")
        self.assert_equal(path, self.train(self.write_job(GRID), "whole.h5"))

    def test_the_longest_cells_may_be_left_out_for_now(self):
        path = self.train(self.write_job(GRID + "\n  where: [{{batch: 10}}]"), "a.h5")
        self.train(self.write_job(GRID), "a.h5")
        self.assert_equal(path, self.train(self.write_job(GRID), "whole.h5"))

    def test_failures_that_are_left_out_are_not_judged(self):
        wild = GRID.replace("0.1, 0.01", "1e3, 0.01")
        linear = ["--set", "model.layers[1]=identity"]  # no unit dies: the layers amplify each other
        path = self.train(self.write_job(wild, epochs=20), "a.h5", *linear, expected=1)
        self.assertIn("diverged", self.said[1])
        job = self.write_job(wild + "\n  where: [{{lr: 1000}}]", epochs=20)
        self.train(job, "a.h5", "--retry-failed", *linear)
        self.assertIn("4 of the cells that sweep.where leaves out have a result", self.said[1])
        self.assertEqual(json.loads(self.check(0, "status", "--json", path)[0])["diverged"], 4)

    def test_shards_only_and_merge(self):
        job = self.write_job(GRID + SOME)
        shards = [self.train(job, f"{i}.h5", "--shard", f"{i}/2") for i in (1, 2)]
        for path in shards:
            self.assertEqual(self.left_out(path).sum(), 6)
        out, _ = self.check(0, "merge", self.results("merged.h5"), *shards)
        self.assertIn("12 cells, 0 pending, 6 done, 0 diverged, 0 failed, 0 timed_out, 6 left_out", out)
        self.assert_equal(self.results("merged.h5"), self.train(job, "whole.h5"))
        out, _ = self.check(0, "run", job, "-o", self.results("whole.h5"), "--only", "lr=0.1")
        self.assertIn("nothing left to train\n4 cells, 0 pending, 0 done", out)
        # a cell that one of the files wants is pending
        fresh = self.train(self.write_job(GRID), "fresh.h5", "--only", "lr=0.001")
        self.check(0, "merge", self.results("both.h5"), fresh, shards[0])
        self.assertEqual(self.left_out(self.results("both.h5")).sum(), 0)

    def test_a_larger_grid(self):
        self.train(self.write_job(GRID + SOME), "a.h5")
        larger = GRID.replace("0.001", "0.001, 1e-5") + SOME
        path = self.train(self.write_job(larger), "a.h5")
        self.assert_equal(path, self.train(self.write_job(larger), "whole.h5"))

    def test_impossible_combinations_may_be_left_out(self):
        axes = """net: {{set: 'model.layers[1]', values: {{a: relu, b: {{max_pool: 9}}}}}}
  epochs: {{set: train.epochs, values: [1, 2]}}"""
        self.check(2, "plan", self.write_job(axes))
        self.train(self.write_job(axes + "\n  where: [{{net: b}}]"), "a.h5")
        self.assertEqual(self.left_out(self.results("a.h5")).sum(), 4)

    def test_a_draw_is_left_out_by_its_number(self):
        path = self.train(self.write_job(SOBOL + "\n  where: [{{draw: [0, 3]}}]"), "a.h5")
        self.assertEqual(self.left_out(path).sum(axis=0).tolist(), [2, 0, 0, 2, 0, 0])


if __name__ == "__main__":
    unittest.main()
