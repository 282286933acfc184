// Moments of hidden and visible units over the rows of both phases, float64: with one more unit on either side that is
// always on, one product has <h v>, <h>, <v> and the sum of the weights.
//
// moments[split][i * (D + 1) + j] = sum over the split's rows of weight h_i v_j, with h_H = v_D = 1. float32 sums run
// over rows_per_flush rows, then go to float64. Splits of the data come first, then those of the model.
#pragma once

#include "core/launch.cuh"
#include "core/warp.cuh"
#include "rbm/api.hpp"

namespace gibbsite::cuda {

// On the emulated card small, so that tests of a few hundred rows cross every seam.
#if defined(GIBBSITE_CUDA_EMULATION)
constexpr std::int64_t rows_per_flush = 64;
#else
constexpr std::int64_t rows_per_flush = 512;
#endif

// Rows of one phase, cut in n_splits stretches of rows_per_split.
template <class T>
struct Phase {
    States<T> visible;
    const T* hidden;
    const T* weight;  // null: one each
    std::int64_t rows_per_split;
    int n_splits;  // 0 where there are no rows

    __host__ __device__ std::int64_t begin(int split) const { return split * rows_per_split; }
    __host__ __device__ std::int64_t end(int split) const {
        const std::int64_t end = (split + 1) * rows_per_split;
        return end < visible.n_rows ? end : visible.n_rows;
    }
};

template <class T>
struct MomentsJob {
    Phase<T> data, model;
    std::int64_t n_hidden, n_visible;
    double* moments;

    __host__ __device__ std::int64_t size() const { return (n_hidden + 1) * (n_visible + 1); }
    __host__ __device__ int n_splits() const { return data.n_splits + model.n_splits; }
    // The phase of a split of the whole; `split` becomes its number there.
    __host__ __device__ const Phase<T>& phase_of(int& split) const {
        if (split < data.n_splits) return data;
        split -= data.n_splits;
        return model;
    }
    // Adds to the moment of units i and j, or begins it.
    __device__ __forceinline__ void put(int split, bool is_first, std::int64_t i, std::int64_t j, double value) const {
        if (i > n_hidden || j > n_visible) return;
        double& moment = moments[split * size() + i * (n_visible + 1) + j];
        moment = is_first ? value : moment + value;
    }
};

template <class T>
void sum_moments(const MomentsJob<T>& job, cudaStream_t stream);

// The same on the matrix unit, where visible states are bytes.
void sum_moments_of_bytes(const MomentsJob<float>& job, cudaStream_t stream);

}  // namespace gibbsite::cuda
