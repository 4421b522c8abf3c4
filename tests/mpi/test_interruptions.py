"""Runs that are stopped, killed and started again."""
import os
import random
import signal
import time
import unittest

import h5py
import numpy as np

from launch import TINY, RunTest, finish, is_running, kill_all, ranks_of, wait_until

# Fewer do under sanitizers, which slow every start.
KILLS = int(os.environ.get("MPISWEEP_TEST_KILLS", "20"))
# Some seconds on two ranks: long enough to be interrupted.
JOB = [TINY, "--set", "train.epochs=25"]


def arrays(path):
    """Every array of a results file except provenance, read by a stock reader."""
    with h5py.File(path) as file:
        return {name: item[...] for name, item in file.items() if isinstance(item, h5py.Dataset)}


class Interruptions(RunTest):
    undisturbed = None  # the results file of a run that nothing interrupts, made once
    seconds = None      # that it took

    def setUp(self):
        super().setUp()
        self.whole = self.results("whole.h5")
        self.part = self.results("part.h5")
        if Interruptions.undisturbed is None:
            start = time.monotonic()
            self.check(0, "run", *JOB, "-o", self.whole, ranks=2)
            Interruptions.seconds = time.monotonic() - start
            Interruptions.undisturbed = self.whole.read_bytes()
        self.whole.write_bytes(Interruptions.undisturbed)

    def has_values(self):
        """Values come before the status of their cell, which waits for a sync."""
        return self.part.exists() and np.isfinite(arrays(self.part)["test_accuracy"]).any()

    def start_and_wait(self, ranks):
        """A run with at least one cell written and some to go."""
        process = self.start("run", *JOB, "-o", self.part, ranks=ranks)
        wait_until(lambda: process.poll() is not None or self.has_values())
        self.assertIsNone(process.poll(), "the run ended before it could be interrupted")
        return process

    def go_on(self, ranks):
        self.check(0, "run", *JOB, "-o", self.part, ranks=ranks)
        self.assert_equal(self.whole, self.part)

    def check_done_cells(self):
        """Whatever the moment of the kill: the file opens, and what is marked done is right."""
        expected, found = arrays(self.whole), arrays(self.part)
        done = found["status"] == 1
        for name, values in found.items():
            if values.shape[: done.ndim] == done.shape:
                np.testing.assert_array_equal(values[done], expected[name][done], err_msg=name)
        return done.all()


class Signals(Interruptions):
    def test_a_signal_to_a_run_without_mpiexec(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGUSR1:
            process = self.start_and_wait(None)
            process.send_signal(number)
            code, out, err = finish(process)
            self.assertEqual(code, 75, err)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertIn("the same command goes on", err)
            self.assertFalse(self.check_done_cells())
            self.part.unlink()

    def test_a_signal_to_any_rank(self):
        for rank in 0, 1:
            process = self.start_and_wait(2)
            os.kill(sorted(ranks_of(process))[rank], signal.SIGTERM)
            code, _, err = finish(process)
            self.assertEqual(code, 75, err)
            self.assertFalse(self.check_done_cells())
            self.go_on(3)
            self.part.unlink()

    def test_usr1_to_mpiexec(self):
        process = self.start_and_wait(2)
        process.send_signal(signal.SIGUSR1)
        code, _, err = finish(process)
        self.assertEqual(code, 75, err)
        self.assertIn("the same command goes on", err)
        self.go_on(1)

    def test_term_to_mpiexec(self):
        """mpiexec kills a second later, on a busy machine too early for a last word."""
        process = self.start_and_wait(2)
        ranks = ranks_of(process)
        process.send_signal(signal.SIGTERM)
        finish(process)
        wait_until(lambda: not any(map(is_running, ranks)))
        self.assertFalse(self.check_done_cells())
        self.go_on(1)


class Kills(Interruptions):
    def test_a_run_killed_in_the_middle_goes_on(self):
        kill_all(self.start_and_wait(2))
        self.assertFalse(self.check_done_cells())
        self.go_on(3)

    def test_kills_at_random_moments(self):
        moments = random.Random(1)
        for _ in range(KILLS):
            process = self.start("run", *JOB, "-o", self.part, ranks=2)
            time.sleep(moments.uniform(0, 0.7 * self.seconds))
            kill_all(process)
            if self.part.exists() and self.check_done_cells():
                self.part.unlink()
        self.go_on(2)

    def test_a_second_run_on_the_same_file_is_refused(self):
        """However long the second one takes to start: the first would need minutes."""
        long_job = [TINY, "--set", "train.epochs=2000"]
        process = self.start("run", *long_job, "-o", self.part, ranks=1)
        wait_until(lambda: process.poll() is not None or self.part.exists())
        _, err = self.check(3, "run", *long_job, "-o", self.part)
        self.assertIn("part.h5", err)
        kill_all(process)


if __name__ == "__main__":
    unittest.main()
