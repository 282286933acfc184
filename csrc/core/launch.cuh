// Launching a kernel: the only way in, the same under nvcc and on the emulated card.
#pragma once

#include <cuda_runtime.h>

#include <source_location>
#include <type_traits>

#include "core/context.hpp"
#include "core/device_error.hpp"

namespace gibbsite::cuda {

[[noreturn]] void throw_device_error(cudaError_t status, const char* file, int line);

inline void check(cudaError_t status, std::source_location where = std::source_location::current()) {
    if (status != cudaSuccess) throw_device_error(status, where.file_name(), int(where.line()));
}

inline cudaStream_t stream_of(Context context) { return reinterpret_cast<cudaStream_t>(context.value); }

struct Grid {
    dim3 blocks, threads;
    cudaStream_t stream = nullptr;
    std::size_t shared_bytes = 0;
    std::source_location where = std::source_location::current();
};

// A kernel gets more than this much dynamic shared memory only after it was asked for.
constexpr std::size_t shared_bytes_granted = 48 * 1024;

template <class... Parameters>
void launch(void (*kernel)(Parameters...), const Grid& grid, std::type_identity_t<Parameters>... arguments) {
    if (grid.shared_bytes > shared_bytes_granted)
        check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(grid.shared_bytes)),
              grid.where);
    cudaLaunchConfig_t config{};
    config.gridDim = grid.blocks;
    config.blockDim = grid.threads;
    config.dynamicSmemBytes = grid.shared_bytes;
    config.stream = grid.stream;
    check(cudaLaunchKernelEx(&config, kernel, arguments...), grid.where);
}

template <class T>
constexpr T ceil_div(T a, std::type_identity_t<T> b) {
    return (a + b - 1) / b;
}

template <class T>
constexpr T round_up(T a, std::type_identity_t<T> b) {
    return ceil_div(a, b) * b;
}

// Blocks of a kernel in which each thread takes elements in strides of the whole grid. A fixed bound: no result may
// depend on the card, and 2048 blocks of 256 threads fill every one there is.
inline unsigned blocks_for(std::int64_t n, int threads) {
    const std::int64_t blocks = ceil_div<std::int64_t>(n, threads);
    return unsigned(blocks < 2048 ? blocks : 2048);
}

}  // namespace gibbsite::cuda
