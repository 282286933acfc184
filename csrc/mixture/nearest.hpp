// The nearest centre of each row of a tile; ties go to the lowest index. Host only.
#pragma once

#include "mixture/distance_tile.hpp"
#include "mixture/double_sums.hpp"

namespace gibbsite {
namespace {

template <class T>
struct Nearest {
    using Label = integer_of<Simd<T>>;
    Simd<T> distance[row_vectors];
    Label label[row_vectors];

    // Compares with the centres from `first` on, of which there are n.
    template <int n>
    __attribute__((always_inline)) void compare(std::int64_t first, const Simd<T> (&sum)[n][row_vectors]) {
        for (int v = 0; v < row_vectors; ++v) {
            Simd<T> best = first == 0 ? sum[0][v] : distance[v];
            Label winner = first == 0 ? Label{} : label[v];
#pragma GCC unroll 4
            for (int c = 0; c < n; ++c) {
                const auto is_nearer = sum[c][v] < best;
                best = is_nearer ? sum[c][v] : best;
                winner = is_nearer ? Label(Label{} + scalar_of<Label>(first + c)) : winner;
            }
            distance[v] = best;
            label[v] = winner;
        }
    }

    void store_labels(const RowTile<T>& tile, std::int64_t* to) const {
        std::int64_t all[rows_at_once<T>];
        std::int64_t* at = tile.is_whole() ? to : all;
        for (int v = 0; v < row_vectors; ++v, at += lane_count<T>) {
            store(at, widened<std::int64_t, 0>(label[v]));
            if constexpr (wide_vectors<T> == 2)
                store(at + lane_count<std::int64_t>, widened<std::int64_t, 1>(label[v]));
        }
        if (!tile.is_whole())
            for (std::int64_t i = 0; i < tile.count; ++i) to[i] = all[i];
    }

    void add_inertia(const RowTile<T>& tile, DoubleSums<T>& inertia) const {
        for (int v = 0; v < row_vectors; ++v) inertia.add(distance[v] * load(tile.weight + v * lane_count<T>));
    }
};

template <class T>
GIBBSITE_HD Nearest<T> nearest(const RowTile<T>& tile, std::int64_t k, std::int64_t d, const T* centres) {
    Nearest<T> best;
    const auto compare = [&](std::int64_t first, const auto& sum)
                             __attribute__((always_inline)) { best.compare(first, sum); };
    distances_to_all(tile, k, d, centres, compare);
    return best;
}

}  // namespace
}  // namespace gibbsite
