"""libmpisweep_engine as a stranger's project uses it: installed, and found by pkg-config and by CMake."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

BUILD, COMPILER = os.environ["BUILD"], os.environ["CC"]
PROJECT = """\
cmake_minimum_required(VERSION 3.25)
project(stranger LANGUAGES C)
find_package(mpisweep_engine 1.0 REQUIRED)
add_executable(train_points train_points.c)
target_link_libraries(train_points PRIVATE mpisweep::engine)
"""


def run(*command, **keywords):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **keywords).stdout


class EnginePackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.root)
        run("cmake", "--install", BUILD, "--prefix", cls.root / "first")
        (cls.root / "first").rename(cls.root / "moved")  # nothing in it may say where it was
        cls.prefix = cls.root / "moved"
        cls.archive = next(cls.prefix.glob("lib/**/libmpisweep_engine.a"))
        cls.project = cls.root / "project"
        cls.project.mkdir()
        shutil.copy(next(cls.prefix.glob("share/doc/**/train_points.c")), cls.project)
        (cls.project / "CMakeLists.txt").write_text(PROJECT)

    def check_program(self, program):
        accuracy = re.search(r"82 parameters, 1890 steps, test accuracy ([\d.]+) %", run(program))
        self.assertGreater(float(accuracy[1]), 90)
        needed = run("ldd", program)
        self.assertNotRegex(needed, r"mpi|hdf5|yaml|csv")

    def pkg_config(self, *arguments):
        return run("pkg-config", *arguments, "mpisweep_engine",
                   env={**os.environ, "PKG_CONFIG_PATH": str(self.archive.parent / "pkgconfig")}).split()

    def test_pkg_config(self):
        self.assertRegex(self.pkg_config("--modversion")[0], r"^1\.0\.0")
        flags = self.pkg_config("--cflags", "--libs", "--static")
        run(COMPILER, "-Wall", "-Wextra", "-Werror", "train_points.c", *flags, "-o", "by_hand", cwd=self.project)
        self.check_program(self.project / "by_hand")

    def test_cmake(self):
        run("cmake", "-S", self.project, "-B", self.project / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={COMPILER}")
        run("cmake", "--build", self.project / "build")
        self.check_program(self.project / "build" / "train_points")

    def test_no_other_major_version_is_accepted(self):
        for version in ("2.0", "0.9"):
            other = self.root / version
            other.mkdir()
            (other / "CMakeLists.txt").write_text(PROJECT.replace("engine 1.0 REQUIRED", f"engine {version} REQUIRED"))
            process = subprocess.run(["cmake", "-S", other, "-B", other / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}"],
                                     capture_output=True, text=True, check=False)
            self.assertNotEqual(process.returncode, 0)
            self.assertIn("compatible with requested version", process.stderr)

    def test_the_archive_has_no_other_symbols(self):
        names = [line.split()[-1] for line in run("nm", "-g", "--defined-only", self.archive).splitlines() if " T " in line or " D " in line
                 or " R " in line or " B " in line]
        self.assertGreater(len(names), 15)
        self.assertEqual([name for name in names if not name.startswith("mpisweep_")], [])
        header = next(self.prefix.glob("include/mpisweep_engine.h")).read_text()
        self.assertEqual(set(names), set(re.findall(r"^[a-z][\w *]*?\b(mpisweep_\w+)\(", header, re.MULTILINE)))

    @unittest.skipUnless(shutil.which("g++"), "g++ is not installed")
    def test_the_header_is_also_for_c_plus_plus(self):
        run("g++", "-Wall", "-Wextra", "-Werror", "-std=c++11", "-fsyntax-only", "-x", "c++",
            next(self.prefix.glob("include/mpisweep_engine.h")))


if __name__ == "__main__":
    unittest.main()
