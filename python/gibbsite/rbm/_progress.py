"""Printed lines as scikit-learn's machine prints them, and a bar for fits that take longer than two seconds."""

from __future__ import annotations

from time import time

from tqdm import tqdm


class Progress:
    """Tells a person how the fit goes; silent when `verbose` is 0."""

    def __init__(self, name: str, verbose: int, done: int, n_iter: int) -> None:
        self.name, self.verbose = name, int(verbose)
        self._last = time()
        self._bar = tqdm(total=n_iter, initial=done, delay=2.0, leave=False, unit="epoch") if self.verbose else None

    def epoch(self, number: int, numbers: dict[str, float]) -> None:
        """An epoch is done."""
        if self._bar is None:
            return
        self._bar.update()
        shown = "pseudo_likelihood" if "pseudo_likelihood" in numbers else "reconstruction_error"
        now = time()
        label = shown.replace("_", "-" if shown == "pseudo_likelihood" else " ")
        print(f"[{self.name}] Iteration {number}, {label} = {numbers[shown]:.2f}, time = {now - self._last:.2f}s")
        self._last = now

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
