"""Random machines and states for the tests."""

from __future__ import annotations

import numpy as np

from tests.rbm import oracles

KINDS = ["bernoulli", "gaussian", "categorical"]

# (rows, hidden, visible): none, one, and one off the blocks, strips and tiles of all back ends in each place.
SHAPES = [
    (0, 3, 4),
    (1, 1, 1),
    (2, 5, 3),
    (3, 16, 17),
    (5, 15, 65),
    (65, 64, 63),
    (33, 17, 130),
    (129, 66, 31),
    (4, 130, 16),
    (3, 225, 460),
    (2, 530, 129),
]
IDS = [f"{n}x{d}-{h}" for n, h, d in SHAPES]

TOLERANCE = {np.float64: 2e-11, np.float32: 1e-4}
# Nearer than this to its uniform, a probability may fall on either side of it.
DOUBT = {np.float64: 1e-10, np.float32: 1e-4}


def random_groups(rng, n_visible):
    """Offsets of groups of one to eight units."""
    cuts = np.cumsum(rng.integers(1, 9, n_visible))
    return np.concatenate([[0], cuts[cuts < n_visible], [n_visible]]).astype(np.int64)


def machine(rng, n_hidden, n_visible, kind, dtype=np.float64, scale=1.5):
    """A machine whose activations are a few units large."""
    weights = scale * rng.normal(size=(n_hidden, n_visible)) / np.sqrt(max(n_hidden, n_visible))
    return oracles.Machine(
        weights.astype(dtype),
        rng.normal(size=n_visible).astype(dtype),
        rng.normal(size=n_hidden).astype(dtype),
        (0.5 + rng.random(n_visible)).astype(dtype) if kind == "gaussian" else None,
        random_groups(rng, n_visible) if kind == "categorical" else None,
    )


def visible_bytes(rng, n_rows, m):
    """Bytes; one in each group of a categorical machine."""
    if m.kind != "categorical":
        return (rng.random((n_rows, len(m.b))) < 0.3).astype(np.uint8)
    v = np.zeros((n_rows, len(m.b)), np.uint8)
    for units in m.group_slices():
        v[np.arange(n_rows), rng.integers(units.start, units.stop, n_rows)] = 1
    return v


def visible_numbers(rng, n_rows, m, dtype):
    """Normals for gaussian units, else values in [0, 1] of which most are zero."""
    shape = n_rows, len(m.b)
    if m.kind == "gaussian":
        return rng.normal(size=shape).astype(dtype)
    return (rng.random(shape) * (rng.random(shape) < 0.3)).astype(dtype)


def chain_start(rng, n_rows, m, dtype):
    """What a chain of this machine can hold: numbers for gaussian units, else bytes."""
    return visible_numbers(rng, n_rows, m, dtype) if m.kind == "gaussian" else visible_bytes(rng, n_rows, m)


def hidden_bytes(rng, n_rows, m):
    return (rng.random((n_rows, len(m.c))) < 0.4).astype(np.uint8)


def place(rng):
    """(seed, sweep, chain)"""
    return int(rng.integers(0, 2**64, dtype=np.uint64)), int(rng.integers(0, 2**32)), int(rng.integers(0, 2**32))


def inverse_temperatures(rng, n_rows, dtype):
    """None, one for all, and one a chain."""
    return [None, np.array([0.7], dtype), (0.2 + rng.random(n_rows)).astype(dtype)] if n_rows else [None]
