"""Run the benchmarks, print what they measured, and keep it: `python -m tests.benchmarks`.

Nothing is asserted and no time is compared with an earlier run: each figure is a ratio of
two ways to do the same work, measured one after the other on one core.
"""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from generator.engine import parallel
from generator.engine.files import write_whole
from tests.benchmarks import attacks, proofs, training

RESULTS = Path(__file__).parents[2] / "benchmarks-out" / "results.json"

BENCHMARKS = {"training": training, "attacks": attacks, "proofs": proofs}


def main():
    console, measured = Console(), {}
    for name, benchmark in BENCHMARKS.items():
        # as the study does it: one worker, one thread
        (measured[name],) = parallel.run([(benchmark.measure, ())], workers=1)
        console.print(_table(name, benchmark.rows(measured[name])))
    write_whole(RESULTS, (json.dumps(measured, indent=1, allow_nan=False) + "\n").encode())
    console.print(f"written to {RESULTS.relative_to(RESULTS.parents[1])}", highlight=False)


def _table(name: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=name, show_header=False)
    for row in rows:
        table.add_row(*row)
    return table


if __name__ == "__main__":
    main()
