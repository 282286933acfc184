// Sums of panel rows over active inputs: the product of a sparse batch with W, 64 outputs and some rows a task. Host
// only.
//
// At a density d of active inputs this does d times the additions of a dense product, each with one load from the
// first-level cache, which is what bounds it: one vector of sums an addition, as many a cycle as there are load ports.
#pragma once

#include "rbm/active.hpp"

namespace gibbsite {
namespace {

constexpr std::int64_t most_rows = 256;  // of one task

// Adds the listed rows of one tile, from lane `from` on, to as many vectors of the sums (n, 64) of rows [first, first +
// n); begins the sums where `is_first`. Two rows of a list at a time: enough sums in flight to hide the latency of an
// addition.
template <int vectors, bool with_values, class T>
void accumulate(const T* tile_begin, const ActiveLists<T>& lists, std::int64_t tile, std::int64_t first, std::int64_t n,
                int from, bool is_first, T* sums) {
    constexpr int lanes = lane_count<T>;
    const char* base = reinterpret_cast<const char*>(tile_begin + from);
    for (std::int64_t row = 0; row < n; ++row) {
        const std::int64_t list = lists.list(tile, first + row);
        const std::uint16_t* offset = lists.offsets + list * lists.capacity;
        const T* value = with_values ? lists.values + list * lists.capacity : nullptr;
        Simd<T> sum[list_step][vectors] = {};
        for (int k = 0; k < lists.counts[list]; k += list_step)
#pragma GCC unroll 2
            for (int u = 0; u < list_step; ++u) {
                const T* weights = reinterpret_cast<const T*>(base + offset[k + u]);
#pragma GCC unroll 4
                for (int v = 0; v < vectors; ++v) {
                    if constexpr (with_values)
                        sum[u][v] += load(weights + v * lanes) * value[k + u];
                    else
                        sum[u][v] += load(weights + v * lanes);
                }
            }
        T* out = sums + row * panel_width + from;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
            const Simd<T> total = sum[0][v] + sum[1][v];
            store(out + v * lanes, is_first ? total : total + load(out + v * lanes));
        }
    }
}

// The same for all the vectors that n_units fill, four at a time.
template <bool with_values, class T>
void accumulate_units(const T* tile_begin, const ActiveLists<T>& lists, std::int64_t tile, std::int64_t first,
                      std::int64_t n, std::int64_t n_units, bool is_first, T* sums) {
    constexpr int lanes = lane_count<T>;
    for (int from = 0; from < n_units; from += 4 * lanes) {
        const std::int64_t vectors = (n_units - from + lanes - 1) / lanes;
        const auto run = vectors >= 4   ? accumulate<4, with_values, T>
                         : vectors == 3 ? accumulate<3, with_values, T>
                         : vectors == 2 ? accumulate<2, with_values, T>
                                        : accumulate<1, with_values, T>;
        run(tile_begin, lists, tile, first, n, from, is_first, sums);
    }
}

// The panels of one side of a machine, and the memory of the workers' sums.
template <class T>
struct Product {
    const T* panels;
    std::int64_t n_outputs;
    T* sums;  // sums_size() for each worker
    int threads;

    static constexpr std::int64_t sums_size() { return most_rows * panel_width; }
};

// One task's result: the sums of rows [first_row, first_row + n_rows) and of the units [first_unit, + n_units), without
// biases.
template <class T>
struct GroupSums {
    const T* sums;  // (n_rows, 64)
    std::int64_t group, n_units;
    std::int64_t first_row, n_rows;

    std::int64_t first_unit() const { return group * units_per_group; }
    const T* row(std::int64_t row) const { return sums + row * panel_width; }
};

// Few rows a task where there are few groups, so that every thread has work; what is computed does not depend on it.
inline std::int64_t rows_per_task(std::int64_t n_rows, std::int64_t n_groups, int threads) {
    const std::int64_t wanted_tasks = n_groups % threads == 0 ? threads : 4 * std::int64_t(threads);
    std::int64_t rows = n_rows;
    while (rows > most_rows || (rows > 16 && n_groups * ((n_rows + rows - 1) / rows) < wanted_tasks))
        rows = (rows + 1) / 2;
    return rows;
}

// finish(GroupSums) for every group of 64 outputs and every range of the lists' rows
template <class T, class Finish>
void for_products(const Product<T>& product, const ActiveLists<T>& lists, Finish finish) {
    const auto& tiling = lists.tiling;
    const std::int64_t n_groups = panel_count(product.n_outputs);
    const std::int64_t rows = rows_per_task(lists.n_rows, n_groups, product.threads);
    const std::int64_t n_ranges = rows ? (lists.n_rows + rows - 1) / rows : 0;
    parallel_for(n_groups * n_ranges, product.threads, [&](std::int64_t task, int worker) {
        const std::int64_t group = task / n_ranges, first_row = task % n_ranges * rows;
        const std::int64_t n_rows = lists.n_rows - first_row < rows ? lists.n_rows - first_row : rows;
        const std::int64_t left = product.n_outputs - group * units_per_group;
        const std::int64_t n_units = left < units_per_group ? left : units_per_group;
        T* sums = product.sums + worker * Product<T>::sums_size();
        const T* panel = product.panels + group * tiling.panel_size();
        const auto run = lists.values ? accumulate_units<true, T> : accumulate_units<false, T>;
        for (std::int64_t tile = 0; tile < tiling.n_tiles; ++tile)
            run(panel + tiling.begin(tile), lists, tile, first_row, n_rows, n_units, tile == 0, sums);
        finish(GroupSums<T>{sums, group, n_units, first_row, n_rows});
    });
}

}  // namespace
}  // namespace gibbsite
