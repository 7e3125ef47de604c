"""What a Dask cluster costs where it gains nothing: the quick study of the checks on two workers of one machine.

Once by two processes, once by a scheduler and two workers of one thread each. `python -m tests.benchmarks.cluster`.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import results
from tests.cluster_fixture import loopback

WORKERS = 2


def measure() -> dict:
    """Seconds and CPU seconds of the whole command both ways, their ratios, and whether the bytes agree."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder, "local"), Path(folder, "dask")
        local = _study(here, "--workers", str(WORKERS))
        before = _cpu_seconds()
        with loopback(Path(folder), WORKERS) as cluster:
            dask = _study(there, "--engine", cluster.engine)
        dask["cpu_seconds"] = _cpu_seconds() - before  # scheduler and workers are children too
        same = (here / "checks.json").read_bytes() == (there / "checks.json").read_bytes()
    return {
        "workers": WORKERS,
        "local": local,
        "dask": dask,
        "ratio_seconds": dask["seconds"] / local["seconds"],
        "ratio_cpu_seconds": dask["cpu_seconds"] / local["cpu_seconds"],
        "load_before": os.getloadavg()[0],
        "same_bytes": same,
    }


def _study(records: Path, *options: str) -> dict[str, float]:
    began, cpu = time.monotonic(), _cpu_seconds()
    arguments = ("study", "--quick", "--offline", "--datasets", "checks", "--records", str(records), *options)
    subprocess.run([sys.executable, "-m", "generator", *arguments], cwd=results.ROOT, check=True)
    return {"seconds": time.monotonic() - began, "cpu_seconds": _cpu_seconds() - cpu}


def _cpu_seconds() -> float:
    """Of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    measured = measure()
    results.keep("cluster", measured)
    print(measured)
