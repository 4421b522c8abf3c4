"""Data as people bring them: what is read, and what is refused with which message. Every case writes its own data."""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

MPISWEEP = os.environ["MPISWEEP"]
rng = np.random.default_rng(0)
X = rng.random((21, 5)).astype("f4")
Y = np.arange(21) % 3
IMAGES = rng.integers(0, 256, (21, 6, 7, 3)).astype("u1")
TAIL = "optimizer: {lr: 0.1}\ntrain: {epochs: 1, batch: 4, shuffle: false}\n"


def npy_job(x="x.npy", y="y.npy", outputs=3, more="", loss="cross_entropy", layers=None):
    layers = layers or f"[dense: {outputs}]"
    return (f"job: t\ndata: {{source: npy, train_x: '{x}', train_y: '{y}', test_x: '{x}', test_y: '{y}'{more}}}\n"
            f"model: {{layers: {layers}}}\nloss: {{kind: {loss}}}\n{TAIL}"
            "record: {train_loss: {every: 1 step}, test_loss: {every: end}, test_input: {every: end}, test_target: {every: end}}\n")


def file_job(source, train, outputs=3, more="", loss="cross_entropy", test=None):
    return (f"job: t\ndata: {{source: {source}, train: '{train}', test: '{test or train}'{more}}}\n"
            f"model: {{layers: [dense: {outputs}]}}\nloss: {{kind: {loss}}}\n{TAIL}"
            "record: {train_loss: {every: 1 step}, test_loss: {every: end}, test_input: {every: end}, test_target: {every: end}}\n")


