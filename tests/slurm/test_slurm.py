"""Sweeps under Slurm, on the nodes of tests/slurm/cluster: the scripts of slurm/, and what happens to nodes and links.

    MPISWEEP=build/release/bin/mpisweep python3 tests/slurm/test_slurm.py [WORD...]

Starts the cluster and itself in it; with WORDs only the tests whose names contain one of them. Several run at the same
time: they mostly wait. Exit status 77, after a line that says why, where there cannot be such a cluster.
"""
import faulthandler
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np

from slurm_case import (ENDED, HERE, MPISWEEP, PROJECT, TINY, SlurmCase, cpu_seconds, is_pending, is_running, memory_of,
                        partition, ranks_on, run, send_signal, wait_until)


AT_ONCE = 9  # tests: they mostly wait, and those that wait longest begin first

LONG_CELLS = ["--set", "train.epochs=200", "--set", "sweep.run=2"]  # 12 cells of a second
MAIN = "entropy_sensitivity.sbatch"
MAIN_BY_SRUN = "entropy_sensitivity_srun.sbatch"


def write_cifar10(directory, samples=300):
    """Random images; the rest of the files, which have fixed sizes, is a hole."""
    folder = Path(directory, "cifar-10-batches-bin")
    folder.mkdir(parents=True)
    values = np.random.default_rng(1).integers(0, 256, (samples, 1 + 3 * 32 * 32)).astype("u1")
    values[:, 0] %= 10
    for name in *(f"data_batch_{i}" for i in range(1, 6)), "test_batch":
        path = folder / f"{name}.bin"
        path.write_bytes(values.tobytes())
        os.truncate(path, 10000 * values.shape[1])


class MainJob(SlurmCase):
    """In a small form, on data of its own."""
    job = PROJECT / "jobs" / "entropy_sensitivity.yaml"
    words = ["--set", "sweep.run=1", "--set", "train.epochs=1", "--set", "data.train_count=256",
             "--set", "data.test_count=100"]

    def check(self, script):
        self.data = self.directory / "data"
        write_cifar10(self.data)
        self.variables["MPISWEEP_DATA"] = str(self.data)
        self.start_nodes()
        job = self.submit(script, nodes=3)
        self.wait_for_end(job)
        self.assertEqual(self.hosts(), set(self.nodes))
        self.assert_equals_one_rank(MPISWEEP_DATA=str(self.data))

    def hosts(self):
        with h5py.File(self.results) as file:
            rows = np.unique(file["provenance/host"][...])
            return {file["provenance/hosts"][row].tobytes().rstrip(b"\0").decode() for row in rows}

    @partition("main", nodes=3)
    def test_by_mpirun(self):
        self.check(MAIN)

    @partition("pmix", nodes=3)
    def test_by_srun(self):
        self.check(MAIN_BY_SRUN)


class Memory(SlurmCase):
    job = PROJECT / "jobs" / "entropy_sensitivity.yaml"
    samples = 60000 * 3 * 32 * 32  # bytes of CIFAR-10

    def check(self, nodes, ranks):
        """The ranks of a node have the samples once, and nothing else of that size."""
        self.results.unlink(missing_ok=True)
        job = self.submit(MAIN, nodes=len(nodes), ranks=ranks, options=[f"--nodelist={','.join(nodes)}"])
        wait_until(lambda: self.results.exists() or self.state(job) in ENDED, "it trains")
        ranks_of = {node: ranks_on(node) for node in nodes}
        send_signal(sum(ranks_of.values(), []), signal.SIGSTOP)  # shares change as others touch a page
        for node, pids in ranks_of.items():
            memory = [memory_of(pid) for pid in pids]
            self.assertEqual(len(memory), ranks, self.log())
            shared, largest = sum(mine for mine, _ in memory), max(other for _, other in memory)
            print(f"        {ranks} ranks on {node}: {shared / 1e6:.1f} MB of samples in all, "
                  f"at most {largest / 1e6:.1f} MB of other memory each", flush=True)
            self.assertAlmostEqual(shared / self.samples, 1, delta=0.01)
            self.assertLess(largest, self.samples / 2)
        send_signal(sum(ranks_of.values(), []), signal.SIGCONT)
        run("scancel", job)
        self.wait_for_end(job, "CANCELLED")

    @partition("memory", nodes=3)
    def test_samples_are_in_memory_once_per_node(self):
        data = self.directory / "data"
        write_cifar10(data)
        self.variables["MPISWEEP_DATA"] = str(data)
        self.start_nodes()
        self.check(self.nodes[:1], 8)
        self.check(self.nodes[1:], 4)


