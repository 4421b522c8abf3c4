#!/usr/bin/env python3
"""compare_reference.py --help; the command is mpisweep/commands/compare_reference.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("compare_reference"))
