"""What a proof of a row of a network costs: the search against Marabou 2.0.0, and FraudNet's against an earlier build.

Marabou is no dependency: `pip install maraboupy` first (Linux, Python 3.11). With EARLIER set to a folder of an
earlier checkout, with an environment in its .venv, FraudNet's search is timed side by side with the search there.
"""

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from generator.engine.seeding import stage_rng
from generator.models.fraudnet.hardening import harden
from generator.models.fraudnet.training import train_standard
from generator.proofs import milp
from generator.proofs.relu import search
from generator.proofs.relu.network import Network, from_arrays, margins
from generator.records.spec import TrainingSpec
from tests.benchmarks.data import checks
from tests.marabou_fixture import ask

ROWS, MILP_ROWS = 300, 100
REPEATED = 100
"""Times a row is asked in one call, as rows of a study are asked many at once; its share of the time counts."""
PAIRS = 5
"""Of builds; their medians count."""
CREDIT, CREDIT_TABLE = "CREDIT_CSV", Path("data/raw/uci_credit_card_default.csv")
"""Names the table "Default of credit card clients" (UCI 350); without it the deep network is left out."""
INPUTS = (
    "LIMIT_BAL", "AGE", "BILL_AMT1", "BILL_AMT2", "BILL_AMT3", "BILL_AMT4", "PAY_AMT1", "PAY_AMT2", "PAY_AMT3",
    "PAY_AMT4",
)  # fmt: skip
FIXED = 2
"""The first inputs, which nobody moves in a month: the limit and the age."""
EARLIER = "EARLIER"


def measure() -> dict:
    """Milliseconds a row, medians and means, of three networks; outcomes of all solvers compared row by row."""
    spec, folds = checks()
    first, recipe = slice(0, 1), "accumulating_fgsm"
    train = folds.train_x()[first], folds.train_y()[first]
    standard, _ = train_standard(*train, spec.training, stage_rng(spec.seed, "train"))
    rounds = harden(recipe, standard, *train, spec.training, spec.hardening, stage_rng(spec.seed, recipe))
    x, y = folds.test_x(first)[0][:ROWS].astype(np.float64), folds.test_y(first)[0][:ROWS]
    epsilon = np.full(x.shape[1], spec.attack.headline_epsilon)
    stacks = {"FraudNet, standard": standard, "FraudNet, original recipe": rounds[-1].net}
    asked = {name: (from_arrays(net.to_arrays(), 0), x, y, epsilon) for name, net in stacks.items()}
    measured = {"comparisons": [_compare(name, *each) for name, each in asked.items()]}
    if EARLIER in os.environ:
        measured["builds"] = [_builds(name, *each, Path(os.environ[EARLIER])) for name, each in asked.items()]
    table = Path(os.environ.get(CREDIT) or CREDIT_TABLE)
    if table.exists():
        measured["comparisons"].append(_compare("three layers of 64, 8 of 10 inputs free", *_credit(table)))
    return measured


def _credit(table: Path) -> tuple[Network, np.ndarray, np.ndarray, np.ndarray]:
    """A network of ten numbers of a bank, rows that it has not seen, labelled as it labels them, and what may move."""
    with table.open(newline="") as lines:
        read = [
            ([float(row[name]) for name in INPUTS], int(row["default.payment.next.month"]))
            for row in csv.DictReader(lines)
        ]
    raw, y = (np.array(part) for part in zip(*read, strict=True))
    x = ((raw - raw.mean(0)) / raw.std(0)).astype(np.float32)
    order = stage_rng(0, "credit").permutation(len(x))
    fitted, unseen = order[:20_000], order[20_000 : 20_000 + ROWS]
    training = TrainingSpec(seeds=1, folds=2, epochs=20, hidden=(64, 64, 64))
    net, _ = train_standard(
        x[None, fitted], y[None, fitted].astype(np.int64), training, stage_rng(0, "credit/train")
    )
    network, rows = from_arrays(net.to_arrays(), 0), x[unseen].astype(np.float64)
    reach = np.where(np.arange(len(INPUTS)) < FIXED, 0.0, 0.1)
    return network, rows, (margins(network, rows) > 0).astype(int), reach


