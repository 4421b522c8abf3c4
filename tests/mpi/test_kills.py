"""Sweeps killed with SIGKILL at random moments, again and again, until they are complete.

MPISWEEP_TEST_KILLS=500 is the long form; MPISWEEP_TEST_SEED repeats the choices of an execution, not its timing."""
import collections
import os
import random
import signal
import time
import unittest

from launch import TINY, RunTest, descendants, finish, is_running, kill_all, ranks_of, wait_until
from results_file import arrays, check_done_cells, check_opens, states

KILLS = int(os.environ.get("MPISWEEP_TEST_KILLS", "6"))
SEED = int(os.environ.get("MPISWEEP_TEST_SEED", str(time.time_ns())))
EVERY = ["--set", "run.checkpoint_every=0.05 s"]
# Cells so short that they go out in batches; long enough for several checkpoints; in lockstep groups, with checkpoints, too.
BATCHES = [TINY, "--set", "train.epochs=2"]
CHECKPOINTS = [TINY, "--set", "train.epochs=100", "--set", "sweep.run=1", *EVERY]
GROUPS = [TINY, "--set", "train.epochs=800", "--set", "sweep.run=2", *EVERY, "--set", "data={source: xor, train_count: 400}",
          "--set", "model.layers=[dense: 8, tanh, dense: 2]"]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Kills(RunTest):
    def setUp(self):
        super().setUp()
        self.whole, self.part = self.results("whole.h5"), self.results("part.h5")
        self.random = random.Random(f"{SEED} {self.id()}")
        self.tally = collections.Counter()

    def make_whole(self, job):
        self.job = job
        start = time.monotonic()
        self.check(0, "run", *job, "-o", self.whole, ranks=2)
        self.seconds = time.monotonic() - start
        self.expected = arrays(self.whole)
        self.cells = states(self.whole).size

    def known(self):
        """The cells that have a status, all of them right; none while there is no file."""
        if not self.part.exists():
            return set()
        check_opens(self.part)
        check_done_cells(self.part, self.expected)
        return set(states(self.part).nonzero()[0])

    def wait_for_moment(self, process):
        """Until some moment in a phase of the session. A phase that this session does not have lasts to its end."""
        phases = {"starting": lambda: True,
                  "laying out": self.results("part.h5.lock").exists,
                  "training": self.part.exists,
                  "finishing": lambda: self.part.exists() and states(self.part).all()}
        phase = self.random.choice(list(phases))
        wait_until(lambda: process.poll() is not None or phases[phase]())
        longest = {"starting": self.seconds, "laying out": 0.01, "training": self.seconds, "finishing": 0.2}
        time.sleep(self.random.uniform(0, longest[phase]))
        return phase

    def shoot(self, process):
        """Kill a part of the session, or all of it; the others end by themselves, or are ended."""
        victim = self.random.choice(["rank 0", "another rank", "mpiexec", "all"])
        ranks = sorted(ranks_of(process))
        if victim == "all" or not ranks:
            kill_all(process)
            return victim
        kill(process.pid if victim == "mpiexec" else ranks[0] if victim == "rank 0" else self.random.choice(ranks[1:] or ranks))
        self.let_end(process, ranks)
        return victim

    def let_end(self, process, ranks):
        """Without a rank that died in MPI_Init the others may wait forever; `mpisweep launch` would notice."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and (process.poll() is None or any(map(is_running, ranks))):
            time.sleep(0.01)
        everyone = [*ranks, *descendants(process.pid)]
        kill_all(process)
        for pid in everyone:
            kill(pid)
        wait_until(lambda: not any(map(is_running, everyone)))

    def kill_once(self, before):
        """One session that is killed, unless it ends before. Returns the known cells."""
        process = self.start("run", *self.job, "-o", self.part, ranks=self.random.choice([1, 2, 3, 5]))
        phase = self.wait_for_moment(process)
        if process.poll() is None:
            victim = self.shoot(process)
            self.tally.update([phase, victim, "kills"])
        else:
            finish(process)
        known = self.known()
        self.assertLessEqual(before, known, "a cell that was done is lost")
        self.tally["checkpoint files"] += self.results("part.h5.checkpoint").exists()
        self.tally["files half done"] += 0 < len(known) < self.cells
        return known

    def complete(self):
        self.check(0, "run", *self.job, "-o", self.part, ranks=self.random.choice([1, 2, 3, 5]))
        self.assert_equal(self.whole, self.part)
        self.part.unlink()
        self.tally["complete files"] += 1
        print(dict(self.tally), flush=True)

    def kill_many(self, job):
        print("seed", SEED, flush=True)
        self.make_whole(job)
        known = set()
        while self.tally["kills"] < KILLS / 3:
            known = self.kill_once(known)
            if len(known) == self.cells:
                self.complete()
                known = set()
        self.complete()

    def test_batches(self):
        self.kill_many(BATCHES)

    def test_checkpoints(self):
        self.kill_many(CHECKPOINTS)

    def test_groups(self):
        self.kill_many(GROUPS)


if __name__ == "__main__":
    unittest.main()
