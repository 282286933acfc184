#include "emulation/block.hpp"

#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string_view>

#include "emulation/thread.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

namespace gibbsite::emulation {
namespace {

constexpr std::size_t shared_gap = 64;
constexpr std::size_t max_shared_takes = 32;
constexpr std::size_t shared_alignment = 128;

struct SharedMemory {
    std::unique_ptr<unsigned char, decltype(&std::free)> bytes{nullptr, &std::free};
    std::size_t requested = 0, allocated = 0;

    void allocate(std::size_t size) {
        requested = size;
        allocated = size + max_shared_takes * (shared_gap + shared_alignment);
        bytes.reset(static_cast<unsigned char*>(std::aligned_alloc(shared_alignment, (allocated + 127) / 128 * 128)));
    }
    // A new block finds nothing that an earlier one wrote: every value read before it is written is a NaN.
    void forget() {
        ASAN_UNPOISON_MEMORY_REGION(bytes.get(), allocated);
        std::memset(bytes.get(), 0xff, allocated);
        ASAN_POISON_MEMORY_REGION(bytes.get(), allocated);
    }
    void release() {
        ASAN_UNPOISON_MEMORY_REGION(bytes.get(), allocated);
        bytes.reset();
    }
};

// One grid at a time; everything below is guarded by this.
std::mutex launch_mutex;
std::vector<std::unique_ptr<Thread>> threads;
std::size_t n_threads = 0, current = 0, n_waiting_for_block = 0;
SharedMemory shared;
Fibre* host = nullptr;
const std::function<void()>* running_kernel = nullptr;
std::string failure;
bool reverse_order = false;

Thread& self() { return *threads[current]; }

std::string describe(const Thread& thread) {
    const auto number = [](unsigned value) { return std::to_string(value); };
    std::string text = "thread (" + number(thread.index.x) + ", " + number(thread.index.y) + ", " +
                       number(thread.index.z) + ") of block (" + number(blockIdx.x) + ", " + number(blockIdx.y) + ", " +
                       number(blockIdx.z) + ")";
    if (thread.state == State::at_block_barrier) text += " waits at __syncthreads";
    if (thread.state == State::at_warp_primitive) text += " waits at a warp primitive";
    if (thread.state == State::finished) return text + " has returned";
    return text + " in " + thread.site.file + ":" + std::to_string(thread.site.line);
}

// Mostly one literal, at one address; the same file's name may still lie at several.
bool is_same(CallSite a, CallSite b) {
    return a.line == b.line && (a.file == b.file || std::string_view(a.file) == b.file);
}

// One thread for each place where some wait, and one that has returned.
std::string describe_deadlock() {
    std::string text = "deadlock";
    std::vector<const Thread*> shown;
    for (std::size_t i = 0; i < n_threads && shown.size() < 6; ++i) {
        const Thread& thread = *threads[i];
        bool is_new = true;
        for (const Thread* other : shown)
            if (other->state == thread.state && (thread.state == State::finished || is_same(other->site, thread.site)))
                is_new = false;
        if (!is_new) continue;
        shown.push_back(&thread);
        text += "; " + describe(thread);
    }
    return text;
}

void go_to_host(bool done) { Fibre::switch_to(self().fibre, *host, done); }

// Hands control to the next runnable thread in turn. Returns when this one's turn has come again.
void give_way(bool done = false) {
    const std::size_t mine = current;
    for (std::size_t step = 1; step <= n_threads; ++step) {
        const std::size_t next = reverse_order ? (mine + n_threads - step) % n_threads : (mine + step) % n_threads;
        if (threads[next]->state != State::runnable) continue;
        if (next == mine) return;
        current = next;
        threadIdx = threads[next]->index;
        Fibre::switch_to(threads[mine]->fibre, threads[next]->fibre, done);
        return;
    }
    for (std::size_t i = 0; i < n_threads; ++i)
        if (threads[i]->state != State::finished && failure.empty()) failure = describe_deadlock();
    go_to_host(done);
}

void thread_main() {
    try {
        (*running_kernel)();
        if (!self().copies.empty()) fail("a thread returned before it waited for its asynchronous copies");
    } catch (const std::exception& error) {
        failure = error.what();
        go_to_host(true);
    }
    self().state = State::finished;
    give_way(true);
}

void run_block() {
    shared.forget();
    n_waiting_for_block = 0;
    for (std::size_t i = 0; i < n_threads; ++i) {
        const auto linear = unsigned(i);
        const unsigned plane = blockDim.x * blockDim.y;
        threads[i]->reset({linear % blockDim.x, linear % plane / blockDim.x, linear / plane});
        threads[i]->fibre.start(thread_main);
    }
    Fibre here;
    host = &here;
    current = reverse_order ? n_threads - 1 : 0;
    threadIdx = self().index;
    Fibre::switch_to(here, self().fibre);
    ASAN_UNPOISON_MEMORY_REGION(shared.bytes.get(), shared.allocated);
}

}  // namespace

void fail(const std::string& message) { throw std::runtime_error(message); }

void wait_for_block(CallSite site) {
    Thread& me = self();
    me.state = State::at_block_barrier;
    me.site = site;
    if (++n_waiting_for_block < n_threads) return give_way();
    n_waiting_for_block = 0;
    for (std::size_t i = 0; i < n_threads; ++i) {
        if (!is_same(threads[i]->site, site))
            fail("divergent __syncthreads: " + describe(*threads[i]) + ", " + describe(me));
        threads[i]->state = State::runnable;
    }
}

std::uint64_t wait_for_warp(WarpExchange exchange, WarpCompletion complete, CallSite site) {
    Thread& me = self();
    me.site = site;
    me.exchange = exchange;
    me.state = State::at_warp_primitive;
    const std::size_t first_lane = current / 32 * 32;
    if ((exchange.mask >> (current - first_lane) & 1) == 0) fail(describe(me) + " with a mask that leaves it out");
    WarpExchange* lanes[32] = {};
    for (std::size_t lane = 0; lane < 32; ++lane) {
        if ((exchange.mask >> lane & 1) == 0) continue;
        if (first_lane + lane >= n_threads) fail(describe(me) + " with a mask that names a lane the block has not");
        Thread& other = *threads[first_lane + lane];
        // A lane at another primitive is still on its way to this one; if it never comes, that is a deadlock.
        const bool has_come = other.state == State::at_warp_primitive && other.exchange.mask == exchange.mask &&
                              is_same(other.site, site);
        if (!has_come) {
            give_way();
            return me.exchange.result;
        }
        lanes[lane] = &other.exchange;
    }
    complete(lanes, exchange.mask);
    for (std::size_t lane = 0; lane < 32; ++lane)
        if (lanes[lane] != nullptr) threads[first_lane + lane]->state = State::runnable;
    return me.exchange.result;
}

void* take_shared(std::size_t bytes) {
    Thread& me = self();
    if (me.shared_taken + bytes > shared.requested)
        fail("the kernel takes more shared memory than the launch asked for, " + std::to_string(shared.requested) +
             " bytes");
    if (std::size_t(me.shared_gaps) == max_shared_takes) fail("too many pieces of shared memory");
    const std::size_t pad = std::size_t(me.shared_gaps++) * (shared_gap + shared_alignment);
    const std::size_t at = (me.shared_taken + pad + shared_alignment - 1) / shared_alignment * shared_alignment;
    me.shared_taken += bytes;
    ASAN_UNPOISON_MEMORY_REGION(shared.bytes.get() + at, bytes);
    return shared.bytes.get() + at;
}

void copy_later(void* to, const void* from, std::size_t bytes) {
    self().copies.push_back({to, from, bytes, self().copy_group});
}

void commit_copies() { ++self().copy_group; }

void wait_for_copies(int groups_left) {
    Thread& me = self();
    std::vector<PendingCopy> later;
    for (const PendingCopy& copy : me.copies) {
        if (copy.group >= me.copy_group - groups_left) {
            later.push_back(copy);
        } else if (copy.from == nullptr) {
            std::memset(copy.to, 0, copy.bytes);
        } else {
            std::memcpy(copy.to, copy.from, copy.bytes);
        }
    }
    me.copies.swap(later);
}

std::string run_grid(const Launch& launch, const std::function<void()>& kernel) {
    const std::lock_guard lock(launch_mutex);
    n_threads = std::size_t(launch.block.x) * launch.block.y * launch.block.z;
    while (threads.size() < n_threads) threads.push_back(std::make_unique<Thread>());
    const char* order = std::getenv("GIBBSITE_EMULATION_ORDER");
    reverse_order = order != nullptr && std::string_view(order) == "reverse";
    gridDim = launch.grid;
    blockDim = launch.block;
    running_kernel = &kernel;
    failure.clear();
    shared.allocate(launch.shared_bytes);
    const std::uint64_t n_blocks = std::uint64_t(launch.grid.x) * launch.grid.y * launch.grid.z;
    for (std::uint64_t i = 0; i < n_blocks && failure.empty(); ++i) {
        const std::uint64_t block = reverse_order ? n_blocks - 1 - i : i;
        const std::uint64_t row = block / launch.grid.x;
        blockIdx = {unsigned(block % launch.grid.x), unsigned(row % launch.grid.y), unsigned(row / launch.grid.y)};
        run_block();
    }
    shared.release();
    return failure;
}

}  // namespace gibbsite::emulation
