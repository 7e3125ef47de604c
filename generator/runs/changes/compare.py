"""Two records of one dataset, compared: inputs, figures, choices, cuts and checks. Arithmetic on records only."""

from dataclasses import dataclass

from generator.findings.gate_words import GATE
from generator.notation import formats
from generator.notation.names import MODELS, STATUSES
from generator.pages.ledger import plain
from generator.records.changes import FieldChange, changed_entries, changed_fields, changed_inputs
from generator.records.results import Provenance, StudyResult
from generator.runs.changes.figures import FigureChange, measures


@dataclass(frozen=True)
class InputChanges:
    """What went into the runs and differs."""

    words: tuple[str, ...]
    """In words; empty if both runs are the same study."""
    data: tuple[FieldChange, ...]
    source: tuple[FieldChange, ...]
    """Hashes of the study's source and of the lock file."""
    versions: tuple[FieldChange, ...]
    settings: tuple[FieldChange, ...]
    """Fields of the spec, by path."""
    models: tuple[FieldChange, ...]
    """Models that only one of the runs has."""

    @property
    def every(self) -> tuple[FieldChange, ...]:
        return (*self.data, *self.source, *self.versions, *self.settings, *self.models)


@dataclass(frozen=True)
class ChoiceChange:
    """The recipe named best against one attacker, and what it provably keeps on rows it was not chosen on."""

    tier: str
    before: str
    after: str
    figure: FigureChange

    @property
    def reasons(self) -> tuple[str, ...]:
        other = ("another recipe is named best",) if self.before != self.after else ()
        return (*other, *self.figure.reasons)


@dataclass(frozen=True)
class RunDiff:
    """What lies between two runs."""

    before: StudyResult
    after: StudyResult
    inputs: InputChanges
    figures: tuple[FigureChange, ...]
    """Every figure both runs hold, changed or not, by model."""
    choices: tuple[ChoiceChange, ...]
    cuts: tuple[FieldChange, ...]
    """Cuts that moved, as pages write them."""
    gate: tuple[FieldChange, ...]
    """Checks of the sanity gate with another result."""
    uncompared: tuple[str, ...]
    """Figures that only one of the runs holds."""

    @property
    def failures(self) -> tuple[FieldChange, ...]:
        """Checks that fail and did not fail before."""
        return tuple(check for check in self.gate if check.after == "FAIL")

    @property
    def material(self) -> bool:
        """Whether anything asks for a new sign-off."""
        moved = any(change.reasons for change in (*self.figures, *self.choices))
        return moved or bool(self.cuts or self.failures)


def compare_runs(before: StudyResult, after: StudyResult) -> RunDiff:
    """`after` against `before`, at the budget and the false-positive rate that `after` quotes.

    Raises:
        ValueError: The records are of different datasets.
    """
    if before.data.name != after.data.name:
        raise ValueError(f"{before.data.name} and {after.data.name} are different datasets: not compared")
    names = [model.name for model in before.models]
    shared = [name for name in MODELS if name in names and name in [model.name for model in after.models]]
    measured = measures(after.spec.threat)
    found = [measure.change(before, after, name) for name in shared for measure in measured]
    choices, comparable = _choices(before, after)
    missing = [
        measure.title
        for measure in measured
        if any(measure.in_one_only(before, after, name) for name in shared)
    ]
    return RunDiff(
        before=before,
        after=after,
        inputs=_inputs(before, after),
        figures=tuple(change for change in found if change),
        choices=choices,
        cuts=_cuts(before, after),
        gate=changed_entries(_checks(before), _checks(after)),
        uncompared=(*missing, *([] if comparable else ["the recipe named best"])),
    )


def _inputs(before: StudyResult, after: StudyResult) -> InputChanges:
    old, new = before.provenance, after.provenance
    settings = changed_fields(before.spec, after.spec)
    words = [*changed_inputs(old, new), *(["the settings"] if settings else [])]
    return InputChanges(
        words=tuple(dict.fromkeys(words)),
        data=_moved(_data(before), _data(after)),
        source=changed_entries(_source(old), _source(new)),
        versions=changed_entries(old.versions, new.versions),
        settings=settings,
        models=changed_entries(_models(before), _models(after)),
    )


def _data(run: StudyResult) -> dict[str, str]:
    return {
        "which data": STATUSES[run.data.source.status],
        "rows": formats.count(run.data.n_rows),
        "rows judged": formats.count(run.n_judged),
        "hash of the table": formats.sha(run.provenance.data_sha256),
    }


def _source(origin: Provenance) -> dict[str, str]:
    return {
        "hash of the study's source": formats.sha(origin.source_sha256),
        "hash of requirements.txt": formats.sha(origin.lock_sha256),
    }


def _models(run: StudyResult) -> dict[str, str]:
    known = {model.name: MODELS[model.name].title for model in run.models if model.name in MODELS}
    return {f"model {known.get(model.name, model.name)}": "in the run" for model in run.models}


def _choices(before: StudyResult, after: StudyResult) -> tuple[tuple[ChoiceChange, ...], bool]:
    """The choices both runs made, and whether none had to be left out: other budgets are other questions."""
    old, new = ({(c.tier, c.measure): c for c in run.choices} for run in (before, after))
    if _quoted(before) != _quoted(after):
        return (), not old and not new
    changes = []
    for asked in [key for key in new if key in old]:
        was, now = old[asked], new[asked]
        figure = FigureChange(
            now.model, "on rows not chosen on", "higher", "percent", 1.0, was.validated, now.validated
        )
        changes.append(ChoiceChange(now.tier, was.model, now.model, figure))
    return tuple(changes), old.keys() == new.keys()


def _quoted(run: StudyResult) -> tuple[float, float]:
    return run.spec.attack.headline_epsilon, run.spec.proof.quoted_false_positive_rate


def _cuts(before: StudyResult, after: StudyResult) -> tuple[FieldChange, ...]:
    """A cut has moved if a reader sees it move: in the fourth decimal of a score, or in the rate it is set by."""

    def written(run: StudyResult) -> dict[str, str]:
        rule = run.data.rule
        cut = {"score from which a row is labelled fraud": formats.score(rule.cut)} if rule else {}
        return cut | {
            "quoted false-positive rate": formats.percent(run.spec.proof.quoted_false_positive_rate),
        }

    return _moved(written(before), written(after))


def _moved(before: dict[str, str], after: dict[str, str]) -> tuple[FieldChange, ...]:
    """As `changed_entries`, for text with numbers in it: their sources always differ, and are no change."""
    changes = changed_entries(before, after)
    return tuple(change for change in changes if plain(change.before) != plain(change.after))


def _checks(run: StudyResult) -> dict[str, str]:
    return {GATE[check.slug].title: check.status for check in run.proofs.gate}
