"""Pictures of machines: what was drawn is read back."""

import numpy as np
import pytest
import sklearn.neural_network
from matplotlib.figure import Figure

from gibbsite import BernoulliRBM
from gibbsite.plotting import plot_filters, plot_samples


@pytest.fixture
def ax():
    return Figure().subplots()


def tiles(ax, height, width):
    """The images of the grid, in reading order."""
    (picture,) = ax.images
    grid = np.ma.filled(picture.get_array().astype(float), np.nan)
    found = [
        grid[top : top + height, left : left + width]
        for top in range(0, grid.shape[0], height + 1)
        for left in range(0, grid.shape[1], width + 1)
    ]
    return [tile for tile in found if not np.isnan(tile).all()]


@pytest.fixture(scope="module", name="model")
def fitted_machine():
    X = (np.random.default_rng(0).random((50, 16)) < 0.4).astype(float)
    return BernoulliRBM(6, random_state=0, n_iter=3).fit(X)


def test_filters_are_the_weights(ax, model):
    assert model.plot_filters(ax=ax, order=None) is ax
    drawn = tiles(ax, 4, 4)
    assert len(drawn) == 6
    for tile, weights in zip(drawn, model.components_, strict=True):
        np.testing.assert_array_equal(tile.ravel(), weights)
    low, high = ax.images[0].get_clim()
    assert low == -high


def test_largest_filters_come_first(ax, model):
    plot_filters(model, n_filters=4, image_shape=(2, 8), ax=ax)
    norms = [np.linalg.norm(tile) for tile in tiles(ax, 2, 8)]
    np.testing.assert_allclose(norms, sorted(np.linalg.norm(model.components_, axis=1))[:1:-1])


@pytest.mark.parametrize("number", [0, -1])
def test_no_filters_at_all(model, number):
    with pytest.raises(ValueError, match=f"n_filters == {number}, must be >= 1"):
        model.plot_filters(n_filters=number)


def test_filters_of_scikit_learn_and_of_arrays(ax, model):
    theirs = sklearn.neural_network.BernoulliRBM(3, n_iter=1).fit(np.eye(4))
    plot_filters(theirs, ax=ax)
    assert len(tiles(ax, 2, 2)) == 3
    other = Figure().subplots()
    plot_filters(np.zeros((2, 4)), ax=other)
    assert other.images[0].get_clim() == (-1.0, 1.0)


def test_samples_are_drawn(ax, model):
    assert model.plot_samples(5, n_sweeps=3, ax=ax) is ax
    expected = model.sample(5, 3, probabilities=True)
    for tile, pixels in zip(tiles(ax, 4, 4), expected, strict=True):
        np.testing.assert_array_equal(tile.ravel(), pixels)
    assert ax.images[0].get_clim() == (0.0, 1.0)


def test_images_with_a_shape_of_their_own(ax):
    images = np.arange(24.0).reshape(4, 2, 3)
    plot_samples(images, ax=ax, limits=None)
    np.testing.assert_array_equal(tiles(ax, 2, 3), images)
    assert ax.images[0].get_clim() == (0.0, 23.0)


def test_current_axes_are_the_default(model):
    import matplotlib.pyplot as plt

    figure = plt.figure()
    try:
        assert plot_samples(np.zeros((2, 4))) is figure.gca()
    finally:
        plt.close(figure)


def test_shapes_that_do_not_fit(ax):
    with pytest.raises(ValueError, match=r"5 pixels make no image of 2 x 2: pass image_shape=\(rows, columns\)"):
        plot_samples(np.zeros((2, 5)), ax=ax)
    with pytest.raises(ValueError, match="order must be 'norm' or None, got 'size'"):
        plot_filters(np.zeros((2, 4)), order="size", ax=ax)
