"""Starts mpisweep for the tests, directly or under mpiexec, and ends it.

The binary comes from $MPISWEEP, the launcher from $MPIEXEC; ctest sets both.
"""
import faulthandler
import os
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

MPISWEEP = os.environ["MPISWEEP"]
MPIEXEC = os.environ["MPIEXEC"]
TINY = Path(__file__).resolve().parents[1] / "jobs" / "tiny.yaml"
# More ranks than cores, and none spins on a core that another needs.
FLAGS = ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
PATIENCE = 300  # seconds after which something hangs, even on a busy machine
# Whatever waits in vain: before ctest's time is over, which would tell nothing.
faulthandler.dump_traceback_later(1440, exit=True)


def finish(process):
    """(exit code, standard output, standard error)"""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as timeout:
        show_hanging(timeout.stderr or b"")
        kill_all(process)
        raise
    return process.returncode, out, err


def show_hanging(said):
    """What a process has said so far, and what runs now: of all tests."""
    print(said.decode(errors="replace"), file=sys.stderr)
    no_kernel_threads = ["--deselect", "--ppid", "2"]
    subprocess.run(["ps", *no_kernel_threads, "--forest", "-o", "pid,ppid,pgid,stat,etimes,wchan:24,args"],
                   stdout=sys.stderr, check=False, env={"COLUMNS": "200"})


def parent_and_state(pid):
    """Of a process, or None when it is gone. The name in field 2 may contain spaces and parentheses."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), fields[0]


def descendants(pid):
    parents = {int(p.name): parent_and_state(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()}
    found = [pid]
    for known in found:
        found += [child for child, entry in parents.items() if entry is not None and entry[0] == known]
    return found[1:]


def runs_mpisweep(pid):
    try:
        return os.path.samefile(f"/proc/{pid}/exe", MPISWEEP)
    except OSError:  # it is gone
        return False


def ranks_of(process):
    """Process ids of the mpisweep processes below mpiexec. LeakSanitizer checks from a child of a rank, which is not a
    rank."""
    found = [pid for pid in descendants(process.pid) if runs_mpisweep(pid)]
    return [pid for pid in found if (parent_and_state(pid) or [0])[0] not in found]


def is_running(pid):
    entry = parent_and_state(pid)
    return entry is not None and entry[1] != "Z"


def kill_processes(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def kill_all(process):
    """SIGKILL to a process and all below it at once; returns when they are gone."""
    everyone = [*descendants(process.pid), process.pid]
    kill_processes(everyone)
    process.communicate(timeout=PATIENCE)
    wait_until(lambda: not any(map(is_running, everyone)))


def started_in(directory):
    """Ids of the processes whose TMPDIR it is: all that a test started, also those that have lost their parents."""
    def has_it(environment):
        try:
            return f"TMPDIR={directory}".encode() in environment.read_bytes().split(b"\0")
        except OSError:  # it is gone
            return False
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if has_it(path)]


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("waited in vain")
        time.sleep(0.005)


class RunTest(unittest.TestCase):
    """A test that runs in its own directory."""
    epochs_per_second = {}

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="mpisweep-test-")
        self.addCleanup(directory.cleanup)
        self.addCleanup(lambda: kill_processes(started_in(directory.name)))  # of a test that failed
        self.directory = Path(directory.name)
        # Killed ranks and launchers leave their files in here. Without an /etc/hosts Open MPI asks a name server for
        # localhost, which takes 5 seconds per start where there is none.
        self.environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                                RES_OPTIONS="timeout:1 attempts:1",
                                TMPDIR=directory.name, OMPI_MCA_btl_vader_backing_directory=directory.name,
                                OMPI_MCA_btl_sm_backing_directory=directory.name)  # its name in Open MPI 5

    def start(self, *arguments, ranks=None):
        """mpisweep in the background; ranks=None: without mpiexec."""
        launcher = [] if ranks is None else [MPIEXEC, "-n", str(ranks), *FLAGS]
        return self.start_command([*launcher, MPISWEEP, *map(str, arguments)])

    def start_command(self, command, variables={}):
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                cwd=self.directory, env={**self.environment, **variables})

    def start_differing(self, *commands):
        """One rank of each command. Through a shell that checks its rank: Open MPI 5.0's mpirun crashes when it is
        given several commands."""
        cases = " ".join(f"{rank}) exec {shlex.join(map(str, words))};;" for rank, words in enumerate(commands))
        return self.start_command([MPIEXEC, "-n", str(len(commands)), *FLAGS,
                                   "sh", "-c", f'case "$OMPI_COMM_WORLD_RANK" in {cases} esac'])

    def run_mpisweep(self, *arguments, ranks=None):
        return finish(self.start(*arguments, ranks=ranks))

    def check(self, expected, *arguments, ranks=None):
        """Run to the end, see the exit code, return standard output and error."""
        code, out, err = self.run_mpisweep(*arguments, ranks=ranks)
        self.assertEqual(code, expected, f"{arguments} on {ranks} ranks\n{out}\n{err}")
        return out, err

    def epochs_in(self, seconds, *settings):
        """How many epochs of one cell of the tiny job take that long on this machine, with this build; with settings that
        make a group of three, together."""
        def cpu_seconds(epochs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            self.check(0, "run", TINY, "--set", f"train.epochs={epochs}", "--set", "sweep.run=1", *settings,
                       "--only", "lr=0.01", "--only", "lambda=0", "-o", self.results("timed.h5"))
            self.results("timed.h5").unlink()
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        if settings not in self.epochs_per_second:
            epochs, start = 50, cpu_seconds(1)
            while (training := cpu_seconds(epochs) - start) < 0.3:
                epochs *= 2
            self.epochs_per_second[settings] = epochs / training
        return int(seconds * self.epochs_per_second[settings])

    def results(self, name):
        return self.directory / name

    def assert_equal(self, a, b):
        self.check(0, "verify", a, b)
