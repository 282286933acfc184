"""Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3") in vector lanes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.jit import jit

LANES = 256  # blocks of four words generated together

_MULTIPLIER0, _MULTIPLIER1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL0, _WEYL1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@jit
def philox_blocks(seed: Any, stream: Any, draw: Any, first_block: Any, words: Any) -> None:
    """Fill words (4, LANES), 32 bits in each uint64, with the blocks first_block, first_block + 1, ..."""
    for lane in range(LANES):
        block = first_block + np.uint64(lane)
        words[0, lane] = block & _LOW
        words[1, lane] = block >> _HALF
        words[2, lane] = stream
        words[3, lane] = draw
    key0 = seed & _LOW
    key1 = seed >> _HALF
    for _ in range(10):
        for lane in range(LANES):
            product0 = words[0, lane] * _MULTIPLIER0
            product1 = words[2, lane] * _MULTIPLIER1
            words[0, lane] = (product1 >> _HALF) ^ words[1, lane] ^ key0
            words[2, lane] = (product0 >> _HALF) ^ words[3, lane] ^ key1
            words[1, lane] = product1 & _LOW
            words[3, lane] = product0 & _LOW
        key0 = (key0 + _WEYL0) & _LOW
        key1 = (key1 + _WEYL1) & _LOW
