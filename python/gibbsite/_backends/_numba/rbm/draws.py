"""Uniforms and normals of one side of one chain; csrc/rbm/units.hpp says which word of which block belongs to a unit.

The blocks of all units of a row are neighbours, 16 for every 64 units: they are the vector lanes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.borrow import part, row
from gibbsite._backends._numba.jit import by_precision, jit
from gibbsite._backends._numba.vecmath import log_positive, sincos_turn

HIDDEN, VISIBLE = np.uint64(0x52424D48), np.uint64(0x52424D56)

GROUP = 64  # units that share BLOCKS Philox blocks
BLOCKS = 16

_MULTIPLIER0, _MULTIPLIER1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL0, _WEYL1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


class Place(NamedTuple):
    """Where draws sit: the seed, the number of the first sweep and that of the first chain, all uint64."""

    seed: Any
    sweep: Any
    chain: Any


class Draws(NamedTuple):
    """Memory for one row's draws: words (4, 16 a group of units) and numbers (64 a group)."""

    words: Any
    numbers: Any


@jit
def new_draws(n_units: int, like: Any) -> Any:
    """Memory for the draws of n_units units, in the type of `like`."""
    n_groups = (n_units + GROUP - 1) // GROUP
    return Draws(np.empty((4, n_groups * BLOCKS), np.uint64), np.empty(n_groups * GROUP, like.dtype))


@jit
def _words(place: Any, sweep: int, chain: int, side: Any, words: Any) -> None:
    """Philox4x32-10 (Salmon et al. 2011) of the counters {block, chain, sweep, side}, 32 bits in each uint64.

    The ten rounds of a block stay in registers, unlike those of philox.py, whose blocks fill arrays.
    """
    chain_word = (place.chain + np.uint64(chain)) & _LOW
    sweep_word = (place.sweep + np.uint64(sweep)) & _LOW
    for lane in range(words.shape[1]):
        a, b, c, d = np.uint64(lane), chain_word, sweep_word, side
        key0 = place.seed & _LOW
        key1 = place.seed >> _HALF
        for _ in range(10):
            product0 = (a & _LOW) * _MULTIPLIER0
            product1 = (c & _LOW) * _MULTIPLIER1
            a = (product1 >> _HALF) ^ b ^ key0
            c = (product0 >> _HALF) ^ d ^ key1
            b = product1 & _LOW
            d = product0 & _LOW
            key0 = (key0 + _WEYL0) & _LOW
            key1 = (key1 + _WEYL1) & _LOW
        words[0, lane], words[1, lane], words[2, lane], words[3, lane] = a, b, c, d


def _middles(words: Any, out: Any) -> None:
    """The middles, in (0, 1), of the cells that BLOCKS words fall into."""
    raise NotImplementedError


def _middles64(words: Any, out: Any) -> None:
    for lane in range(BLOCKS):
        out[lane] = (np.int64(words[lane]) + 0.5) * 2.0**-32


def _middles32(words: Any, out: Any) -> None:
    half, cell = np.float32(0.5), np.float32(2.0**-23)
    for lane in range(BLOCKS):
        out[lane] = (np.float32(np.int32(words[lane] >> np.uint64(9))) + half) * cell


def _pair(radius_words: Any, turn_words: Any, out: Any) -> None:
    """BLOCKS cosines, then as many sines (Box & Muller 1958)."""
    raise NotImplementedError


def _pair64(radius_words: Any, turn_words: Any, out: Any) -> None:
    for lane in range(BLOCKS):
        u = (np.int64(radius_words[lane]) + 0.5) * 2.0**-32
        radius = np.sqrt(-2.0 * log_positive(u))
        sine, cosine = sincos_turn(np.int64(turn_words[lane]) * 2.0**-32)
        out[lane] = radius * cosine
        out[BLOCKS + lane] = radius * sine


def _pair32(radius_words: Any, turn_words: Any, out: Any) -> None:
    one = np.float32(1.0)
    for lane in range(BLOCKS):
        # (w + 1/2) 2^-32, but with w rounded to float32 first: never zero, never above one.
        u = np.float32(np.float32(np.int64(radius_words[lane])) * np.float32(2.0**-32) + np.float32(2.0**-33))
        radius = np.sqrt(np.float32(-2.0) * log_positive(u if u < one else one))
        turn = np.float32(np.int32(turn_words[lane] >> np.uint64(8))) * np.float32(2.0**-24)
        sine, cosine = sincos_turn(turn)
        out[lane] = radius * cosine
        out[BLOCKS + lane] = radius * sine


by_precision(_middles, _middles64, _middles32, inline=False)
by_precision(_pair, _pair64, _pair32, inline=False)


@jit
def uniforms(place: Any, sweep: int, chain: int, side: Any, words: Any, out: Any) -> None:
    """out[u] = the uniform of unit u; words and out are those of Draws."""
    _words(place, sweep, chain, side, words)
    for g in range(words.shape[1] // BLOCKS):
        for word in range(4):
            _middles(part(row(words, word), g * BLOCKS), part(out, g * GROUP + word * BLOCKS))


@jit
def normals(place: Any, sweep: int, chain: int, side: Any, words: Any, out: Any) -> None:
    """out[u] = the standard normal of unit u; words 0 and 1 give units 16 apart, and so do 2 and 3."""
    _words(place, sweep, chain, side, words)
    for g in range(words.shape[1] // BLOCKS):
        for word in (0, 2):
            radius, turn = part(row(words, word), g * BLOCKS), part(row(words, word + 1), g * BLOCKS)
            _pair(radius, turn, part(out, g * GROUP + word * BLOCKS))
