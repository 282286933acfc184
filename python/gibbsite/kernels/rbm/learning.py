"""The gradient of the log likelihood, and steps along it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from gibbsite._backends.selection import select
from gibbsite.kernels._validation import FLOAT32, FLOAT64, Array, as_output, as_parameter, as_rows, check_finite
from gibbsite.kernels.rbm._validation import as_machine, as_states


class Gradient(NamedTuple):
    """Derivatives by the parameters.

    Attributes
    ----------
    W : array of shape (H, D)
    b : array of shape (D,)
    c : array of shape (H,)
    log_variance : array of shape (D,), or None
        By the logarithms of the variances of Gaussian units.
    """

    W: Array
    b: Array
    c: Array
    log_variance: Array | None


def gradient(
    v: Array,
    h: Array,
    v_model: Array,
    h_model: Array,
    *,
    sample_weight: Array | None = None,
    visible_center: Array | None = None,
    hidden_center: Array | None = None,
    W: Array | None = None,
    b: Array | None = None,
    variance: Array | None = None,
    out: Gradient | None = None,
    threads: int | None = None,
) -> Gradient:
    """Moments under the data minus moments under the model: the gradient of the mean log likelihood of a row.

    With centers, the enhanced gradient of Melchior, Fischer & Wiskott (2016, "How to center deep Boltzmann machines"),
    in terms of the ordinary parameters. Sums over rows do not depend on the number of threads.

    Parameters
    ----------
    v : array of shape (N, D)
        Rows of data, as in `hidden_probabilities`.
    h : array of shape (N, H)
        Their hidden probabilities, or states.
    v_model : array of shape (M, D)
        States under the model.
    h_model : array of shape (M, H)
    sample_weight : array of shape (N,), optional
        Weights of the rows of data, of positive sum.
    visible_center : array of shape (D,), optional
        In units of v.
    hidden_center : array of shape (H,), optional
        Given where `visible_center` is.
    W, b, variance : arrays of shape (H, D), (D,) and (D,), optional
        Given, all three, for Gaussian units.
    out : Gradient, optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    Gradient
        Of h's dtype where that is float32 or float64.

    Raises
    ------
    TypeError
        If an array is sparse.
    ValueError
        If a shape does not fit, there are no rows or no weight, or units cannot take the values of v.
    """
    backend = select(v, h)
    xp = backend.xp
    h = as_rows(h, xp, "h")
    dtype, n_hidden = h.dtype, h.shape[1]
    h_model = xp.ascontiguousarray(as_rows(h_model, xp, "h_model"), dtype=dtype)
    if (visible_center is None) != (hidden_center is None):
        raise ValueError("visible_center and hidden_center should both be given, or none.")
    if variance is not None and (W is None or b is None):
        raise ValueError("W and b should be given with variance.")
    n_visible = _columns(v)
    v, v_model = _as_pair(v, v_model, n_visible, dtype, variance is not None, xp)
    _check_rows(v, h, v_model, h_model)
    weight = None if sample_weight is None else _as_weights(sample_weight, len(v), dtype, xp)
    shapes = (n_hidden, n_visible), (n_visible,), (n_hidden,), (n_visible,) if variance is not None else None
    result = _gradient_for(out, shapes, dtype, xp)
    # without Gaussian units W is only looked at for its shape
    machine = as_machine(result.W if W is None else xp.asarray(W, dtype=dtype), b, None, xp, variance)
    if machine.W.shape != shapes[0]:
        raise ValueError(f"W should have the shape {shapes[0]}, but got {machine.W.shape}.")
    backend.rbm.gradient(
        *(v, h, weight, v_model, h_model),
        None if visible_center is None else as_parameter(visible_center, shapes[1], dtype, xp, "visible_center"),
        None if hidden_center is None else as_parameter(hidden_center, shapes[2], dtype, xp, "hidden_center"),
        *(machine.W, result.b if machine.b is None else machine.b, machine.variance),
        *result,
        backend.context(threads),
    )
    return result


def _columns(v: Array) -> int:
    shape = getattr(v, "shape", None) or (len(v), len(v[0]) if len(v) else 0)
    return int(shape[-1]) if len(shape) else 0


def _as_pair(v: Array, v_model: Array, n_visible: int, dtype: Any, is_gaussian: bool, xp: Any) -> tuple[Array, Array]:
    """Both as bytes, or both as numbers."""
    v = as_states(v, n_visible, dtype, xp, "v", is_gaussian)
    v_model = as_states(v_model, n_visible, dtype, xp, "v_model", is_gaussian)
    if v.dtype != v_model.dtype:
        v, v_model = v.astype(dtype), v_model.astype(dtype)
    return v, v_model


def _check_rows(v: Array, h: Array, v_model: Array, h_model: Array) -> None:
    if h_model.shape[1] != h.shape[1]:
        raise ValueError(f"h_model should have {h.shape[1]} columns, one for each unit, but has {h_model.shape[1]}.")
    for states, hidden, name in ((v, h, ""), (v_model, h_model, "_model")):
        if len(hidden) != len(states):
            raise ValueError(f"h{name} should have the {len(states)} rows of v{name}, but has {len(hidden)}.")
        if len(states) == 0:
            raise ValueError(f"v{name} should have at least one row.")


def _as_weights(sample_weight: Array, n_rows: int, dtype: Any, xp: Any) -> Array:
    weight = as_parameter(sample_weight, (n_rows,), dtype, xp, "sample_weight")
    check_finite(weight, "sample_weight")
    if not bool(weight.sum() > 0):
        raise ValueError("sample_weight should have a positive sum.")
    return weight


def _gradient_for(out: Gradient | None, shapes: Sequence[tuple[int, ...] | None], dtype: Any, xp: Any) -> Gradient:
    if out is None:
        out = Gradient(None, None, None, None)
    return Gradient(
        *(
            None if shape is None else as_output(array, shape, dtype, xp, f"out.{name}")
            for name, array, shape in zip(Gradient._fields, out, shapes, strict=True)
        )
    )


def update(
    W: Array,
    b: Array,
    c: Array,
    gradient: Sequence[Array | None],
    *,
    learning_rate: float,
    velocity: Sequence[Array] | None = None,
    momentum: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    threads: int | None = None,
) -> Array:
    """Take one step of gradient ascent, in place.

    velocity = momentum velocity + learning_rate (gradient - l2 W - l1 sign(W)), W += velocity; b and c likewise without
    decay. Without a velocity, the step is learning_rate times the same bracket.

    Parameters
    ----------
    W, b, c : arrays of shape (H, D), (D,) and (H,)
        float32 or float64, C-contiguous; changed.
    gradient : Gradient, or a sequence of three arrays
        Of W's dtype, with the shapes of W, b and c.
    learning_rate : float
    velocity : sequence of three arrays, optional
        With the shapes of W, b and c; changed.
    momentum : float
        Needs a velocity.
    l1, l2 : float
        Decay of the weights.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    float64 array of shape (4,)
        Sums of squares of: the new W, its step, the new b and c, their steps. Not finite where a parameter is not.

    Raises
    ------
    TypeError
        If W, b, c or a velocity is no array.
    ValueError
        If a shape or dtype does not fit, an array that is to change cannot be written to, a rate is not finite, or
        momentum lacks a velocity.
    """
    backend = select(W)
    xp = backend.xp
    if not isinstance(W, xp.ndarray) or W.ndim != 2:
        raise TypeError("W should be an array of two dimensions, which is changed in place.")
    if W.dtype != FLOAT32 and W.dtype != FLOAT64:
        raise ValueError(f"W should be float32 or float64, but is {W.dtype}.")
    if momentum and velocity is None:
        raise ValueError("velocity should be given with momentum.")
    shapes = W.shape, W.shape[1:], W.shape[:1]
    names = "W", "b", "c"
    parameters = [as_output(a, s, W.dtype, xp, n) for a, s, n in zip((W, b, c), shapes, names, strict=True)]
    three = _first_three(gradient, "gradient")
    slopes = [as_parameter(a, s, W.dtype, xp, f"gradient.{n}") for a, s, n in zip(three, shapes, names, strict=True)]
    speeds: list[Array | None] = [None, None, None]
    if velocity is not None:
        three = _first_three(velocity, "velocity")
        speeds = [
            as_output(a, s, W.dtype, xp, f"velocity of {n}") for a, s, n in zip(three, shapes, names, strict=True)
        ]
    norms = xp.empty(4, FLOAT64)
    rates = [
        _as_rate(value, name)
        for name, value in (("learning_rate", learning_rate), ("momentum", momentum), ("l1", l1), ("l2", l2))
    ]
    backend.rbm.update(*parameters, *slopes, *speeds, *rates, None, norms, backend.context(threads))
    return norms


def _first_three(arrays: Sequence[Array], name: str) -> Sequence[Array]:
    if len(arrays) < 3:
        raise ValueError(f"{name} should hold three arrays, for W, b and c, but holds {len(arrays)}.")
    return arrays[:3]


def _as_rate(value: float, name: str) -> float:
    rate = float(value)
    if not math.isfinite(rate):
        raise ValueError(f"{name} should be finite, got {value}.")
    return rate
