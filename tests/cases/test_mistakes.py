"""The twenty most likely mistakes, one line each: what the program says is what docs/mistakes.md shows.

As a program with the argument --print: the rows of the table as they should be."""
import fcntl
import os
import re
import subprocess
import sys
import tempfile
import unittest
from contextlib import ExitStack
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).resolve().parents[2]
PAGE = SOURCE / "docs/mistakes.md"
FLOWERS = (SOURCE / "docs/examples/flowers.csv").read_text()
JOB = """\
job: flowers
data: {source: csv, train: flowers.csv, target: species, validation: {fraction: 0.2}}
model: {layers: [dense: 8, tanh, dense: 3]}
optimizer: {kind: sgd, lr: 0.03, momentum: 0.9}
train: {epochs: 2, batch: 16}
record: {validation_accuracy: {every: end}}
sweep:
  run: 2
  lr: {set: optimizer.lr, values: [0.01, 0.03]}
"""
CSV = "source: csv, train: flowers.csv, target: species, validation: {fraction: 0.2}"


def wrong(old, new, job=JOB):
    """plan of a job in which one thing differs."""
    return [(old, new)], job, ("plan", "job.yaml")


def of_arrays(x, y, **changes):
    return [(CSV, f"source: npy, train_x: {x}, train_y: {y}, validation: {{fraction: 0.2, kind: random}}"), *changes.items()], JOB, ("plan", "job.yaml")


def right(*arguments):
    return [], JOB, arguments


# What the page calls it, (changes of the job, the job, the command), exit status, what to do next, as the page says.
MISTAKES = [
    ("A mistyped key", wrong("epochs: 2", "epoch: 2"), 2, "Take the nearest key. [The job file](job-format.md) lists all."),
    ("A key that belongs to another kind", wrong("kind: sgd", "kind: adam"), 2, "Remove it, or use the kind that has it."),
    ("A tab in the job file", wrong("  run: 2", "\trun: 2"), 2, "Indent with spaces; most editors can."),
    ("A layer's key without quotes", wrong("set: optimizer.lr", "set: model.layers[0].units"), 2,
     'Write `set: "model.layers[0].units"`.'),
    ("Outputs that are not the classes", wrong("dense: 3]", "dense: 2]"), 2,
     "Change the last layer. `plan` lists the classes that it found: a typing error in a label makes one more."),
    ("A convolution over flat samples", wrong("dense: 8, tanh", "conv: {filters: 4, kernel: 3}, tanh"), 2,
     "Flat samples have one row and one column: use dense layers, or store images as (N, H, W)."),
    ("Test accuracy without a test set", wrong("validation_accuracy", "test_accuracy"), 2,
     "Name a test file in `data`, or record `validation_accuracy`."),
    ("The data file is elsewhere", wrong("flowers.csv", "flower.csv"), 3, "Correct the path. It is relative to the job file, not to the shell."),
    ("A data set that is not there", wrong(CSV, "source: cifar10"), 3, "`mpisweep-data cifar10` ([how](how-to/data-sets.md)), or `--data DIR`."),
    ("A table with semicolons", wrong("flowers.csv", "semicolons.csv"), 3, "`data.separator: semicolon`"),
    ("A text among the numbers", wrong("flowers.csv", "text.csv"), 3,
     "Correct the row, leave the column out, or encode it as numbers: one column of 0 and 1 for each of its texts."),
    ("Decimal commas", wrong("train: flowers.csv", "train: commas.csv, separator: semicolon"), 3,
     "Write points. In Python: `pandas.read_csv(FILE, sep=\";\", decimal=\",\").to_csv(...)`."),
    ("A gap in the table", wrong("flowers.csv", "gap.csv"), 3,
     "Nothing is filled in silently. In Python: `.dropna()` or `.fillna(...)` before `.to_csv(...)`."),
    ("NaN in an array", of_arrays("nan.npy", "y.npy"), 3, "Find out where it comes from; mpisweep would train on it."),
    ("Labels that count from 1", of_arrays("x.npy", "from_one.npy"), 3, "Store `y - 1`."),
    ("Fewer labels than samples", of_arrays("x.npy", "short.npy"), 3, "Store both again, from the same rows."),
    ("Numbers to predict, with a loss for classes", of_arrays("x.npy", "numbers.npy"), 2,
     "`loss: {kind: squared_error}`, one output per target, and `validation_loss` in place of the accuracy."),
    ("Another experiment into the same file", right("run", "job.yaml", "-o", "r.h5", "--set", "train.epochs=3"), 2,
     "Another `-o`. More values of an axis, and more runs, may go into the same file."),
    ("A results file in place of the job", right("run", "r.h5"), 2,
     "`mpisweep run JOB.yaml -o RESULTS.h5`. The job of a results file: `h5dump -a job_text RESULTS.h5`."),
    ("Two sessions on one file", right("run", "job.yaml", "-o", "r.h5"), 3,
     "One `launch` uses all cores. On several computers, [shares](how-to/merge.md) have files of their own."),
]


