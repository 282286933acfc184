#include <mutex>
#include <string>

#include "core/scratch.cuh"

namespace gibbsite::cuda {
namespace {

ScratchAllocator::Block allocate_from_runtime(std::size_t bytes, std::intptr_t stream) {
    ScratchAllocator::Block block{};
    check(cudaMallocAsync(&block.data, bytes, reinterpret_cast<cudaStream_t>(stream)));
    return block;
}

void release_to_runtime(ScratchAllocator::Block block, std::intptr_t stream) {
    cudaFreeAsync(block.data, reinterpret_cast<cudaStream_t>(stream));  // in a destructor: no status may throw
}

std::mutex scratch_mutex;
constexpr ScratchAllocator default_allocator{allocate_from_runtime, release_to_runtime};
ScratchAllocator scratch_allocator = default_allocator;

ScratchAllocator current_scratch_allocator() {
    const std::lock_guard lock(scratch_mutex);
    return scratch_allocator;
}

}  // namespace

void throw_device_error(cudaError_t status, const char* file, int line) {
    cudaGetLastError();  // a launch's error stays set otherwise, and the next call would report it again
    throw DeviceError(std::string(cudaGetErrorName(status)) + ": " + cudaGetErrorString(status) + " (" + file + ":" +
                      std::to_string(line) + ")");
}

int device_count() {
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) {
        cudaGetLastError();
        return 0;
    }
    return count;
}

bool emulated() {
#if defined(GIBBSITE_CUDA_EMULATION)
    return true;
#else
    return false;
#endif
}

void set_scratch_allocator(const ScratchAllocator& allocator) {
    const std::lock_guard lock(scratch_mutex);
    scratch_allocator = allocator;
}

void use_default_scratch_allocator() { set_scratch_allocator(default_allocator); }

ScratchBytes::ScratchBytes(std::size_t bytes, cudaStream_t stream)
    : allocator_(current_scratch_allocator()), stream_(stream) {
    block_ = allocator_.allocate(bytes, reinterpret_cast<std::intptr_t>(stream_));
}

ScratchBytes::~ScratchBytes() { allocator_.release(block_, reinterpret_cast<std::intptr_t>(stream_)); }

}  // namespace gibbsite::cuda
