"""python3 -m mpisweep [COMMAND …]: list the commands, or run one."""
import sys

from .commands.start import COMMANDS, call, run


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help", "help"):
        print("usage: python3 -m mpisweep COMMAND RESULTS.h5 ...\n")
        for name, summary in COMMANDS.items():
            print(f"    {name:18} {summary}")
        print("\nEach has --help. In Python: import mpisweep; help(mpisweep)")
        return 0
    name = sys.argv.pop(1)
    if name not in COMMANDS:
        print(f"mpisweep: no command {name!r}; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    sys.argv[0] = f"python3 -m mpisweep {name}"
    return run(name)


if __name__ == "__main__":
    sys.exit(call(main))
