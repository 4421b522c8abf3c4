"""What a new user types and writes: command lines, job files and names of files, each with the required answer.

One line per kind. A wrong request ends with its exit status, one message on standard error that holds the given parts
(with the usage below it when the command line is wrong), nothing on standard output and no new file."""
import os
import re
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

JOB = """\
job: tiny
seed: 1
data: {source: xor, train_count: 40, test_count: 20}
model: {init: normal, init_scale: 1, layers: [dense: 4, tanh, dense: 1, sigmoid]}
loss: {kind: squared_error}
optimizer: {kind: sgd, lr: 1e-2}
train: {epochs: 2, batch: 20}
record: {train_loss: {every: 1 epoch}, test_accuracy: {every: end}}
sweep:
  run: 2
  lr: {set: optimizer.lr, values: [1e-3, 0.0031622776601683795, 1e-2]}
"""
REGRESSION = """\
job: regression
data: {source: absolute_value, train_count: 40, test_count: 20}
model: {layers: [dense: 8, relu, dense: 1]}
loss: {kind: squared_error}
optimizer: {kind: sgd, lr: 1e-6}
train: {epochs: 1, batch: 20}
record: {train_loss: {every: end}, test_loss: {every: end}}
sweep: {run: 2, lr: {set: optimizer.lr, values: [1e-7, 1e-6, 1000]}}
"""
MANY = JOB.replace("values: [1e-3, 0.0031622776601683795, 1e-2]", "logspace: [1e-6, 1, 41]")
LABELS = JOB.replace("values: [1e-3, 0.0031622776601683795, 1e-2]", 'values: {"1.1": 0.01, "1.10": 0.02, "01": 0.03, none: 0.04}')
VERBS = ("new", "plan", "run", "launch", "status", "verify", "merge", "rerun", "extend", "bench")
RUN = ("run", "job.yaml", "-o", "new.h5")

