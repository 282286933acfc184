#pragma once

#include "core/variants.hpp"
#include "random/api.hpp"

namespace gibbsite {

// The host kernels of one instruction set.
template <class T>
struct RandomTable {
    decltype(&cpu::uniform<T>) uniform;
    decltype(&cpu::normal<T>) normal;
    decltype(&cpu::bernoulli<T>) bernoulli;
    decltype(&cpu::categorical<T>) categorical;
    // elements [first, first + n) of the place, on the calling thread: for kernels that draw as they go
    void (*normal_range)(T* out, std::int64_t n, const Place& place);
};

GIBBSITE_DECLARE_VARIANTS(RandomTable<float>, random_float)
GIBBSITE_DECLARE_VARIANTS(RandomTable<double>, random_double)

}  // namespace gibbsite
