"""Runs the commands of the tutorial, the how-tos and the explanations, page by page and in order, and compares their output with what the pages show."""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent))
from docs_blocks import DOCS, SOURCE, Block, missing_lines, read_blocks, run_blocks, script_of, without_blocks  # noqa: E402

TUTORIAL = DOCS / "tutorial.md"
README = SOURCE / "README.md"
PAGES = [*[README] * ("```sh" in README.read_text(encoding="utf-8")), TUTORIAL, *sorted((DOCS / "how-to").glob("*.md")), *sorted((DOCS / "explanation").glob("*.md")), DOCS / "faq.md"]


def commands_of(block):
    """Its logical lines: continued lines and what follows << belong to the command that they begin with."""
    text = re.sub(r"<<'?(\w+)'?(.*?)\n.*?^\1$", "", block.body.replace("\\\n", " "), flags=re.MULTILINE | re.DOTALL)
    return [command for line in text.splitlines() for command in re.split(r"&&|;", line) if command.strip() and line[0] != "#"]


class PageTest(unittest.TestCase):
    """A test for every page, made below."""

    def check_page(self, page):
        blocks = read_blocks(page)
        for block in blocks:
            self.assertIn(block.language, ("sh", "yaml"), f"{page}:{block.line}")
            if block.language == "yaml":
                yaml.safe_load(block.body)
            else:
                process = subprocess.run(["bash", "-n", "-c", block.body], capture_output=True, text=True)
                self.assertEqual((process.returncode, process.stderr), (0, ""), f"{page}:{block.line}")
        # Commands that are no fenced blocks would not be run.
        self.assertNotRegex(without_blocks(page), r"(?m)^ {4,}(?!-|\||\d+\.)\S", f"{page}: an indented block; accepted: fenced ones")
        self.check_commands(page, [block for block in blocks if block.is_run])

    def check_commands(self, page, blocks):
        with tempfile.TemporaryDirectory() as directory:
            status, said, outputs = run_blocks(blocks, Path(directory), sys.executable)
        for number, (block, output) in enumerate(zip(blocks, outputs)):
            failed = status != 0 and number + 1 == sum(output is not None for output in outputs)
            self.assertFalse(failed, f"{page}:{block.line}: failed:\n{block.body}\n{output}\n{said}")
            for shown in block.outputs:
                self.assertEqual(missing_lines(shown, output), [], f"{page}:{block.line}: shown, but not printed:\n{output}")
        self.assertEqual((status, said), (0, ""))


for path in PAGES:
    name = "test_" + path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", "_").replace("-", "_")
    setattr(PageTest, name, lambda self, page=path: self.check_page(page))


class TutorialTest(unittest.TestCase):
    def test_from_nothing_to_the_figure_in_at_most_ten_commands(self):
        blocks = read_blocks(TUTORIAL)
        figure = next(number for number, block in enumerate(blocks) if "heatmap" in block.body)
        commands = [command for block in blocks[:figure + 1] for command in commands_of(block)]
        self.assertLessEqual(len(commands), 10, commands)
        self.assertIn("apt-get update", commands[0])

    def test_its_packages_are_those_of_setup(self):
        script = f'. {SOURCE}/tools/setup.sh; echo "${{build_packages[@]}}" "${{analysis_packages[@]}}"'
        needed = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()
        line = next(command for command in commands_of(read_blocks(TUTORIAL)[0]) if "install -y" in command)
        self.assertEqual(set(line.partition("--no-install-recommends")[2].split()), set(needed))


class GeneratedPageTest(unittest.TestCase):
    def test_command_line(self):
        printed = subprocess.run([sys.executable, SOURCE / "tests/tools/print_command_line"], check=True, capture_output=True, text=True).stdout
        self.assertEqual((DOCS / "command-line.md").read_text(encoding="utf-8"), printed,
                         "MPISWEEP=BUILD/bin/mpisweep tests/tools/print_command_line > docs/command-line.md")


class HarnessTest(unittest.TestCase):
    """What these tests rely on."""

    def test_a_failing_command_is_noticed(self):
        for body, status, good in (("false\ntrue", 0, False), ("(exit 75)", 75, True), ("true", 75, False), ("false | true", 0, False)):
            block = Block("sh", body, 1, status=status)
            with tempfile.TemporaryDirectory() as directory:
                process = subprocess.run(["bash", "-c", script_of([block], directory)], capture_output=True)
            self.assertEqual(process.returncode == 0, good, body)

    def test_missing_lines(self):
        output = "a 1 2.5\nb (avx2 kernels)\nc\n"
        self.assertEqual(missing_lines("a 7 1e-3\n…\nb (avx512 kernels)\n", output), [])
        self.assertEqual(missing_lines("b (avx2 kernels)\na 1 2.5\n", output), ["a 1 2.5"])
        self.assertEqual(missing_lines("d\n", output), ["d"])


if __name__ == "__main__":
    unittest.main()