# (arguments, exit status, parts of the message)
WRONG = [
    # verbs
    ((), 2, ["no verb is given; accepted: new, plan, run, launch, status, verify, merge, rerun, extend, bench"]),
    (("stauts",), 2, ['there is no verb "stauts"; accepted: new, plan, run', "--version; nearest known verb: status"]),
    (("help", "plans"), 2, ['there is no verb "plans"', "nearest known verb: plan"]),
    (("help", "optimizer.lrr"), 2, ['there is no verb "optimizer.lrr"', "nearest known key of the job file: optimizer.lr; mpisweep help keys"]),
    (("help", "learningrate"), 2, ['there is no verb "learningrate"', "!nearest", "mpisweep help keys lists"]),
    (("new", "cvs"), 2, ['new: unknown kind "cvs"; accepted: csv, npy, hdf5, regression, mnist, cifar10, depthwise, resnet8, resnet20; nearest known kind: csv']),
    (("new", "images"), 2, ['new: unknown kind "images"', "!nearest"]),
    (("new", "csv", "job.yaml"), 2, ['new: unexpected argument "job.yaml"; accepted: [KIND]']),
    (("--json",), 2, ['there is no verb "--json"', "!nearest"]),
    (("train",), 2, ['there is no verb "train"', "!nearest"]),
    # options
    (("plan", "--rank=2", "--foo", "job.yaml"), 2, ['plan: unknown option "--foo"; accepted: --set, --ranks, --data, --json', "!nearest"]),
    (("plan", "--rnaks=2", "job.yaml"), 2, ['unknown option "--rnaks=2"; accepted: --set', "nearest known option: --ranks"]),
    (("plan", "-set", "seed=1", "job.yaml"), 2, ['unknown option "-set"', "nearest known option: --set"]),
    (("launch", "job.yaml", "--timelimit", "9"), 2, ["nearest known option: --time-limit"]),
    (("launch", "job.yaml", "--retry-fialed"), 2, ["launch: unknown option", "nearest known option: --retry-failed"]),
    (("launch", "job.yaml", "-n"), 2, ['launch: no value for option "-n"']),
    (("launch", "--", "job.yaml", "--quiet"), 2, ['launch: unexpected argument "--quiet"; accepted: JOB.yaml']),
    (("launch", "job.yaml", "--s"), 2, ['launch: ambiguous option "--s"; accepted: -n, --ranks', "!nearest"]),
    (("run", "-x", "job.yaml"), 2, ['run: unknown option "-x"; accepted: -o, --set, --only']),
    (("run", "job.yaml", "-o"), 2, ['run: no value for option "-o"']),
    (("bench", "--steps"), 2, ['bench: no value for option "--steps"']),
    (("bench", "--kernels", "job.yaml"), 2, ['bench: unexpected argument "job.yaml"; --kernels needs no job']),
    (("bench", "--kernels", "--set", "seed=1"), 2, ['bench: unexpected option "--set"; --kernels needs no job']),
    (("bench", "--kernels", "--data", "."), 2, ['bench: unexpected option "--data"; --kernels needs no job']),
    (("status", "--json=1", "r.h5"), 2, ['status: no value is accepted by option "--json=1"']),
    (("plan", "--ranks", "two", "job.yaml"), 2, ['--ranks "two": expected a whole number of at least 1']),
    (("plan", "--ranks", "2.5", "job.yaml"), 2, ['--ranks "2.5": expected a whole number']),
    (("plan", "--ranks", "99999999999999999999", "job.yaml"), 2, ["expected a whole number"]),
    (("bench", "--steps", "2147483648"), 2, ["expected a whole number from 1 to 2147483647"]),
    (("plan", *["--set", "seed=1"] * 65, "job.yaml"), 2, ['--set "seed=1": expected the option at most 64 times']),
    ((*RUN, "--max-failures", "0"), 2, ['--max-failures "0": expected a whole number of at least 1']),
    ((*RUN, "--time-limit", "soon"), 2, ['--time-limit "soon": expected seconds or H:MM:SS']),
    ((*RUN, "--time-limit", "nan"), 2, ['--time-limit "nan"']),
    *(((*RUN, "--shard", shard), 2, [f'--shard "{shard}": expected I/N, shard I of N with I from 1 to N, such as 2/8'])
      for shard in ("", "2", "0/3", "4/3", "1/0", "-1/3", "1/ 3", "1/3x", "1.0/3", "99999999999999999999/99999999999999999999")),
    (("merge", "new.h5"), 2, ["merge: no IN.h5 is given"]),
    (("merge", "--quiet", "new.h5", "a.h5"), 2, ['merge: unknown option "--quiet"; accepted: no options']),
    (("merge", "new.h5", ""), 2, ["merge: IN.h5 is empty"]),
    (("rerun",), 2, ["rerun: no RESULTS.h5 is given"]),
    # files
    (("plan",), 2, ["plan: no JOB.yaml is given"]),
    (("plan", ""), 2, ["plan: JOB.yaml is empty"]),
    (("plan", "job.yaml", "job.yaml"), 2, ['plan: unexpected argument "job.yaml"; accepted: JOB.yaml']),
    (("verify",), 2, ["verify: no A.h5 is given"]),
    (("verify", "a", "b", "c"), 2, ['verify: unexpected argument "c"; accepted: A.h5 [B.h5]']),
    (("launch", "-n", "1"), 2, ["launch: no JOB.yaml is given"]),
    (("plan", "--data", "", "job.yaml"), 2, ['--data "": expected the name of a directory']),
    (("status", ""), 2, ["status: RESULTS.h5 is empty"]),
    (("plan", "none.yaml"), 3, ["none.yaml: No such file"]),
    (("plan", "directory"), 3, ["directory: Is a directory"]),
    (("status", "job.yaml"), 3, ["job.yaml: is not an HDF5 file"]),
    (("merge", "new.h5", "job.yaml"), 3, ["job.yaml: is not an HDF5 file"]),
    (("merge", "none/new.h5", "job.yaml"), 3, ["none/new.h5", "No such file or directory"]),
    (("rerun", "none.h5", "run=0", "--data", ".", "lr=1"), 3, ["none.h5: No such file"]),
    (("status", "directory"), 3, ["directory: Is a directory"]),
    (("run", "job.yaml", "-o", ""), 2, ['-o "": expected the name of a file']),
    (("run", "job.yaml", "-o", "directory"), 3, ["directory: is a directory; name a results file"]),
    (("run", "job.yaml", "-o", "job.yaml"), 3, ["job.yaml: is not an HDF5 file"]),
    (("run", "job.yaml", "-o", "none/r.h5"), 3, ["none/r.h5", "No such file or directory"]),
    (("run", "job.yaml", "-o", "job.yaml/r.h5"), 3, ["job.yaml/r.h5", "Not a directory"]),
    # --only
    ((*RUN, "--only", "lr=7"), 2, ["--only lr=7: axis lr has no value \"7\"; it has 3: 0.001, 0.0031622776601683794, 0.01"]),
    ((*RUN, "--only", "lr=0.003"), 2, ['axis lr has no value "0.003"']),
    ((*RUN, "--only", "lr="), 2, ['axis lr has no value ""']),
    ((*RUN, "--only", "lr"), 2, ["--only lr: not a selection; accepted: AXIS=VALUE[,VALUE]..."]),
    ((*RUN, "--only", "mu=1"), 2, ['there is no axis "mu"; the axes are: run, lr']),
    (("run", "labels.yaml", "-o", "new.h5", "--only", "lr=1.100"), 2, ['no value "1.100"; it has 4: 1.1, 1.10, 01, none']),
    # --set
    (("plan", "job.yaml", "--set", "train.epochs"), 2, ["--set train.epochs: not a setting; accepted: KEY=VALUE"]),
    (("plan", "job.yaml", "--set", "title="), 2, ["--set title=: no value is given"]),
    (("plan", "job.yaml", "--set", "train.epoch=1"), 2, ["train.epoch: unknown key", "nearest known key: train.epochs"]),
    (("plan", "job.yaml", "--set", "sweep.lr.values=0.1,0.2"), 2, ["accepted: a list of different values", "such as [1, 2]"]),
]

