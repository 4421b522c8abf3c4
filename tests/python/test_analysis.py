"""Heat map and comparison with a published table, on a small results file made here."""
import csv
import math
import unittest

import h5py
import numpy as np
from analysis_case import AnalysisTest, colors_of, write_results
from matplotlib.image import imread

from mpisweep.equivalence import student_t_upper_tail

LR = [1e-2, 5e-3, 1e-4]
LAMBDA = [0, 1e-4]
MEANS = np.array([[70.0, 69.0], [60.0, 61.0], [30.0, 31.0]])  # (lr, lambda)
RUNS = 6


def accuracies(shift=0.0, spread=0.1):
    """(run, lr, lambda), with exactly MEANS + shift as means"""
    offsets = spread * (np.arange(RUNS) - (RUNS - 1) / 2)
    return MEANS + shift + offsets[:, None, None]


def write_accuracies(path, values, status=None):
    write_results(path, {"run": np.arange(RUNS), "lr": LR, "lambda": LAMBDA}, {"test_accuracy": values}, status)


def write_reference(path, values):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "lr", "lambda", "test_accuracy_percent"])
        for run, i, j in np.ndindex(values.shape):
            writer.writerow([run, f"{LR[i]:.3e}", LAMBDA[j], values[run, i, j]])


class HeatmapTest(AnalysisTest):
    def draw(self, *arguments, **expected):
        return self.run_script("heatmap.py", self.results, *arguments, **expected)

    def test_png_shows_every_cell_and_table_has_the_means(self):
        write_accuracies(self.results, accuracies())
        table = self.draw("-o", self.directory / "figure.png")
        rows = [line.split() for line in table.splitlines()]
        self.assertEqual(rows[0], "Test accuracy (%), 36 of 36 cells done".split())
        self.assertEqual(rows[1], ["lr", "\\", "lambda", "0", "0.0001"])
        self.assertEqual(rows[2:5], [["0.01", "70.00", "69.00"], ["0.005", "60.00", "61.00"], ["0.0001", "30.00", "31.00"]])
        self.assertEqual(rows[5:], [["wrote", str(self.directory / "figure.png")]])
        colors, counts = colors_of(imread(self.directory / "figure.png"))
        coloured = np.ptp(colors, axis=1) > 30  # neither paper nor ink
        large = counts > 0.02 * counts.sum()
        self.assertEqual(np.count_nonzero(coloured & large), MEANS.size, "one area of its own colour per cell")

    def test_svg_carries_labels_and_values(self):
        write_accuracies(self.results, accuracies())
        self.draw("-o", self.directory / "figure.svg", "--title", "Own title")
        svg = (self.directory / "figure.svg").read_text()
        for text in ["Learning rate η", "Entropy weight λ", "Test accuracy (%)", "Own title", "70.00", "0.005"]:
            self.assertIn(f"<!-- {text} -->", svg)

    def test_only_done_cells_count(self):
        values, status = accuracies(), np.ones((RUNS, 3, 2), np.int8)
        status[0, 0, 0], values[0, 0, 0] = 3, 0.0
        status[:, 2, 1] = 0
        write_accuracies(self.results, values, status)
        rows = [line.split() for line in self.draw("-o", self.directory / "figure.png").splitlines()]
        self.assertEqual(rows[2][1], f"{accuracies()[1:, 0, 0].mean():.2f}")
        self.assertEqual(rows[4][2], "–")

    def test_nothing_done_yet(self):
        write_accuracies(self.results, accuracies(), np.zeros((RUNS, 3, 2), np.int8))
        self.assertIn("0 of 36 cells done", self.draw("-o", self.directory / "figure.png"))

    def test_refusals(self):
        write_results(self.results, {"run": np.arange(RUNS), "lr": LR}, {"test_accuracy": accuracies()[:, :, 0]})
        figure = ["-o", self.directory / "figure.png"]
        self.assertIn("test_accuracy: a heat map needs two axes other than run; it has 1: lr", self.draw(*figure, status=2))
        self.assertIn("no variable 'loss' with one value per cell; there are: test_accuracy",
                      self.draw(*figure, "--variable", "loss", status=2))
        self.assertIn(".png, .svg", self.draw("-o", "figure.gif", status=2))
        self.results.write_bytes(b"rubbish")
        self.assertIn("cannot be read as an HDF5 file", self.draw(*figure, status=3))
        with h5py.File(self.results, "w"):
            pass
        self.assertIn("not a results file of mpisweep", self.draw(*figure, status=3))
        self.assertFalse((self.directory / "figure.png").exists())


