"""Checkpoints of cells that are being trained: what a kill of everything costs, and what a full disk does."""
import errno
import re
import signal
import struct
import unittest

import disk
from launch import MPIEXEC, MPISWEEP, TINY, FLAGS, RunTest, finish, kill_all, wait_until

EVERY = ["--set", "run.checkpoint_every=0.1 s"]
RESUMED = re.compile(r"cell (\S.*) resumed after (\d+) steps")
HEADER, ENTRY, STEPS_AT = 120, struct.Struct("3Q"), 40  # of the file; of an entry; where a checkpoint has its steps


def read_steps(path):
    """{(cell, steps)} of all entries that are there, also of stale ones; the last may be half written."""
    data = path.read_bytes() if path.exists() else b""
    found, at = set(), HEADER
    while at + ENTRY.size + STEPS_AT + 8 <= len(data):
        cell, size, _ = ENTRY.unpack_from(data, at)
        found.add((cell, *struct.unpack_from("Q", data, at + ENTRY.size + STEPS_AT)))
        at += ENTRY.size + size
    return found


class Checkpoints(RunTest):
    """Cells of about this many seconds of CPU time, with sanitizers and without."""
    LONG, SHORT = 1.4, 0.6
    GROUP = ["--set", "data={source: xor, train_count: 400}", "--set", "sweep.lambda.values=[0]",
             "--set", "model.layers=[dense: 8, tanh, dense: 2]"]  # networks that are trained in lockstep
    undisturbed = {}

    def setUp(self):
        super().setUp()
        self.whole, self.part = self.results("whole.h5"), self.results("part.h5")
        self.checkpoint = self.results("part.h5.checkpoint")

    def job(self, epochs, *settings):
        return [TINY, "--set", f"train.epochs={epochs}", "--set", "sweep.run=1", *settings]

    def long_job(self):
        """Two cells."""
        return self.job(self.epochs_in(self.LONG), "--set", "sweep.lambda.values=[0]", "--set", "sweep.lr.values=[0.01, 0.001]")

    def make_whole(self, job):
        """The file of an undisturbed session, once per job."""
        key = tuple(map(str, job))
        if key not in self.undisturbed:
            self.check(0, "run", *job, "--set", "run.checkpoint_every=never", "-o", self.whole, ranks=2)
            self.assertFalse(self.results("whole.h5.checkpoint").exists())
            self.undisturbed[key] = self.whole.read_bytes()
        self.whole.write_bytes(self.undisturbed[key])

    def start_part(self, job, ranks, variables={}):
        launcher = [] if ranks is None else [MPIEXEC, "-n", str(ranks), *FLAGS]
        return self.start_command([*launcher, MPISWEEP, "run", *map(str, [*job, *EVERY, "-o", self.part])], variables)

    def start_until_second(self, job, ranks, cells=1, variables={}, times=2):
        """A session in which as many cells have left two checkpoints. On a busy machine cells may end before: then again."""
        for _ in range(10):
            process = self.start_part(job, ranks, variables)
            if self.wait_for_second(process, cells, times):
                return process
            finish(process)
            self.part.unlink()
        self.fail("ten sessions without two checkpoints of a cell")

    def wait_for_second(self, process, cells, times=2):
        """False when the session has ended before."""
        seen = set()

        def have_two():
            seen.update(read_steps(self.checkpoint))
            found = {cell for cell, _ in seen if sum(other == cell for other, _ in seen) >= times}
            return len(found) >= cells or process.poll() is not None
        wait_until(have_two)
        return process.poll() is None

    def go_on(self, job, ranks):
        """To the end; {cell: steps} of those that were resumed, at least one: a busy machine may have finished others."""
        process = self.start_part(job, ranks)
        code, _, err = finish(process)
        self.assertEqual(code, 0, err)
        self.assert_equal(self.whole, self.part)
        self.assertFalse(self.checkpoint.exists())
        resumed = {cell: int(steps) for cell, steps in RESUMED.findall(err)}
        self.assertGreater(len(resumed), 0, err)
        return resumed


