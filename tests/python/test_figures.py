"""The scripts that draw, rank and find principal components: pictures are not blank and show what they should, numbers
agree with numpy, wrong requests get their message. One test uses a file of the program itself."""
import base64
import csv
import html
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from analysis_case import ANALYSIS, AnalysisTest, colors_of, write_results
from matplotlib.colors import to_rgb
from matplotlib.image import imread

import mpisweep
import xarray
from mpisweep.cells import array_of, at_last_moment, number_of
from mpisweep.commands import pca
from mpisweep.plot.curves import mean_and_band, moving_mean
from mpisweep.plot.style import MAX_GROUPS
from mpisweep.plot.surface import interpolate, surface_of

RUNS, STEPS, SAMPLES = 4, 30, 50
AXES = {"run": np.arange(RUNS), "model": ["mlp", "cnn"], "lr": [0.01, 0.1]}
SHAPE = tuple(len(values) for values in AXES.values())
ONE_CELL = ("--select", "run=0", "--select", "model=cnn", "--select", "lr=0.1")


def results_variables(generator):
    """Something of every kind of array; the models differ in size."""
    variables = {"test_accuracy": 50 + 10 * generator.random(SHAPE),
                 "train_loss": 1 + generator.random(SHAPE),
                 "train_loss_curve": (np.exp(-np.arange(STEPS) / 10) + 0.1 * generator.random((*SHAPE, STEPS)), ["step"]),
                 "learning_rate_curve": (np.broadcast_to(np.geomspace(1e-4, 1, STEPS), (*SHAPE, STEPS)), ["step"]),
                 "test_accuracy_curve": (generator.random((*SHAPE, 5)), ["epoch"]),
                 "parameters": (generator.normal(size=(*SHAPE, 5, 12)).cumsum(axis=3), ["epoch", "parameter"]),
                 "test_probability": (generator.random((*SHAPE, SAMPLES)), ["test_sample"]),
                 "test_prediction": (generator.integers(0, 2, (*SHAPE, SAMPLES)), ["test_sample"]),
                 "test_target": (generator.integers(0, 2, (*SHAPE, SAMPLES)), ["test_sample"]),
                 "test_input": (generator.normal(size=(*SHAPE, SAMPLES, 2)), ["test_sample", "test_input_feature"]),
                 "weights_0": (generator.normal(size=(*SHAPE, 6, 3, 5, 5)),
                               [f"weights_0_{axis}" for axis in ("output", "input", "row", "column")]),
                 "weights_2": (generator.normal(size=(*SHAPE, 6, 12)), ["weights_2_output", "weights_2_input"]),
                 "feature_maps_0": (generator.normal(size=(*SHAPE, 2, 4, 7, 7)),
                                    ["feature_maps_sample", *(f"feature_maps_0_{axis}" for axis in
                                                              ("channel", "row", "column"))])}
    variables["weights_0"][0][:, 0, :, 3:] = np.nan
    x, y = np.meshgrid(np.linspace(-1, 1, 20), np.linspace(-1, 1, 20))
    outputs = np.stack([x * y, -x * y], axis=-1)
    variables["grid_output"] = (np.broadcast_to(outputs, (*SHAPE, *outputs.shape)), ["grid_y", "grid_x", "output"])
    return variables


class FigureTest(AnalysisTest):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.file = Path(directory.name) / "results.h5"
        cls.variables = results_variables(np.random.default_rng(1))
        status = np.ones(SHAPE, np.int8)
        status[3] = 2
        grid = np.linspace(-1, 1, 20)
        write_results(cls.file, AXES, cls.variables, status, {"step": np.arange(1, STEPS + 1), "grid_x": grid, "grid_y": grid})

    def draw(self, script, *arguments, file=None):
        """The colours (count, 3) of the picture, 0 … 255, and the number of pixels of each."""
        path = self.directory / "figure.png"
        self.run_script(script, file or self.file, *arguments, "-o", path)
        return colors_of(imread(path))

    def refuse(self, script, *arguments, status=2):
        path = self.directory / "refused.png"
        message = self.run_script(script, self.file, *arguments, *([] if "-o" in arguments else ["-o", path]), status=status)
        self.assertFalse(path.exists())
        return message

    def assert_shows(self, picture, *names, least=50, alpha=1.0):
        """At least this many pixels in each of the colours, as they are over white."""
        colors, counts = picture
        for name in names:
            wanted = 255 * (alpha * np.array(to_rgb(name)) + 1 - alpha)
            self.assertGreater(counts[(np.abs(colors - wanted) <= 1).all(axis=1)].sum(), least, f"pixels that are {name}")

    def assert_many_colors(self, picture, least):
        colors, _ = picture
        self.assertGreater(len(colors), least)


