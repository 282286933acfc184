"""
The likelihood of a machine, exactly and in between
===================================================

Most curves of a training say little about the likelihood: the partition function is missing. With few hidden units it
can be had exactly, and shows what the training schemes are worth. With many it can be bracketed.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import gibbsite.kernels.rbm as kernels
from gibbsite import BernoulliRBM

X = load_digits().data >= 8
X_train, X_test = X[:1500], X[1500:]

# %%
# Sixteen hidden units have 65536 states; Z is a sum over them. A callback sees the parameters after every epoch, and
# the kernels take them as they are.


def exact_log_likelihood(W, b, c):
    return -kernels.free_energy(X_test, W, b, c).mean() - kernels.exact_log_partition(W, b, c)


def fit(**settings):
    curve = []

    def measure(epoch):
        if epoch.epoch % 4 == 0:
            parameters = epoch.components, epoch.intercept_visible, epoch.intercept_hidden
            curve.append((epoch.epoch, exact_log_likelihood(*parameters)))

    rbm = BernoulliRBM(16, learning_rate=0.2, batch_size=50, n_iter=120, random_state=0, callback=measure, **settings)
    return rbm.fit(X_train), np.array(curve)


schemes = {
    "PCD-1": {},
    "PCD-1, centred": {"centered": True},
    "parallel tempering, centred": {"centered": True, "method": "pt"},
}
figure, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
for k, (name, settings) in enumerate(schemes.items()):
    for schedule, line in (("constant", ":"), ("linear", "-")):
        _, curve = fit(schedule=schedule, **settings)
        ax.plot(*curve.T, line, color=f"C{k}", label=name if line == "-" else None)
        print(f"{name:28} {schedule:9} {curve[-1, 1]:.2f} nats")
ax.set(xlabel="epoch", ylabel="exact test log-likelihood, nats", ylim=(-23, None))
ax.set_title("dotted: constant learning rate; solid: falling to nothing", fontsize=10)
ax.legend(loc="lower right")

# %%
# With 100 hidden units nobody can sum. Annealed importance sampling tends to find too little of Z, which puts the
# likelihood too high; run backwards from the test rows it errs on the other side. The more temperatures, the closer the
# two come.
rbm = BernoulliRBM(
    100, centered=True, learning_rate=0.1, schedule="linear", batch_size=50, n_iter=100, random_state=0
).fit(X_train)
numbers = [5, 10, 20, 50, 100, 200, 500, 1000]
brackets = [
    rbm.log_likelihood(X_test, "ais", n_temperatures=n, n_chains=500, n_reverse_rows=50, random_state=0)
    for n in numbers
]

figure, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
for name, label in (("upper", "annealed importance sampling"), ("lower", "reverse, from test rows")):
    error = "standard_error" if name == "upper" else "lower_standard_error"
    values, errors = ([getattr(bracket, a) for bracket in brackets] for a in (name, error))
    ax.errorbar(numbers, values, yerr=2 * np.array(errors), marker="o", markersize=4, capsize=3, label=label)
ax.set(xscale="log", xlabel="temperatures", ylabel="test log-likelihood, nats")
ax.legend()
last = brackets[-1]
print(
    f"with {numbers[-1]} temperatures: lower {last.lower:.2f}, upper {last.upper:.2f}, error {last.standard_error:.2f}"
)
plt.show()
