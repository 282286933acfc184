"""A small CuPy on host memory, for running the path of device arrays over the emulated card.

It is strict where CuPy is: its arrays are no NumPy arrays, nothing converts one silently, NumPy arrays are refused
except where CuPy copies them, results of reductions stay on the device. What it does not have, CuPy may have: add it.
"""

# ruff: noqa: SIM905 (lists of names read better as words)

from __future__ import annotations

import operator
import sys
from types import ModuleType, SimpleNamespace

import numpy as np

# Functions that CuPy has under NumPy's names and with its meaning.
_FUNCTIONS = """
abs absolute add all allclose any arange argmax argmin argpartition argsort array_equal atleast_1d atleast_2d bincount
broadcast_to ceil clip concatenate copysign cos count_nonzero cumsum diag diagonal divide dot einsum exp expand_dims eye
flip floor full_like hstack identity isfinite isinf isnan isscalar linspace log log1p log2 log10 logaddexp logical_and
logical_not logical_or matmul max maximum mean min minimum moveaxis multiply nan_to_num nanmax ndim negative nonzero
ones_like outer pad power prod ravel repeat reshape result_type round searchsorted sign sin sort split sqrt square
squeeze stack std subtract sum swapaxes take tanh tensordot tile trace transpose tri tril tril_indices triu triu_indices
unique var vstack where zeros_like
""".split()
_LINALG = "det eigh eigvalsh inv norm pinv qr slogdet solve svd".split()
_CREATION = "empty zeros ones full".split()
_CONSTANTS = "e inf nan newaxis pi float32 float64 int32 int64 uint8 uint32 uint64 bool_ dtype".split()
_METHODS = """
all any argmax argmin argpartition argsort clip cumsum diagonal dot flatten max mean min nonzero prod ravel repeat
reshape round squeeze std sum swapaxes take trace transpose var view
""".split()
_OPERATORS = "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift".split()
_COMPARISONS = "lt le gt ge eq ne".split()
_UNARY = "neg pos abs invert".split()
_CONVERSIONS = {"__float__": float, "__int__": int, "__bool__": bool, "__index__": operator.index}


def _refuse():
    raise TypeError(
        "Implicit conversion to a NumPy array is not allowed. "
        "Please use `.get()` to construct a NumPy array explicitly."
    )


def _host(value):
    """What NumPy needs to see of an argument."""
    if isinstance(value, ndarray):
        return value._array
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}")
    if isinstance(value, (list, tuple)):
        return type(value)(_host(item) for item in value)
    return value