# Lines of the job that are replaced or added at its end, and parts of the message; "!…": what it must not propose.
WRONG_JOBS = [
    ("seed: 1", "seed: 1\n\tsweep: 1", ["this is a tab, accepted: spaces"]),
    ("loss: {", "loss: {<<: {}, ", ["merge keys are not accepted"]),
    ("tiny", "tiny\ntitle: caf\udce9", [":2:12: not YAML", "accepted: text in UTF-8"]),
    ("lr: 1e-2}", "learning_rate: 1e-2}", ["optimizer.learning_rate: unknown key", "!nearest"]),
    ("lr: 1e-2}", "lr: 1e-2, nesterov: true}", ["optimizer.nesterov: unknown key", "!nearest"]),
    ("lr: 1e-2}", "lr: 1,5}", ["optimizer.5: unknown key", "!nearest"]),
    ("lr: 1e-2}", "lr: 1e-2, momentun: 0}", ["nearest known key: optimizer.momentum"]),
    ("lr: 1e-2}", "lr: 1_000}", ["optimizer.lr: '1_000'; accepted: a number from 0 to 1000"]),
    ("seed: 1", "sede: 1", ["nearest known key: seed"]),
    ("seed: 1", "foo: 1", ["foo: unknown key", "!nearest"]),
    ("tanh", "ganh", ["nearest known key: tanh"]),
    ("tanh", "swish", ["swish: unknown key", "!nearest"]),
    ("set: optimizer.lr", "set: optimizer.speed", ["'optimizer.speed'; accepted: model, loss", "!nearest"]),
    ("values: [1e-3", "values: [1e-3, 1e-03", ["0.001 appears twice"]),
    ("values: [1e-3", "values: [~", ["'~' is not a value for optimizer.lr"]),
    ("values: [1e-3, 0.0031622776601683795, 1e-2]", f"values: {{{', '.join(f'l{i}: 0' for i in range(1025))}}}",
     ["1025 values; accepted: at most 1024"]),
]

# What is written in place of a part of the job, and a part of what plan prints.
GOOD_JOBS = [
    (lambda text: b"\xef\xbb\xbf" + text, b"cells        6"),
    (lambda text: text.replace(b"\n", b"\r\n"), b"cells        6"),
    (lambda text: b"%YAML 1.1\n---\n" + text + b"...\n", b"cells        6"),
    (lambda text: text.replace(b"lr: 1e-2}", b"lr: .5}"), b"cells        6"),
    (lambda text: text.replace(b"1e-2]}", b"1e-2]}\n  l2: {set: 'model.layers[0].l2', values: [none, 0.1]}"), b"none ... 0.1"),
    (lambda text: text.replace(b"1e-2]}", b"1e-2]}\n  l2: {set: ['model.layers[0].l2'], values: {inherit: {}, own: [1]}}"),
     b"inherit ... own"),
    (lambda text: text.replace(b"[1e-3, 0.0031622776601683795, 1e-2]",
                               f"{{{', '.join(f'l{i}: {i / 10}' for i in range(1024))}}}".encode()), b"cells        2048"),
    (lambda text: text.replace(b"values: [1e-3, 0.0031622776601683795", b"values: [1e-3, 0.0012345678901"), b"0.001 ... 0.01"),
]


class UserCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.root = Path(directory.name)
        for name, text in (("job", JOB), ("labels", LABELS), ("regression", REGRESSION), ("many", MANY)):
            (cls.root / f"{name}.yaml").write_text(text)
        (cls.root / "directory").mkdir()

    def run_program(self, *arguments):
        return subprocess.run([os.environ["MPISWEEP"], *arguments], cwd=self.root, capture_output=True, text=True,
                              errors="surrogateescape", env={**os.environ, "MPISWEEP_DATA": ""})

    def assert_refused(self, process, status, parts):
        message, *rest = process.stderr.splitlines() or [""]
        self.assertEqual((process.returncode, process.stdout), (status, ""), message)
        self.assertTrue(message.startswith("mpisweep: "), process.stderr)
        for part in parts:
            (self.assertNotIn if part[0] == "!" else self.assertIn)(part.lstrip("!"), message)
        self.assertLess(len(message), 1100)
        return rest


class WrongRequestsTest(UserCase):
    def test_each_is_told_and_leaves_nothing(self):
        before = sorted(os.listdir(self.root))
        with ThreadPoolExecutor(2) as pool:
            for (arguments, status, parts), process in zip(WRONG, pool.map(lambda wrong: self.run_program(*wrong[0]), WRONG)):
                with self.subTest(arguments):
                    rest = self.assert_refused(process, status, parts)
                    self.assertTrue(not rest or rest[0].startswith("usage: "), rest)
        self.assertEqual([name for name in sorted(os.listdir(self.root)) if not name.endswith(".lock")], before)

    def test_wrong_jobs(self):
        def plan(number):
            old, new, _ = WRONG_JOBS[number]
            job = self.root / f"wrong{number}.yaml"
            self.assertIn(old, JOB)
            job.write_bytes(JOB.replace(old, new, 1).encode("utf-8", "surrogateescape"))
            process = self.run_program("plan", job)
            job.unlink()
            return process

        with ThreadPoolExecutor(2) as pool:
            for (_, new, parts), process in zip(WRONG_JOBS, pool.map(plan, range(len(WRONG_JOBS)))):
                with self.subTest(new[:80]):
                    self.assertEqual(self.assert_refused(process, 2, parts), [])

    def test_other_encodings_are_named(self):
        for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
            job = self.root / "encoded.yaml"
            job.write_bytes(JOB.encode(encoding))
            self.assert_refused(self.run_program("plan", job), 2, ["encoded.yaml:1:1: not YAML: UTF-16, UTF-32 or binary; accepted: text in UTF-8", "iconv"])
            job.unlink()


# mpisweep help WORD -> parts of the answer
KEY_HELP = {
    "optimizer.lr": ["optimizer.lr\n  learning rate; of one_cycle the highest\n  accepted  a number from 0 to 1000\n  default   none, it is required\n"],
    "lr": ["optimizer.lr\n  learning rate; of one_cycle the highest\n"],
    "optimizer": ["Keys of optimizer:\n  optimizer.kind ", "\n  optimizer.momentum "],
    "schedule.every": ["only with schedule.kind: step_decay or sequence"],
    "data.classes": ["only with data.source: hdf5 or npy or csv", "only with data.source: synthetic"],
    "conv": ["conv, a layer: 2-D convolution", "\n  conv.filters  "],
    "dense": ["short form: - dense: VALUE sets units"],
    "relu": ["relu, a layer: max(0, x)\n  written as - relu; it has no keys\n"],
    "model.layers[2].units": ["dense.units\n", "model.layers[N].units"],
    "sweep.lr.values": ["sweep.AXIS.values\n"],
    "sweep": ["sweep\n  see Sweep", "Keys of sweep:\n  sweep.paired"],
    "adam": ["Keys that take the value adam:\noptimizer.kind\n"],
    "run.checkpoint_every": ["run.checkpoint_every\n  how often"],
}


