// A = L L^T and L^-1 for one matrix in float64, rows as vectors. Host only.
//
// Four rows at a time: they share what they are multiplied by, and their sums do not wait for each other.
#pragma once

#include "core/simd.hpp"

namespace gibbsite {
namespace {

constexpr int rows_together = 4;

// The lanes below n, and zero in place of the others. What is loaded there must be there, but may be anything.
GIBBSITE_HD Simd<double> load_below(const double* from, std::int64_t n) {
    return iota<std::int64_t>() < n ? load(from) : Simd<double>{};
}

// total[r] = sum over i < n of a[r * stride + i] b[i]; whole vectors are read.
template <int rows>
GIBBSITE_HD void dots(const double* a, std::int64_t stride, const double* b, std::int64_t n, double* total) {
    constexpr int lanes = lane_count<double>;
    Simd<double> sum[rows] = {};
    std::int64_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        const Simd<double> value = load(b + i);
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) sum[r] += load(a + r * stride + i) * value;
    }
    if (i < n) {
        const Simd<double> value = load_below(b + i, n - i);
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) sum[r] += load_below(a + r * stride + i, n - i) * value;
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) total[r] = sum_of_lanes<double>(sum[r]);
}

// Entry (i, j) of L for `rows` rows from row i on, of which the entries before j are known.
template <int rows>
GIBBSITE_HD void solve_column(double* a, std::int64_t n, std::int64_t i, std::int64_t j) {
    double known[rows];
    dots<rows>(a + i * n, n, a + j * n, j, known);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
        double& entry = a[(i + r) * n + j];
        entry = (entry - known[r]) / a[j * n + j];
    }
}

template <int rows>
bool cholesky_rows(double* a, std::int64_t n, std::int64_t i) {
    for (std::int64_t j = 0; j < i; ++j) solve_column<rows>(a, n, i, j);
    for (std::int64_t row = i; row < i + rows; ++row) {
        for (std::int64_t j = i; j < row; ++j) solve_column<1>(a, n, row, j);
        double known;
        dots<1>(a + row * n, n, a + row * n, row, &known);
        const double pivot = a[row * n + row] - known;
        if (!(pivot > 0)) return false;
        a[row * n + row] = __builtin_sqrt(pivot);
    }
    return true;
}

// The lower triangle of a (n, n) becomes L; the upper is left alone. False when a is not positive definite. There must
// be a vector's worth of memory behind a.
inline bool cholesky(double* a, std::int64_t n) {
    std::int64_t i = 0;
    for (; i + rows_together <= n; i += rows_together)
        if (!cholesky_rows<rows_together>(a, n, i)) return false;
    for (; i < n; ++i)
        if (!cholesky_rows<1>(a, n, i)) return false;
    return true;
}

// row -= sum over r of factor[r] from[r * n], the first `count` entries and what else is in their last vector.
template <int rows>
GIBBSITE_HD void subtract_rows(double* row, const double* factor, const double* from, std::int64_t n,
                               std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += lane_count<double>) {
        Simd<double> value = load(row + i);
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) value -= load(from + r * n + i) * factor[r];
        store(row + i, value);
    }
}

// L^-1, row by row: row j is -(sum_m L[j, m] row m) / L[j, j], with 1 / L[j, j] on the diagonal and zeros behind it.
// Whole vectors are worked on: what they touch of the row below is written afterwards, and behind the last row there
// must be a vector's worth of memory.
inline void invert_lower(const double* lower, std::int64_t n, double* inverse) {
    for (std::int64_t j = 0; j < n; ++j) {
        double* row = inverse + j * n;
        const double* factor = lower + j * n;
        for (std::int64_t i = 0; i < n; ++i) row[i] = 0;
        std::int64_t m = 0;
        for (; m + rows_together <= j; m += rows_together)
            subtract_rows<rows_together>(row, factor + m, inverse + m * n, n, m + rows_together);
        for (; m < j; ++m) subtract_rows<1>(row, factor + m, inverse + m * n, n, m + 1);
        const double scale = 1 / factor[j];
        for (std::int64_t i = 0; i < j; ++i) row[i] *= scale;
        row[j] = scale;
    }
}

}  // namespace
}  // namespace gibbsite
