"""What of this program's source a page depends on: all of it, but for the findings that no template of it asks for.

A finding is a field of `DatasetFindings`. It is worked out by the modules that are named where it is defined, and only
templates ask for one, by its name behind a dot or in quotes. So a module of that room to which nothing else leads does
nothing for a page without such a name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import CodeType, ModuleType

from generator import findings
from generator.engine.files import visible_files
from generator.engine.unchanged import HOME, fingerprint, module_of, sources_of
from generator.findings import DatasetFindings

ASKED = re.compile(r"\.\s*(\w+)|[\"'](\w+)[\"']")


def source_of_all() -> str:
    """Stands for the source that every page depends on."""
    files = [
        file for file in visible_files(HOME, deep=True) if file.suffix != ".pyc" and file not in _apart()
    ]
    return fingerprint(part for file in files for part in (file.relative_to(HOME).as_posix(), file))


def source_of_findings(templates: Iterable[Path]) -> str:
    """Stands for the source of the findings on a page that is made of these templates."""
    asked = set().union(*(asked_for(path.read_text(encoding="utf-8")) for path in templates))
    modules = set().union(*(modules for name, modules in makers().items() if name in asked))
    return fingerprint(file for file in sources_of(*modules, end=findings.__name__) if file in _apart())


def asked_for(template: str) -> set[str]:
    """Whatever in a template can be the name of a field."""
    return {name for pair in ASKED.findall(template) for name in pair if name}


@cache
def makers() -> Mapping[str, frozenset[str]]:
    """Field of `DatasetFindings` --> names of the modules that work it out, or a field that it is made of."""
    codes = {
        name: each.func.__code__
        for name, each in vars(DatasetFindings).items()
        if isinstance(each, cached_property)
    }
    names = {field: set(_names(code)) for field, code in codes.items()}
    for _ in names:  # a field of a field of ... as long as there are any
        for used in names.values():
            used.update(*(names[other] for other in used & names.keys()))
    return {field: frozenset(filter(None, map(_module, used))) for field, used in names.items()}


def _names(code: CodeType) -> Iterator[str]:
    """What a function, or one defined in it, names: of modules, of fields, and of whatever else."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)


def _module(name: str) -> str | None:
    """The module that a name in `findings` stands for, or that defines it."""
    found = vars(findings).get(name)
    return found.__name__ if isinstance(found, ModuleType) else getattr(found, "__module__", None)


@cache
def _apart() -> frozenset[Path]:
    """The modules of the room to which only `DatasetFindings` leads."""
    room = Path(findings.__file__)
    own = set(visible_files(room.parent, "*.py")) - {room}
    others = [module_of(file) for file in visible_files(HOME, "*.py", deep=True) if file not in own]
    return frozenset(own - set(sources_of(*others, end=findings.__name__)))
