"""The main job on real CIFAR-10, cut to a minute; skipped where $MPISWEEP_DATA does not name its directory."""
import os
import unittest
from pathlib import Path

import h5py

from launch import RunTest

JOB = Path(__file__).resolve().parents[2] / "jobs" / "entropy_sensitivity.yaml"
SMALL = [word for setting in ("data.train_count=3000", "data.test_count=1000", "train.epochs=2", "train.batch=32",
                              "sweep.run=1", "sweep.lr.values=[1e-2, 1e-4]", "sweep.lambda.values=[0, 5e-3]")
         for word in ("--set", setting)]


@unittest.skipUnless(os.environ.get("MPISWEEP_DATA"), "MPISWEEP_DATA is not set")
class Cifar10(RunTest):
    def test_the_main_job_learns(self):
        out, _ = self.check(0, "run", JOB, *SMALL, "-o", self.results("r.h5"), ranks=2)
        self.assertIn("4 cells, 0 pending, 4 done", out)
        with h5py.File(self.results("r.h5")) as file:
            fast, slow = file["test_accuracy"][0]
            self.assertEqual(file["train_loss_curve"].shape, (1, 2, 2, 188))
        self.assertGreater(fast.min(), 25)  # percent; guessing gives 10
        self.assertLess(slow.max(), fast.min())

    def test_a_file_cut_short_is_refused(self):
        data = self.directory / "cifar-10-batches-bin"
        data.mkdir()
        for file in Path(os.environ["MPISWEEP_DATA"], data.name).glob("*.bin"):
            (data / file.name).symlink_to(file)
        last = data / "test_batch.bin"
        last.unlink()
        last.write_bytes(bytes(30729999))
        _, err = self.check(3, "run", JOB, *SMALL, "--data", self.directory, "-o", self.results("r.h5"), ranks=2)
        self.assertRegex(err, "test_batch.bin.*30729999.*30730000|test_batch.bin.*30730000.*30729999")
        self.assertFalse(self.results("r.h5").exists())


if __name__ == "__main__":
    unittest.main()
