"""mpisweep run as a user runs it: ranks, exit codes, selections, refusals."""
import unittest

import h5py

from launch import MPISWEEP, TINY, RunTest, finish


class Ranks(RunTest):
    def test_every_rank_trains(self):
        self.check(0, "run", TINY, "-o", self.results("r.h5"), ranks=3)
        with h5py.File(self.results("r.h5")) as file:
            self.assertEqual(set(file["provenance/rank"][...].flat), {0, 1, 2})

    def test_a_changed_value_is_found(self):
        for name in "a.h5", "b.h5":
            self.check(0, "run", TINY, "-o", self.results(name))
        with h5py.File(self.results("b.h5"), "r+") as file:
            file["test_accuracy"][0, 1, 1] += 1
        out, err = self.check(1, "verify", self.results("a.h5"), self.results("b.h5"))
        self.assertIn("test_accuracy", out + err)

    def test_a_mistake_is_reported_once_and_by_nobody_else(self):
        _, err = self.check(2, "run", TINY, "--set", "optimizer.lrr=1", ranks=3)
        self.assertEqual(err.count("mpisweep: "), 1, err)
        self.assertIn("optimizer.lrr", err)

    def test_a_missing_job_file(self):
        _, err = self.check(3, "run", self.results("missing.yaml"), ranks=2)
        self.assertIn("missing.yaml", err)

    def test_an_unwritable_results_file(self):
        _, err = self.check(3, "run", TINY, "-o", self.results("no/such/directory.h5"), ranks=2)
        self.assertIn("no/such", err)

    def start_with_kernels(self, *names):
        """A rank for each kernel set; "": without MPISWEEP_KERNELS."""
        rank = [MPISWEEP, "run", TINY, "-o", self.results("r.h5")]
        return finish(self.start_differing(*(["env", f"MPISWEEP_KERNELS={name}", *rank] for name in names)))

    def kernels(self, name):
        with h5py.File(self.results(name)) as file:
            return file.attrs["kernels"]

    def test_ranks_agree_on_a_kernel_set(self):
        code, _, err = self.start_with_kernels("", "reference")
        self.assertEqual(code, 0, err)
        self.assertRegex(err, r"computing with the reference kernels, the best that all ranks have; \w+ is missing on rank 1 on ")
        self.assertEqual(self.kernels("r.h5"), "reference")
        self.environment["MPISWEEP_KERNELS"] = "reference"
        self.check(0, "run", TINY, "-o", self.results("same.h5"))
        self.assert_equal(self.results("r.h5"), self.results("same.h5"))

    def test_ranks_without_a_common_kernel_set_are_refused(self):
        code, _, err = self.start_with_kernels("reference", "portable", "")
        self.assertEqual(code, 2, err)
        self.assertRegex(err, "no kernel set in common.*: rank 0 on .* uses reference .MPISWEEP_KERNELS., which is missing on "
                              "rank 1 on [^ ]* .MPISWEEP_KERNELS=portable.; unset MPISWEEP_KERNELS")
        self.assertFalse(self.results("r.h5").exists())

    def test_a_resume_uses_the_kernel_set_of_the_file(self):
        """Where all ranks have it; a set that is named is never replaced."""
        parts, whole = self.results("parts.h5"), self.results("whole.h5")
        self.environment["MPISWEEP_KERNELS"] = "portable"
        self.check(0, "run", TINY, "-o", whole)
        self.check(0, "run", TINY, "-o", parts, "--only", "run=0")
        self.environment["MPISWEEP_KERNELS"] = "reference"
        _, err = self.check(2, "run", TINY, "-o", parts, ranks=2)
        self.assertRegex(err, "parts.h5: was made with the kernel set portable, which not all ranks have.*: rank 0 on .*"
                              "MPISWEEP_KERNELS=reference.*, rank 1 on .*; unset MPISWEEP_KERNELS there")
        del self.environment["MPISWEEP_KERNELS"]
        self.check(0, "run", TINY, "-o", parts, ranks=2)
        self.assertEqual(self.kernels("parts.h5"), "portable")
        self.assert_equal(parts, whole)


