"""Groups of small networks: the same results on any number of ranks and after stops; a crash is not blamed on all of them."""
import signal
import time
import unittest

import h5py

from launch import RunTest, finish, wait_until

JOB = """job: groups
seed: 5
data: {source: absolute_value, spread: 7, train_count: 300, test_count: 50, per_cell: true}
loss: {kind: squared_error}
optimizer: {kind: sgd, lr: 1e-3, momentum: 0.5}
train: {epochs: 400, batch: 16}
record: {train_loss: {every: 10 steps}, test_loss: {every: 50 epochs}, test_prediction: {every: end}, parameters: {every: end}}
sweep:
  run: 9
  model: {set: model.layers, values: {narrow: [dense: 2, relu, dense: 2, relu, dense: 1], wide: [dense: 9, tanh, dense: 1]}}
  lr: {set: optimizer.lr, values: [1e-4, 1e-3, 1000]}
"""
ENDLESS = ["--set", "train.epochs=1000000", "--set", "record={test_loss: {every: end}}", "--only", "lr=0.0001", "--only", "model=wide"]
DIVERGED = 1  # exit status of a sweep with cells that diverge


class Groups(RunTest):
    def setUp(self):
        super().setUp()
        self.job = self.results("job.yaml")
        self.job.write_text(JOB)
        self.whole, self.part = self.results("whole.h5"), self.results("part.h5")

    def start_and_wait(self, *options):
        lock = self.results("part.h5.lock")
        lock.unlink(missing_ok=True)  # of a session that crashed
        process = self.start("run", self.job, "-o", self.part, *options)
        wait_until(lambda: process.poll() is not None or (lock.exists() and self.part.exists()))
        return process

    def test_results_do_not_depend_on_groups(self):
        self.check(DIVERGED, "run", self.job, "-o", self.whole)
        for ranks in 2, 3:
            self.check(DIVERGED, "run", self.job, "-o", self.part, ranks=ranks)
            self.assert_equal(self.whole, self.part)
            self.part.unlink()
        with h5py.File(self.whole) as file:
            self.assertEqual((file["status"][...] == 2).sum(axis=(0, 1)).tolist(), [0, 0, 18])

    def test_stops(self):
        self.check(DIVERGED, "run", self.job, "-o", self.whole)
        code, stops, resumed = 75, 0, 0
        while code == 75 and stops < 8:
            stops += 1
            process = self.start_and_wait()
            time.sleep(0.05 * stops)
            process.send_signal(signal.SIGUSR1)
            code, _, err = finish(process)
            self.assertIn(code, (75, DIVERGED), err)
            resumed += err.count("resumed after")
        if code == 75:
            resumed += self.check(DIVERGED, "run", self.job, "-o", self.part, ranks=2)[1].count("resumed after")
        self.assert_equal(self.whole, self.part)
        print(f"{stops} stops, {resumed} cells were resumed")

    def crashes(self):
        with h5py.File(self.part) as file:
            return file["provenance/crashes"][:, 1, 0]

    def crash(self, before):
        """Sessions that are sent SEGV, later and later, until that comes while one trains."""
        seconds = 0
        while not self.part.exists() or self.crashes().sum() == before:
            process = self.start_and_wait(*ENDLESS)
            time.sleep(seconds)
            seconds += 0.1
            process.send_signal(signal.SIGSEGV)
            finish(process)

    def test_a_crash_in_a_group(self):
        """The cells of the group are trained one by one in the next session, so that only one of them crashes again."""
        self.crash(0)
        self.assertEqual(self.crashes().tolist(), [1] * 9)
        self.crash(9)
        self.assertEqual(sorted(self.crashes()), [1] * 8 + [2])


if __name__ == "__main__":
    unittest.main()
