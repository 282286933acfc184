// The kernels of the noun `core`, as each back end implements them.
#pragma once

#include "core/context.hpp"

namespace gibbsite {

// log sum_i w_i exp(x_i) along one axis of a row-major matrix. `weights` may be null. axis 0 leaves n_columns values,
// axis 1 leaves n_rows.
template <class T>
struct LogSumExp {
    const T* x;
    const T* weights;
    T* out;
    std::int64_t n_rows, n_columns;
    int axis;
};

namespace GIBBSITE_BACKEND {

template <class T>
void logsumexp(const LogSumExp<T>& job, Context context);

}  // namespace GIBBSITE_BACKEND

}  // namespace gibbsite
