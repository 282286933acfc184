// Rows to lanes: a square of `lanes` rows and columns is turned by log2(lanes) rounds of perfect shuffles. Host only.
#pragma once

#include "core/simd.hpp"

namespace gibbsite {
namespace {

template <class V>
GIBBSITE_HD void transpose_square(V* v) {
    constexpr int n = Lanes<V>::count;
#pragma GCC unroll 8
    for (int width = n; width > 1; width /= 2) {
        V turned[n];
#pragma GCC unroll 16
        for (int i = 0; i < n / 2; ++i) {
            turned[2 * i] = v[i];
            turned[2 * i + 1] = v[i + n / 2];
            interleave(turned[2 * i], turned[2 * i + 1]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < n; ++i) v[i] = turned[i];
    }
}

// The first n of a vector's lanes; the others are zero.
template <class T>
GIBBSITE_HD Simd<T> load_part(const T* from, std::int64_t n) {
    if (n >= lane_count<T>) return load(from);
    T part[lane_count<T>] = {};
    for (std::int64_t i = 0; i < n; ++i) part[i] = from[i];
    return load(part);
}

// Fewer columns than lanes: element by element.
template <class T>
GIBBSITE_HD void transpose_narrow(const T* x, std::int64_t n_rows, std::int64_t n_columns, T* out,
                                  std::int64_t out_stride, const T* origin) {
    const std::int64_t padded = (n_rows + lane_count<T> - 1) / lane_count<T> * lane_count<T>;
    for (std::int64_t j = 0; j < n_columns; ++j) {
        T* column = out + j * out_stride;
        for (std::int64_t row = 0; row < n_rows; ++row) column[row] = x[row * n_columns + j];
        for (std::int64_t row = n_rows; row < padded; ++row) column[row] = column[n_rows - 1];
        if (origin)
            for (std::int64_t row = 0; row < padded; ++row) column[row] -= origin[j];
    }
}

// x (n_rows, n_columns), row-major, to out[column * out_stride + row]; rows beyond n_rows up to the next multiple of
// the lane count become copies of the last row, so that every lane holds finite, harmless data. An origin (n_columns)
// is subtracted from every row.
template <class T>
void transpose_rows(const T* x, std::int64_t n_rows, std::int64_t n_columns, T* out, std::int64_t out_stride,
                    const T* origin = nullptr) {
    constexpr int lanes = lane_count<T>;
    if (n_columns < lanes) return transpose_narrow(x, n_rows, n_columns, out, out_stride, origin);
    for (std::int64_t row = 0; row < n_rows; row += lanes)
        for (std::int64_t at = 0; at < n_columns; at += lanes) {
            // The last square overlaps the one before it where the columns do not divide evenly.
            const std::int64_t column = at + lanes <= n_columns ? at : n_columns - lanes;
            Simd<T> v[lanes];
            for (int i = 0; i < lanes; ++i) {
                const std::int64_t source = row + i < n_rows ? row + i : n_rows - 1;
                v[i] = load(x + source * n_columns + column);
            }
            transpose_square(v);
            if (origin)
                for (int j = 0; j < lanes; ++j) v[j] -= origin[column + j];
            for (int j = 0; j < lanes; ++j) store(out + (column + j) * out_stride + row, v[j]);
        }
}

}  // namespace
}  // namespace gibbsite
