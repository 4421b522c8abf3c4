"""What people and machines do to a session and its files: nothing is lost silently.

One class per kind. Jobs are tiny; sessions that must be caught while they run train far longer than the test needs, and
are caught by conditions, not by time."""
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np

os.environ.setdefault("MPIEXEC", "mpiexec")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mpi"))
import disk  # noqa: E402
from launch import FLAGS, MPIEXEC, MPISWEEP, RunTest, descendants, finish, runs_mpisweep, wait_until  # noqa: E402

NOBODY = 65534
TINY = """\
job: tiny
seed: 1
data: {source: xor, train_count: 200, validation_count: 50, test_count: 50}
model: {init: normal, init_scale: 1, layers: [dense: 4, tanh, dense: 1, sigmoid]}
loss: {kind: squared_error}
optimizer: {kind: sgd, lr: 1e-2, momentum: 0}
train: {epochs: 2, batch: 20}
record: {test_accuracy: {every: end}}
sweep: {run: 3, lr: {set: optimizer.lr, values: [1e-3, 1e-2, 0.1]}}
"""
MORE = TINY.replace("run: 3", "run: 4")
# Thousands of cells: the first are done soon, the last never.
LONG = TINY.replace("epochs: 2", "epochs: 300").replace("run: 3", "run: 20000")
# Two cells: one that times out before its first step, then one that no test waits for.
ENDLESS = (TINY.replace("epochs: 2, batch: 20", "epochs: 1000000, batch: 2").replace("train_count: 200", "train_count: 2000")
           .replace("run: 3, lr: {set: optimizer.lr, values: [1e-3, 1e-2, 0.1]}",
                    "run: 1, limit: {set: train.max_seconds, values: [1e-9, 0]}"))


def as_nobody():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def count_cells(path, *states):
    """0 also while the file does not exist."""
    try:
        with h5py.File(path) as file:
            return int(np.isin(file["status"][...], states).sum())
    except OSError:
        return 0


def done_cells(path):
    return count_cells(path, 1)


