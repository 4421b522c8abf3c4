"""mpisweep.to_torch() and from_torch(): networks that leave a results file, or come into a job, give the same outputs.

Outputs of mpisweep are the feature maps of the last layer for some test samples. $MPISWEEP is the binary."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import h5py
    import numpy as np
    import torch
    from torch import nn
except ImportError as error:
    print(f"skipped: {error} (Debian: python3-torch, python3-h5py)")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "analysis"))
import mpisweep  # noqa: E402
from mpisweep.cell_layers import layers_of  # noqa: E402
from mpisweep.networks import Residual, ScaledSigmoid  # noqa: E402

SAMPLES, TESTED, CLASSES = 40, 12, 5
IMAGE, TABLE = (3, 8, 7), (6,)
DATA = {"source": "npy", "train_x": "x.npy", "train_y": "y.npy", "test_x": "x.npy", "test_y": "y.npy", "classes": CLASSES}
NORM = {"batch_norm": {"momentum": 0.8, "epsilon": 1e-3}}


def conv(filters, kernel, **more):
    return {"conv": {"filters": filters, "kernel": kernel, **more}}


IMAGES = [conv(6, 3, padding="same", bias=False), NORM, "relu",
          {"residual": [{"gelu": "tanh"}, conv(6, 3, padding=1), NORM]},
          {"residual": {"layers": [conv(8, [3, 1], stride=2, padding=[1, 0]), NORM, "silu"],
                        "shortcut": [conv(8, 1, stride=2), NORM]}},
          {"group_norm": 2}, conv(8, 3, padding=2, dilation=2, groups=8), {"avg_pool": {"kernel": 3, "stride": 2, "padding": 1}},
          {"layer_norm": {"epsilon": 1e-4}}, {"elu": 0.5}, {"max_pool": 2}, "global_avg_pool", {"dropout": 0.1}, {"dense": CLASSES}]
TABLES = [{"dense": {"units": 7, "bias": False}}, NORM, "tanh", {"residual": ["scaled_sigmoid", {"dense": 7}]},
          {"leaky_relu": 0.2}, {"dense": 9}, {"softplus": {"beta": 2}}, "sigmoid", {"dense": CLASSES}]


class NetworksTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def write_samples(self, shape):
        rng = np.random.default_rng(7)
        self.x = rng.normal(size=(SAMPLES, *shape)).astype(np.float32)
        np.save(self.directory / "x.npy", self.x)
        np.save(self.directory / "y.npy", rng.integers(0, CLASSES, SAMPLES))

    def train(self, layers, *options, shape=IMAGE, epochs=2, model={}, **sections):
        """The results file of a job of these layers; `sections` of the job in place of the usual ones."""
        self.write_samples(shape)
        norms = {"batch_norm": {"every": "end"}} if "batch_norm" in json.dumps([layers, sections]) else {}
        job = {"job": "networks", "data": DATA, "model": {"layers": layers, **model},
               "optimizer": {"kind": "adam", "lr": 0.01}, "train": {"epochs": epochs, "batch": 8},
               "record": {"parameters": {"every": "end"}, **norms,
                          "feature_maps": {"every": "end", "layers": [len(layers) - 1], "samples": list(range(TESTED))}}}
        (self.directory / "job.yaml").write_text(json.dumps({**job, **sections}))
        path = self.directory / "results.h5"
        done = subprocess.run([os.environ["MPISWEEP"], "run", "job.yaml", "-o", path, "--quiet", *options], cwd=self.directory,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def outputs(self, path, place=()):
        """Those of mpisweep: (TESTED, CLASSES)"""
        with h5py.File(path) as file:
            name, = (name for name in file if name.startswith("feature_maps_") and file[name].ndim >= 4)
            return file[name][place][..., 0, 0]

    def assert_same_outputs(self, module, expected):
        self.assertFalse(module.training)
        with torch.no_grad():
            found = module(torch.tensor(self.x[:TESTED])).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


class ToTorch(NetworksTest):
    def test_networks_of_all_layers(self):
        for layers, shape in (IMAGES, IMAGE), (TABLES, TABLE):
            with self.subTest(shape):
                path = self.train(layers, shape=shape)
                self.assert_same_outputs(mpisweep.to_torch(path, {}, shape=shape), self.outputs(path))
                path.unlink()

    def test_cells_of_every_form_of_axis(self):
        """Numbers, labels, several keys, layers within a block, settings of the command line."""
        layers = [conv(4, 3, padding=1), "relu", {"residual": [conv(4, 3, padding=1), "tanh"]}, {"dense": 6}, "tanh", {"dense": CLASSES}]
        sweep = {"run": 2, "units": {"set": "model.layers[3].units", "values": [3, 6]},
                 "inner": {"set": "model.layers[2.1]", "values": ["tanh", "elu"]},
                 "window": {"set": ["model.layers[0].kernel", "model.layers[0].padding"], "values": [[1, 0], [3, 1]]},
                 "block": {"set": "model.layers[2]", "values": {"none": "identity", "two": {"residual": [NORM, conv(4, 1)]}}}}
        for axes in ("run", "units", "inner"), ("run", "window", "block"):
            with self.subTest(axes):
                (self.directory / "results.h5").unlink(missing_ok=True)
                path = self.train(layers, "--set", "model.layers[4]=silu", epochs=1, sweep={axis: sweep[axis] for axis in axes})
                with mpisweep.open(path) as ds:
                    for place in np.ndindex(ds.status.shape):
                        cell = {axis: ds[axis].values[i] for axis, i in zip(ds.status.dims, place)}
                        self.assertEqual(layers_of(ds, cell)[4], ("silu", {}))
                        self.assert_same_outputs(mpisweep.to_torch(ds, cell, shape=IMAGE), self.outputs(path, place))

    def test_what_cannot_be_done_is_said(self):
        path = self.train(TABLES, shape=TABLE, sweep={"run": 2})
        for cell, shape, error, text in (({}, TABLE, KeyError, "which run"), ({"run": 2}, TABLE, KeyError, "no run=2"),
                                         ({"lr": 1}, TABLE, KeyError, "no axis 'lr'"),
                                         ({"run": 0}, None, ValueError, "shape=(channels, rows, columns)"),
                                         ({"run": 0}, (7,), ValueError, "samples have another shape")):
            with self.subTest(text), self.assertRaises(error) as caught:
                mpisweep.to_torch(path, cell, shape=shape)
            self.assertIn(text, str(caught.exception))


class FromTorch(NetworksTest):
    def check(self, module, shape):
        """A job that starts from the module's parameters, and trains nothing."""
        layers = mpisweep.from_torch(module, self.directory / "start.npy")
        path = self.train(layers, shape=shape, epochs=0, model={"init_file": "start.npy"})
        self.assert_same_outputs(module.eval(), self.outputs(path))
        again = mpisweep.to_torch(path, {}, shape=shape)
        self.assert_same_outputs(again, self.outputs(path))
        path.unlink()

    def test_an_image_network(self):
        torch.manual_seed(1)
        block = Residual(nn.Sequential(nn.Conv2d(6, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.GELU(), nn.Conv2d(8, 8, 3, 1, 1)),
                         nn.Sequential(nn.Conv2d(6, 8, 1, 2)))
        self.check(nn.Sequential(nn.Conv2d(3, 6, 3, padding=2, dilation=2, groups=3), nn.LeakyReLU(0.1), nn.MaxPool2d(2, 1, 1), block,
                                 Residual(nn.Sequential(nn.GroupNorm(4, 8), nn.SiLU())), nn.AvgPool2d(3, 2, 1), nn.AdaptiveAvgPool2d(1),
                                 nn.Flatten(), nn.Linear(8, CLASSES)), IMAGE)

    def test_a_table_network(self):
        torch.manual_seed(2)
        self.check(nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Tanh(), nn.Sequential(nn.Linear(8, 5, bias=False), nn.ELU(0.3)),
                                 nn.BatchNorm1d(5), ScaledSigmoid(), nn.Softplus(2), nn.Identity(), nn.Dropout(0.5), nn.Linear(5, CLASSES)),
                   TABLE)

    def test_what_a_job_does_not_have_is_refused(self):
        for module, text in ((nn.LSTM(3, 4), "LSTM has no layer"), (nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), "reflect"),
                             (nn.MaxPool2d(2, ceil_mode=True), "ceil_mode"), (nn.BatchNorm1d(3, affine=False), "affine"),
                             (nn.AvgPool2d(2, padding=1, count_include_pad=False), "padding counted"),
                             (nn.AdaptiveAvgPool2d(2), "1 × 1"), (nn.Softmax(dim=0), "dimension 1")):
            with self.subTest(text), self.assertRaisesRegex(ValueError, text):
                mpisweep.from_torch(nn.Sequential(module))


if __name__ == "__main__":
    unittest.main()
