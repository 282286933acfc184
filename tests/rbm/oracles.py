"""Restricted Boltzmann machines in plain NumPy float64: written for clarity, and for nothing else.

States have one row a chain. csrc/rbm/api.hpp says what a machine is, csrc/rbm/units.hpp where its draws come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp, softmax

from tests.oracles import philox4x32_10

HIDDEN, VISIBLE = 0x52424D48, 0x52424D56


@dataclass
class Machine:
    """Parameters as a kernel gets them, and their float64 copies as attributes with capital or Greek names."""

    weights: np.ndarray
    visible_bias: np.ndarray
    hidden_bias: np.ndarray
    variance: np.ndarray | None = None
    groups: np.ndarray | None = None

    def __post_init__(self):
        self.W, self.b, self.c = (
            array.astype(np.float64) for array in (self.weights, self.visible_bias, self.hidden_bias)
        )
        self.s = np.ones(len(self.b)) if self.variance is None else self.variance.astype(np.float64)

    @property
    def kind(self):
        return "gaussian" if self.variance is not None else "bernoulli" if self.groups is None else "categorical"

    def group_slices(self):
        return [slice(a, b) for a, b in zip(self.groups[:-1], self.groups[1:], strict=True)]


def column(betas):
    """Inverse temperatures beside rows; None is 1."""
    return 1.0 if betas is None else np.asarray(betas, np.float64)[:, np.newaxis]


def hidden_activation(v, m):
    return m.c + (v / m.s) @ m.W.T


def visible_activation(h, m):
    return m.b + h @ m.W


def hidden_probabilities(v, m, betas=None):
    return expit(column(betas) * hidden_activation(v, m))


def visible_from(x, m):
    """Probabilities, or means, from activations times inverse temperatures."""
    if m.kind == "gaussian":
        return x
    if m.kind == "bernoulli":
        return expit(x)
    return np.concatenate([softmax(x[:, g], axis=1) for g in m.group_slices()], axis=1)


def visible_probabilities(h, m, betas=None):
    x = visible_activation(h, m)
    return visible_from(x if m.kind == "gaussian" else column(betas) * x, m)


def visible_term(v, m, bias):
    """What the visible units add to -E by themselves."""
    if m.kind == "gaussian":
        return -((v - bias) ** 2 / (2 * m.s)).sum(axis=1)
    return v @ bias


def energy(v, h, m):
    return -visible_term(v, m, m.b) - h @ m.c - ((h @ m.W) * (v / m.s)).sum(axis=1)


def free_energy(v, m):
    return -visible_term(v, m, m.b) - np.logaddexp(0, hidden_activation(v, m)).sum(axis=1)


# --------------------------------------------------------------------------------------------- draws


def unit_words(n_units, n_chains, seed, sweep, chain, side):
    """The word (n_chains, n_units) of every unit, and both words (2, n_chains, n_units) of its pair."""
    unit = np.arange(n_units)
    block = 16 * (unit // 64) + unit % 16
    chains = (chain + np.arange(n_chains)) % 2**32
    ones = np.ones((n_chains, n_units), np.uint64)
    counter = (ones * block.astype(np.uint64), ones * chains.astype(np.uint64)[:, np.newaxis])
    counter = (*counter, ones * np.uint64(sweep % 2**32), ones * np.uint64(side))
    words = philox4x32_10([c.ravel() for c in counter], (seed % 2**32, seed >> 32)).reshape(4, n_chains, n_units)
    place = unit % 64 // 16
    return words[place, :, unit].T, np.stack([words[place // 2 * 2, :, unit].T, words[place // 2 * 2 + 1, :, unit].T])


def uniforms(n_units, n_chains, place, side, dtype):
    word, _ = unit_words(n_units, n_chains, *place, side)
    if dtype == np.float32:
        return ((word >> np.uint64(9)) + 0.5) * 2.0**-23
    return (word + 0.5) * 2.0**-32


def normals(n_units, n_chains, place, side, dtype):
    """Box & Muller 1958, in float64 from the same uniforms as the kernels."""
    _, (radius, turn) = unit_words(n_units, n_chains, *place, side)
    if dtype == np.float32:
        u1 = np.minimum((radius.astype(np.float32).astype(np.float64) * 2.0**-32 + 2.0**-33).astype(np.float32), 1)
        u2 = (turn >> np.uint64(8)) * 2.0**-24
    else:
        u1, u2 = (radius + 0.5) * 2.0**-32, turn * 2.0**-32
    is_sine = np.arange(n_units) % 32 >= 16
    return np.sqrt(-2 * np.log(u1.astype(np.float64))) * np.where(
        is_sine, np.sin(2 * np.pi * u2), np.cos(2 * np.pi * u2)
    )


def binary_draw(x, place, side, dtype):
    """(states, how far the probability is from the uniform)"""
    p, u = expit(x), uniforms(x.shape[1], len(x), place, side, dtype)
    return (u < p).astype(np.uint8), np.abs(u - p)


def categorical_draw(x, m, place, dtype):
    """(states, how far the running sums of the unit's group are from the target)"""
    u = uniforms(len(m.groups) - 1, len(x), place, VISIBLE, dtype)
    states, margin = np.zeros(x.shape, np.uint8), np.empty(x.shape)
    for g, units in enumerate(m.group_slices()):
        running = np.cumsum(softmax(x[:, units], axis=1), axis=1)[:, :-1]
        chosen = (running <= u[:, g, np.newaxis]).sum(axis=1)
        states[np.arange(len(x)), units.start + chosen] = 1
        margin[:, units] = np.abs(running - u[:, g, np.newaxis]).min(axis=1, initial=1.0)[:, np.newaxis]
    return states, margin


def visible_draw(x, m, place, dtype, betas=None):
    """(states, margin) from activations times inverse temperatures (gaussian: means; the margin is None)."""
    if m.kind == "gaussian":
        return x + np.sqrt(m.s / column(betas)) * normals(x.shape[1], len(x), place, VISIBLE, dtype), None
    if m.kind == "bernoulli":
        return binary_draw(x, place, VISIBLE, dtype)
    return categorical_draw(x, m, place, dtype)


def draw_hidden(v, m, place, dtype, betas=None):
    return binary_draw(column(betas) * hidden_activation(v, m), place, HIDDEN, dtype)


def draw_visible(h, m, place, dtype, betas=None):
    x = visible_activation(h, m)
    return visible_draw(x if m.kind == "gaussian" else column(betas) * x, m, place, dtype, betas)


# -------------------------------------------------------------------------------------------- learning


@dataclass
class Gradient:
    W: np.ndarray
    b: np.ndarray
    c: np.ndarray
    log_variance: np.ndarray


def _mean(values, weight):
    """Weighted mean over rows; nothing where there is no weight."""
    total = weight.sum()
    return np.tensordot(weight, values, axes=(0, 0)) / total if total else np.zeros(values.shape[1:])


def gradient(v, h, v_model, h_model, m, sample_weight=None, visible_center=None, hidden_center=None):
    v, h, v_model, h_model = (a.astype(np.float64) for a in (v, h, v_model, h_model))
    weight = np.ones(len(v)) if sample_weight is None else sample_weight.astype(np.float64)
    ones = np.ones(len(v_model))

    def difference(statistic):
        return _mean(statistic(v, h), weight) - _mean(statistic(v_model, h_model), ones)

    R = difference(lambda v, h: h[:, :, np.newaxis] * (v / m.s)[:, np.newaxis])
    dx, dh = difference(lambda v, h: v / m.s), difference(lambda v, h: h)
    log_variance = difference(lambda v, h: (v - m.b) ** 2 / (2 * m.s) - v / m.s * (h @ m.W))
    if visible_center is None:
        return Gradient(R, dx, dh, log_variance)
    mu, lam = visible_center.astype(np.float64) / m.s, hidden_center.astype(np.float64)
    dW = R - np.outer(lam, dx) - np.outer(dh, mu)
    return Gradient(dW, dx - dW.T @ lam, dh - dW @ mu, log_variance)


def update(parameter, gradient, velocity, learning_rate, momentum, l1, l2):
    """(parameter, velocity) after the step, where the velocity is also the step."""
    x, g = parameter.astype(np.float64), gradient.astype(np.float64)
    step = learning_rate * (g - l2 * x - l1 * np.sign(x))
    if velocity is not None:
        step = step + momentum * velocity.astype(np.float64)
    return x + step, step


# ------------------------------------------------------------------------------------------ likelihood


def states_of(n):
    """All 2^n states of n binary units."""
    return (np.arange(2**n)[:, np.newaxis] >> np.arange(n) & 1).astype(np.float64)


def visible_states_of(m):
    """All states of binary or categorical visible units."""
    if m.kind == "bernoulli":
        return states_of(len(m.b))
    sizes = np.diff(m.groups)
    chosen = np.indices(sizes).reshape(len(sizes), -1).T
    return np.concatenate([np.eye(n)[chosen[:, g]] for g, n in enumerate(sizes)], axis=1)


def log_partition(m):
    """By enumeration of the hidden states; visible units are summed or integrated one by one."""
    h = states_of(len(m.c))
    x = visible_activation(h, m)
    if m.kind == "bernoulli":
        visible = np.logaddexp(0, x).sum(axis=1)
    elif m.kind == "categorical":
        visible = sum(logsumexp(x[:, g], axis=1) for g in m.group_slices())
    else:
        visible = ((x**2 - m.b**2) / (2 * m.s) + np.log(2 * np.pi * m.s) / 2).sum(axis=1)
    return float(logsumexp(h @ m.c + visible))


def log_f(v, m, base, beta):
    """Logarithm of the unnormalised intermediate distribution of annealed importance sampling."""
    mixed = (1 - beta) * visible_term(v, m, base) + beta * visible_term(v, m, m.b)
    return mixed + np.logaddexp(0, beta * hidden_activation(v, m)).sum(axis=1)
