"""
Regression by conditioning a mixture
====================================

A mixture fitted to the joint density of inputs and output holds every conditional density: fix the inputs,
and what remains is again a mixture, with weights that depend on where the inputs are. Unlike a regression
curve it knows when the answer has two branches.
"""

import matplotlib.pyplot as plt
import numpy as np

from gibbsite import GaussianMixture

# %%
# The inverse of a curve that folds: for inputs near the middle there are three possible outputs.
rng = np.random.default_rng(0)
output = rng.uniform(size=3000)
inputs = output + 0.3 * np.sin(2 * np.pi * output) + rng.normal(scale=0.04, size=3000)
X = np.column_stack([inputs, output])
model = GaussianMixture(12, n_init=3, random_state=0).fit(X)

# %%
# ``conditional({0: x})`` fixes column 0 and returns a mixture over the other one.
grid = np.linspace(inputs.min(), inputs.max(), 160)
levels = np.linspace(-0.1, 1.1, 200)
slices = [model.conditional({0: x}) for x in grid]
density = np.exp([piece.score_samples(levels[:, np.newaxis]) for piece in slices])
mean = [piece.weights_ @ piece.means_[:, 0] for piece in slices]

figure, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
ax.pcolormesh(grid, levels, np.minimum(density.T, 8.0), cmap="Blues", rasterized=True)
ax.plot(inputs[:600], output[:600], ".", markersize=2, color="0.3", label="data")
ax.plot(grid, mean, color="C1", label="conditional mean")
ax.set(xlabel="input", ylabel="output", title="conditional density of the output")
ax.legend(loc="upper left")

# %%
# ``marginal`` integrates columns out. The marginal of the inputs scores new inputs: a low value is a warning
# that the model is asked about a place where it saw nothing.
for value in (0.5, 1.6):
    print(f"log density of the input {value}: {model.marginal([0]).score_samples([[value]])[0]:.1f}")
plt.show()
