"""The machine that a fit starts from."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from gibbsite.rbm._machine import Machine

Array = Any

# of the first weights (Hinton 2012, "A practical guide to training restricted Boltzmann machines", section 8)
WEIGHT_SCALE = 0.01


def first_machine(
    n_hidden: int,
    mean: Array,
    variance: Array | None,
    *,
    groups: Array | None,
    total_weight: float,
    bias_from_data: bool,
    random_state: np.random.RandomState,
    dtype: Any,
    xp: Any,
    threads: int | None,
) -> Machine:
    """Small random weights (those that scikit-learn draws), and visible biases from the data's means, or zero.

    Parameters
    ----------
    n_hidden : int
    mean : float64 array of shape (n_visible,)
        Of the training rows.
    variance : float64 array of shape (n_visible,) or None
        Given for Gaussian units; constant columns get variance 1.
    groups : int64 array or None
    total_weight : float
        Of the rows that the means are of: how many, where rows have no weights.
    bias_from_data : bool
    random_state : RandomState
    dtype, xp, threads
    """
    W = xp.asarray(random_state.normal(0.0, WEIGHT_SCALE, (n_hidden, len(mean))), dtype=dtype)
    b = xp.zeros(len(mean), dtype=dtype)
    log_variance = None
    if variance is not None:
        constant = variance <= 1e-12 * (mean * mean + 1e-300)
        log_variance = xp.ascontiguousarray(xp.log(xp.where(constant, 1.0, variance)), dtype=dtype)
    if bias_from_data:
        b[...] = mean if variance is not None else base_rate_biases(mean, total_weight, groups, xp)
    c = xp.zeros(n_hidden, dtype=dtype)
    machine = Machine(W, b, c, log_variance=log_variance, groups=groups, threads=threads, packed=True)
    fix_gauge(machine)
    return machine


def base_rate_biases(mean: Array, total_weight: float, groups: Array | None, xp: Any) -> Array:
    """Visible biases of a machine without weights whose probabilities are the data's means, smoothed by Laplace's rule.

    Parameters
    ----------
    mean : float64 array of shape (n_visible,)
    total_weight : float
    groups : int64 array or None
    xp : module

    Returns
    -------
    biases : float64 array of shape (n_visible,)
    """
    on = xp.clip(mean, 0.0, 1.0) * total_weight + 1.0
    if groups is None:
        return xp.log(on / (total_weight + 2.0 - on))
    return xp.log(on)


def fix_gauge(machine: Machine) -> None:
    """Move a categorical machine to weights and visible biases that add up to zero in every group.

    One unit of a group is always on: a constant taken from a hidden unit's weights to the group and added to that
    unit's bias changes no probability, nor does a constant taken from the group's biases.
    """
    if machine.groups is None:
        return
    xp = machine.xp
    for start, stop in pairwise(machine.groups.tolist()):
        means = machine.W[:, start:stop].mean(axis=1, dtype=np.float64)
        machine.W[:, start:stop] -= xp.asarray(means[:, None], dtype=machine.dtype)
        machine.c += xp.asarray(means, dtype=machine.dtype)
        machine.b[start:stop] -= xp.asarray(machine.b[start:stop].mean(dtype=np.float64), dtype=machine.dtype)
    machine.refresh()
