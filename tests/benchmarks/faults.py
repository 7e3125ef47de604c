"""Kill, damage, starve and race real runs: `python -m tests.benchmarks.faults [--kills N] [--seed N]`.

Every trial runs the command line in a copy of the project, and must end with the bytes of a run that nobody
disturbed. Ends with 1 if one did not.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import results
from tests.benchmarks.checkout import SETTLE, Checkout, Done, Run, copied, small_disk, small_table, twin

Differences = list[str]
DISK = 120
"""Megabytes of the small disk."""


@dataclass(frozen=True)
class Reference:
    """A run that nobody disturbed."""

    contents: dict[str, str]
    kept: Path
    """A copy of its records, pages and site."""
    cold: float
    """Seconds of the run."""
    warm: float
    """Seconds of the same run with every stage on disk."""

    def entries(self) -> list[Path]:
        return sorted((self.kept / "results" / "cache").iterdir())


def differences(wanted: dict[str, str], checkout: Checkout) -> Differences:
    """Names of files that are not as in the reference, and of what should not have been left."""
    found = checkout.contents()
    return (
        sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
        + checkout.leftovers()
    )


def refer(checkout: Checkout, kept: Path) -> Reference:
    cold = _good(checkout.run("all"))
    contents = checkout.contents()
    for name, folder in (
        ("results", checkout.records),
        ("docs", checkout.folder / "docs"),
        ("site", checkout.site),
    ):
        shutil.copytree(folder, kept / name)
    (checkout.records / "kaggle.json").unlink()
    warm = _good(checkout.run("all"))
    assert checkout.contents() == contents, "a second run differs from the first"
    return Reference(contents, kept, cold.seconds, warm.seconds)


def _good(done: Done) -> Done:
    assert done.code == 0, done.text
    return done


def restore(checkout: Checkout, reference: Reference):
    """Put the finished state of the reference into the checkout."""
    checkout.clear()
    shutil.copytree(reference.kept / "results", checkout.records)
    shutil.copytree(reference.kept / "site", checkout.site)
    shutil.copytree(reference.kept / "docs", checkout.folder / "docs", dirs_exist_ok=True)


# ---------------------------------------------------------------- killed


def phase(text: str) -> str:
    """What a run was doing when it had said no more than `text`."""
    words = [("rendered in docs/", "site"), (": studied in", "pages"), ("studying", "study")]
    return next((name for said, name in words if said in text), "start")


def kill_trial(
    checkout: Checkout, reference: Reference, rng: random.Random, number: int
) -> tuple[list[str], Differences]:
    """Kill a run of everything, some of them twice, and let it finish; where it was killed, and what then differs.

    Each begins with new folders and, but for every 25th, with some stages on disk, to save time.
    """
    killed = []
    while not killed:  # some end before they can be killed
        share = 0.0 if number % 25 == 0 else rng.uniform(0.5, 1.0)
        entries = reference.entries()
        checkout.clear()
        checkout.put(rng.sample(entries, round(share * len(entries))))
        lasts = reference.warm + (1 - share) * (reference.cold - reference.warm)
        for _ in range(1 + (number % 3 == 2)):
            run = checkout.start("all")
            if not run.wait(rng.uniform(0, lasts)):
                run.signal(signal.SIGKILL)
                killed.append(phase(run.done().text))
    done = checkout.run("all")
    wrong = differences(reference.contents, checkout)
    return killed, wrong if done.code == 0 and "Traceback" not in done.text else [done.text, *wrong]


def kills(checkout: Checkout, reference: Reference, rng: random.Random, trials: int) -> dict:
    where, same, sent = Counter(), 0, 0
    for number in range(trials):
        killed, wrong = kill_trial(checkout, reference, rng, number)
        where.update(killed)
        same += not wrong
        sent += len(killed)
        _say(f"kill {number + 1}: in {', '.join(killed)}; {wrong or 'same bytes'}")
    return {"trials": trials, "kills": sent, "same_bytes": same, "while_at": dict(where)}


def interrupts(checkout: Checkout, reference: Reference, rng: random.Random, trials: int) -> dict:
    """Ctrl-C at random moments: a line that says what is kept, no traceback, nobody left behind."""
    clean = 0
    for number in range(trials):
        checkout.clear()
        run = checkout.start("all")
        run.wait(rng.uniform(2.0, reference.cold * 0.9))
        run.signal(signal.SIGINT)
        prompt = run.wait(SETTLE)
        done = run.done()
        good = done.code == 130 and "stopped; finished stages are kept in" in done.text
        good = good and prompt and "Traceback" not in done.text and not run.left()
        clean += good
        _say(f"Ctrl-C {number + 1}: in {phase(done.text)}; {'clean' if good else done.text}")
    done = checkout.run("all")
    return {
        "trials": trials,
        "clean": clean,
        "same_bytes_after": not differences(reference.contents, checkout),
    }


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


AT_ONCE = 4
"""Entries damaged before one run."""


def corruptions(checkout: Checkout, reference: Reference, rng: random.Random, trials: int) -> dict:
    """Damage entries of the stage cache, a few before each run; each has to be named in a warning of its own."""
    tried, detected, same, runs = Counter(), 0, 0, 0
    while tried.total() < trials:
        restore(checkout, reference)
        (checkout.records / "kaggle.json").unlink()
        chosen = rng.sample(reference.entries(), min(AT_ONCE, trials - tried.total()))
        for entry in chosen:
            damage = rng.choice(DAMAGES)
            tried[damage.__name__] += 1
            (checkout.records / "cache" / entry.name).write_bytes(damage(entry.read_bytes(), rng))
        done = checkout.run("all")
        told = sum(f"{entry.name} is damaged; computing it again" in done.text for entry in chosen)
        wrong = differences(reference.contents, checkout)
        detected, runs, same = detected + told, runs + 1, same + (not wrong and done.code == 0)
        _say(f"damaged {', '.join(entry.name for entry in chosen)}: {told} told; {wrong or 'same bytes'}")
    return {
        "trials": trials, "detected": detected, "runs": runs, "runs_with_same_bytes": same, "by": dict(tried),
    }  # fmt: skip


BESIDE = (
    "kaggle.json", "draws/kaggle.npz", "rows/kaggle.csv.gz", "rows/kaggle.safetensors", "runs/kaggle.json",
    "kaggle.sha256",
)  # fmt: skip


def damaged_records(checkout: Checkout, reference: Reference, rng: random.Random) -> dict:
    """One bit of the record, and of each file beside it."""
    noticed = same = 0
    for name in BESIDE:
        restore(checkout, reference)
        path = checkout.records / name
        path.write_bytes(flip(path.read_bytes(), rng))
        done = checkout.run("all")
        wrong = differences(reference.contents, checkout)
        noticed += "writing it again" in done.text
        same += not wrong and done.code == 0
        _say(f"one bit of {name}: {wrong or 'same bytes'}")
    return {"trials": len(BESIDE), "detected": noticed, "same_bytes": same}


# ---------------------------------------------------------------- starved


def full_disk(project: Checkout, reference: Reference, rng: random.Random, folder: Path, trials: int) -> dict:
    """A disk with too little room: one clear line, the last good site intact, and with more room the same bytes."""
    clear = intact = same = 0
    with small_disk(folder, DISK):
        checkout = twin(project, folder / "project")
        needed = sum(path.stat().st_size for path in reference.kept.rglob("*") if path.is_file())
        for number in range(trials):
            restore(checkout, reference)
            (checkout.records / "kaggle.json").unlink()
            shutil.rmtree(checkout.records / "cache")
            checkout.put(rng.sample(reference.entries(), round(0.8 * len(reference.entries()))))
            before = {
                name: digest for name, digest in checkout.contents().items() if name.startswith("site/")
            }
            room = int(rng.uniform(0, 0.5) * needed)
            filler = folder / "filler"
            with filler.open("wb") as file:
                file.write(bytes(shutil.disk_usage(folder).free - room))
            done = checkout.run("all")
            after = {name: digest for name, digest in checkout.contents().items() if name.startswith("site/")}
            filler.unlink()
            lines = [line for line in done.text.splitlines() if line.startswith("error: ")]
            told = (
                done.code == 2
                and "Traceback" not in done.text
                and len(lines) == 1
                and str(folder) in lines[0]
            )
            clear += told and "no space left on device" in lines[0]
            intact += before == after
            again = checkout.run("all")
            wrong = differences(reference.contents, checkout)
            same += not wrong and again.code == 0
            said = lines[0] if told else done.text
            _say(f"full disk {number + 1}: {room / 1e6:.1f} MB left, in {phase(done.text)}: {said}")
            _say(f"  with room again: {wrong or 'same bytes'}")
    return {"trials": trials, "clear_error": clear, "site_intact": intact, "same_bytes_after": same}


# ---------------------------------------------------------------- two at once, and elsewhere


def together(checkout: Checkout, reference: Reference) -> dict:
    """Two runs of everything, and two of the site alone, at once: the second waits, or is refused and says why."""
    found = {}
    for command in ("all", "site"):
        restore(checkout, reference)
        if command == "all":
            (checkout.records / "kaggle.json").unlink()
        runs = [checkout.start(command), checkout.start(command)]
        ended = [run.done() for run in runs]
        wrong = differences(reference.contents, checkout)
        waited = [done for done in ended if f"another run (process {_other(done, ended, runs)})" in done.text]
        polite = len(waited) == 1 and all(
            done.code == 0 or (done.code == 2 and done in waited) for done in ended
        )
        found[command] = {
            "exit_codes": sorted(done.code for done in ended),
            "polite": polite,
            "same_bytes": not wrong,
        }
        _say(f"two at once, {command}: {found[command]}, {wrong or 'same bytes'}")
    return found


def _other(done: Done, ended: list[Done], runs: list[Run]) -> int:
    """Process number of the run that is not the one that ended as `done`."""
    return runs[1 - ended.index(done)].process.pid


ELSEWHERE = {
    "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2",
}  # fmt: skip


def elsewhere(project: Checkout, reference: Reference, folder: Path) -> dict:
    """Cold builds in other folders, with one worker and with two, under other settings of the surroundings."""
    found = {}
    for workers in (1, 2):
        checkout = twin(project, folder / f"with {workers}" / "project", ELSEWHERE)
        done = checkout.run("all", "--workers", str(workers))
        wrong = differences(reference.contents, checkout)
        found[f"{workers} workers"] = {"files": len(reference.contents), "different": wrong}
        _say(
            f"cold, elsewhere, {workers} workers: {wrong or 'same bytes'}"
            + ("" if done.code == 0 else done.text)
        )
    return found


# ---------------------------------------------------------------- all of it


def measure(folder: Path, counts: argparse.Namespace) -> dict:
    rng = random.Random(counts.seed)
    table = small_table(folder / "shared" / "table.csv")
    checkout = copied(folder / "project", table)
    reference = refer(checkout, folder / "reference")
    _say(
        f"undisturbed: {reference.cold:.0f} s cold, {reference.warm:.0f} s warm, {len(reference.contents)} files"
    )
    measured = {
        "seed": counts.seed,
        "undisturbed": {"cold_seconds": reference.cold, "warm_seconds": reference.warm},
        "elsewhere": elsewhere(checkout, reference, folder / "elsewhere"),
        "two_at_once": together(checkout, reference),
    }
    try:
        measured["full_disk"] = full_disk(checkout, reference, rng, folder / "disk", counts.disks)
    except PermissionError as error:
        measured["full_disk"] = f"not tried: {error}"
    measured["damaged_records"] = damaged_records(checkout, reference, rng)
    measured["damaged_cache"] = corruptions(checkout, reference, rng, counts.corruptions)
    measured["interrupted"] = interrupts(checkout, reference, rng, counts.interrupts)
    measured["killed"] = kills(checkout, reference, rng, counts.kills)
    return measured


def faultless(measured: dict) -> bool:
    """Whether every trial of every kind ended as it should."""
    disk, damaged, beside = measured["full_disk"], measured["damaged_cache"], measured["damaged_records"]
    starved = {} if isinstance(disk, str) else disk
    return all((
        measured["killed"]["same_bytes"] == measured["killed"]["trials"],
        measured["interrupted"]["clean"] == measured["interrupted"]["trials"],
        measured["interrupted"]["same_bytes_after"],
        damaged["detected"] == damaged["trials"],
        damaged["runs_with_same_bytes"] == damaged["runs"],
        beside["trials"] == beside["detected"] == beside["same_bytes"],
        len(set(starved.values())) <= 1,
        all(each["same_bytes"] and each["polite"] for each in measured["two_at_once"].values()),
        not any(each["different"] for each in measured["elsewhere"].values()),
    ))  # fmt: skip


def _say(line: str):
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.faults", description=__doc__.splitlines()[0]
    )
    for name, count in (("kills", 50), ("corruptions", 20), ("interrupts", 5), ("disks", 6), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=count, metavar="N")
    counts = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        measured = measure(Path(folder), counts)
    results.keep("faults", measured)
    good = faultless(measured)
    _say("every trial ended as it should" if good else "NOT every trial ended as it should")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
