// Copies from global to shared memory that run beside the computation (cp.async, compute capability 8.0), in groups.
// The host form copies when the group is waited for, so that a missing wait shows.
#pragma once

#include <cuda_runtime.h>

namespace gibbsite::cuda {

// 16 bytes, both addresses 16-byte aligned.
__device__ __forceinline__ void copy_async_16(void* to, const void* from) {
#if defined(__CUDACC__)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(unsigned(__cvta_generic_to_shared(to))), "l"(from)
                 : "memory");
#else
    emulation::copy_later(to, from, 16);
#endif
}

// Closes the group of this thread's copies since the last call.
__device__ __forceinline__ void commit_copies() {
#if defined(__CUDACC__)
    asm volatile("cp.async.commit_group;" ::: "memory");
#else
    emulation::commit_copies();
#endif
}

// Waits until at most `groups_left` of this thread's groups are still under way. A barrier must follow before other
// threads read the data.
template <int groups_left>
__device__ __forceinline__ void wait_for_copies() {
#if defined(__CUDACC__)
    asm volatile("cp.async.wait_group %0;" ::"n"(groups_left) : "memory");
#else
    emulation::wait_for_copies(groups_left);
#endif
}

}  // namespace gibbsite::cuda
