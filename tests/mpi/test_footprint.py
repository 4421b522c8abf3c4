"""A rank keeps nothing of the cells that it has trained. Memory and descriptors halfway and later; valgrind.

MPISWEEP_TEST_CELLS says how many cells (default: 5,000). Not for sanitizers: AddressSanitizer keeps what was freed, LeakSanitizer opens files.
"""
import os
import shutil
import time
import unittest
from pathlib import Path

from launch import FLAGS, MPIEXEC, MPISWEEP, RunTest, finish, ranks_of

JOB = Path(__file__).resolve().parents[1] / "jobs" / "footprint.yaml"
SUPPRESSIONS = Path(__file__).resolve().parents[1] / "valgrind.supp"
CELLS = int(os.environ.get("MPISWEEP_TEST_CELLS", "5000"))
# kB between halfway and the end: a kilobyte for each cell would be more. Open MPI 5 takes up to one megabyte at some
# moment, once, however many cells there are.
MOST_GROWTH = 2048


def footprint(pid):
    """(resident kB, open descriptors), or None when the process has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]), len(os.listdir(f"/proc/{pid}/fd"))
    except (OSError, IndexError):
        return None


class FootprintTest(RunTest):
    def watch(self, process, results):
        """{rank's process: its footprints in order}, from the moment that the results file exists"""
        seen = {}
        while process.poll() is None:
            for pid in ranks_of(process) if results.exists() else []:
                sample = footprint(pid)
                if sample is not None:
                    seen.setdefault(pid, []).append(sample)
            time.sleep(0.01)
        return seen

    def test_nothing_grows_from_cell_to_cell(self):
        process = self.start("run", JOB, "--set", f"sweep.run={CELLS}", "-o", self.results("r.h5"), ranks=2)
        seen = self.watch(process, self.results("r.h5"))
        code, out, err = finish(process)
        self.assertEqual(code, 0, err)
        self.assertIn(f"{CELLS} done", out)
        self.assertEqual(len(seen), 2)
        for samples in seen.values():
            self.assertGreater(len(samples), 3)
            memory, descriptors = zip(*samples[len(samples) // 2:])
            print(f"{len(samples)} samples: {memory[0]} kB and {descriptors[0]} descriptors at half-time, "
                  f"then at most {max(memory)} kB and {max(descriptors)}")
            self.assertLessEqual(max(descriptors), descriptors[0])
            self.assertLess(max(memory) - memory[0], MOST_GROWTH)

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_memcheck_finds_nothing(self):
        self.environment["MPISWEEP_KERNELS"] = "portable"  # valgrind 3.19 knows no AVX-512
        code, _, err = finish(self.start_command([
            MPIEXEC, "-n", "2", *FLAGS, "valgrind", "--quiet", "--num-callers=40", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=99",
            f"--suppressions={SUPPRESSIONS}", MPISWEEP, "run", str(JOB), "--set", "sweep.run=20", "-o",
            str(self.results("r.h5"))]))
        self.assertEqual(code, 0, err)


if __name__ == "__main__":
    unittest.main()
