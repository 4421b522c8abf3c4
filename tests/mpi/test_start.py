"""Ranks that do not belong together are refused before anything is trained; a time limit stops a session."""
import os
import time
import unittest
from pathlib import Path

from launch import MPISWEEP, RunTest, TINY, finish


class Start(RunTest):
    def check_mixed(self, first, second):
        """One rank of each command; returns standard error."""
        code, out, err = finish(self.start_differing(first, second))
        self.assertEqual(code, 2, out + err)
        self.assertIn("rank 1", err)
        return err

    def test_ranks_with_different_job_files(self):
        other = self.directory / "other.yaml"
        other.write_text(TINY.read_text().replace("seed: 7", "seed: 8"))
        err = self.check_mixed([MPISWEEP, "run", TINY], [MPISWEEP, "run", other])
        self.assertIn("the same job file as rank 0", err)

    def test_ranks_with_different_binaries(self):
        """They differ in the commit that they were built from."""
        out, _ = self.check(0, "--version")
        commit = out.split("(")[1].split(")")[0]
        other = self.directory / "mpisweep"
        other.write_bytes(Path(MPISWEEP).read_bytes().replace(f"({commit})".encode(), f"({'x' * len(commit)})".encode()))
        other.chmod(0o755)
        err = self.check_mixed([MPISWEEP, "run", TINY], [other, "run", TINY])
        self.assertIn(f"rank 1 on {os.uname().nodename} runs {out.partition(' (')[0]} ({'x' * len(commit)}), rank 0 on ", err)
        self.assertIn("run the same binary on all ranks", err)

    def test_serial_copies(self):
        """As started by the mpiexec of another MPI, or by srun: each is alone, and the environment shows it."""
        for size, rank in (("PMI_SIZE", "PMI_RANK"), ("MPI_LOCALNRANKS", "MPI_LOCALRANKID"),
                           ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID")):
            for number in "0", "3":
                self.environment.update({size: "4", rank: number})
                _, err = self.check(2, "run", TINY)
                self.assertRegex(err, f"process {number} of 4 on [^ ]+ .{rank}={number}")
                self.assertEqual("srun --mpi=pmix mpisweep run" in err, rank == "SLURM_PROCID", err)
            del self.environment[size], self.environment[rank]
        self.assertFalse(self.results("tiny.h5").exists())

    def test_one_rank_of_a_batch_script_is_no_copy(self):
        """Slurm sets these in the script itself."""
        self.environment.update(SLURM_NTASKS="4", SLURM_PROCID="0")
        self.check(0, "run", TINY)


class TimeLimit(RunTest):
    LONG_JOB = [TINY, "--set", "train.epochs=5000"]

    def test_a_run_stops_before_the_limit(self):
        for limit in "2", "0:00:02":
            _, err = self.check(75, "run", *self.LONG_JOB, "--time-limit", limit)
            self.assertIn("stopped for --time-limit with 24 of 24 cells to go", err)

    def test_a_run_stops_before_the_end_of_its_slurm_job(self):
        self.environment["SLURM_JOB_END_TIME"] = str(int(time.time()) + 3)
        self.check(75, "run", *self.LONG_JOB)

    def test_wrong_limits(self):
        for limit in "", "0", "-1", "x", "1:60:00", "1:00", "-1:00:00", "inf", "5 min":
            _, err = self.check(2, "run", TINY, "--time-limit", limit)
            self.assertIn(f'--time-limit "{limit}": expected seconds or H:MM:SS', err)


if __name__ == "__main__":
    unittest.main()
