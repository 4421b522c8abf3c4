"""Programs that print one JSON object, for the scripts of this directory."""
import json
import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
JOBS = BENCH / "jobs"
MPISWEEP = BENCH.parent / "build/release/bin/mpisweep"
LACKS = 2  # exit status of mpisweep without the kernel set that MPISWEEP_KERNELS names


def fail(message):
    """Exit status 2: nothing was measured, or not everything."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(2)


def start(command, environment):
    """environment: what to change in this process's."""
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, **environment})
    except OSError as error:
        fail(f"{command[0]}: {error.strerror}")


def run(command, environment=None):
    process = start(command, environment or {})
    if process.returncode != 0:
        fail(f"exit status {process.returncode}: {' '.join(command)}\n{process.stderr.strip()}")
    return json.loads(process.stdout)


def bench_command(mpisweep, network, steps, *settings):
    options = [word for setting in settings for word in ("--set", setting)]
    return [str(mpisweep), "bench", str(JOBS / f"{network}.yaml"), *options, "--steps", str(steps), "--json"]


def kernel_set(mpisweep, name=""):
    """The set that this program runs on this CPU, its best or the named one; None when it lacks that."""
    command = bench_command(mpisweep, "linear", 1, "train.batch=1")
    environment = {"MPISWEEP_KERNELS": name} if name else {}
    if name and start(command, environment).returncode == LACKS:
        return None
    return run(command, environment)["kernels"]
