// One unit of a restricted Boltzmann machine: where its draw comes from, and how an activation becomes a state.
//
// The draw of unit u of chain n in sweep s sits in the Philox block {16 (u / 64) + u % 16, n, s, side}, word
// (u % 64) / 16, under the seed as key. Sixteen blocks side by side thus give 64 neighbouring units, on any lane type.
#pragma once

#include "random/transforms.hpp"

namespace gibbsite {

// The last word of the counter; no other draw of the library uses these numbers.
enum class Side : std::uint32_t { hidden = 0x52424d48u, visible = 0x52424d56u };

// 64 units share 16 blocks.
constexpr int units_per_group = 64;
constexpr int blocks_per_unit_group = 16;

// Where the draws of one half sweep sit; `chain` is the number of the first chain.
struct SweepPlace {
    std::uint64_t seed;
    std::uint32_t sweep;
    std::uint32_t chain;
};

// The four words of block `block` (a lane type of 64-bit words) of one chain.
template <class W>
GIBBSITE_HD PhiloxWords<W> unit_words(W block, const SweepPlace& place, std::uint32_t chain, Side side) {
    const W zero{};
    return philox4x32_10(PhiloxWords<W>{{block, zero + std::uint64_t(chain), zero + std::uint64_t(place.sweep),
                                         zero + std::uint64_t(side)}},
                         place.seed);
}

// The word of one unit, alone.
GIBBSITE_HD std::uint32_t unit_word(std::int64_t unit, const SweepPlace& place, std::uint32_t chain, Side side) {
    const auto block = std::uint64_t(unit / units_per_group * blocks_per_unit_group + unit % blocks_per_unit_group);
    const auto words = unit_words<std::uint64_t>(block, place, chain, side);
    return std::uint32_t(words.word[unit % units_per_group / blocks_per_unit_group]);
}

// The middle of the cell that a word falls into, in (0, 1) and exact: 2^23 cells in float32, 2^32 in float64.
GIBBSITE_HD float unit_uniform(std::uint32_t word, float) { return (float(word >> 9) + 0.5f) * 0x1p-23f; }
GIBBSITE_HD double unit_uniform(std::uint32_t word, double) { return (double(word) + 0.5) * 0x1p-32; }

// Whether a binary unit of activation x is on: u < 1 / (1 + e^-x) without the division. u > 0, so infinity is safe.
template <class V>
GIBBSITE_HD auto unit_is_on(V uniform, V x) {
    using T = scalar_of<V>;
    return uniform * (gibbsite::exp(V(-x)) + T(1)) < T(1);
}

// 1 / (1 + e^-x)
template <class V>
GIBBSITE_HD V logistic(V x) {
    using T = scalar_of<V>;
    return T(1) / (gibbsite::exp(V(-x)) + T(1));
}

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|)
template <class V>
GIBBSITE_HD V softplus(V x) {
    using T = scalar_of<V>;
    const V magnitude = x < T(0) ? -x : x;
    const V positive = x > T(0) ? x : (x == x ? V{} : x);
    return positive + gibbsite::log1p(gibbsite::exp(V(-magnitude)));
}

// Box & Muller's uniforms from two words: the radius in (0, 1], the angle in turns in [0, 1).
GIBBSITE_HD float unit_radius(std::uint32_t word, float) { return radius_uniform_f32(float(word)); }
GIBBSITE_HD float unit_turn(std::uint32_t word, float) { return float(word >> 8) * uniform_unit_f32; }
GIBBSITE_HD double unit_radius(std::uint32_t word, double) { return (double(word) + 0.5) * 0x1p-32; }
GIBBSITE_HD double unit_turn(std::uint32_t word, double) { return double(word) * 0x1p-32; }

}  // namespace gibbsite