class Heterogeneous(SlurmCase):
    @partition("het", nodes=3)
    def test_two_kinds_of_nodes(self):
        """One rank on the first, two on each of the others: one session."""
        self.start_nodes()
        self.wait_for_end(self.sbatch("heterogeneous.sbatch", options=[*self.size(1, 1), ":", *self.size(2, 2)]))
        with h5py.File(self.results) as file:
            self.assertEqual(file["provenance/session_ranks"][0], 5)
        self.assert_equals_one_rank()


class Stops(SlurmCase):
    words = LONG_CELLS

    def has_ended(self, job):
        return self.state(job) in ENDED

    def training_ranks(self):
        """Ids of those that have had time to begin: MPI's start takes a fraction of a second."""
        return [pid for node in self.nodes for pid in ranks_on(node) if cpu_seconds(pid) > 1]

    def hold_until_warned(self, job):
        """One execution: stops its ranks until Slurm's warning waits for them, so that no machine is too fast to be
        warned. On a slow one they may have taken the warning before. srun lets them continue by itself."""
        wait_until(lambda: self.has_ended(job) or len(self.training_ranks()) == 4, "it trains")
        held = self.training_ranks()
        send_signal(held, signal.SIGSTOP)
        wait_until(lambda: any(is_pending(pid, signal.SIGUSR1) for pid in held) or not any(map(is_running, held)),
                   "Slurm has sent its warning")
        send_signal(held, signal.SIGCONT)
        wait_until(lambda: not any(map(is_running, held)), "it has stopped")

    def check_the_time_limit(self, script):
        self.start_nodes()
        job = self.submit(script, options=["--time=5"])  # the scripts ask for the warning 300 seconds before
        while "resumed after" not in self.log() and not self.has_ended(job):
            self.hold_until_warned(job)
        self.assertGreaterEqual(int(self.wait_for_end(job)["Restarts"]), 1)
        self.assertIn("resumed after", self.log())
        self.assert_equals_one_rank()

    @partition("limit", nodes=2)
    def test_the_time_limit(self):
        self.check_the_time_limit(MAIN)

    @partition("limitsrun", nodes=2)
    def test_the_time_limit_under_srun(self):
        self.check_the_time_limit(MAIN_BY_SRUN)

    @partition("cancel", nodes=2)
    def test_scancel(self):
        self.start_nodes()
        job = self.submit("template.sbatch")
        self.wait_for_cells(job)
        run("scancel", job)
        self.wait_for_end(job, "CANCELLED")
        self.wait_for_end(self.submit("template.sbatch"))
        self.assert_equals_one_rank()


