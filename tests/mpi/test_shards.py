"""Shards of a sweep are trained separately and joined by merge; rerun trains cells of a file again."""
import shutil
import subprocess
import unittest
import zlib

import h5py
import numpy as np
import xarray

from launch import MPISWEEP, RunTest, TINY, finish, wait_until
from results_file import check_opens, states

SMALL = """\
job: small
seed: 1
data: {source: xor, train_count: 40, validation_count: 20, test_count: 20}
model: {init: normal, init_scale: 1, layers: [dense: 4, tanh, dense: 1, sigmoid]}
loss: {kind: squared_error}
optimizer: {kind: sgd, lr: 1e-2}
train: {epochs: 2, batch: 20}
record: {train_loss: {every: 1 epoch}, test_accuracy: {every: end}, weights: {layers: [0], every: end}}
sweep:
  run: 3
  lr: {set: optimizer.lr, values: [1e-3, 1e-2, 0.1]}
"""
CELLS = 9
DIVERGING = ("--set", "sweep.lr.values=[1e-3, 1e-2, 1000]", "--set", "model.layers=[dense: 4, relu, dense: 1]")
# Thousands of cells: the first are done soon, the last never.
LONG = SMALL.replace("epochs: 2", "epochs: 300").replace("run: 3", "run: 20000")


class ShardTest(RunTest):
    def setUp(self):
        super().setUp()
        self.job = self.results("small.yaml")
        self.job.write_text(SMALL)

    def train(self, name, *words, code=0, job=None, **options):
        self.check(code, "run", job or self.job, "-o", name, "--quiet", *words, **options)
        return self.results(name)

    def train_shards(self, count, *words, **options):
        return [self.train(f"s{i}.h5", "--shard", f"{i}/{count}", *words, **options) for i in range(1, count + 1)]

    def merge(self, code, *names):
        out, err = self.check(code, "merge", *names)
        return out + err

    def beside(self, pattern):
        return sorted(path.name for path in self.directory.glob(pattern))

    def change(self, path, name, *index, add=1):
        with h5py.File(path, "r+") as file:
            file[name][index] += add


class Shards(ShardTest):
    def test_merged_shards_equal_one_session(self):
        """On 1, 2 and 3 ranks, with what the merged file must still be able to do."""
        whole = self.train("whole.h5", job=TINY)
        shards = [self.train(f"s{i}.h5", "--shard", f"{i}/3", job=TINY, ranks=i) for i in (1, 2, 3)]
        done = [states(path) == 1 for path in shards]
        self.assertEqual([int(d.sum()) for d in done], [8, 8, 8])
        self.assertTrue((np.sum(done, axis=0) == 1).all())
        self.rename_host(shards[1], b"elsewhere")
        before = [path.read_bytes() for path in shards]
        self.assertIn("24 cells, 0 pending, 24 done", self.merge(0, "all.h5", *shards))
        self.assertEqual([path.read_bytes() for path in shards], before)
        merged = self.results("all.h5")
        self.assert_equal(whole, merged)
        self.assertEqual(self.check(0, "verify", whole)[0], self.check(0, "verify", merged)[0])
        check_opens(merged)
        with xarray.open_dataset(merged, engine="h5netcdf") as ds:
            self.assertTrue((ds.status == 1).all())
        self.assertIn("nothing left to train", self.check(0, "run", TINY, "-o", merged)[0])
        self.assertEqual(self.beside("*.lock") + self.beside("*.tmp"), [])
        self.check_provenance(merged, shards, done)

    @staticmethod
    def rename_host(path, name):
        """As if it had been trained on another machine."""
        with h5py.File(path, "r+") as file:
            file["provenance/hosts"][0] = np.frombuffer(name.ljust(64, b"\0"), "S1")

    def check_provenance(self, merged, shards, done):
        with h5py.File(merged) as file:
            start = file["provenance/session_start"][...]
            self.assertEqual(list(file["provenance/session_ranks"][:4]), [1, 2, 3, 1])  # the last found nothing to do
            self.assertEqual(np.isfinite(start).sum(), 4)
            self.assertEqual(list(start[:4]), sorted(start[:4]))
            self.assertEqual(list(file["provenance/session_cells"][:4]), [8, 8, 8, 0])
            for path, cells in zip(shards, done):
                with h5py.File(path) as shard:
                    for name in "seconds", "rank", "tries", "finished":
                        np.testing.assert_array_equal(file["provenance"][name][...].ravel()[cells],
                                                      shard["provenance"][name][...].ravel()[cells], name)
                    self.assertEqual(np.unique(file["provenance/host"][...].ravel()[cells]).size, 1)
                    host = shard["provenance/hosts"][shard["provenance/host"][...].ravel()[cells][0]]
                    np.testing.assert_array_equal(
                        file["provenance/hosts"][file["provenance/host"][...].ravel()[cells][0]], host)

    def test_names_of_shards_in_one_directory(self):
        self.check(0, "run", self.job, "--shard", "2/8")
        self.check(0, "launch", "-n", "2", self.job, "--shard=1/8")
        self.assertEqual(self.beside("*.h5*"), ["small.shard-1-of-8.h5", "small.shard-2-of-8.h5"])

    def test_shard_goes_with_only_and_with_resuming(self):
        path = self.train("s.h5", "--shard", "1/2", "--only", "run=0")
        first = int((states(path) == 1).sum())
        self.assertIn(first, (1, 2))
        self.train("s.h5", "--shard", "1/2")
        self.assertEqual((states(path) == 1).sum(), 4)
        self.train("s.h5", "--shard", "2/2")
        self.assert_equal(self.train("whole.h5"), path)

    def test_more_shards_than_cells(self):
        out, _ = self.check(0, "run", self.job, "-o", "s.h5", "--shard", "11/12")
        self.assertIn("nothing left to train\n0 cells", out)

    def test_a_shard_retries_its_own_failures(self):
        """train.max_seconds is not part of the shard: cells of the others keep their status."""
        late = SMALL.replace("  run: 3", "  limit: {set: train.max_seconds, values: [1e-9]}\n  run: 3")
        self.job.write_text(late)
        path = self.train("s.h5", code=1)
        self.assertTrue((states(path) == 4).all())
        self.train("s.h5", "--shard", "1/3", "--retry-failed", code=1)
        with h5py.File(path) as file:
            self.assertTrue((file["status"][...] == 4).all())
            self.assertEqual(sorted(file["provenance/tries"][...].ravel()), [1] * 6 + [2] * 3)