def hdf5(name, mode="w", **arrays):
    with h5py.File(name, mode) as file:
        for key, value in arrays.items():
            file[key] = value


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="mpisweep-data-")
        self.addCleanup(directory.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(directory.name)
        self.refusals = 0

    def mpisweep(self, verb, job, *options):
        Path("job.yaml").write_text(job)
        return subprocess.run([MPISWEEP, verb, "job.yaml", *options], capture_output=True, text=True, timeout=100)

    def plan(self, job):
        done = self.mpisweep("plan", job, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def trained(self, job):
        """The results file's test_loss, test_input and test_target."""
        Path("r.h5").unlink(missing_ok=True)
        done = self.mpisweep("run", job, "-o", "r.h5", "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File("r.h5") as file:
            return {
name: file[name][()] for name in ("test_loss", "test_input", "test_target") if name in file
}

    def assert_same(self, job, x, y):
        got = self.trained(job)
        np.testing.assert_array_equal(got["test_input"].reshape(len(x), -1), np.asarray(x, "f4").reshape(len(x), -1))
        np.testing.assert_array_equal(got["test_target"].ravel(), np.asarray(y, "f4"))
        return got

    def assert_refused(self, job, *words, status=3):
        """By plan; the first time in a test by run, too, which costs a start of MPI."""
        verbs = ("plan",) if self.refusals > 0 else ("plan", "run")
        self.refusals += 1
        for verb in verbs:
            options = ["-o", "refused.h5", "--quiet"] if verb == "run" else []
            done = self.mpisweep(verb, job, *options)
            self.assertEqual(done.returncode, status, f"{verb}: {done.stdout}{done.stderr}")
            for word in words:
                self.assertIn(word, done.stderr, verb)
            self.assertFalse(Path("refused.h5").exists())


class Numbers(Case):
    """Types and layouts of numbers that have a clear meaning."""

    def test_samples_of_every_type(self):
        np.save("y.npy", Y)
        whole = (100 * X).astype("u1")
        for kind in ("u1", "<i2", "u2", ">i4", "u4", "i8", "u8", "f2", ">f2", "f4", ">f4", "f8", ">f8", "g", "?"):
            x = whole.astype(kind)
            np.save("x.npy", np.asfortranarray(x) if kind in ("u1", "i8", ">f4", "f8") else x)
            self.assert_same(npy_job(), x, Y)
            if kind in ("u1", "<i2", ">i4", "u8", "f2", ">f8", "?"):
                hdf5("d.h5", x=x, y=Y)
                self.assert_same(file_job("hdf5", "d.h5"), x, Y)

    def test_labels_of_every_type(self):
        np.save("x.npy", X)
        for kind in ("?", "i1", "u1", "u2", "u4", "u8", ">i8", "<i2"):
            y = (Y % 2).astype(kind)
            np.save("y.npy", y[:, None] if kind in ("i1", "u4") else y)
            self.assert_same(npy_job(outputs=2), X, Y % 2)
            hdf5("d.h5", x=X, y=y if kind in ("i1", "u4") else y[:, None])
            self.assert_same(file_job("hdf5", "d.h5", outputs=2), X, Y % 2)

    def test_fortran_order_of_images(self):
        np.save("y.npy", Y)
        images = IMAGES.transpose(0, 3, 1, 2)
        for x in (np.asfortranarray(images), np.asfortranarray(images.astype("f8"))):
            np.save("x.npy", x)
            self.assert_same(npy_job(), images, Y)

    def test_foreign_headers(self):
        np.save("y.npy", Y)
        for version, descr, shape, data in ((3, "<f4", "(21, 5)", X), (1, "<f4", "(21L, 5L)", X), (2, "=f4", "(21,5)", X),
                                            (1, "<u1", "(21, 5)", (100 * X).astype("u1"))):
            header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
            length = len(header).to_bytes(2 if version == 1 else 4, "little")
            Path("x.npy").write_bytes(b"\x93NUMPY" + bytes([version, 0]) + length + header + data.tobytes())
            self.assert_same(npy_job(), data, Y)

    def test_channels_last(self):
        np.save("y.npy", Y)
        np.save("x.npy", IMAGES)
        last = npy_job(more=", layout: channels_last")
        self.assert_same(last, IMAGES.transpose(0, 3, 1, 2), Y)
        plan = self.plan(last)
        self.assertEqual(plan["data"]["shape"], {"channels": 3, "rows": 6, "columns": 7})
        self.assertEqual(plan["warnings"], [])
        self.assertIn("data.layout: channels_last", self.plan(npy_job())["warnings"][0])
        np.save("x.npy", IMAGES.transpose(0, 3, 1, 2))
        self.assertEqual(self.plan(npy_job())["warnings"], [])
        self.assertIn("data.layout: channels_first", self.plan(last)["warnings"][0])

    def test_weights_that_meet_padding_alone(self):
        """Images of two columns under a kernel of five: the gradient of the outer two is 0, and no optimiser moves them."""
        np.save("x.npy", rng.random((21, 8, 4, 2)).astype("f4"))
        np.save("y.npy", Y)
        weights = []
        for epochs in (0, 3):
            job = npy_job(layers="[conv: {filters: 16, kernel: 5, padding: 2}, dense: 3]").replace("epochs: 1", f"epochs: {epochs}")
            job = job.replace("optimizer: {lr", "optimizer: {kind: rmsprop, lr").replace("train_loss: {every: 1 step}", "weights: {every: end, layers: [0]}")
            self.trained(job)
            with h5py.File("r.h5") as file:
                weights.append(file["weights_0"][()])
        moved = (weights[0] != weights[1]).any((0, 1))
        np.testing.assert_array_equal(moved, np.tile([False, True, True, True, False], (5, 1)))

    def test_not_numbers(self):
        np.save("y.npy", Y)
        for x in (X.astype("c8"), X.astype("U"), X.astype("S"), np.zeros(21, [("a", "f4"), ("b", "f4")])):
            np.save("x.npy", x)
            self.assert_refused(npy_job(), "x.npy: byte", "descr; accepted", "found")
        np.save("x.npy", np.array([[1, "a"]] * 21, object))
        self.assert_refused(npy_job(), "found '|O'", "x.astype('float32')")
        hdf5("d.h5", x=X.astype("c8"), y=Y)
        self.assert_refused(file_job("hdf5", "d.h5"), "d.h5:/x: compound or complex values; accepted")

    def test_not_finite(self):
        for value in (np.nan, np.inf, -np.inf):
            x = X.copy()
            x[7, 3] = x[9, 1] = value
            np.save("x.npy", x)
            np.save("y.npy", Y)
            self.assert_refused(npy_job(), "x.npy: row 7, column 3", "the first of 2 numbers", "data.allow_nonfinite")
            hdf5("d.h5", x=x, y=Y)
            self.assert_refused(file_job("hdf5", "d.h5"), "d.h5:/x: row 7, column 3")
            np.save("x.npy", X)
            np.save("y.npy", x[:, 3])
            self.assert_refused(npy_job(outputs=1, loss="squared_error"), "y.npy: row 7, target 0")
        np.save("x.npy", X.astype("f8") * 1e300)
        np.save("y.npy", Y)
        self.assert_refused(npy_job(), "beyond 3.4e38")
        images = IMAGES.transpose(0, 3, 1, 2).astype("f4")
        images[2, 1, 4, 5] = np.nan
        np.save("x.npy", images)
        self.assert_refused(npy_job(), "row 2, channel 1, image row 4, image column 5")
        np.save("x.npy", x)
        done = self.mpisweep("run", npy_job(more=", allow_nonfinite: true"), "-o", "r.h5", "--quiet")
        self.assertEqual(done.returncode, 1)  # they diverge
        np.save("y.npy", np.where(Y == 1, np.inf, 0.5))
        plan = self.plan(npy_job(outputs=1, loss="squared_error", more=", allow_nonfinite: true"))
        self.assertEqual(plan["data"]["train"]["target_range"], [0.5, None])


class Answers(Case):
    """What y means."""

    def test_floating_point_labels(self):
        np.save("x.npy", X)
        np.save("y.npy", Y.astype("f8"))
        self.assert_refused(npy_job(), "y.npy: float64, all whole", "y.astype('int64')", "data.task: classification")
        self.assert_same(npy_job(more=", task: classification"), X, Y)
        self.assert_same(npy_job(outputs=1, loss="squared_error"), X, Y)
        np.save("y.npy", Y + 0.5)
        self.assert_refused(npy_job(more=", task: classification"), "row 0: label 0.5", "data.task: regression")

    def test_one_hot(self):
        np.save("x.npy", X)
        np.save("y.npy", Y)
        labels = self.trained(npy_job())["test_loss"]
        for kind in ("f4", "u1", "i8", "?"):
            np.save("y.npy", np.eye(3, dtype=kind)[Y])
            self.assertEqual(self.assert_same(npy_job(), X, Y)["test_loss"], labels)
        y = np.eye(3)[Y]
        y[5] = 0
        np.save("y.npy", y)
        self.assert_refused(npy_job(more=", task: classification"), "y.npy: row 5: not one 1 among 3 numbers")

    def test_several_labels(self):
        np.save("x.npy", X)
        y = (X[:, :4] > 0.5).astype("u1")
        np.save("y.npy", y)
        job = npy_job(loss="binary_cross_entropy", layers="[dense: 4, sigmoid]")
        self.trained(job)
        for wrong in (2, -1, np.nan):
            np.save("y.npy", np.where(np.arange(84).reshape(21, 4) == 33, wrong, y).astype("f4"))
            self.assert_refused(job, "y.npy: row 8, target 1", "accepted: 0 to 1")

    def test_integers_to_predict(self):
        for kind in ("i8", "u2", "f4"):
            np.save("x.npy", X)
            np.save("y.npy", (1990 + np.arange(21)).astype(kind))
            self.assert_same(npy_job(outputs=1, loss="squared_error"), X, 1990 + np.arange(21))
        np.save("y.npy", 1990 + np.arange(21))
        self.assert_refused(npy_job(), "y.npy: row 0: label 1990; accepted: 0 to 255", "data.task: regression")
        np.save("y.npy", Y)
        self.assert_refused(npy_job(outputs=1, loss="squared_error"), "3 classes", "data.task: regression", status=2)
        self.assert_same(npy_job(outputs=1, loss="squared_error", more=", task: regression"), X, Y)

    def test_labels_not_from_zero(self):
        np.save("x.npy", X)
        np.save("y.npy", Y + 1)
        self.assert_refused(npy_job(), "y.npy: labels from 1 to 3", "class 0", "y - 1", "data.classes: 4")
        self.assert_same(npy_job(outputs=4, more=", classes: 4"), X, Y + 1)
        np.save("y.npy", 2 * (Y % 2) - 1)
        self.assert_refused(npy_job(outputs=2), "label -1", "Labels count from 0")

    def test_a_class_of_the_test_set_alone(self):
        hdf5("d.h5", x=X, y=Y)
        y = Y.copy()
        y[20] = 3
        hdf5("e.h5", x=X, y=y)
        self.assert_refused(file_job("hdf5", "d.h5", test="e.h5"), "e.h5:/y: row 20: label 3", "data.classes")
        self.trained(file_job("hdf5", "d.h5", test="e.h5", outputs=4, more=", classes: 4"))

    def test_shapes_that_do_not_fit(self):
        np.save("x.npy", X)
        for y, words in ((Y[:20], "20 labels or targets, but x.npy has 21 samples"), (Y[None], "is it transposed"),
                         (np.zeros((21, 2, 2)), "3 dimensions of float64"), (np.zeros((21, 300)), "300 numbers per sample")):
            np.save("y.npy", y)
            self.assert_refused(npy_job(), "y.npy: " if "y.T" not in words else "", words)
        np.save("y.npy", Y)
        np.save("x.npy", X[:, 0])
        self.assert_refused(npy_job(), "x.npy: 1 dimension of 21 numbers", "x[:, None]")

    def test_own_validation_files(self):
        np.save("x.npy", X)
        np.save("y.npy", Y)
        np.save("vx.npy", X[:6])
        np.save("vy.npy", Y[:6])
        hdf5("d.h5", x=X, y=Y)
        hdf5("v.h5", x=X[:6], y=Y[:6])
        record = "record: {validation_loss: {every: end}, train_set_loss: {every: end}, test_loss: {every: end}}\n"
        losses = []
        for job in (npy_job(more=", validation: {x: vx.npy, y: vy.npy}"), file_job("hdf5", "d.h5", more=", validation: {file: v.h5}")):
            job = job[:job.index("record:")] + record
            plan = self.plan(job)["data"]
            self.assertEqual([plan[split]["samples"] for split in ("train", "validation", "test")], [21, 6, 21])
            self.assertEqual(plan["validation"]["class_counts"], [2, 2, 2])
            Path("r.h5").unlink(missing_ok=True)
            self.assertEqual(self.mpisweep("run", job, "-o", "r.h5", "--quiet").returncode, 0)
            with h5py.File("r.h5") as file:
                losses.append([float(file[name][()]) for name in ("validation_loss", "test_loss")])
        self.assertEqual(losses[0], losses[1])
        self.assertNotEqual(losses[0][0], losses[0][1])
        self.assert_refused(npy_job(more=", validation: {x: vx.npy, y: vy.npy, fraction: 0.5}"), "not together", status=2)
        self.assert_refused(npy_job(more=", validation: {x: vx.npy}"), "data.validation.y: missing", status=2)


class Files(Case):
    """Containers and names."""

    def test_names_in_hdf5_files(self):
        for x, y in (("X", "Y"), ("train/x", "train/y"), ("features", "labels"), ("images", "target")):
            hdf5("d.h5", **{x: X, y: Y})
            self.assert_same(file_job("hdf5", "d.h5"), X, Y)
        hdf5("d.h5", **{"a/x": X, "a/y": Y, "b/x": X[:7], "b/y": Y[:7]})
        self.assert_refused(file_job("hdf5", "d.h5"), "job.yaml:2:7: data.train_x: d.h5: more than one data set", "/a/x", "/b/x", status=2)
        job = file_job("hdf5", "d.h5", more=", train_x: a/x, train_y: /a/y, test_x: b/x, test_y: b/y")
        self.assert_same(job, X[:7], Y[:7])
        self.assert_refused(file_job("hdf5", "d.h5", more=", train_x: c"), "data.train_x: d.h5: no data set c", "/a/x", status=2)
        hdf5("d.h5", p=X, q=Y)
        self.assert_refused(file_job("hdf5", "d.h5"), "data.train_x: d.h5: no data set that may be x", "/p, /q", status=2)

    def test_directory_that_ends_in_a_colon(self):
        os.mkdir("run 12:")
        hdf5("run 12:/d.h5", x=X, y=Y)
        self.assert_same(file_job("hdf5", "run 12:/d.h5"), X, Y)
        np.save("run 12:/x.npy", X)
        np.save("y.npy", Y)
        self.assert_same(npy_job(x="run 12:/x.npy"), X, Y)

    def test_filters(self):
        for options in ({"compression": "gzip"}, {"compression": "gzip", "shuffle": True, "fletcher32": True}):
            with h5py.File("d.h5", "w") as file:
                file.create_dataset("x", data=X, chunks=(4, 2), **options)
                file["y"] = Y
            self.assert_same(file_job("hdf5", "d.h5"), X, Y)
        for name in ("x", "y"):
            with h5py.File("d.h5", "w") as file:
                for key, value in (("x", X), ("y", Y)):
                    file.create_dataset(key, data=value, chunks=value.shape, compression="lzf" if key == name else None)
            self.assert_refused(file_job("hdf5", "d.h5"), f"d.h5:/{name}: compressed by the filter 32000 (lzf)", "gzip")

    def test_one_large_chunk_is_decompressed_once(self):
        """Read in 48 parts, each of which would decompress all of it."""
        x = np.zeros((60000, 784), "u1")
        x[:, ::50] = rng.integers(0, 256, (60000, 16))
        with h5py.File("d.h5", "w") as file:
            file.create_dataset("x", data=x, chunks=x.shape, compression="gzip", compression_opts=1)
            file["y"] = np.arange(60000) % 3
        hdf5("e.h5", x=x[:3], y=np.arange(3))
        job = file_job("hdf5", "d.h5", test="e.h5").replace("epochs: 1", "epochs: 0").replace("train_loss: {every: 1 step}, ", "")
        usage = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)"
        Path("job.yaml").write_text(job)
        once = float(subprocess.run([sys.executable, "-c", usage, sys.executable, "-c", "import h5py; h5py.File('d.h5')['x'][()]"],
                                    capture_output=True, text=True, check=True).stdout)
        ours = float(subprocess.run([sys.executable, "-c", usage, MPISWEEP, "run", "job.yaml", "-o", "r.h5", "--quiet"],
                                    capture_output=True, text=True, check=True).stdout)
        self.assertLess(ours, 10 * once + 5)  # 48 times otherwise

    def test_matlab(self):
        with h5py.File("d.h5", "w", userblock_size=512) as file:
            file["x"] = X.astype("f8").T
            file["y"] = Y[None, :].astype("f8")
            file["x"].attrs["MATLAB_class"] = np.bytes_("double")
        self.assert_same(file_job("hdf5", "d.h5", more=", task: classification"), X, Y)
        self.assert_refused(file_job("hdf5", "d.h5"), "data.task: classification")
        Path("d.h5").write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(200))
        self.assert_refused(file_job("hdf5", "d.h5"), "a MATLAB file before version 7.3", "-v7.3")

    def test_more_than_sixteen_features(self):
        for features in (17, 64, 1000):
            x = rng.integers(0, 256, (12, features)).astype("u1")
            np.save("w.npy", np.eye(1, features, features - 1, dtype="f4").ravel())
            np.save("y.npy", x[:, -1].astype("f4") / 255)
            for samples in (x, x.astype("f4") / 255):
                np.save("x.npy", samples)
                job = npy_job(loss="squared_error", layers="[dense: {units: 1, bias: false}]").replace("model: {", "model: {init_file: w.npy, ")
                self.assertLess(self.trained(job.replace("lr: 0.1", "lr: 0"))["test_loss"], 1e-10)

    def test_one_mean_for_all_features(self):
        x = rng.integers(0, 256, (21, 40)).astype("u1")
        np.save("x.npy", x)
        np.save("y.npy", Y)
        one = self.trained(npy_job(more=", normalize: {mean: [0.13], std: [0.31]}"))["test_loss"]
        np.save("x.npy", ((x / 255 - 0.13) / 0.31).astype("f4"))
        self.assertAlmostEqual(float(one), float(self.trained(npy_job())["test_loss"]), 4)


@unittest.skipUnless(os.path.isdir(os.environ.get("MPISWEEP_DATA", "") + "/mnist"), "no MNIST in $MPISWEEP_DATA")
class Digits(Case):
    def idx(self, name, offset, shape):
        for path in Path(os.environ["MPISWEEP_DATA"], "mnist").glob(name + "*"):
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            return np.frombuffer(data, "u1", int(np.prod(shape)), offset).reshape(shape)
        self.fail(name)

    def losses(self, data, kernels):
        job = (f"job: t\ndata: {{{data}, normalize: {{mean: [0.1307], std: [0.3081]}}}}\nmodel: {{layers: [dense: 32, relu, dense: 10]}}\n"
               "optimizer: {lr: 0.05, momentum: 0.9}\ntrain: {epochs: 1, batch: 50}\n"
               "record: {train_loss: {every: 1 step}, test_loss: {every: end}, parameters: {every: end}}\n")
        Path("job.yaml").write_text(job)
        Path("r.h5").unlink(missing_ok=True)
        done = subprocess.run([MPISWEEP, "run", "job.yaml", "-o", "r.h5", "--quiet"], capture_output=True, text=True,
                              env={**os.environ, "MPISWEEP_KERNELS": kernels})
        if "kernels" in done.stderr.lower() and done.returncode == 2:
            return None  # this CPU lacks them
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File("r.h5") as file:
            return [file[name][()].tobytes() for name in ("train_loss_curve", "test_loss", "parameters")]

    def test_one_set_in_three_forms(self):
        """As IDX files, as vectors and as images: the same bits."""
        x, y = self.idx("train-images", 16, (2000, 28, 28)), self.idx("train-labels", 8, (2000,))
        tx, ty = self.idx("t10k-images", 16, (500, 28, 28)), self.idx("t10k-labels", 8, (500,))
        for name, value in (("y", y), ("ty", ty), ("flat", x.reshape(2000, 784)), ("tflat", tx.reshape(500, 784)), ("image", x), ("timage", tx)):
            np.save(name + ".npy", value)
        sets = 0
        for kernels in ("reference", "portable", "avx2", "avx512"):
            idx = self.losses("source: mnist, train_count: 2000, test_count: 500", kernels)
            sets += idx is not None
            for form in ("flat", "image"):
                arrays = self.losses(f"source: npy, train_x: {form}.npy, train_y: y.npy, test_x: t{form}.npy, test_y: ty.npy", kernels)
                self.assertEqual(idx, arrays, f"{form}, {kernels}")
        self.assertGreaterEqual(sets, 2)


class Csv(Case):
    TABLE = "a,b,kind,c\n" + "".join(f"{X[i, 0]:.9g},{X[i, 1]:.9g},{'uvw'[Y[i]]},{X[i, 2]:.9g}\n" for i in range(21))

    def job(self, more=", target: kind", **options):
        return file_job("csv", "d.csv", more=more, **options)

    def test_texts_are_classes(self):
        for text in (self.TABLE, "\ufeff" + self.TABLE, self.TABLE.replace("\n", "\r\n"), self.TABLE.replace("\n", "\n\n"),
                     self.TABLE.rstrip("\n"), self.TABLE.replace("u,", '"u",')):
            Path("d.csv").write_text(text, newline="")
            self.assert_same(self.job(), X[:, :3], Y)
        plan = self.plan(self.job())["data"]
        self.assertEqual(plan["class_names"], ["u", "v", "w"])
        self.assertEqual(plan["train"]["class_counts"], [7, 7, 7])

    def test_numbers(self):
        Path("d.csv").write_text(self.TABLE.replace("u,", "0,").replace("v,", "1,").replace("w,", "2,"))
        self.assert_same(self.job(), X[:, :3], Y)
        self.assert_same(self.job(more=", target: kind, task: regression", outputs=1, loss="squared_error"), X[:, :3], Y)
        self.assert_same(self.job(more=", target: c, ignore: [kind]", outputs=1, loss="squared_error"), X[:, :2], X[:, 2])
        self.assert_same(self.job(more=", target: [c, b], ignore: kind", outputs=2, loss="squared_error"), X[:, :1], X[:, 2])

    def test_separators_and_row_numbers(self):
        rows = self.TABLE.splitlines()
        Path("d.csv").write_text("\n".join(f"{i or ''},{row}" for i, row in enumerate(rows)).replace(",", ";"))
        self.assert_same(self.job(more=", target: kind, separator: semicolon"), X[:, :3], Y)
        Path("d.csv").write_text(self.TABLE.replace(",", "\t"))
        self.assert_same(self.job(more=", target: kind, separator: tab"), X[:, :3], Y)

    def test_columns_in_another_order(self):
        Path("d.csv").write_text(self.TABLE)
        cells = [row.split(",") for row in self.TABLE.splitlines()]
        Path("e.csv").write_text("\n".join(",".join((c, kind, "7", b, a)) if a != "a" else "c,kind,more,b,a" for a, b, kind, c in cells))
        self.assert_same(self.job(test="e.csv"), X[:, :3], Y)
        Path("e.csv").write_text("a,b,kind\n1,2,u\n")
        self.assert_refused(self.job(test="e.csv"), 'e.csv: line 1: no column "c", which the training file has')
        Path("e.csv").write_text("a,b,kind,c\n1,2,z,3\n")
        self.assert_refused(self.job(test="e.csv"), 'e.csv: line 2: class "z", of which the training set has no sample')

    def test_wrong_tables(self):
        head = "a,b,kind,c\n1,2,u,3\n4,5,v,6\n"
        for text, more, words in (
                (head + "1,red,v,3\n", ", target: kind", ('d.csv: line 4, column 2 (b): "red"', "data.ignore")),
                (head + "1,,v,3\n", ", target: kind", ('line 4, column 2 (b): ""',)),
                (head + "1,2,,3\n", ", target: kind", ('line 4: column "kind" is empty',)),
                (head + "1,2,v\n", ", target: kind", ("line 4: 3 fields; accepted: 4",)),
                (head + '1,2,"v\n', ", target: kind", ("a quote that is not closed",)),
                (head + "1,nan,v,3\n", ", target: kind", ('line 4, column "b": nan',)),
                (head, ", target: colour", ('no column "colour"', "a, b, kind, c")),
                (head.replace(",", ";"), ", target: kind", ('no column "kind"', "data.separator: semicolon")),
                (head.replace(",", "\t"), ", target: kind", ("data.separator: tab",)),
                (head, ", target: kind, separator: tab", ("data.separator: comma",)),
                (head, ", target: kind, ignore: [d]", ('no column "d"',)),
                (head, ", target: kind, task: regression", ('line 2: "u"', "data.task: classification")),
                ("a,a,kind\n1,2,u\n", ", target: kind", ('two columns are called "a"',)),
                ("kind\nu\n", ", target: kind", ("no column is a feature",)),
                ("a,kind\n", ", target: kind", ("0 rows after the header",)),
                ("", ", target: kind", ("empty; accepted: a header line",))):
            Path("d.csv").write_text(text)
            self.assert_refused(self.job(more=more, outputs=2), "d.csv", *words)


if __name__ == "__main__":
    unittest.main()
