"""What people see of a session: a row that is drawn again on terminals of any width, what is printed at the end, and
`mpisweep status` while it runs."""
import json
import os
import re
import signal
import struct
import subprocess
import unittest
import zlib
from pathlib import Path

from launch import MPISWEEP, PATIENCE, RunTest, TINY, finish, kill_all, ranks_of, wait_until
from terminal import Terminal

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "results-format.md"
CELLS = 24
BAR = re.compile(r"(\d+) of (\d+)  ")
LOCK_HEAD = len("lock of mpisweep run\n")
HEAD = struct.Struct("=IId")  # checksum, rows, time
ROW = struct.Struct("=QIid64s")  # cell, cells, rank, since, host


class ProgressTest(RunTest):
    def terminal(self, columns, rows, *arguments, variables={}, **options):
        environment = {**self.environment, "TERM": "xterm", "OMPI_MCA_btl": "^tcp", **variables}  # whose warnings are long lines
        return Terminal([MPISWEEP, *map(str, arguments)], columns, rows, cwd=self.directory, env=environment, **options)

    def finished_before(self, only):
        self.check(0, "run", TINY, "-o", "r.h5", "--only", only, "--quiet")


class Rows(ProgressTest):
    def see(self, terminal, ranks, before, seconds):
        screen, drawn = terminal.screen, [tuple(map(int, found)) for found in BAR.findall(terminal.raw)]
        done = [number for number, _ in drawn]
        start = f"mpisweep: tiny: {CELLS} cells on {ranks} rank{'s' * (ranks > 1)} into r.h5"
        self.assertIn(start + (f", {before} of them finished before" if before else ""), screen.lines)
        self.assertEqual({total for _, total in drawn}, {CELLS})
        self.assertEqual(done, sorted(done))
        self.assertGreaterEqual(done[0], before)
        row = re.split("[\r\n]", terminal.raw[BAR.search(terminal.raw).start():])[0]
        self.assertEqual("best" in row, before > 0 or done[0] > 0, row)
        self.assertLess(len(drawn), 5 * seconds + 10)
        self.assertFalse([line for line in screen.lines if BAR.search(line) or "starting" in line], screen.lines)
        self.assertIn("results in r.h5", screen.lines)
        self.assertTrue(any(re.match(rf"{ranks} ranks? busy \d+ % of the time", line) for line in screen.lines))
        self.assertTrue(any(re.match(r"best test_accuracy: [\d.]+ percent at run=\d, lr=", line) for line in screen.lines))
        self.assertIn(r"  lr \ lambda          0      0.001", screen.lines)
        self.assertIn("next: mpisweep status r.h5", screen.lines)

    def check_session(self, columns, rows, ranks, before):
        if before:
            self.finished_before("run=0,1")
        verb = ["launch", "-n", ranks] if ranks > 1 else ["run"]
        terminal = self.terminal(columns, rows, *verb, TINY, "-o", "r.h5")
        status, seconds = terminal.finish(PATIENCE)
        self.assertEqual(status, 0, terminal.raw)
        self.see(terminal, ranks, before, seconds)
        self.assertEqual(terminal.screen.wrapped, [])
        self.assertIn("\033[32m" if before else "[", terminal.raw)

    def test_run_in_80_columns(self):
        self.check_session(80, 24, 1, 0)

    def test_run_resumed_in_150_columns(self):
        self.check_session(150, 40, 1, 12)

    def test_launch_in_150_columns(self):
        self.check_session(150, 40, 2, 0)

    def test_launch_resumed_in_80_columns(self):
        self.check_session(80, 24, 2, 12)

    def test_a_terminal_that_becomes_narrower_and_wider(self):
        for verb in ["run"], ["launch", "-n", 2]:
            terminal = self.terminal(150, 40, *verb, TINY, "-o", "r.h5", "--set", "train.epochs=100000")
            for columns in 80, 40, 100, 5, 80:
                seen = len(terminal.raw)
                sign, times = (" of 24", 2) if terminal.screen.columns > 5 else ("\033[J", 1)  # there is no room for more
                terminal.read_until(lambda t: t.raw.count(sign, seen) >= times, PATIENCE)
                terminal.resize(columns, 24)
            seen = len(terminal.raw)
            terminal.read_until(lambda t: " of 24" in t.raw[seen:], PATIENCE)
            *log, row = terminal.screen.lines
            self.assertIn(" of 24", row)
            self.assertTrue(all(line.startswith("mpisweep: ") for line in log), log)
            self.assertEqual(terminal.screen.wrapped, [])
            terminal.process.send_signal(signal.SIGTERM)
            self.assertEqual(terminal.finish(PATIENCE)[0], 75, terminal.raw)
            self.assertFalse([line for line in terminal.screen.lines if BAR.search(line)], terminal.screen.lines)
            self.assertNotIn("abort", terminal.raw.lower())
            self.results("r.h5").unlink()

    def test_colours(self):
        self.finished_before("run=0,1,2")
        for number, variables in enumerate(({"NO_COLOR": "1"}, {"TERM": "dumb"})):
            terminal = self.terminal(80, 24, "launch", "-n", 1, TINY, "-o", "r.h5", "--only", f"run={number},3",
                                     variables=variables)
            self.assertEqual(terminal.finish(PATIENCE)[0], 0)
            self.assertNotRegex(terminal.raw, "\033\\[[0-9;]*m" if number == 0 else "\033")

    def test_quiet_is_quiet(self):
        for verb in ["run"], ["launch", "-n", 1]:
            terminal = self.terminal(80, 24, *verb, TINY, "-o", f"{verb[0]}.h5", "--quiet")
            self.assertEqual(terminal.finish(PATIENCE)[0], 0)
            self.assertNotIn("\033", terminal.raw)
            self.assertEqual(terminal.screen.lines,
                             ["24 cells, 0 pending, 24 done, 0 diverged, 0 failed, 0 timed_out",
                              f"results in {verb[0]}.h5", ""])

    def test_a_log_has_lines(self):
        """Standard error is a pipe, standard output may be a terminal."""
        for verb in ["run"], ["launch", "-n", 2]:
            terminal = self.terminal(80, 24, *verb, TINY, "-o", f"{verb[0]}.h5", outputs=["stdout"])
            with terminal.process.stderr as stderr:
                err = stderr.read().decode()
            self.assertEqual(terminal.finish(PATIENCE)[0], 0)
            self.assertNotIn("\033", err)
            self.assertRegex(err, rf"mpisweep: tiny: 24 cells on {len(verb) // 2 + 1} ranks? into {verb[0]}.h5\n"
                                  r"(.*\n)?mpisweep: 24 of 24 cells, [\d.]+ cells/(s|min), best test_accuracy [\d.]+ %\n")


