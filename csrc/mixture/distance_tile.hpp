// Squared distances from a tile of rows, one lane a row, to a few centres at a time, kept in registers. Host only.
//
// Each difference is rounded once, from x and the centre as they are given. Rows are turned to lanes a small tile at a
// time, and the next tile is on its way from memory while the distances of this one are computed.
#pragma once

#include "core/transpose.hpp"
#include "mixture/api.hpp"

namespace gibbsite {
namespace {

// Vectors of rows by centres: as many sums as keep two multiply-add units busy, with registers to spare.
constexpr int row_vectors = vector_registers == 32 ? 4 : 2;
constexpr int centres_at_once = 4;

template <class T>
constexpr std::int64_t rows_at_once = row_vectors * lane_count<T>;

template <class T>
struct RowTile {
    const T* x;       // (count, D): the rows themselves
    const T* lanes;   // (D, rows_at_once): feature-major; lanes beyond count repeat the last row
    const T* weight;  // (rows_at_once): 0 beyond count
    std::int64_t count;

    bool is_whole() const { return count == rows_at_once<T>; }
};

// Loads one tile after another into the same memory.
template <class T>
class TileLoader {
public:
    // Elements of memory.
    static std::int64_t size(std::int64_t n_features) { return rows_at_once<T> * (n_features + 2); }

    TileLoader(const Rows<T>& rows, T* memory)
        : rows_(rows), ones_(memory), rest_(ones_ + rows_at_once<T>), lanes_(rest_ + rows_at_once<T>) {
        for (std::int64_t i = 0; i < rows_at_once<T>; ++i) ones_[i] = T(1);
    }

    RowTile<T> load(std::int64_t first) {
        const std::int64_t left = rows_.n_rows - first, d = rows_.n_features;
        const std::int64_t count = left < rows_at_once<T> ? left : rows_at_once<T>;
        const T* x = rows_.x + first * d;
        for (std::int64_t row = 0; row < count; row += lane_count<T>) {
            prefetch(x + (row + rows_at_once<T>)*d, lane_count<T> * d);
            transpose_rows(x + row * d, count - row < lane_count<T> ? count - row : lane_count<T>, d, lanes_ + row,
                           rows_at_once<T>);
        }
        if (count < rows_at_once<T>) repeat_last(count);
        return {x, lanes_, weights(first, count), count};
    }

private:
    // A hint: it may point beyond the data.
    static void prefetch(const T* from, std::int64_t n) {
        for (std::int64_t i = 0; i < n; i += 64 / std::int64_t(sizeof(T))) __builtin_prefetch(from + i);
    }

    void repeat_last(std::int64_t count) {
        for (std::int64_t j = 0; j < rows_.n_features; ++j) {
            T* feature = lanes_ + j * rows_at_once<T>;
            for (std::int64_t i = count; i < rows_at_once<T>; ++i) feature[i] = feature[count - 1];
        }
    }

    const T* weights(std::int64_t first, std::int64_t count) {
        if (count == rows_at_once<T>) return rows_.weight ? rows_.weight + first : ones_;
        for (std::int64_t i = 0; i < rows_at_once<T>; ++i) rest_[i] = T(i < count);
        if (rows_.weight)
            for (std::int64_t i = 0; i < count; ++i) rest_[i] = rows_.weight[first + i];
        return rest_;
    }

    const Rows<T>& rows_;
    T* ones_;
    T* rest_;
    T* lanes_;
};

// use(first, sum): sum[c][v] holds the distances of one vector of rows to centre first + c.
template <int n, class T, class Use>
GIBBSITE_HD void distances_to(const T* lanes, std::int64_t d, const T* centres, std::int64_t first, const Use& use) {
    Simd<T> sum[n][row_vectors] = {};
    const T* centre = centres + first * d;
    for (std::int64_t j = 0; j < d; ++j) {
        Simd<T> value[row_vectors];
        for (int v = 0; v < row_vectors; ++v) value[v] = load(lanes + j * rows_at_once<T> + v * lane_count<T>);
#pragma GCC unroll 4
        for (int c = 0; c < n; ++c) {
            const auto t = broadcast<Simd<T>>(centre[c * d + j]);
#pragma GCC unroll 4
            for (int v = 0; v < row_vectors; ++v) {
                const Simd<T> difference = value[v] - t;
                sum[c][v] += difference * difference;
            }
        }
    }
    use(first, sum);
}

// Every centre, in order.
template <class T, class Use>
GIBBSITE_HD void distances_to_all(const RowTile<T>& tile, std::int64_t k, std::int64_t d, const T* centres,
                                  const Use& use) {
    std::int64_t c = 0;
    for (; c + centres_at_once <= k; c += centres_at_once)
        distances_to<centres_at_once>(tile.lanes, d, centres, c, use);
    if (k - c == 3) distances_to<3>(tile.lanes, d, centres, c, use);
    if (k - c == 2) distances_to<2>(tile.lanes, d, centres, c, use);
    if (k - c == 1) distances_to<1>(tile.lanes, d, centres, c, use);
}

}  // namespace
}  // namespace gibbsite
