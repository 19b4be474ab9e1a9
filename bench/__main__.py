"""Run every workload, one process each, and say which figures miss their targets.

`python -m bench` runs all, `python -m bench gas verify` some. Each workload prints its ratios, writes
bench/results/<name>.json with the machine it ran on, and exits 1 when it misses a target.
"""

import subprocess
import sys
from pathlib import Path

WORKLOADS = tuple(
    sorted(
        path.stem
        for path in Path(__file__).parent.glob("[a-z]*.py")
        if path.stem not in {"machine", "__main__", "__init__"}
    )
)


def main(names: list[str]) -> int:
    """Run the named workloads, or all; give 0 when every target is met."""
    unknown = set(names) - set(WORKLOADS)
    if unknown:
        print(f"known workloads: {', '.join(WORKLOADS)}", file=sys.stderr)
        return 2
    missed = []
    for name in names or WORKLOADS:
        print(f"── {name} " + "─" * (70 - len(name)), flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode:
            missed.append(name)
    print(f"missed: {', '.join(missed)}" if missed else "every target met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
