"""The questions about one published transaction, written so that any other solver can be asked the same.

Of a network a question is two files: NAME.onnx, the published network with one more layer that makes its two logits
the margin less the cut, and NAME.vnnlib (VNN-LIB 1.0), the box of the row and the assertion of a mistake in it. So
`unsat` says that the row is proved and `sat` that it is broken. Inputs are standardised, as the network has them.

Of trees it is NAME.json. Their own thresholds cut each input into cells, within which no tree can tell two values
apart, so a box is some cells of each input, and what is left has neither comparisons nor float types of inputs.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from generator.audit.judgements import plain_box, tier_box
from generator.audit.published import AuditError, Published, read_published, right_sides
from generator.records.results import StudyResult

SEED = 0
"""Whose models are asked about: those of the first repetition, of the fold that holds the row out."""


@dataclass(frozen=True)
class Question:
    """Whether one model judges one row right on all of its box."""

    name: str
    """Of its files: dataset, row, model and tier, with _ for what may not stand in a name."""
    kind: str
    """Of the model."""
    arrays: Mapping[str, np.ndarray]
    """Of the replicate that judges the row."""
    features: tuple[str, ...]
    lower: np.ndarray
    """(d,) standardised."""
    upper: np.ndarray
    means: np.ndarray
    """(d,) raw units, with `scales`: raw = standardised * scale + mean."""
    scales: np.ndarray
    raw: np.ndarray
    """(d,) the row itself."""
    fraud: bool
    cut: float
    """Flagged where the margin is above it."""
    whole: tuple[str, ...]
    """Inputs that move in whole raw units; a solver that knows none may find a point between them."""
    outcome: str
    """What the study found."""


def export(result: StudyResult, records: Path, row_id: str, folder: Path) -> list[Path]:
    """Write all questions about the row called `row_id` that have a format; the files written, below `folder`.

    None if no row is called that.

    Raises:
        AuditError: A package that writes the format is missing.
        RecordError: A published file is missing or damaged.
    """
    published, written = read_published(result, records), []
    for question in questions(published, row_id):
        if question.kind in WRITERS:
            written += WRITERS[question.kind](question, folder)
    return written


def questions(published: Published, row_id: str) -> Iterator[Question]:
    """Of every published model: the plain box at its own cut, and for a fraud the quoted tier at the quoted point."""
    rows, result = published.rows, published.result
    found = np.flatnonzero(rows.ids == row_id)
    if not len(found):
        return
    row, fraud = int(found[0]), bool(rows.label[found[0]] == 1)
    threat, replicate = result.spec.threat, int(published.replicate[row, SEED])
    whole = tuple(f.name for f in result.data.features if f.integer)
    asked = [(threat.benchmark, plain_box(published), None, rows.outcome, ())]
    if fraud:
        lower, upper, reach = tier_box(published)
        moving = tuple(
            name for name, one in zip(rows.features, reach.whole & reach.movable, strict=True) if one
        )
        asked.append((rows.tier, (lower, upper), published.cuts(), rows.tier_outcome, moving))
    for m, model in enumerate(rows.models):
        part = f"{model}/"
        arrays = {
            name.removeprefix(part): a[replicate]
            for name, a in published.arrays.items()
            if name.startswith(part)
        }
        for tier, box, cuts, outcome, moving in asked:
            lower, upper = (side[row, 0, SEED] for side in box)
            yield Question(
                name=re.sub(r"[^\w.-]", "_", f"{result.data.name}-{row_id}-{model}-{tier}"),
                kind=result.model(model).kind, arrays=arrays, features=rows.features,
                lower=lower, upper=upper, raw=rows.x[row], fraud=fraud,
                means=published.arrays["means"][replicate], scales=published.arrays["scales"][replicate],
                cut=0.0 if cuts is None else float(cuts[row, m, SEED]),
                whole=tuple(name for name in whole if name in moving),
                outcome=str(outcome[row, m, SEED]),
            )  # fmt: skip


def write_network(question: Question, folder: Path) -> list[Path]:
    """NAME.onnx and NAME.vnnlib.

    Raises:
        AuditError: The package onnx is missing.
    """
    try:
        import onnx
    except ImportError:
        raise AuditError("ONNX files are written by the package onnx: python -m pip install onnx") from None
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{question.name}.{kind}" for kind in ("onnx", "vnnlib")]
    onnx.save(network_model(onnx, question), paths[0])
    paths[1].write_text(vnnlib(question))
    return paths


def network_model(onnx: ModuleType, question: Question):
    """The ONNX model in -> margin less cut, Gemm and Relu by turns, all in float32."""
    helper, numbers = onnx.helper, onnx.TensorProto.FLOAT
    layers = sum(name.startswith("weights.") for name in question.arrays)
    steps = [(question.arrays[f"weights.{i}"], question.arrays[f"biases.{i}"].ravel()) for i in range(layers)]
    steps.append((np.array([[-1.0], [1.0]]), np.array([-question.cut])))
    nodes, constants, taken = [], [], "X"
    for i, (weight, bias) in enumerate(steps):
        for name, array in ((f"W{i}", weight), (f"b{i}", bias)):
            constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
        made = "Y" if i == layers else f"z{i}"
        nodes.append(helper.make_node("Gemm", [taken, f"W{i}", f"b{i}"], [made]))
        taken = made
        if i < layers - 1:  # the logits and the margin have none
            nodes.append(helper.make_node("Relu", [made], [f"a{i}"]))
            taken = f"a{i}"
    graph = helper.make_graph(
        nodes, question.name, initializer=constants,
        inputs=[helper.make_tensor_value_info("X", numbers, [1, len(question.lower)])],
        outputs=[helper.make_tensor_value_info("Y", numbers, [1, 1])],
    )  # fmt: skip
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8, producer_name="security-study")
    onnx.checker.check_model(model)
    return model


def vnnlib(question: Question) -> str:
    """The box and the mistake in VNN-LIB 1.0: the margin less the cut is at most 0 for a fraud, else at least."""
    told = [f"{question.name}: the study found this row {question.outcome}"]
    told.append("unsat: the row is proved; sat: it is broken, or touches the cut")
    if question.whole:
        told.append(f"whole numbers in the study, any between here: {', '.join(question.whole)}")
    lines = [f"; {line}" for line in told]
    lines += [f"; X_{i}: {' '.join(name.split())}, standardised" for i, name in enumerate(question.features)]
    lines += [f"(declare-const X_{i} Real)" for i in range(len(question.features))]
    lines.append("(declare-const Y_0 Real)")
    for i, ends in enumerate(zip(question.lower, question.upper, strict=True)):
        lines += [
            f"(assert ({sign} X_{i} {_decimal(end)}))" for sign, end in zip((">=", "<="), ends, strict=True)
        ]
    lines.append(f"(assert ({'<=' if question.fraud else '>='} Y_0 0.0))")
    return "\n".join(lines) + "\n"


def _decimal(value: float) -> str:
    """Without an exponent, which the format does not have; reads back as the same number."""
    return np.format_float_positional(value, unique=True, trim="0")


# ---------------------------------------------------------------- trees


def write_trees(question: Question, folder: Path) -> list[Path]:
    """NAME.json.

    Raises:
        AuditError: A tree asks for a category, which has no cells in an order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{question.name}.json"
    path.write_text(json.dumps(tree_question(question), indent=1) + "\n", encoding="utf-8")
    return [path]


