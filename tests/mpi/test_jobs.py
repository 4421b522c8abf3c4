"""Every job of jobs/, made small with --set only, on 2 ranks, and its figures: on the real data where $MPISWEEP_DATA
names their directory, else on generated images of the same shape."""
import os
import sys
import unittest
from pathlib import Path

import h5py
import numpy as np

from launch import RunTest

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "python"))
from analysis_case import AnalysisTest, colors_of  # noqa: E402  (the path is set before)
from matplotlib.image import imread  # noqa: E402  (analysis_case has chosen matplotlib's way of drawing)

JOBS = Path(__file__).resolve().parents[2] / "jobs"

# What replaces a data set: 300 images of its shape, or its own first 300.
FEW = ["data.train_count=300", "data.test_count=50"]
GENERATED = {
    "cifar10": ["data.source=synthetic", *FEW],
    "mnist": ["data.source=synthetic", "data.channels=1", "data.height=28", "data.width=28", *FEW],
    "digits": ["data={source: synthetic, channels: 1, height: 20, width: 20, train_count: 300, test_count: 50}"],
}
REAL = {"cifar10": FEW, "mnist": FEW, "digits": ["data.per_class=30", "data.test_count=50"]}

# job: (key of the tables above or None, settings, cells that are left, arrays that the figures need)
SMALL = {
    "quickstart": (None, ["data.train_count=200", "data.test_count=50", "train.epochs=1", "sweep.run=1"], 25,
                   ["train_loss_curve", "test_accuracy"]),
    "entropy_sensitivity": ("cifar10", ["train.epochs=1", "sweep.run=1", "sweep.lr.values=[1e-2]"], 5,
                            ["train_loss_curve", "test_accuracy_curve", "test_loss_curve"]),
    "activations": (None, ["sweep.x.linspace=[-5, 5, 5]"], 15, ["feature_maps_1", "test_gradient_0"]),
    "xor": (None, ["data.train_count=20", "sweep.run=2", "sweep.activation.values.sigmoid[2].epochs=10",
                   "sweep.activation.values.tanh[2].epochs=10", "sweep.activation.values.relu[2].epochs=10"], 6,
            ["train_loss_curve", "validation_accuracy_curve", "grid_output", "test_input", "test_target"]),
    "feature_maps": ("mnist", ["train.epochs=1"], 1, ["weights_0", "feature_maps_0"]),
    "architectures": ("cifar10", ["train.epochs=2"], 5,
                      ["train_loss_curve", "train_accuracy_curve", "validation_accuracy_curve", "train_set_accuracy",
                       "test_accuracy", "weights_0"]),
    "activation_variants": ("cifar10", ["train.epochs=2"], 10, ["train_loss_curve", "gradient_norm_curve"]),
    "schedules": ("cifar10", [f"sweep.training.values.{label}[2]=2" for label in
                              ("sgd_1e-1", "sgd_1e-2", "sgd_1e-3", "one_drop", "two_drops", "adam")], 6,
                  ["train_loss_curve", "validation_accuracy_curve", "learning_rate_curve", "test_accuracy"]),
    "fashion_mlp": ("mnist", ["train.epochs=4", "sweep.run=1"], 1, ["train_loss_curve", "parameters"]),
    "loss_landscape": ("mnist", ["sweep.shift_1.linspace=[-1, 1, 3]", "sweep.shift_2.linspace=[-1, 1, 2]"], 6,
                       ["train_set_loss"]),
    "model_selection": ("mnist", ["sweep.epochs.values=[1, 2]"], 24,
                        ["train_loss_curve", "train_cost_curve", "validation_accuracy_curve"]),
    "linear_classifier": ("cifar10", ["train.epochs=2", "sweep.run=1"], 4,
                          ["train_set_loss_curve", "train_set_cost_curve", "test_loss_curve", "test_cost_curve",
                           "weights_0", "test_probability", "test_prediction", "test_target"]),
    "linear_classifier_grid": ("cifar10", ["train.epochs=1"], 36, ["train_cost_curve", "validation_accuracy_curve"]),
    "digits": ("digits", ["train.epochs=5", "sweep.run=2"], 4,
               ["train_cost_curve", "train_set_cost", "train_set_accuracy"]),
    "initialisation": ("mnist", ["sweep.run=2"], 16,
                       ["train_loss", "train_accuracy", *(f"test_gradient_{layer}" for layer in (1, 3, 5, 7, 9))]),
    "dying_relu": (None, ["data.train_count=100", "data.test_count=20", "sweep.run=10"], 20, ["test_prediction"]),
    "normalisation": ("mnist", ["train.epochs=1", "sweep.run=1"], 4,
                      ["train_loss_curve", "train_accuracy_curve", "test_loss_curve", "test_accuracy_curve"]),
    "range_test": ("mnist", ["schedule.every=1", "train.epochs=11", "sweep.run=1"], 1,
                   ["train_loss_curve", "learning_rate_curve"]),
    "cyclical": ("mnist", ["train.epochs=10", "schedule.half_cycle=10"], 3,
                 ["train_accuracy_curve", "test_accuracy_curve", "learning_rate_curve"]),
    "batch_size": ("mnist", ["train.epochs=1", "sweep.run=1"], 8, ["train_loss_curve"]),
    "search": (None, ["data.train_count=200", "data.test_count=50", "train.epochs=1", "sweep.run=1"], 16,
               ["train_loss_curve", "test_accuracy"]),
}

