"""ONNX files: nets as torch exports them, pipelines as skl2onnx does, ensembles of trees; all in the graph's types.

A runtime sums in an order of its own, which depends on batch and threads: scores hold within a tolerance, and a row
whose score is nearer to the cut than that is undecided.
"""

from dataclasses import replace

from generator.models.readers.columns import ignores
from generator.models.readers.deployed import Asked, Deployed
from generator.models.readers.onnx.front import front
from generator.models.readers.onnx.graph import parsed
from generator.models.readers.onnx.nets import net
from generator.models.readers.onnx.trees import trees


def read(data: bytes, asked: Asked) -> Deployed:
    """The net, line or ensemble of `torch.onnx.export` or `skl2onnx.to_onnx`."""
    graph = parsed(data, asked)
    found = front(graph)
    kind = found.rest[0].kind if found.rest else ""
    made = trees(found, asked) if kind.startswith("TreeEnsemble") else net(found, graph.constants)
    inputs = found.inputs
    return replace(
        made,
        library=f"ONNX of {graph.writer}",
        inputs=inputs.names,
        categories=tuple(inputs.categories.get(place) for place in range(inputs.width))
        if inputs.categories
        else (),
        ignores=ignores(inputs) - found.cut_off,
        notes=(*made.notes, *found.notes),
    )
