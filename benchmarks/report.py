"""Run every benchmark and write the tables of docs/performance.md: `python -m benchmarks.report [--json FILE]`.

With --json the figures of an earlier run are written, and nothing is measured.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from benchmarks import peaks

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "benchmarks" / "results" / "cpu.json"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


def measure() -> dict[str, Any]:
    """Run the suites; keep the machine, the peaks and one short record a benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "benchmark.json"
        status = pytest.main([str(ROOT / "benchmarks"), "-q", "--benchmark-only", f"--benchmark-json={path}"])
        if status != 0:
            sys.exit(f"The benchmarks did not run to their end (pytest's exit status {int(status)}).")
        run = json.loads(path.read_text())
    return {"machine": machine_facts(run), "peaks": peaks.measure(), "rows": [record(row) for row in run["benchmarks"]]}


def machine_facts(run: dict[str, Any]) -> dict[str, Any]:
    info = run["machine_info"]
    return {
        "processor": info["cpu"].get("brand_raw", info.get("processor", "")),
        "threads": info["threads"],
        "instruction set": info["isa"],
        "python": info["python_version"],
        "date": run["datetime"][:10],
    }


def record(row: dict[str, Any]) -> dict[str, Any]:
    name = row["name"].removeprefix("test_")
    return {"group": row["group"], "name": name, "seconds": row["stats"]["median"], **row["extra_info"]}


def duration(value: float) -> str:
    """Three digits and the unit that leaves them between 1 and 1000."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        amount = value / scale
        if amount >= 0.9995 or unit == "us":
            break
    return f"{amount:.{max(0, 2 - int(math.log10(max(amount, 1))))}f} {unit}"


def verdict(row: dict[str, Any], peer: str, ratio: float) -> str:
    goal = row.get("goal", {}).get(peer)
    if peer == "numba":  # the fallback may take four times as long
        return f"{ratio:.1f}x"
    if goal is None:
        return f"**{ratio:.1f}x**"
    return f"**{ratio:.1f}x** (goal {goal}x{'' if ratio >= goal else ', missed'})"


def share_of_peak(row: dict[str, Any], peaks_: dict[str, float]) -> str:
    if "work" not in row:
        return ""
    return f"{row['work'] / row['seconds'] / peaks_[row['limit']]:.0%}"


def table(rows: list[dict[str, Any]], peaks_: dict[str, float]) -> list[str]:
    peers = list(dict.fromkeys(peer for row in rows for peer in row.get("peers", {})))
    has_share = any("work" in row for row in rows)
    head = ["work", "gibbsite", *(f"{peer} takes" for peer in peers), *(["share of peak"] if has_share else [])]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for row in rows:
        cells = [f"`{row['name']}`", duration(row["seconds"])]
        for peer in peers:
            time = row.get("peers", {}).get(peer)
            cells.append("" if time is None else verdict(row, peer, time / row["seconds"]))
        if has_share:
            cells.append(share_of_peak(row, peaks_))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def page(results: dict[str, Any]) -> str:
    machine, peaks_ = results["machine"], results["peaks"]
    lines = [
        BEGIN,
        "",
        f"Measured on {machine['date']}: {machine['processor']}, {machine['threads']} threads, kernels for x86-64-"
        f"{machine['instruction set']}, Python {machine['python']}. Matrix products reach "
        f"{peaks_['gemm float64'] / 1e9:.0f} GFLOP/s in float64 and {peaks_['gemm float32'] / 1e9:.0f} in float32; "
        f"a copy moves {peaks_['copy'] / 1e9:.0f} GB/s.",
        "",
    ]
    for group in dict.fromkeys(row["group"] for row in results["rows"]):
        rows = [row for row in results["rows"] if row["group"] == group]
        lines += [f"### {group}", "", *table(rows, peaks_), ""]
    return "\n".join([*lines, END])


def write(results: dict[str, Any]) -> None:
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(before + page(results) + after)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the page from these figures")
    given = parser.parse_args().json
    results = json.loads(given.read_text()) if given else measure()
    if given is None:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    write(results)


if __name__ == "__main__":
    main()
