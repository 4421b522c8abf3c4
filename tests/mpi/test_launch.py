"""mpisweep launch: starts again after deaths, ends what hangs, passes stops on, and reports the end truthfully."""
import os
import random
import signal
import time
import unittest

import h5py
import numpy as np

from launch import MPIEXEC, RunTest, TINY, finish, is_running, ranks_of, wait_until
from interruptions import RESUMED
from results_file import arrays

DEATHS = int(os.environ.get("MPISWEEP_TEST_LAUNCH_DEATHS", "2"))
JOB = [TINY, "--set", "train.epochs=10", "--set", f"sweep.run={2 + DEATHS}"]  # 6 cells for each run
LONG_JOB = [TINY, "--set", "train.epochs=5000"]


class LaunchTest(RunTest):
    def setUp(self):
        super().setUp()
        self.environment["PATH"] = f"{self.directory}:{os.path.dirname(MPIEXEC)}:{self.environment['PATH']}"
        self.environment["OMPI_MCA_odls_base_sigkill_timeout"] = "1"  # in place of launch's four seconds, twice a death
        self.whole, self.part = self.results("whole.h5"), self.results("part.h5")

    def fake_mpirun(self, script):
        """A shell script that launch finds first; "$real" is the mpirun that it replaces."""
        path = self.directory / "mpirun"
        path.write_text(f"#!/bin/sh\nreal={MPIEXEC}\n{script}\n")
        path.chmod(0o755)

    def launch(self, *arguments):
        return self.start("launch", "-n", "2", *arguments)

    def cells_written(self):
        """Values come before the status of their cell, which waits for a sync."""
        if not self.part.exists():
            return 0
        with h5py.File(self.part) as file:
            return np.isfinite(file["test_accuracy"][...]).sum()

    def wait_for_cells(self, process, count=1):
        wait_until(lambda: process.poll() is not None or self.cells_written() >= count)
        self.assertIsNone(process.poll(), "it ended before it could be interrupted")

    def read(self, *names):
        with h5py.File(self.part) as file:
            return [file[name][...] for name in names]

    def sessions(self):
        return np.isfinite(self.read("provenance/session_start")[0]).sum() if self.part.exists() else 0

    def assert_ends(self, process, expected):
        code, out, err = finish(process)
        self.assertEqual(code, expected, out + err)
        wait_until(lambda: not any(map(is_running, ranks_of(process))))
        self.assertEqual([p.name for p in self.directory.glob("mpisweep-*")], [])
        return err


class Ends(LaunchTest):
    def test_the_exit_status_is_that_of_rank_0(self):
        self.assert_ends(self.launch(TINY, "-o", self.part), 0)
        self.check(0, "run", TINY, "-o", self.whole)
        self.assert_equal(self.whole, self.part)
        self.assertIn("--bogus", self.assert_ends(self.launch(TINY, "--bogus"), 2))
        self.assertIn("no-such", self.assert_ends(self.launch(TINY, "-o", "no-such/x.h5"), 3))

    def test_wrong_options_of_its_own(self):
        for words in ["-n", "0"], ["-n=x"], ["--give-up=x"], ["--start-timeout", ""], ["--time-limit", "1:60:00"]:
            _, err = self.check(2, "launch", TINY, *words)
            self.assertRegex(err, "expected .*(number|seconds)")

    def test_options_of_run_are_passed_on(self):
        """Also those whose names are cut short; its own are not."""
        self.fake_mpirun('shift 8; echo "$@" >&2; exit 1')
        words = ["--set", "seed=-1", "--onl=run=0", "--time-limit=9", "--give", "1", "-o", "x.h5", "--", "job.yaml"]
        err = self.assert_ends(self.launch(*words), 70)
        self.assertRegex(err, r"mpisweep run --set seed=-1 --onl=run=0 -o x.h5 -- job.yaml\n")

    def test_options_of_mpirun(self):
        """After the job file and "--", also where another "--" ended the options before; what launch must know is not
        for mpirun alone."""
        self.fake_mpirun('echo "$@" >&2; exit 1')
        for before in [TINY, "--quiet"], ["--quiet", "--", TINY]:
            err = self.assert_ends(self.launch(*before, "--", "--mca", "btl", "self,tcp"), 70)
            self.assertRegex(err, f"-n 2 .*--mca btl self,tcp [^ ]*/mpisweep run {' '.join(map(str, before))}\n")
        for word in "-np", "--host", "-machinefile":
            _, err = self.check(2, "launch", TINY, "--", word, "3")
            self.assertIn(f'"{word}" after "--" is for mpirun alone', err)
        self.assertIn("accepted: one of them", self.check(2, "launch", TINY, "--host=a", "--hostfile=b")[1])

    def test_variables_reach_the_ranks(self):
        self.fake_mpirun('echo "$@" >&2; exit 1')
        self.environment.update(MPISWEEP_DATA="/data", MPISWEEP_KERNELS="reference")
        err = self.assert_ends(self.launch(TINY), 70)
        self.assertIn("-x MPISWEEP_DATA -x MPISWEEP_KERNELS ", err)

    def test_settings_of_mpirun(self):
        """Those of the user win."""
        self.fake_mpirun('env | grep _MCA_ >&2; exit 1')
        self.environment["OMPI_MCA_oob_tcp_keepalive_probes"] = "3"
        err = self.assert_ends(self.launch(TINY), 70)
        for line in ("OMPI_MCA_odls_base_sigkill_timeout=1", "OMPI_MCA_oob_tcp_keepalive_time=20",
                     "OMPI_MCA_oob_tcp_keepalive_probes=3", "PRTE_MCA_oob_tcp_keepalive_probes=8"):
            self.assertIn(f"{line}\n", err)

    def test_a_stop_is_passed_on(self):
        """As USR1, which mpirun forwards: after TERM it gives the ranks a second, that of Open MPI 5 a quarter."""
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_DFL))
        self.fake_mpirun('"$real" "$@" & child=$!\n'
                         'trap "echo passed on as USR1 >&2; kill -USR1 $child" USR1\n'
                         'until wait $child; [ $? -lt 128 ]; do kill -0 $child 2>/dev/null || exit; done')
        for number in signal.SIGTERM, signal.SIGHUP:
            process = self.launch(*LONG_JOB, "-o", self.part)
            wait_until(lambda: process.poll() is not None or self.part.exists())
            process.send_signal(number)
            err = self.assert_ends(process, 75)
            self.assertEqual(err.count("passed on as USR1"), 1, err)
            self.assertRegex(err, "stopped by signal .* with 24 of 24 cells to go; run the same command again to resume")
            self.part.unlink()

    def test_a_hangup_that_is_ignored(self):
        """As under nohup: it outlives its terminal."""
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process = self.launch(*JOB, "-o", self.part)
        self.wait_for_cells(process)
        process.send_signal(signal.SIGHUP)
        self.assert_ends(process, 0)

    def test_the_time_limit_counts_over_restarts(self):
        """The second start would run for hours."""
        self.fake_mpirun(f'if mkdir {self.directory}/once 2>/dev/null; then sleep 1; kill -KILL $$; fi; exec "$real" "$@"')
        process = self.launch(*LONG_JOB, "-o", self.part, "--time-limit", "6")
        self.assertIn("starting again", self.assert_ends(process, 75))


