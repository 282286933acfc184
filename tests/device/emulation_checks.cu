// Kernels that use, or misuse, each primitive. `emulation_checks NAME` runs one: exit status 0 when its results are
// those of a card, 1 with a message when they are not, 2 with the device's message when the launch fails.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/async_copy.cuh"
#include "core/scratch.cuh"
#include "core/shared.cuh"
#include "core/warp.cuh"

namespace {

using namespace gibbsite::cuda;

struct Failed {
    std::string what;
};

void expect(bool condition, const char* what) {
    if (!condition) throw Failed{what};
}

std::vector<double> fetch(const double* device, std::size_t n) {
    std::vector<double> host(n);
    check(cudaMemcpy(host.data(), device, n * sizeof(double), cudaMemcpyDeviceToHost));
    return host;
}

// ------------------------------------------------------------------------------------------------ what must work

__global__ void places(double* out) {
    const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    const unsigned size = blockDim.x * blockDim.y * blockDim.z;
    out[block * size + thread] += 1000.0 * block + thread;
}

void check_places() {
    const dim3 grid(3, 2, 2), block(4, 3, 2);
    const int n = 12 * 24;
    const Scratch<double> out(n, nullptr);
    check(cudaMemset(out.data(), 0, n * sizeof(double)));
    launch(places, {grid, block}, out.data());
    const auto got = fetch(out.data(), n);
    for (int i = 0; i < n; ++i) expect(got[i] == 1000.0 * (i / 24) + i % 24, "every thread of every block runs once");
}

__global__ void exchange(double* out) {
    const int lane = threadIdx.x % 32;
    const double value = 10.0 * lane;
    double* mine = out + threadIdx.x * 8;
    mine[0] = __shfl_sync(all_lanes, value, 5);
    mine[1] = __shfl_xor_sync(all_lanes, value, 3);
    mine[2] = __shfl_down_sync(all_lanes, value, 4);
    mine[3] = __shfl_up_sync(all_lanes, value, 4);
    mine[4] = __shfl_xor_sync(all_lanes, value, 4, 8);
    mine[5] = __ballot_sync(all_lanes, lane % 3 == 0);
    mine[6] = __reduce_add_sync(all_lanes, unsigned(lane));
    mine[7] =
        __any_sync(all_lanes, lane == 7) + 2 * __all_sync(all_lanes, lane < 32) + 4 * __all_sync(all_lanes, lane < 31);
}

void check_warp() {
    const Scratch<double> out(64 * 8, nullptr);
    launch(exchange, {1, 64}, out.data());
    const auto got = fetch(out.data(), 64 * 8);
    for (int thread = 0; thread < 64; ++thread) {
        const double* mine = got.data() + thread * 8;
        const int lane = thread % 32;
        expect(mine[0] == 50, "shfl");
        expect(mine[1] == 10 * (lane ^ 3), "shfl_xor");
        expect(mine[2] == 10 * (lane + 4 < 32 ? lane + 4 : lane), "shfl_down");
        expect(mine[3] == 10 * (lane >= 4 ? lane - 4 : lane), "shfl_up");
        expect(mine[4] == 10 * (lane ^ 4), "shfl_xor of a width");
        expect(mine[5] == double(0x49249249u), "ballot");
        expect(mine[6] == 496, "reduce_add");
        expect(mine[7] == 3, "any and all");
    }
}

// Lanes of half a warp go their own way and come back.
__global__ void halves(double* out) {
    const int lane = threadIdx.x;
    double sum = lane;
    if (lane < 16) {
        for (int offset = 8; offset > 0; offset /= 2) sum += __shfl_xor_sync(0x0000ffffu, sum, offset);
    } else {
        sum = __shfl_sync(0xffff0000u, sum, 20);
    }
    __syncwarp();
    out[lane] = sum;
}

void check_partial_masks() {
    const Scratch<double> out(32, nullptr);
    launch(halves, {1, 32}, out.data());
    const auto got = fetch(out.data(), 32);
    for (int lane = 0; lane < 32; ++lane) expect(got[lane] == (lane < 16 ? 120 : 20), "lanes under a mask");
}

__global__ void reverse_blocks(const double* in, double* out) {
    __shared__ double tile[256];
    SharedMemory shared;
    double* other = shared.take<double>(256);
    const int i = threadIdx.x;
    tile[i] = in[blockIdx.x * 256 + i];
    __syncthreads();
    other[i] = tile[255 - i];
    __syncthreads();
    out[blockIdx.x * 256 + i] = other[(i + 1) % 256];
}

void check_shared() {
    std::vector<double> in(512);
    for (int i = 0; i < 512; ++i) in[i] = i;
    const Scratch<double> device_in(512, nullptr), out(512, nullptr);
    check(cudaMemcpy(device_in.data(), in.data(), 512 * sizeof(double), cudaMemcpyHostToDevice));
    launch(reverse_blocks, {2, 256, nullptr, shared_size<double>(256)}, device_in.data(), out.data());
    const auto got = fetch(out.data(), 512);
    for (int i = 0; i < 512; ++i) expect(got[i] == i / 256 * 256 + 255 - (i % 256 + 1) % 256, "two tiles and barriers");
}

__global__ void count(double* sum, int* counter, unsigned long long* largest) {
    atomicAdd(sum, 0.5);
    atomicAdd(counter, 2);
    atomicMax(largest, (unsigned long long)(threadIdx.x));
}

void check_atomics() {
    const Scratch<double> sum(1, nullptr);
    const Scratch<int> counter(1, nullptr);
    const Scratch<unsigned long long> largest(1, nullptr);
    check(cudaMemset(sum.data(), 0, sizeof(double)));
    check(cudaMemset(counter.data(), 0, sizeof(int)));
    check(cudaMemset(largest.data(), 0, sizeof(unsigned long long)));
    launch(count, {4, 100}, sum.data(), counter.data(), largest.data());
    int n;
    check(cudaMemcpy(&n, counter.data(), sizeof(n), cudaMemcpyDeviceToHost));
    unsigned long long most;
    check(cudaMemcpy(&most, largest.data(), sizeof(most), cudaMemcpyDeviceToHost));
    expect(fetch(sum.data(), 1)[0] == 200 && n == 800 && most == 99, "atomics");
}

template <bool waits>
__global__ void copy(const double* in, double* out) {
    SharedMemory shared;
    double* tile = shared.take<double>(64);
    copy_async_16(tile + 2 * threadIdx.x, in + 2 * threadIdx.x);
    commit_copies();
    if (waits) wait_for_copies<0>();
    __syncthreads();
    out[threadIdx.x] = tile[63 - threadIdx.x];
    wait_for_copies<0>();
}

template <bool waits>
void check_copies() {
    std::vector<double> in(64);
    for (int i = 0; i < 64; ++i) in[i] = i;
    const Scratch<double> device_in(64, nullptr), out(32, nullptr);
    check(cudaMemcpy(device_in.data(), in.data(), 64 * sizeof(double), cudaMemcpyHostToDevice));
    launch(copy<waits>, {1, 32, nullptr, shared_size<double>(64)}, device_in.data(), out.data());
    const auto got = fetch(out.data(), 32);
    for (int i = 0; i < 32; ++i) expect(got[i] == 63 - i, "an asynchronous copy");
}

// ------------------------------------------------------------------------------------------------ what must be
// reported

__global__ void some_skip_the_barrier() {
    if (threadIdx.x == 3) return;
    __syncthreads();
}

__global__ void two_barriers() {
    if (threadIdx.x % 2 == 0) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}

__global__ void a_lane_returns() {
    if (threadIdx.x == 31) return;
    __syncwarp();
}

__global__ void a_lane_is_not_named() { __shfl_sync(0x0000ffffu, threadIdx.x, 0); }

__global__ void reads_a_lane_that_is_not_named() {
    if (threadIdx.x < 16) __shfl_sync(0x0000ffffu, threadIdx.x, 20);
}

__global__ void different_masks() {
    if (threadIdx.x < 16) {
        __syncwarp(0xffffffffu);
    } else {
        __syncwarp(0xffff0000u);
        __syncwarp(0xffff0000u);
    }
}

__global__ void takes_too_much() {
    SharedMemory shared;
    shared.take<double>(100)[threadIdx.x] = 0;
}

__global__ void forgets_its_copies(const double* in) {
    SharedMemory shared;
    copy_async_16(shared.take<double>(2), in);
}

__global__ void nothing() {}

// ------------------------------------------------------------------------------------------------ what
// AddressSanitizer must see

__global__ void past_static_shared(double* out, int n) {
    __shared__ double tile[32];
    tile[threadIdx.x] = 1;
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x + n];
}

