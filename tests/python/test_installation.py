"""`cmake --install`: the program, its manual pages, shell completions, jobs and documents, where each belongs."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = os.environ["BUILD"]
# Completes what is in $1 in a shell of its own and prints what is shown.
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; stty -echo columns 200; fpath=($FOLDER \$fpath); autoload -Uz compinit; compinit -D -u; zstyle ':completion:*' list-prompt ''"
zpty -w shell 'null-line() { print -rn -- "<$BUFFER>"; BUFFER=; zle accept-line }; zle -N null-line; bindkey "^X" null-line; print READY'
zpty -r -m shell heard '*READY*'
zpty -w -n shell "$1"$'\t\C-X'
zpty -r -m shell heard '*>*'
print -r -- "$heard"
"""


def run(*command, **keywords):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **keywords).stdout


class InstallationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.root)
        run("cmake", "--install", BUILD, "--prefix", cls.root)
        cls.program = cls.root / "bin" / "mpisweep"
        cls.completion = cls.root / "share/bash-completion/completions/mpisweep"
        cls.verbs = re.findall(r"^  ([a-z]+) ", run(cls.program, "help").partition("Exit status")[0], re.MULTILINE)

    def options(self, verb):
        body = run(self.program, "help", verb).partition("\n\n")[2]
        return [name for names in re.findall(r"^  (-[\w-]+(?:, --[\w-]+)?)", body, re.MULTILINE) for name in names.split(", ")]

    def test_what_is_installed(self):
        for name in ("jobs/quickstart.yaml", "jobs/examples/csv.yaml", "slurm/template.sbatch"):
            self.assertEqual((self.root / "share/mpisweep" / name).read_bytes(), (SOURCE / name).read_bytes())
        self.assertTrue(os.access(self.root / "share/mpisweep/jobs/examples/make_data", os.X_OK))
        self.assertTrue((self.root / "share/doc/mpisweep/docs/job-format.md").is_file())
        self.assertEqual(len([*self.root.glob("lib/python3*/*-packages/mpisweep/__init__.py")]), 1)
        programs = {path.name for path in (self.root / "bin").iterdir()}
        self.assertLessEqual(programs, {"mpisweep", "mpisweep-data"})
        self.assertEqual([*self.root.glob("share/mpisweep/jobs/examples/data")], [])

    def test_the_installed_examples_run_where_the_user_is(self):
        with tempfile.TemporaryDirectory() as home:
            run("/usr/bin/env", os.environ["PYTHON"], "-B", self.root / "share/mpisweep/jobs/examples/make_data", cwd=home)
            Path(home, "job.yaml").write_text(run(self.program, "new", "npy"))
            self.assertIn("cells        18", run(self.program, "plan", "job.yaml", cwd=home))

    # ---- Manual pages

    def page(self, name, section=1):
        path = self.root / f"share/man/man{section}/{name}.{section}"
        process = subprocess.run(["man", "--warnings", "--local-file", path], capture_output=True, text=True, check=True,
                                 env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MAN_KEEP_FORMATTING": ""})
        self.assertEqual(process.stderr, "", name)
        return process.stdout

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_every_verb_has_a_page_with_its_options(self):
        self.assertEqual({path.name for path in (self.root / "share/man/man1").iterdir()},
                         {"mpisweep.1", *(f"mpisweep-{verb}.1" for verb in self.verbs)})
        for verb in self.verbs:
            text = self.page(f"mpisweep-{verb}")
            self.assertRegex(text, rf"NAME\n +mpisweep-{verb} - \w")
            for option in self.options(verb):
                self.assertRegex(text, rf"\n +(-\w, )?{option}[ ,\n]", verb)

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_the_pages_of_the_program_and_of_the_job_file(self):
        text = self.page("mpisweep")
        for part in ("EXIT STATUS", "stopped cleanly; run the same command again to resume", "MPISWEEP_DATA",
                     *(f"mpisweep-{verb}(1)" for verb in self.verbs)):
            self.assertIn(part, text)
        text = self.page("mpisweep-job", 5)
        for part in ("optimizer.momentum", "Accepted: sgd, nesterov, adam", "LAYER conv", "only with optimizer.kind: adam"):
            self.assertIn(part, text)

    # ---- Completion

    def complete(self, line, folder):
        """What bash offers for the last word of a line, whose words are those of bash: = is one."""
        words = re.findall(r"=|[^\s=]+", line) + ([""] if line.endswith(" ") else [])
        script = f'source {self.completion}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mpisweep; printf "%s\\n" "${{COMPREPLY[@]}}"'
        return run("bash", "--norc", "-c", script, "-", *words, cwd=folder).split()

    def folder_of_files(self):
        folder = Path(tempfile.mkdtemp(dir=self.root))
        for name in ("a.yaml", "b.h5", "c.txt"):
            (folder / name).touch()
        (folder / "data").mkdir()
        return folder

    def test_bash(self):
        folder = self.folder_of_files()
        for line, expected in {
            "mpisweep st": ["status"],
            "mpisweep pla": ["plan"],
            "mpisweep plan ": ["a.yaml", "data"],
            "mpisweep plan --": ["--set", "--ranks", "--data", "--json", "--help"],
            "mpisweep plan --data ": ["data"],
            "mpisweep plan --data=": ["data"],
            "mpisweep plan --ranks ": [],
            "mpisweep plan --set optimizer.mo": ["optimizer.momentum="],
            "mpisweep plan --set optimizer.kind=a": ["adam", "adamw"],
            "mpisweep status ": ["b.h5", "data"],
            "mpisweep run a.yaml -o ": ["b.h5", "data"],
            "mpisweep launch a.yaml --max": ["--max-failures"],  # an option of run
            "mpisweep launch a.yaml --hostfile ": ["a.yaml", "b.h5", "c.txt", "data"],
            "mpisweep new ": ["csv", "npy", "hdf5", "regression", "mnist", "cifar10", "depthwise", "resnet8", "resnet20"],
            "mpisweep help optimizer.mo": ["optimizer.momentum"],
            "mpisweep help avg": ["avg_pool"],
        }.items():
            with self.subTest(line):
                self.assertEqual(sorted(self.complete(line, folder)), sorted(expected))

    def test_bash_offers_all_verbs_and_options(self):
        self.assertEqual(self.complete("mpisweep ", self.root), [*self.verbs, "help", "--help", "--version"])
        for verb in self.verbs:
            long_or_only = [o for o in self.options(verb) if o.startswith("--") or o == "-o"]
            self.assertEqual(self.complete(f"mpisweep {verb} -", self.root), [*long_or_only, "--help"])

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        folder = self.folder_of_files()
        for line, expected in {
            "mpisweep pla": "<mpisweep plan >",
            "mpisweep plan a": "<mpisweep plan a.yaml >",
            "mpisweep status b": "<mpisweep status b.h5 >",
            "mpisweep plan --js": "<mpisweep plan --json >",
            "mpisweep launch --give": "<mpisweep launch --give-up=>",
            "mpisweep new reg": "<mpisweep new regression >",
            "mpisweep run a.yaml --set optimizer.mo": "<mpisweep run a.yaml --set optimizer.momentum=>",
            "mpisweep run a.yaml --set optimizer.kind=rm": "<mpisweep run a.yaml --set optimizer.kind=rmsprop >",
            "mpisweep help avg": "<mpisweep help avg_pool >",
        }.items():
            with self.subTest(line):
                heard = next((said for said in (self.complete_with_zsh(line, folder) for _ in range(10)) if expected in said), "")
                self.assertIn(expected, heard)

    def complete_with_zsh(self, line, folder):
        """What it makes of a line and a tab. On a busy machine these may come before its line editor is up: then again."""
        return run("zsh", "-f", "-c", ZSH, "zsh", line, cwd=folder, timeout=60,
                   env={**os.environ, "FOLDER": self.root / "share/zsh/site-functions", "TERM": "dumb"})


if __name__ == "__main__":
    unittest.main()
