"""Reductions that every model uses."""

from __future__ import annotations

from typing import Any

from gibbsite._backends.selection import select
from gibbsite._scalars import as_integer
from gibbsite.kernels._validation import Array, as_floating, as_output

__all__ = ["logsumexp"]


def logsumexp(
    x: Array,
    axis: int | None = None,
    *,
    weights: Array | None = None,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Logarithm of a sum of exponentials, log sum w exp(x), as `scipy.special.logsumexp` has it.

    Parameters
    ----------
    x : array of shape (M, N) or (N,)
        float32 or float64; anything else becomes float64.
    axis : int, optional
        0 or 1 (or counted from the end); None reduces everything.
    weights : array that broadcasts to the shape of x, optional
        May be zero, which ignores the element even if it is NaN or inf, or negative.
    out : array of shape (N,) or (M,), or () if everything is reduced, optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    array of shape (N,) or (M,), of x's dtype; a scalar if everything is reduced and there is no `out`
        -inf where nothing is summed, NaN where the sum is negative.

    Raises
    ------
    TypeError
        If the axis is no integer.
    ValueError
        If x has more than two dimensions, there is no such axis, or the weights do not broadcast.

    Notes
    -----
    Blanchard, Higham & Higham 2021, "Accurately computing the log-sum-exp and softmax functions".
    """
    backend = select(x)
    xp = backend.xp
    x = as_floating(x, xp, "x")
    if x.ndim > 2:
        raise ValueError(f"Found array with dim {x.ndim}, while dim <= 2 is required for x.")
    axis = None if axis is None else as_integer(axis, "axis")
    if axis is not None and not -max(x.ndim, 1) <= axis < max(x.ndim, 1):
        raise ValueError(f"axis {axis} is out of bounds for an array of dimension {x.ndim}.")
    if weights is not None:
        weights = _broadcast(weights, x, xp)
    everything = axis is None or x.ndim < 2
    shape: tuple[int, ...] = () if everything else (x.shape[1 - axis % 2],) if axis is not None else ()
    result = as_output(out, shape, x.dtype, xp)
    matrix_shape = (1, x.size) if everything else x.shape

    def matrix(array: Any) -> Any:
        return None if array is None else xp.ascontiguousarray(array).reshape(matrix_shape)

    kernel_axis = 1 if everything or axis is None else axis % 2
    backend.core.logsumexp(matrix(x), matrix(weights), kernel_axis, result.reshape(-1), backend.context(threads))
    return result[()] if everything and out is None else result


def _broadcast(weights: Any, x: Array, xp: Any) -> Array:
    weights = xp.asarray(weights, dtype=x.dtype)
    try:
        return xp.broadcast_to(weights, x.shape)
    except ValueError:
        raise ValueError(
            f"weights should broadcast to the shape of x, {tuple(x.shape)}, but have the shape {tuple(weights.shape)}."
        ) from None
