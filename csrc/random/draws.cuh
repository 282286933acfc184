// The elements of one Philox block, on the card.
#pragma once

#include <cuda_runtime.h>

#include "random/api.hpp"
#include "random/transforms.hpp"

namespace gibbsite::cuda {

__device__ __forceinline__ PhiloxWords<std::uint64_t> words_of_block(std::uint64_t block, const Place& place) {
    PhiloxWords<std::uint64_t> words{{block & 0xffffffffu, block >> 32, place.stream, place.draw}};
    words = philox4x32_10(words, place.seed);
    for (int i = 0; i < 4; ++i) words.word[i] &= 0xffffffffu;
    return words;
}

__device__ __forceinline__ float uniform_from_word(std::uint64_t word) { return float(word >> 8) * uniform_unit_f32; }

__device__ __forceinline__ double uniform_from_words(std::uint64_t low, std::uint64_t high) {
    return double((high << 32 | low) >> 11) * uniform_unit_f64;
}

__device__ __forceinline__ void uniform_block(std::uint64_t block, const Place& place, float out[4]) {
    const auto w = words_of_block(block, place);
    for (int i = 0; i < 4; ++i) out[i] = uniform_from_word(w.word[i]);
}

__device__ __forceinline__ void uniform_block(std::uint64_t block, const Place& place, double out[2]) {
    const auto w = words_of_block(block, place);
    for (int i = 0; i < 2; ++i) out[i] = uniform_from_words(w.word[2 * i], w.word[2 * i + 1]);
}

struct SquareRoot {
    template <class T>
    __device__ T operator()(T x) const {
        return sqrt(x);
    }
};

__device__ __forceinline__ void normal_block(std::uint64_t block, const Place& place, float out[4]) {
    const auto w = words_of_block(block, place);
    for (int i = 0; i < 4; i += 2) {
        const float u1 = radius_uniform_f32(float(std::uint32_t(w.word[i])));
        box_muller(u1, uniform_from_word(w.word[i + 1]), out[i], out[i + 1], SquareRoot{});
    }
}

__device__ __forceinline__ void normal_block(std::uint64_t block, const Place& place, double out[2]) {
    const auto w = words_of_block(block, place);
    const double u1 = 1.0 - uniform_from_words(w.word[0], w.word[1]);
    box_muller(u1, uniform_from_words(w.word[2], w.word[3]), out[0], out[1], SquareRoot{});
}

struct UniformDraw {
    template <class T>
    __device__ static void block(std::uint64_t number, const Place& place, T* out) {
        uniform_block(number, place, out);
    }
};

struct NormalDraw {
    template <class T>
    __device__ static void block(std::uint64_t number, const Place& place, T* out) {
        normal_block(number, place, out);
    }
};

}  // namespace gibbsite::cuda
