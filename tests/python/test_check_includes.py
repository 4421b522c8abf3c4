"""tests/check_includes distinguishes good include lines from bad ones."""
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
            path.with_name("README.md").touch()
            return subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)

    def test_allowed(self):
        for file, line in [("base/log.c", "#include <stdio.h>"),
                           ("engine/conv.c", '#include "engine/layer.h"'),
                           ("sweep/worker.c", '#include "engine/engine.h"'),
                           ("sweep/mpi_world.c", "#include <mpi.h>"),
                           ("io/results/check.c", '#include "io/job/job.h"'),
                           ("io/results/open.c", '#include "io/results/writer.h"'),
                           ("io/job/job.c", '#include "grid/grid.h"'),
                           ("cli/run.c", '#include "io/results/results.h"'),
                           ("main.c", '#include "cli/cli.h"')]:
            with self.subTest(file=file, line=line):
                self.assertEqual(self.check(file, line).returncode, 0)

    def test_breaches(self):
        for file, line in [("base/log.c", '#include "engine/engine.h"'),
                           ("engine/conv.c", '#include "grid/grid.h"'),
                           ("engine/conv.c", "#include <mpi.h>"),
                           ("sweep/worker.c", '#include "engine/layer.h"'),
                           ("sweep/worker.c", '#include "io/job/job.h"'),
                           ("sweep/worker.c", "#  include <mpi.h>"),
                           ("io/job/job.c", '#include "sweep/coordinator.h"'),
                           ("io/job/job.c", "#include <yaml.h>"),
                           ("io/job/job.c", '#include "io/results/results.h"'),
                           ("io/data/csv.c", '#include "io/job/job.h"'),
                           ("io/option/option.c", '#include "io/data/data_spec.h"'),
                           ("engine/data/batch.c", '#include "engine/record/recorder.h"'),
                           ("cli/run.c", '#include "io/results/writer.h"'),
                           ("cli/run.c", "#include <hdf5.h>"),
                           ("main.c", '#include "engine/engine.h"'),
                           ("engine/gemm.c", "#include <unknown_library.h>")]:
            with self.subTest(file=file, line=line):
                result = self.check(file, line)
                self.assertEqual(result.returncode, 1)
                self.assertIn(f"{file}:2: may not include", result.stdout)

    def check_tree(self, files, build=False):
        """files: path below src/ -> text"""
        with tempfile.TemporaryDirectory() as root:
            for file, text in files.items():
                path = Path(root, "src", file)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                path.with_name("README.md").touch()
                if build and file.endswith(".c"):
                    folder, _, name = file.partition("/")
                    target = Path(root, "build/src", folder, "CMakeFiles", f"{folder}.dir", f"{name}.o")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    subprocess.run(["cc", "-c", path, "-o", target], check=True)
            arguments = [root, Path(root, "build")] if build else [root]
            return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)

    def test_folders_without_a_description(self):
        with tempfile.TemporaryDirectory() as root:
            Path(root, "src/base").mkdir(parents=True)
            Path(root, "src/base/log.c").touch()
            result = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("src/base: has no README.md", result.stdout)

    def test_circles_of_includes(self):
        result = self.check_tree({"base/a.h": '#include "base/b.h"\n', "base/b.h": '#include "base/c.h"\n',
                                  "base/c.h": '#include "base/a.h"\n', "base/a.c": '#include "base/a.h"\n'})
        self.assertEqual(result.returncode, 1)
        self.assertIn("includes go in a circle: base/a.h → base/b.h → base/c.h → base/a.h", result.stdout)

    def test_circles_of_calls(self):
        calls = {"grid/a.c": "void b(void); void a(void) { b(); }", "grid/b.c": "void c(void); void b(void) { c(); }"}
        straight = self.check_tree({**calls, "grid/c.c": "void c(void) { }"}, build=True)
        self.assertEqual(straight.returncode, 0, straight.stdout)
        circle = self.check_tree({**calls, "grid/c.c": "void a(void); void c(void) { a(); }"}, build=True)
        self.assertEqual(circle.returncode, 1)
        self.assertIn("calls go in a circle: grid/a.c → grid/b.c → grid/c.c → grid/a.c", circle.stdout)

    def test_an_empty_tree_is_an_error(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertNotEqual(subprocess.run([sys.executable, SCRIPT, root], capture_output=True).returncode, 0)


if __name__ == "__main__":
    unittest.main()
