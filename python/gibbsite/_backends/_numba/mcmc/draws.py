"""Where a draw's random numbers sit: Philox key = seed, counter {block, chain, draw, purpose}.

csrc/mcmc/placement.hpp has the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from gibbsite._backends._numba.borrow import row
from gibbsite._backends._numba.jit import INLINE, by_precision, jit
from gibbsite._backends._numba.vecmath import log_positive, sincos_turn

NORMALS = np.uint64(0x4D434E4F)
ACCEPT = np.uint64(0x4D435541)
JITTER = np.uint64(0x4D434A49)
DIRECTION = np.uint64(0x4D434449)
TREE = np.uint64(0x4D435455)
LEAF = np.uint64(0x4D434C45)

_MULTIPLIER0, _MULTIPLIER1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL0, _WEYL1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


class Place(NamedTuple):
    """Where draws sit: the seed, the number of the first chain and that of the first draw, all uint64."""

    seed: Any
    chain: Any
    draw: Any


@jit
def place_of(place: Any, chain: int, draw: int) -> Any:
    """The place of one draw of one chain; both are counted from the first of the call."""
    return Place(place.seed, (place.chain + np.uint64(chain)) & _LOW, (place.draw + np.uint64(draw)) & _LOW)


@numba.njit(**INLINE)
def _philox(seed: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Philox4x32-10 (Salmon et al. 2011): four words of 32 bits in uint64; the rounds stay in registers."""
    key0 = seed & _LOW
    key1 = seed >> _HALF
    for _ in range(10):
        product0 = (a & _LOW) * _MULTIPLIER0
        product1 = (c & _LOW) * _MULTIPLIER1
        a = (product1 >> _HALF) ^ b ^ key0
        c = (product0 >> _HALF) ^ d ^ key1
        b = product1 & _LOW
        d = product0 & _LOW
        key0 = (key0 + _WEYL0) & _LOW
        key1 = (key1 + _WEYL1) & _LOW
    return a, b, c, d


@jit
def uniform(place: Any, purpose: Any, block: int) -> float:
    """A uniform on [0, 1) of 53 bits, whatever the type of the chain."""
    a, b, _, _ = _philox(place.seed, np.uint64(block), place.chain, place.draw, purpose)
    return np.int64(((b << _HALF) | a) >> np.uint64(11)) * 2.0**-53


@jit
def goes_forwards(place: Any, doubling: int) -> bool:
    """The direction of a doubling of the tree."""
    word, _, _, _ = _philox(place.seed, np.uint64(doubling), place.chain, place.draw, DIRECTION)
    return (word & np.uint64(1)) != np.uint64(0)


class Buffers(NamedTuple):
    """Memory for the random numbers of some draws.

    Attributes
    ----------
    words : uint64 (4, n_draws * (n_blocks + 1))
        Blocks of the first draw's normals, of the second's and so on; then a block a draw for their uniforms.
    normals : (n_draws, n_blocks * numbers in a block)
    uniforms : float64 (n_draws,)
    """

    words: Any
    normals: Any
    uniforms: Any


@jit
def new_buffers(n_draws: int, n: int, like: Any) -> Any:
    """Memory for the numbers of so many draws in n dimensions."""
    per_block = 16 // like.itemsize
    n_blocks = (n + per_block - 1) // per_block
    words = np.empty((4, n_draws * (n_blocks + 1)), np.uint64)
    return Buffers(words, np.empty((n_draws, n_blocks * per_block), like.dtype), np.empty(n_draws))


def _to_normals(words: Any, n_blocks: int, out: Any) -> None:
    """The normals of so many blocks (Box & Muller 1958), as random/transforms.hpp places them."""
    raise NotImplementedError


def _to_normals64(words: Any, n_blocks: int, out: Any) -> None:
    w0, w1, w2, w3 = row(words, 0), row(words, 1), row(words, 2), row(words, 3)
    for i in range(n_blocks):
        first = np.int64(((w1[i] << np.uint64(32)) | w0[i]) >> np.uint64(11)) * 2.0**-53
        second = np.int64(((w3[i] << np.uint64(32)) | w2[i]) >> np.uint64(11)) * 2.0**-53
        radius = np.sqrt(-2.0 * log_positive(1.0 - first))
        sine, cosine = sincos_turn(second)
        out[2 * i] = radius * cosine
        out[2 * i + 1] = radius * sine


def _to_normals32(words: Any, n_blocks: int, out: Any) -> None:
    one = np.float32(1.0)
    for pair in range(2):
        radius_words, turn_words = row(words, 2 * pair), row(words, 2 * pair + 1)
        for i in range(n_blocks):
            # (w + 1/2) 2^-32, but with w rounded to float32 first: never zero, never above one.
            u = np.float32(np.float32(np.int64(radius_words[i])) * np.float32(2.0**-32) + np.float32(2.0**-33))
            radius = np.sqrt(np.float32(-2.0) * log_positive(u if u < one else one))
            turn = np.float32(np.int32(turn_words[i] >> np.uint64(8))) * np.float32(2.0**-24)
            sine, cosine = sincos_turn(turn)
            out[4 * i + 2 * pair] = radius * cosine
            out[4 * i + 2 * pair + 1] = radius * sine


by_precision(_to_normals, _to_normals64, _to_normals32, inline=False)


@jit
def draw_numbers(place: Any, n_draws: int, buffers: Any) -> None:
    """The normals and the accept uniforms of n_draws draws from `place` on: all blocks are the vector lanes."""
    words, numbers, uniforms = buffers.words, buffers.normals, buffers.uniforms
    n_blocks = numbers.shape[1] * numbers.itemsize // 16
    w0, w1, w2, w3 = row(words, 0), row(words, 1), row(words, 2), row(words, 3)
    lane = 0
    for s in range(n_draws):
        for block in range(n_blocks):
            w0[lane], w2[lane], w3[lane] = np.uint64(block), (place.draw + np.uint64(s)) & _LOW, NORMALS
            lane += 1
    whole = lane
    for s in range(n_draws):
        w0[lane], w2[lane], w3[lane] = np.uint64(0), (place.draw + np.uint64(s)) & _LOW, ACCEPT
        lane += 1
    for i in range(lane):
        w0[i], w1[i], w2[i], w3[i] = _philox(place.seed, w0[i], place.chain, w2[i], w3[i])
    _to_normals(words, whole, numbers.reshape(-1))
    for s in range(n_draws):
        uniforms[s] = np.int64(((w1[whole + s] << _HALF) | w0[whole + s]) >> np.uint64(11)) * 2.0**-53
