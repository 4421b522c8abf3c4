#!/usr/bin/env python3
"""histogram.py --help; the command is mpisweep/commands/histogram.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("histogram"))
