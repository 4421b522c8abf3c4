"""What people ask of the scripts in analysis/: labels and numbers that are chosen, large grids, lost cells, odd files."""
import csv
import io
import unittest
from unittest import mock

import h5py
import numpy as np
from analysis_case import AnalysisTest, write_results
from matplotlib.image import imread

from mpisweep import names
from mpisweep.plot.labels import MAX_NAMED


def rows_of(table):
    return [line.split() for line in table.splitlines()]


class SelectionTest(AnalysisTest):
    LABELS = ["1.1", "1.10", "01", "1", "1e0", "none"]
    NUMBERS = [0.0031622776601683795, 0.00316499, 0.0100461579027838, 0.1, 1024.0, 0.30000000000000004]

    def write_axis(self, values):
        """A file whose test_accuracy is the position on the axis x."""
        write_results(self.results, {"run": [0, 1], "x": values}, {"test_accuracy": np.tile(np.arange(len(values)), (2, 1))})

    def chosen(self, *selections, status=0):
        """The positions that are selected, or the message."""
        arguments = [word for text in selections for word in ("--select", text)]
        output = self.run_script("ranking.py", self.results, "test_accuracy", "--csv", "--lowest", *arguments, status=status)
        return output if status else [int(float(row["test_accuracy"])) for row in csv.DictReader(io.StringIO(output))]

    def test_labels_are_texts(self):
        self.write_axis(self.LABELS)
        for place, label in enumerate(self.LABELS):
            self.assertEqual(self.chosen(f"x={label}"), [place], label)
        for label in ("1.100", "1.0", "+1", "None"):
            self.assertIn(f"axis x has no value {label}; it has: 1.1, 1.10, 01, 1", self.chosen(f"x={label}", status=2))

    def test_numbers_are_values_however_they_are_written(self):
        self.write_axis([0.01, 1.0, 100.0])
        for text, place in (("1e-2", 0), (".01", 0), ("0.0100", 0), ("1", 1), ("1.0", 1), ("+1", 1), ("1e2", 2), ("100", 2)):
            self.assertEqual(self.chosen(f"x={text}"), [place], text)
        for text in ("0x1", "nan", "inf", "1_0", " 1", "one"):
            self.assertIn("axis x has no value", self.chosen(f"x={text}", status=2), text)

    def test_the_shortest_name_selects(self):
        self.write_axis(self.NUMBERS)
        table = rows_of(self.run_script("ranking.py", self.results, "test_accuracy", "--lowest"))
        self.assertEqual([row[1] for row in table[1:]], ["0.003162", "0.00316499", "0.01", "0.1", "1024", "0.3"])
        for place, row in enumerate(table[1:]):
            self.assertEqual(self.chosen(f"x={row[1]}"), [place], row[1])
        message = self.chosen("x=0.00316", status=2)
        self.assertIn("2 values that round to 0.00316: 0.0031622776601683794, 0.00316499; write one with more", message)
        self.assertIn("no value 0.003;", self.chosen("x=0.003", status=2))
        in_full = list(csv.DictReader(io.StringIO(self.run_script("ranking.py", self.results, "test_accuracy", "--csv"))))
        self.assertEqual(sorted(float(row["x"]) for row in in_full), sorted(self.NUMBERS))

    def test_values_of_one_axis_add_up(self):
        self.write_axis(self.NUMBERS)
        for selections in (("x=0.1", "x=1024"), ("x=0.1,1024",), ("x=1024", "x=0.1", "x=0.10")):
            self.assertEqual(self.chosen(*selections), [3, 4])
        for text in ("x=", "x=1,", "x", "=1"):
            self.assertIn("accepted: AXIS=VALUE[,VALUE]", self.chosen(text, status=2))

    def test_a_message_lists_few_values(self):
        self.write_axis(np.arange(10000.0))
        self.assertLess(len(self.chosen("x=0.5", status=2)), 400)

    def test_the_reference_names_labels_by_their_text(self):
        write_results(self.results, {"run": range(3), "x": ["1.1", "1.10"]},
                      {"test_accuracy": np.array([[50.0, 80], [51, 81], [52, 82]])})
        table = self.directory / "reference.csv"
        table.write_text("\ufeffx,accuracy\n" + "".join(f"1.10,{value}\n1.1,{value - 30}\n" for value in (80, 81, 82)))
        rows = rows_of(self.run_script("compare_reference.py", self.results, table, "--margin", "5"))
        self.assertEqual([row[:3] for row in rows if row and row[0].startswith("1.")],
                         [["1.10", "3", "81.00"], ["1.1", "3", "51.00"]] * 2)
        self.assertIn("--margin-at x=1.100: axis x has no such value; it has: 1.1, 1.10", self.run_script(
            "compare_reference.py", self.results, table, "--margin-at", "x=1.100:5", status=2))


