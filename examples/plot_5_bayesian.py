"""
A Bayesian mixture empties the components it does not need
==========================================================

With a Dirichlet process prior the number of components is an upper limit: those that the data do not ask for
end with next to no weight.
"""

import matplotlib.pyplot as plt
import numpy as np

from gibbsite import BayesianGaussianMixture, GaussianMixture
from gibbsite.datasets import overlapping_mixture
from gibbsite.plotting import plot_mixture

X, _ = overlapping_mixture(1500, 2, 4, separation=4.0, random_state=3)
settings = {"n_components": 10, "max_iter": 2000, "tol": 1e-4, "random_state": 0}

# %%
# Maximum likelihood uses every component that it is given: four clusters are cut into ten.
likely = GaussianMixture(**settings).fit(X)

# %%
# The Bayesian mixture has the same ten, and a prior by which a new component must earn its place.
frugal = BayesianGaussianMixture(weight_concentration_prior=1e-2, **settings).fit(X)

figure, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for ax, model, name in zip(axes, (likely, frugal), ("maximum likelihood", "Dirichlet process prior"), strict=True):
    used = np.count_nonzero(model.weights_ > 0.01)
    plot_mixture(model, X, ax=ax, min_weight=0.01)
    ax.set(title=f"{name}: {used} of 10 components", aspect="equal")
print("weights:", np.round(np.sort(frugal.weights_)[::-1], 3))
plt.show()
