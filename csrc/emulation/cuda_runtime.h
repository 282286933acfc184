// CUDA on a host without a card, for tests: the very same .cu files compile as C++ against this header.
//
// Each thread of a block is a fibre; __syncthreads and the warp primitives are the only points where one fibre gives
// way to another; the blocks of a grid run in turn; device memory is host memory. What would hang or be undefined on a
// card (a barrier that some threads never reach, a shuffle from a lane that takes no part) is an error here, and
// AddressSanitizer sees every access to global and shared memory.
//
// This folder must not be on nvcc's include path.
#pragma once

#if defined(__CUDACC__)
#error "the emulation stands in for the CUDA toolkit; keep csrc/emulation off nvcc's include path"
#endif

#define GIBBSITE_CUDA_EMULATION 1

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
// Blocks run one at a time under a lock, so an ordinary static array is one block's shared memory.
#define __shared__ static
#define __constant__ static const

#include "emulation/vector_types.hpp"

#include "emulation/block.hpp"
#include "emulation/warp.hpp"

#include "emulation/atomics.hpp"
#include "emulation/device_math.hpp"
#include "emulation/runtime_api.hpp"
