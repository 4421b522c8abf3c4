"""Sessions like a user's, compared with PyTorch: a job file, an HDF5 data set, first parameters from a file, samples in
stored order.

The cases are in tests/reference/network_cases.py; PyTorch's losses in network_vectors.json, made by
make_network_vectors.py. $MPISWEEP is the binary.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
sys.path.insert(0, str(REFERENCE))
from network_cases import CONVEX, EVALUATIONS, FULL_BATCH, LONG, SHORT, samples, start  # noqa: E402

VECTORS = json.loads((REFERENCE / "network_vectors.json").read_text())


def job_of(c):
    """JSON is YAML."""
    return {
        "job": "beside_pytorch",
        "data": {"source": "hdf5", "train": "samples.h5", **({"normalize": c["normalize"]} if c["normalize"] else {})},
        "model": {"init_file": "start.npy", "layers": c["layers"]},
        "loss": c["loss"] or {"kind": "cross_entropy"},
        "optimizer": c["optimizer"],
        **({"schedule": c["schedule"]} if c["schedule"] else {}),
        "train": {"epochs": c["epochs"], "batch": c["batch"], "shuffle": False},
        "record": {"train_loss": {"every": "1 step"}, "parameters": {"every": "end"}},
    }


def full_batch_job_of(c, kind):
    return {**job_of(c), "optimizer": {"kind": kind}, "train": {"epochs": EVALUATIONS},
            "record": {"train_cost": {"every": "1 epoch"}, "parameters": {"every": "end"}}}


def run(job, c, parameters, directory):
    """The results file of `job` from the case's samples and start."""
    x, y = samples(c)
    with h5py.File(directory / "samples.h5", "w") as file:
        file["x"], file["y"] = x, y
    np.save(directory / "start.npy", start(c, parameters))
    (directory / "job.yaml").write_text(json.dumps(job))
    done = subprocess.run([os.environ["MPISWEEP"], "run", "job.yaml", "-o", "results.h5", "--quiet"], cwd=directory,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"exit status {done.returncode}: {done.stderr}")
    return h5py.File(directory / "results.h5")


class Runs(unittest.TestCase):
    def follow(self, cases, tolerance):
        for name, c in cases.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as directory:
                expected = VECTORS[name]
                with run(job_of(c), c, expected["parameters"], Path(directory)) as file:
                    losses, parameters = file["train_loss_curve"][...], file["parameters"][...]
                np.testing.assert_allclose(losses, expected["losses"], rtol=tolerance, err_msg=name)
                places = expected["places"]
                moved = np.subtract(expected["values"], start(c, len(parameters))[places])
                error = np.linalg.norm(parameters[places] - expected["values"]) / np.linalg.norm(moved)
                # One ReLU whose input is 0 except for rounding moves some of Adam's parameters by a step.
                self.assertLess(error, 0.05, f"{name}: of the way that the parameters went")

    def test_twenty_steps(self):
        self.follow(SHORT, 1e-4)

    def test_fifty_steps(self):
        self.follow(LONG, 1e-3)

    def test_full_batch_optimizers_find_the_optimum(self):
        expected = VECTORS["convex"]
        for kind in FULL_BATCH:
            with self.subTest(kind), tempfile.TemporaryDirectory() as directory:
                with run(full_batch_job_of(CONVEX, kind), CONVEX, expected["parameters"], Path(directory)) as file:
                    cost, parameters = file["train_cost"][()], file["parameters"][...]
                np.testing.assert_allclose(cost, expected["cost"], rtol=1e-5)
                np.testing.assert_allclose(parameters[:-10], expected["weights"], atol=1e-2 * np.max(expected["weights"]))


if __name__ == "__main__":
    unittest.main()
