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
def _block(place: Any, block: Any, purpose: Any) -> Any:
    """Philox4x32-10 (Salmon et al. 2011): four words of 32 bits in uint64; the rounds stay in registers."""
    a, b, c, d = block, place.chain, place.draw, purpose
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
    return a, b, c, d


@jit
def uniform(place: Any, purpose: Any, block: int) -> float:
    """A uniform on [0, 1) of 53 bits, whatever the type of the chain."""
    a, b, _, _ = _block(place, np.uint64(block), purpose)
    return np.int64(((b << _HALF) | a) >> np.uint64(11)) * 2.0**-53


@jit
def goes_forwards(place: Any, doubling: int) -> bool:
    """The direction of a doubling of the tree."""
    word, _, _, _ = _block(place, np.uint64(doubling), DIRECTION)
    return (word & np.uint64(1)) != np.uint64(0)


@jit
def new_words(n: int, like: Any) -> Any:
    """Memory for the words of n normals."""
    per_block = 16 // like.itemsize
    return np.empty((4, (n + per_block - 1) // per_block), np.uint64)


def _to_normals(words: Any, out: Any) -> None:
    """Turn words (4, blocks) into normals of out's dtype (Box & Muller 1958), as random/transforms.hpp places them."""
    raise NotImplementedError


def _to_normals64(words: Any, out: Any) -> None:
    n, n_blocks = out.shape[0], words.shape[1]
    w0, w1, w2, w3 = row(words, 0), row(words, 1), row(words, 2), row(words, 3)
    for i in range(n_blocks):
        first = np.int64(((w1[i] << np.uint64(32)) | w0[i]) >> np.uint64(11)) * 2.0**-53
        second = np.int64(((w3[i] << np.uint64(32)) | w2[i]) >> np.uint64(11)) * 2.0**-53
        radius = np.sqrt(-2.0 * log_positive(1.0 - first))
        sine, cosine = sincos_turn(second)
        out[2 * i] = radius * cosine
        if 2 * i + 1 < n:
            out[2 * i + 1] = radius * sine


def _to_normals32(words: Any, out: Any) -> None:
    n, n_blocks = out.shape[0], words.shape[1]
    one = np.float32(1.0)
    for pair in range(2):
        radius_words, turn_words = row(words, 2 * pair), row(words, 2 * pair + 1)
        for i in range(n_blocks):
            # (w + 1/2) 2^-32, but with w rounded to float32 first: never zero, never above one.
            u = np.float32(np.float32(np.int64(radius_words[i])) * np.float32(2.0**-32) + np.float32(2.0**-33))
            radius = np.sqrt(np.float32(-2.0) * log_positive(u if u < one else one))
            turn = np.float32(np.int32(turn_words[i] >> np.uint64(8))) * np.float32(2.0**-24)
            sine, cosine = sincos_turn(turn)
            at = 4 * i + 2 * pair
            if at < n:
                out[at] = radius * cosine
            if at + 1 < n:
                out[at + 1] = radius * sine


by_precision(_to_normals, _to_normals64, _to_normals32, inline=False)


@jit
def normals(place: Any, words: Any, out: Any) -> None:
    """A draw's standard normals; `words` is scratch."""
    for i in range(words.shape[1]):
        words[0, i], words[1, i], words[2, i], words[3, i] = _block(place, np.uint64(i), NORMALS)
    _to_normals(words, out)
