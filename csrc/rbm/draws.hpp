// The draws of 64 neighbouring units of one chain, a vector of blocks at a time (units.hpp says which word is whose).
// Host only.
#pragma once

#include "random/fill.hpp"
#include "rbm/units.hpp"

namespace gibbsite {
namespace {

// use(k, first, word) for each word k of the group's blocks [first, first + lanes): the words of the units 16 k +
// first,
// ..., as lanes of the width of T.
template <class T, class Use>
GIBBSITE_HD void for_group_words(std::int64_t group, const SweepPlace& place, std::uint32_t chain, Side side, Use use) {
    for (int first = 0; first < blocks_per_unit_group; first += lane_count<T>) {
        const auto block = std::uint64_t(group * blocks_per_unit_group + first);
        const auto a = unit_words<Words>(iota<std::uint64_t>() + block, place, chain, side);
        if constexpr (sizeof(T) == 4) {
            const auto b = unit_words<Words>(iota<std::uint64_t>() + (block + word_lanes), place, chain, side);
            for (int k = 0; k < 4; ++k) use(k, first, low_halves(a.word[k], b.word[k]));
        } else {
            for (int k = 0; k < 4; ++k) use(k, first, a.word[k] & std::uint64_t(0xffffffff));
        }
    }
}

GIBBSITE_HD Simd<float> cell_middle(Simd<std::uint32_t> word) {
    return (__builtin_convertvector((Simd<std::int32_t>)(word >> 9), Simd<float>) + 0.5f) * 0x1p-23f;
}

GIBBSITE_HD Simd<double> cell_middle(Simd<std::uint64_t> word) { return (exact_double(word) + 0.5) * 0x1p-32; }

// The uniforms (64) of one group.
template <class T>
GIBBSITE_HD void group_uniforms(std::int64_t group, const SweepPlace& place, std::uint32_t chain, Side side, T* out) {
    for_group_words<T>(group, place, chain, side, [&](int k, int first, auto word) {
        store(out + blocks_per_unit_group * k + first, cell_middle(word));
    });
}

GIBBSITE_HD Simd<float> radius_of(Simd<std::uint32_t> word) {
    return radius_uniform_f32(__builtin_convertvector(word, Simd<float>));
}
GIBBSITE_HD Simd<float> turn_of(Simd<std::uint32_t> word) { return uniform_from_word(word); }
GIBBSITE_HD Simd<double> radius_of(Simd<std::uint64_t> word) { return cell_middle(word); }
GIBBSITE_HD Simd<double> turn_of(Simd<std::uint64_t> word) { return exact_double(word) * 0x1p-32; }

// The standard normals (64) of one group: words 0 and 1 of a block give units 16 apart, and so do words 2 and 3.
template <class T>
GIBBSITE_HD void group_normals(std::int64_t group, const SweepPlace& place, std::uint32_t chain, Side side, T* out) {
    Simd<T> radius{};
    for_group_words<T>(group, place, chain, side, [&](int k, int first, auto word) {
        if (k % 2 == 0) {
            radius = radius_of(word);
            return;
        }
        Simd<T> even, odd;
        box_muller(radius, turn_of(word), even, odd, square_root<T>);
        store(out + blocks_per_unit_group * (k - 1) + first, even);
        store(out + blocks_per_unit_group * k + first, odd);
    });
}

}  // namespace
}  // namespace gibbsite
