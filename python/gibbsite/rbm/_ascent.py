"""One step of stochastic gradient ascent on the log-likelihood. Its buffers are allocated once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gibbsite.rbm._machine import Machine
from gibbsite.rbm._schemes import Scheme
from gibbsite.rbm._sources import Batch

Array = Any

# Shares of the newest batch in the running means: offsets of the centred gradient (Melchior et al. 2016, section
# 3.3), and activities held against the sparsity target (Hinton 2012, section 11).
_OFFSET_SHARE = 0.01
_ACTIVITY_SHARE = 0.1

# A step changes a log variance by no more than this, and no variance falls below this share of the data's.
_LARGEST_VARIANCE_STEP = 0.1
_VARIANCE_FLOOR = 1e-3


@dataclass(frozen=True)
class StepOptions:
    """What a step needs to know; see `BernoulliRBM`."""

    momentum: float = 0.0
    weight_decay: float = 0.0
    l1_decay: float = 0.0
    centered: bool = False
    sparsity_target: float | None = None
    sparsity_cost: float = 0.0
    learn_variance: bool = False


class Ascent:
    """Steps of one machine with one scheme.

    Parameters
    ----------
    machine : Machine
        Changed in place.
    scheme : Scheme
    options : StepOptions
    n_rows : int
        Most rows of a batch.
    data_mean : array of shape (n_visible,)
        Offsets of the visible units where `centered`.

    Attributes
    ----------
    norms : float64 array of shape (4,)
        Of the last step: sums of squares of the weights, of their step, of the biases, of theirs.
    """

    def __init__(self, machine: Machine, scheme: Scheme, options: StepOptions, n_rows: int, data_mean: Array) -> None:
        xp, dtype = machine.xp, machine.dtype
        shapes = {"W": machine.W.shape, "b": machine.b.shape, "c": machine.c.shape}
        self.machine, self.scheme, self.options = machine, scheme, options
        self.hidden = xp.empty((n_rows, machine.n_hidden), dtype=dtype)
        self.gradient = {name: xp.empty(shape, dtype=dtype) for name, shape in shapes.items()}
        self.log_variance_gradient = xp.empty_like(machine.b) if machine.is_gaussian else None
        self.velocity = {}
        if options.momentum:
            self.velocity = {name: xp.zeros(shape, dtype=dtype) for name, shape in shapes.items()}
        self.norms = xp.zeros(4, dtype=np.float64)
        self.visible_center = self.hidden_center = self.activity = None
        if options.centered:
            self.visible_center = xp.array(data_mean, dtype=dtype)
            self.hidden_center = xp.full(machine.n_hidden, 0.5, dtype=dtype)
        if options.sparsity_target is not None:
            self.activity = xp.full(machine.n_hidden, options.sparsity_target, dtype=dtype)
        if machine.is_gaussian:
            self._lowest_log_variance = machine.log_variance + np.log(_VARIANCE_FLOOR).astype(dtype)
        self._mean = xp.empty(machine.n_hidden, dtype=dtype)
        self._v_model: Array | None = None

    def arrays(self) -> dict[str, Array]:
        """Everything that steps change, by name; restoring these restores the ascent."""
        machine = self.machine
        named = {"W": machine.W, "b": machine.b, "c": machine.c, "log_variance": machine.log_variance}
        named.update({f"{name}_velocity": value for name, value in self.velocity.items()})
        named.update(visible_center=self.visible_center, hidden_center=self.hidden_center, activity=self.activity)
        named.update({f"chain_{name}": value for name, value in self.scheme.arrays().items()})
        return {name: value for name, value in named.items() if value is not None}

    def step(self, batch: Batch, rate: float) -> None:
        """Climb once along the batch's gradient."""
        hidden = self.hidden[: len(batch.v)]
        self.machine.hidden_probabilities(batch.v, hidden)
        model = self.scheme.advance(hidden, batch.weight)
        if self.hidden_center is not None:
            self._follow(self.hidden_center, hidden, batch.weight, _OFFSET_SHARE)
        self._differentiate(batch, hidden, *model)
        if self.activity is not None and self.options.sparsity_target is not None:
            # towards the target through the biases (Lee, Ekanadham & Ng 2008, NIPS 20)
            self._follow(self.activity, hidden, batch.weight, _ACTIVITY_SHARE)
            self.gradient["c"] += self.options.sparsity_cost * (self.options.sparsity_target - self.activity)
        self._climb(rate * batch.scale)

    def _follow(self, running: Array, hidden: Array, weight: Array | None, share: float) -> None:
        """Move a running mean towards the batch's."""
        xp = self.machine.xp
        if weight is None:
            xp.mean(hidden, axis=0, out=self._mean)
        else:
            xp.matmul(weight, hidden, out=self._mean)
            self._mean /= weight.sum()
        self._mean -= running
        self._mean *= share
        running += self._mean

    def _differentiate(self, batch: Batch, hidden: Array, v_model: Array, h_model: Array) -> None:
        machine, gradient = self.machine, self.gradient
        v_model = self._as_numbers(v_model) if batch.v.dtype != v_model.dtype else v_model
        machine.backend.rbm.gradient(
            *(batch.v, hidden, batch.weight, v_model, h_model, self.visible_center, self.hidden_center),
            *(machine.W, machine.b, machine.variance, gradient["W"], gradient["b"], gradient["c"]),
            *(self.log_variance_gradient, machine.context),
        )

    def _as_numbers(self, v_model: Array) -> Array:
        """Binary states beside grey rows: a kernel reads both phases in one type."""
        if self._v_model is None:
            self._v_model = self.machine.xp.empty((len(self.scheme.v), v_model.shape[1]), dtype=self.machine.dtype)
        numbers = self._v_model[: len(v_model)]
        numbers[...] = v_model
        return numbers

    def _climb(self, rate: float) -> None:
        machine, options, gradient, velocity = self.machine, self.options, self.gradient, self.velocity
        machine.backend.rbm.update(
            *(machine.W, machine.b, machine.c, gradient["W"], gradient["b"], gradient["c"]),
            *(velocity.get("W"), velocity.get("b"), velocity.get("c")),
            *(rate, options.momentum, options.l1_decay, options.weight_decay),
            *(machine.panels, self.norms, machine.context),
        )
        if machine.is_gaussian and options.learn_variance:
            self._climb_variance(rate)

    def _climb_variance(self, rate: float) -> None:
        machine, step = self.machine, self.log_variance_gradient
        xp = machine.xp
        step *= machine.dtype.type(rate)
        xp.clip(step, -_LARGEST_VARIANCE_STEP, _LARGEST_VARIANCE_STEP, out=step)
        machine.log_variance += step
        xp.maximum(machine.log_variance, self._lowest_log_variance, out=machine.log_variance)
        xp.exp(machine.log_variance, out=machine.variance)
