"""Pictures say what the model says: positions and sizes are read back from what was drawn."""

import builtins

import numpy as np
import pytest
import sklearn.mixture
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from gibbsite import BayesianGaussianMixture, GaussianMixture
from gibbsite.plotting import plot_bic, plot_history, plot_mixture

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]


@pytest.fixture
def ax():
    return Figure().subplots()


def correlated(n_features, seed=0):
    rng = np.random.default_rng(seed)
    mixing = np.eye(n_features) + 0.5 * rng.standard_normal((n_features, n_features))
    X = rng.standard_normal((400, n_features)) @ mixing
    X[:200] += 6.0
    return X


def ellipses(ax):
    return [patch for patch in ax.patches if isinstance(patch, Ellipse) and patch.get_edgecolor()[3] > 0]


def outline(patch):
    """Every third vertex lies on the curve; the others are control points of its cubic pieces."""
    return patch.get_patch_transform().transform(patch.get_path().vertices[:-1:3])


def full_covariance(model, k):
    c, d = model.covariances_, model.means_.shape[1]
    return {
        "full": lambda: c[k],
        "tied": lambda: c,
        "diag": lambda: np.diag(c[k]),
        "spherical": lambda: c[k] * np.eye(d),
    }[model.covariance_type]()


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("kind", [GaussianMixture, BayesianGaussianMixture, sklearn.mixture.GaussianMixture])
def test_ellipses_lie_at_the_stated_distance(ax, kind, covariance_type):
    X = correlated(2)
    model = kind(n_components=2, covariance_type=covariance_type, random_state=0).fit(X)
    assert plot_mixture(model, X, ax=ax, n_std=(1.0, 2.5)) is ax
    drawn = ellipses(ax)
    assert len(drawn) == 4
    for patch, (k, radius) in zip(drawn, [(k, r) for k in range(2) for r in (1.0, 2.5)], strict=True):
        away = outline(patch) - model.means_[k]
        distance = np.sqrt(np.einsum("nd,de,ne->n", away, np.linalg.inv(full_covariance(model, k)), away))
        np.testing.assert_allclose(distance, radius, rtol=1e-9)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_other_features_are_integrated_out(ax, covariance_type):
    X = correlated(4)
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(X)
    plot_mixture(model, X, features=(3, 1), ax=ax)
    centers = {tuple(np.round(patch.get_center(), 9)) for patch in ellipses(ax)}
    assert centers == {tuple(np.round(mean[[3, 1]], 9)) for mean in model.means_}


def test_one_dimension_draws_the_density(ax):
    X = correlated(1)
    model = GaussianMixture(2, random_state=0).fit(X)
    plot_mixture(model, X, ax=ax)
    total = ax.lines[-1]
    x, density = total.get_xdata(), total.get_ydata()
    np.testing.assert_allclose(density, np.exp(model.score_samples(x[:, np.newaxis])), rtol=1e-9)
    assert len(ax.lines) == 3


def test_one_feature_of_several_draws_its_marginal(ax):
    model = GaussianMixture(2, random_state=0).fit(correlated(3))
    plot_mixture(model, features=2, ax=ax)
    x, density = ax.lines[-1].get_data()
    np.testing.assert_allclose(np.trapezoid(density, x), 1.0, atol=2e-3)


def test_points_take_the_colour_of_their_component(ax):
    X = correlated(2)
    model = GaussianMixture(2, random_state=0).fit(X)
    plot_mixture(model, X, ax=ax, colors=["red", "blue"])
    sizes = [len(points.get_offsets()) for points in ax.collections]
    assert sizes == list(np.bincount(model.predict(X)))


def test_many_points_are_thinned(ax):
    X = correlated(2)
    plot_mixture(GaussianMixture(2, random_state=0).fit(X), X, ax=ax, max_points=100)
    assert 50 <= sum(len(points.get_offsets()) for points in ax.collections) <= 100


def test_empty_components_are_left_out(ax):
    X = correlated(2)
    model = BayesianGaussianMixture(
        n_components=6, weight_concentration_prior=1e-4, max_iter=500, tol=1e-5, random_state=0
    ).fit(X)
    plot_mixture(model, ax=ax, n_std=(1.0,), min_weight=0.05)
    assert len(ellipses(ax)) == np.count_nonzero(model.weights_ >= 0.05) < 6


@pytest.mark.parametrize("features", [2, (0, 5), (0, 1, 1), (), -1])
def test_wrong_features_are_named(ax, features):
    model = GaussianMixture(2, random_state=0).fit(correlated(2))
    with pytest.raises(ValueError, match="features must name one or two of the 2 columns"):
        plot_mixture(model, features=features, ax=ax)


def test_history_draws_the_lower_bounds(ax):
    model = GaussianMixture(2, random_state=0).fit(correlated(2))
    assert plot_history(model, ax=ax, label="fit") is ax
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), model.lower_bounds_)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), np.arange(1, model.n_iter_ + 1))
    plot_history([-3.0, -2.0], ax=ax)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [-3.0, -2.0])


def test_bic_marks_the_lowest_value(ax):
    assert plot_bic([1, 2, 3], {"full": [9.0, 4.0, 5.0], "diag": [9.0, 6.0, 3.0]}, ax=ax) is ax
    ring = ax.lines[-1]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (3, 3.0)
    assert ax.lines[1].get_label() == "diag"


def test_bic_of_one_curve(ax):
    plot_bic([2, 4], [1.0, 2.0], ax=ax)
    assert ax.lines[-1].get_xdata()[0] == 2


def test_current_axes_are_the_default():
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    figure, ax = plt.subplots()
    assert plot_history([1.0, 2.0]) is ax
    plt.close(figure)


def test_missing_matplotlib_names_the_extra(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install gibbsite\[plot\]"):
        plot_history([1.0])