class Merge(ShardTest):
    def test_overlapping_files(self):
        a, b = self.train("a.h5", "--only", "run=0,1"), self.train("b.h5", "--only", "run=1,2")
        self.assertIn("9 cells, 0 pending, 9 done", self.merge(0, "all.h5", a, b, a))
        self.assert_equal(self.train("whole.h5"), self.results("all.h5"))
        with h5py.File(self.results("all.h5")) as file:  # one session is in two inputs
            self.assertEqual(np.isfinite(file["provenance/session_start"][...]).sum(), 2)

    def test_what_is_missing_is_trained_later(self):
        s1, _, s3 = self.train_shards(3)
        self.assertIn("9 cells, 3 pending, 6 done", self.merge(0, "all.h5", s1, s3))
        self.check(0, "run", self.job, "-o", "all.h5", "--quiet")
        self.assert_equal(self.train("whole.h5"), self.results("all.h5"))

    def test_a_file_that_exists_is_joined_and_replaced(self):
        s1, s2 = self.train_shards(2)
        self.merge(0, "all.h5", s1)
        merged = self.results("all.h5")
        merged.chmod(0o640)
        self.assertIn("9 done", self.merge(0, "all.h5", s2))
        self.assertIn("9 done", self.merge(0, "all.h5", "all.h5", s1))
        self.assert_equal(self.train("whole.h5"), merged)
        self.assertEqual(merged.stat().st_mode & 0o777, 0o640)
        self.results("text.h5").write_text("mine")
        self.merge(3, "text.h5", s1)
        self.assertEqual(self.results("text.h5").read_text(), "mine")

    def test_conflicts_are_named_and_nothing_is_written(self):
        """Values with a checksum that fits: a machine that computes wrong."""
        a, b = self.train("a.h5"), self.train("b.h5")
        other = self.train("other.h5", "--set", "seed=2")
        with h5py.File(b, "r+") as file, h5py.File(other) as wrong:
            for name in file:
                if name not in ("run", "lr") and isinstance(file[name], h5py.Dataset) and file[name].shape[:2] == (3, 3):
                    file[name][1, 2] = wrong[name][1, 2]
            file["provenance/checksum"][1, 2] = wrong["provenance/checksum"][1, 2]
        with h5py.File(a) as file, h5py.File(other) as wrong:
            values = file["train_loss"][1, 2], wrong["train_loss"][1, 2]
        out = self.merge(1, "all.h5", a, b)
        self.assertRegex(out, r"train_loss\(run=1, lr=0\.1\): \S+ in \S*a\.h5, \S+ in \S*b\.h5\n")
        found = [float(word) for word in out.splitlines()[0].split()[2::3]]
        np.testing.assert_allclose(found, values, rtol=1e-6)
        self.assertIn("1 cell is in two files with different bits", out)
        self.assertFalse(self.results("all.h5").exists())
        self.merge(0, "all.h5", a)
        before = self.results("all.h5").read_bytes()
        self.merge(1, "all.h5", b)
        self.assertEqual(self.results("all.h5").read_bytes(), before)
        self.assertEqual(self.beside("all.h5?*"), [])

    def test_damaged_cells_are_taken_from_another_file_or_left_pending(self):
        a, b = self.train("a.h5"), self.train("b.h5")
        self.change(b, "test_accuracy", 1, 1)
        self.assertIn("9 done", self.merge(0, "one.h5", b, a))
        self.assert_equal(a, self.results("one.h5"))
        out = self.merge(0, "two.h5", b)
        self.assertIn("9 cells, 1 pending, 8 done", out)
        self.assertIn("1 cells are pending although a file has results for them", out)
        self.assertIn("run=1, lr=0.01; mpisweep run trains them again", out)
        self.check(0, "run", self.job, "-o", "two.h5", "--quiet")
        self.assert_equal(a, self.results("two.h5"))

    def test_cells_that_were_stored_and_not_published(self):
        a = self.train("a.h5")
        shutil.copy(a, self.results("b.h5"))
        with h5py.File(self.results("b.h5"), "r+") as file:
            file["status"][2] = 0
        self.assertIn("9 done", self.merge(0, "all.h5", "b.h5"))
        self.assert_equal(a, self.results("all.h5"))

    def test_the_most_crashes_count(self):
        path = self.train("a.h5", *DIVERGING, code=1)
        self.assertEqual(sorted(states(path)), [1] * 6 + [2] * 3)
        shutil.copy(path, self.results("b.h5"))
        with h5py.File(self.results("b.h5"), "r+") as file:
            file["provenance/crashes"][0] = 1
            file["provenance/signal"][0] = 11
            file["status"][0] = 0
            file["provenance/checksum"][0] = 0
        for inputs in (["a.h5", "b.h5"], ["b.h5", "a.h5"]):
            self.results("all.h5").unlink(missing_ok=True)
            self.assertIn("6 done, 3 diverged", self.merge(0, "all.h5", *inputs))
            self.assert_equal(path, self.results("all.h5"))
            with h5py.File(self.results("all.h5")) as file:
                self.assertEqual(file["provenance/crashes"][...].sum(), 3)
                self.assertEqual(file["provenance/signal"][...].sum(), 33)

    @staticmethod
    def set_states(path, **states):
        """Give cells of the first runs another status, with the checksum that belongs to it."""
        names = []
        with h5py.File(path, "r+") as file:
            file.id.links.iterate(lambda name: names.append(name.decode()), idx_type=h5py.h5.INDEX_CRT_ORDER)
            for cell, state in enumerate(states.values()):
                index = divmod(cell, 3)
                row = b"".join(file[name][index].tobytes() for name in names[names.index("status") + 1:])
                file["status"][index] = state
                file["provenance/checksum"][index] = zlib.crc32(cell.to_bytes(8, "little") + row + bytes([state]))

    def test_which_status_is_taken(self):
        """Done and diverged come before timed out, that before failed, whatever the order of the files."""
        whole = self.train("whole.h5")
        a, b = shutil.copy(whole, self.results("a.h5")), shutil.copy(whole, self.results("b.h5"))
        self.set_states(a, first=1, second=3, third=4, fourth=2)
        self.set_states(b, first=4, second=4, third=3, fourth=3)
        for inputs in [a, b], [b, a]:
            self.results("all.h5").unlink(missing_ok=True)
            self.merge(0, "all.h5", *inputs)
            self.assertEqual(list(states(self.results("all.h5"))[:5]), [1, 4, 4, 2, 1])
        self.check(0, "verify", "all.h5")
        self.results("all.h5").unlink()
        out = self.merge(1, "all.h5", a, whole)
        self.assertRegex(out, r"^status\(run=1, lr=0\.001\): diverged in \S*a\.h5, done in \S*whole\.h5\n")
        self.assertIn("1 cell is in two files", out)

    def test_files_that_do_not_belong_together(self):
        a = self.train("a.h5")
        kernels = {"MPISWEEP_KERNELS": "reference"}
        cases = [("seed=2", 2, "holds the results of another job than"), ("seed=2", 2, "seed: 1 → 2"),
                 ("sweep.run=4", 2, "sweep.run: 3 → 4"), ("sweep.run=4", 2, "with a job that has them all")]
        for setting, code, words in cases:
            self.results("b.h5").unlink(missing_ok=True)
            self.train("b.h5", "--set", setting)
            self.assertIn(words, self.merge(code, "all.h5", a, "b.h5"))
        self.results("b.h5").unlink()
        finish(self.start_command([MPISWEEP, "run", str(self.job), "-o", "b.h5", "--quiet"], kernels))
        self.assertIn("b.h5: was made with the kernel set reference, and", self.merge(2, "all.h5", a, "b.h5"))
        self.assertIn("none.h5: No such file", self.merge(3, "all.h5", a, "none.h5"))
        self.assertEqual(self.beside("all.h5*"), [])

    def test_other_data_are_refused(self):
        a = self.train("a.h5")
        with h5py.File(shutil.copy(a, self.results("b.h5")), "r+") as file:
            file.attrs.modify("data_digest_test", "0" * 32)
        out = self.merge(3, "all.h5", a, "b.h5")
        self.assertIn("not trained on the same data as those of", out)
        self.assertIn("in the test split", out)

    def test_repacked_files(self):
        a, packed, whole = self.train("a.h5"), self.results("packed.h5"), self.results("whole.h5")
        subprocess.run(["h5repack", "-f", "GZIP=4", a, packed], check=True, capture_output=True)
        self.assertIn("h5repack -l CONTI -f NONE makes them whole again", self.merge(3, "all.h5", packed))
        subprocess.run(["h5repack", "-l", "CONTI", "-f", "NONE", packed, whole], check=True, capture_output=True)
        self.merge(0, "all.h5", whole)
        self.assert_equal(a, self.results("all.h5"))

    def test_a_file_that_a_session_writes(self):
        self.job.write_text(LONG)
        session = self.start("run", self.job, "-o", "s.h5", "--quiet")
        path = self.results("s.h5")
        wait_until(lambda: session.poll() is not None or (path.exists() and (states(path) == 1).any()))
        self.merge(0, "all.h5", path)
        still_writes = session.poll() is None
        self.assertIn("is being written by another session", self.merge(3, path, "all.h5"))
        session.terminate()
        code, _, _ = finish(session)
        self.assertTrue(still_writes)
        self.assertEqual(code, 75)
        done = states(self.results("all.h5")) == 1
        self.assertTrue(done.any())
        self.check(0, "verify", "all.h5")
        out = self.merge(0, "all.h5", path)
        self.assertIn("s.h5.checkpoint" if self.beside("s.h5.checkpoint") else "done", out)
        self.assertTrue(((states(self.results("all.h5")) == 1) >= done).all())