class Running(ProgressTest):
    def status(self):
        return json.loads(self.check(0, "status", "r.h5", "--json")[0])

    def start_long(self):
        process = self.start("run", TINY, "-o", "r.h5", "--set", "train.epochs=100000", ranks=2)
        wait_until(self.results("r.h5").exists)
        wait_until(lambda: len((self.status()["running"] or {"ranks": []})["ranks"]) == 2)
        return process

    def test_what_is_running_where_and_for_how_long(self):
        process = self.start_long()
        before = self.status()["running"]["ranks"]
        wait_until(lambda: self.status()["running"]["ranks"][0]["seconds"] > before[0]["seconds"])
        found = self.status()
        self.assertEqual([entry["rank"] for entry in before], [0, 1])
        for entry in found["running"]["ranks"]:
            self.assertEqual(entry["host"], os.uname().nodename)
            self.assertEqual(sorted(entry["cell"]), ["lambda", "lr", "run"])
        self.assertFalse(found["running"]["silent"])
        self.assertGreater(found["session"]["busy"], 0)
        self.assertEqual(found["session"]["ranks"], 2)
        text, _ = self.check(0, "status", "r.h5")
        self.assertRegex(text, r"in training, as of [\d.]+ s ago\n  rank \d on \S+ for [\d.]+ s: ")
        os.kill(ranks_of(process)[0], signal.SIGUSR1)
        finish(process)
        self.assertIsNone(self.status()["running"])

    def test_the_keys_are_those_of_the_documentation(self):
        process = self.start_long()
        found = self.status()
        kill_all(process)
        section = DOCUMENT.read_text().partition("## What status prints for programs")[2].partition("\n## ")[0]
        named = {key for row in re.findall(r"^\| (`.*?) \|", section, re.M) for key in re.findall(r"`\.?([a-z_.]+)`", row)}
        self.assertEqual({part for key in named for part in key.split(".")},
                         {*found, *found["session"], *found["running"]})

    def test_a_killed_session_falls_silent(self):
        kill_all(self.start_long())
        lock = self.results("r.h5.lock")
        text = lock.read_bytes()
        _, count, updated = HEAD.unpack_from(text, LOCK_HEAD)
        rest = struct.pack("=Id", count, updated - 60) + text[LOCK_HEAD + HEAD.size:]
        checksum = zlib.crc32(struct.pack("=Q", count) + rest + b"\0")
        lock.write_bytes(text[:LOCK_HEAD] + struct.pack("=I", checksum) + rest)
        self.assertTrue(self.status()["running"]["silent"])
        self.assertIn("was killed, or hangs", self.check(0, "status", "r.h5")[0])
        self.check(75, "run", TINY, "-o", "r.h5", "--set", "train.epochs=100000", "--time-limit", 1)
        self.assertFalse(lock.exists())
        self.assertIsNone(self.status()["running"])

    def test_watching_in_a_pipe_ends_with_the_sweep(self):
        self.finished_before("run=0")
        watching = {option: self.start("status", "r.h5", "--watch", "--every", 1, *option) for option in ((), ("--json",))}
        lines = watching[("--json",)].stdout
        self.assertEqual([json.loads(lines.readline())["pending"] for _ in range(2)], [18, 18])
        self.check(0, "run", TINY, "-o", "r.h5", "--quiet")
        code, out, err = finish(watching[("--json",)])
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(json.loads(out.splitlines()[-1])["pending"], 0)
        code, out, err = finish(watching[()])
        blocks = out.split("\n\n")
        self.assertEqual((code, err), (0, ""))
        self.assertGreaterEqual(len(blocks), 2)
        self.assertTrue(all(block.startswith("r.h5: 24 cells, ") for block in blocks))
        self.assertTrue(blocks[-1].startswith("r.h5: 24 cells, 24 done\n"))
        self.assertNotIn("\033", out)

    def test_watching_on_a_terminal(self):
        self.finished_before("run=0")
        terminal = self.terminal(80, 24, "status", "r.h5", "--watch", "--every", 1)
        terminal.read_until(lambda t: t.raw.count("last written") >= 2, PATIENCE)
        self.check(0, "run", TINY, "-o", "r.h5", "--quiet")
        self.assertEqual(terminal.finish(PATIENCE)[0], 0)
        self.assertEqual(terminal.screen.lines[0], "r.h5: 24 cells, 24 done")
        self.assertEqual(terminal.screen.wrapped, [])
        self.assertLess(len(terminal.screen.lines), 24)


if __name__ == "__main__":
    unittest.main()
