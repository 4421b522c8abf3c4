#!/usr/bin/env python3
"""bars.py --help; the command is mpisweep/commands/bars.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("bars"))
