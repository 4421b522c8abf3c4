"""What holds of every figure that goes into a paper: its name, resolution and fonts, labels, legend, colours,
scales; and of the report while a sweep runs."""
import unittest

import h5py
import numpy as np
import xarray
from analysis_case import AnalysisTest, write_results
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import mpisweep
from mpisweep import plot
from mpisweep.cells import array_of, number_of
from mpisweep.commands import report
from mpisweep.plot.bars import CLOSE, swarm
from mpisweep.plot.scales import is_log_spaced, scale_of
from mpisweep.statistics import number_style, runs_text

LR = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
KINDS = ["a", "b", "c"]
RUNS, STEPS, EPOCHS = 3, 60, 4
SHAPE = (RUNS, len(LR), len(KINDS))


def write_everything(path, status=None):
    generator = np.random.default_rng(3)
    weights = generator.normal(size=(*SHAPE, 4, 3, 5, 5))
    write_results(
        path,
        {"run": np.arange(RUNS), "lr": LR, "kind": KINDS},
        {
            "test_accuracy": 50 + generator.random(SHAPE),
            "test_loss": generator.random(SHAPE),
            "train_loss_curve": (generator.random((*SHAPE, STEPS)), ["step"]),
            "test_accuracy_curve": (generator.random((*SHAPE, EPOCHS)), ["epoch"]),
            "test_probability": (generator.random((*SHAPE, 30)), ["test_sample"]),
            "weights_0": (weights, [f"weights_0_{axis}" for axis in ("output", "input", "row", "column")]),
        },
        status,
    )


class RulesTest(AnalysisTest):
    def setUp(self):
        super().setUp()
        write_everything(self.results)
        self.ds = mpisweep.open(self.results)
        self.addCleanup(self.ds.close)

    def array(self, name, *selection):
        return array_of(self.ds, name, selection)

    def axes_of(self, figure):
        """Panels and colour bars, as drawn."""
        FigureCanvasAgg(figure).draw()
        return figure.axes


class FilesTest(RulesTest):
    DRAWN = {
        "heatmap.py": ((), "test_accuracy_heatmap"),
        "bars.py": (("test_loss",), "test_loss_bars"),
        "curves.py": (
            ("train_loss", "test_accuracy", "--select", "kind=a"),
            "train_loss_test_accuracy_curves",
        ),
        "scatter.py": (("test_loss",), "test_loss_scatter"),
        "parallel.py": (("test_loss",), "test_loss_parallel"),
        "histogram.py": (("--select", "kind=a"), "test_probability_histogram"),
        "violin.py": (("test_loss",), "test_loss_violins"),
        "pictures.py": (
            ("weights_0", "--select", "run=0", "--select", "lr=0.001", "--select", "kind=a"),
            "weights_0_pictures",
        ),
    }

    def test_they_are_named_by_file_variable_and_kind_and_it_is_said(self):
        for script, (arguments, name) in self.DRAWN.items():
            with self.subTest(script):
                figure = self.directory / f"small_{name}.png"
                output = self.run_script(script, self.results, *arguments)
                self.assertEqual(output.splitlines()[-1], f"wrote {figure}")
                self.assertTrue(figure.exists())

    def test_no_other_file_s_figure_is_overwritten(self):
        figures = set()
        for name in ("one.h5", "two.h5", "one.hdf5"):
            write_everything(self.directory / name)
            figures.add(self.run_script("bars.py", self.directory / name, "test_loss").splitlines()[-1])
        self.assertEqual(len(figures), 3, figures)

    def test_many_variables_make_no_long_name(self):
        output = self.run_script(
            "violin.py",
            self.results,
            "test_loss",
            "test_accuracy",
            "weights_0",
            "test_probability",
            "--select",
            "kind=a",
            "--select",
            "lr=0.001",
        )
        self.assertIn("small_test_loss_test_accuracy_weights_0_1_more_violins.png", output)

    def test_png_has_300_dots_per_inch_and_pdf_fonts_that_publishers_take(self):
        figure = plot.bars(self.array("test_loss"))
        plot.save(figure, [self.directory / "x.png", self.directory / "x.pdf"])
        with Image.open(self.directory / "x.png") as picture:
            self.assertEqual([round(dots) for dots in picture.info["dpi"]], [300, 300])
        pdf = (self.directory / "x.pdf").read_bytes()
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertIn(b"/CIDFontType2", pdf)
        self.assertNotIn(b"/Type3", pdf)
        self.run_script("bars.py", self.results, "test_loss", "-o", self.directory / "y.pdf")

    def test_functions_return_figures_and_leave_matplotlib_alone(self):
        before = dict(rcParams)
        for figure in (
            plot.bars(self.array("test_loss"), "$5 and $"),
            plot.curves([self.array("train_loss_curve")]),
            plot.violins(self.array("test_loss")),
            plot.scatter(self.array("test_loss"), "$5 and $"),
            plot.parallel(self.array("test_loss"), "$5 and $"),
        ):
            self.assertIsInstance(figure, Figure)
        self.assertEqual(dict(rcParams), before)