def tree_question(question: Question) -> dict:
    """What NAME.json holds: cells of each input, trees over cells, and what is asked."""
    arrays = question.arrays
    if arrays["category_set"].size:
        raise AuditError(f"{question.name}: trees that ask for categories are not written")
    feature, number = arrays["feature"], arrays["number"]
    thresholds = [np.unique(number[feature == j]) for j in range(len(question.features))]
    side = "<=" if question.fraud else ">"
    return {
        "question": f"Is there one cell for each input, among its reachable ones, with a margin {side} cut?",
        "found": f"{question.outcome}: {'yes' if question.outcome == 'broken' else 'no'}",
        "margin": "start + the leaf of each tree, summed in this order, / divisor * scale + bias - own_cut",
        "float_type_of_the_sum": "float32" if arrays["single_sum"] else "float64",
        "cut": question.cut,
        "own_cut": float(arrays["cut"]),
        **{name: float(arrays[name]) for name in ("start", "divisor", "scale", "bias")},
        "comparison": f"cell k of an input: k of its thresholds are {'<=' if arrays['strict'] else '<'} the value",
        "inputs": [
            {"name": name, "thresholds": cuts.tolist(), "reachable": _reachable(question, j, cuts)}
            for j, (name, cuts) in enumerate(zip(question.features, thresholds, strict=True))
        ],
        "nodes": "[input, k, place of the right side]: left, the next node, where the cell is k or less; else [leaf]",
        "trees": _trees(feature, number, thresholds, int(arrays["trees"])),
    }


def _reachable(question: Question, j: int, thresholds: np.ndarray) -> list[int]:
    """The cells of input j that some value of the box lies in; of whole numbers, some whole number or the row."""
    raw, whole = question.raw[j], question.features[j] in question.whole
    ends = np.array([question.lower[j], question.upper[j]]) * question.scales[j] + question.means[j]
    if question.lower[j] == question.upper[j]:
        values = np.array([raw])
    elif whole:
        values = np.append(
            np.arange(np.ceil(ends[0] - NEARLY_WHOLE), np.floor(ends[1] + NEARLY_WHOLE) + 1), raw
        )
    else:
        low, high = (_cell(question, thresholds, value) for value in (min(ends[0], raw), max(ends[1], raw)))
        return list(range(low, high + 1))
    return sorted({_cell(question, thresholds, value) for value in values.tolist()})


def _cell(question: Question, thresholds: np.ndarray, value: float) -> int:
    if question.arrays["single_inputs"]:
        value = float(np.float32(value))
    return int(np.searchsorted(thresholds, value, side="right" if question.arrays["strict"] else "left"))


def _trees(feature: np.ndarray, number: np.ndarray, thresholds: list[np.ndarray], count: int) -> list[list]:
    """Each tree as its nodes, places counted from its root."""
    right, roots = right_sides((feature >= 0).tolist())
    ends = [*roots[1:], len(feature)]
    return [
        [
            [int(feature[n]), int(np.searchsorted(thresholds[feature[n]], number[n])), int(right[n]) - root]
            if feature[n] >= 0
            else [float(number[n])]
            for n in range(root, end)
        ]
        for root, end in list(zip(roots, ends, strict=True))[:count]
    ]


NEARLY_WHOLE = 1e-6
"""Raw units by which the face of a box may miss the whole number that it stands for."""

WRITERS: dict[str, Callable[[Question, Path], list[Path]]] = {"relu": write_network, "trees": write_trees}
"""By kind of model; what is not here needs no solver, or has no format."""
