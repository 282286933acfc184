// One block of threads at a time: who runs, who waits, and for what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "emulation/vector_types.hpp"

// The running thread's place; set at every switch.
inline uint3 threadIdx{};
inline uint3 blockIdx{};
inline dim3 blockDim;
inline dim3 gridDim;
constexpr int warpSize = 32;

namespace gibbsite::emulation {

// The line of kernel code that calls a primitive.
struct CallSite {
    const char* file;
    int line;
};

// What a lane brings to a warp primitive and what it takes away.
struct WarpExchange {
    unsigned mask;
    std::uint64_t value;
    int source;  // shuffles: the lane to read
    std::uint64_t result;
};
// Called once, when every lane of the mask has come: lanes[i] is null for a lane that the mask does not name.
using WarpCompletion = void (*)(WarpExchange* const lanes[32], unsigned mask);

// Gives way until all threads of the block have called it.
void wait_for_block(CallSite site);
// Gives way until all lanes that the mask names have called it from the same line.
std::uint64_t wait_for_warp(WarpExchange exchange, WarpCompletion complete, CallSite site);
// Ends the launch with an error.
[[noreturn]] void fail(const std::string& message);

// `bytes` more of the block's dynamic shared memory, apart from what was handed out before: the gap is poisoned for
// AddressSanitizer. Every thread makes the same calls and gets the same addresses.
void* take_shared(std::size_t bytes);

// An asynchronous copy lands only when it is waited for, as late as a card may do it.
void copy_later(void* to, const void* from, std::size_t bytes);
void commit_copies();
void wait_for_copies(int groups_left);

struct Launch {
    dim3 grid, block;
    std::size_t shared_bytes;
};

// Runs the kernel for every thread of every block; returns what went wrong, or an empty string. The environment
// variable GIBBSITE_EMULATION_ORDER=reverse runs blocks and threads from last to first: a result that changes with it
// depends on an order that a card does not promise.
std::string run_grid(const Launch& launch, const std::function<void()>& kernel);

}  // namespace gibbsite::emulation

inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    gibbsite::emulation::wait_for_block({file, line});
}
