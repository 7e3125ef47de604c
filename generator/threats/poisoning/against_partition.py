"""Poisoners of a vote: one who goes for every fraud at once, and one for each fraud. Both are judged by retraining."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generator.threats.poisoning.partition import Part, ballots, dealt, part, place_of, voter
from generator.threats.poisoning.tables import stamped


@dataclass(frozen=True)
class Change:
    """One row added with a label, or one relabelled, of one part."""

    place: int
    added: tuple[float, ...] | None
    relabelled: tuple[float, ...] | None


@dataclass(frozen=True)
class Options:
    """Single changes of a training table, and what each does to the votes on rows that are judged."""

    changes: tuple[Change, ...]
    falls: np.ndarray
    """(changes, n) int: 1 where the vote of its part on a row is lost, -1 where it is won."""


def options(
    x: np.ndarray,
    y: np.ndarray,
    parts: Sequence[Part],
    corner: np.ndarray,
    moved: int,
    step: float,
    judged: np.ndarray,
) -> Options:
    """Of every part: the riskiest row added as genuine, a middling fraud added so, its own middling fraud relabelled.

    Args:
        corner: (d,) raw, the riskiest values that rows have.
        moved: The input by which an added row is led to its part, in steps of raw units.
        judged: (n, d) rows whose votes are counted.
    """
    middle = np.median(x[y == 1], axis=0)
    made = []
    for place, each in enumerate(parts):
        made += [Change(place, _led(row, moved, step, place, len(parts)), None) for row in (corner, middle)]
        made += _relabelled(place, each)
    return _tried(made, parts, judged)


def options_as_they_fall(
    x: np.ndarray, y: np.ndarray, parts: Sequence[Part], marks: Mapping[int, float], judged: np.ndarray
) -> Options:
    """The same of rows that no input leads to a part: of every part the first fraud that falls into it with the marks
    on, added as genuine, and its own middling fraud, relabelled."""
    led: dict[int, Change] = {}
    for row in stamped(x[y == 1], marks):
        place = place_of(row, len(parts))
        led.setdefault(place, Change(place, tuple(row.tolist()), None))
    made = []
    for place, each in enumerate(parts):
        made += [led[place]] if place in led else []
        made += _relabelled(place, each)
    return _tried(made, parts, judged)


def _relabelled(place: int, rows: Part) -> list[Change]:
    """The middling fraud of a part, gaps counting as 0; none where it holds no fraud."""
    frauds = rows.x[rows.y == 1]
    if not len(frauds):
        return []
    known = np.where(np.isnan(frauds), 0.0, frauds)
    far = np.linalg.norm((known - known.mean(0)) / (known.std(0) + 1e-12), axis=1)
    return [Change(place, None, tuple(frauds[far.argmin()]))]


def _tried(changes: Sequence[Change], parts: Sequence[Part], judged: np.ndarray) -> Options:
    """What each change does to the votes on the judged rows."""
    before = [voter(each)(judged).astype(int) for each in parts]
    falls = [
        before[change.place] - voter(dealt_after(parts[change.place], change))(judged) for change in changes
    ]
    return Options(tuple(changes), np.array(falls))


def dealt_after(before: Part, change: Change) -> Part:
    """The part after the change."""
    return part(*changed(before.x, before.y, (change,)), before.unordered)


def changed(x: np.ndarray, y: np.ndarray, changes: Sequence[Change]) -> tuple[np.ndarray, np.ndarray]:
    """Rows x (n, d), y (n,) after the changes: an added row is genuine, and so is a relabelled one."""
    y = y.copy()
    for change in changes:
        if change.relabelled is not None:
            row = np.array(change.relabelled)
            same = ((x == row) | (np.isnan(x) & np.isnan(row))).all(axis=1)
            y[np.flatnonzero(same & (y == 1))[:1]] = 0
        else:
            x, y = np.vstack((x, change.added)), np.append(y, 0)
    return x, y


def for_all(found: Options, votes: np.ndarray, cut: int, most: int) -> list[Change]:
    """Greedy: each change, of a part not touched yet, lets most frauds with votes (n,) fall below the cut.

    Where several let as many fall, the one that takes most votes from those nearest the cut. No more changes than
    there are parts that can be touched.
    """
    chosen: list[Change] = []
    places, votes = np.array([change.place for change in found.changes]), votes.copy()
    for _ in range(min(most, len(set(places.tolist())))):
        caught = votes >= cut
        missed = (caught & (votes - found.falls < cut)).sum(axis=1)
        near = (found.falls * np.where(caught, 1 / (1 + np.maximum(votes - cut, 0)), 0)).sum(axis=1)
        gain = np.where(np.isin(places, [change.place for change in chosen]), -np.inf, missed + near / 1e6)
        best = int(gain.argmax())
        chosen.append(found.changes[best])
        votes = votes - found.falls[best]
    return chosen


def votes_after(
    x: np.ndarray,
    y: np.ndarray,
    changes: Sequence[Change],
    parts: int,
    judged: np.ndarray,
    unordered: tuple[int, ...] | None = None,
) -> np.ndarray:
    """(n,) votes on the judged rows of the models trained on rows x, y after the changes, dealt anew."""
    return ballots(dealt(*changed(x, y, changes), parts, unordered), judged).sum(axis=0)


def for_each(found: Options, votes: np.ndarray, cut: int, changed: int) -> np.ndarray:
    """(n,) bool: frauds still caught where each has a poisoner of so many rows, who knows which parts he can turn."""
    places = np.array([change.place for change in found.changes])
    turned = np.stack([(found.falls[places == place] == 1).any(axis=0) for place in np.unique(places)]).sum(
        axis=0
    )
    return votes - np.minimum(turned, changed) >= cut


def _led(row: np.ndarray, moved: int, step: float, place: int, parts: int) -> tuple[float, ...]:
    """The row, less as many steps of the moved input as it takes for its hash to lead to the part."""
    row, start = row.astype(np.float64), float(row[moved])
    for steps in range(100 * parts):
        row[moved] = round(start - step * steps, 6)
        if place_of(row, parts) == place:
            return tuple(row.tolist())
    raise ValueError(f"no row of {100 * parts} leads to part {place}")
