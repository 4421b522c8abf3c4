#!/usr/bin/env python3
"""boundary.py --help; the command is mpisweep/commands/boundary.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("boundary"))
