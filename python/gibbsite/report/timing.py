"""Times beside a peer: both in one run, in turns, so that what else the machine does falls on both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

BARS_KEY = '<i class="key"></i>scikit-learn <i class="key ours"></i>gibbsite'
MEASURED = (
    "Measured while this page was written, beside whatever else the machine was doing. "
    "The benchmarks are the careful version."
)


@dataclass(frozen=True)
class Comparison:
    """Median seconds of the peer and of this library, and how often each ran."""

    peer: float
    ours: float
    repeats: int

    @property
    def ratio(self) -> float:
        """How many times faster this library is."""
        return self.peer / self.ours


def interleaved(peer: Callable[[], Any], ours: Callable[[], Any], repeats: int = 3) -> Comparison:
    """Run both once to warm up, then in turns, and take the medians."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats + 1):
        for call, record in zip((peer, ours), times, strict=True):
            start = time.perf_counter()
            call()
            if turn > 0:
                record.append(time.perf_counter() - start)
    return Comparison(statistics.median(times[0]), statistics.median(times[1]), repeats)


def pretty_seconds(seconds: float) -> str:
    """Three significant digits in the unit that fits."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        # 999.6 ms would round to 1000: the next unit takes over half a digit earlier
        if seconds >= 0.9995 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def cells(times: Comparison) -> list[str]:
    """Three cells of a table: the peer's time, ours, the ratio."""
    return [pretty_seconds(times.peer), pretty_seconds(times.ours), f"<strong>{times.ratio:.1f}×</strong>"]


def bars(times: Comparison) -> str:
    """One cell: both times as bars, the peer's above."""
    longest = max(times.peer, times.ours)
    return (
        '<span class="bars">'
        + "".join(f'<i style="width:{100 * t / longest:.1f}%"></i>' for t in (times.peer, times.ours))
        + "</span>"
    )
