"""What was measured, kept beside the benchmarks: one section each, with the machine, the day and the commit."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator.engine.files import write_whole
from generator.engine.stopwatch import processor

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parents[2] / "data" / "benchmarks.json"


def keep(section: str, measured: Mapping[str, Any], results: Path = RESULTS):
    """Put `measured` in the place of what the section held before; the other sections stay as they are."""
    known = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    known[section] = {"machine": machine(), "measured": dict(measured)}
    text = json.dumps(known, indent=1, sort_keys=True, allow_nan=False)
    write_whole(results, (text + "\n").encode())


def machine() -> dict[str, Any]:
    """On what, when, and of which commit."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": platform.system(),
        "day": time.strftime("%Y-%m-%d"),
        "commit": commit(ROOT),
    }


def commit(root: Path) -> str:
    """Of a checkout, and whether something was changed since."""
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.strip()
