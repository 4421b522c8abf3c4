"""Slurm jobs for the tests: what they submit, wait for and look at, on the login node of tests/slurm/cluster."""
import contextlib
import os
import shutil
import subprocess
import threading
import time
import unittest
from pathlib import Path

import h5py

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
TINY = PROJECT / "tests" / "jobs" / "tiny.yaml"
MPISWEEP = os.environ["MPISWEEP"]
PATIENCE = 300  # seconds after which something hangs, even on a busy machine
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "DEADLINE"}  # and not queued again


def partition(name, nodes):
    """Of a test, which has these nodes for itself: NAME1, NAME2, ... The name is at most 12 letters."""
    def mark(test):
        test.partition, test.nodes = name, nodes
        return test
    return mark


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(0.05)


def run(*command, **options):
    """Standard output of a command that must end with 0."""
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


# ---- Processes, of all nodes: the login node sees them ---------------------------------------------------------------

def read_process(pid, name):
    """A file of /proc; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def network_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


def ranks_on(node):
    """Ids of the processes on a node that run `mpisweep run`; none when it is off."""
    supply = Path(os.environ["SLURM_TEST_CLUSTER"], "node", f"{node}.supply")
    network = network_of(supply.read_text().strip()) if supply.exists() else None
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if network is not None and network_of(pid) == network
            and b"run" in read_process(pid, "cmdline").split(b"\0")[1:2]
            and read_process(pid, "comm") == b"mpisweep\n"]


def is_running(pid):
    return read_process(pid, "cmdline") != b""  # which a zombie has no more


def cpu_seconds(pid):
    """0 when it is gone."""
    fields = read_process(pid, "stat").rpartition(b")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def is_pending(pid, number):
    """Has a process been sent a signal that it has not taken, because it is stopped?"""
    lines = dict(line.split(":", 1) for line in read_process(pid, "status").decode().splitlines())
    masks = [int(lines.get(name, "0"), 16) for name in ("SigPnd", "ShdPnd")]
    return any(mask >> (number - 1) & 1 for mask in masks)


def memory_of(pid):
    """Bytes by their share (Pss): (of the samples, which the ranks of a node share; of everything else)."""
    shared = other = 0
    for line in read_process(pid, "smaps").decode().splitlines():
        words = line.split()
        if not words[0].endswith(":"):  # a mapping begins
            samples = "/mpisweep-data-" in line
        elif words[0] == "Pss:":
            shared += 1024 * int(words[1]) * samples
            other += 1024 * int(words[1]) * (not samples)
    return shared, other


def send_signal(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


# ---- Results ---------------------------------------------------------------------------------------------------------

references, references_lock = {}, threading.Lock()


def reference(job, words, variables):
    """The results file of one rank, without MPI; made once for each command."""
    key = (str(job), tuple(words), tuple(sorted(variables.items())))
    with references_lock:
        path = Path(os.environ["SLURM_TEST_CLUSTER"], f"whole{len(references)}.h5")
        path, lock = references.setdefault(key, (path, threading.Lock()))
    with lock:
        if not path.exists():
            run(MPISWEEP, "run", "--quiet", job, *words, "-o", path, env={**os.environ, **variables})
    return path


def finished_cells(path):
    if not path.exists():
        return 0
    with h5py.File(path) as file:
        return int((file["status"][...] != 0).sum())


# ---- The case --------------------------------------------------------------------------------------------------------

class SlurmCase(unittest.TestCase):
    job = TINY  # of the sweep
    words = ()  # for `mpisweep run`

    def setUp(self):
        test = getattr(self, self._testMethodName)
        self.partition = test.partition
        self.nodes = [f"{self.partition}{i + 1}" for i in range(test.nodes)]
        self.directory = Path(os.environ["SLURM_TEST_CLUSTER"], self.partition)
        self.results = self.directory / "sweep.h5"
        self.binary = self.directory / "bin" / "mpisweep"  # a node may have another under its name
        self.binary.parent.mkdir(parents=True)
        shutil.copy(MPISWEEP, self.binary)
        self.variables = {"MPISWEEP": str(self.binary), "JOB": str(self.job), "RESULTS": str(self.results)}
        self.addCleanup(self.leave_nodes)

    def leave_nodes(self):
        run("scancel", f"--partition={self.partition}")
        wait_until(lambda: not run("squeue", "--noheader", f"--partition={self.partition}"), "the queue is empty")
        for node in self.nodes:
            if ranks_on(node):
                self.node("off", node)

    def node(self, command, *nodes):
        run(HERE / "node", command, *nodes)

    def change_node(self, node, script):
        """What a node runs when it is switched on, in its own mount namespace."""
        Path(os.environ["SLURM_TEST_CLUSTER"], "node", f"{node}.sh").write_text(script)

    def start_nodes(self, *nodes):
        """All of the partition, unless some are named."""
        nodes = nodes or self.nodes
        self.node("on", *nodes)
        began = time.monotonic()
        wait_until(lambda: all(self.is_up(node, time.monotonic() - began) for node in nodes), f"{nodes} are up")

    @staticmethod
    def is_up(node, seconds):
        """Slurm may still think of it what it thought when it was switched off: that it is down, or, for minutes, that it
        has not ended its last job."""
        state = run("sinfo", "--noheader", "--Node", "--format=%T", f"--nodes={node}").strip()
        if state.startswith(("down", "drain")):
            run("scontrol", "update", f"NodeName={node}", "State=RESUME")
        elif state.startswith("completing") and seconds > 20:
            run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=restarted")
        return state in ("idle", "mixed", "allocated")

    def submit(self, script, *words, nodes=2, ranks=2, options=(), variables={}):
        """One of slurm/*.sbatch on this many nodes, with this many ranks on each; returns the Slurm job's id."""
        return self.sbatch(script, *words, options=[*self.size(nodes, ranks), *options], variables=variables)

    def size(self, nodes, ranks):
        return [f"--partition={self.partition}", f"--nodes={nodes}", f"--ntasks={ranks * nodes}",
                f"--ntasks-per-node={ranks}", "--time=30"]

    def sbatch(self, script, *words, options, variables={}):
        output = f"--output={self.directory}/%x-%A-%a.log"
        return run("sbatch", "--parsable", output, *options, PROJECT / "slurm" / script, *self.words, *words,
                   cwd=self.directory, env={**os.environ, **self.variables, **variables}).strip()

    def describe(self, job):
        text = run("scontrol", "--oneliner", "show", "job", job)
        return dict(word.split("=", 1) for word in text.split() if "=" in word)

    def state(self, job):
        return self.describe(job)["JobState"]

    def log(self):
        """What all Slurm jobs of this test have said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.directory.glob("*.log")))

    def wait_for_end(self, job, expected="COMPLETED", code=None):
        """Returns how it ended: see describe()."""
        wait_until(lambda: self.state(job) in ENDED, f"Slurm job {job} has ended")
        end = self.describe(job)
        self.assertEqual(end["JobState"], expected, self.log())
        if code is not None:
            self.assertEqual(end["ExitCode"], f"{code}:0", self.log())
        self.assert_no_ranks()
        return end

    def assert_no_ranks(self):
        """On any node of this test: they end with their Slurm job."""
        wait_until(lambda: not any(ranks_on(node) for node in self.nodes), "no rank is left")

    def wait_for_cells(self, job, count=1):
        wait_until(lambda: self.state(job) in ENDED or finished_cells(self.results) >= count,
                   f"{count} cells are finished")
        self.assertEqual(self.state(job), "RUNNING", self.log())

    def assert_equals_one_rank(self, **variables):
        """Made with these variables in the environment."""
        run(MPISWEEP, "verify", reference(self.job, self.words, variables), self.results)
