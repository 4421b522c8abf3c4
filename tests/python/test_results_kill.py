"""Kill a writer of results files (tests/tools/store_cells.c) with SIGKILL at random moments.

After every kill h5py opens the file and every cell with a status holds exactly the expected values; a writer that is
started again completes the file, which then equals an undisturbed one."""
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mpi"))
import disk  # noqa: E402  of tests/mpi

STORE_CELLS, MPISWEEP = os.environ["STORE_CELLS"], os.environ["MPISWEEP"]
KILLS, TRIES, RUNS = 8, 10, 10000
CLOCK = 200  # a sync every 5 ms, so that there are many half-written files
STEPS, SHORT_STEPS, EPOCHS, DONE, DIVERGED = 20, 15, 3, 1, 2


def expected(cells):
    """status, steps_taken, train_loss_curve and test_accuracy_curve of the cells"""
    base, short = 100 * cells[:, None], (cells % 5 == 4)[:, None]
    steps, epochs = np.arange(STEPS), np.arange(EPOCHS)
    return (np.where(cells % 7 == 6, DIVERGED, DONE), np.full(cells.shape, 40),
            np.where(short & (steps >= SHORT_STEPS), np.nan, base + steps),
            np.where(short & (epochs >= 1), np.nan, base + 50 + epochs))


def last_value(curves):
    return np.array([curve[~np.isnan(curve)][-1] for curve in curves])


def read_cells(file, name):
    data = file[name][...]
    return data.reshape(RUNS * 4, -1) if data.ndim > 3 else data.reshape(-1)


def is_half_written(cells):
    return 0 < cells < 4 * RUNS


class KillTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def start_writer(self, path):
        return subprocess.Popen([STORE_CELLS, path, str(RUNS)], stderr=subprocess.DEVNULL,
                                env={**os.environ, **disk.environment(path, clock=CLOCK)})

    def check(self, path):
        """The number of cells that have a status; all of them must be right."""
        if not path.exists():  # killed before the new file was renamed into place
            return 0
        with h5py.File(path, "r") as file:
            status = read_cells(file, "status")
            cells = np.flatnonzero(status)
            done = status[cells] == DONE
            want_status, want_steps, want_loss, want_accuracy = expected(cells)
            np.testing.assert_array_equal(status[cells], want_status)
            np.testing.assert_array_equal(read_cells(file, "steps_taken")[cells], want_steps)
            for name, want in (("train_loss", want_loss), ("test_accuracy", want_accuracy)):
                np.testing.assert_array_equal(read_cells(file, name + "_curve")[cells], want)
                final = np.where(done, last_value(want), np.nan)
                np.testing.assert_array_equal(read_cells(file, name)[cells], final)
        return len(cells)

    def kill_until_complete(self, path, moments):
        """Kill and start again until the file is complete or no kill is left: the cells with a status after
        every kill."""
        seen = []
        while moments:
            writer = self.start_writer(path)
            if self.ends_before(writer, moments[0]):
                moments[0] *= 0.8  # this moment is too late: the first execution was slower
                break
            moments.pop(0)
            seen.append(self.check(path))
        return seen

    def cells_now(self, path):
        """Of a file that is being written."""
        try:
            with h5py.File(path, "r") as file:
                return np.count_nonzero(file["status"][...])
        except (OSError, KeyError):  # not there yet
            return 0

    def kill_half_written(self, path):
        """Kill as soon as some cells have a status: how many have one then."""
        writer = self.start_writer(path)
        while writer.poll() is None and not is_half_written(self.cells_now(path)):
            pass
        writer.kill()
        writer.wait()
        return self.check(path)

    def complete(self, path, undisturbed):
        self.assertEqual(self.start_writer(path).wait(), 0)
        self.assertEqual(self.check(path), 4 * RUNS)
        verify = subprocess.run([MPISWEEP, "verify", undisturbed, path], capture_output=True, text=True)
        self.assertEqual((verify.returncode, verify.stdout), (0, "equal\n"), verify.stderr)
        path.unlink()

    def ends_before(self, writer, moment):
        """Kill the writer at `moment`, unless it has ended by then."""
        try:
            code = writer.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
            code = writer.wait()
        self.assertIn(code, (0, -signal.SIGKILL))
        return code == 0

    def test_kills(self):
        undisturbed = self.directory / "undisturbed.h5"
        start = time.monotonic()
        self.assertEqual(self.start_writer(undisturbed).wait(), 0)
        duration = time.monotonic() - start
        self.assertEqual(self.check(undisturbed), 4 * RUNS)
        seed = time.time_ns()
        print("seed", seed)
        generator = random.Random(seed)
        moments = [generator.uniform(0, duration) for _ in range(KILLS)]
        seen = []
        while moments:
            path = self.directory / f"killed{len(seen)}.h5"
            seen += self.kill_until_complete(path, moments)
            self.complete(path, undisturbed)
        self.assertGreaterEqual(len(seen), KILLS)
        for _ in range(TRIES):  # of which the first has hit nearly always
            path = self.directory / "half.h5"
            found = self.kill_half_written(path)
            self.complete(path, undisturbed)
            if is_half_written(found):
                return
        self.fail(f"no kill of {TRIES} hit a half-written file")


if __name__ == "__main__":
    unittest.main()