class LabelsTest(RulesTest):
    def test_long_names_and_units(self):
        heatmap = plot.heatmap(self.array("test_accuracy"))
        panel, bar = heatmap.axes
        self.assertEqual((bar.get_ylabel(), panel.get_ylabel()), ("Test accuracy (%)", "Learning rate η"))
        self.assertEqual(plot.bars(self.array("test_loss")).axes[0].get_ylabel(), "Test loss")
        panel = plot.curves(self.array("train_loss_curve", ("kind", "a"))).axes[0]
        self.assertEqual((panel.get_xlabel(), panel.get_ylabel()), ("Meaning of step", "Train loss"))

    def test_the_runs_that_are_said_are_those_that_are_done(self):
        """Of run 2, no cell is done; of run 1, the first is not."""
        loss = self.array("test_loss", ("kind", "a"))
        loss = loss.where(loss.run != 2)
        curve = self.array("train_loss_curve", ("kind", "a")).where(loss.run != 2)
        self.assertEqual([runs_text(values) for values in (loss, curve)], ["mean of 2 runs"] * 2)
        self.assertEqual(runs_text(loss.where((loss.run != 1) | (loss.lr != LR[0]))), "mean of 1 to 2 runs")
        self.assertEqual(
            [runs_text(values) for values in (loss.isel(run=[0]), loss.isel(run=0), loss.where(False))],
            [""] * 3,
        )
        self.assertEqual(plot.bars(loss).axes[0].get_legend().get_title().get_text(), "mean of 2 runs ± 1 sd")

    def test_an_inner_axis_is_called_by_its_name(self):
        """What the file says of such a scale means nothing to a reader, whatever it says."""
        weights = self.array("weights_0", ("run", "0"), ("lr", "0.001"), ("kind", "a"))
        self.assertEqual(plot.pictures(weights).axes[0].get_ylabel(), "Weights 0 output")

    def test_several_violins_are_labelled_by_what_they_have_in_common(self):
        loss, accuracy = (self.array(name).isel(lr=0, kind=0) for name in ("test_loss", "test_accuracy"))
        self.assertEqual(plot.violins([loss, accuracy]).axes[0].get_ylabel(), "Value")
        layers = [
            loss.assign_attrs(long_name=f"weights of layer {i}").rename(f"weights_{i}") for i in range(2)
        ]
        self.assertEqual(plot.violins(layers).axes[0].get_ylabel(), "Weights")

    def test_a_legend_is_never_over_data(self):
        right = self.array("test_probability") > 0.5
        for figure in (
            plot.bars([self.array("test_loss"), self.array("test_accuracy")]),
            plot.bars(self.array("test_loss"), style="points"),
            plot.scatter(self.array("test_loss")),
            plot.curves(
                [
                    self.array("train_loss_curve", ("lr", "0.001")),
                    self.array("test_accuracy_curve", ("kind", "a")),
                ]
            ),
            plot.curves(self.array("train_loss_curve")),
            plot.histogram(
                self.array("test_probability", ("kind", "a"), ("lr", "0.001")), right=right[:, 2, 0]
            ),
        ):
            panels = self.axes_of(figure)
            legends = [panel.get_legend() for panel in panels if panel.get_legend()]
            self.assertGreater(len(legends), 0)
            for legend in legends:
                box = legend.get_window_extent()
                self.assertFalse(any(panel.get_window_extent().overlaps(box) for panel in panels))
                self.assertLessEqual(box.x1, figure.bbox.x1)

    def test_digits_are_those_that_the_values_need(self):
        for units, values, texts in (
            ("percent", [70, 30], ["70.00", "30.00"]),
            ("percent", [99.9911, 99.9934], ["99.99110", "99.99340"]),
            ("percent", [100], ["100.00"]),
            ("1", [2.302585, 2.302512], ["2.302585", "2.302512"]),
            ("1", [0.00125, 2.5], ["0.001250", "2.500"]),
            ("1", [0, 0], ["0.000", "0.000"]),
            ("1", [], []),
        ):
            style = number_style(xarray.DataArray(np.array(values, float), attrs={"units": units}))
            self.assertEqual([style.format(value) for value in values], texts)


