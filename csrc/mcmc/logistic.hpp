// Logistic regression for one chain, with rows of the data as lanes: the linear predictors of a tile stay in registers,
// and what the gradient needs of the tile is still in the first-level cache. Host only.
#pragma once

#include "mcmc/spaces.hpp"
#include "mcmc/targets.hpp"

namespace gibbsite {
namespace {

// n_padded is a multiple of this: a block of rows that may lie together (prepared.hpp).
constexpr std::int64_t rows_per_block = 64;

template <class T>
constexpr int tile_vectors = vector_registers == 32 ? (64 / lane_count<T> < 8 ? 64 / lane_count<T> : 8) : 4;

GIBBSITE_HD void add_wide(double* to, Simd<double> v) { store(to, load(to) + v); }
GIBBSITE_HD void add_wide(double* to, Simd<float> v) {
    constexpr int n = pack_lanes;
    float part[2 * n];
    store(part, v);
    store(to, load(to) + widened(load_pack(part)) + widened(load_pack(part + n)));
}

// The rows of one tile: their losses, and their part of the gradient in lanes (D, pack_lanes).
template <bool with_gradient, class T>
GIBBSITE_HD Simd<T> logistic_tile(const T* X, std::int64_t stride, const T* sign, const T* q, std::int64_t dim,
                                  double* lanes) {
    using V = Simd<T>;
    constexpr int n = lane_count<T>, vectors = tile_vectors<T>;
    V x[vectors] = {};
    for (std::int64_t j = 0; j < dim; ++j)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) x[v] += load(X + j * stride + v * n) * q[j];
    // softplus(x) = max(x, 0) + log(1 + e^-|x|); the factors 1 + e^-|x| of a lane are multiplied before the logarithm
    V loss{}, product = broadcast<V>(T(1));
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
        const V s = load(sign + v * n), against = -x[v] * s;
        const V tail = exp_nonpositive(V(against < T(0) ? against : -against));
        loss += against > T(0) ? against : V{};
        product *= tail + T(1);
        if (with_gradient) x[v] = (against > T(0) ? broadcast<V>(T(1)) : tail) / (tail + T(1)) * s;
    }
    if (with_gradient)
        for (std::int64_t j = 0; j < dim; ++j) {
            V sum{};
#pragma GCC unroll 8
            for (int v = 0; v < vectors; ++v) sum += load(X + j * stride + v * n) * x[v];
            add_wide(lanes + j * pack_lanes, sum);
        }
    return loss + log_positive(product);
}

// As in targets.hpp, where the layout of data is; prepared: sizes[1] from column to column, sizes[2] from block to
// block.
template <bool with_gradient, class T>
GIBBSITE_HD double logistic_regression(const DimensionLanes<T>& s, const Target<T>& target, const T* q, T* grad,
                                       T* work) {
    const std::int64_t n = target.sizes[0], stride = target.sizes[1];
    const double constant = double(target.data[0]), prior = double(target.data[1]);
    const T *sign = target.data + 2, *X = sign + n;
    double* lanes = reinterpret_cast<double*>(work);
    if (with_gradient) memset(lanes, 0, std::size_t(s.dim * pack_lanes) * sizeof(double));
    double loss[pack_lanes] = {};
    for (std::int64_t block = 0; block < n / rows_per_block; ++block)
        for (std::int64_t row = 0; row < rows_per_block; row += tile_vectors<T> * lane_count<T>)
            add_wide(loss, logistic_tile<with_gradient>(X + block * target.sizes[2] + row, stride,
                                                        sign + block * rows_per_block + row, q, s.dim, lanes));
    if (with_gradient) {
        for (std::int64_t j = 0; j < s.dim; ++j)
            grad[j] = T(sum_of_lanes<double>(load(lanes + j * pack_lanes)) - prior * double(q[j]));
        for (std::int64_t j = s.dim; j < s.vector_size(); ++j) grad[j] = 0;
    }
    return constant - 0.5 * prior * squared_norm(s, s.dim, q) - sum_of_lanes<double>(load(loss));
}

}  // namespace
}  // namespace gibbsite
