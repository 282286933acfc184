// What the rows of each cluster add up to, in float64. Host only.
#pragma once

#include "core/pool.hpp"
#include "mixture/distance_tile.hpp"

namespace gibbsite {
namespace {

// Each centre, and its sums, fill whole vectors of any instruction set and whole cache lines.
inline std::int64_t padded_features(std::int64_t n) { return (n + 7) / 8 * 8; }

template <class T>
void copy_padded(const T* x, std::int64_t n, T* to) {
    for (std::int64_t j = 0; j < n; ++j) to[j] = x[j];
    for (std::int64_t j = n; j < padded_features(n); ++j) to[j] = T(0);
}

// The given centres (K, D) as (K, padded D).
template <class T>
class PaddedCentres {
public:
    PaddedCentres(const T* centres, std::int64_t k, std::int64_t d)
        : memory_(std::size_t(k * padded_features(d)) * sizeof(T)) {
        T* to = static_cast<T*>(memory_.get());
        for (std::int64_t c = 0; c < k; ++c) copy_padded(centres + c * d, d, to + c * padded_features(d));
    }

    const T* get() const { return static_cast<const T*>(memory_.get()); }

private:
    Buffer memory_;
};

// One chunk's sums: inertia, weight (K), sum of w (x - centre) (K, padded D; the padding means nothing).
struct ClusterSums {
    double* inertia;
    double* weight;
    double* first;
    std::int64_t stride;

    static std::int64_t size(std::int64_t k, std::int64_t d) { return 8 + padded_features(k) + k * padded_features(d); }

    ClusterSums(double* memory, std::int64_t k, std::int64_t d)
        : inertia(memory), weight(memory + 8), first(weight + padded_features(k)), stride(padded_features(d)) {}
};

// The first lane_count<double> values of a - b, as float64.
template <class T>
GIBBSITE_HD Simd<double> difference_as_double(const T* a, const T* b) {
    typedef T Part __attribute__((vector_size(lane_count<double> * sizeof(T)), aligned(alignof(T)), may_alias));
    const Part difference = *reinterpret_cast<const Part*>(a) - *reinterpret_cast<const Part*>(b);
    return __builtin_convertvector(difference, Simd<double>);
}

// Adds n rows, `d` apart. They are read in whole vectors, which reach into what follows: there must be padded D values
// from the last row on. centres (K, padded D). Sums by value: what is stored through a vector type might otherwise be
// the pointers themselves, to be loaded again each time.
template <class T>
__attribute__((noinline)) void add_rows(const T* x, std::int64_t d, const T* weight, const std::int64_t* labels,
                                        std::int64_t n, const T* centres, ClusterSums sums) {
    for (std::int64_t i = 0; i < n; ++i, x += d) {
        const std::int64_t label = labels[i], at = label * sums.stride;
        const double w = double(weight[i]);
        sums.weight[label] += w;
        double* to = sums.first + at;
        for (std::int64_t j = 0; j < d; j += lane_count<double>)
            store(to + j, load(to + j) + w * difference_as_double(x + j, centres + at + j));
    }
}

// Adds the rows of a tile. `end` is the end of the data, `padded` takes a row that too little data follows.
template <class T>
void add_members(const RowTile<T>& tile, std::int64_t d, const std::int64_t* labels, const T* end, const T* centres,
                 const ClusterSums& sums, T* padded) {
    const std::int64_t room = end - tile.x - sums.stride, followed = room < 0 ? 0 : room / d + 1;
    std::int64_t i = followed < tile.count ? followed : tile.count;
    add_rows(tile.x, d, tile.weight, labels, i, centres, sums);
    for (; i < tile.count; ++i) {
        copy_padded(tile.x + i * d, d, padded);
        add_rows(padded, d, tile.weight + i, labels + i, 1, centres, sums);
    }
}

// The sums of all chunks, in order, as the caller wants them: inertia, weight (K), mean (K, D).
template <class T>
void finish_clusters(double* partial, std::int64_t n_chunks, const T* centres, std::int64_t k, std::int64_t d,
                     double* sums) {
    for (std::int64_t i = 0; i < 1 + k * (1 + d); ++i) sums[i] = 0;
    double* means = sums + 1 + k;
    for (std::int64_t index = 0; index < n_chunks; ++index) {
        const ClusterSums part(partial + index * ClusterSums::size(k, d), k, d);
        sums[0] += *part.inertia;
        for (std::int64_t c = 0; c < k; ++c) {
            sums[1 + c] += part.weight[c];
            for (std::int64_t j = 0; j < d; ++j) means[c * d + j] += part.first[c * part.stride + j];
        }
    }
    for (std::int64_t c = 0; c < k; ++c)
        for (std::int64_t j = c * d; j < (c + 1) * d; ++j)
            means[j] = double(centres[j]) + (sums[1 + c] > 0 ? means[j] / sums[1 + c] : 0.0);
}

}  // namespace
}  // namespace gibbsite
