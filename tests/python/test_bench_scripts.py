"""What the scripts of bench/ decide, without measuring: which kernels PyTorch's BLAS should run, when a comparison makes no
sense, and what they make of times that stand-ins for mpisweep and PyTorch report."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import against  # noqa: E402
import blas  # noqa: E402

LIB = "/usr/lib/x86_64-linux-gnu"
TORCH = f"{LIB}/libtorch_cpu.so.1.13.0"
AVX2 = {"sse2", "avx", "avx2", "fma"}
AVX512 = AVX2 | {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"}


class CpuTest(unittest.TestCase):
    def test_vectors(self):
        for flags, vectors in [(AVX512, "AVX-512"), (AVX512 - {"avx512bw"}, "AVX2"), (AVX2, "AVX2"), (AVX2 - {"fma"}, "AVX"),
                               ({"sse2"}, "SSE"), (set(), "")]:
            self.assertEqual(blas.vectors_of(flags), vectors)

    def test_the_core_that_the_cpu_deserves(self):
        for core, vectors, of_user, better in [
                ("Prescott", "AVX-512", None, "SkylakeX"),  # an Intel CPU that is newer than the library
                ("Haswell", "AVX-512", None, "SkylakeX"),
                ("Zen", "AVX-512", None, "SkylakeX"),
                ("Prescott", "AVX2", None, "Haswell"),
                ("Nehalem", "AVX", None, "Sandybridge"),
                ("SkylakeX", "AVX-512", None, None),
                ("Cooperlake", "AVX-512", None, None),
                ("SAPPHIRERAPIDS", "AVX-512", None, None),
                ("Zen", "AVX2", None, None),
                ("SkylakeX", "AVX2", None, None),
                ("Haswell", "AVX-512", "Haswell", None),  # the user's choice
                ("Prescott", "AVX-512", "", "SkylakeX"),
                ("Zen9", "AVX-512", None, None),          # a name from the future
                ("", "AVX-512", None, None),              # not OpenBLAS
                ("neoversen1", "", None, None)]:
            with self.subTest(core=core, vectors=vectors, of_user=of_user):
                self.assertEqual(blas.better_core(core, vectors, of_user), better)


class BlasTest(unittest.TestCase):
    def test_which_one_is_loaded(self):
        openblas = f"{LIB}/openblas-pthread/libopenblasp-r0.3.21.so"
        of_numpy = "/usr/local/lib/python3/dist-packages/numpy.libs/libscipy_openblas64_-99b71e71.so"
        for libraries, config, name, path in [
                ([f"{LIB}/openblas-pthread/libblas.so.3", openblas, TORCH], "BLAS_INFO=generic", "OpenBLAS", openblas),
                ([f"{LIB}/blas/libblas.so.3.11.0", TORCH], "BLAS_INFO=generic", "reference", f"{LIB}/blas/libblas.so.3.11.0"),
                ([f"{LIB}/blas/libblas.so.3.11.0", of_numpy], "", "reference", f"{LIB}/blas/libblas.so.3.11.0"),
                ([f"{LIB}/atlas/libblas.so.3.10.3"], "", "reference", f"{LIB}/atlas/libblas.so.3.10.3"),
                ([f"{LIB}/libmkl_rt.so", TORCH], "", "MKL", f"{LIB}/libmkl_rt.so"),
                ([f"{LIB}/blis-openmp/libblas.so.3", f"{LIB}/blis-openmp/libblis.so.4"], "", "BLIS", f"{LIB}/blis-openmp/libblis.so.4"),
                (["/opt/torch/lib/libtorch_cpu.so", of_numpy], "BLAS_INFO=mkl, BUILD_TYPE=Release", "MKL", ""),
                (["/opt/torch/lib/libtorch_cpu.so", of_numpy], "", "unknown", "")]:
            with self.subTest(libraries):
                self.assertEqual(blas.find_blas(libraries, config), (name, path))

    def test_version_of_onednn(self):
        for config, version in [("  - Intel(R) MKL-DNN v2.6.3 (Git Hash N/A)", "2.6.3"), ("  - oneDNN v3.7.1 (Git)", "3.7.1"), ("", "unknown")]:
            self.assertEqual(blas.onednn_version(config), version)


def bench_values(milliseconds):
    return {"ms_per_step": milliseconds, "ms_per_evaluation_batch": milliseconds, "kernels": "avx2"}


class ComparisonTest(unittest.TestCase):
    """Of two builds, with times that are given."""

    def compare(self, ours, other, rounds=2):
        """Lists of milliseconds, one for each call."""
        self.ours, self.other = iter(ours), iter(other)
        return against.compare(lambda: bench_values(next(self.ours)), lambda: bench_values(next(self.other)), rounds)

    def test_the_fastest_of_all_rounds_counts(self):
        pair = self.compare([3, 2], [5, 4])
        self.assertEqual((pair.ratio("training"), pair.slower()), (2, []))
        self.assertEqual((list(self.ours), list(self.other)), ([], []))

    def test_what_looks_slower_is_measured_again(self):
        self.assertEqual(self.compare([2, 2, 1, 1, 1, 1, 1, 1], [1] * 8).slower(), [])
        self.assertEqual(self.compare([2] * 8, [1] * 8).slower(), ["training", "evaluation"])
        self.assertEqual((list(self.ours), list(self.other)), ([], []))

    def test_three_percent_are_noise(self):
        self.assertEqual(self.compare([1, 1], [0.975, 0.975]).slower(), [])


STAND_IN = """#!{python} -IS
import json, os, sys
with open({log!r}, "a") as log:
    print(json.dumps([sys.argv, {{name: os.environ.get(name) for name in {names!r}}}]), file=log)
{body}
"""
NAMES = ["OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "MPISWEEP_KERNELS"]


class StandInCase(unittest.TestCase):
    """Scripts with stand-ins for the programs that they start."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)

    def stand_in(self, name, body):
        path = self.root / name
        path.write_text(STAND_IN.format(python=sys.executable, log=f"{path}.log", names=NAMES, body=body))
        path.chmod(0o755)
        return path

    def script(self, name, *arguments, core=None):
        environment = {key: value for key, value in os.environ.items() if key not in NAMES}
        environment.update({"OPENBLAS_CORETYPE": core} if core else {})
        return subprocess.run([sys.executable, "-B", BENCH / name, "--rounds", "1", *arguments],
                              capture_output=True, text=True, env=environment)


