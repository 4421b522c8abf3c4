"""tests/check_includes tells good include lines from bad ones."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "check_includes"


class CheckIncludesTest(unittest.TestCase):
    def check(self, file, line):
        with tempfile.TemporaryDirectory() as root:
            path = Path(root, "src", file)
            path.parent.mkdir(parents=True)
            path.write_text(f"/* a comment */\n{line}\n")
            return subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)

    def test_allowed(self):
        for file, line in [("base/log.c", "#include <stdio.h>"),
                           ("engine/conv.c", '#include "engine/layer.h"'),
                           ("sweep/worker.c", '#include "engine/engine.h"'),
                           ("sweep/transport_mpi.c", "#include <mpi.h>"),
                           ("io/job.c", '#include "sweep/grid.h"'),
                           ("cli/run.c", '#include "io/results.h"'),
                           ("main.c", '#include "cli/cli.h"')]:
            with self.subTest(file=file, line=line):
                self.assertEqual(self.check(file, line).returncode, 0)

    def test_breaches(self):
        for file, line in [("base/log.c", '#include "engine/engine.h"'),
                           ("engine/conv.c", '#include "sweep/grid.h"'),
                           ("engine/conv.c", "#include <mpi.h>"),
                           ("sweep/worker.c", '#include "engine/layer.h"'),
                           ("sweep/worker.c", '#include "io/job.h"'),
                           ("sweep/worker.c", "#  include <mpi.h>"),
                           ("io/job.c", '#include "sweep/coordinator.h"'),
                           ("io/job.c", "#include <yaml.h>"),
                           ("cli/run.c", '#include "io/results_internal.h"'),
                           ("cli/run.c", "#include <hdf5.h>"),
                           ("main.c", '#include "engine/engine.h"'),
                           ("engine/gemm.c", "#include <unknown_library.h>")]:
            with self.subTest(file=file, line=line):
                result = self.check(file, line)
                self.assertEqual(result.returncode, 1)
                self.assertIn(f"{file}:2: may not include", result.stdout)

    def test_an_empty_tree_is_an_error(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertNotEqual(subprocess.run([sys.executable, SCRIPT, root], capture_output=True).returncode, 0)


if __name__ == "__main__":
    unittest.main()
