"""The fenced blocks of a page of docs/, and how its commands are run.

Blocks in the language sh are commands; a block in the language text below one is its output. A comment above a block says
what is special about it:

    <!-- syntax only: REASON -->   not run (it needs Slurm, installs packages, ...), but bash must parse it
    <!-- exit STATUS -->           the block is one command that ends with this status
"""
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
DOCS = SOURCE / "docs"
BLOCK = re.compile(r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d[\d,]*(\.\d+)?(e[+-]?\d+)?")


@dataclass
class Block:
    language: str
    body: str
    line: int
    mark: str = ""
    status: int = 0
    outputs: list = field(default_factory=list)  # what the page shows below it

    @property
    def is_run(self):
        return self.language == "sh" and not self.mark.startswith("syntax only: ")


def read_blocks(page):
    """The blocks of the page; those of outputs are part of the commands above them."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for match in BLOCK.finditer(text):
        block = Block(match["language"], match["body"], text.count("\n", 0, match.start("body")), match["mark"] or "")
        if block.mark.startswith("exit "):
            block.status = int(block.mark.split()[1])
        elif block.mark and not block.mark.startswith("syntax only: "):
            raise ValueError(f"{page}:{block.line}: unknown mark {block.mark!r}")
        if block.language == "text":
            blocks[-1].outputs.append(block.body)
        else:
            blocks.append(block)
    return blocks


def without_blocks(page):
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def prepare(root, python):
    """A stand-in for a clone whose program is installed: (directory, environment). python is the interpreter with the packages."""
    clone, programs = root / "mpisweep", root / "bin"
    for folder in (clone, programs, root / "home"):
        folder.mkdir()
    for name in ("analysis", "docs", "jobs", "slurm", "tools"):
        (clone / name).symlink_to(SOURCE / name)
    (programs / "mpisweep-data").symlink_to(SOURCE / "tools/mpisweep-data")
    (programs / "mpisweep").symlink_to(os.environ["MPISWEEP"])
    (programs / "python3").write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    (programs / "python3").chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(root / "home"), "PYTHONPATH": str(SOURCE / "analysis"),
                   "PYTHONDONTWRITEBYTECODE": "1", "MPISWEEP_DATA": "", "MPISWEEP_KERNELS": "", "NO_COLOR": "1"}
    del environment["MPISWEEP_KERNELS"]
    return clone, environment


def script_of(blocks, directory):
    """One script for a page, so that cd and variables last; each block writes to a file of its own."""
    lines = ["set -eo pipefail"]
    for number, block in enumerate(blocks):
        redirected = f"{{\n{block.body}\n}} >{directory}/{number}.out 2>&1"
        if block.status:
            redirected = f"status=0\n{redirected} || status=$?\n[ $status -eq {block.status} ]"
        lines.append(redirected)
    return "\n".join(lines)


def run_blocks(blocks, root, python):
    """Runs them in order; the output of each, up to the first that fails: None for that and those after it, and its output."""
    clone, environment = prepare(root, python)
    process = subprocess.run(["bash", "-c", script_of(blocks, root)], cwd=clone, env=environment, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True)
    outputs = [path.read_text(encoding="utf-8") if (path := root / f"{number}.out").exists() else None for number in range(len(blocks))]
    return process.returncode, process.stderr, outputs


def normal(line):
    """Without what differs between machines and moments: numbers, kernel sets, amounts of space."""
    return " ".join(re.sub(r"\b(avx512|avx2|portable|reference)\b", "KERNELS", NUMBER.sub("#", line)).split())


def missing_lines(shown, output):
    """The lines that a page shows, in order, and the output lacks; a line of dots stands for others."""
    there = iter([normal(line) for line in output.splitlines()])
    return [line for line in shown.splitlines() if line.strip() not in ("", "…") and not any(normal(line) == other for other in there)]
