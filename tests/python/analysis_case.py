"""What tests of analysis/ have in common: results files in the layout of docs/results-format.md, running a command
within this process (starting Python and matplotlib for each would take most of the time), pixels."""
import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import h5py
import numpy as np

ANALYSIS = Path(__file__).resolve().parents[2] / "analysis"
sys.path.insert(0, str(ANALYSIS))
from mpisweep.commands import start  # noqa: E402  (the path is set before)
from mpisweep.plot import style  # noqa: E402

KEYS = {"lr": "optimizer.lr", "lambda": "loss.entropy_weight"}  # that an axis sets


def write_results(path, axes, variables, status=None, scales=()):
    """A results file of the cells of `axes` {name: coordinates}.

    variables: {name: values} or {name: (values, [names of the dimensions after the cells'])}; dimensions have the
    coordinates that `scales` {name: values} gives them, else 0, 1, 2, …"""
    shape = tuple(len(coordinates) for coordinates in axes.values())
    status = np.ones(shape, np.int8) if status is None else status
    scales = {**axes, **dict(scales)}
    with h5py.File(path, "w") as file:
        file.attrs["title"] = "A small grid"
        file.attrs["job_canonical"] = "data.source = cifar10\ntrain.epochs = 3\n"
        file.attrs["job_text"] = "job: small\ntitle: <A & B>\n"
        for name, item in {"status": status, **variables}.items():
            values, inner = item if isinstance(item, tuple) else (item, [])
            dataset = file.create_dataset(name, data=values if name == "status" else values.astype(np.float32))
            if name != "status":
                dataset.attrs["units"] = "percent" if "accuracy" in name else "1"
                dataset.attrs["long_name"] = name.replace("_", " ").removesuffix(" curve")
            for dimension, scale, length in zip(dataset.dims, [*axes, *inner], dataset.shape):
                if scale not in file:
                    file.create_dataset(scale, data=scales.get(scale, np.arange(length))).make_scale(scale)
                    file[scale].attrs["long_name"] = KEYS.get(scale, f"meaning of {scale}")
                dimension.attach_scale(file[scale])


def colors_of(picture):
    """The colours (count, 3) of the picture (height, width, 3 or 4), 0 … 255, and the number of pixels of each."""
    pixels = (picture[..., :3] * 255).round().astype(int).reshape(-1, 3)
    packed, counts = np.unique(pixels @ [1 << 16, 1 << 8, 1], return_counts=True)
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1), counts


class AnalysisTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.results = self.directory / "small.h5"

    def run_script(self, script, *arguments, status=0):
        """Standard output, or standard error where the script is to fail. Figures have a quarter of the pixels that
        they are published with, as these take most of the time."""
        output, errors = io.StringIO(), io.StringIO()
        with mock.patch.object(sys, "argv", [script, *map(str, arguments)]), \
                mock.patch.object(style, "DOTS_PER_INCH", 150), \
                contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                code = start.run(script.removesuffix(".py"))
            except SystemExit as end:  # from argparse
                code = end.code or 0
        self.assertEqual(code, status, output.getvalue() + errors.getvalue())
        return output.getvalue() if status < 2 else errors.getvalue()