class GoingOn(RunTest):
    def test_a_finished_job_has_nothing_left_to_do(self):
        self.check(0, "run", TINY, "-o", self.results("r.h5"))
        out, _ = self.check(0, "run", TINY, "-o", self.results("r.h5"), ranks=2)
        self.assertIn("nothing left to train", out)

    def test_parts_make_the_whole(self):
        self.check(0, "run", TINY, "-o", self.results("whole.h5"))
        path = self.results("parts.h5")
        out, _ = self.check(0, "run", TINY, "-o", path, "--only", "lr=1e-3,0.01", "--only", "run=0,3", ranks=2)
        self.assertIn("8 cells, 0 pending, 8 done", out)
        with h5py.File(path) as file:
            self.assertEqual(file["status"][...].sum(), 8)
            self.assertTrue(file["status"][::3, :2, :].all())
        self.check(0, "run", TINY, "-o", path)
        self.assert_equal(path, self.results("whole.h5"))

    def test_another_job_is_refused(self):
        self.check(0, "run", TINY, "-o", self.results("r.h5"))
        _, err = self.check(2, "run", TINY, "-o", self.results("r.h5"), "--set", "train.epochs=3", ranks=2)
        self.assertIn("train.epochs", err)

    def test_the_name_of_the_job_is_the_default_name(self):
        _, err = self.check(0, "run", TINY, "--quiet")
        self.assertEqual(err, "")
        self.assertTrue(self.results("tiny.h5").exists())


class Failures(RunTest):
    def write_job(self):
        """One of three learning rates diverges: two layers amplify each other when no ReLU dies between them."""
        path = self.results("job.yaml")
        text = TINY.read_text().replace("    - relu\n", "").replace("[1e-2, 1e-3, 1e-4]", "[1e-2, 1000, 1e-3]")
        path.write_text(text)
        return path

    def test_diverged_cells_are_counted(self):
        out, err = self.check(1, "run", self.write_job(), "-o", self.results("r.h5"), ranks=2)
        self.assertIn("16 done, 8 diverged", out)
        self.assertIn("8 of 24 cells are not done: ", err)
        self.check(1, "run", self.write_job(), "-o", self.results("r.h5"))

    def test_max_failures_stops(self):
        out, err = self.check(1, "run", self.write_job(), "-o", self.results("r.h5"), "--max-failures", "2", ranks=2)
        self.assertIn("--max-failures", err)
        self.assertNotIn(" 0 pending", out)


class CommandLine(RunTest):
    def test_help_and_version(self):
        out, _ = self.check(0, "--help")
        for verb in "plan", "run", "status", "verify", "bench":
            self.assertIn(verb, out)
            help_text, _ = self.check(0, verb, "--help")
            self.assertIn(f"mpisweep {verb}", help_text)
        self.assertRegex(self.check(0, "--version")[0], r"^mpisweep \d+\.\d+\.\d+(-rc\d+)? \([\w-]+\)\n$")

    def test_bad_usage_says_what_is_accepted(self):
        for arguments, expected in [
            ([], "new, plan, run, launch, status, verify, merge, rerun, extend, bench"),
            (["rum"], "new, plan, run, launch, status, verify, merge, rerun, extend, bench"),
            (["run"], "JOB.yaml"),
            (["run", TINY, TINY], "unexpected argument"),
            (["run", TINY, "--oly", "lr=1"], "--only"),
            (["run", TINY, "-x"], "--data"),
            (["run", TINY, "-o"], "no value"),
            (["run", TINY, "--only", "lr=7"], "0.01"),
            (["run", TINY, "--max-failures", "0"], "at least 1"),
            (["run", TINY, "--max-failures", "2x"], "whole number"),
            (["plan", TINY, "--ranks", "-1"], "at least 1"),
            (["bench", "--steps", "99999999999999999999"], "whole number"),
        ]:
            code, _, err = self.run_mpisweep(*arguments)
            self.assertEqual(code, 2, (arguments, err))
            message, _, usage = err.partition("\n")
            self.assertIn(expected, message)
            self.assertTrue(not usage or usage.startswith("usage: "), err)


if __name__ == "__main__":
    unittest.main()
