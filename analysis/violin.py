#!/usr/bin/env python3
"""violin.py --help; the command is mpisweep/commands/violin.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("violin"))
