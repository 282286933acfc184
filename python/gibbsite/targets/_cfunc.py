"""Densities as C functions: numba.cfunc, ctypes, or a bare address."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gibbsite.kernels.mcmc._target import PackedTarget
from gibbsite.targets._base import Names, Target

PROTOTYPE = "int f(size_t dim, const double *q, double *grad, double *logp, void *data)"

# what ctypes needs to know of it
CTYPE = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_double),
    ctypes.POINTER(ctypes.c_double),
    ctypes.POINTER(ctypes.c_double),
    ctypes.c_void_p,
)
# the class of every function of ctypes
_C_FUNCTION: Any = CTYPE.__mro__[1]


class CFunctionTarget(Target):
    """A density behind a C function; see `from_cfunc`.

    Attributes
    ----------
    address : int
        Of the function.
    """

    def __init__(
        self, address: int, dim: int, *, user_data: int = 0, keep: Any = None, names: Names | None = None
    ) -> None:
        super().__init__(dim, names)
        self.address = address
        self._user_data = user_data
        # what must live as long as the address is used
        self._keep = keep

    def value_at(self, q: NDArray[Any]) -> float | None:
        """Return what the function writes as the log density, or None where it reports an error."""
        numbers = [np.array(q, dtype=np.float64), np.empty(self.dim), np.empty(1)]
        pointers = (array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in numbers)
        status = CTYPE(self.address)(self.dim, *pointers, self._user_data or None)
        return float(numbers[2][0]) if status == 0 else None

    def _pack(self, dtype: np.dtype[Any]) -> PackedTarget:
        if dtype != np.float64:
            raise ValueError("A density of your own is computed in float64: sample with dtype=float64.")
        sizes, data = np.zeros(4, np.int64), np.zeros(0)
        return PackedTarget(0, sizes, data, self.address, self._user_data)


def from_cfunc(f: Any, dim: int, data: Any = None, *, names: Names | None = None) -> CFunctionTarget:
    """Sample from a C function.

    The kernels call it from several threads at once and without the GIL.

    Parameters
    ----------
    f : numba.cfunc, ctypes function, or int
        ``int f(size_t dim, const double *q, double *grad, double *logp, void *data)``, or its address. It writes the
        gradient and the log density. It returns 0; or a positive number where the density cannot be computed (the
        move is rejected and counts as a divergence); or a negative one, which stops the run with a message that names
        chain, draw and point. For Numba: ``numba.cfunc(gibbsite.targets.signature())``.
    dim : int
        Number of coordinates.
    data : array, ctypes object, int or None
        What the last argument points to: an array's memory (kept alive and not copied; C-contiguous), a ctypes object,
        an address.
    names : mapping or sequence, optional
        See `Target`.

    Returns
    -------
    CFunctionTarget

    Raises
    ------
    TypeError
        If f is none of these, or a numba.cfunc of another signature.
    """
    pointer = _data_address(data)
    return CFunctionTarget(_function_address(f), dim, user_data=pointer, keep=(f, data), names=names)


def signature() -> Any:
    """Numba's form of the C function's signature, for ``numba.cfunc``."""
    from numba import types

    doubles = types.CPointer(types.float64)
    return types.intc(types.uintp, doubles, doubles, doubles, types.voidptr)


def _function_address(f: Any) -> int:
    if isinstance(f, (int, np.integer)) and not isinstance(f, bool):
        if f == 0:
            raise ValueError("The function's address is 0.")
        return int(f)
    if hasattr(f, "address") and hasattr(f, "native_name"):  # numba.cfunc
        _check_signature(f)
        return int(f.address)
    if isinstance(f, _C_FUNCTION):
        address = ctypes.cast(f, ctypes.c_void_p).value
        if not address:
            raise ValueError("The function's address is 0.")
        return address
    hint = " Use gibbsite.targets.density for a Python function." if callable(f) else ""
    raise TypeError(f"f must be a numba.cfunc, a ctypes function or an address, got {type(f).__name__}.{hint}")


def _check_signature(f: Any) -> None:
    """Compare what a numba.cfunc was compiled for with what it will be called with."""
    from numba import types

    found = f._sig
    wanted = signature()
    pointers = [isinstance(kind, (types.CPointer, types.RawPointer)) for kind in found.args]
    fits = (
        len(found.args) == 5
        and found.args[0] in (types.uintp, types.intp)
        and all(kind == types.CPointer(types.float64) for kind in found.args[1:4])
        and pointers[4]
        and found.return_type == types.intc
    )
    if not fits:
        raise TypeError(
            f"The numba.cfunc has the signature {found}, but the kernels call {wanted}, that is {PROTOTYPE}: "
            "compile it with numba.cfunc(gibbsite.targets.signature())."
        )


def _data_address(data: Any) -> int:
    if data is None:
        return 0
    if isinstance(data, np.ndarray):
        if not data.flags.c_contiguous:
            raise ValueError("data must be C-contiguous: pass numpy.ascontiguousarray(data).")
        if data.dtype.hasobject:
            raise TypeError("data must hold numbers, got an array of objects.")
        return int(data.ctypes.data)
    if isinstance(data, (int, np.integer)) and not isinstance(data, bool):
        return int(data)
    if isinstance(data, (ctypes._SimpleCData, ctypes.Structure, ctypes.Union, ctypes.Array)):
        return ctypes.addressof(data)
    if isinstance(data, ctypes._Pointer):
        return ctypes.cast(data, ctypes.c_void_p).value or 0
    raise TypeError(f"data must be an array, a ctypes object, an address or None, got {type(data).__name__}.")
