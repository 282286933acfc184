#include "core/pool.hpp"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "core/interrupt.hpp"

namespace gibbsite {
namespace {

// What the workers of one call share.
struct Job {
    Task task;
    void* argument;
    std::int64_t n_tasks;
    std::atomic<std::int64_t> next_task{0};
    std::atomic<bool> cancelled{false};
    std::atomic<bool> out_of_memory{false};
    bool interrupted = false;

    // False when there is nothing left to do. Scratch memory is all that a task can fail to get.
    bool run_one(int worker) {
        const std::int64_t index = next_task.fetch_add(1, std::memory_order_relaxed);
        if (index >= n_tasks || cancelled.load(std::memory_order_relaxed)) return false;
        try {
            task(argument, index, worker);
        } catch (const std::bad_alloc&) {
            out_of_memory = true;
            cancelled = true;
        }
        return true;
    }

    void run(int worker) {
        while (run_one(worker)) {
        }
    }

    // The calling thread's share: as run, with an eye on Ctrl-C.
    void run_and_poll() {
        while (run_one(0))
            if (stop_requested()) {
                interrupted = true;
                cancelled = true;
            }
    }
};

inline void pause_briefly() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

class Pool {
public:
    // False when another caller holds the pool.
    bool try_run(Job& job, int threads) {
        std::unique_lock<std::mutex> owner(owner_, std::try_to_lock);
        if (!owner.owns_lock()) return false;
        while (int(workers_.size()) < threads - 1) start_worker();
        publish(&job, threads - 1);
        job.run_and_poll();
        while (pending_.load(std::memory_order_acquire) > 0) std::this_thread::yield();
        return true;
    }

private:
    void start_worker() {
        const int index = int(workers_.size());
        workers_.emplace_back([this, index, seen = generation_.load()]() mutable { serve(index, seen); });
        workers_.back().detach();
    }

    void publish(Job* job, int helpers) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            job_ = job;
            helpers_ = helpers;
            pending_.store(int(workers_.size()), std::memory_order_relaxed);
            generation_.fetch_add(1, std::memory_order_release);
        }
        if (sleepers_.load(std::memory_order_seq_cst) > 0) wake_.notify_all();
    }

    void serve(int index, std::uint64_t seen) {
        for (;;) {
            wait_for_work(seen);
            seen = generation_.load(std::memory_order_acquire);
            if (index < helpers_) job_->run(index + 1);
            pending_.fetch_sub(1, std::memory_order_release);
        }
    }

    void wait_for_work(std::uint64_t seen) {
        // About 20 microseconds: the gap between the phases of an EM step, not the gap between two calls of a user.
        for (int spin = 0; spin < 1000; ++spin) {
            if (generation_.load(std::memory_order_acquire) != seen) return;
            pause_briefly();
        }
        std::unique_lock<std::mutex> lock(mutex_);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
    }

    std::mutex owner_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::atomic<int> sleepers_{0};
    std::atomic<std::uint64_t> generation_{0};
    std::atomic<int> pending_{0};
    Job* job_ = nullptr;
    int helpers_ = 0;
    std::vector<std::thread> workers_;
};

// Never destroyed: workers may still sleep in it when the process ends, and a forked child abandons its parent's.
std::atomic<Pool*> the_pool{nullptr};
std::atomic<int> chosen_count{0};

void forget_pool() { the_pool = nullptr; }

Pool& pool() {
    Pool* existing = the_pool.load(std::memory_order_acquire);
    if (existing != nullptr) return *existing;
    static const int registered = pthread_atfork(nullptr, nullptr, forget_pool);
    (void)registered;
    auto fresh = std::make_unique<Pool>();
    if (the_pool.compare_exchange_strong(existing, fresh.get())) return *fresh.release();
    return *existing;
}

int count_from_environment() {
    for (const char* name : {"GIBBSITE_NUM_THREADS", "OMP_NUM_THREADS"}) {
        const char* text = std::getenv(name);
        if (text == nullptr) continue;
        const int count = std::atoi(text);
        if (count > 0) return count;
    }
    return 0;
}

// A container's share of processors, rounded up; 0 where there is no limit.
int count_from_cgroup() {
    std::ifstream file("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0;
    if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
    const int count = int((std::atof(quota.c_str()) + period - 1) / period);
    return count > 0 ? count : 1;
}

int count_from_machine() {
    int count = int(std::thread::hardware_concurrency());
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) count = CPU_COUNT(&set);
#endif
    const int limit = count_from_cgroup();
    if (limit > 0 && limit < count) count = limit;
    return count > 0 ? count : 1;
}

int default_count() {
    static const int count = [] {
        const int wanted = count_from_environment();
        return wanted > 0 ? wanted : count_from_machine();
    }();
    return count;
}

struct Scratch {
    void* memory = nullptr;
    std::size_t size = 0;
    ~Scratch() { std::free(memory); }
};

void* allocate(std::size_t bytes) {
    void* memory = std::aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

int thread_count() {
    const int chosen = chosen_count.load(std::memory_order_relaxed);
    return chosen > 0 ? chosen : default_count();
}

void set_thread_count(int count) { chosen_count = count; }

int threads_for(int requested, std::int64_t n_tasks) {
    const std::int64_t wanted = requested > 0 ? requested : thread_count();
    return int(wanted < n_tasks ? wanted : (n_tasks > 0 ? n_tasks : 1));
}

void run_tasks(std::int64_t n_tasks, int threads, Task task, void* argument) {
    Job job{task, argument, n_tasks};
    const int count = threads_for(threads, n_tasks);
    if (count < 2 || !pool().try_run(job, count)) job.run_and_poll();
    if (job.interrupted) throw Interrupted{};
    if (job.out_of_memory) throw std::bad_alloc();
}

void* thread_scratch(std::size_t bytes) {
    thread_local Scratch scratch;
    if (scratch.size < bytes) {
        std::free(scratch.memory);
        scratch.memory = nullptr;
        scratch.size = 0;
        scratch.memory = allocate(bytes);
        scratch.size = bytes;
    }
    return scratch.memory;
}

Buffer::Buffer(std::size_t bytes) : memory_(allocate(bytes)) {}
Buffer::~Buffer() { std::free(memory_); }

}  // namespace gibbsite
