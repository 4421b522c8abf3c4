#!/usr/bin/env python3
"""pca.py --help; the command is mpisweep/commands/pca.py."""
import sys

from mpisweep.commands.start import run

sys.exit(run("pca"))