class Kills(Checkpoints):
    def test_of_everything_in_long_cells(self):
        job = self.long_job()
        self.make_whole(job)
        for ranks, cells in (None, 1), (2, 2):
            with self.subTest(ranks=ranks):
                kill_all(self.start_until_second(job, ranks, cells))
                least = min(steps for _, steps in read_steps(self.checkpoint))
                resumed = self.go_on(job, ranks)
                self.assertLessEqual(len(resumed), cells)
                self.assertGreater(min(resumed.values()), least)
                self.part.unlink()

    def test_again_and_again(self):
        """Six cells on 2 ranks, then on another number: every session comes further, and ends equal."""
        job = self.job(self.epochs_in(self.SHORT))
        self.make_whole(job)
        steps = []
        for ranks in 2, 2, 1, 3:
            process = self.start_part(job, ranks)
            self.wait_for_second(process, 1)
            kill_all(process)
            steps += [number for _, number in read_steps(self.checkpoint)]
        self.assertTrue(steps)
        self.check(0, "run", *job, "-o", self.part, ranks=2)
        self.assert_equal(self.whole, self.part)

    def test_after_a_stop(self):
        """A stop appends to the file that is in its place already."""
        job = self.long_job()
        self.make_whole(job)
        process = self.start_until_second(job, 2, 2)
        before = read_steps(self.checkpoint)
        process.send_signal(signal.SIGUSR1)
        code, _, err = finish(process)
        self.assertEqual(code, 75, err)
        last = {cell: max(steps for other, steps in before if other == cell) for cell, _ in before}
        resumed = self.go_on(job, 2)
        self.assertGreaterEqual(max(resumed.values()), min(last.values()))

    def test_groups_leave_them_too(self):
        job = self.job(self.epochs_in(self.LONG, *self.GROUP), *self.GROUP)
        self.make_whole(job)
        kill_all(self.start_until_second(job, 1, 3, times=1))  # all of a group together, which takes longer
        self.assertLessEqual(len(self.go_on(job, 2)), 3)


class Stale(Checkpoints):
    def test_never_used_for_a_finished_cell(self):
        job = self.long_job()
        self.make_whole(job)
        kill_all(self.start_until_second(job, 2, 2))
        stale = self.checkpoint.read_bytes()
        self.go_on(job, 2)
        for option in [], ["--retry-failed"]:
            self.checkpoint.write_bytes(stale)
            out, err = self.check(0, "run", *job, *option, "-o", self.part)
            self.assertIn("nothing left to train", out)
            self.assertNotIn("resumed", err)
            self.assertFalse(self.checkpoint.exists())
        self.damage_first_cell()
        self.checkpoint.write_bytes(stale)
        _, err = self.check(0, "run", *job, "--retry-failed", "-o", self.part)
        self.assertIn("1 cells that failed before or are damaged are trained again", err)
        self.assertNotIn("resumed", err)
        self.assert_equal(self.whole, self.part)

    def damage_first_cell(self):
        import h5py  # pylint: disable=import-outside-toplevel
        with h5py.File(self.part, "r+") as file:
            file["test_accuracy"][(0,) * file["test_accuracy"].ndim] += 1


class Disks(Checkpoints):
    def faulty(self, fault):
        return disk.environment(self.checkpoint, fault=fault)

    def run_with(self, fault, job):
        """Standard error of a session that ends as if nothing had been."""
        code, _, err = finish(self.start_part(job, 2, self.faulty(fault)))
        self.assertEqual(code, 0, err)
        self.assert_equal(self.whole, self.part)
        self.assertEqual([path.name for path in self.directory.glob("part.h5.checkpoint*")], [])
        self.part.unlink()
        return err

    def test_full_or_broken(self):
        """There is one warning; none when a busy machine left no time for checkpoints: then again."""
        job = self.long_job()
        self.make_whole(job)
        warning = "until that works again, cells that are killed resume from earlier checkpoints"
        for fault in (f"pwrite:1:{errno.ENOSPC}", f"pwrite:6:{errno.ENOSPC}", f"fdatasync:1:{errno.EIO}",
                      f"rename:1:{errno.EACCES}", f"open:2:{errno.EACCES}"):
            with self.subTest(fault=fault):
                warned = (self.run_with(fault, job).count(warning) for _ in range(10))
                self.assertEqual(next(filter(None, warned), 0), 1)

    def test_full_then_killed(self):
        """What was in its place before is still there."""
        job = self.long_job()
        self.make_whole(job)
        for _ in range(10):  # a cell may end before the third checkpoint after these
            process = self.start_until_second(job, 2, 1, self.faulty(f"pwrite:8:{errno.ENOSPC}"))
            if any("No space left on device" in line for line in process.stderr):
                break
            finish(process)
            self.part.unlink()
        kill_all(process)
        self.assertGreaterEqual(len(self.go_on(job, 2)), 1)


if __name__ == "__main__":
    unittest.main()
