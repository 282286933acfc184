// Log densities of one block under every component, component-major: density[k * block_rows + row]. Host only.
//
// Register tiles of `tile_vectors` vectors of rows by a few components or factor columns: each loaded value is used
// several times, and enough independent sums are in flight to keep the multiply-add units busy.
#pragma once

#include "mixture/block.hpp"
#include "mixture/model.hpp"

namespace gibbsite {
namespace {

constexpr int tile_vectors = vector_registers == 32 ? 4 : 2;

// Sums over features of (x factor - target)^2 for `components` components and one tile of rows. With factor null the
// factor is one.
template <int components, int vectors, class T>
GIBBSITE_HD void squared_distances_tile(const T* x, std::int64_t d, const T* factor, const T* target, T* out) {
    constexpr int lanes = lane_count<T>;
    constexpr std::int64_t size = block_rows<T>;
    Simd<T> sum[components][vectors] = {};
    for (std::int64_t j = 0; j < d; ++j) {
        Simd<T> value[vectors];
        for (int v = 0; v < vectors; ++v) value[v] = load(x + j * size + v * lanes);
#pragma GCC unroll 4
        for (int c = 0; c < components; ++c) {
            const auto t = broadcast<Simd<T>>(target[c * d + j]);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) {
                const Simd<T> z = factor ? Simd<T>(value[v] * factor[c * d + j] - t) : Simd<T>(value[v] - t);
                sum[c][v] += z * z;
            }
        }
    }
    for (int c = 0; c < components; ++c)
        for (int v = 0; v < vectors; ++v) store(out + c * size + v * lanes, sum[c][v]);
}

template <int vectors, class T>
void squared_distances_rows(const T* x, std::int64_t k, std::int64_t d, const T* factor, const T* target, T* out) {
    constexpr std::int64_t size = block_rows<T>;
    std::int64_t c = 0;
    for (; c + 4 <= k; c += 4)
        squared_distances_tile<4, vectors>(x, d, factor ? factor + c * d : nullptr, target + c * d, out + c * size);
    for (; c + 2 <= k; c += 2)
        squared_distances_tile<2, vectors>(x, d, factor ? factor + c * d : nullptr, target + c * d, out + c * size);
    for (; c < k; ++c)
        squared_distances_tile<1, vectors>(x, d, factor ? factor + c * d : nullptr, target + c * d, out + c * size);
}

// (x factor - target)^2 summed over features, for each of k components; x is feature-major with stride block_rows.
template <class T>
void squared_distances(const T* x, std::int64_t n_vectors, std::int64_t k, std::int64_t d, const T* factor,
                       const T* target, T* out) {
    constexpr int lanes = lane_count<T>;
    std::int64_t v = 0;
    for (; v + tile_vectors <= n_vectors; v += tile_vectors)
        squared_distances_rows<tile_vectors>(x + v * lanes, k, d, factor, target, out + v * lanes);
    for (; v < n_vectors; ++v) squared_distances_rows<1>(x + v * lanes, k, d, factor, target, out + v * lanes);
}

// constant - scale * distance / 2, in place
template <class T>
void densities_from_distances(const T* constant, const T* scale, std::int64_t k, std::int64_t n_vectors,
                              const T* distance, T* density) {
    for (std::int64_t c = 0; c < k; ++c) {
        const T factor = scale ? T(-0.5) * scale[c] * scale[c] : T(-0.5);
        const T* from = distance + c * block_rows<T>;
        T* to = density + c * block_rows<T>;
        for (std::int64_t i = 0; i < n_vectors * lane_count<T>; i += lane_count<T>)
            store(to + i, load(from + i) * factor + constant[c]);
    }
}

// One panel of factor columns times one tile of rows: y = x P for four columns.
template <int vectors, class T>
GIBBSITE_HD const T* panel_product(const T* x, std::int64_t stride, std::int64_t depth, const T* packed,
                                   Simd<T> (&y)[panel_columns][vectors]) {
    for (std::int64_t i = 0; i < depth; ++i, packed += panel_columns) {
        Simd<T> value[vectors];
        for (int v = 0; v < vectors; ++v) value[v] = load(x + i * stride + v * lane_count<T>);
#pragma GCC unroll 4
        for (int c = 0; c < panel_columns; ++c)
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) y[c][v] += value[v] * packed[c];
    }
    return packed;
}

// How deep the panel that starts at `column` reaches: rows of the factor beyond D do not exist, so the packed rows that
// stand for them are skipped.
inline std::int64_t panel_depth(std::int64_t column, std::int64_t d) { return smaller(column + panel_columns, d); }