class SideBySideTest(StandInCase):
    def mpisweep(self, name, milliseconds, sets=("avx2", "portable")):
        return self.stand_in(name, f"""
kernels = os.environ.get("MPISWEEP_KERNELS", {sets[0]!r})
if kernels not in {sets!r}: sys.exit(2)
print(json.dumps({{"ms_per_step": {milliseconds}, "ms_per_evaluation_batch": {milliseconds}, "kernels": kernels}}))""")

    def torch(self, milliseconds, path=f"{LIB}/openblas-pthread/libopenblasp-r0.3.21.so", core="Prescott", kind="OpenBLAS"):
        about = blas.Torch(torch="2.6.0", onednn="3.7.1", blas=kind, blas_path=path, core=core, cpu="A CPU", vectors="AVX-512")
        return self.stand_in("python", f"""
about = {vars(about)!r}
about["core"] = os.environ.get("OPENBLAS_CORETYPE") or about["core"]
print(json.dumps(about if sys.argv[1].endswith("blas.py") else {{"ms_per_step": {milliseconds}}}))""")

    def started(self, name):
        """Its command lines and environments."""
        log = self.root / f"{name}.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def side_by_side(self, *arguments, **options):
        return self.script("side_by_side", "--only", "linear", *arguments, **options)

    def with_torch(self, ours, torch, **options):
        return self.side_by_side("--mpisweep", self.mpisweep("ours", ours), "--python", torch, **options)

    def test_the_core_is_set_and_named(self):
        process = self.with_torch(1, self.torch(4))
        self.assertEqual((process.returncode, process.stderr), (0, ""))
        for part in ("A CPU, AVX-512", "avx2 kernels", "2.6.0, oneDNN 3.7.1",
                     "OpenBLAS, SkylakeX kernels by OPENBLAS_CORETYPE=SkylakeX (its own choice: Prescott)",
                     "| linear training, batch 100 | 1.000 | 4.00 | 4.00 | 2.0 | 4.00 | 4.00 | 2.3 | 4.0 |"):
            self.assertIn(part, process.stdout)
        timed = [environment for arguments, environment in self.started("python") if "--network" in arguments]
        self.assertEqual({environment["OPENBLAS_CORETYPE"] for environment in timed}, {"SkylakeX"})
        self.assertEqual({environment["OPENBLAS_NUM_THREADS"] for environment in timed}, {"1"})

    def test_the_choice_of_the_user_stays(self):
        process = self.with_torch(1, self.torch(4), core="Haswell")
        self.assertIn("OpenBLAS, Haswell kernels by the user's OPENBLAS_CORETYPE=Haswell, **below this CPU, which runs SkylakeX** |",
                      process.stdout)
        self.assertEqual({environment["OPENBLAS_CORETYPE"] for _, environment in self.started("python")}, {"Haswell"})
        self.assertIn("by the user's OPENBLAS_CORETYPE=Cooperlake |", self.with_torch(1, self.torch(4), core="Cooperlake").stdout)

    def test_a_ratio_below_the_required_one(self):
        self.assertEqual(self.with_torch(2, self.torch(4)).returncode, 1)

    def test_the_reference_blas_is_refused(self):
        process = self.with_torch(1, self.torch(4, path=f"{LIB}/blas/libblas.so.3.11.0", core="", kind="reference"))
        self.assertEqual((process.returncode, process.stdout), (2, ""))
        for part in ("reference BLAS (/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0)", "apt-get install libopenblas0"):
            self.assertIn(part, process.stderr)
        self.assertEqual(self.started("ours"), [])

    def test_two_builds(self):
        for other, code in (1.0, 0), (2.0, 0), (0.9, 1):
            with self.subTest(other):
                process = self.side_by_side("--mpisweep", self.mpisweep("ours", 1.0), "--python", "/no/python", "--against",
                                            self.mpisweep("other", other, sets=("portable", "old")))
                self.assertEqual(process.returncode, code, process.stderr)
                ratio = f"{other:.2f}" if code == 0 else f"**{other:.2f}**"
                for kind in "training", "evaluation":
                    self.assertIn(f"| linear {kind} | portable | 1.000 | {other:.3f} | {ratio} |\n", process.stdout)
                self.assertNotIn("avx2", process.stdout)

    def test_programs_that_fail(self):
        broken = self.stand_in("broken", "sys.exit('it broke')")
        ours = self.mpisweep("ours", 1.0)
        for other, part in (broken, "it broke"), (self.root / "none", "No such file"), (self.mpisweep("other", 1, ("new",)), "nothing to compare"):
            process = self.side_by_side("--mpisweep", ours, "--against", other)
            self.assertEqual(process.returncode, 2)
            self.assertIn(part, process.stderr)


