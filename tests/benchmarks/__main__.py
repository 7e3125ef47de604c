"""Run the benchmarks, print what they measured, and keep it: `python -m tests.benchmarks [NAME ...]`.

Nothing is asserted and no time is compared with an earlier run: each figure is a ratio of
two ways to do the same work, measured one after the other on one core.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec

from rich.console import Console
from rich.table import Table

from generator.engine import parallel
from tests.benchmarks import rebuilding, results

BENCHMARKS = ("training", "attacks", "proofs", "trees", "cliques", "nets", "pages", "rebuilding")
"""Modules; each is imported when it runs, because some need libraries that the others do without."""


def main():
    console = Console()
    for name in sys.argv[1:] or filter(_has_what_it_needs, BENCHMARKS):
        benchmark = import_module(f"tests.benchmarks.{name}")
        # as the study does it: one worker, one thread
        (measured,) = parallel.run([(benchmark.measure, ())], workers=1)
        results.keep(name, measured)
        console.print(_table(name, benchmark.rows(measured)))
    console.print(f"kept in {results.RESULTS.relative_to(results.ROOT)}", highlight=False)


def _has_what_it_needs(name: str) -> bool:
    peers = {"trees": ("veritas", "xgboost"), "cliques": ("xgboost",), "nets": ("maraboupy",)}
    if name in peers:
        return all(map(find_spec, peers[name]))
    return name != "rebuilding" or rebuilding.EARLIER in os.environ


def _table(name: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=name, show_header=False)
    for row in rows:
        table.add_row(*row)
    return table


if __name__ == "__main__":
    main()
