"""Programs that read a results file while a sweep writes it: they see only whole cells, and the sweep does not notice
them."""
import json
import shutil
import unittest

from launch import TINY, RunTest, finish
from results_file import arrays, check_done_cells, check_opens

JOB = [TINY, "--set", "train.epochs=6"]


class LiveReaders(RunTest):
    def setUp(self):
        super().setUp()
        self.whole, self.file, self.copy = map(self.results, ("whole.h5", "live.h5", "copy.h5"))
        self.check(0, "run", *JOB, "-o", self.whole)
        self.expected = arrays(self.whole)

    def read(self):
        """The cells seen, by every means that readers have. Counts never decrease."""
        first = check_done_cells(self.file, self.expected)
        out, _ = self.check(0, "status", self.file, "--json")
        second = json.loads(out)["done"]
        shutil.copyfile(self.file, self.copy)
        third = check_done_cells(self.copy, self.expected)
        self.assertTrue(first <= second <= third, (first, second, third))
        return third

    def test_readers_beside_a_run(self):
        process = self.start("run", *JOB, "-o", self.file, ranks=2)
        seen = []
        while process.poll() is None:
            if self.file.exists():
                seen.append(self.read())
        code, _, err = finish(process)
        self.assertEqual(code, 0, err)
        self.assertGreater(len(seen), 0)
        self.assertEqual(seen, sorted(seen))
        self.assertEqual(self.read(), 24)
        check_opens(self.file)
        self.assert_equal(self.whole, self.file)
        print(len(seen), "readings while the session was running, of", sorted(set(seen)), "cells")


if __name__ == "__main__":
    unittest.main()
