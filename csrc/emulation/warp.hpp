// Warp primitives: each deposits the lane's value, waits for the lanes of the mask, and takes its result.
#pragma once

#include <cstring>
#include <type_traits>

#include "emulation/block.hpp"

namespace gibbsite::emulation {

template <class T>
std::uint64_t to_bits(T value) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
}

template <class T>
T from_bits(std::uint64_t bits) {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
}

inline int lane_index() {
    return int((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % unsigned(warpSize));
}

inline void complete_nothing(WarpExchange* const[32], unsigned) {}

inline void complete_shuffle(WarpExchange* const lanes[32], unsigned mask) {
    for (int lane = 0; lane < 32; ++lane) {
        if (lanes[lane] == nullptr) continue;
        const WarpExchange* source = lanes[lanes[lane]->source];
        if (source == nullptr)
            fail("a shuffle reads lane " + std::to_string(lanes[lane]->source) + ", which the mask " +
                 std::to_string(mask) + " does not name");
        lanes[lane]->result = source->value;
    }
}

inline void complete_ballot(WarpExchange* const lanes[32], unsigned) {
    std::uint64_t votes = 0;
    for (int lane = 0; lane < 32; ++lane)
        if (lanes[lane] != nullptr && lanes[lane]->value != 0) votes |= std::uint64_t(1) << lane;
    for (int lane = 0; lane < 32; ++lane)
        if (lanes[lane] != nullptr) lanes[lane]->result = votes;
}

template <class T, class Combine>
void complete_reduction(WarpExchange* const lanes[32], unsigned) {
    bool first = true;
    T total{};
    for (int lane = 0; lane < 32; ++lane) {
        if (lanes[lane] == nullptr) continue;
        const T value = from_bits<T>(lanes[lane]->value);
        total = first ? value : Combine{}(total, value);
        first = false;
    }
    for (int lane = 0; lane < 32; ++lane)
        if (lanes[lane] != nullptr) lanes[lane]->result = to_bits(total);
}

template <class T>
T shuffle(unsigned mask, T value, int source, CallSite site) {
    return from_bits<T>(wait_for_warp({mask, to_bits(value), source, 0}, complete_shuffle, site));
}

inline unsigned ballot(unsigned mask, bool vote, CallSite site) {
    return unsigned(wait_for_warp({mask, vote ? 1u : 0u, 0, 0}, complete_ballot, site));
}

template <class T, class Combine>
T reduce(unsigned mask, T value, CallSite site) {
    return from_bits<T>(wait_for_warp({mask, to_bits(value), 0, 0}, complete_reduction<T, Combine>, site));
}

struct Larger {
    template <class T>
    T operator()(T a, T b) const {
        return a > b ? a : b;
    }
};
struct Smaller {
    template <class T>
    T operator()(T a, T b) const {
        return a < b ? a : b;
    }
};

}  // namespace gibbsite::emulation

#define GIBBSITE_CALL_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncwarp(unsigned mask = 0xffffffffu, GIBBSITE_CALL_SITE) {
    using namespace gibbsite::emulation;
    wait_for_warp({mask, 0, 0, 0}, complete_nothing, {file, line});
}

// A shuffle stays within groups of `width` lanes; a lane whose source lies outside its group keeps its own value.
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, GIBBSITE_CALL_SITE) {
    const int lane = gibbsite::emulation::lane_index();
    return gibbsite::emulation::shuffle(mask, value, lane / width * width + source % width, {file, line});
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, GIBBSITE_CALL_SITE) {
    const int lane = gibbsite::emulation::lane_index(), from = lane + int(delta);
    return gibbsite::emulation::shuffle(mask, value, from / width == lane / width ? from : lane, {file, line});
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, GIBBSITE_CALL_SITE) {
    const int lane = gibbsite::emulation::lane_index(), from = lane - int(delta);
    return gibbsite::emulation::shuffle(mask, value, from >= lane / width * width ? from : lane, {file, line});
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, GIBBSITE_CALL_SITE) {
    const int lane = gibbsite::emulation::lane_index(), from = lane ^ lane_mask;
    return gibbsite::emulation::shuffle(mask, value, from / width <= lane / width ? from : lane, {file, line});
}

inline unsigned __ballot_sync(unsigned mask, int predicate, GIBBSITE_CALL_SITE) {
    return gibbsite::emulation::ballot(mask, predicate != 0, {file, line});
}

inline int __any_sync(unsigned mask, int predicate, GIBBSITE_CALL_SITE) {
    return gibbsite::emulation::ballot(mask, predicate != 0, {file, line}) != 0;
}

inline int __all_sync(unsigned mask, int predicate, GIBBSITE_CALL_SITE) {
    return gibbsite::emulation::ballot(mask, predicate != 0, {file, line}) == mask;
}

template <class T>
T __reduce_add_sync(unsigned mask, T value, GIBBSITE_CALL_SITE) {
    return gibbsite::emulation::reduce<T, std::plus<>>(mask, value, {file, line});
}

template <class T>
T __reduce_max_sync(unsigned mask, T value, GIBBSITE_CALL_SITE) {
    return gibbsite::emulation::reduce<T, gibbsite::emulation::Larger>(mask, value, {file, line});
}

template <class T>
T __reduce_min_sync(unsigned mask, T value, GIBBSITE_CALL_SITE) {
    return gibbsite::emulation::reduce<T, gibbsite::emulation::Smaller>(mask, value, {file, line});
}

#undef GIBBSITE_CALL_SITE
