"""Results files of mpisweep as labelled arrays: open them, rank their cells, draw them (docs/python.md).

    import mpisweep
    ds = mpisweep.open("results.h5")                # an xarray.Dataset
    mpisweep.rank(ds, "test_accuracy")              # a pandas.DataFrame, best first
    mpisweep.plot.heatmap(ds.test_accuracy)         # a matplotlib Figure
    mpisweep.to_torch("results.h5", {"run": 0})     # a cell's network as a torch.nn.Module
    mpisweep.from_torch(module, "start.npy")        # a network's layers for a job, and its parameters

Reads results files only. What cannot be done raises ValueError, KeyError or FileNotFoundError."""
import importlib
import re
from pathlib import Path

# Name -> the module that has it, or that it is. They are imported when they are first used, so that listing
# the commands needs neither xarray nor matplotlib.
_PROVIDERS = {
    "open": "reading",
    "rank": "ranking",
    "plot": "plot",
    "to_torch": "networks",
    "from_torch": "networks",
    "FileError": "errors",
}
__all__ = [*_PROVIDERS, "__version__"]


def __getattr__(name):
    if name == "__version__":
        value = _version()
    elif name in _PROVIDERS:
        module = importlib.import_module(f"{__name__}.{_PROVIDERS[name]}")
        value = module if name == "plot" else getattr(module, name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return __all__


def _version():
    """The project's version: that of the source tree around this package, else of the installed package."""
    project = Path(__file__).resolve().parents[2] / "CMakeLists.txt"
    if project.is_file():
        text = project.read_text(encoding="utf-8")
        number = re.search(r"^project\(mpisweep VERSION ([\d.]+)", text, re.MULTILINE)
        candidate = re.search(r"^set\(MPISWEEP_PRERELEASE (\w*)\)", text, re.MULTILINE)
        if number:
            return number[1] + (candidate[1] if candidate else "")
    from importlib import metadata

    return metadata.version(__name__)
