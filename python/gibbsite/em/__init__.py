"""Expectation maximisation: one driver for the mixtures of this package and for a user's own E and M steps."""

from gibbsite.em._checkpoint import Checkpoint
from gibbsite.em._driver import EMResult, ExpectationMaximization
from gibbsite.em._trace import Iteration, LikelihoodDecreaseError

__all__ = ["Checkpoint", "EMResult", "ExpectationMaximization", "Iteration", "LikelihoodDecreaseError"]