class AgainstOnednnTest(StandInCase):
    """cnn4: four convolutions, which oneDNN's stand-in does in 2 + 3 + 1 ms by the direct algorithm."""

    def compare(self, ours, winograd):
        """ours: forward and backward ms of each layer; lines of the table that follow its head."""
        names = [f"{position} conv" for position in (7, 4, 2, 0)]  # in any order
        layers = [{"name": "1 relu", "forward_ms": 9, "backward_ms": 9}] + [
            {"name": name, "forward_ms": forward, "backward_ms": backward} for name, (forward, backward) in zip(names, reversed(ours))]
        mpisweep = self.stand_in("ours", f"print(json.dumps({{'layers': {layers!r}, 'kernels': 'avx2'}}))")
        program = self.stand_in("onednn", f"""
passes = lambda scale: {{"forward_ms": 2 * scale, "weights_ms": 3 * scale, "inputs_ms": float(sys.argv[7]) * scale}}
print(json.dumps({{"version": "3.7.1", "direct": passes(1), "winograd": passes({winograd}) if {winograd} else None}}))""")
        self.process = self.script("against_onednn", "--only", "cnn4", "--mpisweep", mpisweep, "--program", program)
        return self.process.stdout.splitlines()[4:]

    def test_sums_and_ratios(self):
        lines = self.compare([(1, 4), (2, 4), (1, 1), (2, 2.75)], 0)
        self.assertEqual((self.process.returncode, self.process.stderr), (0, ""))
        self.assertIn("avx2 kernels, oneDNN 3.7.1", self.process.stdout)
        self.assertEqual(lines[0], "| cnn4 3→16, 3×3 on 32×32 | 2.00 / 3.00 / – | not offered | 5.00 | 1.00 / 4.00 | 5.00 | 1.00 |")
        self.assertTrue(lines[2].endswith("| 2.00 / 3.00 / 1.00 | not offered | 6.00 | 1.00 / 1.00 | 2.00 | 0.33 |"), lines)
        self.assertEqual(lines[4], "| cnn4, batch 50 | | | 23.00 | | 17.75 | 0.77 |")

    def test_the_better_algorithm_counts(self):
        lines = self.compare([(2, 3)] * 4, 0.5)
        self.assertTrue(lines[0].endswith("| 1.00 / 1.50 / – | 2.50 | 2.00 / 3.00 | 5.00 | **2.00** |"), lines)
        self.assertEqual(self.process.returncode, 1)

    def test_a_slow_layer_and_a_slow_network(self):
        for ours, marks in ([(5, 2)] + [(1, 1)] * 3, [True, False, False, False, False]), ([(2.6, 2.6)] + [(3, 3.3)] * 3, [False] * 4 + [True]):
            lines = self.compare(ours, 0)
            self.assertEqual([line.endswith("** |") for line in lines], marks)
            self.assertEqual(self.process.returncode, 1)


if __name__ == "__main__":
    unittest.main()
