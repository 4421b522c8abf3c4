"""Runs that are stopped, killed and started again, and cells that take too long.

MPISWEEP_TEST_STOPS: how many stops, at least, come at random moments (default 5).
"""
import os
import random
import re
import signal
import time
import unittest

import h5py
import numpy as np

from launch import TINY, RunTest, finish, is_running, kill_all, ranks_of, wait_until

STOPS = int(os.environ.get("MPISWEEP_TEST_STOPS", "5"))
STEPS_PER_EPOCH = 20
WENT_ON = re.compile(r"went on after (\d+) steps")


class Interruptions(RunTest):
    epochs = 40
    undisturbed = None  # the results file of a run that nothing interrupts, made once by every class

    def setUp(self):
        super().setUp()
        self.whole = self.results("whole.h5")
        self.part = self.results("part.h5")
        self.checkpoint = self.results("part.h5.checkpoint")
        self.job = [TINY, "--set", f"train.epochs={self.epochs}", "--set", "sweep.run=1"]
        if self.undisturbed is None:
            self.check(0, "run", *self.job, "-o", self.whole, ranks=2)
            type(self).undisturbed = self.whole.read_bytes()
        self.whole.write_bytes(self.undisturbed)

    def start_and_wait(self, ranks, seconds=0.3):
        """A run that has been training for about so long."""
        lock = self.results("part.h5.lock")
        lock.unlink(missing_ok=True)  # of a run that was killed
        process = self.start("run", *self.job, "-o", self.part, ranks=ranks)
        wait_until(lambda: process.poll() is not None or (lock.exists() and self.part.exists()))
        time.sleep(seconds)
        return process

    def stop(self, ranks=None, seconds=0.3):
        """The steps that the cells had behind them which went on in a run that was then stopped. A stop before the first step
        or between two cells leaves no checkpoint, one after the last cell does nothing: then again at another moment."""
        steps = []
        for _ in range(10):
            process = self.start_and_wait(ranks, seconds)
            process.send_signal(signal.SIGUSR1)
            code, _, err = finish(process)
            self.assertIn(code, (0, 75), err)
            steps += self.resumed(err)
            if self.checkpoint.exists():
                return steps
            seconds *= 2 if code == 75 else 0.7
            if code == 0:
                self.part.unlink()
        self.fail("ten stops have left no checkpoint")

    def go_on(self, ranks):
        """Run to the end; the steps that the cells had behind them which went on, and standard error."""
        _, err = self.check(0, "run", *self.job, "-o", self.part, ranks=ranks)
        self.assert_equal(self.whole, self.part)
        self.assertFalse(self.checkpoint.exists())
        return self.resumed(err), err

    def resumed(self, err):
        steps = [int(number) for number in WENT_ON.findall(err)]
        self.assertTrue(all(0 <= number < self.epochs * STEPS_PER_EPOCH for number in steps), steps)
        return steps


class Stops(Interruptions):
    def test_a_run_without_mpiexec(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGUSR1:
            process = self.start_and_wait(None)
            process.send_signal(number)
            code, _, err = finish(process)
            self.assertEqual(code, 75, err)
            self.assertIn("the same command goes on", err)

    def stop_at_random(self, process, moment):
        """Returns what the run said."""
        ranks = sorted(ranks_of(process))
        target = moment.choice([process.pid, process.pid, *ranks])
        number = moment.choice([signal.SIGUSR1, signal.SIGTERM, signal.SIGINT])
        try:
            os.kill(target, number)
        except ProcessLookupError:  # the run is over already
            pass
        code, _, err = finish(process)
        wait_until(lambda: not any(map(is_running, ranks)))
        # mpiexec kills a second after INT and TERM, on a busy machine too early for a last word.
        if target != process.pid or number == signal.SIGUSR1:
            self.assertIn(code, (0, 75), err)
        return err

    def test_stops_at_random_moments(self):
        """INT, TERM and USR1 to mpiexec or any rank; every start has another number of ranks."""
        moment = random.Random(1)
        stops, steps = 0, []
        while stops < STOPS or (not any(steps) and stops < 5 * STOPS):
            process = self.start_and_wait(1 + stops % 3, moment.uniform(0, 0.6))
            steps += self.resumed(self.stop_at_random(process, moment))
            stops += 1
            with h5py.File(self.part) as file:
                is_complete = (file["status"][...] == 1).all()
            if is_complete:
                self.go_on(2)
                self.part.unlink()
        steps += self.go_on(2)[0]
        self.assertTrue(any(steps))
        print(f"{stops} stops; {len(steps)} cells went on, with {sum(steps)} steps behind them")

    def test_a_stop_that_follows_a_kill(self):
        """A killed run leaves the checkpoints of the one before it, of whose cells it has finished none."""
        self.stop()
        kill_all(self.start_and_wait(2, 0))
        self.assertTrue(self.checkpoint.exists())
        steps = self.stop(3) + self.go_on(2)[0]
        self.assertTrue(steps)

    def test_a_damaged_checkpoint_costs_time_only(self):
        self.stop()
        data = bytearray(self.checkpoint.read_bytes())
        data[len(data) // 2] ^= 1
        self.checkpoint.write_bytes(data)
        steps, err = self.go_on(2)
        self.assertEqual(steps, [])
        self.assertRegex(err, r"part.h5.checkpoint: the checkpoint of cell \d is damaged; it is trained from its start")


class SameResults(Interruptions):
    """Whatever the number of ranks and whatever happens to them, `mpisweep verify` finds the same bits."""

    epochs = 20

    def kill(self, ranks):
        kill_all(self.start_and_wait(ranks, 0))

    def check_results(self, disturb, has_checkpoints):
        for ranks in 1, 2, 3, 5:
            with self.subTest(ranks=ranks):
                self.part.unlink(missing_ok=True)
                disturb(ranks)
                steps, _ = self.go_on(ranks)
                self.assertEqual(bool(steps), has_checkpoints)

    def test_undisturbed(self):
        self.check_results(lambda ranks: None, False)

    def test_killed(self):
        self.check_results(self.kill, False)

    def test_stopped_with_checkpoints(self):
        self.check_results(lambda ranks: self.stop(ranks, 0.1), True)


class Others(RunTest):
    def setUp(self):
        super().setUp()
        self.part = self.results("part.h5")

    def test_a_second_run_on_the_same_file_is_refused(self):
        """However long the second one takes to start: the first would need minutes."""
        long_job = [TINY, "--set", "train.epochs=2000"]
        process = self.start("run", *long_job, "-o", self.part, ranks=1)
        wait_until(lambda: process.poll() is not None or self.part.exists())
        _, err = self.check(3, "run", *long_job, "-o", self.part)
        self.assertIn("part.h5", err)
        kill_all(process)

    def test_cells_that_take_too_long(self):
        """They end with the curves that they have; another limit is no other job."""
        job = [TINY, "--set", "train.epochs=2000", "--set", "sweep.run=1", "-o", self.part]
        for limit in 0.05, 0.06:
            out, _ = self.check(1, "run", *job, "--set", f"train.max_seconds={limit}", "--retry-failed", ranks=2)
            self.assertIn("6 timed_out", out)
        with h5py.File(self.part) as file:
            self.assertTrue((file["status"][...] == 4).all())
            self.assertTrue((file["provenance/tries"][...] == 2).all())
            curves = file["train_loss_curve"][...]
            recorded = np.isfinite(curves).sum(axis=-1)
            np.testing.assert_array_equal(recorded, file["steps_taken"][...])
            self.assertTrue(np.isnan(curves[..., -1]).all())


if __name__ == "__main__":
    unittest.main()
