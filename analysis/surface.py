#!/usr/bin/env python3
"""surface.py --help; the command is mpisweep/commands/surface.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("surface"))
