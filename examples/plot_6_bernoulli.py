"""
EM of one's own: a mixture of Bernoullis
========================================

The driver that fits the Gaussian mixtures takes any E step and any M step. Here they belong to a mixture of
Bernoullis on digits turned to black and white (Bishop 2006, section 9.3.3), in twenty lines of NumPy.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score

import gibbsite.kernels.core as kernels
from gibbsite.em import ExpectationMaximization
from gibbsite.plotting import plot_history

bunch = load_digits()
X = (bunch.data > 7).astype(np.float64)
n_components, smoothing = 10, 1e-2

# %%
# Parameters are a pair: the weights, of shape (K,), and the probabilities of a black pixel, of shape (K, D).
# The E step returns what the M step needs and the objective: the log-likelihood plus the log of the Beta
# prior that keeps every probability away from 0 and 1.


def log_joint(parameters):
    weights, probabilities = parameters
    return np.log(weights) + X @ np.log(probabilities).T + (1 - X) @ np.log1p(-probabilities).T


def e_step(parameters):
    joint = log_joint(parameters)
    log_density = kernels.logsumexp(joint, axis=1)
    responsibilities = np.exp(joint - log_density[:, np.newaxis])
    prior = smoothing * np.sum(np.log(parameters[1]) + np.log1p(-parameters[1]))
    return (responsibilities.sum(axis=0), responsibilities.T @ X), (log_density.sum() + prior) / len(X)


def m_step(statistics):
    counts, black = statistics
    return counts / len(X), (black + smoothing) / (counts[:, np.newaxis] + 2 * smoothing)


def start(restart):
    rng = np.random.default_rng(restart)
    return np.full(n_components, 1 / n_components), rng.uniform(0.25, 0.75, (n_components, X.shape[1]))


# %%
# Eight climbs from different starts; the highest wins. Had the objective gone down, the driver would have
# said so: that is an error in one of the two steps.
em = ExpectationMaximization(e_step, m_step, tol=1e-6, max_iter=500, n_init=8)
result = em.run(start)
labels = log_joint(result.parameters).argmax(axis=1)
score = adjusted_rand_score(bunch.target, labels)
print(f"{result.n_iter} iterations; adjusted Rand index with the digits written: {score:.2f}")

figure, axes = plt.subplots(2, 5, figsize=(7, 3.2), layout="constrained")
order = np.argsort(-result.parameters[0])
for ax, k in zip(axes.flat, order, strict=True):
    ax.imshow(result.parameters[1][k].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
    ax.set_title(f"{100 * result.parameters[0][k]:.0f} %", fontsize=10)
    ax.set_axis_off()

# %%
# SQUAREM works for these steps too. It extrapolates in an unconstrained vector, so it is told how to get
# there and back: logarithms of the weights, log-odds of the probabilities.


def pack(parameters):
    weights, probabilities = parameters
    return np.concatenate([np.log(weights), (np.log(probabilities) - np.log1p(-probabilities)).ravel()])


def unpack(vector):
    weights = np.exp(vector[:n_components] - kernels.logsumexp(vector[np.newaxis, :n_components], axis=1))
    odds = vector[n_components:].reshape(n_components, -1)
    return weights, np.clip(1 / (1 + np.exp(-odds)), 1e-12, 1 - 1e-12)


settings = {"tol": 1e-9, "max_iter": 2000}
plain = ExpectationMaximization(e_step, m_step, **settings).run(start(result.restart))
fast = ExpectationMaximization(e_step, m_step, accelerate="squarem", pack=pack, unpack=unpack, **settings).run(
    start(result.restart)
)
best = max(plain.lower_bound, fast.lower_bound) + 1e-9
ax = plt.figure(figsize=(7, 4), layout="constrained").add_subplot()
plot_history(best - np.asarray(plain.lower_bounds), ax=ax, label=f"EM, {plain.n_iter} iterations")
plot_history(best - np.asarray(fast.lower_bounds), ax=ax, label=f"SQUAREM, {fast.n_iter} iterations")
ax.set(yscale="log", ylabel="distance to the maximum, per sample")
ax.legend()
plt.show()