class CompareReferenceTest(AnalysisTest):
    def compare(self, ours, *arguments, reference=None, **expected):
        table = self.directory / "reference.csv"
        write_accuracies(self.results, ours)
        write_reference(table, accuracies() if reference is None else reference)
        return self.run_script("compare_reference.py", self.results, table, *arguments, **expected)

    def test_equal_tables_are_equivalent(self):
        self.assertEqual(self.compare(accuracies()).count("equivalent"), len(LR) + MEANS.size)

    def test_shift_beyond_the_margin_is_different(self):
        self.assertEqual(self.compare(accuracies(shift=-5), status=1).count("different"), len(LR) + MEANS.size)

    def test_one_bad_group_decides(self):
        ours = accuracies()
        ours[:, 2] += 2.0
        self.compare(ours, status=1)
        self.compare(ours, "--margin-at", "lr=1e-4:2.5")
        self.compare(ours, "--margin", "2.5")

    def test_few_noisy_runs_are_undecided(self):
        self.assertIn("undecided", self.compare(accuracies(spread=5), reference=accuracies(spread=5), status=1))

    def test_a_group_without_data_is_not_equivalent(self):
        ours = accuracies()
        status = np.ones(ours.shape, np.int8)
        status[:, 1] = 0
        write_accuracies(self.results, ours, status)
        write_reference(self.directory / "reference.csv", accuracies())
        self.assertIn("no data", self.run_script("compare_reference.py", self.results, self.directory / "reference.csv", status=1))

    def test_numbers_of_a_group(self):
        rows = [line.split() for line in self.compare(accuracies(shift=0.5)).splitlines()]
        ours, reference = accuracies(shift=0.5)[:, 0].ravel(), accuracies()[:, 0].ravel()
        error = math.sqrt(ours.var(ddof=1) / ours.size + reference.var(ddof=1) / reference.size)
        self.assertEqual(rows[3], ["0.01", "12", "70.00", f"{ours.std(ddof=1):.2f}", "12", "69.50",
                                   f"{reference.std(ddof=1):.2f}", "+0.50", f"{error:.2f}", "1.5", "equivalent"])

    def test_markdown(self):
        table = self.compare(accuracies(), "--markdown")
        self.assertIn("| lr | n | ours |", table)
        self.assertIn("| ---: | ---: |", table)

    def test_student_t_against_published_quantiles(self):
        for degrees, quantile in [(1, 6.313752), (2, 2.919986), (10, 1.812461), (498, 1.647919)]:
            self.assertAlmostEqual(student_t_upper_tail(quantile, degrees), 0.05, places=6)
        self.assertAlmostEqual(student_t_upper_tail(-6.313752, 1), 0.95, places=6)

    def test_refusals(self):
        self.assertIn("no axis 'mu'", self.compare(accuracies(), "--by", "mu", status=2))
        self.assertIn("--margin", self.compare(accuracies(), "--margin", "-1", status=2))
        self.assertIn("--margin-at", self.compare(accuracies(), "--margin-at", "lr:2", status=2))
        table = self.directory / "bad.csv"
        table.write_text("run,lr,lambda,accuracy\n0,0.01,0,abc\n")
        self.assertIn("bad.csv:2: could not convert", self.run_script("compare_reference.py", self.results, table, status=2))
        table.write_text("run,lr,accuracy\n0,0.01,70\n")
        self.assertIn("needs the columns lr, lambda", self.run_script("compare_reference.py", self.results, table, status=2))
        table.write_text("run,lr,lambda,accuracy\n0,7,0,70\n")
        self.assertIn("no cell in common", self.run_script("compare_reference.py", self.results, table, status=2))


if __name__ == "__main__":
    unittest.main()
