// Dynamic shared memory, handed out piece by piece. Under nvcc a bump pointer; on the emulated card every piece has a
// poisoned gap behind it, so that AddressSanitizer sees an index that runs out of one tile into the next.
#pragma once

#include <cuda_runtime.h>

#include "core/launch.cuh"

namespace gibbsite::cuda {

// The bytes that `count` elements take of the launch's shared memory.
template <class T>
__host__ __device__ constexpr std::size_t shared_size(std::size_t count) {
    return (count * sizeof(T) + 15) / 16 * 16;
}

class SharedMemory {
public:
#if defined(__CUDACC__)
    __device__ SharedMemory() {
        extern __shared__ __align__(16) unsigned char gibbsite_dynamic_shared[];
        next_ = gibbsite_dynamic_shared;
    }
    template <class T>
    __device__ T* take(std::size_t count) {
        auto* piece = reinterpret_cast<T*>(next_);
        next_ += shared_size<T>(count);
        return piece;
    }

private:
    unsigned char* next_;
#else
    template <class T>
    T* take(std::size_t count) {
        return static_cast<T*>(emulation::take_shared(shared_size<T>(count)));
    }
#endif
};

}  // namespace gibbsite::cuda
