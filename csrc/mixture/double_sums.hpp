// Sums over data in float64, one for each lane. Host only.
#pragma once

#include "core/simd.hpp"

namespace gibbsite {
namespace {

// One vector of 32-bit lanes is two of 64-bit lanes; of 64-bit lanes it is one.
template <class T>
constexpr int wide_vectors = 8 / int(sizeof(T));

template <int first, class V, int... i>
GIBBSITE_HD auto lanes_from(V v, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(v, v, (first + i)...);
}

// The first or the second of them.
template <class Wide, int part, class V>
GIBBSITE_HD Simd<Wide> widened(V v) {
    constexpr int n = lane_count<Wide>;
    if constexpr (Lanes<V>::count == n)
        return (Simd<Wide>)v;
    else
        return __builtin_convertvector(lanes_from<part * n>(v, std::make_integer_sequence<int, n>{}), Simd<Wide>);
}

// Adds each lane to its neighbour's place in an array of float64.
template <class T>
GIBBSITE_HD void add_to_doubles(Simd<T> value, double* to) {
    constexpr int n = lane_count<double>;
    store(to, load(to) + widened<double, 0>(value));
    if constexpr (wide_vectors<T> == 2) store(to + n, load(to + n) + widened<double, 1>(value));
}

template <class T>
struct DoubleSums {
    Simd<double> part[wide_vectors<T>] = {};

    void add(Simd<T> value) {
        part[0] += widened<double, 0>(value);
        if constexpr (wide_vectors<T> == 2) part[1] += widened<double, 1>(value);
    }

    double total() const {
        Simd<double> sum = part[0];
        if constexpr (wide_vectors<T> == 2) sum += part[1];
        return sum_of_lanes<double>(sum);
    }
};

}  // namespace
}  // namespace gibbsite
