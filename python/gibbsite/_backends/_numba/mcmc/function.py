"""Calls of C functions by address: int f(size_t dim, const T *q, T *grad, double *logp, void *user_data)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from gibbsite._backends._numba.borrow import make_array, populate_array


def _call_codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    function, user_data, q_value, grad_value = arguments
    q, grad = (
        make_array(array_type)(context, builder, value)
        for array_type, value in zip(signature.args[2:], (q_value, grad_value), strict=True)
    )
    size, status, number, byte = ir.IntType(64), ir.IntType(32), ir.DoubleType(), ir.IntType(8).as_pointer()
    logp = cgutils.alloca_once_value(builder, ir.Constant(number, float("-inf")))
    pointers = [q.data.type, grad.data.type, number.as_pointer(), byte]
    function_type = ir.FunctionType(status, [size, *pointers])
    callee = builder.inttoptr(function, function_type.as_pointer())
    dim = builder.extract_value(q.shape, 0)
    code = builder.call(callee, [dim, q.data, grad.data, logp, builder.inttoptr(user_data, byte)])
    return context.make_tuple(builder, signature.return_type, [code, builder.load(logp)])


def _call(typing_context: Any, function: Any, user_data: Any, q: Any, grad: Any) -> Any:
    """(status, log density) of the function at an address; all of q's entries are the point."""
    result = types.Tuple((types.int32, types.float64))
    return result(types.int64, types.int64, q, grad), _call_codegen


def _array_codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    result_type = signature.return_type
    result = make_array(result_type)(context, builder)
    item_type = context.get_data_type(result_type.dtype)
    item_size = context.get_constant(types.intp, context.get_abi_sizeof(item_type))
    data = builder.inttoptr(arguments[0], item_type.as_pointer())
    populate_array(result, data=data, shape=[arguments[1]], strides=[item_size], itemsize=item_size, meminfo=None)
    return result._getvalue()


def _array_at(typing_context: Any, address: Any, n: Any, like: Any) -> Any:
    """The n numbers of the type of the array `like` at an address."""
    return types.Array(like.dtype, 1, "C")(types.int64, types.intp, like), _array_codegen


call: Any = intrinsic(_call)
array_at: Any = intrinsic(_array_at)
