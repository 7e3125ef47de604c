"""Does the suite notice a small fault? `python -m tests.benchmarks.mutants [--count N] [--seed N]`.

One operator or constant of the source is swapped at a time, in a copy of the project, and the tests run there without
the browser until one fails: first those that import the module, then the rest. A fault that none of them notices is
listed with its place and what it swaps. Faults that change nothing stand in mutants.toml with the reason, and others
take their turn. Ends with 1 if fewer than nine in ten are noticed.
"""

import argparse
import ast
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from tests.benchmarks.checkout import ROOT, copied

ROOMS = ("impact", "proofs", "threats", "datasets", "records", "study", "models", "audit")
ENOUGH = 0.9
"""Share of the faults to be noticed."""
PATIENCE = 1800
"""Seconds after which a fault that keeps the tests from ending counts as noticed."""
EQUIVALENT = Path(__file__).parent / "mutants.toml"

BINARY = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"), ast.Pow: ("**", "*"),
}  # fmt: skip
COMPARED = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip
JOINED = {ast.And: ("and", "or"), ast.Or: ("or", "and")}


@dataclass(frozen=True)
class Mutant:
    """One swap: the bytes of `path` from `start` to `end` become `after`."""

    path: Path
    line: int
    start: int
    end: int
    before: str
    after: str
    text: str
    """The line as it stands, by which the list of equivalents knows it."""

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT).as_posix()}:{self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.before} -> {self.after}   in   {self.text}"

    def source(self) -> bytes:
        """The file with the fault."""
        held = self.path.read_bytes()
        return held[: self.start] + self.after.encode() + held[self.end :]


# ---------------------------------------------------------------- what can be swapped


def mutants_of(path: Path) -> list[Mutant]:
    """Every swap in a module, in the order of their places; prose and annotations have none."""
    source = path.read_bytes()
    lines = source.splitlines(keepends=True)
    begins = [0, *accumulate(map(len, lines))]

    def at(line: int, column: int) -> int:
        return begins[line - 1] + column

    def between(one: ast.expr, other: ast.expr, word: str) -> tuple[int, int]:
        """Where an operator stands between its operands, which may have brackets and comments around them."""
        low, high = at(one.end_lineno, one.end_col_offset), at(other.lineno, other.col_offset)
        code = re.sub(rb"#[^\n]*", lambda found: b" " * len(found[0]), source[low:high])
        found = code.index(word.encode())
        return low + found, low + found + len(word)

    def swaps() -> Iterator[tuple[int, int, str]]:
        for node in computing(ast.parse(source)):
            if isinstance(node, ast.BinOp) and (pair := BINARY.get(type(node.op))):
                yield *between(node.left, node.right, pair[0]), pair[1]
            elif isinstance(node, ast.AugAssign) and (pair := BINARY.get(type(node.op))):
                yield *between(node.target, node.value, pair[0]), pair[1]
            elif isinstance(node, ast.Compare):
                for one, op, other in zip(
                    (node.left, *node.comparators), node.ops, node.comparators, strict=False
                ):
                    yield *between(one, other, COMPARED[type(op)][0]), COMPARED[type(op)][1]
            elif isinstance(node, ast.BoolOp):
                before, after = JOINED[type(node.op)]
                for one, other in zip(node.values, node.values[1:], strict=False):
                    yield *between(one, other, before), after
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
                start = at(node.lineno, node.col_offset)
                # brackets around the operand stay
                yield start, start + len(re.match(rb"(not|-)\s*", source[start:])[0]), ""
            elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
                after = (
                    str(not node.value)
                    if isinstance(node.value, bool)
                    else str(node.value + 1)
                    if isinstance(node.value, int)
                    else repr(2 * node.value or 1.0)
                )
                yield (
                    at(node.lineno, node.col_offset),
                    at(node.end_lineno, node.end_col_offset),
                    after,
                )

    found = []
    for start, end, after in sorted(swaps()):
        line = source.count(b"\n", 0, start) + 1
        text = lines[line - 1].decode().strip()
        found.append(Mutant(path, line, start, end, source[start:end].decode(), after, text))
    return found


