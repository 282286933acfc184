#include "emulation/runtime_api.hpp"

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

namespace {

// What an H100 allows; a launch beyond it fails here as it would there.
constexpr unsigned max_threads_per_block = 1024;
constexpr std::size_t default_shared = 48 * 1024, most_shared = 227 * 1024;
constexpr unsigned max_grid_x = 0x7fffffffu, max_grid_yz = 65535;

thread_local cudaError_t last_error = cudaSuccess;
thread_local std::string last_failure;
std::mutex attributes_mutex;
std::map<const void*, std::size_t> allowed_shared;

cudaError_t remember(cudaError_t status) {
    if (status != cudaSuccess) last_error = status;
    return status;
}

bool valid(const cudaLaunchConfig_t& config, const void* function) {
    const dim3 g = config.gridDim, b = config.blockDim;
    if (g.x == 0 || g.y == 0 || g.z == 0 || b.x == 0 || b.y == 0 || b.z == 0) return false;
    if (g.x > max_grid_x || g.y > max_grid_yz || g.z > max_grid_yz) return false;
    if (b.z > 64 || std::size_t(b.x) * b.y * b.z > max_threads_per_block) return false;
    const std::lock_guard lock(attributes_mutex);
    const auto allowed = allowed_shared.find(function);
    return config.dynamicSmemBytes <= (allowed == allowed_shared.end() ? default_shared : allowed->second);
}

}  // namespace

namespace gibbsite::emulation {

cudaError_t launch_kernel(const cudaLaunchConfig_t& config, const void* function, const std::function<void()>& kernel) {
    if (!valid(config, function)) return remember(cudaErrorInvalidConfiguration);
    const std::string failure = run_grid({config.gridDim, config.blockDim, config.dynamicSmemBytes}, kernel);
    if (failure.empty()) return cudaSuccess;
    last_failure = "unspecified launch failure: " + failure;
    return remember(cudaErrorLaunchFailure);
}

cudaError_t allow_shared(const void* function, int bytes) {
    if (bytes < 0 || std::size_t(bytes) > most_shared) return remember(cudaErrorInvalidValue);
    const std::lock_guard lock(attributes_mutex);
    auto& allowed = allowed_shared.try_emplace(function, default_shared).first->second;
    if (std::size_t(bytes) > allowed) allowed = std::size_t(bytes);
    return cudaSuccess;
}

}  // namespace gibbsite::emulation

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
    *pointer = nullptr;
    if (bytes == 0) return cudaSuccess;
    if (posix_memalign(pointer, 256, bytes) != 0) return remember(cudaErrorMemoryAllocation);
    std::memset(*pointer, 0xff, bytes);  // a value read before it is written is a NaN
    return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
    std::free(pointer);
    return cudaSuccess;
}

cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t) { return cudaMalloc(pointer, bytes); }
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t) { return cudaFree(pointer); }

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind) {
    if (bytes > 0) std::memmove(to, from, bytes);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
    return cudaMemcpy(to, from, bytes, kind);
}

cudaError_t cudaMemset(void* at, int value, std::size_t bytes) {
    if (bytes > 0) std::memset(at, value, bytes);
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* at, int value, std::size_t bytes, cudaStream_t) {
    return cudaMemset(at, value, bytes);
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    *stream = nullptr;
    return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }

cudaError_t cudaGetDeviceCount(int* count) {
    *count = 1;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : remember(cudaErrorInvalidValue); }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    if (device != 0) return remember(cudaErrorInvalidValue);
    *properties = {};
    std::strncpy(properties->name, "emulated device", sizeof(properties->name) - 1);
    properties->totalGlobalMem = std::size_t(1) << 32;
    properties->sharedMemPerBlock = default_shared;
    properties->sharedMemPerBlockOptin = most_shared;
    properties->warpSize = warpSize;
    properties->maxThreadsPerBlock = int(max_threads_per_block);
    properties->multiProcessorCount = 1;
    properties->major = 9;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
    *value = attribute == cudaDevAttrMultiProcessorCount ? 1 : int(most_shared);
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = 0;
    return cudaSuccess;
}

cudaError_t cudaPeekAtLastError() { return last_error; }

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }

const char* cudaGetErrorName(cudaError_t status) {
    switch (status) {
        case cudaSuccess:
            return "cudaSuccess";
        case cudaErrorInvalidValue:
            return "cudaErrorInvalidValue";
        case cudaErrorMemoryAllocation:
            return "cudaErrorMemoryAllocation";
        case cudaErrorInvalidConfiguration:
            return "cudaErrorInvalidConfiguration";
        case cudaErrorNoDevice:
            return "cudaErrorNoDevice";
        default:
            return "cudaErrorLaunchFailure";
    }
}

const char* cudaGetErrorString(cudaError_t status) {
    switch (status) {
        case cudaSuccess:
            return "no error";
        case cudaErrorInvalidValue:
            return "invalid argument";
        case cudaErrorMemoryAllocation:
            return "out of memory";
        case cudaErrorInvalidConfiguration:
            return "invalid configuration argument";
        case cudaErrorNoDevice:
            return "no CUDA-capable device is detected";
        default:
            return last_failure.c_str();
    }
}