__global__ void past_dynamic_shared(double* out, int n) {
    SharedMemory shared;
    double* tile = shared.take<double>(32);
    double* other = shared.take<double>(32);
    other[threadIdx.x] = tile[threadIdx.x] = 1;
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x + n];
}

__global__ void past_global(double* out, int n) { out[threadIdx.x + n] = 1; }

void reach(void (*kernel)(double*, int), std::size_t shared_bytes) {
    const Scratch<double> out(32, nullptr);
    launch(kernel, {1, 32, nullptr, shared_bytes}, out.data(), 1);
}

void run(const std::string& name) {
    const auto plain = [](void (*kernel)(), const Grid& grid) { launch(kernel, grid); };
    if (name == "places") return check_places();
    if (name == "warp") return check_warp();
    if (name == "partial_masks") return check_partial_masks();
    if (name == "shared") return check_shared();
    if (name == "atomics") return check_atomics();
    if (name == "copies") return check_copies<true>();
    if (name == "unawaited_copies") return check_copies<false>();
    if (name == "some_skip_the_barrier") return plain(some_skip_the_barrier, {1, 64});
    if (name == "two_barriers") return plain(two_barriers, {1, 64});
    if (name == "a_lane_returns") return plain(a_lane_returns, {1, 32});
    if (name == "a_lane_is_not_named") return plain(a_lane_is_not_named, {1, 32});
    if (name == "reads_a_lane_that_is_not_named") return plain(reads_a_lane_that_is_not_named, {1, 32});
    if (name == "different_masks") return plain(different_masks, {1, 32});
    if (name == "takes_too_much") return plain(takes_too_much, {1, 32, nullptr, 400});
    if (name == "forgets_its_copies") {
        const Scratch<double> in(2, nullptr);
        return launch(forgets_its_copies, {1, 1, nullptr, 16}, in.data());
    }
    if (name == "too_many_threads") return plain(nothing, {1, 1025});
    if (name == "no_blocks") return plain(nothing, {0, 32});
    if (name == "too_much_shared") return plain(nothing, {1, 32, nullptr, 300000});
    if (name == "past_static_shared") return reach(past_static_shared, 0);
    if (name == "past_dynamic_shared") return reach(past_dynamic_shared, 2 * shared_size<double>(32));
    if (name == "past_global") return reach(past_global, 0);
    throw Failed{"no such check"};
}

}  // namespace

int main(int, char** arguments) {
    try {
        run(arguments[1]);
    } catch (const Failed& failed) {
        std::printf("%s\n", failed.what.c_str());
        return 1;
    } catch (const gibbsite::DeviceError& error) {
        std::printf("%s\n", error.what());
        return 2;
    }
    return 0;
}