def _compare(name: str, network: Network, x: np.ndarray, y: np.ndarray, reach: np.ndarray) -> dict:
    box = x - reach, x + reach
    search.verify(network, *(side[:1] for side in box), y[:1])  # compile before the clock starts
    outcome, ours, theirs, by_marabou = np.zeros(len(x), np.int8), [], [], np.zeros(len(x), np.int8)
    for row in range(len(x)):
        many = np.full(REPEATED, row)
        began = time.process_time()
        found = search.verify(network, box[0][many], box[1][many], y[many])
        ours.append((time.process_time() - began) / REPEATED)
        outcome[row] = found.outcome[0]
        by_marabou[row], took = ask(network, box[0][row], box[1][row], int(y[row]))
        theirs.append(took)
    part = slice(0, MILP_ROWS)
    programs = milp.verify(network, box[0][part], box[1][part], y[part]).outcome
    settled = (outcome != search.UNRESOLVED) & (by_marabou != search.UNRESOLVED)
    return {
        "name": name, "rows": len(x), "epsilon": float(reach.max()),
        "ours": {"median": _ms(statistics.median(ours)), "mean": _ms(statistics.mean(ours)), "most": _ms(max(ours))},
        "marabou": {
            "median": _ms(statistics.median(theirs)), "mean": _ms(statistics.mean(theirs)), "most": _ms(max(theirs)),
        },
        "ratio_of_medians": statistics.median(theirs) / statistics.median(ours),
        "ratio_of_means": statistics.mean(theirs) / statistics.mean(ours),
        "proved": int((outcome == search.PROVED).sum()),
        "open": int((outcome == search.UNRESOLVED).sum()),
        "open_marabou": int((by_marabou == search.UNRESOLVED).sum()),
        "settled_by_both": int(settled.sum()),
        "disagreements": int((outcome != by_marabou)[settled].sum()),
        "disagreements_highs": int((programs != outcome[part])[programs != search.UNRESOLVED].sum()),
        "compared_highs": int((programs != search.UNRESOLVED).sum()),
    }  # fmt: skip


def _ms(seconds: float) -> float:
    return 1000 * seconds


TIMED = """
import sys, time
import numpy as np
from generator.proofs.relu.network import from_arrays
from generator.proofs.relu.search import verify

stored = np.load(sys.argv[1])
network = from_arrays({name: stored[name] for name in stored if "." in name}, 0)
box, y = (stored["low"], stored["high"]), stored["y"]
verify(network, *(side[:1] for side in box), y[:1])
began = time.process_time()
verdicts = [verify(network, *box, y) for _ in range(5)]
print(time.process_time() - began, int(verdicts[0].boxes.sum()))
"""
"""What either build runs, in a process of its own."""


def _builds(
    name: str, network: Network, x: np.ndarray, y: np.ndarray, reach: np.ndarray, earlier: Path
) -> dict:
    """CPU seconds of the same rows in this build and the earlier one, by turns; and the boxes that each looked at."""
    arrays = {"low": x - reach, "high": x + reach, "y": y}
    weights = (*network.weights, np.stack([np.zeros_like(network.v), network.v], axis=1))
    biases = (*network.biases, np.array([0.0, network.c]))
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        arrays |= {f"weights.{layer}": weight[None], f"biases.{layer}": bias[None, None]}
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "asked.npz"
        np.savez(stored, **arrays)
        here = Path(__file__).parents[2]
        runs = {"now": (sys.executable, here), "earlier": (earlier / ".venv/bin/python", earlier)}
        seconds, boxes = {build: [] for build in runs}, {}
        for _ in range(PAIRS + 1):  # the first pair compiles what is not on disk
            for build, (python, root) in runs.items():
                done = subprocess.run(
                    [python, "-c", TIMED, stored],
                    cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, text=True, check=True,
                )  # fmt: skip
                took, looked = done.stdout.split()
                seconds[build].append(float(took))
                boxes[build] = int(looked)
    now, before = (statistics.median(seconds[build][1:]) for build in ("now", "earlier"))
    return {"name": name, "now": now, "earlier": before, "ratio": before / now, "boxes": boxes}


def rows(measured: dict) -> list[tuple[str, str]]:
    """One line a comparison, for the terminal."""
    lines = [
        (
            f"{each['name']}: {each['rows']} rows, median of a row against Marabou",
            f"{each['ours']['median']:.3g} ms, {each['marabou']['median']:.3g} ms: {each['ratio_of_medians']:,.0f} x; "
            f"open {each['open']}, other answers {each['disagreements']} of {each['settled_by_both']}, "
            f"of HiGHS {each['disagreements_highs']} of {each['compared_highs']}",
        )
        for each in measured["comparisons"]
    ]
    return lines + [
        (
            f"{each['name']}: the earlier build",
            f"{each['earlier']:.3g} s, {each['now']:.3g} s: {each['ratio']:.2f} x",
        )
        for each in measured.get("builds", ())
    ]
