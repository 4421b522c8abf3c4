"""A terminal for tests: a pseudo-terminal, and a screen that shows what was written to it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

ESCAPE = re.compile(r"\033\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    """What a terminal of some columns shows, with all that has scrolled away. It wraps what is too long, and what is
    there when it becomes narrower, as most terminals do."""

    def __init__(self, columns):
        self.columns = columns
        self.lines, self.row, self.column = [""], 0, 0
        self.wrapped = []  # lines that did not fit
        self.rest = ""

    def feed(self, text):
        text = self.rest + text
        at = 0
        while at < len(text):
            escape = ESCAPE.match(text, at)
            if escape:
                self.control(escape[2], escape[3])
                at = escape.end()
            elif text[at] == "\033" and len(text) - at < 8:
                break  # the rest of it is still to come
            else:
                self.put(text[at])
                at += 1
        self.rest = text[at:]

    def put(self, letter):
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.row += 1
            self.lines += [""] * (self.row + 1 - len(self.lines))
        else:
            if self.column == self.columns:
                self.wrapped.append(self.lines[self.row])
                self.put("\n")
                self.column = 0
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + letter + line[self.column + 1:]
            self.column += 1

    def control(self, numbers, kind):
        if kind == "A":
            self.row = max(0, self.row - int(numbers or 1))
        elif kind in "KJ":
            self.lines[self.row] = self.lines[self.row][:self.column]
            if kind == "J":
                del self.lines[self.row + 1:]
        elif kind == "H":  # followed by 2J
            self.row, self.column, self.lines = 0, 0, [""]

    def resize(self, columns):
        """Only the last line can be longer than the new width here; the cursor is at its end."""
        last = self.lines.pop()
        pieces = [last[i:i + columns] for i in range(0, len(last), columns)] or [""]
        self.lines += pieces
        self.row, self.column = len(self.lines) - 1, len(pieces[-1])
        self.columns = columns


class Terminal:
    """A process on a pseudo-terminal of its own."""

    def __init__(self, command, columns, rows, outputs=("stdout", "stderr"), **options):
        self.master, slave = pty.openpty()
        self.screen, self.raw, self.started = Screen(columns), "", time.monotonic()
        self.set_size(columns, rows)
        others = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, stdin=slave, start_new_session=True,
                                        **{**others, **dict.fromkeys(outputs, slave)}, **options)
        os.close(slave)

    def set_size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        """Between two drawings: nothing that was meant for the old size is still to come."""
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)
        while select.select([self.master], [], [], 0)[0]:
            self.read(0)
        self.set_size(columns, rows)
        self.screen.resize(columns)
        os.kill(self.process.pid, signal.SIGCONT)

    def read(self, wait):
        """False at the end: nobody has the terminal open any more."""
        if not select.select([self.master], [], [], wait)[0]:
            return True
        try:
            text = os.read(self.master, 65536).decode(errors="replace")
        except OSError:
            return False
        self.raw += text
        self.screen.feed(text)
        return True

    def read_until(self, condition, patience):
        deadline = time.monotonic() + patience
        while not condition(self):
            if not self.read(1) or time.monotonic() > deadline:
                raise TimeoutError(f"not seen in {self.raw!r}")

    def finish(self, patience):
        """Exit status and seconds, once all has been read."""
        deadline = time.monotonic() + patience
        while self.read(1):
            if time.monotonic() > deadline:
                raise TimeoutError(f"does not end: {self.raw!r}")
        os.close(self.master)
        return self.process.wait(patience), time.monotonic() - self.started
