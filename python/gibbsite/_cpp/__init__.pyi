"""
Compiled kernels of the host. gibbsite.kernels checks arguments and calls these.
"""

from __future__ import annotations
from . import core
from . import random
from . import mixture
from . import rbm
from . import mcmc

__all__: list[str] = ["core", "mcmc", "mixture", "random", "rbm"]