class Losses(SlurmCase):
    """Of nodes and links, while their ranks train. One node is to spare."""
    words = LONG_CELLS

    def start(self):
        """Returns the Slurm job, and its nodes: rank 0's first."""
        self.start_nodes()
        job = self.submit(MAIN)
        self.wait_for_cells(job)
        used = run("scontrol", "show", "hostnames", self.describe(job)["NodeList"]).split()
        wait_until(lambda: all(map(ranks_on, used)), "all nodes have ranks")
        return job, used

    def check_the_restart(self, job):
        wait_until(lambda: self.describe(job)["Restarts"] != "0", "Slurm has queued it again")
        self.wait_for_end(job)
        self.assertEqual(self.describe(job)["Restarts"], "1")
        self.assert_equals_one_rank()

    @partition("power", nodes=3)
    def test_power_loss_of_a_node(self):
        job, used = self.start()
        self.node("off", used[1])
        self.check_the_restart(job)
        self.assertNotIn(used[1], self.describe(job)["NodeList"])

    @partition("head", nodes=2)
    def test_power_loss_of_the_node_of_rank_0(self):
        """There is no other: the job waits until it is back."""
        job, used = self.start()
        self.node("off", used[0])
        self.start_nodes(used[0])
        self.check_the_restart(job)

    @partition("blip", nodes=2)
    def test_a_link_cut_for_20_seconds(self):
        job, used = self.start()
        self.node("cut", used[1])
        time.sleep(20)
        self.node("join", used[1])
        self.assertEqual(self.wait_for_end(job)["Restarts"], "0")
        self.assert_equals_one_rank()

    @partition("cut", nodes=3)
    def test_a_link_cut_for_good(self):
        """The ranks beyond the cut end as soon as their node hears of the end."""
        job, used = self.start()
        self.node("cut", used[1])
        wait_until(lambda: self.describe(job)["Restarts"] != "0", "Slurm has queued it again")
        wait_until(lambda: self.state(job) == "COMPLETED", "it has ended")
        self.assert_equals_one_rank()
        self.node("join", used[1])
        self.assert_no_ranks()


class Shards(SlurmCase):
    @partition("array", nodes=2)
    def test_two_shards(self):
        self.start_nodes()
        array = self.submit("array.sbatch", nodes=1, options=["--array=1-2"])
        merge = self.submit("merge.sbatch", nodes=1, ranks=1, options=[f"--dependency=afterok:{array}"])
        self.wait_for_end(merge)
        self.assert_equals_one_rank()


class OtherNode(SlurmCase):
    """The second node differs from the first. No tests: see below."""

    def setUp(self):
        super().setUp()
        self.other = self.nodes[1]

    def refuse(self, *words):
        """Nothing is trained, and the message names the node; once the node is like the other, it works."""
        self.start_nodes()
        job = self.submit(MAIN, *words)
        wait_until(lambda: self.state(job) == "FAILED", "it has ended")
        self.assert_no_ranks()
        self.assertRegex(self.log(), f"\\b{self.other}\\b")
        self.assertFalse(self.results.exists(), self.log())
        refusal = self.describe(job)["ExitCode"], self.log()
        self.node("off", self.other)
        self.change_node(self.other, "")
        self.start_nodes(self.other)
        self.wait_for_end(self.submit(MAIN))
        return refusal

    def replace(self, path, other):
        self.change_node(self.other, f"mount --bind '{other}' '{path}'\n")

    def hide(self, directory):
        self.change_node(self.other, f"mount -t tmpfs tmpfs '{directory}'\n")


class OtherPrograms(OtherNode):
    @partition("binary", nodes=2)
    def test_another_binary(self):
        """The same program of another commit."""
        out = run(MPISWEEP, "--version").strip()
        commit = out.rpartition("(")[2].removesuffix(")").encode()
        other = self.directory / "other"
        other.write_bytes(Path(MPISWEEP).read_bytes().replace(commit, commit[::-1]))
        other.chmod(0o755)
        self.replace(self.binary, other)
        code, log = self.refuse()
        self.assertEqual(code, "2:0", log)
        self.assertIn("run the same binary on all ranks", log)
        self.assert_equals_one_rank()

    @partition("nobinary", nodes=2)
    def test_no_binary(self):
        self.hide(self.binary.parent)
        self.refuse("--give-up", "1")
        self.assert_equals_one_rank()

    @partition("kernels", nodes=2)
    def test_another_cpu(self):
        """The best set that all have; the file stays with it when only better nodes are left."""
        wrapper = self.directory / "wrapper"
        wrapper.write_text(f'#!/bin/sh\nexport MPISWEEP_KERNELS=portable\nexec {MPISWEEP} "$@"\n')
        wrapper.chmod(0o755)
        self.replace(self.binary, wrapper)
        self.start_nodes()
        self.wait_for_end(self.submit(MAIN, "--only", "run=0"))
        with h5py.File(self.results) as file:
            self.assertEqual(file.attrs["kernels"], "portable")
        self.wait_for_end(self.submit(MAIN, nodes=1, options=[f"--nodelist={self.nodes[0]}"]))
        self.assert_equals_one_rank(MPISWEEP_KERNELS="portable")


