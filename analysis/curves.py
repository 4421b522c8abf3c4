#!/usr/bin/env python3
"""curves.py --help; the command is mpisweep/commands/curves.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("curves"))
