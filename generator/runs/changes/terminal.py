"""Two runs side by side in a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from generator.runs.changes.words import DatasetChanges


def show(found: DatasetChanges, console: Console):
    """What went in, what moved, and what follows, of runs that can be compared."""
    for table in (_inputs(found), _figures(found)):
        if table.row_count:
            console.print(table)
    for line in (found.caution, found.uncompared, f"{found.result.data.title}: {found.sentence}"):
        if line:
            console.print(escape(line), highlight=False)


def _inputs(found: DatasetChanges) -> Table:
    table = _table(f"{found.result.data.title}: what went in", "what", "before", "now")
    for change in found.diff.inputs.every:
        table.add_row(*map(escape, (change.name, change.before, change.after)))
    return table


def _figures(found: DatasetChanges) -> Table:
    """What asks for a new sign-off, then every other figure that moved."""
    columns = ("what", "before", "now", "change", "verdict", "new sign-off, because")
    table = _table(f"{found.result.data.title}: what moved", *columns)
    for row in (*found.asks, *(row for row in found.figures if not row.why)):
        table.add_row(*map(escape, (row.what, row.before, row.after, row.change, row.verdict, row.why)))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=escape(title), title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
