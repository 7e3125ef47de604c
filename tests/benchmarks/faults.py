"""Kill, damage, starve and race real runs: `python -m tests.benchmarks.faults [--kills N] [--seed N] [--folder DIR]`.

Every trial runs the command line in a copy of the project, and must end with the bytes of a run that nobody
disturbed. Given a folder, finished trials are kept there, and the same command goes on with the next. Ends with 1 if
a trial did not end as it should.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.engine.files import write_whole
from tests.benchmarks import results
from tests.benchmarks.checkout import SETTLE, Checkout, Done, copied, small_disk, small_table, twin

DISK = 120
"""Megabytes of the small disk."""


@dataclass(frozen=True)
class Reference:
    """A run that nobody disturbed, in a checkout of its own."""

    checkout: Checkout
    contents: dict[str, str]
    cold: float
    """Seconds of the run."""
    warm: float
    """Seconds of the same run with every stage on disk."""

    def entries(self) -> list[Path]:
        """Of its stage cache."""
        return sorted((self.checkout.records / "cache").iterdir())


@dataclass(frozen=True)
class Outcome:
    """How a trial ended."""

    what: str
    """What was done to the run, in a word or two."""
    wrong: list[str]
    """What is not as it should be; empty if all is well."""


Trial = Callable[[Checkout, Reference, int, random.Random], Outcome]
"""From a checkout to use, what it must end as, the number of the trial, and its own source of chance."""


def differences(reference: Reference, checkout: Checkout) -> list[str]:
    """Names of files that are not as in the reference, and of what should not have been left."""
    wanted, found = reference.contents, checkout.contents()
    return sorted(n for n in {*wanted, *found} if wanted.get(n) != found.get(n)) + checkout.leftovers()


def finished(done: Done, reference: Reference, checkout: Checkout) -> list[str]:
    """What is wrong with a run that should have ended well, and as the reference did."""
    calm = done.code == 0 and "Traceback" not in done.text
    return ([] if calm else [done.text]) + differences(reference, checkout)


def restore(checkout: Checkout, reference: Reference, *, record: bool = True):
    """Put the finished state of the reference into the checkout; without the record, so that the study has to run."""
    checkout.clear()
    shutil.copytree(reference.checkout.records, checkout.records)
    shutil.copytree(reference.checkout.site, checkout.site)
    shutil.copytree(reference.checkout.docs, checkout.docs, dirs_exist_ok=True)
    if not record:
        (checkout.records / "kaggle.json").unlink()


def phase(text: str) -> str:
    """What a run was doing when it had said no more than `text`."""
    words = [("rendered in docs/", "site"), (": studied in", "pages"), ("studying", "study")]
    return next((name for said, name in words if said in text), "start")


# ---------------------------------------------------------------- killed


def killed(checkout: Checkout, reference: Reference, number: int, rng: random.Random) -> Outcome:
    """Kill a run of everything, every third one twice, and let it finish.

    Each begins with new folders and, but for every 25th, with some stages on disk, to save time.
    """
    phases = []
    while not phases:  # some end before they can be killed
        share = 0.0 if number % 25 == 0 else rng.uniform(0.5, 1.0)
        entries = reference.entries()
        checkout.clear()
        checkout.put(rng.sample(entries, round(share * len(entries))))
        lasts = reference.warm + (1 - share) * (reference.cold - reference.warm)
        for _ in range(2 if number % 3 == 2 else 1):
            run = checkout.start("all")
            if not run.wait(rng.uniform(0, lasts)):
                run.signal(signal.SIGKILL)
                phases.append(phase(run.done().text))
    return Outcome(" and ".join(phases), finished(checkout.run("all"), reference, checkout))


FINISHED = "Where the time went"
"""What a run says last: behind it there is nothing left to stop."""


def interrupted(checkout: Checkout, reference: Reference, number: int, rng: random.Random) -> Outcome:
    """Ctrl-C: at once a line that says what is kept, no traceback, nobody left behind; then let it finish."""
    run = None
    while run is None or FINISHED in run.said():
        checkout.clear()
        run = checkout.start("all")
        run.wait(rng.uniform(2.0, reference.cold * 0.9))
    run.signal(signal.SIGINT)
    prompt = run.wait(SETTLE)
    done = run.done()
    clean = done.code == 130 and "stopped; finished stages are kept in" in done.text
    clean = clean and prompt and "Traceback" not in done.text and not run.left()
    wrong = finished(checkout.run("all"), reference, checkout)
    return Outcome(phase(done.text), wrong if clean else [done.text, *wrong])


# ---------------------------------------------------------------- damaged


def flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(1, len(content))]


def empty(content: bytes, rng: random.Random) -> bytes:
    return b""


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, truncate, empty)


def damaged_cache(checkout: Checkout, reference: Reference, number: int, rng: random.Random) -> Outcome:
    """Damage one entry of the stage cache; a warning has to name it."""
    restore(checkout, reference, record=False)
    damage, entry = rng.choice(DAMAGES), rng.choice(reference.entries())
    (checkout.records / "cache" / entry.name).write_bytes(damage(entry.read_bytes(), rng))
    done = checkout.run("all")
    told = f"{entry.name} is damaged; computing it again" in done.text
    wrong = finished(done, reference, checkout)
    return Outcome(damage.__name__, wrong if told else ["not told", *wrong])


BESIDE = ("kaggle.json", "draws/kaggle.npz", "rows/kaggle.csv.gz", "rows/kaggle.safetensors", "kaggle.sha256")


def damaged_record(checkout: Checkout, reference: Reference, number: int, rng: random.Random) -> Outcome:
    """Flip one bit of the record, or of a file beside it."""
    restore(checkout, reference)
    path = checkout.records / BESIDE[number % len(BESIDE)]
    path.write_bytes(flip(path.read_bytes(), rng))
    done = checkout.run("all")
    told = "writing it again" in done.text
    wrong = finished(done, reference, checkout)
    return Outcome(BESIDE[number % len(BESIDE)], wrong if told else ["not told", *wrong])


# ---------------------------------------------------------------- starved


def full_disk(checkout: Checkout, reference: Reference, number: int, rng: random.Random) -> Outcome:
    """A disk with too little room: one clear line, the last good site intact, and with more room the same bytes."""
    folder = checkout.folder.with_name(f"disk-{number}")
    with small_disk(folder, DISK):
        starved = twin(checkout, folder / "project")
        restore(starved, reference, record=False)
        for entry in rng.sample(reference.entries(), 10):
            (starved.records / "cache" / entry.name).unlink()
        before = starved.contents()
        room = int(
            rng.uniform(0, 0.5) * sum(size(place) for place in (starved.records, starved.docs, starved.site))
        )
        filler = folder / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(folder).free - room))
        done = starved.run("all")
        lines = [line for line in done.text.splitlines() if line.startswith("error: ")]
        wrong = []
        if done.code != 2 or "Traceback" in done.text or len(lines) != 1:
            wrong.append(done.text)
        elif str(folder) not in lines[0] or "no space left on device" not in lines[0]:
            wrong.append(lines[0])
        if {n: h for n, h in before.items() if n.startswith("site/")} != starved.contents(only="site"):
            wrong.append("the site changed")
        filler.unlink()
        wrong += finished(starved.run("all"), reference, starved)
    return Outcome(phase(done.text), wrong)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# ---------------------------------------------------------------- two at once, and elsewhere


def two_at_once(checkout: Checkout, reference: Reference, number: int, rng: random.Random) -> Outcome:
    """Two runs started together: the second waits for the first, or is refused, and is told its process number."""
    command = ("all", "site")[number % 2]
    restore(checkout, reference, record=command == "site")
    runs = [checkout.start(command), checkout.start(command)]
    ended = [run.done() for run in runs]
    others = [runs[1].process.pid, runs[0].process.pid]
    told = [f"another run (process {pid})" in done.text for pid, done in zip(others, ended, strict=True)]
    polite = sum(told) == 1 and all(
        done.code == 0 or (done.code == 2 and waited) for done, waited in zip(ended, told, strict=True)
    )
    wrong = differences(reference, checkout)
    return Outcome(command, wrong if polite else [done.text for done in ended] + wrong)


ELSEWHERE = {
    "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2",
}  # fmt: skip


def elsewhere(checkout: Checkout, reference: Reference, number: int, rng: random.Random) -> Outcome:
    """A cold build in another folder, with one worker or two, under other settings of the surroundings."""
    workers = str(1 + number % 2)
    folder = checkout.folder.with_name(f"elsewhere with {workers}")
    shutil.rmtree(folder, ignore_errors=True)
    other = twin(checkout, folder, ELSEWHERE)
    return Outcome(f"{workers} workers", finished(other.run("all", "--workers", workers), reference, other))


# ---------------------------------------------------------------- all of it

TRIALS: dict[Trial, int] = {
    elsewhere: 2, two_at_once: 2, full_disk: 6, damaged_record: 5, damaged_cache: 20, interrupted: 5, killed: 50,
}  # fmt: skip
"""Each kind of trial, and how many of them."""


def refer(folder: Path) -> Reference:
    """The undisturbed run in `folder`, made if it is not there."""
    table, known = folder / "shared" / "table.csv", folder / "reference.json"
    checkout = Checkout(folder / "reference", table)
    if not known.exists():
        shutil.rmtree(checkout.folder, ignore_errors=True)
        copied(checkout.folder, small_table(table))
        cold = checkout.run("all")
        contents = checkout.contents()
        (checkout.records / "kaggle.json").unlink()
        warm = checkout.run("all")
        assert (cold.code, warm.code) == (0, 0), cold.text + warm.text
        assert checkout.contents() == contents, "a second run differs from the first"
        found = {"contents": contents, "cold": cold.seconds, "warm": warm.seconds}
        write_whole(known, json.dumps(found).encode())
    return Reference(checkout, **json.loads(known.read_bytes()))


def measure(folder: Path, counts: dict[Trial, int], seed: int) -> dict[str, Any]:
    reference = refer(folder)
    _say(
        f"undisturbed: {reference.cold:.0f} s cold, {reference.warm:.0f} s warm, {len(reference.contents)} files"
    )
    checkout = Checkout(folder / "project", reference.checkout.table)
    if not checkout.folder.exists():
        twin(reference.checkout, checkout.folder)
    measured: dict[str, Any] = {
        "seed": seed, "files": len(reference.contents), "cold_seconds": reference.cold, "warm_seconds": reference.warm
    }  # fmt: skip
    for trial, count in counts.items():
        outcomes = []
        for number in range(count):
            kept = folder / "outcomes" / f"{trial.__name__}-{number}.json"
            if not kept.exists():
                chance = random.Random(f"{seed}/{trial.__name__}/{number}")
                try:
                    outcome = trial(checkout, reference, number, chance)
                except PermissionError as error:
                    _say(f"{trial.__name__}: not tried, {error}")
                    break
                write_whole(kept, json.dumps([outcome.what, outcome.wrong]).encode())
            outcomes.append(Outcome(*json.loads(kept.read_bytes())))
            last = outcomes[-1]
            _say(f"{trial.__name__} {number + 1}: {last.what}: {'; '.join(last.wrong) or 'as it should be'}")
        measured[trial.__name__] = {
            "trials": len(outcomes),
            "as_it_should_be": sum(not outcome.wrong for outcome in outcomes),
            "of": dict(Counter(outcome.what for outcome in outcomes)),
        }
    return measured


def _say(line: str):
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.faults", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--kills", type=int, default=TRIALS[killed], metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep finished trials here, to go on later"
    )
    options = parser.parse_args()
    counts = TRIALS | {killed: options.kills}
    if options.folder:
        measured = measure(options.folder.absolute(), counts, options.seed)
    else:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            measured = measure(Path(folder), counts, options.seed)
    results.keep("faults", measured)
    good = all(
        measured[trial.__name__]["trials"] == measured[trial.__name__]["as_it_should_be"] for trial in counts
    )
    _say("every trial ended as it should" if good else "NOT every trial ended as it should")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
