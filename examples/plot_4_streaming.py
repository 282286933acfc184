"""
Data that come in chunks
========================

Two ways to fit a mixture to data that are never in memory as a whole: exact EM over chunks that can be read again, and
stepwise EM over a stream that cannot.
"""

import matplotlib.pyplot as plt
import numpy as np

from gibbsite import GaussianMixture
from gibbsite.datasets import overlapping_mixture

X, _ = overlapping_mixture(60_000, 4, 6, separation=3.0, random_state=0)
chunks = np.array_split(X, 100)

# %%
# Chunks that can be read again go to ``fit`` as they are: a list, or a function that returns a fresh iterator. The
# statistics of the chunks are merged, so the answer is that of one array. (The start is found on an even subsample; to
# compare, both climbs begin at the same place here.)
settings = {"n_components": 6, "max_iter": 1000, "tol": 1e-5, "random_state": 0}
start = {"means_init": X[:6], "weights_init": np.full(6, 1 / 6), "precisions_init": np.stack([np.eye(4)] * 6)}
whole = GaussianMixture(**settings, **start).fit(X)
streamed = GaussianMixture(**settings, **start).fit(lambda: iter(chunks))
print(f"largest difference of the means: {np.abs(whole.means_ - streamed.means_).max():.1e}")

# %%
# ``partial_fit`` is the same with the reins in your hands: the statistics of an epoch add up, and ``end_epoch`` makes
# the result the start of the next one.
by_hand = GaussianMixture(**settings, **start)
for _ in range(3):
    for chunk in chunks:
        by_hand.partial_fit(chunk)
    by_hand.end_epoch()
print("after three epochs:", np.round(by_hand.lower_bounds_, 4))

# %%
# With ``decay`` each chunk is a step of stepwise EM (Cappé and Moulines 2009): old chunks fade, and one reading of the
# stream gets much further than one pass of EM.
online = GaussianMixture(**settings, **start, decay=0.6)
seen, scores = [], []
for i, chunk in enumerate(chunks, 1):
    online.partial_fit(chunk)
    seen.append(i * len(chunk))
    scores.append(online.score(X))

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(seen, scores, label="stepwise EM, one reading")
ax.axhline(whole.score(X), color="0.5", linestyle="--", label=f"EM, {whole.n_iter_} readings")
ax.axhline(by_hand.lower_bounds_[1], color="0.5", linestyle=":", label="EM, one reading")
ax.set(xlabel="rows seen", ylabel="log-likelihood per sample", ylim=(by_hand.lower_bounds_[1] - 0.02, None))
ax.legend(loc="lower right")
plt.show()
