"""The per-row file: what became of every transaction under every model and seed, from which figures follow again.

One line a transaction, model and seed, in that order, judged out of fold. Everything about a
transaction stands together, which also packs best. Beside it lie the weights that judged.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generator.program import STUDY
from generator.records.base import RecordError
from generator.records.files import rows_file
from generator.records.results import StudyResult
from generator.records.spreadsheet import armed, disarmed, number_text

OUTCOMES = ("proved", "broken", "unresolved")
PACKED = 6
"""Level of gzip: above it the file takes three times as long for two parts in a hundred."""


@dataclass(frozen=True)
class Rows:
    """n transactions under m models and s seeds; 1 = fraud, margins are fraud above zero, lengths are in sigma."""

    features: tuple[str, ...]
    models: tuple[str, ...]
    tier: str
    """The tier that the study quotes."""
    ids: np.ndarray
    """(n,) str."""
    label: np.ndarray
    """(n,) int."""
    x: np.ndarray
    """(n, d) raw units."""
    fold: np.ndarray
    """(n, s) int: the fold that holds the row out; replicate = seed * folds + fold."""
    margin: np.ndarray
    """(n, m, s) float32, fraud logit minus legitimate logit, nobody evading."""
    radius_proved: np.ndarray
    """(n, m, s) largest budget proved, plain box; 0 where none is, or the row is wrong to begin with."""
    radius_broken: np.ndarray
    """(n, m, s) smallest budget broken; 0 where the row is wrong to begin with, infinite where none is."""
    outcome: np.ndarray
    """(n, m, s) str: one of `OUTCOMES`, plain box, headline budget, own cut."""
    witness: np.ndarray
    """(n, m, s, d) raw units: an input within the headline budget that is misjudged; NaN where there is none."""
    flagged: np.ndarray
    """(n, m, s) bool: stopped at the quoted operating point, nobody evading."""
    tier_outcome: np.ndarray
    """(n, m, s) str: of frauds at that point, quoted tier, headline budget; broken where not flagged, else empty."""
    tier_witness: np.ndarray
    """(n, m, s, d) raw units: an input within the quoted tier's reach that is not flagged; NaN where there is none."""

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.margin.shape

    def line(self, place: int) -> int:
        """Line of the file that holds one place of (n, m, s), counted in that order."""
        return int(place) + 2


def header(features: Sequence[str], tier: str) -> list[str]:
    """Names of the columns; those about the quoted tier begin with its name."""

    def each(kind: str) -> list[str]:
        return [f"{kind}_{name}" for name in features]

    return [
        "id", "label", *each("input"), "model", "seed", "fold", "margin", "radius_proved", "radius_broken",
        "outcome", *each("witness"), "flagged", tier_column(tier, "outcome"),
        *each(tier_column(tier, "witness")),
    ]  # fmt: skip


def tier_column(tier: str, kind: str) -> str:
    """`t1_outcome` for a tier T1."""
    return f"{tier.lower()}_{kind}"


# ---------------------------------------------------------------- writing


def rows_bytes(rows: Rows) -> bytes:
    """The packed file: equal rows give equal bytes. Floats keep every digit; what does not exist is empty."""
    n, m, s = rows.shape

    def spread(texts: Sequence[str], *, over: tuple[int, ...]) -> Sequence[str]:
        """Texts that do not depend on the axes `over` of (n, m, s), repeated along them."""
        kept = [1 if axis in over else size for axis, size in enumerate((n, m, s))]
        cells = np.empty(len(texts), object)
        cells[:] = texts
        return np.broadcast_to(cells.reshape(kept), (n, m, s)).ravel().tolist()

    def columns(values: np.ndarray) -> list[list[str]]:
        return [_texts(values[..., j]) for j in range(values.shape[-1])]

    table = zip(
        spread(list(map(disarmed, rows.ids.tolist())), over=(1, 2)),
        spread(_texts(rows.label), over=(1, 2)),
        *(spread(column, over=(1, 2)) for column in columns(rows.x)),
        spread(rows.models, over=(0, 2)),
        spread(_texts(np.arange(s)), over=(0, 1)),
        spread(_texts(rows.fold), over=(1,)),
        _texts(rows.margin), _texts(rows.radius_proved), _texts(rows.radius_broken), rows.outcome.ravel().tolist(),
        *columns(rows.witness),
        _texts(rows.flagged.astype(int)), rows.tier_outcome.ravel().tolist(),
        *columns(rows.tier_witness),
        strict=True,
    )  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header(rows.features, rows.tier))
    writer.writerows(table)
    return gzip.compress(text.getvalue().encode(), PACKED, mtime=0)


def _texts(values: np.ndarray) -> list[str]:
    """A text from which each value can be read again, and no other by a spreadsheet; nothing where it is not finite."""
    flat = values.ravel()
    if flat.dtype.kind != "f":
        return list(map(str, flat.tolist()))
    if flat.dtype == np.float32:
        return list(map(number_text, flat.astype(str).tolist()))
    finite = zip(flat.tolist(), np.isfinite(flat), strict=True)
    return [number_text(repr(v)) if there else "" for v, there in finite]


# ---------------------------------------------------------------- reading


