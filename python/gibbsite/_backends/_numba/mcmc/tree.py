"""Subtrees of a NUTS trajectory as a binary counter: finished ones of sizes 2^k wait on a stack for their other half.

Memory grows with the depth, and the order in which subtrees are joined is that of the recursion (Phan, Pradhan &
Jankowiak 2019, appendix A, keep checkpoints to the same end).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import jit, jit_reductions
from gibbsite._backends._numba.mcmc.vectors import copy

# rows of a subtree: momentum and velocity of its first point in the order of growth, then of its last; sum of momenta
FIRST_P, FIRST_V, LAST_P, LAST_V, SUM = range(5)
ROWS = 5


@jit_reductions
def is_turning(
    left_v: Any,
    left_last_p: Any,
    left_last_v: Any,
    left_sum: Any,
    first_p: Any,
    first_v: Any,
    right_v: Any,
    right_sum: Any,
) -> bool:
    """Whether two neighbours, joined, turn back: at their ends, or from one's end to where the other begins.

    The generalised criterion of Betancourt (2017, appendix A.4.2) with Stan's two checks across the joint.
    """
    a = b = c = d = e = f = 0.0
    for i in range(left_sum.shape[0]):
        left, right = np.float64(left_sum[i]), np.float64(right_sum[i])
        a += (left + right) * np.float64(left_v[i])
        b += (left + right) * np.float64(right_v[i])
        c += (left + np.float64(first_p[i])) * np.float64(left_v[i])
        d += (left + np.float64(first_p[i])) * np.float64(first_v[i])
        e += (right + np.float64(left_last_p[i])) * np.float64(left_last_v[i])
        f += (right + np.float64(left_last_p[i])) * np.float64(right_v[i])
    return not (a > 0.0 and b > 0.0 and c > 0.0 and d > 0.0 and e > 0.0 and f > 0.0)


@jit
def whole(base: int, depth: int) -> int:
    """The first row of a finished subtree of 2^depth leaves; the rows from `base` on are scratch, then the stack."""
    return base + ROWS * (1 + depth)


@jit
def add_leaf(room: Any, base: int, leaf: int, p: Any, v: Any) -> bool:
    """Join leaf number `leaf` of a subtree to what waits; returns whether one of the joined turns."""
    first_p, first_v, total = row(room, base + FIRST_P), row(room, base + FIRST_V), row(room, base + SUM)
    copy(p, first_p)
    copy(v, first_v)
    copy(p, total)
    level = 0
    while (leaf >> level) & 1:
        left = whole(base, level)
        left_v, left_sum = row(room, left + FIRST_V), row(room, left + SUM)
        last_p, last_v = row(room, left + LAST_P), row(room, left + LAST_V)
        if is_turning(left_v, last_p, last_v, left_sum, first_p, first_v, v, total):
            return True
        copy(row(room, left + FIRST_P), first_p)
        copy(left_v, first_v)
        for i in range(total.shape[0]):
            total[i] += left_sum[i]
        level += 1
    done = whole(base, level)
    copy(first_p, row(room, done + FIRST_P))
    copy(first_v, row(room, done + FIRST_V))
    copy(p, row(room, done + LAST_P))
    copy(v, row(room, done + LAST_V))
    copy(total, row(room, done + SUM))
    return False
