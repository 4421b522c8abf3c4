"""Compare two builds of mpisweep on the networks of bench/jobs: training and evaluation, with each kernel set that both
have on this CPU. side_by_side --against is the program."""
from dataclasses import dataclass

from programs import JOBS, bench_command, fail, kernel_set, run

# The reference set, which tests compare others with, may be slow.
SETS = ["avx512", "avx2", "portable"]
LEAST = 0.97       # other ÷ ours; below it, ours is slower
MORE_ROUNDS = 3    # times as many, where the first rounds say so
STEPS = {"simple_cnn": 8, "cnn4": 20, "lenet_bn": 20, "mlp2": 400, "linear": 400}
KINDS = {"training": "ms_per_step", "evaluation": "ms_per_evaluation_batch"}


@dataclass
class Pair:
    """Milliseconds of both builds by kind: the fastest so far."""
    ours: dict
    other: dict

    def ratio(self, kind):
        return self.other[kind] / self.ours[kind]

    def slower(self):
        """The kinds in which ours is."""
        return [kind for kind in KINDS if self.ratio(kind) < LEAST]


def fastest(times, values):
    return {kind: min(times.get(kind, float("inf")), values[key]) for kind, key in KINDS.items()}


def measure(pair, time_ours, time_other, rounds):
    """Both take turns to begin, so that neither always runs on the core that the other has warmed."""
    for number in range(rounds):
        for which in ("ours", "other") if number % 2 == 0 else ("other", "ours"):
            values = time_ours() if which == "ours" else time_other()
            setattr(pair, which, fastest(getattr(pair, which), values))


def compare(time_ours, time_other, rounds):
    """A pair, measured again where ours looks slower. time_ours and time_other return values of `mpisweep bench --json`."""
    pair = Pair({}, {})
    measure(pair, time_ours, time_other, rounds)
    if pair.slower():
        measure(pair, time_ours, time_other, MORE_ROUNDS * rounds)
    return pair


def common_sets(ours, other):
    """Names of the kernel sets that both programs have."""
    return [name for name in SETS if kernel_set(ours, name) and kernel_set(other, name)]


def networks(only):
    return [path.stem for path in sorted(JOBS.glob("*.yaml")) if path.stem.startswith(only)]


def time_with(mpisweep, network, kernels):
    return lambda: run(bench_command(mpisweep, network, STEPS.get(network, 10)), {"MPISWEEP_KERNELS": kernels})


def print_pair(network, kernels, pair):
    for kind in KINDS:
        ratio = f"{pair.ratio(kind):.2f}"
        print(f"| {network} {kind} | {kernels} | {pair.ours[kind]:.3f} | {pair.other[kind]:.3f} | "
              f"{f'**{ratio}**' if kind in pair.slower() else ratio} |", flush=True)


def compare_builds(ours, other, rounds, only):
    """Print the table; returns how many of its lines are below LEAST."""
    sets = common_sets(ours, other)
    if not sets or not networks(only):
        fail(f"nothing to compare: networks {networks(only)}, kernel sets {sets}")
    print("| work | kernels | ours, ms | other, ms | other ÷ ours |\n|---|---|---:|---:|---:|", flush=True)
    slower = 0
    for kernels in sets:
        for network in networks(only):
            pair = compare(time_with(ours, network, kernels), time_with(other, network, kernels), rounds)
            print_pair(network, kernels, pair)
            slower += len(pair.slower())
    return slower