class HelpTest(UserCase):
    def test_all_ways_to_ask(self):
        whole = self.run_program("help").stdout
        for verb in VERBS:
            self.assertRegex(whole, rf"\n  {verb} +\w")
        for ask in (("--help",), ("-h",), ("help", "help")):
            self.assertEqual(self.run_program(*ask).stdout, whole)
        for verb in VERBS:
            help_text = self.run_program("help", verb).stdout
            self.assertIn(f"mpisweep {verb}", help_text.partition("\n\n")[0])
            for ask in ((verb, "-h"), (verb, "--help"), (verb, "job.yaml", "--help")):
                process = self.run_program(*ask)
                self.assertEqual((process.returncode, process.stdout, process.stderr), (0, help_text, ""), ask)

    def options(self, verb):
        """Names of an option -> the word for its value ("" for a flag), by the verb's help."""
        body = self.run_program("help", verb).stdout.partition("\n\n")[2]
        rows = re.findall(r"^  (-\S+(?:, --\S+)?)(?: ([A-Z]\S*))?(?:  | *$)", body, re.MULTILINE)
        return {tuple(names.split(", ")): value for names, value in rows}

    def test_help_has_the_options_that_parse(self):
        for verb in VERBS:
            with self.subTest(verb):
                options = self.options(verb)
                refusal = self.run_program(verb, "--no-such-option").stderr
                accepted = re.search(r"accepted: (.*)", refusal)[1]
                self.assertEqual(", ".join(name for names in options for name in names) or "no options", accepted)

    def test_usage_has_the_options_of_the_verb(self):
        for verb in VERBS:
            usage = self.run_program("help", verb).stdout.partition("\n\n")[0].replace("\n        ", "")
            # Those of run that launch passes on are only in its help.
            own = [item for item in self.options(verb).items() if verb != "launch" or item not in self.options("run").items()]
            for names, value in own:
                self.assertIn(f"[{names[0]} {value}".rstrip(), usage)
            shared_and_rest = 2 if verb == "launch" else 0  # --time-limit, which run has too; what follows "--"
            self.assertEqual(usage.count("[-"), len(own) + shared_and_rest, usage)

    def test_every_option_takes_what_its_help_says(self):
        """A surplus argument after it shows that the option was read and, where the value is checked, accepted."""
        values = {"N": "2", "T": "1:00:00", "SECONDS": "2", "KEY=VALUE": "seed=1", "AXIS=VALUE[,VALUE]...": "run=0", "DIR": ".",
                  "RESULTS.h5": "new.h5", "I/N": "1/2", "HOST[:SLOTS],...": "h1:2", "FILE": "hosts", "NAME": "axis"}
        for verb in VERBS:
            surplus = "a: No such file" if verb == "rerun" else f"{verb}: unexpected argument"  # it takes any number of them
            for names, value in self.options(verb).items():
                for name in names:
                    with self.subTest(f"{verb} {name}"):
                        given = self.run_program(verb, name, *([values[value]] if value else []), "a", "b", "c").stderr
                        self.assertIn(surplus, given)
                        alone = self.run_program(verb, "job.yaml", name if value else f"{name}=1").stderr
                        refusal = "no value for option" if value else "no value is accepted by option"
                        self.assertIn(f'{verb}: {refusal} "{name}', alone)
                        if not value:
                            continue
                        joined = f"{name}{'=' if name[1] == '-' else ''}{values[value]}"
                        self.assertIn(surplus, self.run_program(verb, joined, "a", "b", "c").stderr)

    def test_keys_of_the_job_file(self):
        for word, parts in KEY_HELP.items():
            with self.subTest(word):
                process = self.run_program("help", word)
                self.assertEqual((process.returncode, process.stderr), (0, ""))
                for part in parts:
                    self.assertIn(part, process.stdout)

    def test_every_key_of_the_reference_has_help(self):
        """docs/job-format.md is made of the same tables; a layer's keys are below its heading."""
        text = (Path(__file__).parents[2] / "docs" / "job-format.md").read_text()
        listed = self.run_program("help", "keys").stdout
        before = {"## Keys": "", "## Sweep": "sweep.AXIS."}
        heading = ""
        for line in text.splitlines():
            if line.startswith("#"):
                heading = line
            elif row := re.match(r"\| `([\w.]+)` \| .* \| .* \| .* \|$", line):
                name = before.get(heading, f"{heading[4:]}.") + row[1]
                self.assertIn(f"\n  {name}", listed)
                self.assertTrue(self.run_program("help", name).stdout.startswith(f"{name}\n  "), name)

    def test_lines_are_short(self):
        for verb in (*VERBS, "keys", *KEY_HELP):
            for line in self.run_program("help", verb).stdout.splitlines():
                self.assertLess(len(line), 80)
                self.assertEqual(line, line.rstrip())

    def test_the_usage_follows_a_wrong_command_line(self):
        lines = self.run_program("bench", "--set").stderr.splitlines()
        self.assertTrue(lines[1].startswith("usage: mpisweep bench [JOB.yaml]"), lines)
        self.assertIn("mpisweep help bench says more", lines)


