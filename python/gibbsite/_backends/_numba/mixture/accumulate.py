"""Weighted moments about given points, block by block, in float64 sums.

A partial is a flat float64 array laid out as the statistics are, with sums in place of means and central moments:
[log likelihood, total weight, weight (K), first moments (K, D), second moments (Q)].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import jit, jit_reductions
from gibbsite._backends._numba.mixture.model import BLOCK, DIAGONAL, FULL, PANEL, SPHERICAL, TIED
from gibbsite._backends._numba.mixture.scratch import STRIPE
from gibbsite._backends._numba.sums import dot, total


@jit_reductions
def _weighted_moments(x: Any, weight: Any, n: int, mean: Any) -> Any:
    """Sums of w (x - mean) and w (x - mean)^2."""
    first = x.dtype.type(0.0)
    second = x.dtype.type(0.0)
    for r in range(n):
        difference = x[r] - mean
        product = weight[r] * difference
        first += product
        second += product * difference
    return first, second


@jit
def _gather(X: Any, begin: int, n: int, responsibility: Any, threshold: float, center: Any, scratch: Any) -> int:
    """Copy x - center of the rows whose responsibility is not below the threshold; return how many those are.

    The rows after them, up to a multiple of PANEL, are set to zero.
    """
    n_features = X.shape[1]
    gathered, kept = scratch.gathered, scratch.kept
    count = 0
    for r in range(n):
        kept[count] = r
        count += 0 if responsibility[r] < threshold else 1  # NaN is kept
    for stripe in range(0, n_features, STRIPE):
        middle = part(center, stripe)
        width = min(STRIPE, n_features - stripe)
        for u in range(count):
            source = part(row(X, begin + kept[u]), stripe)
            target = part(gathered, stripe * BLOCK + u * STRIPE)
            for d in range(width):
                target[d] = source[d] - middle[d]
    for u in range(count, -(-count // PANEL) * PANEL):
        scratch.share[u] = 0
        for stripe in range(0, n_features, STRIPE):
            target = part(gathered, stripe * BLOCK + u * STRIPE)
            for d in range(STRIPE):
                target[d] = 0
    return count


@jit
def _outer_panel(x: Any, y: Any, weight: Any, width: int, target: Any) -> None:
    """target[i, q] += sum_u w_u x[u, i] y[u, q] for four i, four u, q < width; rows of all three are STRIPE apart."""
    w0, w1, w2, w3 = weight[0], weight[1], weight[2], weight[3]
    s = STRIPE
    a0, a1, a2, a3 = w0 * x[0], w1 * x[s], w2 * x[2 * s], w3 * x[3 * s]
    b0, b1, b2, b3 = w0 * x[1], w1 * x[s + 1], w2 * x[2 * s + 1], w3 * x[3 * s + 1]
    c0, c1, c2, c3 = w0 * x[2], w1 * x[s + 2], w2 * x[2 * s + 2], w3 * x[3 * s + 2]
    d0, d1, d2, d3 = w0 * x[3], w1 * x[s + 3], w2 * x[2 * s + 3], w3 * x[3 * s + 3]
    for q in range(width):
        y0, y1, y2, y3 = y[q], y[STRIPE + q], y[2 * STRIPE + q], y[3 * STRIPE + q]
        a, b, c, d = target[q], target[STRIPE + q], target[2 * STRIPE + q], target[3 * STRIPE + q]
        a, b, c, d = a + y0 * a0, b + y0 * b0, c + y0 * c0, d + y0 * d0
        a, b, c, d = a + y1 * a1, b + y1 * b1, c + y1 * c1, d + y1 * d1
        a, b, c, d = a + y2 * a2, b + y2 * b2, c + y2 * c2, d + y2 * d2
        a, b, c, d = a + y3 * a3, b + y3 * b3, c + y3 * c3, d + y3 * d3
        target[q], target[STRIPE + q], target[2 * STRIPE + q], target[3 * STRIPE + q] = a, b, c, d


@jit
def _add_outer(count: int, n_features: int, scratch: Any, second: Any) -> None:
    """Add sum_u share_u row_u row_u^T over the gathered rows to the upper triangle of second (D, D), float64."""
    gathered, tile = scratch.gathered, scratch.tile
    height = -(-n_features // PANEL) * PANEL
    for i in range(tile.shape[0]):
        tile[i] = 0
    for u in range(0, count, PANEL):
        weight = part(scratch.share, u)
        for i in range(0, height, PANEL):
            own = i // STRIPE * STRIPE
            x = part(gathered, own * BLOCK + u * STRIPE + i - own)
            for stripe in range(own, n_features, STRIPE):
                place = stripe // STRIPE * height + i
                # Whole vectors of eight: what lies below the diagonal or beyond the last feature is not read again.
                begin = (i - own) // 8 * 8 if stripe == own else 0
                end = min(STRIPE, (n_features - stripe + 7) // 8 * 8)
                y = part(gathered, stripe * BLOCK + u * STRIPE + begin)
                target = part(tile, place * STRIPE + begin)
                _outer_panel(x, y, weight, end - begin, target)
    for i in range(n_features):
        for stripe in range(i // STRIPE * STRIPE, n_features, STRIPE):
            begin = max(stripe, i)
            source = part(tile, (stripe // STRIPE * height + i) * STRIPE + begin - stripe)
            target = part(row(second, i), begin)
            for q in range(min(stripe + STRIPE, n_features) - begin):
                target[q] += source[q]


@jit
def _accumulate_full(
    X: Any, begin: int, n: int, responsibility: Any, weight: Any, mean: Any, scratch: Any, first: Any, second: Any
) -> Any:
    """Add one component's first and second moments; return its weight.

    Responsibilities too small to change a sum at working precision are left out of the moments.
    """
    share = scratch.share
    # What a whole block leaves out is below 1/64 ulp of what the component has in it.
    negligible = 3e-21 if X.itemsize == 8 else 1.5e-12
    threshold = 0.0 if weight.shape[0] > 0 else negligible * total(responsibility, n)
    count = _gather(X, begin, n, responsibility, threshold, mean, scratch)
    for u in range(count):
        share[u] = responsibility[scratch.kept[u]]
    if weight.shape[0] > 0:
        for u in range(count):
            share[u] *= weight[begin + scratch.kept[u]]
    for stripe in range(0, first.shape[0], STRIPE):
        target = part(first, stripe)
        for u in range(count):
            source = part(scratch.gathered, stripe * BLOCK + u * STRIPE)
            for d in range(min(STRIPE, first.shape[0] - stripe)):
                target[d] += share[u] * source[d]
    _add_outer(count, first.shape[0], scratch, second)
    if weight.shape[0] > 0:
        return dot(responsibility, part(weight, begin), n)
    return total(responsibility, n)


@jit
def accumulate_block(X: Any, begin: int, n: int, weight: Any, model: Any, scratch: Any, sums: Any) -> None:
    """Add the weighted moments of rows begin ... begin + n to sums = (weight (K), first (K, D), second).

    The responsibilities in scratch.values are used up; weight (N) may be empty.
    """
    totals, first, second = sums
    n_components, n_features = model.means.shape
    for k in range(n_components):
        share = part(scratch.values, k * BLOCK)
        if model.kind == FULL:
            totals[k] += _accumulate_full(
                X, begin, n, share, weight, row(model.means, k), scratch, row(first, k), row(second, k)
            )
            continue
        if weight.shape[0] > 0:
            for r in range(n):
                share[r] *= weight[begin + r]
        totals[k] += total(share, n)
        for d in range(n_features):
            x = part(scratch.block, d * BLOCK)
            a, b = _weighted_moments(x, share, n, model.means[k, d])
            first[k, d] += a
            if model.kind == DIAGONAL:
                second[k, d, 0] += b
            elif model.kind == SPHERICAL:
                second[k, 0, 0] += b


@jit
def accumulate_tied(X: Any, begin: int, n: int, weight: Any, model: Any, scratch: Any, second: Any) -> None:
    """Add sum_n (w_n sum_k r_nk) (x_n - center) (x_n - center)^T, before `accumulate_block` has the responsibilities.

    In float64 and with the very responsibilities that the other sums use: the part between the components, which may be
    much the larger, comes off it later.
    """
    mass = scratch.share
    for r in range(BLOCK):
        mass[r] = 0
    for k in range(model.means.shape[0]):
        responsibility = part(scratch.values, k * BLOCK)
        for r in range(n):
            mass[r] += responsibility[r]
    if weight.shape[0] > 0:
        for r in range(n):
            mass[r] *= weight[begin + r]
    _gather(X, begin, n, mass, -np.inf, model.center, scratch)
    _add_outer(n, X.shape[1], scratch, second)


@jit
def second_shape(kind: int, n_components: int, n_features: int) -> Any:
    """Shape of the second moments as the loops index them."""
    if kind == FULL:
        return n_components, n_features, n_features
    if kind == TIED:
        return 1, n_features, n_features
    if kind == DIAGONAL:
        return n_components, n_features, 1
    return n_components, 1, 1


@jit
def views(partial: Any, kind: int, n_components: int, n_features: int) -> Any:
    """(weight, first, second) as views of a partial or of statistics."""
    a = 2 + n_components
    b = a + n_components * n_features
    weight = partial[2:a]
    first = partial[a:b].reshape(n_components, n_features)
    shape = second_shape(kind, n_components, n_features)
    return weight, first, partial[b : b + shape[0] * shape[1] * shape[2]].reshape(shape)


@jit
def add_into(total_sums: Any, partial: Any) -> None:
    """Add one partial to another."""
    for i in range(partial.shape[0]):
        total_sums[i] += partial[i]


@jit
def _not_negative(x: float) -> float:
    return 0.0 if x < 0.0 else x  # NaN passes


@jit
def _finish_component(k: int, move: Any, weight: Any, second: Any, kind: int) -> None:
    n_features = move.shape[0]
    if kind == DIAGONAL:
        for d in range(n_features):
            second[k, d, 0] = _not_negative(second[k, d, 0] - weight * move[d] * move[d])
    elif kind == SPHERICAL:
        for d in range(n_features):
            second[k, 0, 0] -= weight * move[d] * move[d]
        second[k, 0, 0] = _not_negative(second[k, 0, 0])
    elif kind == FULL:
        for i in range(n_features):
            for j in range(i, n_features):
                second[k, i, j] -= weight * move[i] * move[j]
                second[k, j, i] = second[k, i, j]


@jit
def finish(stats: Any, means: Any, center: Any, kind: int) -> None:
    """Turn sums about `means` into means and central second moments, in place."""
    n_components, n_features = means.shape
    weight, first, second = views(stats, kind, n_components, n_features)
    move = np.empty(n_features)
    for k in range(n_components):
        for d in range(n_features):
            move[d] = 0.0 if weight[k] == 0.0 else first[k, d] / weight[k]
            first[k, d] = means[k, d] + move[d]
        _finish_component(k, move, weight[k], second, kind)
        if kind == TIED:
            for d in range(n_features):
                move[d] = first[k, d] - center[d]
            for i in range(n_features):
                for j in range(i, n_features):
                    second[0, i, j] -= weight[k] * move[i] * move[j]
    if kind == TIED:
        for i in range(n_features):
            second[0, i, i] = _not_negative(second[0, i, i])
            for j in range(i):
                second[0, i, j] = second[0, j, i]
