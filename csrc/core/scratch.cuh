// Device memory for the length of one call, in the order of its stream: freed when the host has queued the work, reused
// when the card has done it. Nothing waits.
#pragma once

#include <cstddef>

#include "core/device.hpp"
#include "core/launch.cuh"

namespace gibbsite::cuda {

class ScratchBytes {
public:
    ScratchBytes(std::size_t bytes, cudaStream_t stream);
    ~ScratchBytes();
    ScratchBytes(const ScratchBytes&) = delete;
    ScratchBytes& operator=(const ScratchBytes&) = delete;
    void* data() const { return block_.data; }

private:
    ScratchAllocator::Block block_{};
    ScratchAllocator allocator_;
    cudaStream_t stream_;
};

template <class T>
class Scratch {
public:
    Scratch(std::int64_t count, cudaStream_t stream) : bytes_(std::size_t(count > 0 ? count : 1) * sizeof(T), stream) {}
    T* data() const { return static_cast<T*>(bytes_.data()); }

private:
    ScratchBytes bytes_;
};

}  // namespace gibbsite::cuda
