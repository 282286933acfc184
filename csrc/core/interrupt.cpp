#include "core/interrupt.hpp"

#include <atomic>
#include <chrono>

namespace gibbsite {
namespace {

std::atomic<InterruptCheck> interrupt_check{nullptr};

long long now_nanoseconds() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

constexpr long long interval_nanoseconds = 50'000'000;
std::atomic<long long> next_question{0};

}  // namespace

void set_interrupt_check(InterruptCheck check) { interrupt_check = check; }

bool stop_requested() {
    const long long now = now_nanoseconds();
    if (now < next_question.load(std::memory_order_relaxed)) return false;
    next_question.store(now + interval_nanoseconds, std::memory_order_relaxed);
    const InterruptCheck check = interrupt_check;
    return check != nullptr && check();
}

}  // namespace gibbsite
