// Raw sums over rows (at least one), float64, in an order that depends on the sizes alone.
//
// A kernel cuts its rows in splits; split 0 adds to where the result belongs, the others to scratch, and
// sum_partials brings them home in order. Nothing is added with atomics.
#pragma once

#include "core/scratch.cuh"
#include "mixture/api.hpp"
#include "mixture/layout.hpp"
#include "mixture/tiles.cuh"

namespace gibbsite::cuda {

struct Partials {
    double* first;
    double* rest;  // (n_splits - 1, size)
    std::int64_t size;
    int n_splits;

    __device__ __forceinline__ double* of(int split) const { return split == 0 ? first : rest + (split - 1) * size; }
};

// Where one region of sums is built. Zero at first.
class PartialSums {
public:
    PartialSums(double* result, std::int64_t size, int n_splits, cudaStream_t stream);
    Partials view() const { return {result_, rest_.data(), size_, n_splits_}; }
    void gather() const;

private:
    double* result_;
    std::int64_t size_;
    int n_splits_;
    cudaStream_t stream_;
    Scratch<double> rest_;
};

// Splits so that about `wanted_blocks` run at a time, each of some rows, within a bound of scratch memory.
inline int splits_for(std::int64_t n_rows, std::int64_t blocks, std::int64_t wanted_blocks, std::int64_t size) {
    constexpr std::int64_t most_elements = std::int64_t(1) << 25, most = 512;
    std::int64_t splits = wanted_blocks / (blocks > 0 ? blocks : 1);
    const std::int64_t by_rows = n_rows / rows_worth_a_split, by_memory = most_elements / size;
    if (splits > by_rows) splits = by_rows;
    if (splits > by_memory) splits = by_memory;
    if (splits > most) splits = most;
    return int(splits > 1 ? splits : 1);
}

// sums[s] = sum_n weight[n] series[s * n_rows + n], and total = sum_n weight[n]; weight may be null, total too.
template <class T>
void weighted_sums(const T* weight, const T* series, std::int64_t n_series, std::int64_t n_rows, double* sums,
                   double* total, cudaStream_t stream);

// First and second moments of rows about each component's centre:
// weight (K), sum of w r (x - centre) (K, D), and, where asked for, sum of w r (x - centre)^2 (K, D), one behind the
// other.
template <class T>
class Moments {
public:
    Moments(double* result, const Shape& shape, bool with_squares, std::int64_t rows_at_a_time, cudaStream_t stream);
    static std::int64_t size(const Shape& shape, bool with_squares) {
        return shape.n_components * (1 + (with_squares ? 2 : 1) * shape.n_features);
    }
    void add(const T* x, std::int64_t n_rows, const T* centre,
             const WeightedResponsibilities<T>& responsibilities) const;
    void finish() const { sums_.gather(); }

private:
    Shape shape_;
    bool with_squares_;
    cudaStream_t stream_;
    PartialSums sums_;
};

// sum of w r (x - centre)(x - centre)^T for each component (K, D, D), in tiles on and above the diagonal; what lies
// below the diagonal is left undefined. Arithmetic, and the responsibilities, in A.
template <class T, class A>
class Scatter {
public:
    Scatter(double* result, const Shape& shape, std::int64_t rows_at_a_time, cudaStream_t stream);
    void add(const T* x, std::int64_t n_rows, const T* centre,
             const WeightedResponsibilities<A>& responsibilities) const;
    void finish() const { sums_.gather(); }

private:
    Shape shape_;
    cudaStream_t stream_;
    PartialSums sums_;
};

}  // namespace gibbsite::cuda
