// A block of rows as the host kernels see it: feature-major, one lane a row, centred. Host only; everything below is
// sized so that the block, its responsibilities and the model of a few components stay in the first-level cache.
#pragma once

#include "core/transpose.hpp"
#include "mixture/api.hpp"

namespace gibbsite {
namespace {

// 1 KiB of each feature: 128 rows of float64, 256 of float32.
template <class T>
constexpr std::int64_t block_rows = 1024 / std::int64_t(sizeof(T));

inline std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
inline std::int64_t round_up(std::int64_t a, std::int64_t b) { return divide_up(a, b) * b; }

template <class T>
struct Block {
    const T* x;          // (count, D): the rows themselves
    T* centred;          // (D, block_rows): x - centre, feature-major; lanes beyond count repeat the last row
    T* weight;           // (block_rows): sample weights, 0 beyond count
    bool is_unweighted;  // every weight is 1, no lane is idle
    std::int64_t count;
    std::int64_t next_rows;  // how many rows the next block has
    std::int64_t n_features;

    // Vectors of lanes to work on.
    std::int64_t vectors() const { return divide_up(count, lane_count<T>); }

    // Asks for the share of the next block that belongs to the rows from i on, so that all of it comes from memory
    // while this block is worked on.
    void prefetch_next(std::int64_t i) const {
        const T* next = x + count * n_features;
        const std::int64_t end = smaller(i + lane_count<T>, next_rows) * n_features;
        for (std::int64_t at = i * n_features; at < end; at += 64 / std::int64_t(sizeof(T)))
            __builtin_prefetch(next + at, 0, 2);
    }
};

// Memory a block needs, in elements.
template <class T>
std::int64_t block_size(std::int64_t n_features) {
    return block_rows<T> * (n_features + 1);
}

template <class T>
Block<T> load_block(const Rows<T>& rows, std::int64_t first, const T* centre, T* memory) {
    constexpr std::int64_t size = block_rows<T>;
    const std::int64_t d = rows.n_features;
    Block<T> block;
    block.count = smaller(size, rows.n_rows - first);
    block.x = rows.x + first * d;
    block.centred = memory;
    block.weight = memory + size * d;
    transpose_rows(block.x, block.count, d, block.centred, size, centre);
    block.next_rows = smaller(size, rows.n_rows - first - block.count);
    block.n_features = d;
    const std::int64_t padded = block.vectors() * lane_count<T>;
    for (std::int64_t i = 0; i < padded; ++i)
        block.weight[i] = i < block.count ? (rows.weight ? rows.weight[first + i] : T(1)) : T(0);
    block.is_unweighted = rows.weight == nullptr && block.count == padded;
    return block;
}

}  // namespace
}  // namespace gibbsite