class CurvesTest(FigureTest):
    def test_a_line_of_its_own_colour_per_combination(self):
        self.assert_shows(self.draw("curves.py", "train_loss"), *(f"C{i}" for i in range(4)), least=600)

    def test_selection_and_panels_and_both_formats(self):
        svg = self.directory / "figure.svg"
        picture = self.draw("curves.py", "train_loss", "test_accuracy", "--select", "lr=0.1", "--log", "y", "-o", svg)
        self.assert_shows(picture, "C0", "C1")
        text = svg.read_text()
        for words in ["Train loss", "Test accuracy (%)", "Meaning of step", "model = mlp", "A small grid",
                      "geometric mean of 3 runs,", "band ×÷ 1 sd"]:
            self.assertIn(f"<!-- {words} -->", text)
        self.assertNotIn("lr = ", text)

    def test_logarithmic_band_is_about_the_geometric_mean(self):
        runs = xarray.DataArray([[1.0, np.nan], [100.0, 7.0]], dims=("run", "step"))
        for log, expected in (("y", [10, 10 / np.exp(np.log(100) / 2 ** 0.5), 10 * np.exp(np.log(100) / 2 ** 0.5)]),
                              ("x", [50.5, 50.5 - 99 / 2 ** 0.5, 50.5 + 99 / 2 ** 0.5])):
            mean_and_ends = mean_and_band(runs, log)
            np.testing.assert_allclose([values[0] for values in mean_and_ends], expected)
            np.testing.assert_allclose([values[1] for values in mean_and_ends], [7, np.nan, np.nan])

    def test_panels_of_equal_entries_share_a_legend(self):
        svg = self.directory / "figure.svg"
        self.run_script("curves.py", self.file, "train_loss", "test_accuracy", "-o", svg)
        self.assertEqual(svg.read_text().count("<!-- model = mlp, lr = 0.01 -->"), 1)

    def test_smoothing_is_told_and_against_another_curve(self):
        svg = self.directory / "figure.svg"
        self.run_script("curves.py", self.file, "train_loss", "--smooth", "5", "--against", "learning_rate", "--log",
                        "x", "-o", svg)
        self.assertIn("<!-- moving mean of 5 values -->", svg.read_text())
        self.assertIn("<!-- Learning rate -->", svg.read_text())

    def test_moving_mean_leaves_out_what_is_not_there(self):
        curve = np.array([[1.0, 2.0, np.nan, 8.0, 10.0, np.nan]])
        np.testing.assert_allclose(moving_mean(curve, 3), [[1.5, 1.5, np.nan, 9.0, 9.0, np.nan]])
        np.testing.assert_allclose(moving_mean(curve, 1), curve)

    def test_refusals(self):
        self.assertIn("no curve 'lr_curve'; there are: learning_rate_curve", self.refuse("curves.py", "lr"))
        self.assertIn("has no axis 'mu'; it has: run, model, lr, step", self.refuse("curves.py", "train_loss", "--select", "mu=1"))
        self.assertIn("axis lr has no value 7; it has: 0.01, 0.1", self.refuse("curves.py", "train_loss", "--select", "lr=7"))
        self.assertIn("--select: lr: accepted: AXIS=VALUE", self.refuse("curves.py", "train_loss", "--select", "lr"))
        self.assertIn("--smooth: 0", self.refuse("curves.py", "train_loss", "--smooth", "0"))
        self.assertIn("no selected cell is done", self.refuse("curves.py", "train_loss", "--select", "run=3"))
        self.assertIn("at different moments: over epoch and over step",
                      self.refuse("curves.py", "test_accuracy", "--against", "learning_rate"))
        self.assertIn(".png, .svg", self.refuse("curves.py", "train_loss", "-o", "figure.gif"))
        self.assertIn("cannot be read as an HDF5 file", self.run_script("curves.py", __file__, "x", status=3))

    def test_too_many_lines(self):
        axes = {"lr": np.arange(MAX_GROUPS + 1.0)}
        write_results(self.results, axes, {"train_loss_curve": (np.ones((len(axes["lr"]), 3)), ["step"])})
        self.assertIn("too many for a figure",
                      self.run_script("curves.py", self.results, "train_loss", "-o", self.directory / "x.png", status=2))


