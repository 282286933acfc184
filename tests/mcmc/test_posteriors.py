"""All twelve posteriors of posteriordb by NUTS with default settings, against their reference draws.

Each mean and each mean square of 95 parameters is within 4 standard errors, those of both sides combined. Of such
comparisons 6e-5 fail by chance: 1.2 % of runs with fresh seeds would have a failure among all twelve, 3e-4 to 3e-3 a
posterior. The seeds are fixed; where the arithmetic is another (compiler, back end), draws are others too.
"""

import warnings

import numpy as np
import pytest

import gibbsite as gb
from gibbsite.mcmc import SamplingWarning, mcse_mean, rhat
from tests.mcmc.posteriors import POSTERIORS, load

STANDARD_ERRORS = 4


@pytest.mark.parametrize("name", POSTERIORS)
def test_moments_are_those_of_the_reference(name):
    make, deserved = POSTERIORS[name]
    data, reference = load(name)
    density, constrain = make(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if deserved else "error", SamplingWarning)
        trace = gb.sample(density, gb.NUTS(), seed=1)
    found = constrain(trace.draws)
    assert found.keys() == reference.keys()
    assert trace.stats["diverging"].mean() <= deserved
    for key, draws in found.items():
        for power in (1, 2):
            ours, theirs = draws**power, reference[key] ** power
            error = np.hypot(mcse_mean(ours), mcse_mean(theirs))
            assert abs(ours.mean() - theirs.mean()) < STANDARD_ERRORS * error, f"{key}, power {power}"
        assert rhat(draws) < 1.01, key


def test_the_comparison_has_power():
    """Without the log-Jacobian of its logarithm the noise of a regression comes out too small, and is found so."""
    data, reference = load("mesquite-logmesquite")
    density, constrain = POSTERIORS["mesquite-logmesquite"][0](data)
    compiled = density._compiled

    @gb.targets.density(dim=8)
    def wrong(q, grad):
        value = compiled(q, grad)
        grad[7] -= 1.0
        return value - q[7]

    draws = constrain(gb.sample(wrong, seed=1).draws)["sigma"]
    error = np.hypot(mcse_mean(draws), mcse_mean(reference["sigma"]))
    assert abs(draws.mean() - reference["sigma"].mean()) > STANDARD_ERRORS * error
