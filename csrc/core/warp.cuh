// Sums over a warp and over a block, in a fixed order; and vectors of 16 bytes.
#pragma once

#include <cuda_runtime.h>

namespace gibbsite::cuda {

constexpr unsigned all_lanes = 0xffffffffu;

template <class T>
__device__ __forceinline__ T warp_sum(T value) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(all_lanes, value, offset);
    return value;
}

// The largest of the warp's non-negative values, or somewhat less: float64 by the upper half of its bits. NaN wins.
__device__ __forceinline__ float warp_max_at_most(float value) {
    return __uint_as_float(__reduce_max_sync(all_lanes, __float_as_uint(value)));
}

__device__ __forceinline__ double warp_max_at_most(double value) {
    const auto upper = static_cast<unsigned long long>(__double_as_longlong(value)) >> 32;
    const auto largest = static_cast<unsigned long long>(__reduce_max_sync(all_lanes, unsigned(upper)));
    return __longlong_as_double(static_cast<long long>(largest << 32));
}

// The sum over a block of `threads` threads, known to all of them. `parts` is shared memory for 32 values; it may be
// used again after the next barrier.
template <class T>
__device__ T block_sum(T value, T* parts) {
    value = warp_sum(value);
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    T total = 0;
    for (unsigned warp = 0; warp < blockDim.x / 32; ++warp) total += parts[warp];
    return total;
}

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
    using type = float4;
};
template <>
struct VectorOf<double> {
    using type = double2;
};

// Elements of T in one 16-byte access.
template <class T>
constexpr int vector_width = int(16 / sizeof(T));

template <class T>
__device__ __forceinline__ void load_vector(const T* from, T* to) {
    *reinterpret_cast<typename VectorOf<T>::type*>(to) = *reinterpret_cast<const typename VectorOf<T>::type*>(from);
}

template <class T>
__device__ __forceinline__ void store_vector(T* to, const T* from) {
    *reinterpret_cast<typename VectorOf<T>::type*>(to) = *reinterpret_cast<const typename VectorOf<T>::type*>(from);
}

}  // namespace gibbsite::cuda