def _device(value):
    """What CuPy would have made of NumPy's result."""
    if isinstance(value, (np.ndarray, np.generic)):
        return ndarray(np.asarray(value))
    if isinstance(value, (list, tuple)):
        items = [_device(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def _on_device(function):
    """`function` of NumPy for device arrays."""

    def wrapped(*args, **kwargs):
        out = kwargs.get("out")
        with np.errstate(all="ignore"):
            result = function(*map(_host, args), **{key: _host(value) for key, value in kwargs.items()})
        return _device(result) if out is None else out

    wrapped.__name__ = getattr(function, "__name__", "wrapped")
    return wrapped


class _Flags:
    def __init__(self, flags):
        self.c_contiguous, self.f_contiguous, self.owndata = flags.c_contiguous, flags.f_contiguous, flags.owndata


class ndarray:  # noqa: N801
    """Host memory that behaves like memory of a device."""

    __array_priority__ = 100

    def __init__(self, array):
        self._array = array

    @property
    def __cuda_array_interface__(self):
        interface = dict(self._array.__array_interface__)
        if self._array.size == 0:
            interface["data"] = (0, False)
        return {**interface, "version": 3, "stream": None}

    def __array__(self, dtype=None, copy=None):
        _refuse()

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        """CuPy takes NumPy's ufuncs as its own, on its arrays and on scalars."""
        if method != "__call__":
            return NotImplemented
        if "out" in kwargs:
            kwargs["out"] = kwargs["out"][0]
        return _on_device(ufunc)(*inputs, **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        """And those of NumPy's functions that it has."""
        name = function.__name__
        if name not in _FUNCTIONS or any(issubclass(kind, np.ndarray) for kind in types):
            return NotImplemented
        return _on_device(function)(*args, **kwargs)

    shape = property(lambda self: self._array.shape)
    dtype = property(lambda self: self._array.dtype)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)
    nbytes = property(lambda self: self._array.nbytes)
    flags = property(lambda self: _Flags(self._array.flags))
    T = property(lambda self: ndarray(self._array.T))
    data = property(lambda self: SimpleNamespace(ptr=self._array.ctypes.data))

    def get(self):
        return self._array.copy()

    def copy(self, order="C"):
        return ndarray(self._array.copy(order))

    def astype(self, dtype, order="K", copy=True):
        return ndarray(self._array.astype(dtype, order=order, copy=copy))

    def fill(self, value):
        self._array.fill(_host(value))

    def item(self, *args):
        return self._array.item(*args)

    def tolist(self):
        return self._array.tolist()

    def __getitem__(self, key):
        return _device(self._array[_host(key)])

    def __setitem__(self, key, value):
        self._array[_host(key)] = _host(value)

    def __len__(self):
        return len(self._array)

    def __iter__(self):
        return map(_device, self._array)

    def __repr__(self):
        return repr(self._array)

    def __format__(self, specification):
        return format(self._array.item() if self.ndim == 0 else self._array, specification)

    def __reduce__(self):
        return array, (self._array,)

    __hash__ = None


def _add_operators():
    def binary(function, reflected=False):
        def apply(self, other):
            if isinstance(other, (str, dict, type(None))):
                return NotImplemented
            operands = (other, self) if reflected else (self, other)
            return _on_device(function)(*operands)

        return apply

    def in_place(function):
        def apply(self, other):
            function(self._array, _host(other))
            return self

        return apply

    def conversion(kind):
        return lambda self: kind(self._array if kind is bool else self._array.item())

    for name in _OPERATORS:
        plain = name.rstrip("_")
        function = getattr(operator, name)
        setattr(ndarray, f"__{plain}__", binary(function))
        setattr(ndarray, f"__r{plain}__", binary(function, reflected=True))
        setattr(ndarray, f"__i{plain}__", in_place(getattr(operator, f"i{plain}")))
    for name in _COMPARISONS:
        setattr(ndarray, f"__{name}__", binary(getattr(operator, name)))
    for name in _UNARY:
        setattr(ndarray, f"__{name}__", _on_device(getattr(operator, name)))
    for name in _METHODS:
        setattr(ndarray, name, _on_device(getattr(np.ndarray, name)))
    for name, kind in _CONVERSIONS.items():
        setattr(ndarray, name, conversion(kind))


_add_operators()


def array(source, dtype=None, copy=True, order="K", ndmin=0):
    """Copy from the host or the device."""
    source = _nested(source)
    return ndarray(np.array(source, dtype=dtype, copy=True if copy else None, order=order, ndmin=ndmin))


def asarray(source, dtype=None, order=None):
    """As `array`, without a copy where the source is a device array that fits."""
    if isinstance(source, ndarray):
        return ndarray(np.asarray(source._array, dtype=dtype, order=order))
    if hasattr(source, "__cuda_array_interface__"):
        return ndarray(np.asarray(SimpleNamespace(__array_interface__=source.__cuda_array_interface__), dtype=dtype))
    return ndarray(np.array(_nested(source), dtype=dtype, order=order))


def _nested(source):
    if isinstance(source, ndarray):
        return source._array
    return [_nested(item) for item in source] if isinstance(source, (list, tuple)) else source


def ascontiguousarray(source, dtype=None):
    return ndarray(np.ascontiguousarray(_host(source), dtype=dtype))


def asnumpy(source, stream=None, order="C", out=None, *, blocking=True):
    return source.get() if isinstance(source, ndarray) else np.asarray(source)


def get_array_module(*arrays):
    return sys.modules["cupy"] if any(isinstance(a, ndarray) for a in arrays) else np


def cholesky(source):
    """Does not raise: cuSOLVER's status is not looked at unless cupyx.errstate asks for it."""
    try:
        return ndarray(np.linalg.cholesky(_host(source)))
    except np.linalg.LinAlgError:
        return ndarray(np.full_like(source._array, np.nan))


class _Memory:
    """Scratch memory of a pool: what was never written reads as NaN."""

    def __init__(self, size, pool):
        self._block = np.full(size + 256, 0xFF, np.uint8)
        self.ptr = (self._block.ctypes.data + 255) // 256 * 256
        self._size, self._pool = size, pool
        pool.used += size
        pool.allocations += 1

    def __del__(self):
        self._pool.used -= self._size


class _Pool:
    def __init__(self):
        self.used = self.allocations = 0

    def malloc(self, size):
        return _Memory(int(size), self)

    def used_bytes(self):
        return self.used


def make_module():
    """Return a module that can stand for CuPy in sys.modules."""
    module = ModuleType("cupy")
    pool = _Pool()
    stream = SimpleNamespace(ptr=0, synchronize=lambda: None)
    runtime = SimpleNamespace(getDeviceCount=lambda: 1, getDeviceProperties=lambda device: {"name": b"stand-in"})
    module.__version__ = "0"
    module.ndarray, module.array, module.asarray, module.asnumpy = ndarray, array, asarray, asnumpy
    module.ascontiguousarray, module.get_array_module = ascontiguousarray, get_array_module
    module.get_default_memory_pool = lambda: pool
    module.cuda = SimpleNamespace(
        get_current_stream=lambda: stream,
        Stream=SimpleNamespace(null=stream),
        Device=lambda device=0: SimpleNamespace(id=device, synchronize=lambda: None),
        alloc=pool.malloc,
        runtime=runtime,
    )
    module.linalg = SimpleNamespace(cholesky=cholesky, **{n: _on_device(getattr(np.linalg, n)) for n in _LINALG})
    for name in (*_FUNCTIONS, *_CREATION):
        setattr(module, name, _on_device(getattr(np, name)))
    module.empty_like = _on_device(np.empty_like)
    for name in _CONSTANTS:
        setattr(module, name, getattr(np, name))
    return module
