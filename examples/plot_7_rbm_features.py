"""
Features from a restricted Boltzmann machine
============================================

Digits that are shifted by a pixel are hard for a linear classifier. The hidden units of a machine that has only
seen the images, not their labels, make it easier. The pipeline is the one that scikit-learn shows for its own machine;
both stand side by side here.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
import sklearn.neural_network
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, minmax_scale
from threadpoolctl import threadpool_limits

from gibbsite import BernoulliRBM

# %%
# The data of scikit-learn's example: each of the 1797 digits and its copies one pixel up, down, left and right, every
# pixel scaled to [0, 1] over all of them. Grey values count as probabilities of a black pixel.
bunch = load_digits()
padded = np.pad(bunch.images, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
places = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
X = minmax_scale(np.concatenate([padded[:, top : top + 8, left : left + 8].reshape(-1, 64) for top, left in places]))
y = np.tile(bunch.target, len(places))

# %%
# A machine is a transformer like any other. All three have the same settings; the last one is twice as large.
settings = {"learning_rate": 0.06, "n_iter": 10}
machines = {
    "scikit-learn, 100 units": sklearn.neural_network.BernoulliRBM(100, **settings),
    "gibbsite, 100 units": BernoulliRBM(100, **settings),
    "gibbsite, 200 units": BernoulliRBM(200, **settings),
}
classifier = make_pipeline(StandardScaler(), LogisticRegression(C=10, max_iter=2000))
pipelines = {"pixels alone": classifier}
pipelines |= {name: make_pipeline(machine, clone(classifier)) for name, machine in machines.items()}

# %%
# Three splits. What is timed is the training of the machine, without the classifier, on one thread each: batches of ten
# rows are too little work to be shared.
scores = {name: [] for name in pipelines}
seconds = {name: [] for name in machines}
with threadpool_limits(1):
    for seed in range(3):
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=seed)
        for name, machine in machines.items():
            began = time.perf_counter()
            clone(machine).set_params(random_state=seed).fit(X_train)
            seconds[name].append(time.perf_counter() - began)
        for name, pipeline in pipelines.items():
            if name in machines:
                pipeline[0].set_params(random_state=seed)
            scores[name].append(pipeline.fit(X_train, y_train).score(X_test, y_test))

for name, score in scores.items():
    training = f"   machine trained in {np.median(seconds[name]):.2f} s" if name in seconds else ""
    print(f"{name:24} accuracy {np.mean(score):.3f}{training}")

# %%
# At equal size the two machines are equally good; the time that is saved pays for more units.
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 2.8), layout="constrained")
names = list(pipelines)
colors = ["0.75", "0.55", "C0", "C0"]
for ax, values, label in (
    (left, [100 * (1 - np.mean(scores[name])) for name in names], "errors on images left out, %"),
    (right, [np.median(seconds.get(name, [0])) for name in names], "seconds to train the machine"),
):
    labels = [f"{value:.2g}" if value else "" for value in values]
    ax.bar_label(ax.barh(names, values, color=colors), labels, padding=3)
    ax.set_xlabel(label)
    ax.margins(x=0.12)
    ax.invert_yaxis()
right.set_yticks([])

# %%
# What the hidden units look for: strokes, and the gaps beside them. A red pixel switches a unit on, a blue one off.
ax = plt.figure(figsize=(5.6, 5.6), layout="constrained").add_subplot()
pipelines["gibbsite, 200 units"][0].plot_filters(ax=ax)
plt.show()
