"""The same sweep on 1, 2, 3 and 5 ranks: undisturbed, killed, stopped with checkpoints."""
import unittest

from interruptions import Interruptions
from launch import kill_all


class SameResults(Interruptions):
    """Whatever the number of ranks and whatever happens to them, `mpisweep verify` finds the same bits."""

    epochs = 20

    def kill(self, ranks):
        kill_all(self.start_and_wait(ranks, 0))

    def check_results(self, disturb, has_checkpoints):
        for ranks in 1, 2, 3, 5:
            with self.subTest(ranks=ranks):
                self.part.unlink(missing_ok=True)
                disturb(ranks)
                steps, _ = self.go_on(ranks)
                self.assertEqual(bool(steps), has_checkpoints)

    def test_undisturbed(self):
        self.check_results(lambda ranks: None, False)

    def test_killed(self):
        self.check_results(self.kill, False)

    def test_stopped_with_checkpoints(self):
        self.check_results(lambda ranks: self.stop(ranks, 0.1), True)


if __name__ == "__main__":
    unittest.main()
