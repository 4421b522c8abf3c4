"""Cells that end early, with their best parameters, whose rate falls on a plateau and whose images are changed, on 1, 2
and 3 ranks: undisturbed, stopped, and killed."""
import json
import unittest

import h5py
import numpy as np

from interruptions import Interruptions
from launch import kill_all, wait_until
from test_checkpoints import read_steps

LATE = 300  # steps of a checkpoint: numbers have been worse than the best before
EVERY = ["--set", "run.checkpoint_every=0.02 s"]


class EarlyStop(Interruptions):
    """Whatever happens while cells wait for a better number, they end at the same step with the same parameters."""

    epochs = 100
    settings = ["model.layers=[{conv: {filters: 4, kernel: 3, padding: 1}}, batch_norm, relu, max_pool: 2, dropout: 0.2, "
                "dense: 10]",
                "data.crop={padding: 2}", "data.flip={horizontal: 0.5}", "data.cutout=4", "data.validation.fraction=0.25", "record.validation_loss.every=1 epoch", "record.parameters.every=end",
                "record.batch_norm.every=end", "record.learning_rate.every=1 step",
                "schedule={kind: plateau, factor: 0.5, patience: 2, cooldown: 1}", "train.monitor=validation_loss",
                "train.patience=8", "train.keep=best"]

    def kill(self, ranks):
        """Once a cell has left a checkpoint in the middle."""
        def is_late():
            return any(steps >= LATE for _, steps in read_steps(self.checkpoint))
        for _ in range(10):
            process = self.start_and_wait(ranks, 0, EVERY)
            wait_until(lambda: is_late() or process.poll() is not None)
            ended = process.poll() is not None
            kill_all(process)
            if not ended:
                return
            self.part.unlink()
        self.fail("ten sessions without such a checkpoint")

    def check_results(self, disturb):
        for ranks in 1, 2, 3:
            with self.subTest(ranks=ranks):
                self.part.unlink(missing_ok=True)
                disturb(ranks)
                self.go_on(ranks)

    def test_undisturbed(self):
        self.check_results(lambda ranks: None)

    def test_stopped(self):
        self.check_results(lambda ranks: self.stop(ranks, 0.1))

    def test_killed(self):
        self.check_results(self.kill)

    def test_what_needs_no_training(self):
        self.check(0, "plan", *self.job)
        self.check(0, "bench", *self.job, "--steps", "1")

    def test_what_is_recorded(self):
        with h5py.File(self.whole) as file:
            taken, planned, best = (file[name][...] for name in ("steps_taken", "steps_planned", "best_epoch"))
            rates = file["learning_rate_curve"][...]
            curves, final = file["validation_loss_curve"][...], file["validation_loss"][...]
            self.assertTrue((file["status"][...] == 1).all())
            np.testing.assert_array_equal(file["best_validation_loss"][...], final)
        self.assertTrue((planned == self.epochs * 15).all())
        early = taken < planned
        self.assertTrue(early.any())
        recorded = np.isfinite(curves).sum(axis=-1)
        np.testing.assert_array_equal(recorded * 15, taken)
        np.testing.assert_array_equal(recorded[early], best[early] + 8)
        np.testing.assert_array_equal(np.nanmin(curves, axis=-1), final)
        self.assertTrue((np.nanmin(rates, axis=-1) < rates[..., 0]).any())
        saved = 1 - taken.sum() / planned.sum()
        for command in ["status"], ["run", *self.job, "-o"]:
            out, _ = self.check(0, *command, self.whole)
            self.assertRegex(out, r"(?m)^[0-9.]+ % of the steps were not needed: train.patience$")
        out, _ = self.check(0, "status", "--json", self.whole)
        self.assertAlmostEqual(json.loads(out)["steps_not_needed"], saved, delta=1e-3)


if __name__ == "__main__":
    unittest.main()
