"""Views of contiguous arrays that count no reference and check no bound.

An ordinary slice in a compiled loop costs two atomic operations, which is more than the short loop over it. These are
for scratch and arguments, which outlive the loop.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

make_array: Any = arrayobj.make_array
populate_array: Any = arrayobj.populate_array


def _codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Array of the trailing dimensions, from entry (or leading index) arguments[1] on."""
    source_type, result_type = signature.args[0], signature.return_type
    source = make_array(source_type)(context, builder, arguments[0])
    result = make_array(result_type)(context, builder)
    shape = [builder.extract_value(source.shape, i) for i in range(source_type.ndim)]
    strides = [builder.extract_value(source.strides, i) for i in range(source_type.ndim)]
    begin = context.cast(builder, arguments[1], signature.args[1], types.intp)
    step = builder.sdiv(strides[0], source.itemsize) if source_type.ndim > 1 else None
    entries = begin if step is None else builder.mul(begin, step)
    if source_type.ndim == 1:
        shape, strides = [builder.sub(shape[0], begin)], strides
    else:
        shape, strides = shape[1:], strides[1:]
    data = builder.gep(source.data, [entries], source_etype=context.get_data_type(source_type.dtype))
    populate_array(result, data=data, shape=shape, strides=strides, itemsize=source.itemsize, meminfo=None)
    return result._getvalue()


def _part(typing_context: Any, array: Any, begin: Any) -> Any:
    """array[begin:] of a one-dimensional array."""
    result = types.Array(array.dtype, 1, "C", readonly=not array.mutable)
    return result(array, begin), _codegen


def _row(typing_context: Any, array: Any, index: Any) -> Any:
    """array[index] of an array of two or more dimensions."""
    result = types.Array(array.dtype, array.ndim - 1, "C", readonly=not array.mutable)
    return result(array, index), _codegen


part: Any = intrinsic(_part)
row: Any = intrinsic(_row)
