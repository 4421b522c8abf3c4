"""Figures of arrays of a results file (mpisweep.open): each function returns a matplotlib Figure, to be saved
by `save(figure, paths)` or matplotlib's own `figure.savefig`. None of them changes matplotlib's settings or
opens windows."""
from .bars import bars
from .boundary import boundary
from .curves import curves
from .heatmap import heatmap
from .histogram import histogram
from .parallel import parallel
from .pictures import pictures
from .scatter import scatter
from .style import save
from .surface import surface
from .violins import violins

__all__ = [
    "bars",
    "boundary",
    "curves",
    "heatmap",
    "histogram",
    "parallel",
    "pictures",
    "save",
    "scatter",
    "surface",
    "violins",
]
