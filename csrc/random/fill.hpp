// Groups of Philox blocks, one block a 64-bit lane, written out in element order. Host only.
#pragma once

#include "core/simd.hpp"
#include "random/api.hpp"
#include "random/transforms.hpp"

namespace gibbsite {
namespace {

using Words = Simd<std::uint64_t>;
constexpr int word_lanes = lane_count<std::uint64_t>;

// float32 packs the words of two vectors of blocks into one vector of lanes; float64 needs one.
template <class T>
constexpr int vectors_per_group = sizeof(T) == 4 ? 2 : 1;
template <class T>
constexpr int blocks_per_group = word_lanes * vectors_per_group<T>;
template <class T>
constexpr int group_size = blocks_per_group<T> * elements_per_block<T>;

GIBBSITE_HD PhiloxWords<Words> blocks_from(std::uint64_t first_block, const Place& place) {
    const Words block = iota<std::uint64_t>() + first_block;
    const Words zero{};
    return philox4x32_10(
        PhiloxWords<Words>{{block, block >> 32, zero + std::uint64_t(place.stream), zero + std::uint64_t(place.draw)}},
        place.seed);
}

GIBBSITE_HD Simd<double> uniform_from_words(Words low, Words high) {
    const Words bits = ((high << 32) | (low & std::uint64_t(0xffffffff))) >> 11;
    return exact_double(bits) * uniform_unit_f64;
}

// The four words of 2 x word_lanes blocks, each as one vector of 32-bit lanes.
struct PackedWords {
    Simd<std::uint32_t> word[4];
};

GIBBSITE_HD PackedWords packed_blocks_from(std::uint64_t first_block, const Place& place) {
    const auto a = blocks_from(first_block, place);
    const auto b = blocks_from(first_block + word_lanes, place);
    PackedWords packed;
    for (int i = 0; i < 4; ++i) packed.word[i] = low_halves(a.word[i], b.word[i]);
    return packed;
}

GIBBSITE_HD Simd<float> uniform_from_word(Simd<std::uint32_t> word) {
    const auto bits = (Simd<std::int32_t>)(word >> 8);
    return __builtin_convertvector(bits, Simd<float>) * uniform_unit_f32;
}

GIBBSITE_HD void store_interleaved(double* out, Simd<double> even, Simd<double> odd) {
    interleave(even, odd);
    store(out, even);
    store(out + word_lanes, odd);
}

// z[j][l] to out[4 l + j]
GIBBSITE_HD void store_interleaved(float* out, Simd<float> z[4]) {
    interleave(z[0], z[2]);
    interleave(z[1], z[3]);
    interleave(z[0], z[1]);
    interleave(z[2], z[3]);
    constexpr int n = lane_count<float>;
    store(out, z[0]);
    store(out + n, z[1]);
    store(out + 2 * n, z[2]);
    store(out + 3 * n, z[3]);
}

struct UniformGroup {
    GIBBSITE_HD void write(double* out, std::uint64_t first_block, const Place& place) {
        const auto w = blocks_from(first_block, place);
        store_interleaved(out, uniform_from_words(w.word[0], w.word[1]), uniform_from_words(w.word[2], w.word[3]));
    }

    GIBBSITE_HD void write(float* out, std::uint64_t first_block, const Place& place) {
        const auto w = packed_blocks_from(first_block, place);
        Simd<float> z[4];
        for (int i = 0; i < 4; ++i) z[i] = uniform_from_word(w.word[i]);
        store_interleaved(out, z);
    }
};

struct NormalGroup {
    GIBBSITE_HD void write(double* out, std::uint64_t first_block, const Place& place) {
        const auto w = blocks_from(first_block, place);
        const Simd<double> u1 = 1.0 - uniform_from_words(w.word[0], w.word[1]);
        Simd<double> even, odd;
        box_muller(u1, uniform_from_words(w.word[2], w.word[3]), even, odd, square_root<double>);
        store_interleaved(out, even, odd);
    }

    GIBBSITE_HD void write(float* out, std::uint64_t first_block, const Place& place) {
        const auto w = packed_blocks_from(first_block, place);
        Simd<float> z[4];
        for (int i = 0; i < 4; i += 2) {
            const auto u1 = radius_uniform_f32(__builtin_convertvector(w.word[i], Simd<float>));
            box_muller(u1, uniform_from_word(w.word[i + 1]), z[i], z[i + 1], square_root<float>);
        }
        store_interleaved(out, z);
    }
};

// Elements [place.offset, place.offset + n). A group that is cut at either end goes through a small buffer.
template <class Group, class T>
void fill_range(T* out, std::int64_t n, const Place& place) {
    constexpr std::uint64_t size = group_size<T>;
    const std::uint64_t begin = place.offset, end = place.offset + std::uint64_t(n);
    for (std::uint64_t at = begin; at < end;) {
        const std::uint64_t group = at / size, group_begin = group * size;
        if (at == group_begin && end - at >= size) {
            Group::write(out + (at - begin), group * blocks_per_group<T>, place);
            at += size;
        } else {
            T part[size];
            Group::write(part, group * blocks_per_group<T>, place);
            for (; at < end && at < group_begin + size; ++at) out[at - begin] = part[at - group_begin];
        }
    }
}

}  // namespace
}  // namespace gibbsite