// |x P|^2 of one tile of rows.
template <int vectors, class T>
GIBBSITE_HD void quadratic_form_tile(const T* x, std::int64_t stride, std::int64_t d, const T* packed,
                                     Simd<T> (&sum)[vectors]) {
    for (int v = 0; v < vectors; ++v) sum[v] = Simd<T>{};
    for (std::int64_t column = 0; column < d; column += panel_columns) {
        Simd<T> y[panel_columns][vectors] = {};
        panel_product<vectors>(x, stride, panel_depth(column, d), packed, y);
        packed += (column + panel_columns) * panel_columns;
#pragma GCC unroll 4
        for (int c = 0; c < panel_columns; ++c)
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) sum[v] += y[c][v] * y[c][v];
    }
}

// x P for the whole block, feature-major as x is.
template <int vectors, class T>
void whiten_tile(const T* x, std::int64_t d, const T* packed, T* out) {
    constexpr std::int64_t size = block_rows<T>;
    for (std::int64_t column = 0; column < d; column += panel_columns) {
        Simd<T> y[panel_columns][vectors] = {};
        panel_product<vectors>(x, size, panel_depth(column, d), packed, y);
        packed += (column + panel_columns) * panel_columns;
        for (std::int64_t c = 0; c < panel_columns && column + c < d; ++c)
            for (int v = 0; v < vectors; ++v) store(out + (column + c) * size + v * lane_count<T>, y[c][v]);
    }
}

template <class T>
void whiten(const T* x, std::int64_t n_vectors, std::int64_t d, const T* packed, T* out) {
    constexpr int lanes = lane_count<T>;
    std::int64_t v = 0;
    for (; v + tile_vectors <= n_vectors; v += tile_vectors)
        whiten_tile<tile_vectors>(x + v * lanes, d, packed, out + v * lanes);
    for (; v < n_vectors; ++v) whiten_tile<1>(x + v * lanes, d, packed, out + v * lanes);
}

// Full covariances: each component's own centring, in a small buffer (D, tile), then the quadratic form.
template <int vectors, class T>
void full_tile(const T* x, const Model<T>& model, T* centred, T* out) {
    constexpr int lanes = lane_count<T>;
    constexpr std::int64_t size = block_rows<T>;
    const std::int64_t d = model.shape.n_features;
    for (std::int64_t k = 0; k < model.shape.n_components; ++k) {
        const T* mean = model.shifted + k * d;
        for (std::int64_t j = 0; j < d; ++j)
            for (int v = 0; v < vectors; ++v)
                store(centred + (j * vectors + v) * lanes, load(x + j * size + v * lanes) - mean[j]);
        Simd<T> sum[vectors];
        quadratic_form_tile<vectors>(centred, vectors * lanes, d, model.factor + k * packed_size(d), sum);
        for (int v = 0; v < vectors; ++v) store(out + k * size + v * lanes, sum[v] * T(-0.5) + model.constant[k]);
    }
}

// Scratch elements that log_densities needs beside its output.
template <class T>
std::int64_t density_scratch_size(const Shape& shape) {
    switch (shape.covariance_type) {
        case CovarianceType::tied:
            return block_rows<T> * shape.n_features;
        case CovarianceType::full:
            return tile_vectors * lane_count<T> * shape.n_features;
        default:
            return 0;
    }
}

// `distance` (K, block_rows) receives the squared distances |x - mean|^2 of a spherical model, which its moments need;
// it may be `density` itself where they are not wanted.
template <class T>
void log_densities(const Model<T>& model, const Block<T>& block, T* scratch, T* distance, T* density) {
    constexpr int lanes = lane_count<T>;
    const std::int64_t k = model.shape.n_components, d = model.shape.n_features, n = block.vectors();
    switch (model.shape.covariance_type) {
        case CovarianceType::diag:
            squared_distances(block.centred, n, k, d, model.factor, model.target, density);
            densities_from_distances<T>(model.constant, nullptr, k, n, density, density);
            break;
        case CovarianceType::spherical:
            squared_distances<T>(block.centred, n, k, d, nullptr, model.shifted, distance);
            densities_from_distances(model.constant, model.factor, k, n, distance, density);
            break;
        case CovarianceType::tied:
            whiten(block.centred, n, d, model.factor, scratch);
            squared_distances<T>(scratch, n, k, d, nullptr, model.target, density);
            densities_from_distances<T>(model.constant, nullptr, k, n, density, density);
            break;
        case CovarianceType::full: {
            std::int64_t v = 0;
            for (; v + tile_vectors <= n; v += tile_vectors)
                full_tile<tile_vectors>(block.centred + v * lanes, model, scratch, density + v * lanes);
            for (; v < n; ++v) full_tile<1>(block.centred + v * lanes, model, scratch, density + v * lanes);
            break;
        }
    }
}

}  // namespace
}  // namespace gibbsite
