// Ctrl-C during long native work: the thread that called us asks every 50 ms or so whether to stop.
#pragma once

namespace gibbsite {

// Thrown on the calling thread after all workers have come to rest; the bindings turn it into KeyboardInterrupt.
struct Interrupted {};

// Set once by the bindings: true when a signal handler wants the computation to stop.
using InterruptCheck = bool (*)();
void set_interrupt_check(InterruptCheck check);

// Whether to stop. Asks Python at most every 50 ms in the whole process, whatever calls it; cheap otherwise.
bool stop_requested();

}  // namespace gibbsite
