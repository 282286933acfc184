// One private pool of threads for the whole library.
//
// Tasks are numbered; how many there are and what each does is the caller's choice and never depends on the number of
// threads, so results do not either. Workers spin briefly before they sleep (a parallel region then costs about a
// microsecond), a forked child starts with a fresh pool, and a second caller that finds the pool busy does its work
// alone instead of oversubscribing the machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gibbsite {

// Called on some thread once for every task; `worker` is below the number of threads of this call.
using Task = void (*)(void* job, std::int64_t task, int worker);

// The default number of threads, and how to change it (0: back to what the environment and the machine say).
int thread_count();
void set_thread_count(int count);

// How many threads `requested` (0: the default) and `n_tasks` give.
int threads_for(int requested, std::int64_t n_tasks);

// Runs every task below n_tasks. Throws Interrupted (interrupt.hpp) when the user pressed Ctrl-C meanwhile.
void run_tasks(std::int64_t n_tasks, int threads, Task task, void* job);

// The same with a callable (task, worker). Static: kernels are compiled once per instruction set.
template <class F>
static void parallel_for(std::int64_t n_tasks, int threads, F&& f) {
    run_tasks(
        n_tasks, threads, [](void* job, std::int64_t task, int worker) { (*static_cast<F*>(job))(task, worker); },
        const_cast<void*>(static_cast<const void*>(&f)));
}

// Scratch memory of the calling thread, 64-byte aligned, kept for the next call: valid until this thread asks again.
void* thread_scratch(std::size_t bytes);

// Memory for one call, 64-byte aligned, owned by this object.
class Buffer {
public:
    explicit Buffer(std::size_t bytes);
    ~Buffer();
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    double* doubles() const { return static_cast<double*>(memory_); }
    void* get() const { return memory_; }

private:
    void* memory_;
};

}  // namespace gibbsite
