// Products on the matrix unit: states of 0 and 1 by float32 numbers, with nothing lost before the sum.
//
// mma.sync.m16n8k16 multiplies bfloat16 and adds in float32. A state is exact in bfloat16, and a float32 number is the
// sum of three bfloat16 numbers that hold 8 bits of its significand each (Henry, Tang & Heinecke 2019): three products
// do what one in float32 would, at several times its speed. (Of an infinite number the rest is NaN, and so is its sum.)
//
// The sum runs over 16 inputs in an order of our own: what the instruction calls inputs 2t, 2t + 1, 2t + 8 and 2t + 9
// are four neighbours, 4t to 4t + 3. Lane 4g + t so holds inputs 4t.. of rows g and g + 8, and of output g.
#pragma once

#include <cuda_runtime.h>

#include "core/lanes.hpp"

namespace gibbsite::cuda {

// Four bytes out of the eight of (low, high): byte i of the result is number (selector >> 4 i) % 8 of them.
__device__ __forceinline__ unsigned pick_bytes(unsigned low, unsigned high, unsigned selector) {
#if defined(__CUDACC__)
    return __byte_perm(low, high, selector);
#else
    const std::uint64_t both = std::uint64_t(high) << 32 | low;
    unsigned result = 0;
    for (int i = 0; i < 4; ++i) result |= unsigned(both >> (selector >> 4 * i) % 8 * 8 & 0xff) << 8 * i;
    return result;
#endif
}

// States as the matrix unit takes them: a byte that is on becomes the upper byte of 0.5, so that one selection makes a
// pair of bfloat16 numbers of two bytes. Sums come out halved.
constexpr unsigned upper_byte_of_half = 0x3f;
constexpr float sum_scale = 2.0f;

__device__ __forceinline__ unsigned to_halves(unsigned four_states) { return four_states * upper_byte_of_half; }

// The rows' part of a product: two words of four states, of rows g and g + 8.
__device__ __forceinline__ void unpack_states(uint2 halves, unsigned (&a)[4]) {
    constexpr unsigned first_two = 0x1404, last_two = 0x3424;
    a[0] = pick_bytes(halves.x, 0, first_two);
    a[1] = pick_bytes(halves.y, 0, first_two);
    a[2] = pick_bytes(halves.x, 0, last_two);
    a[3] = pick_bytes(halves.y, 0, last_two);
}

// What is left of a number without the upper half of its bits; exact.
__device__ __forceinline__ float without_upper_half(float x) {
    return x - bits_as<float>(bits_as<std::uint32_t>(x) & 0xffff0000u);
}

// Four neighbouring inputs of one output as three pairs of words: upper, middle and lower bits.
__device__ __forceinline__ void split_numbers(const float (&x)[4], unsigned (&b)[3][2]) {
    constexpr unsigned upper_halves = 0x7632;
    float rest[4] = {x[0], x[1], x[2], x[3]};
#pragma unroll
    for (int part = 0; part < 3; ++part) {
#pragma unroll
        for (int pair = 0; pair < 2; ++pair)
            b[part][pair] = pick_bytes(bits_as<std::uint32_t>(rest[2 * pair]),
                                       bits_as<std::uint32_t>(rest[2 * pair + 1]), upper_halves);
#pragma unroll
        for (int i = 0; i < 4; ++i) rest[i] = without_upper_half(rest[i]);
    }
}

// What a warp adds at a time: 16 rows by 16 inputs for each of m_tiles, by the three parts of 16 inputs for 8 outputs,
// twice. Lane 4g + t gets outputs 2t and 2t + 1 of row g (elements 0 and 1), then of row g + 8.
template <int m_tiles>
using SumFragments = float[m_tiles][2][4];
template <int m_tiles>
using StateFragments = unsigned[m_tiles][4];
using NumberFragments = unsigned[2][3][2];

#if defined(__CUDACC__)
// mma.sync for one warp: 16 x 16 by 16 x 8.
__device__ __forceinline__ void multiply_add(float (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

template <int m_tiles>
__device__ __forceinline__ void multiply_add(SumFragments<m_tiles>& sum, const StateFragments<m_tiles>& a,
                                             const NumberFragments& b) {
#pragma unroll
    for (int part = 0; part < 3; ++part) {
#pragma unroll
        for (int m = 0; m < m_tiles; ++m) {
#pragma unroll
            for (int e = 0; e < 2; ++e) multiply_add(sum[m][e], a[m], b[e][part]);
        }
    }
}
#else
inline float half_word(unsigned word, int upper) {
    return bits_as<float>(std::uint32_t(upper ? word & 0xffff0000u : word << 16));
}

// The lanes lay their operands down unpacked, as the instruction's description says who holds what; then each takes its
// sums.
template <int m_tiles>
void multiply_add(SumFragments<m_tiles>& sum, const StateFragments<m_tiles>& a, const NumberFragments& b) {
    struct Operands {
        float a[m_tiles][16][16], b[2][3][8][16];  // rows by inputs, outputs by inputs
    };
    static Operands block[32];
    Operands& warp = block[threadIdx.x / 32];
    const int g = int(threadIdx.x % 32 / 4), t = int(threadIdx.x % 4);
    for (int m = 0; m < m_tiles; ++m)
        for (int i = 0; i < 8; ++i)
            warp.a[m][g + i / 2 % 2 * 8][2 * t + i / 4 * 8 + i % 2] = half_word(a[m][i / 2], i % 2);
    for (int i = 0; i < 24; ++i)
        warp.b[i / 12][i / 4 % 3][g][2 * t + i / 2 % 2 * 8 + i % 2] = half_word(b[i / 12][i / 4 % 3][i / 2 % 2], i % 2);
    __syncwarp();
    for (int i = 0; i < m_tiles * 24; ++i) {
        const int m = i / 24, e = i / 12 % 2, part = i / 4 % 3, element = i % 4;
        const float *row = warp.a[m][g + element / 2 * 8], *column = warp.b[e][part][2 * t + element % 2];
        double total = 0;
        for (int k = 0; k < 16; ++k) total += double(row[k] * column[k]);
        sum[m][e][element] = float(sum[m][e][element] + total);
    }
    __syncwarp();
}
#endif

}  // namespace gibbsite::cuda