class Rerun(ShardTest):
    def rerun(self, code, *words, variables={}):
        found, out, err = finish(self.start_command([MPISWEEP, "rerun", *map(str, words)], variables))
        self.assertEqual(found, code, out + err)
        return out + err

    def test_identical_cells(self):
        path = self.train("a.h5", *DIVERGING, code=1, ranks=2)
        before = path.read_bytes()
        self.job.unlink()
        self.assertEqual(self.rerun(0, path, "run=2", "lr=0.001"), "identical: run=2, lr=0.001\n")
        self.assertEqual(self.rerun(0, path, "lr=1000", "--set", "seed=1").count("identical: run="), 3)
        self.assertEqual(self.rerun(0, path).count("identical: run="), CELLS)
        self.assertEqual(path.read_bytes(), before)
        self.assertEqual(self.beside("a.h5?*"), [])

    def test_the_kernel_set_of_the_file_is_used(self):
        path = self.results("a.h5")
        code, _, err = finish(self.start_command([MPISWEEP, "run", str(self.job), "-o", "a.h5", "--quiet",
                                                  "--set", "train.epochs=200"], {"MPISWEEP_KERNELS": "reference"}))
        self.assertEqual(code, 0, err)
        self.assertEqual(self.rerun(0, path).count("identical: "), CELLS)
        self.assertEqual(self.rerun(0, path, "run=0", variables={"MPISWEEP_KERNELS": "reference"}).count("identical: "), 3)

    def test_settings_are_in_the_file(self):
        path = self.train("a.h5", "--set", "optimizer.momentum=0.5", "--set", 'title="a \\"b\\""')
        self.assertIn("identical", self.rerun(0, path, "run=0", "lr=0.1"))
        with h5py.File(path, "r+") as file:
            self.assertEqual(file.attrs["job_settings"], '["optimizer.momentum=0.5", "title=\\"a \\\\\\"b\\\\\\"\\""]')
            del file.attrs["job_settings"]  # as older versions wrote it
        self.assertIn("optimizer.momentum: 0.5 → 0", self.rerun(2, path, "run=0", "lr=0.1"))
        self.assertIn("identical", self.rerun(0, path, "run=0", "lr=0.1", "--set", "optimizer.momentum=0.5"))

    def test_the_first_difference_is_named(self):
        path = self.train("a.h5")
        self.change(path, "weights_0", 1, 2, 3, 1)
        out = self.rerun(1, path, "run=1", "lr=0.1")
        self.assertRegex(out, r"^weights_0\(run=1, lr=0\.1, weights_0_output=3, weights_0_input=1\): \S+ != \S+ "
                              r"\(the cell in the file does not match its checksum\)\n")
        self.assertIn("1 of 1 cells differ", out)
        self.assertEqual(self.rerun(1, path, "run=1").count("identical"), 2)

    def test_cells_without_a_result(self):
        path = self.train("a.h5", "--only", "run=0")
        out = self.rerun(2, path, "run=1")
        self.assertIn("none of the 3 cells that match is done or diverged", out)
        out = self.rerun(0, path, "lr=0.1")
        self.assertIn("2 cells that match are left out", out)
        self.assertIn("identical: run=0, lr=0.1\n", out)
        self.assertIn('axis lr has no value "7"', self.rerun(2, path, "lr=7"))

    def test_another_kernel_set(self):
        path = self.train("a.h5", "--set", "train.epochs=5")
        out = self.rerun(0, path, "lr=0.1", variables={"MPISWEEP_KERNELS": "reference"})
        self.assertIn("and reference is used here, which rounds differently", out)
        self.assertEqual(out.count("within rounding ("), 3)
        self.change(path, "train_loss_curve", 0, 2, 1, add=0.01)
        out = self.rerun(1, path, "run=0", "lr=0.1", variables={"MPISWEEP_KERNELS": "reference"})
        self.assertIn("train_loss_curve(run=0, lr=0.1, epoch=2):", out)
        with h5py.File(path, "r+") as file:  # as from a CPU with more instructions than this one
            file.attrs.modify("kernels", "avx1024")
        self.assertIn("was made with the kernel set avx1024", self.rerun(0, path, "run=1", "lr=0.1"))

    def test_data_are_found_and_checked(self):
        """Next to the results file, or where --job-directory says."""
        place = self.directory / "jobs"
        place.mkdir()
        random = np.random.default_rng(1)
        for name in "x", "y":
            np.save(place / f"{name}.npy", random.normal(size=(50, 3 if name == "x" else 1)).astype("f4"))
        job = place / "own.yaml"
        job.write_text(SMALL.replace("data: {source: xor, train_count: 40, validation_count: 20, test_count: 20}",
                                     "data: {source: npy, train_x: x.npy, train_y: y.npy, test_x: x.npy, test_y: y.npy}")
                       .replace(", sigmoid", "").replace("test_accuracy", "test_loss"))
        path = self.train("a.h5", job=job)
        self.assertIn("x.npy", self.rerun(3, path, "run=0"))
        self.assertEqual(self.rerun(0, path, "run=0", "--job-directory", place).count("identical"), 3)
        shutil.copy(path, place / "a.h5")
        self.assertEqual(self.rerun(0, "jobs/a.h5", "run=0").count("identical"), 3)
        np.save(place / "x.npy", random.normal(size=(50, 3)).astype("f4"))
        self.assertIn("not trained on these data, in the train split", self.rerun(3, "jobs/a.h5", "run=0"))

    def test_other_numerics_are_refused(self):
        path = self.train("a.h5")
        with h5py.File(path, "r+") as file:
            file.attrs.modify("numerics", "999")
        self.assertIn("was made with numerics 999", self.rerun(2, path, "run=0"))


if __name__ == "__main__":
    unittest.main()
