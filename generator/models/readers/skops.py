"""Files of skops, a zip of one JSON schema and numpy arrays, opened as fields: no class that it names is looked for.

skops itself makes the objects, and asks first which classes to trust; a tree among them can still crash the process
that scores it, which is why trees are none of those it trusts. Here nothing but numbers leaves the file.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from generator.models.readers.deployed import ModelFileError
from generator.models.readers.parsing import from_json, refuse_large
from generator.models.readers.parts import Part

SCHEMA = "schema.json"


def opened(data: bytes) -> Part:
    """The object that was saved.

    Raises:
        ModelFileError: It is no file of skops, or too large when unpacked.
        ValueError, LookupError: It is damaged.
    """
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
        refuse_large(sum(each.file_size for each in packed.infolist()))
        schema = from_json(packed.read(SCHEMA))
    except (zipfile.BadZipFile, KeyError):
        raise ModelFileError("is no file of skops; save the model with skops.io.dump(model, path)") from None
    found = _opener(lambda name: _array(packed.read(name)))(schema)
    if not isinstance(found, Part):
        raise ModelFileError("holds no model; save the fitted model itself with skops.io.dump")
    return found


def _array(data: bytes) -> np.ndarray:
    """An .npy file. numpy would set aside what the header promises before it looks for it."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, by_column, dtype = read_header[version](file)
    if dtype.hasobject:
        raise ModelFileError("packs Python objects into an array; save the model again with skops.io.dump")
    flat = np.frombuffer(data, dtype, np.prod(shape, dtype=np.int64), file.tell())
    return flat.reshape(shape, order="F" if by_column else "C")


def _opener(array: Callable[[str], np.ndarray]) -> Callable[[Mapping[str, Any]], Any]:
    def value(node: Mapping[str, Any]) -> Any:
        content, loader = node.get("content"), node["__loader__"]
        if loader == "JsonNode":
            return json.loads(content)
        if loader == "DictNode":
            return {key: value(each) for key, each in content.items()}
        if loader in ("ListNode", "TupleNode", "SetNode"):
            return [value(each) for each in content]
        if loader == "NdArrayNode" and node["type"] == "json":
            return [value(each) for each in content]
        if loader == "NdArrayNode":
            return array(node["file"])[()]  # a number of numpy is kept as an array without a dimension
        if loader == "TypeNode":
            return node["__class__"]
        fields = content["content"] if isinstance(content, dict) and "content" in content else {}
        return Part(node["__class__"], fields if isinstance(fields, dict) else {}, value)

    return value
