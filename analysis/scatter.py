#!/usr/bin/env python3
"""scatter.py --help; the command is mpisweep/commands/scatter.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("scatter"))