class CaseTest(RunTest):
    def setUp(self):
        super().setUp()
        for name in "TINY", "MORE", "LONG", "ENDLESS":
            self.results(name.lower() + ".yaml").write_text(globals()[name])
        self.directory.chmod(0o777)
        self.file = self.results("r.h5")

    def spawn(self, *arguments, variables={}, **popen):
        process = subprocess.Popen([MPISWEEP, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   cwd=self.directory, env={**self.environment, **variables}, **popen)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        finish(process)

    def expect(self, code, *arguments, **options):
        """Run to the end; returns the output on both streams."""
        found, out, err = finish(self.spawn(*arguments, **options))
        self.assertEqual(found, code, f"{arguments}\n{out}\n{err}")
        return out + err

    def train(self, job="tiny.yaml", path="r.h5", code=0, **options):
        return self.expect(code, "run", job, "-o", path, "--quiet", **options)

    def start_long(self, path="r.h5"):
        """A session that has stored some cells."""
        before = done_cells(self.directory / path)
        process = self.spawn("run", "long.yaml", "-o", path, "--quiet")
        wait_until(lambda: process.poll() is not None or done_cells(self.directory / path) > before)
        return process

    def start_endless(self, *words, **options):
        """A session that makes a file and trains its endless cell."""
        self.file.unlink(missing_ok=True)
        return self.await_endless(self.spawn("run", "endless.yaml", "-o", "r.h5", "--quiet", *words, **options))

    def await_endless(self, process):
        wait_until(lambda: process.poll() is not None or count_cells(self.file, 4) > 0)
        return process

    def beside(self, pattern="r.h5?*"):
        return sorted(path.name for path in self.directory.glob(pattern))


class ClosedDescriptors(CaseTest):
    """Whichever of the standard streams are closed, no message goes into a file."""

    def test_all_sets(self):
        self.train(path="whole.h5")
        for missing in range(1, 8):
            closed = [file for file in range(3) if missing & 1 << file]
            with self.subTest(closed=closed):
                self.file.unlink(missing_ok=True)
                for part in (["--only", "run=0"], [], []) if missing == 7 else (["--only", "run=0"], []):
                    code = subprocess.run([MPISWEEP, "run", "tiny.yaml", "-o", "r.h5", *part], cwd=self.directory,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                          preexec_fn=lambda: [os.close(file) for file in closed]).returncode
                    self.assertEqual(code, 0)
                self.assert_equal(self.results("whole.h5"), self.file)

    def test_what_launch_starts(self):
        self.train(path="whole.h5")
        subprocess.run([MPISWEEP, "launch", "-n", "1", "tiny.yaml", "-o", "r.h5"], cwd=self.directory, env=self.environment,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       preexec_fn=lambda: [os.close(file) for file in range(3)], check=True)
        self.assert_equal(self.results("whole.h5"), self.file)


class Links(CaseTest):
    def setUp(self):
        super().setUp()
        for name in "scratch", "home":
            self.results(name).mkdir()
        self.target = self.results("scratch/t.h5")

    def link(self, name, to):
        path = self.results(name)
        path.symlink_to(to)
        return path

    def test_a_file_is_made_where_the_links_lead(self):
        self.link("home/second.h5", self.target)
        for to in "../scratch/t.h5", str(self.target), "second.h5":
            with self.subTest(to=to):
                link = self.link("home/r.h5", to)
                self.train(path="home/r.h5")
                self.assertTrue(link.is_symlink())
                self.assertFalse(self.target.is_symlink())
                self.assertEqual(done_cells(self.target), 9)
                self.train("more.yaml", path="home/r.h5")
                self.assertTrue(link.is_symlink())
                self.assertEqual(done_cells(self.target), 12)
                link.unlink()
                self.target.unlink()

    def test_two_names_have_one_lock(self):
        self.link("home/r.h5", "../scratch/t.h5")
        self.link("elsewhere", "scratch")
        process = self.start_long("scratch/t.h5")
        for name in "home/r.h5", "elsewhere/t.h5":
            self.assertIn("is being written by another session", self.train("long.yaml", name, code=3))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(finish(process)[0], 75)

    def test_what_no_lock_protects_is_refused(self):
        self.link("a.h5", "b.h5")
        self.link("b.h5", "a.h5")
        self.assertIn("Too many levels of symbolic links", self.train(path="a.h5", code=3))
        self.link("lost.h5", "no/such/directory/r.h5")
        self.assertIn("No such file or directory", self.train(path="lost.h5", code=3))
        self.assertIn("is not a regular file", self.train(path="/dev/null", code=3))
        self.train(path="scratch/t.h5")
        before = self.target.read_bytes()
        os.link(self.target, self.results("hard.h5"))
        for job in "tiny.yaml", "more.yaml":
            self.assertIn("hard links", self.train(job, "hard.h5", code=3))
        self.assertEqual(self.target.read_bytes(), before)


class Rights(CaseTest):
    def test_growth_keeps_mode_and_owner(self):
        self.train()
        for mode in 0o600, 0o664, 0o640:
            self.file.unlink()
            self.train()
            self.file.chmod(mode)
            if os.geteuid() == 0:
                os.chown(self.file, 1234, 2345)
            before = self.file.stat()
            self.train("more.yaml")
            after = self.file.stat()
            self.assertNotEqual(before.st_ino, after.st_ino)
            self.assertEqual((before.st_mode, before.st_uid, before.st_gid), (after.st_mode, after.st_uid, after.st_gid))

    def test_who_may_not_write_may_not_replace(self):
        as_user = dict(preexec_fn=as_nobody)
        home = self.results("home")
        home.mkdir()
        home.chmod(0o777)
        self.train(path="home/r.h5", **as_user)
        file = home / "r.h5"
        for target, mode in (file, 0o444), (home, 0o555):
            before, usual = file.read_bytes(), target.stat().st_mode & 0o7777
            target.chmod(mode)
            for job in "tiny.yaml", "more.yaml":
                self.assertIn("Permission denied", self.train(job, "home/r.h5", code=3, **as_user))
            target.chmod(usual)
            self.assertEqual(file.read_bytes(), before)
            self.assertEqual([path.name for path in home.iterdir()], ["r.h5"])


class OwnFiles(CaseTest):
    """Files of a user that have our names, or that our names lead to."""
    NAMES = ["r.h5.tmp", "r.h5.checkpoint.tmp", "r.h5.lock", "r.h5.checkpoint"]

    def use_every_file(self, code=0):
        """Make, stop, resume and enlarge."""
        process = self.start_endless()
        process.send_signal(signal.SIGTERM)
        self.assertIn(finish(process)[0], (75, 3))
        self.file.unlink(missing_ok=True)
        for job in "tiny.yaml", "more.yaml":
            self.train(job, code=code)

    def test_they_stay(self):
        for content in "mine", "":
            for name in self.NAMES:
                self.results(name).write_text(content)
            self.use_every_file()
            self.assertEqual(done_cells(self.file), 12)
            for name in self.NAMES:
                self.assertEqual(self.results(name).read_text(), content, name)
            self.assertEqual(self.beside(), sorted(self.NAMES))
            self.file.unlink()

    def test_what_links_lead_to_stays(self):
        victim = self.results("victim")
        victim.write_text("mine")
        for name in self.NAMES:
            with self.subTest(name=name):
                self.results(name).symlink_to("victim")
                self.use_every_file(code=3 if name == "r.h5.lock" else 0)
                self.assertEqual(victim.read_text(), "mine")
                self.assertTrue(self.results(name).is_symlink())
                self.results(name).unlink()
                self.file.unlink(missing_ok=True)

    def test_leftovers_of_killed_runs_are_removed_and_no_others(self):
        others = ["r.h5.0123456789abcdef01234567.tmp", "r.h5.tmp", "r.h5.old.tmp"]
        for name in others:
            self.results(name).write_text("mine")
        self.train(code=-signal.SIGKILL, variables=disk.environment(self.file, fault="fsync:1:kill"))
        left = sorted(set(self.beside()) - set(others))
        self.assertEqual(len(left), 2, left)  # a temporary file and the lock
        self.train()
        self.assertEqual(self.beside(), sorted(others))
        (temporary,) = (name for name in left if name.endswith(".tmp"))
        self.results(temporary).symlink_to(others[0])  # of a name with a valid checksum
        self.train()
        self.assertTrue(self.results(temporary).is_symlink())
        self.assertEqual(self.results(others[0]).read_text(), "mine")


def overwrite(path):
    with open(path, "r+b") as stream:
        stream.write(os.urandom(512))


def put_old_copy(path):
    """As `cp` does: into the existing file, which keeps its size."""
    with h5py.File(path) as file:
        place, row = file["provenance/session_start"].id.get_offset(), np.full(1, np.nan)
    with open(path, "r+b") as stream:
        stream.seek(place)
        stream.write(row.tobytes())


def replace(path):
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


class FileGone(CaseTest):
    """Exit status 3 soon after the name no longer leads to the open file, or the file is not what the session has
    written."""
    KINDS = {
        "removed": (Path.unlink, "was removed"),
        "renamed": (lambda path: path.rename(path.with_name("q.h5")), "was moved to"),
        "replaced": (replace, "another file has its name"),
        "truncated": (lambda path: os.truncate(path, 4096), "was truncated"),
        "emptied": (lambda path: path.write_bytes(b""), "was truncated"),
        "extended": (lambda path: os.truncate(path, path.stat().st_size + 1), "was extended"),
        "overwritten": (overwrite, "was overwritten"),
        "restored": (put_old_copy, "was overwritten"),
        "directory removed": (lambda path: shutil.rmtree(path.parent), "was removed"),
        "directory renamed": (lambda path: path.parent.rename(path.parent.with_name("away")), "was moved to"),
    }

    def lose(self, kind):
        change, message = self.KINDS[kind]
        place = self.results(kind)
        place.mkdir()
        process = self.start_long(f"{kind}/r.h5")
        change(place / "r.h5")
        code, out, err = finish(process)
        return kind, code, message in err, out + err

    def test_every_kind(self):
        with ThreadPoolExecutor(4) as pool:
            for kind, code, named, text in pool.map(self.lose, self.KINDS):
                with self.subTest(kind=kind):
                    self.assertEqual(code, 3, text)
                    self.assertTrue(named, text)
                    self.assertNotIn("results in", text)

    def test_long_cells_do_not_hide_it(self):
        process = self.start_endless()
        self.file.unlink()
        code, _, err = finish(process)
        self.assertEqual(code, 3, err)
        self.assertIn("was removed", err)

    def test_a_moved_file_holds_what_was_stored(self):
        process = self.start_long()
        self.file.rename(self.results("moved.h5"))
        self.assertEqual(finish(process)[0], 3)
        before = done_cells(self.results("moved.h5"))
        self.assertGreater(before, 0)
        process = self.start_long("moved.h5")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(finish(process)[0], 75)
        self.assertGreater(done_cells(self.results("moved.h5")), before)

    def test_a_lock_that_is_removed_is_made_again(self):
        process, lock = self.start_long(), self.results("r.h5.lock")
        lock.unlink()
        wait_until(lambda: process.poll() is not None or lock.exists())
        self.assertIn("is being written by another session", self.train("long.yaml", code=3))
        process.send_signal(signal.SIGTERM)
        code, _, err = finish(process)
        self.assertEqual(code, 75, err)
        self.assertIn("its lock file was removed", err)
        self.assertFalse(lock.exists())


class Stops(CaseTest):
    """Every stop keeps a checkpoint and says why it happened."""

    def assert_reason(self, process, words):
        code, _, err = finish(process)
        self.assertEqual(code, 75, err)
        self.assertIn(words, err)
        self.assertIn("run the same command again to resume", err)

    def assert_stopped(self, process, words):
        checkpoint = self.results("r.h5.checkpoint")
        self.assert_reason(process, words)
        self.assertTrue(checkpoint.exists())
        checkpoint.unlink()

    def test_signals(self):
        for number in signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1:
            with self.subTest(number=number):
                process = self.start_endless()
                process.send_signal(number)
                self.assert_stopped(process, f"stopped by signal {number.value} ({signal.strsignal(number)})")

    def test_hangups_that_are_ignored(self):
        process = self.start_endless(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        self.assert_stopped(process, "stopped by signal 15")

    def test_time_limits(self):
        """On a busy machine they may arrive before the first cell is trained."""
        self.assert_reason(self.start_endless("--time-limit", "0.5"), "stopped for --time-limit")

    def test_the_end_of_a_slurm_job(self):
        for seconds in 5, 20, 80:  # longer where the session begins after it
            end = {"SLURM_JOB_END_TIME": str(int(time.time()) + seconds)}
            code, _, err = finish(self.start_endless("--time-limit", "60", variables=end))
            if "is past and is ignored" not in err:
                break
        self.assertEqual(code, 75, err)
        self.assertIn("stopped for the end of the Slurm job ($SLURM_JOB_END_TIME)", err)

    def test_an_end_that_is_past(self):
        text = self.train(variables={"SLURM_JOB_END_TIME": "1700000000"})
        self.assertIn("SLURM_JOB_END_TIME=1700000000 is past and is ignored", text)
        self.assertEqual(done_cells(self.file), 9)

    def test_the_request_of_a_rank(self):
        process = self.start("run", "endless.yaml", "-o", "r.h5", "--quiet", ranks=2)
        self.addCleanup(self.end, process)
        self.await_endless(process)
        ranks = {Path(f"/proc/{pid}/environ").read_bytes().split(b"OMPI_COMM_WORLD_RANK=")[1][:1]: pid
                 for pid in descendants(process.pid) if runs_mpisweep(pid)}
        os.kill(ranks[b"1"], signal.SIGUSR1)
        self.assert_stopped(process, "stopped at the request of rank 1")

    def test_a_reader_that_has_gone(self):
        """The progress goes to a pipe that nobody reads: no cell may be lost."""
        read, write = os.pipe()
        os.close(read)
        process = subprocess.Popen([MPISWEEP, "run", "tiny.yaml", "-o", "r.h5"], cwd=self.directory, stdout=subprocess.DEVNULL,
                                   stderr=write)
        os.close(write)
        self.assertEqual(process.wait(), 0)
        self.assertEqual(done_cells(self.file), 9)


class Memory(CaseTest):
    LIMIT = 400 << 20
    JOB = """\
job: big
data: {source: synthetic, height: 8, width: 8, train_count: 40, test_count: 20}
model: {layers: [dense: 10]}
optimizer: {kind: adam, lr: 0.1}
train: {epochs: 1, batch: 20}
record: {test_accuracy: {every: 1 epoch}}
sweep: {run: 2, units: {set: model.layers, values: {big: [dense: 60000, dense: 10], small: [dense: 10]}}}
"""

    def test_cells_without_memory_stay_pending(self):
        limit = dict(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (self.LIMIT, self.LIMIT)))
        self.results("big.yaml").write_text(self.JOB)
        if finish(self.spawn("--version", **limit))[0] != 0:
            self.skipTest("this build cannot start in little memory (AddressSanitizer)")
        text = self.train("big.yaml", code=70, **limit)
        self.assertIn("2 pending, 2 done, 0 diverged, 0 failed", text)
        self.assertRegex(text, "cell run=0, units=big stays pending: rank 0 on .*: out of memory")
        self.assertIn("out of memory for 2 cells", text)
        self.train("big.yaml")
        self.assertEqual(done_cells(self.file), 4)

    def write_data(self, megabytes):
        np.save(self.results("x.npy"), np.zeros((16 * megabytes, 1, 256, 256), "u1"))
        np.save(self.results("y.npy"), np.arange(16 * megabytes, dtype="u1") % 2)
        self.results("data.yaml").write_text("""\
job: data
data: {source: npy, train_x: x.npy, train_y: y.npy}
model: {layers: [max_pool: 16, dense: 2]}
optimizer: {kind: sgd, lr: 0.1}
train: {epochs: 1, batch: 6}
record: {train_loss: {every: 1 epoch}}
sweep: {run: 2}
""")

    def test_two_ranks_with_little_shared_memory(self):
        namespace = ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=10m tmpfs /dev/shm && exec \"$@\"", "sh"]
        if subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
            self.skipTest("may not mount a tmpfs")
        self.write_data(12)
        process = self.start_command([*namespace, MPIEXEC, "-n", "2", *FLAGS, MPISWEEP, "run", "data.yaml", "-o", "r.h5"])
        self.addCleanup(self.end, process)
        code, out, err = finish(process)
        self.assertEqual(code, 0, out + err)
        self.assertIn("/dev/shm: No space left on device", err)
        self.assertEqual(done_cells(self.file), 2)

    def test_two_ranks_with_no_shared_memory(self):
        """A limit of file sizes simulates full directories; what Open MPI itself shares is below it."""
        self.write_data(80)
        process = subprocess.Popen([MPIEXEC, "-n", "2", *FLAGS, MPISWEEP, "run", "data.yaml", "-o", "r.h5"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.directory,
                                   env=self.environment,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (70 << 20, 70 << 20)))
        self.addCleanup(self.end, process)
        code, out, err = finish(process)
        self.assertEqual(code, 70, out + err)
        self.assertIn("--shm-size", err)

    def test_an_error_of_one_rank_names_it(self):
        script = 'if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then cd /; fi; exec "$0" "$@"'
        process = self.start_command([MPIEXEC, "-n", "2", *FLAGS, "sh", "-c", script, MPISWEEP, "run", "tiny.yaml", "-o", "r.h5"])
        self.addCleanup(self.end, process)
        code, out, err = finish(process)
        self.assertEqual(code, 3, out + err)
        self.assertRegex(err, r"mpisweep: rank 1 on \S+: tiny.yaml: ")


