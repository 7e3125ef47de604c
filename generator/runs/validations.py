"""Two runs of one table of one's own side by side: what changed, and what asks for a new sign-off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from generator.findings.validation.models import beside, best, in_order, phrase, shown, title_of
from generator.notation import formats
from generator.records.changes import FieldChange, changed_fields, changed_inputs
from generator.records.proofs import Estimate
from generator.records.validation import ValidatedModel, ValidationResult


@dataclass(frozen=True)
class FigureChange:
    """A share of one model, at the quoted rate or its own cut, and at the quoted budget of each run."""

    model: str
    what: str
    """Frauds caught with nobody evading, or the tier that they are proved against; or genuine ones flagged."""
    before: Estimate
    after: Estimate

    @property
    def apart(self) -> bool:
        """Whether the intervals do not meet."""
        return beside(self.after, self.before) != "no difference"


@dataclass(frozen=True)
class ValidationDiff:
    name: str
    inputs: tuple[str, ...]
    """What the run depends on and changed, in words."""
    settings: tuple[FieldChange, ...]
    """Of the study file."""
    figures: tuple[FigureChange, ...]
    reasons: tuple[str, ...]
    """Why a new sign-off is asked for."""

    @property
    def material(self) -> bool:
        return bool(self.reasons)


def compare(before: ValidationResult, after: ValidationResult) -> ValidationDiff:
    """The later run beside the earlier one, of the models and tiers that both have."""
    figures = tuple(_figures(before, after))
    return ValidationDiff(
        name=after.name,
        inputs=tuple(changed_inputs(before.provenance, after.provenance)),
        settings=changed_fields(before.spec, after.spec),
        figures=figures,
        reasons=tuple(_reasons(before, after, figures)),
    )


def _figures(before: ValidationResult, after: ValidationResult) -> Iterator[FigureChange]:
    known = {model.name for model in before.models}
    tiers = [tier.name for tier in shown(after) if tier.name in before.spec.threat.names]
    for model in (each for each in in_order(after) if each.name in known):
        clean = (
            result.tier(model.name, result.spec.threat.quoted).caught_clean for result in (before, after)
        )
        yield FigureChange(title_of(model), "nobody evades", *clean)
        for tier in tiers:
            old, new = (result.tier(model.name, tier) for result in (before, after))
            yield FigureChange(title_of(model), f"proved, {tier}", old.caught_proved, new.caught_proved)
        yield from _at_own_cut(before.model(model.name), model, tiers)


def _at_own_cut(
    before: ValidatedModel, after: ValidatedModel, tiers: Sequence[str]
) -> Iterator[FigureChange]:
    """Of a model in use, where its owner cuts it, against `tiers`."""
    old, title = {cut.tier: cut for cut in before.own_cut}, title_of(after)
    pairs = [(old[new.tier], new) for new in after.own_cut if new.tier in old]
    for was, new in pairs[:1]:
        yield FigureChange(title, "own cut, genuine ones flagged", was.flagged_genuine, new.flagged_genuine)
        yield FigureChange(title, "own cut, nobody evades", was.caught_clean, new.caught_clean)
    for was, new in pairs:
        if new.tier in tiers:
            yield FigureChange(title, f"own cut, proved, {new.tier}", was.caught_proved, new.caught_proved)


def _reasons(
    before: ValidationResult, after: ValidationResult, figures: tuple[FigureChange, ...]
) -> Iterator[str]:
    old, new = ({model.name: model for model in result.models} for result in (before, after))
    if gone := [title_of(old[name]) for name in old if name not in new]:
        yield f"no longer judged: {formats.listed(gone)}"
    if added := [title_of(new[name]) for name in new if name not in old]:
        yield f"judged for the first time: {formats.listed(added)}"
    if other := [title_of(new[name]) for name in new if name in old and new[name].sha256 != old[name].sha256]:
        yield f"another file: {formats.listed(other)}"
    cuts = [{each.name: each.cut for each in result.spec.deployed} for result in (before, after)]
    if moved := [title_of(new[name]) for name in new if len({each.get(name) for each in cuts} - {None}) > 1]:
        yield f"cut otherwise: {formats.listed(moved)}"
    if before.table.sha256 != after.table.sha256:
        yield "another table"
    named = [_named(result) for result in (before, after)]
    if named[0] != named[1]:
        yield f"the model to take was {named[0]}, and is {named[1]}"
    for each in figures:
        if each.apart:
            yield f"{each.model}, {each.what}: the intervals do not meet"


def _named(result: ValidationResult) -> str:
    name, _ = best(result, result.spec.threat.quoted)
    return phrase(result, name) if name else "none other than the one in place"


def show(diff: ValidationDiff, console: Console):
    """Print it; `material` says whether anything asks for a new sign-off."""
    console.print(f"{diff.name}: changed: {formats.listed(diff.inputs) if diff.inputs else 'nothing'}")
    for each in diff.settings:
        console.print(f"  {each.name}: {each.before} -> {each.after}", markup=False)
    if diff.figures:
        table = Table(title=f"{diff.name}: frauds caught, at the quoted rate where no cut is named")
        for column in ("model", "", "before", "after", "intervals"):
            table.add_column(column)
        for each in diff.figures:
            ends = (
                f"{formats.percent(value.value)} ({formats.interval(value)})"
                for value in (each.before, each.after)
            )
            table.add_row(each.model, each.what, *ends, "apart" if each.apart else "meet")
        console.print(table)
    for reason in diff.reasons:
        console.print(f"  asks for a new sign-off: {reason}", markup=False)
    if not diff.material:
        console.print("  nothing asks for a new sign-off")
