"""
EM on the textbook mixture
==========================

Two overlapping Gaussians in one dimension, the example that most introductions to EM begin with, and what the
SQUAREM acceleration of Varadhan and Roland (2008) does for it.
"""

import matplotlib.pyplot as plt
import numpy as np

from gibbsite import GaussianMixture
from gibbsite.datasets import textbook_mixture
from gibbsite.plotting import plot_history, plot_mixture

X, _ = textbook_mixture(4000, random_state=0)

# %%
# The import is the only line that differs from scikit-learn's. A small ``tol`` makes EM's slow end visible.
model = GaussianMixture(2, tol=1e-9, max_iter=2000, random_state=0).fit(X)
for weight, mean, variance in zip(model.weights_, model.means_[:, 0], model.covariances_[:, 0, 0], strict=True):
    print(f"weight {weight:.3f}  mean {mean:6.3f}  deviation {np.sqrt(variance):.3f}")

ax = plot_mixture(model, X, ax=plt.figure(figsize=(7, 4)).add_subplot())
ax.set_xlabel("x")

# %%
# SQUAREM extrapolates from pairs of EM steps. It falls back to a plain step when the likelihood would drop,
# so the curve never goes down, and ends at the same place.
fast = GaussianMixture(2, tol=1e-9, max_iter=2000, accelerate="squarem", random_state=0).fit(X)
best = max(model.lower_bounds_[-1], fast.lower_bounds_[-1]) + 1e-12

ax = plt.figure(figsize=(7, 4)).add_subplot()
plot_history(best - np.asarray(model.lower_bounds_), ax=ax, label=f"EM, {model.n_iter_} iterations")
plot_history(best - np.asarray(fast.lower_bounds_), ax=ax, label=f"SQUAREM, {fast.n_iter_} iterations")
ax.set(yscale="log", ylabel="distance to the maximum, per sample")
ax.legend()
plt.show()
