"""One page between MkDocs and the reader: all that depends on its own HTML and on the terms of the glossary.

What follows depends on the other pages too: which style sheets they ask for, and where their links lead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from generator.engine.files import sha256_of
from generator.engine.memo import Memo
from generator.engine.unchanged import fingerprint, sources_of
from generator.pages import tables
from generator.publish.postprocess import loading, markup, parts, search, states, styles, trim
from generator.publish.postprocess.terms import Explained, linked

STAGE = "site/page"


@dataclass(frozen=True)
class Finished:
    """A page as it is published, but for the name of its style sheet and its policy."""

    text: str
    words: Sequence[str]
    """In it, sorted: names of classes are among them."""
    sheets: Sequence[str]
    """Style sheets it asked for, in order; `text` asks for one in their place, `loading.SHARED`."""
    held: markup.Markup

    def with_sheet(self, name: str) -> "Finished":
        """The page with the name of the one style sheet that all pages share."""
        references = [(line, address.replace(loading.SHARED, name)) for line, address in self.held.references]
        return replace(
            self, text=self.text.replace(loading.SHARED, name), held=replace(self.held, references=references)
        )


def finished(page: Explained, memo: Memo) -> Finished:
    """The page, finished now or by an earlier run."""
    inputs = {
        "source": _source(),
        "page": sha256_of(page.text),
        "terms": sha256_of(repr(page.terms), page.target),
    }
    kept = memo.value(STAGE, inputs, lambda: _kept(_finished(page)))
    return Finished(**kept | {"held": markup.from_json(kept["held"])})


@cache
def _source() -> str:
    """Stands for all the source that decides what becomes of a page."""
    return fingerprint(sources_of(__name__))


def _finished(page: Explained) -> Finished:
    text = states.addressed(linked(page.text, page.terms, page.target))
    text = search.named(trim.unindented(tables.boxed(parts.parted(text))))
    words = sorted(styles.words(text))
    text, sheets = loading.hastened(text)
    return Finished(text, words, sheets, markup.parse(text))


def _kept(page: Finished) -> dict:
    return {**vars(page), "held": markup.to_json(page.held)}