class GoodRequestsTest(UserCase):
    def test_good_jobs(self):
        for number, (change, expected) in enumerate(GOOD_JOBS):
            with self.subTest(number):
                job = self.root / "good.yaml"
                job.write_bytes(change(JOB.encode()))
                process = self.run_program("plan", job)
                self.assertEqual(process.stderr, "")
                self.assertIn(expected.decode(), process.stdout)

    def trained(self, job, *only):
        """How many cells a session with these trains."""
        with tempfile.TemporaryDirectory() as directory:
            arguments = [word for selection in only for word in ("--only", selection)]
            process = self.run_program("run", job, "-o", Path(directory, "r.h5"), "--quiet", *arguments)
            self.assertEqual(process.returncode, 0, process.stderr)
            self.assertNotIn("nothing left", process.stdout)
            return int(process.stdout.split()[0])

    def test_selections_of_one_axis_add_up(self):
        for only, cells in ((("lr=0.001", "lr=0.01"), 4), (("lr=0.001,0.01", "run=0"), 2), (("lr=0.00316",), 2),
                            (("lr=3.16e-3", "lr=0.001", "run=1", "run=0"), 4)):
            self.assertEqual(self.trained("job.yaml", *only), cells, only)
        self.assertEqual(self.trained("labels.yaml", "lr=1.10", "lr=01", "lr=none"), 6)

    def test_names_of_files_with_blanks_and_letters(self):
        place = self.root / "my läufe 1"
        place.mkdir()
        (place / "jöb $1;.yaml").write_text(JOB)
        results = "my läufe 1/résults 'x'.h5"
        process = self.run_program("run", place / "jöb $1;.yaml", "-o", results, "--quiet")
        self.assertEqual(process.returncode, 0, process.stderr)
        status = self.run_program("status", results).stdout
        self.assertIn(f"{results}: 6 cells, 6 done", status)
        self.assertIn("  lr=0.00316\n", status)

    def test_status_has_means_of_whatever_was_recorded(self):
        self.run_program("run", "regression.yaml", "-o", "regression.h5", "--quiet")
        status = self.run_program("status", "regression.h5").stdout
        for name in ("train_loss", "test_loss"):
            table = status.partition(f"{name}, mean over 0 to 2 done cells each\n")[2].splitlines()[:3]
            self.assertEqual([row.split()[1] for row in table], ["lr=1e-07", "lr=1e-06", "lr=1000"])
            self.assertGreater(float(table[0].split()[0]), 0)
            self.assertEqual(table[2].split()[0], "-")  # diverged: never a mean
        progress = self.run_program("run", "regression.yaml", "-o", "progress.h5", "--set", "sweep.lr.values=[1e-7]").stderr
        self.assertRegex(progress, r"2 of 2 cells.*, best train_loss [0-9.e+-]+\n")
        self.assertNotIn("percent", progress)

    def test_status_of_many_shows_the_best(self):
        self.run_program("run", "many.yaml", "-o", "many.h5", "--quiet")
        status = self.run_program("status", "many.h5").stdout
        self.assertIn("the 20 highest of 41 combinations; all: analysis/ranking.py many.h5 test_accuracy", status)
        self.assertIn("the 20 lowest of 41 combinations; all: analysis/ranking.py many.h5 train_loss", status)
        self.assertLess(len(status.splitlines()), 50)
        best = [float(line.split()[0]) for line in status.partition("combinations")[2].splitlines()[1:21]]
        self.assertEqual(best, sorted(best, reverse="highest" in status.partition("combinations")[0]))


if __name__ == "__main__":
    unittest.main()
