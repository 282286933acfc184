// Code written once for a lane type V: a plain float or double, or a SIMD vector of them (simd.hpp).
// Arithmetic and `mask ? a : b` read the same on both; what differs is gathered here.
#pragma once

#include <cstring>
#include <type_traits>

#include "core/portable.hpp"

namespace gibbsite {

// The element of a lane type, how many it has, and the signed integers and unsigned words of the same width, lane for
// lane. simd.hpp adds the vector types.
template <class V>
struct Lanes;

template <>
struct Lanes<float> {
    using scalar = float;
    using integer = std::int32_t;
    using word = std::uint32_t;
    static constexpr int count = 1;
};

template <>
struct Lanes<double> {
    using scalar = double;
    using integer = std::int64_t;
    using word = std::uint64_t;
    static constexpr int count = 1;
};

template <>
struct Lanes<std::uint64_t> {
    using scalar = std::uint64_t;
    using integer = std::int64_t;
    static constexpr int count = 1;
};

template <class V>
using scalar_of = typename Lanes<V>::scalar;
template <class V>
using integer_of = typename Lanes<V>::integer;
template <class V>
using word_of = typename Lanes<V>::word;

template <class V>
GIBBSITE_HD V broadcast(scalar_of<V> value) {
    return value - V{};  // one instruction on every lane type; x - 0 keeps the sign of zero
}

template <class To, class From>
GIBBSITE_HD To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    memcpy(&to, &from, sizeof(To));
    return to;
}

}  // namespace gibbsite