def read_rows(folder: Path, result: StudyResult) -> Rows:
    """The per-row file of a record, from the folder of the record.

    Raises:
        RecordError: The file is missing or damaged, or a line is not what its place in the file says;
            the message names file, line and field.
    """
    path = rows_file(folder, result.data.name)
    features = tuple(feature.name for feature in result.data.features)
    tier = result.spec.threat.quoted
    names, (first, *lines) = header(features, tier), _lines(path)
    if first != names:
        raise RecordError(f"{path}, line 1: expected {','.join(names)}, found {','.join(first)}")
    n, s = result.n_judged, result.spec.training.seeds
    if not lines or len(lines) % (n * s):
        raise RecordError(f"{path}: expected {n} rows x {s} seeds for each model, found {len(lines)} lines")
    for number, line in enumerate(lines, start=2):
        if len(line) != len(names):
            raise RecordError(f"{path}, line {number}: expected {len(names)} fields, found {len(line)}")
    grid = (n, len(lines) // (n * s), s)
    text = dict(zip(names, zip(*lines, strict=True), strict=True))

    def shared(name: str, values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        return _shared(path, name, values.reshape(grid), axes)

    def words(name: str, known: tuple[str, ...]) -> np.ndarray:
        return _parsed(path, name, text[name], known.index, " or ".join(filter(None, known)), np.array(known))

    def numbers(name: str, empty: float | None = None) -> np.ndarray:
        return _numbers(path, name, text[name], empty)

    def whole(name: str) -> np.ndarray:
        return _parsed(path, name, text[name], int, "a whole number")

    def each(kind: str, empty: float | None) -> np.ndarray:
        return np.stack([numbers(f"{kind}_{f}", empty).reshape(grid) for f in features], axis=-1)

    seeds = shared("seed", whole("seed"), (0, 1))
    if seeds.tolist() != list(range(s)):
        raise RecordError(f"{path}, seed: expected 0 to {s - 1} in turn, found {seeds.tolist()}")
    return Rows(
        features=features,
        models=tuple(shared("model", np.array(text["model"]), (0, 2)).tolist()),
        tier=tier,
        ids=np.array(list(map(armed, shared("id", np.array(text["id"]), (1, 2)).tolist()))),
        label=shared("label", words("label", ("0", "1")).astype(int), (1, 2)),
        x=np.stack([shared(f"input_{f}", numbers(f"input_{f}"), (1, 2)) for f in features], axis=-1),
        fold=shared("fold", whole("fold"), (1,)),
        margin=numbers("margin").astype(np.float32).reshape(grid),
        radius_proved=numbers("radius_proved").reshape(grid),
        radius_broken=numbers("radius_broken", np.inf).reshape(grid),
        outcome=words("outcome", OUTCOMES).reshape(grid),
        witness=each("witness", np.nan),
        flagged=(words("flagged", ("0", "1")) == "1").reshape(grid),
        tier_outcome=words(tier_column(tier, "outcome"), ("", *OUTCOMES)).reshape(grid),
        tier_witness=each(tier_column(tier, "witness"), np.nan),
    )


def _lines(path: Path) -> list[list[str]]:
    try:
        text = gzip.decompress(path.read_bytes()).decode()
    except FileNotFoundError:
        raise RecordError(f"{path}: no such file; run `{STUDY}` to write it") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: damaged ({error}); run `{STUDY}` to write it again") from None
    return list(csv.reader(io.StringIO(text))) or [[]]


def _parsed(
    path: Path,
    name: str,
    texts: Sequence[str],
    read: Callable[[str], float],
    wanted: str,
    meaning: np.ndarray | None = None,
) -> np.ndarray:
    """What `read` makes of each text, or the entry of `meaning` at that place.

    Raises:
        RecordError: `read` refuses a text; the message names its line and what is wanted.
    """
    known: dict[str, float] = {}
    for number, text in enumerate(texts, start=2):
        if text not in known:
            try:
                known[text] = read(text)
            except ValueError:
                raise RecordError(
                    f"{path}, line {number}, {name}: expected {wanted}, found {text!r}"
                ) from None
    values = np.array([known[text] for text in texts])
    return values if meaning is None else meaning[values]


def _numbers(path: Path, name: str, texts: Sequence[str], empty: float | None) -> np.ndarray:
    def read(text: str) -> float:
        if not text and empty is not None:
            return empty
        value = float(text)
        if not np.isfinite(value):
            raise ValueError(text)
        return value

    return _parsed(path, name, texts, read, "a number" if empty is None else "a number or nothing")


def _shared(path: Path, name: str, values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """values (n, m, s) without the axes along which they must not differ; one that differs from most is named."""
    copies = np.moveaxis(values, axes, range(len(axes)))
    copies = copies.reshape(-1, *copies.shape[len(axes) :])
    usual = np.where((copies == copies[0]).mean(0) >= 0.5, copies[0], copies[-1])
    differs = (values != np.expand_dims(usual, axes)).ravel()
    if differs.any():
        place = int(np.argmax(differs))
        wanted = np.broadcast_to(np.expand_dims(usual, axes), values.shape).ravel()[place]
        raise RecordError(
            f"{path}, line {place + 2}, {name}: expected {wanted} as in the lines it belongs to, "
            f"found {values.ravel()[place]}"
        )
    return usual
