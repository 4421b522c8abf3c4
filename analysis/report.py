#!/usr/bin/env python3
"""report.py --help; the command is mpisweep/commands/report.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("report"))
