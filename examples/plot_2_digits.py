"""
Digits: how many clusters, and new digits from them
===================================================

A mixture is a density, so it can say how many clusters the data support, and it can be sampled.
"""

import matplotlib.pyplot as plt
import numpy as np

from gibbsite import GaussianMixture
from gibbsite.datasets import digits
from gibbsite.plotting import plot_bic, plot_mixture

plane = digits(2)
counts = list(range(1, 15))
curves = {
    kind: [
        GaussianMixture(k, covariance_type=kind, max_iter=300, random_state=0).fit(plane.X).bic(plane.X) for k in counts
    ]
    for kind in ("full", "tied", "diag", "spherical")
}

# %%
# The Bayesian information criterion weighs the likelihood against the number of parameters; lower is better.
kind = min(curves, key=lambda name: min(curves[name]))
best = counts[int(np.argmin(curves[kind]))]
model = GaussianMixture(best, covariance_type=kind, n_init=3, random_state=0).fit(plane.X)

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
plot_bic(counts, curves, ax=left).legend()
plot_mixture(model, plane.X, ax=right)
right.set(xlabel="first principal component", ylabel="second principal component", aspect="equal")

# %%
# Two dimensions are for looking at. In sixteen, a sample taken back through the projection is a picture.
space = digits(16)
model = GaussianMixture(10, n_init=3, random_state=0).fit(space.X)
scores, _ = model.sample(40)

figure, axes = plt.subplots(4, 10, figsize=(8, 3.4), layout="constrained")
for ax, image in zip(axes.flat, space.decode(scores), strict=True):
    ax.imshow(image, cmap="gray_r", vmin=0, vmax=16)
    ax.set_axis_off()
plt.show()
