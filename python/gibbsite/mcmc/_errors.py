"""What can go wrong with a density, and warnings about draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class SamplingWarning(UserWarning):
    """Draws that should not be trusted as they are; the message says what to do."""


class DensityError(RuntimeError):
    """A density stopped the run: it raised an exception or returned a negative status.

    Attributes
    ----------
    chain, draw : int
        Which chain, and the number of its draw; warm-up counts.
    point : array of shape (dim,)
        Where it was evaluated.
    """

    def __init__(
        self, chain: int, draw: int, point: NDArray[np.floating], code: int, cause: BaseException | None
    ) -> None:
        self.chain, self.draw, self.point = chain, draw, point
        what = f"returned {code}" if cause is None else f"raised {type(cause).__name__}: {cause}"
        super().__init__(f"The density {what}\nin chain {chain}, draw {draw}, at q = {shown(point)}.")


class StartError(ValueError):
    """The log density or its gradient is not finite where a chain should start."""


class GradientError(ValueError):
    """The gradient of a density is not that of its values."""


def shown(point: NDArray[np.floating]) -> str:
    """Print a point, shortened where it is long."""
    return np.array2string(
        np.asarray(point), precision=6, threshold=20, edgeitems=5, separator=", ", max_line_width=110
    )
