// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
//
// A word type W is a 64-bit lane that holds a 32-bit word in its low half (the high half may hold anything): the
// product of two low halves then yields both result words in one instruction, on a scalar as on a SIMD vector.
#pragma once

#include "core/lanes.hpp"

namespace gibbsite {

// The 64-bit product of the low halves; simd.hpp specialises it for vectors.
template <class W>
struct LowHalves {
    GIBBSITE_HD W product(W a, std::uint32_t b) { return W(std::uint32_t(a)) * b; }
};

template <class W>
struct PhiloxWords {
    W word[4];  // low halves only
};

// Key {low, high half of the seed}; counter {low, high half of the block, stream, draw}.
template <class W>
GIBBSITE_HD PhiloxWords<W> philox4x32_10(PhiloxWords<W> c, std::uint64_t seed) {
    constexpr std::uint32_t multiplier0 = 0xD2511F53u, multiplier1 = 0xCD9E8D57u;
    constexpr std::uint32_t weyl0 = 0x9E3779B9u, weyl1 = 0xBB67AE85u;
    std::uint32_t key0 = std::uint32_t(seed), key1 = std::uint32_t(seed >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
        const W product0 = LowHalves<W>::product(c.word[0], multiplier0);
        const W product1 = LowHalves<W>::product(c.word[2], multiplier1);
        c.word[0] = (product1 >> 32) ^ c.word[1] ^ std::uint64_t(key0);
        c.word[1] = product1;
        c.word[2] = (product0 >> 32) ^ c.word[3] ^ std::uint64_t(key1);
        c.word[3] = product0;
        key0 += weyl0;
        key1 += weyl1;
    }
    return c;
}

}  // namespace gibbsite
