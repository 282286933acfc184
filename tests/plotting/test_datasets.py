"""The data that examples, report and benchmarks share."""

import numpy as np
import pytest

from gibbsite.datasets import digits, overlapping_mixture, textbook_mixture


def test_textbook_mixture_has_the_stated_moments():
    X, labels = textbook_mixture(200_000, random_state=0)
    assert X.shape == (200_000, 1)
    for k, (weight, mean, deviation) in enumerate([(0.4, -1.0, 0.5), (0.6, 1.0, 0.8)]):
        mine = X[labels == k, 0]
        # five standard errors
        assert abs(len(mine) / len(X) - weight) < 5 * np.sqrt(weight * (1 - weight) / len(X))
        assert abs(mine.mean() - mean) < 5 * deviation / np.sqrt(len(mine))
        assert abs(mine.std() / deviation - 1) < 5 / np.sqrt(2 * len(mine))


def test_seeds_repeat():
    for draw in (
        lambda: textbook_mixture(50, 3)[0],
        lambda: overlapping_mixture(50, 3, 2, random_state=3)[0],
    ):
        np.testing.assert_array_equal(draw(), draw())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_overlapping_mixture(dtype):
    X, labels = overlapping_mixture(20_000, 3, 4, separation=10.0, random_state=0, dtype=dtype)
    assert X.dtype == dtype
    assert X.shape == (20_000, 3)
    for k in range(4):
        np.testing.assert_allclose(X[labels == k].std(axis=0), 1.0, atol=0.06)


def test_overlapping_mixture_takes_two_precisions():
    with pytest.raises(ValueError, match="float32 or float64"):
        overlapping_mixture(10, 2, 2, dtype=np.int64)


def test_digits_decode_to_pictures():
    data = digits(64)
    assert data.X.shape == (1797, 64)
    np.testing.assert_allclose(data.decode(data.X), data.images, atol=1e-9)
    assert digits(2).decode(np.zeros((5, 2))).shape == (5, 8, 8)
