"""Disks that are full, broken or read-only: an error and exit status 3, never a crash, and a file that stays good.

MPISWEEP_TEST_FAULTS=30 is the long form (about that many times as many faults); MPISWEEP_TEST_SEED repeats its
choices."""
import errno
import os
import random
import resource
import shutil
import subprocess
import time
import unittest

import disk
from launch import TINY, RunTest, finish
from results_file import arrays, check_done_cells, check_opens

STORE_CELLS = os.environ["STORE_CELLS"]
FAULTS = int(os.environ.get("MPISWEEP_TEST_FAULTS", "1"))
SEED = int(os.environ.get("MPISWEEP_TEST_SEED", str(time.time_ns())))
RUNS = 5  # 20 cells of store_cells
CALLS = {"open": errno.EACCES, "fallocate": errno.ENOSPC, "ftruncate": errno.EIO, "pwrite": errno.ENOSPC, "fsync": errno.EIO,
         "fdatasync": errno.EIO, "rename": errno.EACCES}


class DiskTest(RunTest):
    """With store_cells, which writes cells made by hand."""

    def setUp(self):
        super().setUp()
        self.whole, self.file = self.results("whole.h5"), self.results("file.h5")

    def store(self, path, limit=None, **variables):
        """(exit code, standard error) of a program that makes or completes the file. limit: of a file's size"""
        restrict = None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        process = subprocess.Popen([STORE_CELLS, path, str(RUNS)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**self.environment, **variables}, preexec_fn=restrict)
        code, _, err = finish(process)
        return code, err

    def make_whole(self):
        trace = self.results("trace")
        code, err = self.store(self.whole, **disk.environment(self.whole, trace=trace))
        self.assertEqual(code, 0, err)
        self.expected = arrays(self.whole)
        return disk.read_trace(trace)

    def check_failure(self, code, err):
        """The program says what is wrong with which file, and leaves a good file, or none."""
        self.assertEqual(code, 3, err)
        self.assertIn(str(self.file), err)
        self.assertEqual(err.count("\n"), 1, err)
        if self.file.exists():
            check_opens(self.file)
            check_done_cells(self.file, self.expected)

    def check_goes_on(self):
        code, err = self.store(self.file)
        self.assertEqual(code, 0, err)
        self.assert_equal(self.whole, self.file)
        self.file.unlink()
        self.assertEqual([path.name for path in self.directory.glob("file.h5*")], [])


class Faults(DiskTest):
    def setUp(self):
        super().setUp()
        print("seed", SEED, flush=True)
        self.random = random.Random(SEED)
        self.make_whole()

    def check_fault(self, call, number):
        """False when the program ends with fewer calls."""
        reason = self.random.choice([CALLS[call], errno.EIO])
        with self.subTest(call=call, number=number, reason=errno.errorcode[reason]):
            code, err = self.store(self.file, **disk.environment(self.file, fault=f"{call}:{number}:{reason}"))
            if code != 0:
                self.check_failure(code, err)
            self.check_goes_on()
            return code != 0
        return True

    def test_calls_that_fail(self):
        met = 0
        for call in CALLS:
            number = 1
            while self.check_fault(call, number):
                number += self.random.randint(1, max(1, 2 * number // FAULTS))
                met += 1
            self.assertGreater(number, 1, f"no {call} was met")
        print(met, "faults met")

    def test_writes_that_are_short(self):
        for _ in range(FAULTS + 2):
            fault = f"pwrite:{self.random.randint(1, 300)}:short"
            code, err = self.store(self.file, **disk.environment(self.file, fault=fault))
            self.assertEqual(code, 0, err)
            self.check_goes_on()


class Limits(DiskTest):
    def setUp(self):
        super().setUp()
        self.make_whole()

    def test_limits_of_the_file_size(self):
        size = self.whole.stat().st_size
        for i in range(FAULTS + 2):
            limit = size * i // (FAULTS + 2)
            with self.subTest(limit=limit, size=size):
                self.check_failure(*self.store(self.file, limit=limit))
                self.assertFalse(self.file.exists())
                self.check_goes_on()

    def mount(self, size):
        """An empty file system of `size` bytes, at the directory of self.file."""
        place = self.directory / "small"
        place.mkdir()
        if shutil.which("mount") is None or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place],
                                                           capture_output=True).returncode != 0:
            self.skipTest("may not mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        self.file = place / "file.h5"
        return place

    def test_a_full_disk(self):
        place = self.mount(4 * self.whole.stat().st_size)
        ballast = place / "ballast"
        ballast.write_bytes(bytes(7 * self.whole.stat().st_size // 2))
        code, err = self.store(self.file)
        self.check_failure(code, err)
        self.assertIn("cannot reserve", err)
        self.assertIn("No space left on device", err)
        ballast.unlink()
        self.assertEqual(self.store(self.file)[0], 0)
        self.assert_equal(self.whole, self.file)

    def test_a_disk_that_fills_up_during_the_run(self):
        """All space was reserved at the start."""
        place = self.mount(4 * self.whole.stat().st_size)
        code, _ = self.store(self.file, **disk.environment(self.file, fault="fdatasync:1:kill"))
        self.assertEqual(code, -9)
        with self.assertRaises(OSError), open(place / "ballast", "wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
        self.assertEqual(self.store(self.file)[0], 0)
        self.assert_equal(self.whole, self.file)


class Sweeps(RunTest):
    """The same through mpisweep run."""

    def test_a_sync_that_fails(self):
        part, whole = self.results("part.h5"), self.results("whole.h5")
        command = ["run", TINY, "--quiet", "-o"]
        self.check(0, *command, whole)
        for ranks in None, 2:
            self.environment.update(disk.environment(part, fault=f"fdatasync:1:{errno.EIO}"))
            _, err = self.check(3, *command, part, ranks=ranks)
            self.assertIn("part.h5: cannot sync: Input/output error", err)
            del self.environment["DISK_FAULT"]
            check_done_cells(part, arrays(whole))
            self.check(0, *command, part, ranks=ranks)
            self.assert_equal(whole, part)
            part.unlink()

    def test_file_systems_without_locks(self):
        file = self.results("file.h5")
        for reason in errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS:
            self.environment.update(disk.environment(file, fault=f"flock:1:{reason}"))
            _, err = self.check(0, "run", TINY, "-o", file)
            self.assertIn("the file system has no locks", err)
            self.check(0, "status", file)
            file.unlink()


if __name__ == "__main__":
    unittest.main()