class OtherData(OtherNode):
    def setUp(self):
        super().setUp()
        self.data = self.directory / "data"
        self.write_images(self.data, 1)
        self.variables["MPISWEEP_DATA"] = str(self.data)
        self.job = self.directory / "images.yaml"
        text = TINY.read_text()
        synthetic = next(line for line in text.splitlines() if line.startswith("data:"))
        self.job.write_text(text.replace(synthetic, "data: {source: mnist}"))
        self.variables["JOB"] = str(self.job)

    def write_images(self, directory, seed, train_count=200, size=16):
        random = np.random.default_rng(seed)
        (directory / "mnist").mkdir(parents=True)
        for kind, count in ("train", train_count), ("t10k", 100):
            images = random.integers(0, 256, (count, size, size)).astype("u1")
            labels = random.integers(0, 10, count).astype("u1")
            for name, magic, values in ("images-idx3", 0x803, images), ("labels-idx1", 0x801, labels):
                header = np.array([magic, *values.shape], ">u4").tobytes()
                (directory / "mnist" / f"{kind}-{name}-ubyte").write_bytes(header + values.tobytes())

    def check(self, words):
        code, log = self.refuse()
        self.assertEqual(code, "3:0", log)
        self.assertIn(words, log)
        self.assert_equals_one_rank(MPISWEEP_DATA=str(self.data))

    @partition("data", nodes=2)
    def test_other_data(self):
        other = self.directory / "other"
        self.write_images(other, 2)
        self.replace(self.data, other)
        self.check("does not have the same data as rank 0")

    @partition("nodata", nodes=2)
    def test_no_data(self):
        self.hide(self.data)
        self.check("train-images-idx3-ubyte")

    @partition("shm", nodes=2)
    def test_small_shared_memory(self):
        """Too small for the samples: they are in a file."""
        self.change_node(self.other, "mount -o remount,size=24m /dev/shm\n")
        shutil.rmtree(self.data)
        self.write_images(self.data, 1, train_count=40000, size=28)
        self.words = ["--set", "sweep.run=1", "--set", "train.epochs=1", "--set", "train.batch=1000"]
        self.start_nodes()
        self.wait_for_end(self.submit(MAIN))
        self.assertIn("the data are in", self.log())
        self.assert_equals_one_rank(MPISWEEP_DATA=str(self.data))


# ---- The cluster, and all tests at the same time ---------------------------------------------------------------------

def tests_named(words):
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    tests = [test for group in suite for test in group]
    chosen = [test for test in tests if not words or any(word in test.id() for word in words)]
    return sorted(chosen, key=lambda test: not isinstance(test, (Losses, Stops)))


def run_test(test):
    start, result = time.monotonic(), unittest.TestResult()
    test.run(result)
    problems = [text for _, text in result.failures + result.errors]
    outcome = "FAILED" if problems else f"skipped: {result.skipped[0][1]}" if result.skipped else "ok"
    print(f"{time.monotonic() - start:4.0f} s  {test.id().partition('.')[2]}: {outcome}", flush=True)
    if problems:
        print("\n".join(problems), getattr(test, "log", str)(), sep="\n", flush=True)
    return not problems


def run_tests(words):
    tests = tests_named(words)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return 0 if all(list(pool.map(run_test, tests))) else 1


def start_cluster(words):
    """The cluster ends with this process, however that ends."""
    tests = [getattr(test, test._testMethodName) for test in tests_named(words)]
    groups = [f"{test.partition}:{test.nodes}" for test in tests]
    with tempfile.TemporaryDirectory(prefix="mpisweep-slurm-") as directory:
        cluster = ["setpriv", "--pdeathsig", "KILL", HERE / "cluster", directory, *groups]
        return subprocess.run([*cluster, "--", sys.executable, "-B", __file__, *words], check=False).returncode


if __name__ == "__main__":
    in_cluster = "SLURM_TEST_CLUSTER" in os.environ
    faulthandler.dump_traceback_later(880, exit=True)
    sys.exit(run_tests(sys.argv[1:]) if in_cluster else start_cluster(sys.argv[1:]))
