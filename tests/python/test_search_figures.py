"""Files of drawn axes in Python: coordinates, ranks, scatter and parallel-coordinates figures, the report."""
import unittest

import h5py
import numpy as np
from analysis_case import AnalysisTest, write_results
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection

import mpisweep
from mpisweep import plot
from mpisweep.cells import number_of

RUNS, DRAWS = 2, 16
LR = np.random.default_rng(7).permutation(np.geomspace(1e-4, 1, DRAWS) * 1.01)
BATCH = np.array([16.0, 32.0] * (DRAWS // 2))
ACT = ["relu", "tanh", "elu", "relu"] * (DRAWS // 4)
MODELS = ["mlp", "cnn"]
LEFT_OUT = 5


def write_search(path, axes, accuracy, status=None):
    """A file whose axis `draw` draws a rate, a batch size and an activation."""
    write_results(path, axes, {"test_accuracy": accuracy, "test_loss": 100 - accuracy}, status)
    with h5py.File(path, "r+") as file:
        for name, key, values in (("lr", "optimizer.lr", LR), ("batch", "train.batch", BATCH),
                                  ("act", "model.layers[1]", ACT)):
            dataset = file.create_dataset(name, data=values)
            dataset.attrs["long_name"] = key
            dataset.dims[0].attach_scale(file["draw"])
        for name in ("status", "test_accuracy", "test_loss"):
            file[name].attrs["coordinates"] = "lr batch act"


class SearchFiguresTest(AnalysisTest):
    def open(self, models=False, status=None):
        axes = {"run": np.arange(RUNS), **({"model": MODELS} if models else {}), "draw": np.arange(DRAWS)}
        shape = tuple(map(len, axes.values()))
        self.accuracy = 50 + 5 * np.log10(LR) + np.random.default_rng(1).random(shape)
        write_search(self.results, axes, self.accuracy, status)
        ds = mpisweep.open(self.results)
        self.addCleanup(ds.close)
        return ds

    def test_coordinates_of_the_draws(self):
        ds = self.open()
        for name, values in (("lr", LR.tolist()), ("batch", BATCH.tolist()), ("act", ACT)):
            self.assertEqual(ds[name].values.tolist(), values)
            self.assertEqual(ds.test_accuracy[name].dims, ("draw",))
        self.assertEqual(sorted(ds.data_vars), ["test_accuracy", "test_loss"])

    def test_a_single_axis_of_draws(self):
        write_search(self.results, {"draw": np.arange(DRAWS)}, np.arange(DRAWS))
        with mpisweep.open(self.results) as ds:
            self.assertEqual(ds.act.values.tolist(), ACT)
            self.assertEqual(len(plot.scatter(number_of(ds, "test_accuracy")).axes), 3)
            self.assertEqual(mpisweep.rank(ds, "test_accuracy").lr.iloc[0], LR[-1])

    def test_cells_that_are_left_out(self):
        status = np.ones((RUNS, DRAWS), np.int8)
        status[:, 3] = LEFT_OUT
        ds = self.open(status=status)
        self.assertEqual((ds.status == "left_out").sum(), RUNS)
        self.assertEqual(len(mpisweep.rank(ds, "test_accuracy")), DRAWS - 1)
        self.run_script("report.py", self.results)
        self.assertIn(f'<td data-name="left_out">{RUNS}</td>', self.results.with_suffix(".html").read_text())

    def test_rank_has_the_values_of_each_draw(self):
        table = mpisweep.rank(self.open(), "test_accuracy")
        best = int(self.accuracy.mean(axis=0).argmax())
        self.assertEqual(list(table)[:6], ["draw", "lr", "batch", "act", "runs", "lost"])
        self.assertEqual(table.loc[1, ["draw", "lr", "batch", "act"]].tolist(), [best, LR[best], BATCH[best], ACT[best]])
        header, first = self.run_script("ranking.py", self.results, "test_accuracy", "--csv", "--top", "1").splitlines()
        self.assertEqual(header, "rank,draw,lr,batch,act,runs,lost,test_accuracy,sd")
        self.assertIn(f",{BATCH[best]:g},{ACT[best]},2,", first)
        self.assertEqual(self.run_script("ranking.py", self.results, "test_accuracy", "--only"), f"--only draw={best}\n")

    def test_scatter_has_a_panel_per_key_and_a_dot_per_cell(self):
        figure = plot.scatter(number_of(self.open(), "test_accuracy"))
        FigureCanvasAgg(figure).draw()
        rates, batches, words = figure.axes
        self.assertEqual([panel.get_xlabel() for panel in figure.axes],
                         ["Learning rate η", "Batch size", "act (model.layers[1])"])
        self.assertEqual([panel.get_ylabel() for panel in figure.axes], ["Test accuracy (%)", "", ""])
        self.assertEqual([panel.get_xscale() for panel in figure.axes], ["log", "linear", "linear"])
        runs, means = rates.lines
        np.testing.assert_allclose(runs.get_xydata(), np.stack([np.tile(LR, RUNS), self.accuracy.ravel()], axis=1), rtol=1e-6)
        np.testing.assert_allclose(means.get_ydata(), self.accuracy.mean(axis=0), rtol=1e-6)
        self.assertEqual([text.get_text() for text in batches.get_xticklabels()], ["16", "32"])
        self.assertEqual([text.get_text() for text in words.get_xticklabels()], ["elu", "relu", "tanh"])
        places = words.lines[1].get_xdata()
        self.assertEqual(np.round(places).astype(int).tolist(), [["elu", "relu", "tanh"].index(word) for word in ACT])

    def test_labels_have_colours(self):
        array = number_of(self.open(models=True), "test_accuracy")
        panel = plot.scatter(array, log="").axes[0]
        self.assertEqual(panel.get_xscale(), "linear")
        legend = plot.scatter(array).axes[-1].get_legend()
        self.assertEqual([text.get_text() for text in legend.get_texts()], [f"model = {model}" for model in MODELS])
        self.assertEqual(len({line.get_color() for line in panel.lines}), 2)

    def test_parallel_has_a_line_per_combination_the_best_on_top(self):
        ds = self.open(models=True)
        for name in ("test_accuracy", "test_loss"):
            figure = plot.parallel(number_of(ds, name))
            FigureCanvasAgg(figure).draw()
            panel, *scales = figure.axes
            (lines,) = [item for item in panel.collections if isinstance(item, LineCollection)]
            segments = np.array(lines.get_segments())
            self.assertEqual(segments.shape, (2 * DRAWS, 5, 2))
            self.assertTrue((segments[..., 1] > -0.01).all() and (segments[..., 1] < 1.01).all())
            best = segments[-1, :, 1]
            self.assertAlmostEqual(best[-1], 1 if name == "test_accuracy" else 0)
            self.assertEqual([scale.get_yscale() for scale in scales], ["linear", "log", "linear", "linear", "linear"])
            self.assertEqual([text.get_text() for text in panel.get_xticklabels()][1:3], ["Learning rate η", "Batch size"])
            mean = self.accuracy.mean(axis=0)
            model, draw = np.unravel_index(mean.argmax(), mean.shape)
            low, high = np.log(LR.min()), np.log(LR.max())
            self.assertAlmostEqual(best[1], (np.log(LR[draw]) - low) / (high - low))

    def test_points_are_joined_in_the_order_of_drawn_values(self):
        write_results(self.results, {"run": [0, 1], "lr": LR}, {"test_loss": np.tile(LR, (2, 1))})
        with mpisweep.open(self.results) as ds:
            line = plot.bars(number_of(ds, "test_loss"), style="points").axes[0].lines[0]
        np.testing.assert_allclose(line.get_xydata(), np.stack([np.sort(LR)] * 2, axis=1), rtol=1e-6)

    def test_what_cannot_be_drawn_is_refused(self):
        write_results(self.results, {"run": [0, 1], "model": MODELS}, {"test_loss": np.ones((2, 2))})
        self.assertIn("no axis other than run has numbers", self.run_script("scatter.py", self.results, "test_loss", status=2))
        write_results(self.results, {"run": [0, 1]}, {"test_loss": np.ones(2)})
        self.assertIn("no axis other than run is left", self.run_script("parallel.py", self.results, "test_loss", status=2))
        write_results(self.results, {"lr": np.arange(1, 2101)}, {"test_loss": np.ones(2100)})
        self.assertIn("2100 lines are too many", self.run_script("parallel.py", self.results, "test_loss", status=2))
        write_results(self.results, {"lr": [1, 2]}, {"test_loss": np.ones(2)}, np.zeros(2, np.int8))
        for script in ("scatter.py", "parallel.py"):
            self.assertIn("no selected cell is done", self.run_script(script, self.results, "test_loss", status=2))

    def test_equal_values_do_not_divide_by_nothing(self):
        write_results(self.results, {"lr": [2.0], "model": ["mlp"]}, {"test_loss": np.ones((1, 1))})
        with mpisweep.open(self.results) as ds:
            FigureCanvasAgg(plot.parallel(number_of(ds, "test_loss"))).draw()

    def test_the_report_shows_keys_and_both_figures(self):
        self.open()
        self.run_script("report.py", self.results)
        page = self.results.with_suffix(".html").read_text(encoding="utf-8")
        for text in ("<td data-name=\"axis\">lr</td><td data-name=\"sets\">optimizer.lr</td>",
                     "<td data-name=\"axis\">act</td>", "<td data-name=\"act\">relu</td>"):
            self.assertIn(text, page)
        self.assertEqual(page.count("<figcaption>test_accuracy</figcaption>"), 2)


if __name__ == "__main__":
    unittest.main()
