"""docs/from-pytorch.md: each block of Python, and the keys below it, do the same.

Both are trained from the same parameters on the same samples. A block changes what it is about; the rest is below
(SCRIPT, JOB). Blocks about first parameters are compared by the spread of their numbers. $MPISWEEP is the binary.
"""
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
    import yaml
except ImportError as error:
    print(f"skipped: {error} (Debian: python3-torch, python3-h5py, python3-yaml)")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).parent))
from docs_blocks import BLOCK, DOCS  # noqa: E402

PAGE = DOCS / "from-pytorch.md"
SAMPLES, BATCH, EPOCHS, CLASSES, SHAPE = 64, 16, 5, 10, (3, 8, 8)
TOLERANCE = 1e-4
SPREAD = 0.05  # of a few thousand numbers

SCRIPT = """
model = nn.Sequential(nn.Flatten(), nn.Linear(192, 24), nn.Tanh(), nn.Linear(24, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
"""
JOB = {
    "job": "from_pytorch",
    "data": {"source": "npy", "train_x": "x.npy", "train_y": "y.npy", "test_x": "x.npy", "test_y": "y.npy"},
    "model": {"layers": [{"dense": 24}, "tanh", {"dense": 10}]},
    "optimizer": {"kind": "sgd", "lr": 0.05},
    "train": {"epochs": EPOCHS, "batch": BATCH, "shuffle": False},
    "record": {"train_loss": {"every": "1 step"}},
}


def pairs():
    """(line, Python, YAML) of every block of Python and the one that follows it."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = [(text.count("\n", 0, match.start("body")), match["language"], match["body"]) for match in BLOCK.finditer(text)]
    if [language for _, language, _ in blocks] != ["python", "yaml"] * (len(blocks) // 2):
        raise ValueError(f"{PAGE}: blocks in the languages {[b[1] for b in blocks]}; accepted: python and yaml in turn")
    return [(line, script, keys) for (line, _, script), (_, _, keys) in zip(blocks[::2], blocks[1::2])]


def samples(sections):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(SAMPLES, *SHAPE)).astype(np.float32)
    of_numbers = sections.get("loss", {}).get("kind") in ("squared_error", "huber", "mae")
    y = rng.normal(size=(SAMPLES, CLASSES)).astype(np.float32) if of_numbers else rng.integers(0, CLASSES, SAMPLES)
    return x, y


def run_script(script):
    """The names that the block leaves, those of SCRIPT before it; an optimiser is that of the block's model."""
    names = {"torch": torch, "nn": torch.nn, "epochs": EPOCHS, "steps_per_epoch": SAMPLES // BATCH}
    defaults = SCRIPT.splitlines()
    exec("\n".join(defaults), names)
    optimizer = names["optimizer"]
    exec(script, names)
    if names["optimizer"] is optimizer:
        exec(defaults[-1], names)
    return names


def train(names, x, y):
    """The losses of all steps, before their updates, and that of all samples in evaluation mode at the end."""
    model, nothing = names["model"], lambda: None
    before_step, after_step, after_epoch = (names.get(name, nothing) for name in ("before_step", "after_step", "after_epoch"))
    losses = []
    for _ in range(EPOCHS):
        for first in range(0, SAMPLES, BATCH):
            names["optimizer"].zero_grad()
            loss = names["criterion"](model(x[first:first + BATCH]), y[first:first + BATCH])
            loss.backward()
            losses.append(loss.item())
            before_step()
            names["optimizer"].step()
            after_step()
        after_epoch()
    model.eval()
    with torch.no_grad():
        return losses, names["criterion"](model(x), y).item()


def run_job(keys, settings, arrays, directory):
    """The page's keys as they are, completed by those of JOB, with settings."""
    for name, values in arrays.items():
        np.save(directory / f"{name}.npy", values)
    others = [f"{key}: {json.dumps(value)}\n" for key, value in JOB.items() if key not in yaml.safe_load(keys)]
    (directory / "job.yaml").write_text("".join(others) + keys)
    command = [os.environ["MPISWEEP"], "run", "job.yaml", "-o", "results.h5", "--quiet"]
    for key, value in settings.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"exit status {done.returncode}: {done.stderr}")
    with h5py.File(directory / "results.h5") as file:
        return {name: file[name][()] for name in file if isinstance(file[name], h5py.Dataset)}


class PageTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)

    def check_training(self, script, keys):
        sections = yaml.safe_load(keys)
        x, y = samples(sections)
        names = run_script(script)
        start = torch.nn.utils.parameters_to_vector(names["model"].parameters()).detach().numpy().astype(np.float32)
        torch.nn.utils.vector_to_parameters(torch.tensor(start).double(), names["model"].parameters())
        measure = "cost" if "train_cost" in sections.get("record", {}) else "loss"
        settings = {"record": {f"train_{measure}": {"every": "1 step"}, f"test_{measure}": {"every": "end"}},
                    "model.init_file": "w.npy"}
        losses, at_end = train(names, torch.tensor(x).double(), torch.tensor(y).double() if y.ndim > 1 else torch.tensor(y))
        with tempfile.TemporaryDirectory() as directory:
            found = run_job(keys, settings, {"x": x, "y": y, "w": start}, Path(directory))
        np.testing.assert_allclose(found[f"train_{measure}_curve"], losses, rtol=TOLERANCE)
        np.testing.assert_allclose(found[f"test_{measure}"], at_end, rtol=TOLERANCE)

    def check_start(self, script, keys):
        model = run_script(script)["model"]
        x, y = samples({})
        settings = {"model.layers": JOB["model"]["layers"], "train.epochs": 0, "record": {"parameters": {"every": "end"}}}
        with tempfile.TemporaryDirectory() as directory:
            found = run_job(keys, settings, {"x": x, "y": y}, Path(directory))["parameters"]
        first = 0
        for parameter in model.parameters():
            values, expected = found[first:first + parameter.numel()], parameter.detach().numpy().ravel()
            first += len(values)
            if len(values) > 1000 or not expected.any():
                np.testing.assert_allclose([values.std(), np.abs(values).mean()], [expected.std(), np.abs(expected).mean()],
                                           rtol=SPREAD)

    def test_every_block(self):
        found = pairs()
        self.assertGreater(len(found), 15)
        for line, script, keys in found:
            with self.subTest(f"{PAGE}:{line}"):
                sections = yaml.safe_load(keys)
                is_start = set(sections) == {"model"} and "layers" not in sections["model"]
                (self.check_start if is_start else self.check_training)(script, keys)


if __name__ == "__main__":
    unittest.main()