class Counts(CaseTest):
    def status(self):
        import json
        return json.loads(self.expect(0, "status", "r.h5", "--json"))

    def test_rates_do_not_follow_the_calendar(self):
        """The clock of the machine that ran first was a month ahead; or the last one is corrected between sessions."""
        self.train(path="r.h5")
        self.train("more.yaml", "whole.h5")
        month = 30 * 86400
        for ahead in month, -month:
            self.file.unlink()
            self.expect(0, "run", "tiny.yaml", "-o", "r.h5", "--only", "run=0", "--quiet")
            with h5py.File(self.file, "r+") as file:
                for name in "finished", "session_start", "session_updated":
                    file["provenance/" + name][...] += ahead
            self.expect(0, "run", "tiny.yaml", "-o", "r.h5", "--only", "run=1", "--quiet")
            with h5py.File(self.file) as file:
                cells, seconds = file["provenance/session_cells"][1], file["provenance/session_seconds"][1]
            found = self.status()
            self.assertEqual(cells, 3)
            self.assertAlmostEqual(found["cells_per_hour"], 3600 * cells / seconds, delta=1)
            self.assertAlmostEqual(found["eta_seconds"], 3 * seconds / cells, delta=0.001)
            self.assertNotIn("-", self.expect(0, "status", "r.h5").splitlines()[1].replace("e-", ""))

    def test_a_file_written_in_the_future(self):
        self.train()
        with h5py.File(self.file, "r+") as file:
            file["provenance/session_updated"][...] += 86400
        self.assertIn("ahead of this machine's clock", self.expect(0, "status", "r.h5"))

    def test_cells_that_timed_out_are_called_so(self):
        limit = ["--set", "train.max_seconds=1e-9"]
        for words in [[], ["nothing left to train"]]:
            text = self.expect(1, "run", "tiny.yaml", "-o", "r.h5", *limit)
            for word in "9 timed out", "--retry-failed", *words:
                self.assertIn(word, text)
            self.assertNotIn("9 failed", text)
        text = self.expect(1, "run", "tiny.yaml", "-o", "r.h5", "--set", "train.max_seconds=0")
        self.assertIn("--retry-failed", text)
        self.expect(0, "run", "tiny.yaml", "-o", "r.h5", "--set", "train.max_seconds=0", "--retry-failed")


if __name__ == "__main__":
    unittest.main()
