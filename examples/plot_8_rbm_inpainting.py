"""
Completing images
=================

A machine knows the joint distribution of all pixels, so it can be asked for some of them given the others: hold
what is known, sweep the rest.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from gibbsite import BernoulliRBM
from gibbsite.plotting import plot_samples

# %%
# Digits in black and white, 1500 to learn from and 297 to complete. Arrays of bool are read a byte at a time, the
# fastest way in.
X = load_digits().data >= 8
X_train, X_test = X[:1500], X[1500:]
rbm = BernoulliRBM(
    100, method="pcd", centered=True, learning_rate=0.1, schedule="linear", batch_size=50, n_iter=200, random_state=0
).fit(X_train)

# %%
# The upper half is given. ``clamp`` holds it through all sweeps; what the lower half was at the start does not matter
# after some hundred of them. Every call makes other draws.
given = np.repeat([True, False], 32)
start = X_test & given
completions = [rbm.gibbs(start, 300, clamp=given) for _ in range(30)]

shown = slice(0, 12)
rows = {
    "given": start,
    "one completion": completions[0],
    "another": completions[1],
    "mean of 30": np.mean(completions, axis=0),
    "the digit": X_test,
}
figure, axes = plt.subplots(len(rows), 1, figsize=(9, 4.6), layout="constrained")
for ax, (name, images) in zip(axes, rows.items(), strict=True):
    strip = images[shown].reshape(-1, 8, 8).transpose(1, 0, 2).reshape(8, -1)
    plot_samples([strip], ax=ax)
    ax.axhline(3.5, color="C1", linewidth=1)
    ax.set_title(name, fontsize=10, loc="left")

# %%
# How good is it? The mean of many completions estimates each pixel's probability given the upper half. Its squared
# error on the hidden pixels, beside that of a guess that knows only how often each pixel is black:
hidden = ~given
by_machine = np.mean(completions, axis=0)[:, hidden]
by_frequency = X_train[:, hidden].mean(axis=0)
print(f"mean squared error, machine:     {np.mean((by_machine - X_test[:, hidden]) ** 2):.3f}")
print(f"mean squared error, frequencies: {np.mean((by_frequency - X_test[:, hidden]) ** 2):.3f}")

# %%
# Sweeps with nothing held draw whole digits.
ax = plt.figure(figsize=(5, 5), layout="constrained").add_subplot()
rbm.plot_samples(64, ax=ax)
plt.show()