class BarsTest(FigureTest):
    def test_bars_have_the_colour_of_the_second_axis(self):
        self.assert_shows(self.draw("bars.py", "test_accuracy", "train_loss"), "C0", "C1", least=2000)

    def test_points_over_numbers(self):
        self.assert_shows(self.draw("bars.py", "test_accuracy", "--style", "points", "--x", "lr", "--log", "x"), "C0", "C1")

    def test_arrays_of_one_value_are_drawn(self):
        x = np.linspace(-1, 1, 60)
        write_results(self.results, {"kind": ["a", "b"], "x": x},
                      {"feature_maps_1": (np.stack([x, x ** 2])[..., None, None], ["feature_maps_sample", "one"])})
        self.assert_shows(self.draw("bars.py", "feature_maps_1", "--style", "points", "--x", "x", file=self.results),
                          "C0", "C1", least=600)

    def test_refusals(self):
        self.assertIn("no variable 'loss' with one value per cell; there are: test_accuracy, train_loss",
                      self.refuse("bars.py", "loss"))
        self.assertIn("no axis 'step' to draw over; there are: model, lr", self.refuse("bars.py", "train_loss", "--x", "step"))
        self.assertIn("--log x", self.refuse("bars.py", "train_loss", "--log", "x"))
        self.assertIn("no axis other than run", self.refuse("bars.py", "train_loss", *ONE_CELL))


class DistributionsTest(FigureTest):
    def test_histogram_of_all_samples(self):
        self.assert_many_colors(self.draw("histogram.py", "--select", "model=cnn"), 30)

    def test_histogram_split_by_correctness(self):
        svg = self.directory / "figure.svg"
        self.run_script("histogram.py", self.file, "--split", *ONE_CELL, "-o", svg)
        right = (self.variables["test_prediction"][0] == self.variables["test_target"][0])[0, 1, 1].sum()
        self.assertIn(f"<!-- right: {right} samples -->", svg.read_text())
        self.assertIn(f"<!-- wrong: {SAMPLES - right} samples -->", svg.read_text())

    def test_violins_side_by_side_and_in_panels(self):
        self.assert_shows(self.draw("violin.py", "test_accuracy"), *(f"C{i}" for i in range(4)), least=500, alpha=0.6)
        self.assert_shows(self.draw("violin.py", "weights_0", "weights_2", "--select", "lr=0.1"), "C0", "C1", least=500,
                          alpha=0.6)

    def test_refusals(self):
        self.assertIn("needs one dimension of samples", self.refuse("histogram.py", "weights_2"))
        self.assertIn("--bins: 0", self.refuse("histogram.py", "--bins", "0"))
        self.assertIn("no array 'gradient'; there are: feature_maps_0", self.refuse("violin.py", "gradient"))