# job: its figures, as script and arguments
FIRST_RUN = ["--select", "run=0"]
FIGURES = {
    "quickstart": [["heatmap.py"]],
    "entropy_sensitivity": [["curves.py", "train_loss", "test_accuracy"]],
    "activations": [["bars.py", "feature_maps_1", "test_gradient_0", "--x", "x", "--style", "points"]],
    "xor": [["curves.py", "train_loss", "--log", "xy"], ["bars.py", "validation_accuracy", "--style", "points"],
            ["boundary.py", *FIRST_RUN, "--select", "activation=tanh"]],
    "feature_maps": [["pictures.py", "feature_maps_0"]],
    "architectures": [["curves.py", "train_loss", "train_accuracy", "validation_accuracy"],
                      ["bars.py", "train_set_accuracy", "test_accuracy"],
                      ["pictures.py", "weights_0", *FIRST_RUN, "--select", "model=cnn4"],
                      ["pictures.py", "weights_0", *FIRST_RUN, "--select", "model=mlp1"]],
    "activation_variants": [["curves.py", "train_loss", "gradient_norm", "--log", "y"]],
    "schedules": [["curves.py", "train_loss", "validation_accuracy"], ["bars.py", "test_accuracy"]],
    "fashion_mlp": [["curves.py", "train_loss"]],
    "loss_landscape": [["surface.py", "train_set_loss"], ["surface.py", "train_set_loss", "--style", "contours"]],
    "model_selection": [["curves.py", "train_loss", "--select", "epochs=2", "--select", "batch=64"]],
    "linear_classifier": [["curves.py", "train_set_loss", "train_set_cost", "test_loss", "test_cost"],
                          ["histogram.py", "--split"],
                          ["pictures.py", "weights_0", *FIRST_RUN, "--select", "classifier=plain"]],
    "linear_classifier_grid": [["heatmap.py", "--variable", "validation_accuracy", "--select", "batch=100"]],
    "digits": [["curves.py", "train_cost", "--log", "y"]],
    "initialisation": [["violin.py", *(f"test_gradient_{layer}" for layer in (1, 3, 5, 7, 9))]],
    "dying_relu": [["histogram.py", "test_prediction"]],
    "normalisation": [["curves.py", "train_loss", "test_loss", "train_accuracy", "test_accuracy"],
                      ["violin.py", *(f"batch_norm_3_{part}" for part in ("gamma", "beta", "mean", "variance")),
                       "--select", "model=batch_norm_inside"]],
    "range_test": [["curves.py", "train_loss", "--against", "learning_rate", "--log", "xy"]],
    "cyclical": [["curves.py", "train_accuracy", "test_accuracy", "train_loss", "learning_rate"]],
    "batch_size": [["bars.py", "train_loss", "--x", "batch", "--style", "points", "--log", "x"]],
    "search": [["scatter.py", "test_accuracy"], ["parallel.py", "test_accuracy"]],
}


