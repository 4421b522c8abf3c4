"""Hostile files: refused in little memory, with a message that names the file and the place."""
import gzip
import os
import struct
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy

MPISWEEP = os.environ["MPISWEEP"]
MOST_MEMORY = 200 << 20  # bytes resident, sanitizers and this program's own, which the child begins with, included
JOB = """\
job: hostile
data: {data}
model: {{layers: [dense: 10]}}
optimizer: {{kind: sgd, lr: 0.1}}
train: {{epochs: 1, batch: 2}}
record: {{train_loss: {{every: 1 step}}}}
sweep: {{run: 1}}
"""


def alias_bomb():
    levels = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(levels).encode()


HOSTILE_JOBS = {  # content (a list: its parts), exit status, part of the message
    "alias bomb": (alias_bomb(), 2, ":1:5: anchors and aliases are not accepted"),
    "100 MB scalar": ([b"job: ", *[b"x" * (1 << 20)] * 100], 2, ": too long: more than 1048576 bytes"),
    "1 MB scalar": (b"job: " + b"x" * (1 << 20 >> 1), 2, ":1:6: job: 'x"),
    "deep lists": (b"job: " + b"[" * 100000, 2, ":1:37: nested too deeply; accepted: 32 levels"),
    "deep maps": (b"{a: " * 100000, 2, "nested too deeply"),
    "many keys": ("\n".join(f"k{n}: 1" for n in range(100000)).encode(), 2, ":4097:1: too many keys in one map"),
    "many values": (b"job: [" + b"1," * 200000 + b"1]", 2, "too many values; accepted: 100000"),
    "binary": (bytes(range(256)) * 100, 2, ":1:1: not YAML: UTF-16, UTF-32 or binary"),
    "NUL bytes": (b"job: a\0b\n", 2, ":1:7: not YAML: control characters"),
    "escaped NUL": (b'job: "a\\0b"\n', 2, ":1:6: text must not contain NUL"),
    "invalid UTF-8": (b"job: a\nseed: \xc3\x28\n", 2, ":2:8: not YAML: invalid"),
    "terminal escapes": (b'job: "\\e[2J"\n', 2, ":1:6: job: ' [2J'"),
    "UTF-16": ("job: a\n".encode("utf-16"), 2, ":1:1: not YAML"),
    "nothing": (b"", 2, ":1:1: there is nothing in it"),
}
SPECIAL_FILES = {".": "Is a directory", "fifo": "Not a regular file", "/dev/zero": "Not a regular file",
                 "dangling": "No such file or directory", "loop": "symbolic links"}


def npy(array):
    with tempfile.TemporaryFile() as stream:
        numpy.save(stream, array)
        stream.seek(0)
        return stream.read()


def idx(shape, values=b""):
    return struct.pack(f">I{len(shape)}I", 0x800 + len(shape), *shape) + values


IMAGES, LABELS = idx((2, 2, 2), bytes(8)), idx((2,), b"\0\1")
PACKED = gzip.compress(LABELS)
WRONG_SETS = [  # source, files in place of good ones, the file that the message names, part of the message
    ("mnist", {"images": b""}, "train-images", "cannot read 4 bytes at byte 0"),
    ("mnist", {"images": idx((2, 2, 2), bytes(7))}, "train-images", "the file ends early"),
    ("mnist", {"images": LABELS}, "train-images", "byte 0: magic number 2049; accepted: 2051 to 2051"),
    ("mnist", {"images": idx((4000000000, 4096, 4096))}, "train-images", "byte 4: 67108864000000000 values, more than"),
    ("mnist", {"images": idx((3, 2, 2), bytes(12))}, "train-labels", "byte 4: 2 labels"),
    ("mnist", {"labels": idx((2,), b"\0\x0a")}, "train-labels", "label 10 at byte 9; accepted: 0 to 9"),
    ("mnist", {"labels": LABELS + b"x"}, "train-labels", "bytes from 10 on"),
    ("mnist", {"labels": PACKED[:-9]}, "train-labels", "unexpected end of file"),
    ("mnist", {"labels": PACKED[:-8] + b"wrong CRC"[:4] + PACKED[-4:]}, "train-labels", "incorrect data check"),
    ("mnist", {"labels": PACKED[:-4] + b"size"}, "train-labels", "incorrect length check"),
    ("npy", {"x": b""}, "x.npy", "byte 0: not a .npy file"),
    ("npy", {"x": npy(numpy.zeros((2, 3), "f4"))[:-1]}, "x.npy", "151 bytes, but its header says 152"),
    ("npy", {"x": npy(numpy.zeros((2, 3), "c8"))}, "x.npy", "descr; accepted"),
    ("npy", {"x": npy(numpy.zeros(2, "f4"))}, "x.npy", "1 dimension"),
    ("npy", {"y": npy(numpy.array([0, 256]))}, "y.npy", "row 1: label 256; accepted: 0 to 255"),
    ("npy", {"y": npy(numpy.array([-1, 0]))}, "y.npy", "row 0: label -1"),
    ("npy", {"y": npy(numpy.zeros(3, "u1"))}, "y.npy", "3 labels or targets, but"),
    ("hdf5", b"", "data.h5", "cannot be opened as an HDF5 file"),
    ("hdf5", {"x": numpy.zeros((2, 3), "f4")}, "job.yaml:2:7: data.train_y: data.h5", "no data set that may be y; the file has /x"),
    ("hdf5", {"x": numpy.array([b"a", b"b"]), "y": [0, 1]}, "data.h5:/x", "text; accepted: a data set of integers"),
    ("hdf5", {"x": numpy.zeros((2, 1, 1, 1, 1), "f4"), "y": [0, 1]}, "data.h5:/x", "5 dimensions; accepted"),
    ("hdf5", {"x": numpy.zeros((0, 3), "f4"), "y": numpy.zeros(0, "i4")}, "data.h5:/x", "dimension 0 is 0"),
]