class Restarts(LaunchTest):
    def test_the_death_of_a_rank_or_of_mpirun(self):
        """In turn; then it ends by itself with the results of an undisturbed session."""
        victims = [lambda p: ranks_of(p)[1], self.mpirun_of, lambda p: ranks_of(p)[0]]
        job = [*JOB, "--set", f"train.epochs={self.epochs_in(0.4)}"]  # seconds remain after the last death
        process = self.launch(*job, "-o", self.part)
        for i in range(DEATHS):
            self.wait_for_cells(process, self.cells_written() + 3)
            os.kill(victims[i % 3](process), signal.SIGKILL)
        err = self.assert_ends(process, 0)
        self.assertEqual(err.count("starting again"), DEATHS, err)
        self.check(0, "run", *job, "-o", self.whole, ranks=2)
        self.assert_equal(self.whole, self.part)

    def test_a_death_leaves_the_checkpoint_of_the_other_rank(self):
        """The next start uses it. A rank that dies before its first step leaves none. No cell ends before the test."""
        del self.environment["OMPI_MCA_odls_base_sigkill_timeout"]
        process = self.launch(*LONG_JOB, "-o", self.part, "--give-up", "20")
        deaths = 0
        while deaths < 6 and not self.results("part.h5.checkpoint").exists():
            deaths += 1
            self.wait_for_session(process, deaths)
            ranks = sorted(ranks_of(process))
            os.kill(ranks[-1], signal.SIGKILL)
            wait_until(lambda: not any(map(is_running, ranks)))
        self.wait_for_session(process, deaths + 1)
        process.terminate()
        self.assertRegex(self.assert_ends(process, 75), RESUMED)

    def wait_for_session(self, process, count):
        """Until session number `count` of the file has been training for a moment."""
        wait_until(lambda: process.poll() is not None or self.sessions() == count)
        self.assertIsNone(process.poll(), "it ended before it could be interrupted")
        time.sleep(0.5)

    def test_deaths_in_the_start(self):
        """A rank dies while MPI starts, after which mpirun sometimes neither ends nor continues."""
        moments = random.Random(2)
        self.check(0, "run", *JOB, "-o", self.whole)
        for _ in range(DEATHS // 2):
            process = self.launch(*JOB, "-o", self.part, "--start-timeout", "10")
            wait_until(lambda: process.poll() is not None or len(ranks_of(process)) == 2)
            ranks = ranks_of(process)
            time.sleep(moments.uniform(0, 0.2))
            os.kill(moments.choice(ranks), signal.SIGKILL)
            self.assertIn("starting again", self.assert_ends(process, 0))
            self.assert_equal(self.whole, self.part)
            self.part.unlink()

    def mpirun_of(self, process):
        wait_until(lambda: len(ranks_of(process)) == 2)
        with open(f"/proc/{ranks_of(process)[0]}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])

    def test_a_start_that_hangs(self):
        """The first mpirun neither starts ranks nor reacts to TERM, as after a death in MPI_Init."""
        self.fake_mpirun(f'if mkdir {self.directory}/once 2>/dev/null; then trap "" TERM; while :; do sleep 0.1; done; fi\n'
                         'exec "$real" "$@"')
        err = self.assert_ends(self.launch(TINY, "-o", self.part, "--start-timeout", "15"), 0)
        self.assertIn("rank 0 did not report within 15 s", err)
        self.check(0, "run", TINY, "-o", self.whole)
        self.assert_equal(self.whole, self.part)

    def test_it_gives_up(self):
        self.fake_mpirun("kill -KILL $$")
        err = self.assert_ends(self.launch(TINY, "--give-up", "2"), 70)
        self.assertIn("gave up after 2 starts in a row", err)
        self.assertIn("mpirun was killed by signal 9 before all ranks were up", err)

    def test_what_cannot_start_is_not_tried_again(self):
        """An error that mpirun finds by itself before any rank was up."""
        self.fake_mpirun("exit 134")
        err = self.assert_ends(self.launch(TINY), 70)
        self.assertIn("mpirun did not start the ranks (exit status 134)", err)
        self.assertNotIn("starting again", err)

    def test_what_has_started_once_is_tried_again(self):
        """The same error after a start in which all ranks were up: a host is away, and may return."""
        self.fake_mpirun(f'mkdir {self.directory}/first 2>/dev/null && {{ "$real" "$@"; exit; }}\n'
                         f'mkdir {self.directory}/second 2>/dev/null && exit 1\nexec "$real" "$@"')
        process = self.launch(*JOB, "-o", self.part)
        self.wait_for_cells(process)
        os.kill(ranks_of(process)[1], signal.SIGKILL)
        err = self.assert_ends(process, 0)
        self.assertEqual(err.count("starting again"), 2, err)
        self.assertIn("mpirun did not start the ranks (exit status 1); starting again", err)

    def test_there_is_no_mpirun(self):
        self.environment["PATH"] = str(self.directory)
        err = self.assert_ends(self.launch(TINY), 70)
        self.assertIn("mpirun could not be started; it must be on PATH", err)
        self.assertNotIn("starting again", err)

    def test_no_ranks_outlive_a_script_in_the_place_of_mpirun(self):
        self.fake_mpirun(f'"$real" "$@" & until [ -e {self.part} ]; do sleep 0.05; done; sleep 1; exit 1')
        process = self.launch(*LONG_JOB, "-o", self.part, "--give-up", "1")
        wait_until(lambda: process.poll() is not None or self.part.exists())
        ranks = ranks_of(process)
        self.assert_ends(process, 70)
        wait_until(lambda: not any(map(is_running, ranks)))
        self.assertEqual(len(ranks), 2)

    def test_no_ranks_outlive_it(self):
        process = self.launch(*LONG_JOB, "-o", self.part)
        wait_until(lambda: self.part.exists())
        ranks = ranks_of(process)
        process.kill()
        finish(process)  # which reads until the last of them has closed its output
        wait_until(lambda: not any(map(is_running, ranks)))
        self.assertEqual(len(ranks), 2)


class Crashes(LaunchTest):
    def crash_all_ranks(self, process, sessions):
        """While they train, in session number `sessions` of the file."""
        wait_until(lambda: process.poll() is not None or self.sessions() == sessions)
        time.sleep(0.1)
        for rank in ranks_of(process):
            os.kill(rank, signal.SIGSEGV)

    def test_a_cell_that_crashes_twice_is_left_out(self):
        job = [TINY, "--set", f"train.epochs={self.epochs_in(1)}", "--set", "sweep.run=1"]  # sessions of seconds
        process = self.launch(*job, "-o", self.part)
        kills = 0
        while kills < 6 and (kills == 0 or self.read("provenance/crashes")[0].max() < 2):
            kills += 1
            self.crash_all_ranks(process, kills)
            wait_until(lambda: not any(map(is_running, ranks_of(process))))
        err = self.assert_ends(process, 1)
        status, crashes, number = self.read("status", "provenance/crashes", "provenance/signal")
        self.assertIn(f"with signal {signal.SIGSEGV.value} (Segmentation fault)", err)
        self.assertGreater((crashes == 2).sum(), 0)
        np.testing.assert_array_equal(status, np.where(crashes == 2, 3, 1))
        np.testing.assert_array_equal(number[crashes == 2], signal.SIGSEGV)
        self.check(0, "run", *job, "-o", self.whole, ranks=2)
        expected, found = arrays(self.whole), arrays(self.part)
        for name in "test_accuracy", "train_loss_curve":
            np.testing.assert_array_equal(found[name][status == 1], expected[name][status == 1])
        self.check(0, "run", *job, "-o", self.part, "--retry-failed", ranks=2)
        self.assert_equal(self.whole, self.part)
        self.assertEqual(self.read("provenance/crashes")[0].max(), 0)


if __name__ == "__main__":
    unittest.main()
