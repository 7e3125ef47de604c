"""The ONNX Runtime: it runs the graph of a file as it stands, which shows its score before that is a probability."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from generator.models.deployed import TakenOver
from generator.models.libraries.asked import Margins, NotAskedError, another, named
from generator.models.readers.onnx.naming import nothing_in
from generator.models.trees.ensemble import Ensemble

_TYPES = {
    "float": np.float32, "double": np.float64, "int64": np.int64, "int32": np.int32, "int16": np.int16,
    "int8": np.int8, "uint8": np.uint8, "bool": bool, "string": object,
}  # fmt: skip
"""Of inputs, as the runtime calls them."""


def onnx(module: ModuleType, taken: TakenOver, files: Mapping[str, bytes], name: str) -> Margins:
    """Raises: NotAskedError if onnx is missing, which opens the file."""
    try:
        opener = importlib.import_module("onnx")
    except ImportError:
        raise NotAskedError("the ONNX Runtime is not asked, as onnx is not installed") from None
    score, model = taken.file.score, _opened(opener, files, name)
    for node in model.graph.node:
        for attribute in node.attribute:
            if score in node.output and attribute.name == "post_transform":
                attribute.s = b"NONE"
    if score not in [each.name for each in model.graph.output]:
        model.graph.output.append(opener.ValueInfoProto(name=score))
    options = module.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = module.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    of_two = not isinstance(taken.file.model, Ensemble) and taken.file.model.weights[-1].shape[1] == 2

    def margins(given: np.ndarray) -> np.ndarray:
        (found,) = session.run([score], _fed(session.get_inputs(), taken, given))
        found = found.astype(np.float64)
        return found[:, 1] - found[:, 0] if of_two else found[:, -1]

    return margins


def _opened(opener: ModuleType, files: Mapping[str, bytes], name: str) -> Any:
    """Weights in a second file are looked for beside the first."""
    with TemporaryDirectory() as folder:
        for each, content in files.items():
            (Path(folder) / each).write_bytes(content)
        return opener.load(Path(folder) / name)


def _fed(inputs: Sequence[Any], taken: TakenOver, given: np.ndarray) -> dict[str, np.ndarray]:
    """Rows as the graph wants them: one matrix, or one input a column; what no step takes is nought."""
    columns = named(taken.file, given, _nothing)
    types = {each.name: _TYPES[each.type.removeprefix("tensor(").removesuffix(")")] for each in inputs}
    if len(types) == 1:
        return {name: np.column_stack(columns).astype(kind) for name, kind in types.items()}
    by_name, none = dict(zip(taken.file.inputs, columns, strict=True)), np.zeros(len(given))
    return {name: by_name.get(name, none)[:, None].astype(kind) for name, kind in types.items()}


def _nothing(names: tuple) -> object:
    """The text that stands for no name; where the model knows none, it counts as any other name."""
    found = nothing_in(names)
    return another(names) if found is None else found
