// The origin that rows are taken relative to: the median of a few rows spread evenly over the data. It lies amid them
// whatever single rows, or components that have strayed far away, may hold.
#pragma once

#include "core/portable.hpp"

namespace gibbsite {

constexpr std::int64_t origin_rows = 15;

// One feature of n_rows rows (its first value at `x`, `stride` apart). Zero without rows, or where they are not finite.
template <class T>
GIBBSITE_HD T origin_of_feature(const T* x, std::int64_t n_rows, std::int64_t stride) {
    const std::int64_t n = n_rows < origin_rows ? n_rows : origin_rows;
    for (std::int64_t i = 0; i < n; ++i) {
        const T value = x[i * n_rows / n * stride];
        std::int64_t rank = 0;
        for (std::int64_t other = 0; other < n; ++other) {
            const T compared = x[other * n_rows / n * stride];
            rank += compared < value || (compared == value && other < i);
        }
        if (rank == n / 2) return value - value == T(0) ? value : T(0);
    }
    return T(0);
}

}  // namespace gibbsite
