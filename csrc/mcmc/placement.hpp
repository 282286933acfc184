// Which random number sits where: Philox's key is the seed, its counter {block, chain, draw, purpose}. Chain and draw
// are absolute numbers, so a draw depends on nothing else.
#pragma once

#include "mcmc/api.hpp"
#include "random/transforms.hpp"

namespace gibbsite {
namespace {

// The last word of the counter; no other draw of the library uses these numbers.
enum class Purpose : std::uint32_t {
    normals = 0x4D434E4Fu,
    accept = 0x4D435541u,
    jitter = 0x4D434A49u,
    direction = 0x4D434449u,  // block: the doubling
    top = 0x4D435455u,        // block: the doubling
    leaf = 0x4D434C45u        // block: the number of the leaf within its draw
};

// `chain` is a lane type of 64-bit words: one chain or one a lane.
template <class W>
GIBBSITE_HD PhiloxWords<W> chain_words(std::uint64_t seed, std::uint64_t block, W chain, std::uint32_t draw,
                                       Purpose purpose) {
    const W zero{};
    return philox4x32_10(
        PhiloxWords<W>{{zero + block, chain, zero + std::uint64_t(draw), zero + std::uint64_t(purpose)}}, seed);
}

// 53 random bits in [0, 1)
GIBBSITE_HD double chain_uniform(const ChainPlace& place, std::uint64_t block, Purpose purpose) {
    const auto words = chain_words<std::uint64_t>(place.seed, block, place.chain, place.draw, purpose);
    return double((words.word[1] << 32 | (words.word[0] & 0xffffffffu)) >> 11) * uniform_unit_f64;
}

GIBBSITE_HD bool goes_forwards(const ChainPlace& place, std::uint64_t doubling) {
    return (chain_words<std::uint64_t>(place.seed, doubling, place.chain, place.draw, Purpose::direction).word[0] &
            1u) != 0;
}

}  // namespace
}  // namespace gibbsite
