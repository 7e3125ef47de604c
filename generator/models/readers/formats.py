"""Which reader a file is for, told by its first bytes; and what to do with the files that have none."""

from collections.abc import Callable

from generator.models.readers import catboost, fraudnet, lightgbm, onnx, sklearn, xgboost
from generator.models.readers.deployed import Asked, Deployed, ModelFileError

Reader = Callable[[bytes, Asked], Deployed]

_PICKLE = (
    "is a pickle, which runs code when it is loaded; where it is trusted, save the model in its library's own format "
    "(XGBoost .json, LightGBM .txt, CatBoost .json) or with skops.io.dump(model, path)"
)
_TORCH = (
    "is a checkpoint of torch, pickled and without its layers; export the net with torch.onnx.export(model, example, "
    "path)"
)
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"\x80", _PICKLE),
    *(
        (b"x" + level, f"is compressed as joblib does it: {_PICKLE}")
        for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")
    ),
    (b"version https://git-lfs", "is a pointer of Git LFS, not the model; fetch it with `git lfs pull`"),
    *(
        (start, "is a web page, not the model; download it again")
        for start in (b"<!DOCTYPE", b"<!doctype", b"<html")
    ),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"CBM1", 'is of CatBoost, binary; save it with save_model(path, format="json")'),
    (b"binf", "is of XGBoost before 2, binary; load it there and save it as .json"),
    (
        b"booster[",
        "is a dump of XGBoost, with rounded numbers; save the model with save_model(path) as .json",
    ),
    (b"[", "is a JSON list, such as a dump of XGBoost; save the model with save_model(path) as .json"),
    (b"\x89HDF", "is HDF5, as Keras writes it; export the net as ONNX"),
    (b"<", "is XML, such as PMML; save the model in its library's own format"),
)
_SUFFIXES = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib", ".dill"), _PICKLE),
    **dict.fromkeys((".pt", ".pth", ".ckpt"), _TORCH),
}
_KEYS: tuple[tuple[bytes, Reader | str], ...] = (
    (b'"learner"', xgboost.read_json),
    (b'"features_info"', catboost.read),
    (b'"tree_info"', "is a dump of LightGBM; save the model with save_model(path), as text"),
)
"""Of JSON objects."""


def reader(data: bytes, suffix: str) -> Reader:
    """What reads this content.

    Raises:
        ModelFileError: Nothing here does.
    """
    if not data.strip():
        raise ModelFileError("is empty; save the model again, or copy the file in full")
    if suffix in _SUFFIXES:
        raise ModelFileError(_SUFFIXES[suffix])
    for start, words in _REFUSED:
        if data.startswith(start):
            raise ModelFileError(words)
    if data.startswith(b"PK"):
        return _of_zip(data)
    if data.startswith(b"tree\n"):
        return lightgbm.read
    if data[:1] == b"{" and data[1:2] in (b"i", b"U", b"I", b"l", b"L"):
        return xgboost.read_ubjson
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") < len(data):
        return fraudnet.read
    if suffix == ".onnx" or data[:1] == b"\x08":  # the number of a version comes first
        return onnx.read
    if data.lstrip()[:1] == b"{":
        for key, found in _KEYS:
            if key in data:
                if isinstance(found, str):
                    raise ModelFileError(found)
                return found
    raise ModelFileError(
        "is of no format with a reader; save it as XGBoost .json or .ubj, LightGBM .txt, CatBoost .json, with skops, "
        "or as ONNX"
    )


def _of_zip(data: bytes) -> Reader:
    # names in a zip stand in the plain
    if b"data.pkl" in data:
        raise ModelFileError(_TORCH)
    if b"PK\x05\x06" not in data:  # how its list of contents, the last thing in it, begins
        raise ModelFileError("is a zip that ends before its list of contents; copy it again, in full")
    if b"schema.json" in data:
        return sklearn.read
    raise ModelFileError("is a zip, but not of skops; save the model with skops.io.dump(model, path)")
