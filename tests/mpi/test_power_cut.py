"""Power cuts and kills at random points of a recorded session.

Everything that a program did to the disk is recorded and replayed up to a cut. After a power cut each page of 4 KiB and
the size of a file have any of the versions since its last sync, and names that were not synced may be the old ones.
Whatever is found, the results file opens or does not exist yet, what is marked done is right, nothing durable is lost,
and the same command completes it.

MPISWEEP_TEST_CUTS=1000 is the long form; MPISWEEP_TEST_SEED repeats its choices."""
import os
import random
import time
import unittest

import h5py
import numpy as np

import disk
from launch import MPISWEEP, TINY, RunTest, finish
from results_file import arrays, check_done_cells, states

STORE_CELLS = os.environ["STORE_CELLS"]
CUTS = int(os.environ.get("MPISWEEP_TEST_CUTS", "40"))
SEED = int(os.environ.get("MPISWEEP_TEST_SEED", str(time.time_ns())))
RUNS = 20  # 80 cells of store_cells
CLOCK = 200  # a sync every 5 ms


def sweep(path, job=TINY):
    return [MPISWEEP, "run", "--quiet", job, "-o", path]


def store_cells(path):
    """Writes cells made by hand."""
    return [STORE_CELLS, path, RUNS]


class PowerCut(RunTest):
    """command: makes or completes the results file at a path"""

    def setUp(self):
        super().setUp()
        print("seed", SEED, flush=True)
        self.random = random.Random(SEED)
        self.whole, self.file, self.trace = map(self.results, ("whole.h5", "file.h5", "trace"))

    def call(self, command, **variables):
        process = self.start_command([*map(str, command)], variables)
        code, _, err = finish(process)
        self.assertEqual(code, 0, err)

    def record(self, command, before=None):
        """The undisturbed file, then the events and the disk of a second such execution. `before` makes what it
        finds."""
        files = {}
        if before is not None:
            self.call(before)
            files[self.file.name] = (self.file.stat().st_ino, self.file.read_bytes())
        self.call(command(self.whole))
        self.call(command(self.file), **disk.environment(self.file, trace=self.trace, clock=CLOCK))
        self.events, self.disk = disk.read_trace(self.trace), disk.Disk(self.directory, files)
        self.expected = arrays(self.whole)

    def put(self, files):
        for path in self.directory.glob("file.h5*"):
            path.unlink()
        for name, content in files.items():
            self.results(name).write_bytes(content)

    def durable_cells(self, events):
        """When each cell that is durable was stored; None: the file need not exist."""
        files = self.disk.durable(events)
        if self.file.name not in files:
            return None
        self.put(files)
        with h5py.File(self.file) as file:
            stored = file["provenance/checksum"][...] != 0
            return np.where(stored, file["provenance/finished"][...], np.nan)

    def check_cut(self, events, files, resume=None):
        durable = self.durable_cells(events)
        self.put(files)
        if self.file.exists():
            check_done_cells(self.file, self.expected)
        else:
            self.assertIsNone(durable, "the file is lost")
        if resume is None:
            return
        self.call(resume(self.file))
        self.assert_equal(self.whole, self.file)
        if durable is not None:
            with h5py.File(self.file) as file:
                kept = ~np.isnan(durable)
                np.testing.assert_array_equal(file["provenance/finished"][...][kept], durable[kept], "a durable cell is lost")

    def cuts(self, events, count):
        """Events up to a cut, and what is found; every fourth cut is only a kill."""
        for i in range(count):
            before = events[:self.random.randrange(len(events))]
            yield before, self.disk.after_power_cut(before, self.random.random()) if i % 4 else self.disk.after_kill(before)

    def assert_survives(self, resume, count, every):
        for i, (before, files) in enumerate(self.cuts(self.events, count)):
            with self.subTest(cut=len(before), of=len(self.events)):
                self.check_cut(before, files, resume if i % every == 0 else None)

    def is_status(self, event):
        """A write to /status, whose place in the file is known."""
        with h5py.File(self.whole) as file:
            begin = file["status"].id.get_offset()
        return event.call == "write" and begin <= event.place < begin + self.expected["status"].size


class Writer(PowerCut):
    def setUp(self):
        super().setUp()
        self.record(store_cells)

    def test_cuts(self):
        self.assert_survives(store_cells, CUTS, every=4)

    def assert_noticed(self, events):
        """The checker finds that a protocol is broken."""
        with self.assertRaises((AssertionError, OSError)):
            for before, files in self.cuts(events, 100):
                self.check_cut(before, files)

    def test_syncs_that_do_nothing_are_noticed(self):
        self.assert_noticed([e for e in self.events if not e.call.startswith("sync") or e.inode == self.disk.inode])

    def test_statuses_before_values_are_noticed(self):
        statuses = [e for e in self.events if self.is_status(e)]
        self.assertGreaterEqual(sum(len(e.data) for e in statuses), 4 * RUNS)
        first = next(i for i, e in enumerate(self.events) if e.call == "rename") + 1
        others = [e for e in self.events if e not in statuses]
        self.assert_noticed([*others[:first], *statuses, *others[first:]])


class Sweep(PowerCut):
    def test_cuts(self):
        self.record(sweep)
        self.assertGreater(sum(e.call == "sync begins" for e in self.events), 5)
        self.assert_survives(sweep, CUTS // 2, every=10)


class Growth(PowerCut):
    def test_cuts(self):
        small = self.directory / "small.yaml"
        small.write_text(TINY.read_text().replace("run: 4", "run: 2").replace("1e-2, 1e-3", "1e-2"))
        self.record(sweep, before=sweep(self.file, small))
        for i, (before, files) in enumerate(self.cuts(self.events, CUTS // 2)):
            with self.subTest(cut=len(before), of=len(self.events)):
                self.put(files)
                if states(self.file).size == 8:
                    self.assertEqual(self.file.read_bytes(), self.disk.files[self.file.name][1])
                else:
                    self.assertGreaterEqual(check_done_cells(self.file, self.expected), 8)
                if i % 10 == 0:
                    self.call(sweep(self.file))
                    self.assert_equal(self.whole, self.file)


if __name__ == "__main__":
    unittest.main()
