"""Models that others trained: the bytes of a file in, a model of a known kind out, in the deployed arithmetic.

Files are parsed, never run: nothing is unpickled and no object of a file's choice is made. What a reader cannot
represent exactly is refused in one line. The libraries that wrote the files are not needed to read them.
"""

import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from safetensors import SafetensorError

from generator.engine.files import content_of, sha256_of
from generator.models.readers.deployed import Asked, Deployed, ModelFileError
from generator.models.readers.formats import reader
from generator.models.readers.parsing import refuse_large

_DAMAGED = (
    LookupError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError, EOFError,
    struct.error, zlib.error, zipfile.BadZipFile, SafetensorError,
)  # fmt: skip
"""What parsing raises where a file is not what its first bytes promise."""


def read(source: Path | bytes, name: str = "", asked: Asked | None = None) -> Deployed:
    """The model in a file, told by its content.

    Args:
        source: The file, or its bytes.
        name: Its name in messages, if not that of the file.
        asked: What the file leaves open.

    Raises:
        ModelFileError: It cannot be read, or not exactly; the message is one line: which file, why, and what to do.
    """
    asked = asked or Asked()
    name = name or (source.name if isinstance(source, Path) else "the model")
    try:
        if isinstance(source, Path):
            files = files_of(source)
            asked = replace(asked, file=source.name, beside=files.get(f"{source.name}.data", b""))
            source = files[source.name]
        refuse_large(len(source))
        made = reader(source, Path(name).suffix.lower())(source, asked)
        made = made if asked.fraud is None else made.against(asked.fraud)
        return replace(made, digest=sha256_of(source, asked.beside))
    except OSError as error:
        raise ModelFileError(f"{name}: cannot be read: {error.strerror}; check the path") from None
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from None
    except _DAMAGED as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ModelFileError(
            f"{name}: is damaged, or of a version without a reader ({said}); save it again with its library"
        ) from None


def files_of(path: Path) -> dict[str, bytes]:
    """Name -> content, of a model's file and of the second one of weights that some have beside it.

    Raises:
        OSError: It cannot be read.
        ModelFileError: It is too large.
    """
    beside = path.with_name(f"{path.name}.data")
    return {each.name: _bytes(each) for each in (path, beside) if each == path or each.exists()}


def _bytes(path: Path) -> bytes:
    refuse_large(path.stat().st_size)
    return content_of(path)
