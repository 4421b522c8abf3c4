#!/usr/bin/env python3
"""heatmap.py --help; the command is mpisweep/commands/heatmap.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("heatmap"))
