"""Products of a chain's vectors in their own type, and copies of them."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from gibbsite._backends._numba.borrow import make_array
from gibbsite._backends._numba.jit import jit, jit_reductions


@jit_reductions
def inner(x: Any, y: Any, n: int) -> Any:
    """Sum of products of the first n in the type of x: a term of a larger sum."""
    result = x.dtype.type(0)
    for i in range(n):
        result += x[i] * y[i]
    return result


@jit
def add_scaled(x: Any, factor: Any, n: int, out: Any) -> None:
    """out += factor * x over the first n."""
    for i in range(n):
        out[i] += factor * x[i]


def _copy_codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    source, target = (
        make_array(array_type)(context, builder, value)
        for array_type, value in zip(signature.args, arguments, strict=True)
    )
    cgutils.memcpy(builder, target.data, source.data, builder.extract_value(target.shape, 0))
    return context.get_dummy_value()


def _copy(typing_context: Any, x: Any, out: Any) -> Any:
    """out = x for two vectors that are the same or do not overlap: a call, where a loop would be many instructions."""
    return types.void(x, out), _copy_codegen


copy: Any = intrinsic(_copy)
