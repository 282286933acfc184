// sum_n r_n (x_n - mean)(x_n - mean)^T of one component over listed rows, the upper triangle only. Host only.
//
// The rows are gathered as z = sqrt(r) (x - mean), so that one array is both factors of the product; register tiles of
// 8 rows by 2 vectors of columns (one where the triangle ends) take 16 multiply-adds for 10 loads.
#pragma once

#include "mixture/block.hpp"

namespace gibbsite {
namespace {

constexpr int tile_rows = vector_registers == 32 ? 8 : 4;
constexpr std::int64_t panel_rows = 64;      // of the scatter matrix: what one task takes of one component
constexpr std::int64_t gathered_rows = 128;  // rows of data summed at the data's precision before float64 takes over

// Rows [row, row_end) of one component's scatter, and the columns from `row` on that they need.
struct Panel {
    std::int64_t component, row, row_end;
};

inline std::int64_t panels_of(std::int64_t d) { return divide_up(d, panel_rows); }

template <class T>
struct Gathered {
    T* z;     // (gathered_rows, stride): sqrt(r) (x - mean) from column `panel.row` on, zero in the padding
    T* root;  // (gathered_rows): sqrt(r)
    std::int64_t stride;
    std::int64_t count = 0;

    static std::int64_t padded(std::int64_t d) { return round_up(d, lane_count<T>); }
    static std::int64_t size(std::int64_t d) { return gathered_rows * (padded(d) + 1); }

    Gathered(T* memory, std::int64_t d) : z(memory), root(memory + gathered_rows * padded(d)), stride(padded(d)) {}

    void add(const T* x, const T* mean, T r, std::int64_t n) {
        constexpr int lanes = lane_count<T>;
        const T scale = sizeof(T) == 4 ? T(__builtin_sqrtf(float(r))) : T(__builtin_sqrt(double(r)));
        T* to = z + count * stride;
        std::int64_t j = 0;
        for (; j + lanes <= n; j += lanes) store(to + j, (load(x + j) - load(mean + j)) * scale);
        for (; j < n; ++j) to[j] = (x[j] - mean[j]) * scale;
        for (; j < round_up(n, lanes); ++j) to[j] = T(0);
        root[count++] = scale;
    }
};

template <class T>
GIBBSITE_HD void add_as_double(const T* part, std::int64_t n, double* to) {
    for (std::int64_t i = 0; i < n; ++i) to[i] += double(part[i]);
}

// scatter[i + a, j + b] += sum_n z[n, i + a] z[n, j + b] for one tile; entries left of the diagonal may be written, and
// are overwritten when the triangle is mirrored.
template <int rows, int width, class T>
void scatter_tile(const Gathered<T>& data, std::int64_t i, std::int64_t j, std::int64_t n_columns, double* scatter,
                  std::int64_t stride) {
    constexpr int lanes = lane_count<T>;
    Simd<T> sum[rows][width] = {};
    const T* z = data.z;
    for (std::int64_t n = 0; n < data.count; ++n, z += data.stride) {
        Simd<T> value[width];
        for (int v = 0; v < width; ++v) value[v] = load(z + j + v * lanes);
#pragma GCC unroll 8
        for (int a = 0; a < rows; ++a)
#pragma GCC unroll 2
            for (int v = 0; v < width; ++v) sum[a][v] += value[v] * z[i + a];
    }
    const bool is_whole = j + width * lanes <= n_columns;
    for (int a = 0; a < rows; ++a) {
        T part[width * lanes];
        for (int v = 0; v < width; ++v) store(part + v * lanes, sum[a][v]);
        double* to = scatter + (i + a) * stride + j;
        if (is_whole)
            add_as_double(part, width * lanes, to);
        else
            add_as_double(part, n_columns - j, to);
    }
}

// The tiles right of and on the diagonal for `rows` rows of the scatter from row i.
template <int rows, class T>
void scatter_rows(const Gathered<T>& data, std::int64_t i, std::int64_t n_columns, double* scatter,
                  std::int64_t stride) {
    constexpr int lanes = lane_count<T>;
    const std::int64_t end = round_up(n_columns, lanes);
    std::int64_t j = i / lanes * lanes;
    if ((end - j) / lanes % 2 == 1) {
        scatter_tile<rows, 1>(data, i, j, n_columns, scatter, stride);
        j += lanes;
    }
    for (; j < end; j += 2 * lanes) scatter_tile<rows, 2>(data, i, j, n_columns, scatter, stride);
}

// One panel; `scatter` is the component's (D, D) matrix.
template <class T>
void add_scatter(const Gathered<T>& data, const Panel& panel, std::int64_t d, double* scatter) {
    const std::int64_t rows = panel.row_end - panel.row, n_columns = d - panel.row;
    double* corner = scatter + panel.row * d + panel.row;
    std::int64_t i = 0;
    for (; i + tile_rows <= rows; i += tile_rows) scatter_rows<tile_rows>(data, i, n_columns, corner, d);
    for (; i < rows; ++i) scatter_rows<1>(data, i, n_columns, corner, d);
}

// sum_n r_n (x_n - mean), to first (D): the first panel of a component does this.
template <int width, class T>
void add_first_tile(const Gathered<T>& data, std::int64_t j, std::int64_t d, double* first) {
    constexpr int lanes = lane_count<T>;
    Simd<T> sum[width] = {};
    for (std::int64_t n = 0; n < data.count; ++n)
#pragma GCC unroll 4
        for (int v = 0; v < width; ++v) sum[v] += load(data.z + n * data.stride + j + v * lanes) * data.root[n];
    for (int v = 0; v < width; ++v) {
        T part[lanes];
        store(part, sum[v]);
        add_as_double(part, smaller(lanes, d - j - v * lanes), first + j + v * lanes);
    }
}

template <class T>
void add_first(const Gathered<T>& data, std::int64_t d, double* first) {
    constexpr int lanes = lane_count<T>;
    std::int64_t j = 0;
    for (; j + 4 * lanes <= data.stride; j += 4 * lanes) add_first_tile<4>(data, j, d, first);
    for (; j < data.stride; j += lanes) add_first_tile<1>(data, j, d, first);
}

}  // namespace
}  // namespace gibbsite