class PicturesTest(FigureTest):
    def test_weights_in_colours_without_what_the_cell_lacks(self):
        many = self.draw("pictures.py", "weights_0", *ONE_CELL)
        self.assert_many_colors(many, 100)
        svg = self.directory / "figure.svg"
        self.run_script("pictures.py", self.file, "weights_0", *ONE_CELL[:3], "model=mlp", *ONE_CELL[4:], "-o", svg)
        self.assertIn("<!-- 2 -->", svg.read_text())
        self.assertNotIn("<!-- 3 -->", svg.read_text())

    def test_weights_of_a_dense_layer_in_a_shape(self):
        self.assert_many_colors(self.draw("pictures.py", "weights_2", "--shape", "3x2x2", *ONE_CELL), 20)
        self.assertIn("--shape has 8 values, and the cell 12 inputs",
                      self.refuse("pictures.py", "weights_2", "--shape", "2x2x2", *ONE_CELL))

    def test_feature_maps_are_grey_in_a_table(self):
        colors, _ = self.draw("pictures.py", "feature_maps_0", *ONE_CELL)
        self.assertGreater(len(colors), 100)
        self.assertLessEqual(np.ptp(colors, axis=1).max(), 1)

    def test_refusals(self):
        self.assertIn("choose with --select AXIS=VALUE from run (0, 1, 2, 3); lr (0.01, 0.1)",
                      self.refuse("pictures.py", "weights_0", "--select", "model=cnn"))
        self.assertIn("the selected cell is not done", self.refuse("pictures.py", "weights_0", "--select", "run=3", *ONE_CELL[2:]))
        self.assertIn("pictures need four dimensions", self.refuse("pictures.py", "weights_2", *ONE_CELL))
        self.assertIn("3x32x32", self.refuse("pictures.py", "weights_2", "--shape", "0x2x2", *ONE_CELL))


