"""Sessions that are stopped, killed and started again, and cells that take too long.

MPISWEEP_TEST_STOPS: how many stops, at least, come at random moments (default 5).
"""
import os
import random
import signal
import unittest

import h5py
import numpy as np

from interruptions import Interruptions
from launch import TINY, RunTest, finish, is_running, kill_all, ranks_of, wait_until

STOPS = int(os.environ.get("MPISWEEP_TEST_STOPS", "5"))
ENDLESS = ["--set", "train.epochs=5000"]  # minutes: it cannot end before it is stopped


class Stops(Interruptions):
    def setUp(self):
        # This program may have been started by nohup: its children must receive HUP all the same.
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_DFL))
        super().setUp()

    def test_a_run_without_mpiexec(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP:
            process = self.start_and_wait(None, options=ENDLESS)
            process.send_signal(number)
            code, _, err = finish(process)
            self.assertEqual(code, 75, err)
            self.assertIn("run the same command again to resume", err)
            self.assertIn(f"stopped by signal {number.value} (", err)

    def test_a_hangup_that_is_ignored(self):
        """As under nohup: the session must outlive its terminal."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        process = self.start_and_wait(None, 0)
        process.send_signal(signal.SIGHUP)
        code, _, err = finish(process)
        self.assertEqual(code, 0, err)
        self.assert_equal(self.whole, self.part)

    def test_a_reader_that_goes_away(self):
        """A pipe to a program that a closing terminal has ended, then the stop: the checkpoint is kept."""
        process = self.start_and_wait(None, options=ENDLESS)
        process.stdout.close()
        process.stderr.close()
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(), 75)

    def stop_at_random(self, process, moment):
        """Returns the output of the session."""
        ranks = sorted(ranks_of(process))
        target = moment.choice([process.pid, process.pid, *ranks])
        number = moment.choice([signal.SIGUSR1, signal.SIGTERM, signal.SIGINT])
        try:
            os.kill(target, number)
        except ProcessLookupError:  # the session has already ended
            pass
        code, _, err = finish(process)
        wait_until(lambda: not any(map(is_running, ranks)))
        # mpiexec kills a second after INT and TERM, that of Open MPI 5 a quarter: too early for a last message. At its
        # end, when it passes nothing on any more, USR1 ends it.
        if target != process.pid or number == signal.SIGUSR1:
            self.assertIn(code, (0, 75, -signal.SIGUSR1), err)
        return err

    def test_stops_at_random_moments(self):
        """INT, TERM and USR1 to mpiexec or any rank; every start has a different number of ranks."""
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
        print(f"{stops} stops; {len(steps)} cells were resumed, with {sum(steps)} steps already done")

    def test_a_stop_that_follows_a_kill(self):
        """A killed session leaves the checkpoints of the one before, whose cells it has not finished."""
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
        self.assertRegex(err, r"part.h5.checkpoint: the checkpoint of cell \d is damaged; it resumes from an earlier one or is trained from its start")


class Others(RunTest):
    def setUp(self):
        super().setUp()
        self.part = self.results("part.h5")

    def test_a_second_run_on_the_same_file_is_refused(self):
        """However long the second session takes to start: the first would need minutes."""
        long_job = [TINY, "--set", "train.epochs=2000"]
        process = self.start("run", *long_job, "-o", self.part, ranks=1)
        wait_until(lambda: process.poll() is not None or self.part.exists())
        _, err = self.check(3, "run", *long_job, "-o", self.part)
        self.assertIn("part.h5", err)
        kill_all(process)

    def test_cells_that_take_too_long(self):
        """They end with the curves that they have; another limit is not another job."""
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
