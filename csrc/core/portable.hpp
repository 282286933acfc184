// One source, three compilers: g++/clang++ for the host, nvcc for the card, and g++ again for the emulated card.
#pragma once

#include <cstdint>

// Internal linkage everywhere: kernel sources are compiled once per instruction set, and a shared inline symbol
// would let the linker hand AVX-512 code to a machine that has none.
#if defined(__CUDACC__)
#define GIBBSITE_HD __host__ __device__ __forceinline__ static
#else
#define GIBBSITE_HD __attribute__((always_inline)) static inline
#endif
