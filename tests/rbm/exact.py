"""Distributions of small machines, by enumeration, and draws from them."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, softmax

from tests.rbm import oracles


def joint(m, beta=1.0):
    """(v, h, p): all pairs of states of a machine without gaussian units, and their probabilities at a temperature."""
    visible, hidden = oracles.visible_states_of(m), oracles.states_of(len(m.c))
    v, h = np.repeat(visible, len(hidden), axis=0), np.tile(hidden, (len(visible), 1))
    return v, h, softmax(-beta * oracles.energy(v, h, m))


def hidden_marginal(m, beta=1.0):
    """(h, p) of a gaussian machine: the visible units are integrated out."""
    h = oracles.states_of(len(m.c))
    x = oracles.visible_activation(h, m)
    return h, softmax(beta * (h @ m.c + ((x**2 - m.b**2) / (2 * m.s)).sum(axis=1)))


def draw(rng, m, n):
    """n exact draws (v, h), as chains hold them."""
    if m.kind == "gaussian":
        states, p = hidden_marginal(m)
        h = states[rng.choice(len(p), n, p=p)]
        return oracles.visible_activation(h, m) + np.sqrt(m.s) * rng.normal(size=(n, len(m.b))), h.astype(np.uint8)
    v, h, p = joint(m)
    chosen = rng.choice(len(p), n, p=p)
    return v[chosen].astype(np.uint8), h[chosen].astype(np.uint8)


def draw_base(rng, m, base, n):
    """n draws of visible units from the distribution at beta = 0 of annealed importance sampling."""
    nothing = np.zeros((len(m.c), len(base)))
    hidden = oracles.Machine(nothing, base, np.zeros(len(m.c)), m.variance, m.groups)
    return draw(rng, hidden, n)[0]


def log_base_partition(m, base):
    """Logarithm of the partition function at beta = 0."""
    if m.kind == "gaussian":
        visible = 0.5 * np.log(2 * np.pi * m.s).sum()
    elif m.kind == "bernoulli":
        visible = np.logaddexp(0, base).sum()
    else:
        visible = sum(logsumexp(base[g]) for g in m.group_slices())
    return len(m.c) * np.log(2) + visible


def numbers_of(states):
    """Rows of bits as numbers."""
    return states.astype(np.int64) @ (1 << np.arange(states.shape[1]))