def computing(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that a run passes: annotations and strings put together from parts are left out."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns") or isinstance(tree, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child
                yield from computing(child)


def drawn(count: int, seed: int) -> list[Mutant]:
    """So many, the rooms taking turns, each by chance; none that is known to change nothing."""
    rng = random.Random(seed)
    rooms = []
    for room in ROOMS:
        found = [
            each for path in sorted((ROOT / "generator" / room).rglob("*.py")) for each in mutants_of(path)
        ]
        rooms.append(iter(rng.sample(found, len(found))))
    left_out = {(ROOT / each["path"], each["text"], each["before"], each["after"]) for each in equivalents()}
    taken = []
    while len(taken) < count:
        for room in rooms:
            taken.append(
                next(each for each in room if (each.path, each.text, each.before, each.after) not in left_out)
            )
    return taken[:count]


def equivalents() -> list[dict[str, str]]:
    """Those that change nothing: path, text of the line, what stands there, what would, and why nothing changes."""
    return tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]


# ---------------------------------------------------------------- who notices


def modules_of(path: Path) -> tuple[str, str]:
    """The dotted name of a module, and that of the package whose names it may lend."""
    name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    return name, name.rpartition(".")[0]


def near(path: Path) -> list[str]:
    """Test modules that import the module or its package, or else the one around that; first those named like it."""
    name, package = modules_of(path)
    tests = {test: test.read_text(encoding="utf-8") for test in sorted((ROOT / "tests").glob("test_*.py"))}
    its_own = re.compile(rf"\b{re.escape(name)}\b|from {re.escape(package)} import [^\n]*\b{path.stem}\b")
    first = sorted(
        (test for test, text in tests.items() if its_own.search(text)), key=lambda t: path.stem not in t.stem
    )
    packages = (name.rsplit(".", level)[0] for level in range(1, name.count(".")))
    around = (
        [test for test, text in tests.items() if re.search(rf"\b{re.escape(each)}\b", text)]
        for each in packages
    )
    then = next(filter(None, around), [])
    return [test.relative_to(ROOT).as_posix() for test in dict.fromkeys((*first, *then))]


def rest(taken: list[str]) -> list[str]:
    every = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").glob("test_*.py"))
    return [test for test in every if test not in taken]


@dataclass(frozen=True)
class Trial:
    """A copy of the project in which faults are tried one after the other."""

    folder: Path

    def fails(self, tests: list[str], compiled: Path) -> str:
        """The first test that fails, or what else ended the run; nothing if all pass."""
        if not tests:
            return ""
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            *tests,
        ]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CACHE_DIR": str(compiled)}
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return f"no end within {PATIENCE} s"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode == 0:
            return ""
        named = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
        return named[1] if named else f"pytest ended with {process.returncode}"

    def noticed(self, mutant: Mutant, *, only_near: bool) -> str:
        """The test that notices the fault; nothing if none does."""
        target = self.folder / mutant.path.relative_to(ROOT)
        target.write_bytes(mutant.source())
        kept = self.folder.with_name(
            "compiled"
        )  # machine code of files without a fault; those with one have their own
        compiles = b"import kernel" in mutant.path.read_bytes()
        fresh = self.folder.with_name("compiled-anew")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            tests = near(mutant.path)
            compiled = fresh if compiles else kept
            return self.fails(tests, compiled) or ("" if only_near else self.fails(rest(tests), compiled))
        finally:
            shutil.copy2(mutant.path, target)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="numbers of the drawn, such as 3,17; all if left out")
    parser.add_argument("--near", action="store_true", help="only the tests that import the module")
    parser.add_argument("--list", action="store_true", help="say what would be swapped, and run nothing")
    given = parser.parse_args()
    chosen = drawn(given.count, given.seed)
    numbers = [int(each) for each in given.only.split(",") if each] or range(len(chosen))
    if given.list:
        for number in numbers:
            print(f"{number}: {chosen[number]}")
        return 0
    unnoticed = []
    with tempfile.TemporaryDirectory() as scratch:
        checkout = copied(Path(scratch) / "project", Path(scratch) / "none.csv")
        trial = Trial(checkout.folder)
        for number in numbers:
            began = time.monotonic()
            by = trial.noticed(chosen[number], only_near=given.near)
            print(
                f"{number}: {by or 'UNNOTICED'} ({time.monotonic() - began:.0f} s): {chosen[number]}",
                flush=True,
            )
            if not by:
                unnoticed.append(chosen[number])
    tried = len(numbers)
    print(
        f"\nnoticed {tried - len(unnoticed)} of {tried}, seed {given.seed}; unnoticed:", *unnoticed, sep="\n"
    )
    return int(tried - len(unnoticed) < ENOUGH * tried)


if __name__ == "__main__":
    sys.exit(main())