class LinesTest(RulesTest):
    def test_more_than_ten_lines_are_a_scale_of_colours(self):
        panel, bar = self.axes_of(plot.curves(self.array("train_loss_curve")))  # 5 rates × 3 kinds
        self.assertEqual(bar.get_ylabel(), "Learning rate η")
        self.assertEqual(bar.get_yscale(), "log")
        self.assertEqual(
            [text.get_text() for text in panel.get_legend().get_texts()], [f"kind = {kind}" for kind in KINDS]
        )
        colors = {line.get_color() for line in panel.lines}
        self.assertEqual(
            (len(panel.lines), len(colors), len({line.get_linestyle() for line in panel.lines})), (15, 5, 3)
        )
        few = self.axes_of(plot.curves(self.array("train_loss_curve", ("kind", "a"))))
        self.assertEqual(len(few), 1)

    def test_many_combinations_of_labels_have_a_colour_and_a_name_each(self):
        write_results(
            self.directory / "many.h5",
            {"a": list("uvwxyz"), "b": list("klmnop")},
            {"test_loss": np.ones((6, 6))},
        )
        with mpisweep.open(self.directory / "many.h5") as ds:
            _, bar = self.axes_of(plot.bars(number_of(ds, "test_loss").expand_dims(c=["only"]), x="c"))
        self.assertEqual(len(bar.get_yticklabels()), 36)
        self.assertEqual(bar.get_yticklabels()[0].get_text(), "a = u, b = k")

    def test_short_curves_are_not_smoothed(self):
        short, long = self.array("train_loss_curve", ("kind", "a")), self.array(
            "train_loss_curve", ("kind", "a")
        )
        short = short.where(short.step < 39)
        long_panel, short_panel = plot.curves([long, short], smooth=20).axes
        self.assertEqual(long_panel.get_ylabel(), "Train loss\nmoving mean of 20 values")
        self.assertEqual(short_panel.get_ylabel(), "Train loss")
        np.testing.assert_allclose(short_panel.lines[0].get_ydata(), short.isel(lr=0).mean("run"))
        self.assertGreater(np.abs(long_panel.lines[0].get_ydata() - long.isel(lr=0).mean("run")).max(), 0.1)
        self.assertIn(
            "test_accuracy_curve: not smoothed, its longest curve has fewer than 40 values",
            self.run_script(
                "curves.py",
                self.results,
                "train_loss",
                "test_accuracy",
                "--select",
                "kind=a",
                "--smooth",
                "20",
            ),
        )

    def test_points_stand_apart(self):
        self.assertEqual(swarm(np.array([5.0, 1.0, 1.0, 1.0]), CLOSE).tolist(), [1, 1, -1, 2])
        self.assertNotIn(0, swarm(np.zeros(5), 1))  # where the mean is
        figure = plot.bars(xarray.full_like(self.array("test_loss"), 0.5), style="points")
        (panel,) = self.axes_of(figure)
        dots = np.concatenate([line.get_xydata() for line in panel.lines if line.get_marker() == "."])
        self.assertEqual(len(dots), np.prod(SHAPE))
        places = np.sort(np.log10(dots[:, 0]))
        self.assertGreater(np.diff(places).min(), 0.001, "all have the same height")

    def test_log_spaced_values_have_log_axes(self):
        for values, expected in (
            (LR, "log"),
            ([16, 32, 64, 128], "log"),
            ([1, 2, 3, 4], "linear"),
            ([1, 2, 4], "linear"),
            (np.arange(1, 100), "linear"),
            ([0, 1e-4, 1e-3, 1e-2], "symlog"),
            ([-1, 0, 1], "linear"),
            ([0.1, 0.2], "linear"),
        ):
            self.assertEqual(scale_of(values)[0], expected, values)
        self.assertFalse(is_log_spaced([1.0]))
        for log, expected in ((None, "log"), ("", "linear"), ("y", "linear")):
            self.assertEqual(
                plot.bars(self.array("test_loss"), style="points", log=log).axes[0].get_xscale(), expected
            )
        self.run_script("bars.py", self.results, "test_loss", "--style", "points", "--log", "none")


