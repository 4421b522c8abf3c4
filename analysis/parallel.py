#!/usr/bin/env python3
"""parallel.py --help; the command is mpisweep/commands/parallel.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("parallel"))
