"""Philox4x32-10 against the known-answer vectors that Random123 publishes (file kat_vectors)."""

import numpy as np
import pytest

from tests import oracles

KNOWN = [
    (
        (0, 0, 0, 0),
        (0, 0),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_the_oracle(counter, key, words):
    np.testing.assert_array_equal(oracles.philox4x32_10(counter, key), np.array(words, np.uint64))


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_numba(counter, key, words):
    from gibbsite._backends._numba.philox import LANES, philox_blocks

    out = np.empty((4, LANES), np.uint64)
    seed, block = key[1] << 32 | key[0], counter[1] << 32 | counter[0]
    philox_blocks(np.uint64(seed), np.uint64(counter[2]), np.uint64(counter[3]), np.uint64(block), out)
    np.testing.assert_array_equal(out[:, 0], np.array(words, np.uint64))


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_every_back_end(kernels, counter, key, words):
    """Through the uniforms, 53 bits of two words and 24 of one; the counter's first words as far as offsets reach."""
    seed = key[1] << 32 | key[0]
    for dtype, per_block in ((np.float64, 2), (np.float32, 4)):
        block = (counter[1] << 32 | counter[0]) % (2**63 // per_block)
        expected_words = words if block == counter[1] << 32 | counter[0] else _words_of(block, counter[2:], key)
        if dtype == np.float64:
            pairs = [(expected_words[2 * j + 1] << 32 | expected_words[2 * j]) >> 11 for j in range(2)]
            expected = np.array(pairs) * 2.0**-53
        else:
            expected = (np.array(expected_words) >> 8) * 2.0**-24
        out = kernels.put(np.empty(per_block, dtype))
        kernels.random.uniform(out, seed, counter[2], counter[3], block * per_block, 0)
        np.testing.assert_array_equal(kernels.get(out), expected.astype(dtype))


def _words_of(block, rest, key):
    """Of the oracle, which the vectors themselves have checked."""
    return [int(w) for w in oracles.philox4x32_10((block % 2**32, block >> 32, *rest), key)]
