"""
Logistic regression with its uncertainty
========================================

A native density is a class of numbers: no compilation, all cores. Here are the coefficients of a logistic regression on
scikit-learn's breast-cancer data, and what their uncertainty does to predictions.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import gibbsite as gb

data = load_breast_cancer()
X = np.column_stack([np.ones(len(data.data)), StandardScaler().fit_transform(data.data)])
train = np.random.default_rng(0).random(len(X)) < 0.7
names = ["intercept", *(name.replace(" ", "_") for name in data.feature_names)]

# %%
# Many of the thirty columns say nearly the same: coefficients are correlated, and a normal prior keeps them finite.
target = gb.targets.LogisticRegression(X[train], data.target[train], prior_scale=1.0, names=names)
trace = gb.sample(target, gb.NUTS(), seed=1)
print(trace)
print(trace.summary(names[:8]))

# %%
# The mode of the same posterior is scikit-learn's estimate with an L2 penalty: one point of the cloud.
mode = LogisticRegression(C=1.0, fit_intercept=False, max_iter=1000).fit(X[train], data.target[train]).coef_[0]
draws = trace.draws.reshape(-1, X.shape[1])
low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], axis=0)
order = np.argsort(middle)
figure, ax = plt.subplots(figsize=(7, 7), layout="constrained")
place = np.arange(len(order))
ax.hlines(place, low[order], high[order], color="C0", linewidth=2, alpha=0.5)
ax.plot(middle[order], place, "o", color="C0", markersize=4, label="median and 90 % interval")
ax.plot(mode[order], place, "|", color="C3", markersize=9, label="penalised estimate")
ax.axvline(0, color="0.7", linewidth=0.8)
ax.set(yticks=place, yticklabels=[names[k] for k in order], xlabel="coefficient")
ax.legend(loc="lower right")

# %%
# Predictions are averages over the draws. Where draws disagree the average is drawn towards one half: the penalised
# estimate is too sure of itself there.
scores = X[~train] @ draws[::8].T
averaged = (1 / (1 + np.exp(-scores))).mean(axis=1)
plugged_in = 1 / (1 + np.exp(-X[~train] @ mode))
actual = data.target[~train]


def log_loss(p):
    return -np.mean(np.where(actual, np.log(p), np.log1p(-p)))


print(f"log loss of rows left out: {log_loss(averaged):.4f} averaged, {log_loss(plugged_in):.4f} plugged in")

figure, ax = plt.subplots(figsize=(5, 5), layout="constrained")
for label, color in ((0, "C3"), (1, "C0")):
    shown = actual == label
    ax.plot(plugged_in[shown], averaged[shown], "o", color=color, markersize=4, label=data.target_names[label])
ax.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
ax.set(xlabel="probability from the penalised estimate", ylabel="averaged over the posterior")
ax.legend()
plt.show()
