"""How a run goes: a bar in a terminal, a line a minute elsewhere."""

from __future__ import annotations

import sys
from time import monotonic
from typing import Any

_LINE_SECONDS = 60.0
_BAR_DELAY = 2.0


class Progress:
    """Tells a person on the standard error output how a run goes.

    Parameters
    ----------
    show : bool or None
        None: a bar in a terminal for runs over two seconds, else one line a minute. True: from the beginning.
    total : int
        Draws of each chain, warm-up included.
    """

    def __init__(self, show: bool | None, total: int) -> None:
        self._total, self._done = total, 0
        self._began = self._last = monotonic()
        self._bar: Any = None
        self._prints = show is not False
        if self._prints and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="draw", leave=False, delay=0.0 if show else _BAR_DELAY)
        elif show:
            self._last = -_LINE_SECONDS

    def update(self, n: int, facts: dict[str, str]) -> None:
        """N more draws of each chain are done."""
        self._done += n
        if self._bar is not None:
            self._bar.set_postfix(facts, refresh=False)
            self._bar.update(n)
            return
        now = monotonic()
        if self._prints and now - self._last >= _LINE_SECONDS:
            self._last = now
            words = ", ".join(f"{name} {value}" for name, value in facts.items())
            print(
                f"gibbsite: draw {self._done} of {self._total}, {now - self._began:.0f} s, {words}",
                file=sys.stderr,
                flush=True,
            )

    def close(self) -> None:
        """Take the bar away; safe to call twice."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