class PlaneTest(FigureTest):
    def write_plane(self, path):
        """z = 2a + b over a, falling, and b"""
        a, b = np.linspace(1, -1, 5), np.linspace(-2, 2, 7)
        write_results(path, {"a": a, "b": b}, {"train_set_loss": 10 + 2 * a[:, None] + b[None]})

    def has_line_in_the_middle(self, outputs):
        """Whether the picture of outputs (y, x, output) has black pixels there, far from frame and texts."""
        write_results(self.results, {"run": [0]}, {"grid_output": (outputs[None], ["grid_y", "grid_x", "output"])})
        path = self.directory / "figure.png"
        self.run_script("boundary.py", self.results, "-o", path)
        picture = imread(path)[..., :3]
        height, width, _ = picture.shape
        return bool((picture[height * 2 // 5:height * 3 // 5, width // 4:width * 2 // 3] < 0.02).all(axis=2).sum() > 50)

    def test_boundary_shows_the_points_of_both_classes(self):
        self.assert_shows(self.draw("boundary.py", *ONE_CELL), "C0", "C1")

    def test_boundary_stands_where_the_greatest_output_changes(self):
        ramp = np.tile(np.linspace(0, 1, 10), (10, 1))
        self.assertTrue(self.has_line_in_the_middle(np.stack([ramp, 1 - ramp], axis=-1)))
        self.assertFalse(self.has_line_in_the_middle(np.stack([ramp, 2 - ramp], axis=-1)))

    def test_boundary_of_a_single_output_stands_at_one_half(self):
        ramp = np.tile(np.linspace(0, 1, 10), (10, 1))[..., None]
        self.assertTrue(self.has_line_in_the_middle(ramp))
        self.assertFalse(self.has_line_in_the_middle(1 + ramp))

    def test_surface_with_path(self):
        self.write_plane(self.results)
        path = self.directory / "path.csv"
        path.write_text("epoch,shift_1,shift_2\n1,-0.5,-1\n2,0,0\n3,0.5,1\n")
        for style in ("space", "contours"):
            picture = self.draw("surface.py", "train_set_loss", "--path", path, "--style", style, file=self.results)
            self.assert_many_colors(picture, 100)
            self.assert_shows(picture, "red")

    def test_heights_of_the_path(self):
        self.write_plane(self.results)
        with mpisweep.open(self.results) as ds:
            plane = surface_of(number_of(ds, "train_set_loss"), log=False)
        points = np.array([[0.3, 1.1], [-1, 2], [0.9, -1.9], [2, 0]])
        np.testing.assert_allclose(interpolate(plane, points), [11.7, 10, 9.9, np.nan], rtol=1e-6)

    def test_refusals(self):
        self.assertIn("a surface needs two axes of numbers other than run; it has model, lr", self.refuse("surface.py", "train_loss"))
        self.write_plane(self.results)
        path = self.directory / "path.csv"
        path.write_text("a,b\n1,x\n")
        message = self.run_script("surface.py", self.results, "train_set_loss", "--path", path, status=3)
        self.assertIn("path.csv:2: needs rows that end with two numbers", message)


class NumbersTest(FigureTest):
    def test_ranking_agrees_with_numpy(self):
        means = self.variables["test_accuracy"][:3].mean(axis=0)  # the last run diverged
        order = np.dstack(np.unravel_index(np.argsort(-means, axis=None), means.shape))[0]
        rows = list(csv.DictReader(self.run_script("ranking.py", self.file, "test_accuracy", "train_loss", "--csv",
                                                   "--digits", "7").splitlines()))
        self.assertEqual([(row["model"], float(row["lr"])) for row in rows],
                         [(AXES["model"][i], AXES["lr"][j]) for i, j in order])
        for row, (i, j) in zip(rows, order):
            self.assertEqual(row["runs"], "3")
            self.assertAlmostEqual(float(row["test_accuracy"]), means[i, j], places=4)
            self.assertAlmostEqual(float(row["train_loss"]), self.variables["train_loss"][:3, i, j].mean(), places=4)
        accuracies = self.variables["test_accuracy"][:3, order[0][0], order[0][1]]
        first = self.run_script("ranking.py", self.file, "test_accuracy", "--csv", "--digits", "7").splitlines()[1]
        self.assertAlmostEqual(float(first.split(",")[-1]), accuracies.std(ddof=1), places=4)

    def test_ranking_by_loss_is_ascending_and_can_be_turned(self):
        def losses(*arguments):
            lines = self.run_script("ranking.py", self.file, "train_loss", *arguments).splitlines()[1:]
            return [float(line.split()[5]) for line in lines]  # rank, model, lr, runs, lost

        self.assertEqual(losses(), sorted(losses()))
        self.assertEqual(losses("--highest"), losses()[::-1])
        self.assertEqual(losses("--top", "2"), losses()[:2])
        self.assertIn("| ---: |", self.run_script("ranking.py", self.file, "train_loss", "--markdown"))

    def test_the_best_combination_as_options(self):
        first = self.run_script("ranking.py", self.file, "train_loss", "--csv").splitlines()[1].split(",")
        self.assertEqual(self.run_script("ranking.py", self.file, "train_loss", "--only"),
                         f"--only model={first[1]} --only lr={first[2]}\n")

    def test_principal_components_of_a_known_path(self):
        generator = np.random.default_rng(2)
        basis = np.linalg.qr(generator.normal(size=(40, 2)))[0].T
        places = generator.normal(size=(9, 2)) * [5, 1]
        path = generator.normal(size=40) + places @ basis
        origin, directions, coordinates, explained = pca.principal_components(path)
        np.testing.assert_allclose(origin + coordinates @ directions, path, atol=1e-12)
        np.testing.assert_allclose(directions @ directions.T, np.eye(2), atol=1e-12)
        variances = np.linalg.eigvalsh(np.cov(places.T))[::-1]
        np.testing.assert_allclose(explained, variances / variances.sum(), atol=1e-12)
        self.assertTrue((directions.max(axis=1) == np.abs(directions).max(axis=1)).all())

    def test_pca_writes_what_a_job_reads(self):
        text = self.run_script("pca.py", self.file, *ONE_CELL, "-d", self.directory)
        origin, directions = (np.load(self.directory / name) for name in ("origin.npy", "directions.npy"))
        path = self.variables["parameters"][0][0, 1, 1]
        self.assertEqual((origin.dtype, directions.dtype), (np.float32, np.float32))
        np.testing.assert_allclose(origin, path.mean(axis=0), rtol=1e-5)
        rows = np.loadtxt(self.directory / "path.csv", delimiter=",", skiprows=1)
        np.testing.assert_allclose(rows[:, 1:], (path - origin) @ directions.T, rtol=1e-4, atol=1e-5)
        self.assertIn("12 parameters at 5 moments; explained variance: ", text)

    def test_refusals(self):
        self.assertIn("not allowed with argument", self.run_script("ranking.py", self.file, "train_loss", "--csv", "--markdown", status=2))
        self.assertIn("--top: 0", self.run_script("ranking.py", self.file, "train_loss", "--top", "0", status=2))
        self.assertIn("one cell is needed", self.run_script("pca.py", self.file, status=2))
        self.assertIn("cannot be read", self.run_script("pca.py", self.directory / "none.h5", status=3))


class PageReader(HTMLParser):
    """Reports elements that do not nest; collects what the page refers to, its tables' cells and its text."""
    VOID = ("meta", "img", "br")

    def __init__(self):
        super().__init__()
        self.open, self.references, self.texts = [], [], []

    def handle_starttag(self, tag, attributes):
        self.references += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            raise ValueError(f"</{tag}> at {self.getpos()} ends another element")

    def handle_data(self, data):
        self.texts.append(data)


class ReportTest(FigureTest):
    def read_page(self, file):
        path = self.directory / "report.html"
        self.run_script("report.py", file, "-o", path)
        page = PageReader()
        page.feed(path.read_text(encoding="utf-8"))
        page.close()
        self.assertEqual(page.open, [])
        return page

    def test_page_holds_everything_itself_and_tells_of_the_sweep(self):
        page = self.read_page(self.file)
        self.assertEqual(len(page.references), 9)
        for reference in page.references:
            kind, _, data = reference.partition(",")
            self.assertEqual(kind, "data:image/png;base64")
            self.assert_many_colors(colors_of(imread(io.BytesIO(base64.b64decode(data)))), 20)
        for text in ["A small grid", "job: small\ntitle: <A & B>\n", "mlp, cnn", "optimizer.lr", "meaning of model", "Best by test_accuracy",
                     "train_loss_curve", "test_probability", "16", "12"]:
            self.assertIn(text, page.texts)
        best = self.run_script("ranking.py", self.file, "test_accuracy", "--csv").splitlines()[1].split(",")
        self.assertIn(best, [page.texts[i:i + len(best)] for i in range(len(page.texts))])
        self.assertIn(f"weights_0 of model = {best[1]}, lr = {best[2]}, run = 0", page.texts)

    def test_nothing_done_yet(self):
        write_results(self.results, AXES, self.variables, np.zeros(SHAPE, np.int8))
        page = self.read_page(self.results)
        self.assertEqual(page.references, [])
        self.assertIn("16", page.texts)

    def test_curves_of_the_best_cell_where_all_are_too_many(self):
        lr = np.arange(1.0, MAX_GROUPS + 2)
        write_results(self.results, {"run": [0, 1], "lr": lr}, {"test_accuracy": np.stack([lr, lr]), "train_loss_curve":
                                                                (np.ones((2, len(lr), 3)), ["step"])})
        self.assertIn(f"train_loss_curve of lr = {len(lr)}", self.read_page(self.results).texts)

    def chromium(self, page, *arguments):
        return subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                               "--hide-scrollbars", f"--user-data-dir={self.directory / 'profile'}", *arguments, page.as_uri()],
                              capture_output=True, text=True, timeout=200)

    @unittest.skipUnless(shutil.which("chromium"), "Chromium is not installed")
    def test_chromium_shows_the_pictures(self):
        page, shot = self.directory / "report.html", self.directory / "shot.png"
        self.run_script("report.py", self.file, "-o", page)
        process = self.chromium(page, "--window-size=1000,3000", f"--screenshot={shot}")
        self.assertNotIn("CONSOLE", process.stderr)
        picture = colors_of(imread(shot))
        self.assert_shows(picture, "C0", "C1", "C2", "C3", least=300)  # lines of the curves

    @unittest.skipUnless(shutil.which("chromium"), "Chromium is not installed")
    def test_chromium_has_two_columns_at_1280_and_scrolls_nothing_sideways_at_400(self):
        report, frames = self.directory / "report.html", self.directory / "frames.html"
        self.run_script("report.py", self.file, "-o", report)
        page = html.escape(report.read_text(encoding="utf-8"))
        frames.write_text("<!DOCTYPE html><meta charset=utf-8>" + "".join(
            f'<iframe width="{width}" height="900" style="border:0" srcdoc="{page}"></iframe>' for width in (1280, 400)) + """
            <script>onload = () => document.querySelectorAll("iframe").forEach(frame => {
                const page = frame.contentDocument, too_wide = e => e.scrollWidth - e.clientWidth;
                const columns = new Set([...page.querySelectorAll("figure")].map(e => e.offsetLeft)).size;
                const inside = Math.max(...[...page.querySelectorAll(".wide, pre")].map(too_wide));
                document.body.insertAdjacentText("beforeend", `[${columns} ${too_wide(page.documentElement)} ${inside}]`);
            })</script>""", encoding="utf-8")
        process = self.chromium(frames, "--virtual-time-budget=20000", "--dump-dom")
        found = re.findall(r"\[(\d) (-?\d+) (-?\d+)\]", process.stdout)
        self.assertEqual([(columns, beyond) for columns, beyond, _ in found], [("2", "0"), ("1", "0")])
        self.assertEqual(found[1][2], "0", "tables in a narrow window")

    def test_large_planes_become_contours(self):
        write_results(self.results, {"a": np.arange(20.0), "b": np.arange(20.0)},
                      {"train_set_loss": np.random.default_rng(1).random((20, 20))})
        self.assertEqual(len(self.read_page(self.results).references), 1)

    def test_last_moment_of_every_cell(self):
        values = np.arange(24.0).reshape(2, 3, 4)
        values[1, 2:] = np.nan
        write_results(self.results, {"run": [0, 1]}, {"weights_0": (values, ["epoch_2", "weights_0_output"])})
        with mpisweep.open(self.results) as ds:
            last = at_last_moment(array_of(ds, "weights_0"))
        np.testing.assert_array_equal(last.values, [values[0, 2], values[1, 1]])
        self.assertEqual(last.dims, ("run", "weights_0_output"))


class RealRunTest(FigureTest):
    JOB = """\
job: tiny
data: {source: xor, train_count: 60, test_count: 20}
model: {layers: [dense: 4, tanh, dense: 2]}
optimizer: {kind: sgd, lr: 0.1}
train: {epochs: 4, batch: 20}
record:
  train_loss: {every: 1 step}
  test_accuracy: {every: 1 epoch}
  test_probability: {every: end}
  test_prediction: {every: end}
  test_target: {every: end}
  test_input: {every: end}
  parameters: {every: 1 epoch}
  grid_output: {every: end, from: -3, to: 3, points: 20}
  weights: {every: end, layers: [0]}
sweep:
  run: 2
  activation: {set: "model.layers[1]", values: {tanh: tanh, relu: relu}}
"""

    def test_every_script_on_what_the_program_leaves(self):
        job = self.directory / "tiny.yaml"
        job.write_text(self.JOB)
        subprocess.run([os.environ["MPISWEEP"], "run", job, "-o", self.results], check=True, capture_output=True)
        cell = ("--select", "run=1", "--select", "activation=relu")
        for script, *arguments in [("curves.py", "train_loss", "test_accuracy"), ("bars.py", "test_accuracy"),
                                   ("histogram.py", "--split"), ("violin.py", "weights_0"), ("boundary.py", *cell),
                                   ("pictures.py", "weights_0", "--shape", "1x1x2", *cell)]:
            with self.subTest(script):
                self.assert_many_colors(self.draw(script, *arguments, file=self.results), 5)
        self.assertIn("22 parameters at 4 moments", self.run_script("pca.py", self.results, *cell, "-d", self.directory))
        self.run_script("report.py", self.results, "-o", self.directory / "report.html")
        self.assertEqual((self.directory / "report.html").read_text().count("<img"), 6)
        process = subprocess.run([sys.executable, "-B", ANALYSIS / "ranking.py", self.results, "test_accuracy"],
                                 capture_output=True, text=True, check=True)
        self.assertEqual(process.stdout.split()[:3], ["rank", "activation", "runs"])


if __name__ == "__main__":
    unittest.main()
