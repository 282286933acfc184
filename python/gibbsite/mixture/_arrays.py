"""Which kind of array this is."""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends.selection import select


def is_device_array(x: Any) -> bool:
    """Whether `x` lives on a device."""
    return not isinstance(x, np.ndarray) and hasattr(x, "__cuda_array_interface__")


def array_module(x: Any) -> Any:
    """CuPy for a device array, NumPy otherwise."""
    return select(x).xp if is_device_array(x) else np
