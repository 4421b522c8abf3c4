"""Nothing is mixed silently: other data, other numerics, other kernels and damaged cells are noticed by every program
that adds to a results file, before anything is trained."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

from launch import FLAGS, MPIEXEC, MPISWEEP, TINY, RunTest, finish

JOB = """\
job: mixed
seed: 3
data: {data}
model: {{layers: [dense: 4, tanh, dense: 2]}}
optimizer: {{kind: sgd, lr: 0.1}}
train: {{epochs: {epochs}, batch: 10}}
record: {{train_loss: {{every: 1 step}}, test_accuracy: {{every: end}}}}
sweep: {{run: {runs}}}
"""
NPY = "{source: npy, train_x: x.npy, train_y: y.npy, test_x: t.npy, test_y: u.npy}"


def flip_bit(path, name, cell, byte=0):
    """Of what a file holds of a cell in a data set; only the bytes of the file change."""
    with h5py.File(path) as file:
        dataset = file[name]
        row = dataset.dtype.itemsize * (dataset.size // file["status"].size)
        at = dataset.id.get_offset() + cell * row + byte
    with open(path, "r+b") as file:
        file.seek(at)
        value = file.read(1)[0]
        file.seek(at)
        file.write(bytes([value ^ 8]))


class Mixed(RunTest):
    def setUp(self):
        super().setUp()
        self.write_arrays(self.directory)
        self.file = self.results("mixed.h5")

    def write_arrays(self, directory, seed=1, train=40, test=20):
        random = np.random.default_rng(seed)
        for x, y, count in ("x", "y", train), ("t", "u", test):
            values = random.normal(size=(count, 5)).astype("f4")
            np.save(Path(directory, f"{x}.npy"), values)
            np.save(Path(directory, f"{y}.npy"), (values[:, 0] > 0).astype("u1"))

    def job(self, name="job.yaml", data=NPY, epochs=2, runs=6, directory=None):
        path = Path(directory or self.directory, name)
        path.write_text(JOB.format(data=data, epochs=epochs, runs=runs))
        return path

    def train_some(self, *more):
        self.check(0, "run", self.job(), "-o", self.file, "--only", "run=0,1", *more)

    def attributes(self):
        with h5py.File(self.file) as file:
            return {name: file.attrs[name] for name in file.attrs}

    def sessions(self, name):
        with h5py.File(self.file) as file:
            used = np.isfinite(file["provenance/session_start"][...])
            table = file[f"provenance/session_{name}"][...][used]
        return [b"".join(row).decode() for row in table] if table.ndim == 2 else table.tolist()


class OtherData(Mixed):
    def test_a_file_keeps_to_its_data(self):
        """Each array of each split; the same bytes under another name and in another directory are accepted."""
        self.train_some()
        before = self.file.read_bytes()
        for name, split in ("x", "train"), ("y", "train"), ("t", "test"), ("u", "test"):
            path = self.directory / f"{name}.npy"
            good = path.read_bytes()
            array = np.load(path)
            array.flat[-1] = 1 - array.flat[-1]
            np.save(path, array)
            _, err = self.check(3, "run", self.job(), "-o", self.file)
            self.assertIn(f"in the {split} split", err)
            self.assertIn(f"{'x' if split == 'train' else 't'}.npy", err)
            self.assertIn(self.attributes()[f"data_digest_{split}"], err)
            path.write_bytes(good)
        self.assertEqual(self.file.read_bytes(), before)
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir()
        for name in "xytu":
            shutil.copy(self.directory / f"{name}.npy", elsewhere)
        self.check(0, "run", self.job(directory=elsewhere), "-o", self.file)
        self.check(0, "run", self.job(), "-o", self.results("whole.h5"))
        self.assert_equal(self.file, self.results("whole.h5"))

    def test_a_larger_grid_keeps_to_the_data(self):
        self.train_some()
        self.write_arrays(self.directory, seed=2)
        _, err = self.check(3, "run", self.job(runs=9), "-o", self.file)
        self.assertIn("in the train split", err)

    def test_the_data_directory_changes(self):
        """Two directories of images in the layout of MNIST, by $MPISWEEP_DATA and by --data."""
        for seed in 1, 2:
            images = np.random.default_rng(seed).integers(0, 256, (30, 4, 4)).astype("u1")
            directory = self.directory / f"data{seed}" / "mnist"
            directory.mkdir(parents=True)
            for kind in "train", "t10k":
                header = b"\0\0\x08\3" + np.array(images.shape, ">u4").tobytes()
                (directory / f"{kind}-images-idx3-ubyte").write_bytes(header + images.tobytes())
                (directory / f"{kind}-labels-idx1-ubyte").write_bytes(
                    b"\0\0\x08\1" + np.array([30], ">u4").tobytes() + bytes(i % 2 for i in range(30)))
        job = self.job(data="{source: mnist, train_count: 30}")
        job.write_text(job.read_text().replace("dense: 2]", "dense: 10]"))
        self.environment["MPISWEEP_DATA"] = str(self.directory / "data1")
        self.check(0, "run", job, "-o", self.file, "--only", "run=0")
        _, err = self.check(3, "run", job, "-o", self.file, "--data", self.directory / "data2")
        self.assertIn(f"the data directory {self.directory}/data2", err)
        self.environment["MPISWEEP_DATA"] = str(self.directory / "data2")
        _, err = self.check(3, "run", job, "-o", self.file)
        self.assertIn("put the original data back", err)
        self.environment["MPISWEEP_DATA"] = str(self.directory / "data1")
        self.check(0, "run", job, "-o", self.file)

    def stop_without_cells(self):
        """A session on cells that take minutes, stopped once one of them has begun: it leaves a checkpoint. Returns
        standard error of its first start."""
        job = self.job(epochs=1000000)
        job.write_text(job.read_text().replace("dense: 4", "dense: 400").replace("1 step", "end"))
        checkpoint = self.results("mixed.h5.checkpoint")
        before = checkpoint.stat().st_ino if checkpoint.exists() else None
        errors = []
        for limit in 1, 2, 4, 8, 16, 32:
            errors += self.check(75, "run", job, "-o", self.file, "--time-limit", limit)[1:]
            if checkpoint.exists() and checkpoint.stat().st_ino != before:
                return errors[0]
        self.fail(f"no checkpoint: {errors}")

    def test_a_file_without_cells_takes_the_data_over(self):
        self.stop_without_cells()
        first, starts = self.attributes()["data_digest_train"], len(self.sessions("start"))
        self.write_arrays(self.directory, seed=2)
        err = self.stop_without_cells()
        self.assertIn("holds no cell yet, and takes over", err)
        self.assertIn("is dropped: it was made with another set of data", err)  # the checkpoint
        self.assertNotEqual(self.attributes()["data_digest_train"], first)
        self.assertGreater(len(self.sessions("start")), starts)

    def test_verify_compares_the_data(self):
        """Of two data sets with equal records, because nothing is trained."""
        for name, seed in ("a.h5", 1), ("b.h5", 2):
            self.write_arrays(self.directory, seed=seed)
            job = self.job(epochs=0)
            job.write_text(job.read_text().replace("test_accuracy", "parameters").replace("train_loss: {every: 1 step}, ", ""))
            self.check(0, "run", job, "-o", self.results(name))
        out, _ = self.check(1, "verify", self.results("a.h5"), self.results("b.h5"))
        self.assertIn("data, train split: digest", out)

    def test_generated_data_have_digests(self):
        for number, data in enumerate(("{source: synthetic, height: 4, width: 4, classes: 2, train_count: 20, test_count: 20}",
                                       "{source: xor, train_count: 20, test_count: 20}")):
            self.file = self.results(f"generated{number}.h5")
            self.check(0, "run", self.job(data=data, runs=1), "-o", self.file)
            for split in "train", "test":
                self.assertRegex(self.attributes()[f"data_digest_{split}"], "^[0-9a-f]{32}$")
            self.assertEqual(self.attributes()["data_digest_validation"], "none")


class MixedRanks(Mixed):
    def run_mixed(self, first, second, expected):
        """One rank of each command (variables, arguments): a wrapper checks the rank. Returns standard error."""
        wrapper = self.directory / "rank.sh"
        cases = "\n".join(f"{rank}) export {variables}; exec {MPISWEEP} run {arguments};;"
                          for rank, (variables, arguments) in enumerate((first, second)))
        wrapper.write_text(f'case "$OMPI_COMM_WORLD_RANK" in\n{cases}\nesac\n')
        code, out, err = finish(self.start_command([MPIEXEC, *FLAGS, "-n", "2", "sh", wrapper]))
        self.assertEqual(code, expected, out + err)
        self.assertIn("rank 1 on ", err)
        self.assertFalse(self.file.exists(), "a refused start leaves no file")
        return err

    def test_ranks_with_other_data(self):
        other = self.directory / "other"
        other.mkdir()
        for seed, train, words in (2, 40, "in the train split: digest"), (1, 50, "50 + 0 + 20 samples of 5 × 1 × 1, 2 classes"):
            self.write_arrays(other, seed=seed, train=train)
            job, same = self.job(), self.job(directory=other)
            err = self.run_mixed(("A=1", f"{job} -o {self.file}"), ("A=1", f"{same} -o {self.file}"), 3)
            self.assertIn(words, err)
            self.assertIn(f"{other}/x.npy", err)

    def test_ranks_with_other_kernels(self):
        """What the refusal suggests works afterwards."""
        job = self.job()
        err = self.run_mixed(("MPISWEEP_KERNELS=portable", f"{job} -o {self.file}"),
                             ("MPISWEEP_KERNELS=reference", f"{job} -o {self.file}"), 2)
        self.assertIn("set it to a set that all have", err)
        self.environment["MPISWEEP_KERNELS"] = "portable"
        self.check(0, "run", job, "-o", self.file, ranks=2)

    def test_ranks_that_read_copies(self):
        """Of the same data in another directory."""
        other = self.directory / "other"
        other.mkdir()
        for name in "xytu":
            shutil.copy(self.directory / f"{name}.npy", other)
        self.job()
        self.job(directory=other)
        wrapper = self.directory / "rank.sh"
        wrapper.write_text(f'[ "$OMPI_COMM_WORLD_RANK" = 0 ] || cd other\nexec {MPISWEEP} run job.yaml -o {self.file}\n')
        code, out, err = finish(self.start_command([MPIEXEC, *FLAGS, "-n", "2", "sh", wrapper]))
        self.assertEqual(code, 0, out + err)


class Sessions(Mixed):
    def test_every_session_tells_its_program(self):
        self.train_some()
        self.check(0, "run", self.job(), "-o", self.file, ranks=2)
        out, _ = self.check(0, "--version")
        version, commit = out.strip().removesuffix(")").split(" (")
        self.assertEqual(self.sessions("version"), [version] * 2)
        self.assertEqual(self.sessions("commit"), [commit] * 2)
        self.assertEqual(self.sessions("ranks"), [1, 2])
        self.assertEqual(self.sessions("kernels"), [self.attributes()["kernels"]] * 2)
        self.assertEqual([str(n) for n in self.sessions("numerics")], [self.attributes()["numerics"]] * 2)
        self.assertTrue(all(self.sessions("cpu")))

    def test_other_numerics_are_refused(self):
        self.train_some()
        numerics = self.attributes()["numerics"].encode()
        with h5py.File(self.file, "r+") as file:
            file.attrs["numerics"] = "999"
        _, err = self.check(2, "run", self.job(), "-o", self.file)
        self.assertIn("was made with numerics 999 by mpisweep", err)
        self.assertIn(f"this program has numerics {numerics.decode()}", err)
        self.assertIn("finish it with that program", err)

    def test_a_file_of_the_last_format_is_read_and_not_continued(self):
        self.train_some()
        with h5py.File(self.file, "r+") as file:
            file.attrs["mpisweep_format"] = "2"
            del file.attrs["numerics"]
        self.check(0, "status", self.file)
        self.check(0, "verify", self.file)
        _, err = self.check(3, "run", self.job(), "-o", self.file)
        self.assertIn("has results format 2", err)
        self.assertIn("finish it with that program", err)


class Damage(RunTest):
    @classmethod
    def setUpClass(cls):
        cls.good = None

    def setUp(self):
        super().setUp()
        self.file = self.results("r.h5")
        if Damage.good is None:
            self.check(0, "run", TINY, "-o", self.file)
            Damage.good = self.file.read_bytes()
        self.file.write_bytes(Damage.good)
        self.whole = self.results("whole.h5")
        self.whole.write_bytes(Damage.good)

    def damage(self):
        for name, cell, byte in (("test_accuracy", 0, 2), ("train_loss_curve", 5, 7), ("steps_taken", 9, 0),
                                 ("provenance/checksum", 11, 1), ("test_accuracy", 23, 3)):
            flip_bit(self.file, name, cell, byte)

    def test_verify_alone(self):
        out, _ = self.check(0, "verify", self.file)
        self.assertIn("whole: 24 cells", out)
        self.damage()
        out, err = self.check(1, "verify", self.file)
        self.assertIn("damaged: 5 of 24 cells with results do not match their checksums: run=0, lr=0.01, lambda=0; ", out)
        self.assertIn("and 2 more", out)
        self.assertIn("--retry-failed", err)

    def test_status(self):
        out, _ = self.check(0, "status", self.file)
        self.assertNotIn("damaged", out)
        self.damage()
        out, _ = self.check(0, "status", self.file)
        self.assertIn("24 done, 5 damaged\n", out)
        self.assertIn("run=0, lr=0.01, lambda=0", out)
        out, _ = self.check(0, "status", self.file, "--json")
        self.assertIn('"damaged": 5', out)

    def test_a_resume_says_so_and_trains_again_when_asked(self):
        self.damage()
        before = self.file.read_bytes()
        for _ in range(2):
            out, err = self.check(1, "run", TINY, "-o", self.file)
            self.assertIn("5 of 24 cells with results are damaged", err)
            self.assertIn("--retry-failed", err)
            self.assertIn("5 damaged\n", out)
        with h5py.File(self.file) as file:
            self.assertTrue((file["provenance/tries"][...] == 1).all())
        self.assertEqual(len(self.file.read_bytes()), len(before))
        _, err = self.check(0, "run", TINY, "-o", self.file, "--retry-failed")
        self.assertIn("5 cells that failed before or are damaged are trained again", err)
        self.assert_equal(self.file, self.whole)
        self.check(0, "verify", self.file)
        with h5py.File(self.file) as file:
            self.assertEqual((file["provenance/tries"][...] == 2).sum(), 5)

    def test_statuses(self):
        """A status that does not exist, one of a cell that is done, one that is lost."""
        with h5py.File(self.file) as file:
            at = file["status"].id.get_offset()
        with open(self.file, "r+b") as file:
            for cell, state in (2, 77), (3, 3), (4, 0):
                file.seek(at + cell)
                file.write(bytes([state]))
        out, _ = self.check(1, "verify", self.file)
        self.assertIn("2 of 23 cells", out)
        self.check(0, "run", TINY, "-o", self.file, "--retry-failed")
        self.assert_equal(self.file, self.whole)

    def test_an_axis(self):
        """Its values have no checksum, but the job in the file has them."""
        with h5py.File(self.file) as file:
            at = file["lr"].id.get_offset()
        with open(self.file, "r+b") as file:
            file.seek(at + 8)
            file.write(b"\1")
        _, err = self.check(3, "run", TINY, "-o", self.file)
        self.assertIn("the values on its axes are not those of the job in it", err)

    def test_a_repacked_file(self):
        packed = self.results("packed.h5")
        self.damage()
        subprocess.run(["h5repack", "-f", "SHUF", "-f", "GZIP=4", self.file, packed], check=True)
        out, _ = self.check(1, "verify", packed)
        self.assertIn("damaged: 5 of 24 cells", out)

    def test_a_file_of_several_blocks(self):
        """Larger than what is read at once; also rewritten by h5repack, which is read in whole runs."""
        self.file.unlink()
        subprocess.run([os.environ["STORE_CELLS"], self.file, "10000"], check=True)
        self.assertIn("whole: 40000 cells", self.check(0, "verify", self.file)[0])
        for cell in 0, 20001, 39998:
            flip_bit(self.file, "train_loss_curve", cell, 5)
        packed = self.results("packed.h5")
        subprocess.run(["h5repack", "-f", "GZIP=1", self.file, packed], check=True)
        for path in self.file, packed:
            out, _ = self.check(1, "verify", path)
            self.assertIn("damaged: 3 of 40000 cells with results do not match their checksums: run=0, lr=0.01, model=mlp; "
                          "run=5000, lr=0.01, model=cnn; run=9999, lr=0.001, model=mlp\n", out)

    def test_the_digest_is_the_same_for_all_ranks_and_files(self):
        digest = self.check(0, "verify", self.file)[0].splitlines()[-1]
        self.assertRegex(digest, "^digest [0-9a-f]{32}$")
        again, packed = self.results("again.h5"), self.results("packed.h5")
        self.check(0, "run", TINY, "-o", again, ranks=2)
        subprocess.run(["h5repack", "-f", "GZIP=1", self.file, packed], check=True)
        for path in again, packed:
            self.assertEqual(self.check(0, "verify", path)[0].splitlines()[-1], digest)
        self.assertEqual(self.check(0, "verify", self.file, again)[0], "equal\n")
        flip_bit(again, "test_accuracy", 3)
        out, _ = self.check(1, "verify", again)
        self.assertNotIn("digest", out)


class Commit(unittest.TestCase):
    def test_the_commit_is_asked_of_git(self):
        """At every build: it is that of the checkout that the binary was built from, or the binary is older."""
        root = Path(__file__).resolve().parents[2]
        script = root / "src/cli/build_info.cmake"
        template = root / "src/cli/build_info.c.in"
        with tempfile.TemporaryDirectory() as directory:
            git = ["git", "-C", directory, "-c", "user.name=n", "-c", "user.email=n@example.org"]

            def built():
                out = Path(directory, ".git", "info.c")
                subprocess.run(["cmake", f"-DSOURCE_DIRECTORY={directory}", "-DVERSION=1.2", f"-DTEMPLATE={template}",
                                f"-DOUTPUT={out}", "-P", script], check=True)
                return out.read_text()
            Path(directory, ".git").mkdir()
            self.assertIn('build_program[] = "mpisweep 1.2 (unknown)"', built())
            subprocess.run([*git, "init", "-q"], check=True)
            Path(directory, "file").write_text("one")
            subprocess.run([*git, "add", "file"], check=True)
            subprocess.run([*git, "commit", "-qm", "one"], check=True)
            commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], check=True, capture_output=True,
                                    text=True).stdout.strip()
            self.assertIn(f'build_commit[] = "{commit}";', built())
            Path(directory, "file").write_text("two")
            self.assertIn(f'build_commit[] = "{commit}-dirty";', built())


if __name__ == "__main__":
    unittest.main()
