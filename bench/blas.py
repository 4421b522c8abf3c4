#!/usr/bin/env python3
"""What PyTorch computes with: its version, oneDNN's, the BLAS behind its dense layers, and that library's kernels.

As a program, run with the interpreter that has torch: prints one JSON object, the fields of `Torch`. The functions decide
what to make of it. Old versions of OpenBLAS run kernels for CPUs without AVX on CPUs that they do not know, and the
reference BLAS has no vectors at all: ratios to either would flatter mpisweep."""
import ctypes
import json
import re
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

CORE_VARIABLE = "OPENBLAS_CORETYPE"

# What a CPU's flags in /proc/cpuinfo allow, best first, and OpenBLAS's kernels for it.
VECTORS = [
    ("AVX-512", {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"}, "SkylakeX"),
    ("AVX2", {"avx2", "fma"}, "Haswell"),
    ("AVX", {"avx"}, "Sandybridge"),
    ("SSE", set(), "Prescott"),
]
# The vectors that OpenBLAS's kernels use, by the name that it has for them.
CORES = {
    "AVX-512": "SkylakeX Cooperlake SapphireRapids",
    "AVX2": "Haswell Zen Excavator",
    "AVX": "Sandybridge Bulldozer Piledriver Steamroller",
    "SSE": "Katmai Coppermine Northwood Prescott Banias Atom Core2 Penryn Dunnington Nehalem Athlon Opteron Barcelona Bobcat Nano",
}
FAST = ("OpenBLAS", "MKL", "BLIS")
INSTALL = ("Install OpenBLAS (Debian: apt-get install libopenblas0). Where it is installed, choose it with "
           "update-alternatives --config libblas.so.3-$(gcc -print-multiarch).")


@dataclass
class Torch:
    torch: str
    onednn: str
    blas: str       # a name of FAST, "reference" or "unknown"
    blas_path: str  # "" when it is part of PyTorch
    core: str       # OpenBLAS's name of its kernels; "" of another library
    cpu: str
    vectors: str    # of the CPU, as in VECTORS; "" when it is not an x86


# ---- Decisions ---------------------------------------------------------------------------------------------------------

def vectors_of(flags):
    """flags: words of /proc/cpuinfo; none on other CPUs than x86."""
    return next((name for name, needed, _ in VECTORS if needed <= flags), "") if flags else ""


def find_blas(libraries, config):
    """(name, path) of the BLAS of a process that has loaded these libraries; config: torch.__config__.show().
    Python packages next to torch bring libraries of their own, which torch does not use."""
    libraries = [path for path in libraries if not re.search(r"/(numpy|scipy)(\.libs)?/", path)]
    interface = next((path for path in libraries if PurePosixPath(path).name.startswith("libblas")), None)
    for name, part in ("OpenBLAS", "openblas"), ("MKL", "libmkl"), ("BLIS", "blis"):
        candidates = [path for path in libraries if part in path]
        if candidates and (interface is None or part in interface):
            return name, next((path for path in candidates if part in PurePosixPath(path).name), candidates[0])
    if interface is not None:
        return "reference", interface
    return ("MKL", "") if "BLAS_INFO=mkl" in config else ("unknown", "")


def refusal(torch):
    """Why no comparison with this PyTorch makes sense; None when it does."""
    if torch.blas != "reference":
        return None
    return f"PyTorch's BLAS is the reference BLAS ({torch.blas_path}), which is many times too slow. {INSTALL}"


def wider_core(core, vectors):
    """OpenBLAS's kernels for this CPU when those named `core` use less than it has, else None."""
    order = [name for name, _, _ in VECTORS]
    used = next((name for name, cores in CORES.items() if core.lower() in cores.lower().split()), None)
    if used is None or vectors not in order or order.index(used) <= order.index(vectors):
        return None
    return next(best for name, _, best in VECTORS if name == vectors)


def better_core(core, vectors, of_user):
    """What OPENBLAS_CORETYPE should be set to; None to leave it. of_user: its value or None."""
    return None if of_user else wider_core(core, vectors)


def onednn_version(config):
    found = re.search(r"(?:MKL-DNN|oneDNN)\D*?v?(\d+\.\d+(?:\.\d+)?)", config, re.IGNORECASE)
    return found[1] if found else "unknown"


# ---- This process ------------------------------------------------------------------------------------------------------

def cpu_lines(key):
    """Values of this key in /proc/cpuinfo."""
    with open("/proc/cpuinfo") as file:
        return [line.partition(":")[2].strip() for line in file if line.partition(":")[0].strip() == key]


def loaded_libraries():
    with open("/proc/self/maps") as file:
        paths = {line.split(maxsplit=5)[5].strip() for line in file if line.count("/")}
    return sorted(path for path in paths if ".so" in path)


def openblas_core(path):
    """Some builds append a suffix to all names."""
    library = ctypes.CDLL(path)
    for name in "openblas_get_corename", "openblas_get_corename64_":
        if hasattr(library, name):
            function = getattr(library, name)
            function.restype = ctypes.c_char_p
            return function().decode()
    return ""


def describe_torch():
    import torch
    config = torch.__config__.show()
    torch.mm(torch.ones(2, 2), torch.ones(2, 2))
    blas, path = find_blas(loaded_libraries(), config)
    return Torch(torch=torch.__version__, onednn=onednn_version(config), blas=blas, blas_path=path,
                 core=openblas_core(path) if blas == "OpenBLAS" else "", cpu=(cpu_lines("model name") + ["unknown"])[0],
                 vectors=vectors_of(set(" ".join(cpu_lines("flags")[:1]).split())))


if __name__ == "__main__":
    print(json.dumps(asdict(describe_torch())))