class PicturesTest(RulesTest):
    def test_weights_are_on_grey_with_a_scale_about_0(self):
        weights = self.array("weights_0", ("run", "0"), ("lr", "0.001"), ("kind", "a"))
        panel, bar = self.axes_of(plot.pictures(weights))
        picture = panel.images[0].get_array()
        self.assertEqual(np.unique(picture[0]).tolist(), [0.65])
        greatest = float(np.abs(weights).max())
        np.testing.assert_allclose(bar.get_ylim(), [-greatest, greatest])
        self.assertEqual(bar.get_ylabel(), "Weights 0")
        np.testing.assert_allclose(picture[1, 1], (weights.values[0, :, 0, 0] / greatest + 1) / 2)

    def test_each_on_its_own_scale(self):
        weights = self.array("weights_0", ("run", "0"), ("lr", "0.001"), ("kind", "a"))
        panel, bar = self.axes_of(plot.pictures(weights, stretch="each"))
        tile = panel.images[0].get_array()[1:6, 1:6]
        self.assertEqual((tile.min(), tile.max()), (0, 1))
        self.assertEqual([text.get_text() for text in bar.get_yticklabels()], ["least of\neach", "greatest"])


class WatchTest(AnalysisTest):
    def write_sweep(self, pending):
        status = np.ones((2, 3), np.int8)
        status[0, :pending] = 0
        write_results(self.results, {"run": [0, 1], "lr": LR[:3]}, {"test_accuracy": np.ones((2, 3))}, status)

    def test_the_page_is_written_until_no_cell_is_pending_and_reloads_itself_until_then(self):
        self.write_sweep(pending=2)
        page, pages = self.directory / "report.html", []

        def sleep(seconds):
            """Meanwhile, another cell is done."""
            pages.append(page.read_text(encoding="utf-8"))
            with h5py.File(self.results, "r+") as file:
                file["status"][0, len(pages) - 1] = 1

        report.watch(self.results, page, 7, sleep)
        pages.append(page.read_text(encoding="utf-8"))
        self.assertEqual(
            ['<meta http-equiv="refresh" content="7">' in text for text in pages], [True, True, False]
        )
        self.assertEqual(
            [f'<td data-name="done">{count}</td>' in text for text, count in zip(pages, (4, 5, 6))],
            [True] * 3,
        )
        self.assertEqual(
            [path.name for path in self.directory.iterdir() if "report" in path.name], ["report.html"]
        )

    def test_of_a_finished_sweep_it_is_written_once(self):
        self.write_sweep(pending=0)
        output = self.run_script("report.py", self.results, "--watch", "1000")
        self.assertEqual(output, f"wrote {self.directory / 'small.html'}\n")
        for wrong in ("0", "-1", "inf", "x"):
            self.assertIn("--watch", self.run_script("report.py", self.results, "--watch", wrong, status=2))


if __name__ == "__main__":
    unittest.main()
