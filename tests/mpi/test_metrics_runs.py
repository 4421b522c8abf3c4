"""Metrics of sessions on a user's own data, against numpy: classes, several labels, numbers."""
import json
import sys
import unittest
from pathlib import Path

import h5py
import numpy as np

from launch import RunTest

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "python"))
from analysis_case import AnalysisTest  # noqa: E402  (the path is set before)

SAMPLES, FEATURES, CLASSES = 200, 4, 5


class Metrics(RunTest, AnalysisTest):
    def train(self, y, outputs, loss, record, rates, **data):
        """The results file of a linear model, trained and tested on the same samples."""
        rng = np.random.default_rng(1)
        self.x = rng.normal(size=(SAMPLES, FEATURES)).astype(np.float32)
        self.y = y(self.x, rng)
        np.save(self.results("x.npy"), self.x)
        np.save(self.results("y.npy"), self.y)
        files = {"train_x": "x.npy", "train_y": "y.npy", "test_x": "x.npy", "test_y": "y.npy"}
        job = {"job": "metrics", "data": {"source": "npy", **files, **data}, "model": {"layers": [{"dense": outputs}]},
               "loss": loss, "optimizer": {"kind": "sgd", "lr": 0.1}, "train": {"epochs": 3, "batch": 16},
               "record": {name: {"every": "end"} | keys for name, keys in record.items()},
               "sweep": {"lr": {"set": "optimizer.lr", "values": rates}}}
        Path(self.results("job.yaml")).write_text(json.dumps(job))
        self.check(0, "run", self.results("job.yaml"), "-o", self.results("r.h5"), ranks=2)
        return h5py.File(self.results("r.h5"))

    def outputs(self, parameters):
        """(samples, outputs) of the linear model."""
        w, b = np.split(parameters.astype(np.float64), [len(parameters) * FEATURES // (FEATURES + 1)])
        return self.x @ w.reshape(-1, FEATURES).T + b

    def test_classes(self):
        record = {"parameters": {}, "test_top_k_accuracy": {"k": 2}, "test_confusion_matrix": {}, "test_macro_f1": {},
                  "train_macro_f1": {}, "test_accuracy": {}}
        with self.train(lambda x, rng: rng.integers(0, CLASSES - 1, SAMPLES), CLASSES,
                        {"label_smoothing": 0.1, "class_weights": [1, 2, 3, 4, 5]}, record, [0.1, 0.01],
                        classes=CLASSES) as file:
            for cell in range(2):
                z = self.outputs(file["parameters"][cell])
                ranks = np.argsort(-z, axis=1)
                matrix = np.zeros((CLASSES, CLASSES))
                np.add.at(matrix, (self.y, ranks[:, 0]), 1)
                np.testing.assert_array_equal(file["test_confusion_matrix"][cell], matrix)
                among = (ranks[:, :2] == self.y[:, None]).any(axis=1).mean()
                self.assertAlmostEqual(file["test_top_k_accuracy"][cell], 100 * among, 4)
                known = matrix.sum(0) + matrix.sum(1)
                f1 = 2 * np.diag(matrix)[known > 0] / known[known > 0]
                self.assertAlmostEqual(file["test_macro_f1"][cell], 100 * f1.mean(), 4)
        out, _ = self.check(0, "status", self.results("r.h5"))
        self.assertRegex(out, r"best test_accuracy: [\d.]+ percent at lr=")

    def test_several_labels(self):
        with self.train(lambda x, rng: (x[:, :3] + rng.normal(size=(SAMPLES, 3)) > 0).astype(np.float32), 3,
                        {"kind": "binary_cross_entropy_with_logits"},
                        {"parameters": {}, "test_accuracy": {}, "test_loss": {}}, [0.1]) as file:
            z = self.outputs(file["parameters"][0])
            losses = np.maximum(z, 0) - z * self.y + np.log1p(np.exp(-np.abs(z)))
            self.assertAlmostEqual(file["test_loss"][0], losses.mean(), 5)
            self.assertAlmostEqual(file["test_accuracy"][0], 100 * ((z > 0) == self.y).mean(), 3)

    def test_numbers(self):
        """The highest R² is the best, and is no percentage."""
        with self.train(lambda x, rng: (2 * x[:, :3] + rng.normal(size=(SAMPLES, 3))).astype(np.float32), 3,
                        {"kind": "mae"}, {"parameters": {}, "test_r2": {}}, [0.3, 0.001]) as file:
            r2 = file["test_r2"][...]
            for cell in range(2):
                errors = self.outputs(file["parameters"][cell]) - self.y
                expected = 1 - (errors**2).sum(0) / ((self.y - self.y.mean(0, dtype=np.float64))**2).sum(0)
                self.assertAlmostEqual(r2[cell], expected.mean(), 5)
        self.assertGreater(r2[0], r2[1] + 0.1)
        out, _ = self.check(0, "status", self.results("r.h5"))
        self.assertRegex(out, r"best test_r2: 0\.\d+ at lr=0\.3\n")
        self.assertIn("--only lr=0.3", self.run_script("ranking.py", self.results("r.h5"), "test_r2", "--only"))


if __name__ == "__main__":
    unittest.main()
