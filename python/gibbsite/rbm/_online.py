"""What `partial_fit` keeps between two calls beside the fitted attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gibbsite.rbm._ascent import Ascent

Array = Any

# these are fitted attributes
_PUBLISHED = ("W", "b", "c", "log_variance", "visible_center")


@dataclass
class Online:
    """Chains, momentum and running means, and how many steps were taken."""

    seed: int
    n_steps: int = 0
    sweep: int = 0
    arrays: dict[str, Array] = field(default_factory=dict)

    def put_back(self, ascent: Ascent, chains: Array | None) -> None:
        """Let an ascent go on from here; from the chains of a fit where there was no call before.

        What no longer fits, as the chains after a change of `n_chains`, starts anew.
        """
        live = ascent.arrays()
        for name, array in self.arrays.items():
            if name in live and live[name].shape == array.shape:
                live[name][...] = array
        ascent.scheme.sweep = self.sweep
        samples = ascent.scheme.samples()
        if not self.arrays and chains is not None and chains.shape == samples.shape:
            samples[...] = chains

    def after(self, ascent: Ascent) -> Online:
        """The state after one more step."""
        arrays = {name: array for name, array in ascent.arrays().items() if name not in _PUBLISHED}
        return Online(self.seed, self.n_steps + 1, ascent.scheme.sweep, arrays)