class LostCellsTest(AnalysisTest):
    def setUp(self):
        super().setUp()
        values = np.array([[1.0, 5, 3, 9, np.nan], [2, 6, np.nan, 9, np.nan], [3, 7, 3, 9, np.nan]])
        status = np.ones((3, 5), np.int8)
        status[:2, 0] = 2, 3  # of the best, one run is left
        status[:, 3] = 2  # all diverged
        status[0, 4], status[1:, 4] = 4, 0  # one timed out, two pending
        write_results(self.results, {"run": range(3), "x": [1.0, 2, 3, 4, 5]}, {"test_loss": values}, status)

    def test_they_are_counted_and_never_best(self):
        table = rows_of(self.run_script("ranking.py", self.results, "test_loss"))
        self.assertEqual(table[0], ["rank", "x", "runs", "lost", "test_loss", "sd"])
        self.assertEqual([row[:4] for row in table[1:]], [["1", "1", "1", "2"], ["2", "3", "2", "0"], ["3", "2", "3", "0"],
                                                          ["–", "4", "0", "3"], ["–", "5", "0", "1"]])
        for turned in ("--highest", "--lowest"):
            self.assertEqual([row[1] for row in rows_of(self.run_script("ranking.py", self.results, "test_loss", turned))[4:]],
                             ["4", "5"])
        self.assertEqual(self.run_script("ranking.py", self.results, "test_loss", "--only"), "--only x=1\n")
        self.assertIn("no selected cell is done", self.run_script("ranking.py", self.results, "test_loss", "--only", "--select",
                                                                  "x=4", status=2))

    def test_csv_has_empty_fields(self):
        text = self.run_script("ranking.py", self.results, "test_loss", "--csv")
        self.assertTrue(text.isascii(), text)
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual((rows[0]["sd"], rows[0]["lost"]), ("", "2"))
        self.assertEqual((rows[3]["rank"], rows[3]["test_loss"]), ("", ""))


class LargeGridTest(AnalysisTest):
    def setUp(self):
        super().setUp()
        self.png = self.directory / "figure.png"

    def write_grid(self, rows, columns):
        x, y = np.linspace(0, 1, rows), np.linspace(1, 2, columns)
        write_results(self.results, {"a": x, "b": y}, {"test_accuracy": 100 * np.outer(x, y)})

    def test_a_heat_map_has_numbers_and_a_full_table_while_they_can_be_read(self):
        for shape, is_full, has_numbers in (((20, 20), True, True), ((41, 2), False, True),
                                            ((1000, 100), False, False)):
            with self.subTest(shape):
                self.write_grid(*shape)
                svg = self.directory / "figure.svg"
                table = rows_of(self.run_script("heatmap.py", self.results, "-o", svg))
                self.assertEqual(table.pop(), ["wrote", str(svg)])
                self.assertEqual(len(table), 2 + shape[0] if is_full else 3 + 20)
                self.assertEqual("<!-- 100.00 -->" in svg.read_text() or "<!-- 200.00 -->" in svg.read_text(), has_numbers)
                self.assertLess(svg.read_text().count("<!-- "), 600)
                if not is_full:
                    self.assertEqual(table[3][:3], ["1", "1", "2"])

    def test_a_large_picture_stays_a_picture(self):
        self.write_grid(1000, 100)
        self.run_script("heatmap.py", self.results, "-o", self.png)
        self.assertLess(max(imread(self.png).shape), 3000)

    def test_bars_and_curves_refuse_what_nobody_sees(self):
        self.write_grid(1001, 1)
        self.assertIn("1001 bars are too many", self.run_script("bars.py", self.results, "test_accuracy", "-o", self.png, status=2))
        self.run_script("bars.py", self.results, "test_accuracy", "--style", "points", "-o", self.png)
        self.write_grid(50, 50)
        self.assertIn("50 combinations of axis values are too many",
                      self.run_script("bars.py", self.results, "test_accuracy", "-o", self.png, status=2))

    def test_labels_along_an_axis_are_thinned_out(self):
        write_results(self.results, {"a": [f"label_{i}" for i in range(500)]}, {"test_accuracy": np.arange(500.0)})
        svg = self.directory / "figure.svg"
        self.run_script("bars.py", self.results, "test_accuracy", "-o", svg)
        self.assertLessEqual(svg.read_text().count("<!-- label_"), MAX_NAMED)


