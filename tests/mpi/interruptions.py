"""Sessions that are stopped and resumed, for several tests."""
import re
import signal
import time

from launch import TINY, RunTest, finish, wait_until

STEPS_PER_EPOCH = 20
RESUMED = re.compile(r"resumed after (\d+) steps")


class Interruptions(RunTest):
    epochs = 40
    settings = ()  # KEY=VALUE
    undisturbed = None  # the results file of an undisturbed session, made once by every class

    def setUp(self):
        super().setUp()
        self.whole = self.results("whole.h5")
        self.part = self.results("part.h5")
        self.checkpoint = self.results("part.h5.checkpoint")
        self.job = [TINY, "--set", f"train.epochs={self.epochs}", "--set", "sweep.run=1"]
        self.job += [argument for setting in self.settings for argument in ("--set", setting)]
        if self.undisturbed is None:
            self.check(0, "run", *self.job, "-o", self.whole, ranks=2)
            type(self).undisturbed = self.whole.read_bytes()
        self.whole.write_bytes(self.undisturbed)

    def start_and_wait(self, ranks, seconds=0.3, options=()):
        """A session that has been training for about this long."""
        lock = self.results("part.h5.lock")
        lock.unlink(missing_ok=True)  # of a killed session
        process = self.start("run", *self.job, *options, "-o", self.part, ranks=ranks)
        wait_until(lambda: process.poll() is not None or (lock.exists() and self.part.exists()))
        time.sleep(seconds)
        return process

    def stop(self, ranks=None, seconds=0.3):
        """The steps that resumed cells had already done, in a session that was then stopped. A stop before the first
        step or between two cells leaves no checkpoint, one after the last cell does nothing: then again at another
        moment."""
        steps = []
        for _ in range(10):
            process = self.start_and_wait(ranks, seconds)
            process.send_signal(signal.SIGUSR1)
            code, _, err = finish(process)
            self.assertIn(code, (0, 75, -signal.SIGUSR1), err)  # the last: mpiexec itself, at its end
            steps += self.resumed(err)
            if self.checkpoint.exists():
                return steps
            seconds *= 2 if code == 75 else 0.7
            if code != 75:
                self.part.unlink()
        self.fail("ten stops have left no checkpoint")

    def go_on(self, ranks):
        """Run to the end; the steps that resumed cells had already done, and standard error."""
        _, err = self.check(0, "run", *self.job, "-o", self.part, ranks=ranks)
        self.assert_equal(self.whole, self.part)
        self.assertFalse(self.checkpoint.exists())
        return self.resumed(err), err

    def resumed(self, err):
        """A stop during the last evaluation leaves a cell with all its steps done."""
        steps = [int(number) for number in RESUMED.findall(err)]
        self.assertTrue(all(0 <= number <= self.epochs * STEPS_PER_EPOCH for number in steps), steps)
        return steps
