"""`mpisweep bench --kernels`: every kernel of the table is there, whatever its times are."""
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

HEADER = Path(__file__).resolve().parents[2] / "src/engine/kernels/kernels.h"
CHANNELS = [1, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100]
NO_KERNEL = {"burn"}  # measures the core


def kernels_of_the_table():
    table = re.search(r"typedef struct kernel_set \{(.*?)\} kernel_set;", HEADER.read_text(), re.DOTALL)[1]
    return set(re.findall(r"\(\*(\w+)\)\(", table)) - NO_KERNEL


class BenchKernelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.run([os.environ["MPISWEEP"], "bench", "--kernels", "--steps", "1", "--json"],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        cls.table = json.loads(cls.process.stdout)

    def test_every_kernel_has_a_row(self):
        self.assertIn("product", kernels_of_the_table())
        self.assertEqual({row["kernel"] for row in self.table["rows"]}, kernels_of_the_table(),
                         "src/engine/kernel_work.c has the rows, src/engine/kernels/kernels.h the kernels")

    def test_rows_have_different_names(self):
        names = [(row["kernel"], row["shape"]) for row in self.table["rows"]]
        self.assertEqual(len(names), len(set(names)))

    def test_counts_of_channels_rise_and_are_those_of_the_list(self):
        for row in self.table["rows"]:
            with self.subTest(row["kernel"], shape=row["shape"]):
                channels = [time["channels"] for time in row["times"]]
                if channels != [None]:
                    self.assertEqual(channels, [c for c in CHANNELS if c in channels])
                    self.assertGreater(len(channels), 2)

    def test_times_are_positive_and_relative_to_the_least(self):
        for row in self.table["rows"]:
            with self.subTest(row["kernel"], shape=row["shape"]):
                least = min(time["ns_per_value"] for time in row["times"])
                self.assertGreater(least, 0)
                for time in row["times"]:
                    self.assertAlmostEqual(time["relative"], time["ns_per_value"] / least, delta=1e-3 * time["relative"])
                    self.assertGreater(time["roof_percent"], 0)

    def test_the_exit_status_is_that_of_the_marks(self):
        slow = sum(time["slow"] for row in self.table["rows"] for time in row["times"])
        self.assertEqual(self.table["slow"], slow)
        self.assertEqual(self.process.returncode, 1 if slow else 0, self.process.stderr)
        self.assertEqual(self.process.stderr != "", slow > 0)


if __name__ == "__main__":
    unittest.main()
