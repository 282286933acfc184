"""Printed lines as scikit-learn's mixtures print them, and a bar for what takes longer than two seconds."""

from __future__ import annotations

from time import time

from tqdm import tqdm


class Progress:
    """Tells a person how the climbs go; silent when `verbose` is 0."""

    def __init__(self, verbose: int, interval: int, max_iter: int) -> None:
        self.verbose = int(verbose)
        self.interval = interval
        self.max_iter = max_iter
        self._bar: tqdm | None = None

    def start(self, restart: int) -> None:
        """A climb begins."""
        if not self.verbose:
            return
        print(f"Initialization {restart}")
        self._bar = tqdm(total=self.max_iter, delay=2.0, leave=False, unit="iteration")
        self._started = self._last = time()

    def iteration(self, number: int, change: float) -> None:
        """A pass is done."""
        if self._bar is None:
            return
        self._bar.update()
        if number % self.interval:
            return
        if self.verbose == 1:
            print(f"  Iteration {number}")
            return
        now = time()
        print(f"  Iteration {number}\t time lapse {now - self._last:.5f}s\t ll change {change:.5f}")
        self._last = now

    def end(self, lower_bound: float, converged: bool) -> None:
        """A climb has ended."""
        self.close()
        if not self.verbose:
            return
        outcome = "converged" if converged else "did not converge"
        if self.verbose == 1:
            print(f"Initialization {outcome}.")
            return
        lapse = time() - self._started
        print(f"Initialization {outcome}. time lapse {lapse:.5f}s\t lower bound {lower_bound:.5f}.")

    def close(self) -> None:
        """Take the bar away; safe to call twice."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
