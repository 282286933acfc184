// The emulated thread: a fibre, and what it waits for.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "emulation/block.hpp"
#include "emulation/fibre.hpp"

namespace gibbsite::emulation {

enum class State { runnable, at_block_barrier, at_warp_primitive, finished };

struct PendingCopy {
    void* to;
    const void* from;
    std::size_t bytes;
    int group;
};

struct Thread {
    static constexpr std::size_t stack_bytes =
#if defined(__SANITIZE_ADDRESS__)
        512 * 1024;
#else
        128 * 1024;
#endif

    Thread() : fibre(stack_bytes) {}

    void reset(uint3 place) {
        index = place;
        state = State::runnable;
        shared_taken = 0;
        shared_gaps = 0;
        copies.clear();
        copy_group = 0;
    }

    Fibre fibre;
    uint3 index{};
    State state = State::finished;
    CallSite site{};
    WarpExchange exchange{};
    std::size_t shared_taken = 0;
    int shared_gaps = 0;
    std::vector<PendingCopy> copies;
    int copy_group = 0;
};

}  // namespace gibbsite::emulation