def write_data(root):
    """Data as people bring them, and a results file."""
    tables = {"flowers": FLOWERS, "semicolons": FLOWERS.replace(",", ";"), "commas": FLOWERS.replace(",", ";").replace(".", ","),
              "text": FLOWERS.replace("4.9,3.0", "4.9,unknown", 1), "gap": FLOWERS.replace("4.9,3.0", "4.9,", 1)}
    for name, text in tables.items():
        (root / f"{name}.csv").write_text(text)
    x, y = np.arange(200, dtype=np.float32).reshape(50, 4), np.arange(50) % 3
    with_nan = x.copy()
    with_nan[7, 2] = np.nan
    for name, array in (("x", x), ("nan", with_nan), ("y", y), ("from_one", y + 1), ("short", y[:40]), ("numbers", y / 7)):
        np.save(root / f"{name}.npy", array)
    (root / "job.yaml").write_text(JOB)
    subprocess.run([os.environ["MPISWEEP"], "run", "job.yaml", "-o", "r.h5", "--quiet"], cwd=root, check=True, capture_output=True)


def make(root, mistake):
    """Makes a mistake: (exit status, message without the program's name and the directory, files that it left)."""
    changes, job, command = mistake
    for old, new in changes:
        assert old in job, old
        job = job.replace(old, new, 1)
    (root / "job.yaml").write_text(job)
    before = set(os.listdir(root))
    process = subprocess.run([os.environ["MPISWEEP"], *command], cwd=root, capture_output=True, text=True, env={**os.environ, "MPISWEEP_DATA": ""})
    message = process.stderr.replace(f"{root}/", "")
    return process.returncode, message.removeprefix("mpisweep: ").removesuffix("\n"), set(os.listdir(root)) - before


def make_all():
    """Each mistake's answer; the last one while another session has the file."""
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        root = Path(os.path.realpath(directory))
        write_data(root)
        answers = [make(root, mistake) for _, mistake, _, _ in MISTAKES[:-1]]
        lock = stack.enter_context(open(root / "r.h5.lock", "a", encoding="utf-8"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        return [*answers, make(root, MISTAKES[-1][1])]


def row(title, message, advice):
    return f"| {title} | `{message}` | {advice} |"


class MistakesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.answers = make_all()

    def test_each_is_refused_with_one_line(self):
        for (title, _, status, _), (found, message, new_files) in zip(MISTAKES, self.answers):
            with self.subTest(title):
                self.assertEqual((found, new_files), (status, set()), message)
                self.assertNotIn("\n", message)

    def test_each_message_says_where_and_what_to_do(self):
        place = re.compile(r"^(\S+\.(yaml|csv|npy|h5|bin)|--\w+)(:|$)")
        way_out = re.compile(r"accepted|nearest known|name another file|expected there|names it|may be data\.")
        for (title, *_), (_, message, _) in zip(MISTAKES, self.answers):
            with self.subTest(title):
                self.assertRegex(message, place)
                self.assertRegex(message, way_out)

    def test_the_page_shows_them(self):
        rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line]
        self.assertEqual(rows, [row(title, message, advice) for (title, _, _, advice), (_, message, _) in zip(MISTAKES, self.answers)])

    def test_there_are_twenty(self):
        self.assertEqual(len({title for title, *_ in MISTAKES}), 20)


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        for (title, _, _, advice), (_, message, _) in zip(MISTAKES, make_all()):
            print(row(title, message, advice))
    else:
        unittest.main()