class OddRequestsTest(AnalysisTest):
    def setUp(self):
        super().setUp()
        write_results(self.results, {"run": [0, 1], "lr": [0.1, 0.2]}, {
            "test_accuracy": np.ones((2, 2)), "train_loss_curve": (np.ones((2, 2, 5)), ["step"]),
            "test_probability": (np.ones((2, 2, 3)), ["test_sample"])})
        self.png = self.directory / "figure.png"

    def test_the_results_are_never_written_over(self):
        before = self.results.read_bytes()
        for name in ("results.html", "results.png"):
            file = self.directory / name
            file.write_bytes(before)
            for script, *arguments in (("report.py",), ("curves.py", "train_loss")):
                if script == "report.py" or name.endswith("png"):
                    self.assertIn("is the results file", self.run_script(script, file, *arguments, "-o", file, status=2))
            self.assertEqual(file.read_bytes(), before)
        html = self.directory / "results.html"
        self.assertIn("is the results file", self.run_script("report.py", html, status=2))

    def test_a_title_may_have_dollars(self):
        self.run_script("curves.py", self.results, "train_loss", "--title", "$5 and \\frac $ _{", "-o", self.png)
        self.assertGreater(self.png.stat().st_size, 1000)

    def test_numbers_out_of_range(self):
        for script, *arguments in (("ranking.py", "test_accuracy", "--digits", "18"), ("histogram.py", "--bins", "1000000000"),
                                   ("curves.py", "train_loss", "--smooth", "6"), ("ranking.py", "test_accuracy", "--top", "-1"),
                                   ("ranking.py", "test_accuracy", "--top", "1e3")):
            with self.subTest(script):
                option = next(word for word in arguments if word.startswith("--"))
                self.assertIn(option, self.run_script(script, self.results, *arguments, status=2))

    def test_outputs_that_cannot_be_written(self):
        missing = self.directory / "none" / "figure.png"
        for script, *arguments in (("curves.py", "train_loss"), ("report.py",)):
            self.assertIn(f"{missing}: No such file or directory",
                          self.run_script(script, self.results, *arguments, "-o", missing, status=3))

    def test_paths_and_tables_of_another_kind(self):
        tables = {"empty": b"", "nul": b"lr,acc\n\0,1\n", "latin": b"lr,acc\n\xe9,1\n", "short": b"lr,acc\n0.1\n",
                  "long": b"lr,acc\n0.1,1,2\n", "binary": self.results.read_bytes(), "word": b"lr,acc\n0.1,good\n"}
        for name, content in tables.items():
            path = self.directory / f"{name}.csv"
            path.write_bytes(content)
            for script, *arguments, status in (("compare_reference.py", path, 2), ("surface.py", "test_accuracy", "--path", path, 3)):
                if script == "surface.py" and name == "long":
                    continue  # rows that end with two numbers are a path
                with self.subTest(name, script=script):
                    write_results(self.results, {"run": [0], "lr": [0.1, 0.2], "wd": [0.1, 0.2]}, {"test_accuracy": np.ones((1, 2, 2))})
                    output = self.run_script(script, self.results, *arguments, status=status)
                    self.assertEqual(len(output.splitlines()), 1, output)
                    self.assertIn(f"{name}.csv", output)
        for file in ("", self.directory, self.directory / "none.h5"):
            for script, *arguments in (("bars.py", "test_accuracy"), ("report.py",), ("ranking.py", "test_accuracy")):
                self.assertIn("cannot be read", self.run_script(script, file, *arguments, status=3))
        self.assertIn("no variable 'provenance/seconds'",
                      self.run_script("bars.py", self.results, "provenance/seconds", status=2))

    def test_a_defect_is_one_line_that_says_where(self):
        with mock.patch("mpisweep.commands.ranking.rank_arrays", side_effect=TypeError("of a\nkind")):
            output = self.run_script("ranking.py", self.results, "test_accuracy", status=70)
        self.assertEqual(len(output.splitlines()), 1)
        self.assertRegex(output, r"unexpected TypeError: of a kind \(mock.py:\d+\)")

    def test_every_script_has_help(self):
        for script in ("bars", "boundary", "compare_reference", "curves", "heatmap", "histogram", "pca", "pictures", "ranking",
                       "report", "surface", "violin"):
            for option in ("-h", "--help"):
                self.assertIn("usage:", self.run_script(f"{script}.py", option))
            self.assertIn("usage:", self.run_script(f"{script}.py", "--no-such-option", status=2))

    def test_damaged_files_are_told_in_one_line(self):
        """What a file may lack or have twice, and the message of every script that reads it."""
        def without_scales(file):
            for dataset in (file["status"], file["test_accuracy"], file["train_loss_curve"]):
                for dimension in dataset.dims:
                    dimension.detach_scale(dimension[0])

        def of_texts(file):
            del file["test_accuracy"]
            file["test_accuracy"] = np.array([[b"a", b"b"]] * 2)
            for dimension, axis in zip(file["test_accuracy"].dims, ("run", "lr")):
                dimension.attach_scale(file[axis])

        def status_is_group(file):
            del file["status"]
            file.create_group("status")

        def looping_link(file):
            file["loop"] = h5py.SoftLink("/loop")
            file["lost"] = h5py.ExternalLink("none.h5", "/")

        for damage, status in ((without_scales, 3), (of_texts, 3), (status_is_group, 3), (looping_link, 3)):
            with self.subTest(damage.__name__):
                self.setUp()
                with h5py.File(self.results, "a") as file:
                    damage(file)
                for script, *arguments in (("ranking.py", "test_accuracy"), ("report.py", "-o", self.directory / "r.html"),
                                           ("bars.py", "test_accuracy", "-o", self.png)):
                    output = self.run_script(script, self.results, *arguments, status=status)
                    if status:
                        self.assertEqual(len(output.splitlines()), 1, output)
                        self.assertIn(str(self.results), output)


class NamesTest(unittest.TestCase):
    def test_as_in_status(self):  # the table of tests/unit/test_grid.c
        for numbers, expected in (([0.0031622776601683795, 0.01, 0.0316227766017], ["0.00316", "0.01", "0.0316"]),
                               ([0.0031622776601683795, 0.003164, 0.1], ["0.003162", "0.003164", "0.1"]),
                               ([0.00316227766, 0.00316227767, 0.1], ["0.00316227766", "0.00316227767", "0.1"]),
                               ([0.1 + 0.2, 0.3, 1], ["0.30000000000000004", "0.3", "1"]),
                               ([1.00049, 1.00100012345, 1.0023], ["1.00049", "1.001", "1.0023"]),
                               ([123456789, 1024.5, 0.123456], ["123456789", "1024.5", "0.123456"]),
                               ([-0.333333333333, 1 / 3, 1e-300 / 3], ["-0.333", "0.333", "3.33e-301"])):
            self.assertEqual(names.value_names(numbers, numbers), expected)
            for place, name in enumerate(expected):
                self.assertEqual(names.find_values(numbers, name), [place])


if __name__ == "__main__":
    unittest.main()
