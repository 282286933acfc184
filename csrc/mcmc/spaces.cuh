// The space of a thread on the card: one chain, its elements as far apart as there are chains, so that neighbouring
// threads read neighbouring elements. spaces.hpp has those of the host.
#pragma once

#include <cuda_runtime.h>

#include "core/lanes.hpp"
#include "core/launch.cuh"
#include "mcmc/placement.hpp"
#include "random/draws.cuh"

namespace gibbsite::cuda {

template <class T>
struct ThreadChain {
    using Element = T;
    using V = T;
    using Sum = double;
    using Number = double;
    using Mask = bool;
    static constexpr bool dimension_lanes = false;

    std::int64_t dim, first, stride;

    __device__ std::int64_t n_lanes() const { return 1; }
    __device__ std::int64_t filled_lanes() const { return 1; }
    __device__ std::int64_t element_stride() const { return stride; }
    __device__ std::int64_t accesses(std::int64_t n) const { return n; }
    __device__ std::int64_t access_of(std::int64_t i) const { return i; }
    __device__ std::int64_t leading(std::int64_t n) const { return n; }
    __device__ std::int64_t vector_size() const { return dim * stride; }

    __device__ T get(const T* p, std::int64_t i) const { return p[i * stride]; }
    __device__ void put(T* p, std::int64_t i, T value) const { p[i * stride] = value; }
    __device__ T datum(const T* p, std::int64_t i) const { return p[i]; }
    __device__ T matrix_datum(const T* row, std::int64_t i) const { return row[i]; }
    __device__ double number(double value) const { return value; }
    __device__ double number_at(const T* p, std::int64_t i) const { return double(p[i * stride]); }
    __device__ void put_number(T* p, std::int64_t i, double value) const { p[i * stride] = T(value); }

    __device__ static T root(T value) { return sqrt(value); }
    __device__ double lane(double value, std::int64_t) const { return value; }
    __device__ void set_lane(double& value, std::int64_t, double x) const { value = x; }
    __device__ double no_sum() const { return 0; }
    __device__ static double widen(T value) { return double(value); }
    __device__ double total(double sum) const { return sum; }
    __device__ T spread(double value) const { return T(value); }
    __device__ double choose(bool mask, double a, double b) const { return mask ? a : b; }
    __device__ T blend(bool mask, T a, T b) const { return mask ? a : b; }
    __device__ bool any(bool mask) const { return mask; }
    __device__ void keep(bool mask, const T* from, T* to) const {
        if (mask)
            for (std::int64_t i = 0; i < dim; ++i) put(to, i, get(from, i));
    }
};

template <class T>
__device__ void draw_normals(const ThreadChain<T>& s, const ChainPlace& place, T* out) {
    constexpr int size = elements_per_block<T>;
    // The chain's number stands in the upper half of the block.
    const Place where{place.seed, place.draw, std::uint32_t(Purpose::normals), 0};
    const std::uint64_t first = std::uint64_t(place.chain) << 32;
    for (std::int64_t i = 0; i < s.dim; i += size) {
        T z[size];
        normal_block(first + std::uint64_t(i / size), where, z);
#pragma unroll
        for (int j = 0; j < size; ++j)
            if (i + j < s.dim) s.put(out, i + j, z[j]);
    }
}

template <class T>
__device__ __forceinline__ double draw_uniform(const ThreadChain<T>&, const ChainPlace& place, std::uint64_t block,
                                               Purpose purpose) {
    return chain_uniform(place, block, purpose);
}

// A kernel runs to its end.
struct NoClock {
    __device__ bool over() const { return false; }
};

constexpr int chains_per_block = 64;

inline Grid grid_of(std::int64_t n_chains, Context context) {
    return {unsigned(ceil_div<std::int64_t>(n_chains, chains_per_block)), chains_per_block, stream_of(context)};
}

// The chain of this thread; its `first` is n_chains or more beyond the last one.
template <class T>
__device__ __forceinline__ ThreadChain<T> this_chain(std::int64_t dim, std::int64_t n_chains) {
    return {dim, std::int64_t(blockIdx.x) * chains_per_block + threadIdx.x, n_chains};
}

// The scratch vectors of a chain begin at its own number.
inline std::int64_t scratch_elements(std::int64_t n_vectors, std::int64_t dim, std::int64_t n_chains) {
    return n_vectors * dim * n_chains;
}

inline void clear_status(std::int64_t* status, Context context) {
    check(cudaMemsetAsync(status, 0, status_size * sizeof(std::int64_t), stream_of(context)));
}

}  // namespace gibbsite::cuda
