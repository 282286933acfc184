#pragma once

#include "core/api.hpp"
#include "core/variants.hpp"

namespace gibbsite {

// The host kernels of one instruction set.
template <class T>
struct CoreTable {
    decltype(&cpu::logsumexp<T>) logsumexp;
};

GIBBSITE_DECLARE_VARIANTS(CoreTable<float>, core_float)
GIBBSITE_DECLARE_VARIANTS(CoreTable<double>, core_double)

}  // namespace gibbsite
