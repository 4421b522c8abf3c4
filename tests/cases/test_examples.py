"""The jobs of jobs/examples, which `mpisweep new` prints: each is planned and run on the data that make_data makes."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

MPISWEEP = os.environ["MPISWEEP"]
EXAMPLES = Path(__file__).resolve().parents[2] / "jobs" / "examples"

# kind: (cells of the job, options that leave few of them, what is recorded, "above" or "below", a value far from chance)
KINDS = {
    "csv": (36, ["--only", "run=0"], "validation_accuracy", "above", 80),
    "npy": (18, ["--only", "run=0"], "test_accuracy", "above", 80),
    "hdf5": (12, ["--only", "run=0"], "test_accuracy", "above", 80),
    "mnist": (27, ["--only", "run=0"], "test_accuracy", "above", 50),
    "cifar10": (12, ["--only", "run=0", "--only", "lr=0.01", "--only", "dropout=0"], "test_accuracy", "above", 40),
    "depthwise": (12, ["--only", "run=0", "--only", "lr=0.1", "--only", "normalisation=batch"], "test_accuracy", "above", 40),
    "resnet8": (12, ["--only", "run=0", "--only", "lr=0.001", "--only", "decay=0"], "test_accuracy", "above", 50),
    "resnet20": (2, ["--only", "lr=0.001"], "test_accuracy", "above", 20),
    "regression": (18, ["--only", "run=0"], "validation_loss", "below", 0.25),  # of the variance of the targets
}


def files(directory):
    return {path.relative_to(directory): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


class ExamplesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.make_data("data")

    @classmethod
    def make_data(cls, *arguments):
        subprocess.run([sys.executable, "-B", EXAMPLES / "make_data", *arguments], cwd=cls.root, check=True, capture_output=True)

    def run_program(self, *arguments):
        process = subprocess.run([MPISWEEP, *map(str, arguments)], cwd=self.root, capture_output=True, text=True,
                                 check=False, env={k: v for k, v in os.environ.items() if k != "MPISWEEP_DATA"})
        self.assertEqual(process.returncode, 0, process.stderr)
        return process.stdout

    def print_job(self, kind):
        """As a new user does: the file is in the directory that has data/."""
        text = self.run_program("new", kind)
        (self.root / f"{kind}.yaml").write_text(text)
        return text

    def test_new_prints_the_files_of_the_folder(self):
        self.assertEqual(set(KINDS), {path.stem for path in EXAMPLES.glob("*.yaml")})
        listed = [line.split()[0] for line in self.run_program("new").partition("\n\n")[0].splitlines()]
        self.assertEqual(set(listed), set(KINDS))
        for kind in KINDS:
            self.assertEqual(self.print_job(kind), (EXAMPLES / f"{kind}.yaml").read_text())

    def test_make_data_makes_the_same_bytes_every_time(self):
        self.make_data("again")
        first, again = files(self.root / "data"), files(self.root / "again")
        self.assertEqual(list(first), list(again))
        for name, content in first.items():
            self.assertTrue(content == again[name], f"{name} differs")

    def test_make_data_replaces_nobodys_data(self):
        real = self.root / "real" / "mnist"
        real.mkdir(parents=True)
        (real / "train-images-idx3-ubyte").write_text("not to be lost")
        self.make_data("real")
        self.assertEqual([path.name for path in real.iterdir()], ["train-images-idx3-ubyte"])

    def test_lines_fit(self):
        for path in EXAMPLES.glob("*.yaml"):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                self.assertLessEqual(len(line), 110, f"{path.name}:{number}")

    def target_variance(self):
        rows = np.genfromtxt(self.root / "data" / "beams.csv", delimiter=",", names=True)
        return np.var(rows["strength"])

    def test_every_job_is_planned_and_learns(self):
        for kind, (cells, only, recorded, side, bound) in KINDS.items():
            with self.subTest(kind):
                self.print_job(kind)
                self.assertRegex(self.run_program("plan", f"{kind}.yaml"), rf"\ncells  +{cells}\n")
                self.run_program("run", f"{kind}.yaml", "-o", f"{kind}.h5", "--quiet", *only)
                with h5py.File(self.root / f"{kind}.h5") as file:
                    values = file[recorded][...]
                if side == "above":
                    self.assertGreater(np.nanmax(values), bound)
                else:
                    self.assertLess(np.nanmin(values), bound * self.target_variance())


if __name__ == "__main__":
    unittest.main()