# The sanitizers' presets leave out the figures, which are pure Python, and mpiexec, whose starts take seconds there.
FIGURES_TOO = os.environ.get("MPISWEEP_TEST_FIGURES", "1") != "0"
RANKS = 2 if FIGURES_TOO else None


class Jobs(RunTest, AnalysisTest):
    def run_small(self, job, settings):
        """Exit status 0, every cell done, and every array that figures need has values in every cell."""
        _, own, cells, arrays = SMALL[job]
        words = [word for setting in settings + own for word in ("--set", setting)]
        out, _ = self.check(0, "run", JOBS / f"{job}.yaml", *words, "-o", self.results(f"{job}.h5"), ranks=RANKS)
        self.assertIn(f"{cells} cells, 0 pending, {cells} done", out)
        with h5py.File(self.results(f"{job}.h5")) as file:
            for name in arrays:
                values = file[name][...].reshape(cells, -1)
                self.assertTrue(np.isfinite(values).any(axis=1).all(), f"{job}: {name}")

    def draw(self, job):
        """No figure of the job is blank."""
        for script, *arguments in FIGURES[job]:
            figure = self.results(f"{job}.png")
            self.run_script(script, self.results(f"{job}.h5"), *arguments, "-o", figure)
            colors, counts = colors_of(imread(figure))
            blank = counts[(colors == 255).all(axis=1)].sum() / counts.sum()
            self.assertLess(blank, 0.99, f"{job}: {script}: share of white pixels")
            self.assertGreater(len(colors), 20, f"{job}: {script}: colours")

    def plane_settings(self, job):
        """The files that loss_landscape.yaml takes from analysis/pca.py."""
        if job != "loss_landscape":
            return []
        parameters = np.zeros((3, 785 * 10 + 3 * 11 * 10), np.float32)
        parameters[1, 0] = parameters[2, 1] = 1
        np.save(self.results("origin.npy"), parameters[0])
        np.save(self.results("directions.npy"), parameters[1:])
        return [f"model.init_file={self.results('origin.npy')}", f"model.shift_file={self.results('directions.npy')}"]

    def test_every_job_is_in_the_table(self):
        names = sorted(path.stem for path in JOBS.glob("*.yaml"))
        self.assertEqual(sorted(SMALL), names)
        self.assertEqual(sorted(FIGURES), names)

    def test_small_forms(self):
        data = REAL if os.environ.get("MPISWEEP_DATA") else GENERATED
        for job, (source, *_) in SMALL.items():
            with self.subTest(job=job):
                self.run_small(job, data.get(source, []) + self.plane_settings(job))
                if FIGURES_TOO:
                    self.draw(job)

    def test_best_cell_is_trained_alone(self):
        """As jobs/model_selection.yaml describes: settings of the best cell, more runs, the test accuracy recorded."""
        source, own, *_ = SMALL["model_selection"]
        settings = [word for setting in GENERATED[source] + own for word in ("--set", setting)]
        job, selection, selected = JOBS / "model_selection.yaml", self.results("selection.h5"), self.results("selected.h5")
        self.check(0, "run", job, *settings, "-o", selection, ranks=RANKS)
        options = self.run_script("ranking.py", selection, "validation_accuracy", "--only").split()
        self.assertEqual(options[::2], 4 * ["--only"])
        self.check(0, "run", job, *settings, *options, "--set", "sweep.run=2", "--set", "record.test_accuracy.every=end",
                   "-o", selected, ranks=RANKS)
        with h5py.File(selection) as before, h5py.File(selected) as after:
            best = np.unravel_index(np.nanargmax(before["validation_accuracy"]), before["status"].shape)
            done = np.argwhere(after["status"][...] == 1)
            self.assertEqual([tuple(place) for place in done], [(*best, 0), (*best, 1)])
            self.assertTrue(np.isfinite(after["test_accuracy"][...][tuple(done.T)]).all())


if __name__ == "__main__":
    unittest.main()
