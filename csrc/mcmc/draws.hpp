// The random numbers of placement.hpp for the host's spaces.
#pragma once

#include "mcmc/linear.hpp"
#include "mcmc/placement.hpp"
#include "mcmc/spaces.hpp"
#include "random/fill.hpp"

namespace gibbsite {
namespace {

GIBBSITE_HD PhiloxWords<Words> lane_words(const ChainPlace& place, std::uint64_t block, Purpose purpose) {
    return chain_words<Words>(place.seed, block, iota<std::uint64_t>() + std::uint64_t(place.chain), place.draw,
                              purpose);
}

// One block of normals of the chains place.chain, place.chain + 1, ...: two elements or four.
GIBBSITE_HD void lane_normals(const ChainPlace& place, std::uint64_t block, Pack<double> z[2]) {
    const auto w = lane_words(place, block, Purpose::normals);
    const Wide u1 = 1.0 - uniform_from_words(w.word[0], w.word[1]);
    box_muller(u1, uniform_from_words(w.word[2], w.word[3]), z[0], z[1], square_root<double>);
}

struct PackSquareRoot {
    // A float32's root by way of float64 is rounded correctly.
    Pack<float> operator()(Pack<float> v) const { return narrowed<float>(square_root<double>(widened(v))); }
};

GIBBSITE_HD void lane_normals(const ChainPlace& place, std::uint64_t block, Pack<float> z[4]) {
    const auto w = lane_words(place, block, Purpose::normals);
    for (int i = 0; i < 4; i += 2) {
        const auto radius_word = __builtin_convertvector(w.word[i], Pack<std::uint32_t>);
        const auto turn_word = __builtin_convertvector(w.word[i + 1], Pack<std::uint32_t>);
        const auto u1 = radius_uniform_f32(__builtin_convertvector(radius_word, Pack<float>));
        const auto turn = __builtin_convertvector((Pack<std::int32_t>)(turn_word >> 8), Pack<float>) * uniform_unit_f32;
        box_muller(u1, turn, z[i], z[i + 1], PackSquareRoot{});
    }
}

template <class T>
GIBBSITE_HD void draw_normals(const ChainLanes<T>& s, const ChainPlace& place, T* out) {
    constexpr int size = elements_per_block<T>;
    for (std::int64_t i = 0; i < s.dim; i += size) {
        Pack<T> z[size];
        lane_normals(place, std::uint64_t(i / size), z);
        for (int j = 0; j < size && i + j < s.dim; ++j) s.put(out, i + j, z[j]);
    }
}

// The chain's number stands in the upper half of the block: fill.hpp's counter is {block, block's upper half, ...}.
template <class T>
GIBBSITE_HD void draw_normals(const DimensionLanes<T>& s, const ChainPlace& place, T* out) {
    const Place where{place.seed, place.draw, std::uint32_t(Purpose::normals), 0};
    const std::uint64_t first = std::uint64_t(place.chain) << 32;
    for (std::int64_t i = 0; i < s.dim; i += group_size<T>) {
        T z[group_size<T>];
        NormalGroup::write(z, first + std::uint64_t(i / elements_per_block<T>), where);
        memcpy(out + i, z, std::size_t(at_most(group_size<T>, s.dim - i)) * sizeof(T));
    }
    for (std::int64_t i = s.dim; i < s.vector_size(); ++i) out[i] = 0;
}

template <class T>
GIBBSITE_HD Wide draw_uniform(const ChainLanes<T>&, const ChainPlace& place, std::uint64_t block, Purpose purpose) {
    const auto w = lane_words(place, block, purpose);
    return uniform_from_words(w.word[0], w.word[1]);
}

template <class T>
GIBBSITE_HD double draw_uniform(const DimensionLanes<T>&, const ChainPlace& place, std::uint64_t block,
                                Purpose purpose) {
    return chain_uniform(place, block, purpose);
}

}  // namespace
}  // namespace gibbsite
