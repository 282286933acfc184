"""`sample` with points on a device: everything runs there, and what comes back is NumPy."""

import warnings

import numpy as np
import pytest

import gibbsite as gb
from gibbsite.mcmc import SamplingWarning

SAMPLERS = [
    gb.NUTS(),
    gb.NUTS(metric="dense"),
    gb.NUTS(metric="unit"),
    gb.HMC(jitter=0.2),
    gb.RandomWalk(),
    gb.RandomWalk(proposal="full"),
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=str)
def test_a_run_on_a_device(cupy, sampler):
    target = gb.targets.MultivariateNormal([1.0, 2.0], [[1.0, 0.5], [0.5, 2.0]])
    options = {"chains": 3, "warmup": 60, "draws": 30, "seed": 1, "store_warmup": True}
    start = np.zeros((3, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        there, here = (gb.sample(target, sampler, init=init, **options) for init in (cupy.asarray(start), start))
    assert type(there.draws) is np.ndarray
    assert all(type(values) is np.ndarray for values in there.stats.values())
    assert type(there.state["q"]) is np.ndarray
    assert there.stats.keys() == here.stats.keys()
    # adaptation carries rounding far in the end
    np.testing.assert_allclose(there.warmup.draws[:, :10], here.warmup.draws[:, :10], rtol=1e-6, atol=1e-6)
    assert np.isfinite(there.draws).all()
