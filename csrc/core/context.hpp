// What a back-end function is told about where to run: the number of threads on the host (0: the default),
// the raw stream on a card.
#pragma once

#include <cstdint>

namespace gibbsite {

struct Context {
    std::intptr_t value = 0;
};

}  // namespace gibbsite

// Every binding is compiled once per back end; this names the one it calls.
#ifdef GIBBSITE_CUDA_MODULE
#define GIBBSITE_BACKEND cuda
#else
#define GIBBSITE_BACKEND cpu
#endif
