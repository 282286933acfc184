"""
Eight schools: a density of one's own, and divergences
======================================================

Effects of coaching in eight schools, each with its standard error (Rubin 1981). How alike are the schools? The usual
hierarchical model has a funnel in it, which the sampler notices, and which goes away when the model is written anew.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np

import gibbsite as gb
from gibbsite.mcmc import SamplingWarning, summary
from gibbsite.plotting import plot_pairs
from gibbsite.transforms import positive

y = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
sigma = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])

# %%
# The density writes its gradient and returns its value. Numba compiles it; the kernels call it without the
# interpreter. tau must be positive, so the sampler moves its logarithm: ``positive`` brings the log-Jacobian and turns
# the derivative with respect to tau into one with respect to log tau.


@gb.targets.density(dim=10, names={"theta": 8, "mu": (), "log_tau": ()})
def centred(q, grad):
    mu, tau = q[8], positive.value(q[9])
    logp = -(mu**2) / 50 - np.log1p(tau**2 / 25)
    by_mu, by_tau = -mu / 25, -2 * tau / (25 + tau**2)
    for j in range(8):
        r, z = (y[j] - q[j]) / sigma[j], (q[j] - mu) / tau
        logp -= 0.5 * (r * r + z * z) + np.log(tau)
        grad[j] = r / sigma[j] - z / tau
        by_mu += z / tau
        by_tau += (z * z - 1) / tau
    grad[8] = by_mu
    grad[9] = positive.gradient(q[9], by_tau)
    return logp + positive.log_jacobian(q[9])


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always", SamplingWarning)
    trace = gb.sample(centred, gb.NUTS(), seed=3)
print(trace)
for warning in said:
    print("-", warning.message)

# %%
# Where tau is small the effects have no room: the funnel's neck. Divergent draws crowd at its mouth, and what lies
# further down is missing from the draws.
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained", sharey=True, sharex=True)
plot_pairs(trace, "theta[0]", "log_tau", ax=axes[0])
axes[0].set_title("centred", fontsize=10)

# %%
# The same model with theta = mu + tau eta: eta and tau are nearly independent now.


@gb.targets.density(dim=10, names={"eta": 8, "mu": (), "log_tau": ()})
def non_centred(q, grad):
    mu, tau = q[8], positive.value(q[9])
    logp = -(mu**2) / 50 - np.log1p(tau**2 / 25)
    by_mu, by_tau = -mu / 25, -2 * tau / (25 + tau**2)
    for j in range(8):
        r = (y[j] - mu - tau * q[j]) / sigma[j]
        logp -= 0.5 * (q[j] ** 2 + r * r)
        grad[j] = -q[j] + tau * r / sigma[j]
        by_mu += r / sigma[j]
        by_tau += q[j] * r / sigma[j]
    grad[8] = by_mu
    grad[9] = positive.gradient(q[9], by_tau)
    return logp + positive.log_jacobian(q[9])


trace = gb.sample(non_centred, gb.NUTS(target_accept=0.95), seed=1)
tau = positive.value(trace["log_tau"])
theta = trace["mu"][..., None] + tau[..., None] * trace["eta"]
print(trace)
print(summary({"theta": theta, "mu": trace["mu"], "tau": tau}))

axes[1].plot(theta[..., 0].ravel(), trace["log_tau"].ravel(), ".", markersize=2, alpha=0.3)
axes[1].set(title="non-centred", xlabel="theta[0]", ylabel="")

# %%
# The data pull the schools together: each estimate lies between what was measured and the common mean.
figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
low, middle, high = np.quantile(theta, [0.05, 0.5, 0.95], axis=(0, 1))
place = np.arange(8)
ax.errorbar(place - 0.1, y, yerr=1.645 * sigma, fmt="o", color="0.6", label="measured")
ax.errorbar(place + 0.1, middle, yerr=[middle - low, high - middle], fmt="o", label="posterior")
ax.axhline(trace["mu"].mean(), color="C0", linewidth=0.8, linestyle=":")
ax.set(xlabel="school", ylabel="effect, points", xticks=place, xticklabels=list("ABCDEFGH"))
ax.legend()
plt.show()
