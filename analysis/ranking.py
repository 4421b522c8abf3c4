#!/usr/bin/env python3
"""ranking.py --help; the command is mpisweep/commands/ranking.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("ranking"))
