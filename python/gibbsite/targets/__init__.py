"""Log densities to sample from: native ones, and those that people bring.

A native density is a class of numbers that were checked once. `density` compiles a Python function, `from_cfunc` takes
a C function, `from_numpy` a function of whole batches of points.
"""

from gibbsite.targets._base import Target
from gibbsite.targets._cfunc import CFunctionTarget, from_cfunc, signature
from gibbsite.targets._density import CompiledDensity, DensityTypeError, density
from gibbsite.targets._mixture import GaussianMixture
from gibbsite.targets._normal import MultivariateNormal, StudentT
from gibbsite.targets._numpy import BatchedTarget, from_numpy
from gibbsite.targets._regression import LinearRegression, LogisticRegression
from gibbsite.targets._shapes import Funnel, Rosenbrock

__all__ = [
    "BatchedTarget",
    "CFunctionTarget",
    "CompiledDensity",
    "DensityTypeError",
    "Funnel",
    "GaussianMixture",
    "LinearRegression",
    "LogisticRegression",
    "MultivariateNormal",
    "Rosenbrock",
    "StudentT",
    "Target",
    "density",
    "from_cfunc",
    "from_numpy",
    "signature",
]
