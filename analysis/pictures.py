#!/usr/bin/env python3
"""pictures.py --help; the command is mpisweep/commands/pictures.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("pictures"))
