"""Check the library on a machine with a card: build, tests, compute-sanitizer, benchmarks.

The machine's own Python, packages and compiler are used and nothing is fetched. Every step has a time limit,
and together they end within ten minutes. One JSON and one table are written, below $OUT where that is set.
The exit status is 0 only when every step passed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

OUTPUT = Path(os.environ.get("OUT", "."))
BENCHMARKS = Path("build/gpu-benchmarks.json")
# compute-sanitizer slows a kernel a hundredfold: one dtype of every kernel is what fits.
SANITIZED = ["tests/parity", "-m", "gpu", "-k", "float32", "-x"]


@dataclass
class Step:
    """What to run, for how long at most, and what came of it."""

    name: str
    command: list[str]
    limit: float
    status: str = "not run"
    seconds: float = 0.0
    tail: str = ""


def steps() -> list[Step]:
    """List the steps; their limits add up to nine minutes."""
    pip = [sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "."]
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    sanitizer = shutil.which("compute-sanitizer") or "compute-sanitizer"
    memcheck = [sanitizer, "--tool", "memcheck", "--error-exitcode", "9", "--target-processes", "all"]
    benchmark = [*pytest, "benchmarks", "-m", "gpu", f"--benchmark-json={BENCHMARKS}"]
    return [
        Step("build", pip, 200),
        Step("info", [sys.executable, "-m", "gibbsite", "info"], 20),
        Step("tests", [*pytest, "tests", "-m", "gpu"], 120),
        Step("compute-sanitizer", [*memcheck, *pytest, *SANITIZED], 80),
        Step("benchmarks", benchmark, 120),
    ]


def execute(step: Step) -> None:
    """Run one step and note what came of it; pytest's 5 (nothing was collected) is a failure too."""
    print(f"=== {step.name}", flush=True)
    environment = os.environ | {"GIBBSITE_CUDA": "ON", "GIBBSITE_REQUIRE_COMPILED": "1", "MPLBACKEND": "Agg"}
    start = time.monotonic()
    try:
        done = subprocess.run(
            step.command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=step.limit,
            check=False,
        )
        output, step.status = done.stdout, "passed" if done.returncode == 0 else f"failed ({done.returncode})"
    except subprocess.TimeoutExpired as error:
        raw = error.stdout or b""
        output = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
        step.status = f"ran past {step.limit:.0f} s"
    except FileNotFoundError as error:
        output, step.status = str(error), "missing"
    step.seconds = round(time.monotonic() - start, 1)
    step.tail = output[-4000:]
    print(step.tail, flush=True)


def measured() -> list[dict[str, object]]:
    """Read the medians that pytest-benchmark wrote."""
    if not BENCHMARKS.exists():
        return []
    rows = json.loads(BENCHMARKS.read_text())["benchmarks"]
    return [
        {"group": row["group"], "name": row["name"], "median_s": row["stats"]["median"], **row["extra_info"]}
        for row in rows
    ]


def table(done: list[Step], rows: list[dict[str, object]]) -> str:
    """Write both lists as Markdown."""
    lines = ["| step | seconds | result |", "| --- | ---: | --- |"]
    lines += [f"| {step.name} | {step.seconds} | {step.status} |" for step in done]
    lines += ["", "| benchmark | median, ms |", "| --- | ---: |"]
    lines += [f"| {row['group'] or ''} {row['name']} | {float(str(row['median_s'])) * 1e3:.3f} |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run all steps; where the build fails the others would say nothing."""
    BENCHMARKS.parent.mkdir(exist_ok=True)
    BENCHMARKS.unlink(missing_ok=True)
    todo = steps()
    for step in todo:
        execute(step)
        if step.name == "build" and step.status != "passed":
            break
    rows = measured()
    result = {"steps": [asdict(step) for step in todo], "benchmarks": rows}
    (OUTPUT / "gpu-check.json").write_text(json.dumps(result, indent=2))
    (OUTPUT / "gpu-check.md").write_text(table(todo, rows))
    print(table(todo, rows))
    return 0 if all(step.status == "passed" for step in todo) else 1


if __name__ == "__main__":
    sys.exit(main())