def run(verb, path, root):
    """(exit status, lines of standard error, peak of resident memory)"""
    process = subprocess.Popen([MPISWEEP, verb, path], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=dict(os.environ, MPISWEEP_DATA="./data"))
    message = process.stderr.read().decode(errors="replace")
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, message.splitlines(), usage.ru_maxrss * 1024


class HostileFilesTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)

    def assert_refused(self, seen, status, start, message):
        code, lines, memory = seen
        self.assertEqual((code, len(lines)), (status, 1), lines)
        self.assertTrue(lines[0].startswith(f"mpisweep: {start}"), lines)
        self.assertIn(message, lines[0])
        self.assertLess(memory, MOST_MEMORY)

    def test_job_files(self):
        def write_and_plan(number):
            path = Path(f"{number}.yaml")
            content = list(HOSTILE_JOBS.values())[number][0]
            with open(Path(self.root, path), "wb") as stream:
                stream.writelines(content if isinstance(content, list) else [content])
            return path, run("plan", path, self.root)

        with ThreadPoolExecutor(2) as pool:
            for case, (path, seen) in zip(HOSTILE_JOBS.items(), pool.map(write_and_plan, range(len(HOSTILE_JOBS)))):
                with self.subTest(case[0]):
                    self.assert_refused(seen, case[1][1], path, case[1][2])

    def test_special_files(self):
        os.mkfifo(self.root / "fifo")
        Path(self.root, "dangling").symlink_to("nowhere")
        Path(self.root, "loop").symlink_to("loop")
        for verb in "plan", "status":
            for name, message in SPECIAL_FILES.items():
                with self.subTest(verb=verb, name=name):
                    self.assert_refused(run(verb, name, self.root), 3, f"{name}: ", message)

    def write_set(self, root, source, files):
        """The text of data: in the job."""
        if source == "mnist":
            for split in "train", "t10k":
                Path(root, f"data/mnist/{split}-images-idx3-ubyte").write_bytes(files.get("images", IMAGES))
                Path(root, f"data/mnist/{split}-labels-idx1-ubyte").write_bytes(files.get("labels", LABELS))
            return "{source: mnist}"
        if source == "npy":
            Path(root, "x.npy").write_bytes(files.get("x", npy(numpy.zeros((2, 3), "f4"))))
            Path(root, "y.npy").write_bytes(files.get("y", npy(numpy.array([0, 1]))))
            return "{source: npy, train_x: x.npy, train_y: y.npy}"
        if isinstance(files, bytes):
            Path(root, "data.h5").write_bytes(files)
        else:
            with h5py.File(Path(root, "data.h5"), "w") as file:
                for name, array in files.items():
                    file[name] = array
        return "{source: hdf5, train: data.h5}"

    def test_data_sets(self):
        def write_and_run(case):
            root = tempfile.mkdtemp(dir=self.root)
            Path(root, "data/mnist").mkdir(parents=True)
            Path(root, "job.yaml").write_text(JOB.format(data=self.write_set(root, *case[:2])))
            return run("run", "job.yaml", root)

        prefix = {"mnist": "./data/mnist/"}
        with ThreadPoolExecutor(2) as pool:
            for case, seen in zip(WRONG_SETS, pool.map(write_and_run, WRONG_SETS)):
                with self.subTest(case):
                    self.assert_refused(seen, 2 if "data.train_y" in case[2] else 3, prefix.get(case[0], "") + case[2], case[3])


if __name__ == "__main__":
    unittest.main()
