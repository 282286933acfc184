// Products of small matrices with the vector of a chain, for every space (spaces.hpp). Matrices are row-major with rows
// `leading` apart; a triangular one holds zeros beyond its triangle. Four columns or rows at a time, so that a loaded
// element is used four times.
#pragma once

#include "core/lanes.hpp"

namespace gibbsite {
namespace {

// What a product takes its vector from: itself, or its difference from a mean.
template <class S>
struct Plain {
    using T = typename S::Element;
    const S& s;
    const T* x;
};
template <class S>
struct Centred {
    using T = typename S::Element;
    const S& s;
    const T* x;
    const T* mean;
};

template <class S>
GIBBSITE_HD typename S::V value_of(const Plain<S>& source, std::int64_t i) {
    return source.s.get(source.x, i);
}
template <class S>
GIBBSITE_HD typename S::V value_of(const Centred<S>& source, std::int64_t i) {
    return source.s.get(source.x, i) - source.s.datum(source.mean, i);
}
// One element, where the lanes are dimensions.
template <class S>
GIBBSITE_HD typename S::Element element_of(const Plain<S>& source, std::int64_t i) {
    return source.x[i];
}
template <class S>
GIBBSITE_HD typename S::Element element_of(const Centred<S>& source, std::int64_t i) {
    return source.x[i] - source.mean[i];
}

GIBBSITE_HD std::int64_t at_most(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// `width` columns (dimension lanes: vectors of columns) of x P, P upper triangular.
template <int width, class S, class Source>
GIBBSITE_HD void columns_of_product(const S& s, std::int64_t n, const Source& x, const typename S::Element* P,
                                    std::int64_t column, typename S::Element* y) {
    using V = typename S::V;
    const std::int64_t ld = s.leading(n);
    V sum[width] = {};
    if constexpr (S::dimension_lanes) {
        const std::int64_t depth = at_most(n, (column + width) * Lanes<V>::count);
        for (std::int64_t i = 0; i < depth; ++i) {
            const auto value = element_of(x, i);
#pragma GCC unroll 4
            for (int v = 0; v < width; ++v) sum[v] += s.datum(P + i * ld, column + v) * value;
        }
    } else {
        for (std::int64_t i = 0; i < column + width; ++i) {
            const V value = value_of(x, i);
            const auto* row = P + i * ld + column;
#pragma GCC unroll 4
            for (int v = 0; v < width; ++v) sum[v] += value * row[v];
        }
    }
    for (int v = 0; v < width; ++v) s.put(y, column + v, sum[v]);
}

// y = x P
template <class S, class Source>
GIBBSITE_HD void row_times_upper(const S& s, std::int64_t n, const Source& x, const typename S::Element* P,
                                 typename S::Element* y) {
    const std::int64_t columns = s.accesses(n);
    std::int64_t column = 0;
    for (; column + 4 <= columns; column += 4) columns_of_product<4>(s, n, x, P, column, y);
    for (; column < columns; ++column) columns_of_product<1>(s, n, x, P, column, y);
}

enum class Part { upper, lower, full };

template <int width, Part part, class S, class Source>
GIBBSITE_HD void rows_of_product(const S& s, std::int64_t n, const typename S::Element* A, const Source& x,
                                 std::int64_t row, typename S::Element* y) {
    using V = typename S::V;
    const std::int64_t ld = s.leading(n);
    const std::int64_t begin = part == Part::upper ? s.access_of(row) : 0;
    const std::int64_t end = s.accesses(part == Part::lower ? row + width : n);
    V sum[width] = {};
    for (std::int64_t j = begin; j < end; ++j) {
        const V value = value_of(x, j);
#pragma GCC unroll 4
        for (int v = 0; v < width; ++v) sum[v] += value * s.matrix_datum(A + (row + v) * ld, j);
    }
    for (int v = 0; v < width; ++v) {
        if constexpr (S::dimension_lanes)
            s.put_number(y, row + v, s.total(s.widen(sum[v])));
        else
            s.put(y, row + v, sum[v]);
    }
}

// y = A x, of which only the named part of A is not zero. Dimension lanes: what fills y up stays as it is.
template <Part part, class S, class Source>
GIBBSITE_HD void matrix_times(const S& s, std::int64_t n, const typename S::Element* A, const Source& x,
                              typename S::Element* y) {
    std::int64_t row = 0;
    for (; row + 4 <= n; row += 4) rows_of_product<4, part>(s, n, A, x, row, y);
    for (; row < n; ++row) rows_of_product<1, part>(s, n, A, x, row, y);
}

// z becomes the solution p of L^T p = z.
template <class S>
GIBBSITE_HD void solve_transposed(const S& s, std::int64_t n, const typename S::Element* L, typename S::Element* z) {
    const std::int64_t ld = s.leading(n);
    for (std::int64_t i = n - 1; i >= 0; --i) {
        const auto* row = L + i * ld;
        const auto p = s.number_at(z, i) / double(row[i]);
        const auto factor = s.spread(p);
        for (std::int64_t j = 0; j < s.accesses(i); ++j) s.put(z, j, s.get(z, j) - factor * s.matrix_datum(row, j));
        s.put_number(z, i, p);
    }
}

template <class S>
GIBBSITE_HD void copy_vector(const S& s, const typename S::Element* from, typename S::Element* to) {
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(to, i, s.get(from, i));
}

// |x|^2
template <class S>
GIBBSITE_HD typename S::Number squared_norm(const S& s, std::int64_t n, const typename S::Element* x) {
    auto sum = s.no_sum();
    for (std::int64_t i = 0; i < s.accesses(n); ++i) {
        const auto value = s.widen(s.get(x, i));
        sum += value * value;
    }
    return s.total(sum);
}

}  // namespace
}  // namespace gibbsite
