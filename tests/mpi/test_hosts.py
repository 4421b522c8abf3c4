"""mpisweep launch on several hosts: slots, what can never start, a host that is cut off, a clean stop."""
import os
import shutil
import signal
import sys
import unittest
from pathlib import Path

import h5py
import numpy as np

from hosts import Hosts, NoNamespaces
from interruptions import RESUMED
from launch import MPIEXEC, MPISWEEP, TINY, RunTest, finish, is_running, kill_processes, ranks_of, started_in, wait_until

LONG_JOB = [TINY, "--set", "train.epochs=20000"]  # cells of minutes
QUICK = {f"{project}_MCA_oob_tcp_keepalive_{name}": value for project in ("OMPI", "PRTE")
         for name, value in (("time", "1"), ("intvl", "1"), ("probes", "2"))}
NOISE = "mpirun (noticed|detected)|job aborted|Primary job"


def cpu_ticks(pid):
    """Hundredths of a second of user time."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except OSError:  # it is gone
        return 0


class HostsTest(RunTest):
    COUNT = 2

    def setUp(self):
        super().setUp()
        for name in "OMPI_MCA_btl_vader_backing_directory", "OMPI_MCA_btl_sm_backing_directory":
            del self.environment[name]  # every host has a /dev/shm of its own
        self.hosts = Hosts(self.directory, self.COUNT)
        self.addCleanup(self.hosts.close)
        self.environment.update(self.hosts.environment())
        self.addCleanup(lambda: kill_processes(started_in(self.hosts.temporary)))
        self.environment["PATH"] = f"{os.path.dirname(MPIEXEC)}:{self.environment['PATH']}"
        self.environment["OMPI_MCA_odls_base_sigkill_timeout"] = "1"  # in place of launch's four seconds
        self.whole, self.part = self.results("whole.h5"), self.results("part.h5")

    def launch(self, *words, program=MPISWEEP, variables={}):
        """On h1."""
        return self.start_command([*self.hosts.enter("h1"), "sh", "-c", 'cd "$1" && shift && exec "$@"', "sh",
                                   str(self.directory), program, "launch", *map(str, words)], variables)

    def check_launch(self, expected, *words, **more):
        code, out, err = finish(self.launch(*words, **more))
        self.assertEqual(code, expected, out + err)
        return err

    def assert_told_once(self, err, *patterns):
        self.assertEqual(err.count("it is not tried again"), 1, err)
        self.assertNotIn("starting again", err)
        for pattern in patterns:
            self.assertRegex(err, pattern)

    def sessions(self):
        if not self.part.exists():
            return 0
        with h5py.File(self.part) as file:
            return np.isfinite(file["provenance/session_start"][...]).sum()

    def ranks_per_host(self):
        with h5py.File(self.part) as file:
            status, ranks, hosts = (file[name][...] for name in ("status", "provenance/rank", "provenance/host"))
            names = [b"".join(row).rstrip(b"\0").decode() for row in file["provenance/hosts"][...]]
        found = {(names[host], rank) for host, rank in zip(hosts[status == 1], ranks[status == 1])}
        return sorted(found)


class Start(HostsTest):
    def test_a_rank_for_each_slot(self):
        """Rank 0 is on this host, wherever it is in the list."""
        self.check(0, "run", TINY, "-o", self.whole)
        hostfile = self.directory / "hostfile"
        hostfile.write_text("# two hosts\n\nh1 slots=1\nh2 slots=2\n")
        for words in ["--host", "h1:1,h2:2"], ["--host", "h2:2,h1:1"], ["--hostfile", hostfile]:
            err = self.check_launch(0, *words, TINY, "-o", self.part, "--", "--display-map")
            self.assertNotRegex(err, NOISE)
            with h5py.File(self.part) as file:
                self.assertEqual(np.nanmax(file["provenance/session_ranks"][...]), 3)
            self.assertEqual(self.ranks_per_host(), [("h1", 0), ("h2", 1), ("h2", 2)])
            self.assert_equal(self.whole, self.part)
            self.part.unlink()

    def test_this_host_must_be_the_first(self):
        hostfile = self.directory / "hostfile"
        hostfile.write_text("root@h2 slots=1\nh1\n")
        err = self.check_launch(2, "--host", "h2,h9", TINY)
        self.assertIn("rank 0 must run on this host, h1, which is not one of them", err)
        err = self.check_launch(2, "--hostfile", hostfile, TINY)
        self.assertIn("rank 0 must run on this host, h1, and the first that it names is h2", err)
        err = self.check_launch(3, "--hostfile", "missing", TINY)
        self.assertIn("--hostfile missing: cannot open", err)

    def test_rank_0_elsewhere(self):
        """By a setting of Open MPI that launch does not know."""
        hostfile = self.directory / "hostfile"
        hostfile.write_text("h2 slots=2\n")
        err = self.check_launch(70, "-n", "2", TINY, "-o", self.part,
                                variables={"OMPI_MCA_orte_default_hostfile": str(hostfile),
                                           "PRTE_MCA_prte_default_hostfile": str(hostfile)})
        self.assert_told_once(err, "rank 0 is on h2 and does not reach `mpisweep launch`")
        self.assertFalse(self.part.exists())

    def test_a_program_that_is_missing_on_one_host(self):
        programs = self.directory / "programs"
        programs.mkdir()
        shutil.copy(MPISWEEP, programs)
        (self.directory / "empty").mkdir()
        self.hosts.run("h2", f"mount --bind {self.directory}/empty {programs}")
        err = self.check_launch(70, "--host", "h1:1,h2:1", TINY, "-o", self.part, program=programs / "mpisweep")
        self.assert_told_once(err, "h2", f"{programs}/mpisweep")

    def test_hosts_that_are_not_reached(self):
        err = self.check_launch(70, "--host", "h1,h9", TINY, "-o", self.part)
        self.assert_told_once(err, "h9")
        self.hosts.cut("h2")
        err = self.check_launch(70, "--host", "h1,h2", TINY, "-o", self.part)
        self.assert_told_once(err, "connect to host h2: No route to host")

    def test_what_mpirun_refuses(self):
        self.assert_told_once(self.check_launch(70, "-n", "5", "--host", "h1:1,h2:1", TINY), "slots")
        self.assert_told_once(self.check_launch(70, "-n", "1", TINY, "--", "--no-such-option"), "no-such-option")


class Cut(HostsTest):
    """The ranks of the other host leave checkpoints, which the next session uses."""

    def test_mpirun_notices(self):
        """And the sweep continues when the host is back."""
        variables = {**QUICK, "OMPI_MCA_odls_base_sigkill_timeout": "3"}
        process = self.launch("--host", "h1:2,h2:1", *LONG_JOB, "-o", self.part, "--give-up", "50", variables=variables)
        self.wait_for_training(process, 1)
        self.hosts.cut("h2")
        self.wait_for_checkpoint(process)
        self.hosts.mend("h2")
        self.wait_for_training(process, 2)
        process.send_signal(signal.SIGTERM)
        code, out, err = finish(process)
        self.assertEqual(code, 75, out + err)
        self.assertRegex(err, "mpirun lost the connection to a host; starting again")
        self.assertRegex(err, RESUMED)

    def test_a_stop_before_mpirun_notices(self):
        """launch waits long for the host, but not for the checkpoints."""
        process = self.launch("--host", "h1:2,h2:1", *LONG_JOB, "-o", self.part)
        self.wait_for_training(process, 1)
        self.hosts.cut("h2")
        process.send_signal(signal.SIGTERM)
        self.wait_for_checkpoint(process)
        kill_processes(started_in(self.hosts.temporary))
        finish(process)
        process = self.start("run", *LONG_JOB, "-o", self.part, ranks=2)
        self.wait_for_training(process, 2, count=2)
        process.send_signal(signal.SIGUSR1)
        code, out, err = finish(process)
        self.assertEqual(code, 75, out + err)
        self.assertRegex(err, RESUMED)

    def wait_for_training(self, process, session, count=3):
        """Until each of this many ranks has used the CPU since session number `session` of the file began."""
        wait_until(lambda: process.poll() is not None or self.sessions() == session)
        ranks = ranks_of(process)
        begun = [cpu_ticks(rank) for rank in ranks]
        wait_until(lambda: process.poll() is not None or
                   all(cpu_ticks(rank) > ticks + 100 for rank, ticks in zip(ranks, begun)))
        self.assertIsNone(process.poll(), "it ended before it could be interrupted")
        self.assertEqual(len(ranks), count)

    def wait_for_checkpoint(self, process):
        wait_until(lambda: process.poll() is not None or self.results("part.h5.checkpoint").exists())
        self.assertIsNone(process.poll(), "it ended without a checkpoint")


class Stop(HostsTest):
    def test_a_clean_stop_is_no_abort(self):
        process = self.launch("--host", "h1:1,h2:2", *LONG_JOB, "-o", self.part)
        wait_until(lambda: process.poll() is not None or self.part.exists())
        process.send_signal(signal.SIGTERM)
        code, out, err = finish(process)
        self.assertEqual(code, 75, out + err)
        self.assertIn("stopped by signal", err)
        self.assertNotRegex(err, NOISE)
        wait_until(lambda: not any(map(is_running, started_in(self.hosts.temporary))))


class Kernels(HostsTest):
    def test_a_host_with_another_cpu(self):
        """The best set that all have, recorded; a resume on the better host alone keeps to it."""
        (self.directory / "h2.environment").write_text("export MPISWEEP_KERNELS=reference\n")
        hosts = ["--host", "h1:1,h2:2"]
        err = self.check_launch(0, *hosts, TINY, "-o", self.part, "--only", "run=0")
        self.assertRegex(err, "computing with the reference kernels, .* is missing on rank 1 on h2 .*, rank 2 on h2")
        err = self.check_launch(0, "--host", "h1:1", TINY, "-o", self.part)
        self.assertIn(f"computing with the reference kernels, as recorded in {self.part}", err)
        self.check(0, "run", TINY, "-o", self.whole, "--only", "run=0")
        err = self.check_launch(2, *hosts, TINY, "-o", self.whole)
        self.assertRegex(err, "which not all ranks have.*: rank 1 on h2 .MPISWEEP_KERNELS=reference.*unset MPISWEEP_KERNELS there")
        self.whole.unlink()
        self.environment["MPISWEEP_KERNELS"] = "reference"
        self.check(0, "run", TINY, "-o", self.whole)
        self.assert_equal(self.whole, self.part)


def setUpModule():
    import tempfile
    with tempfile.TemporaryDirectory() as directory:
        try:
            Hosts(directory, 1).close()
        except (NoNamespaces, OSError) as reason:
            print(f"SKIPPED: no namespaces for hosts of their own (root is needed): {reason}", file=sys.stderr)
            raise unittest.SkipTest("no namespaces")


if __name__ == "__main__":
    unittest.main()
