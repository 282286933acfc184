#pragma once

#include "core/variants.hpp"
#include "rbm/api.hpp"

namespace gibbsite {

// The host kernels of one instruction set, one table a source file.
template <class T>
struct SweepTable {
    decltype(&cpu::panels_size<T>) panels_size;
    decltype(&cpu::pack<T>) pack;
    decltype(&cpu::hidden_probabilities<T>) hidden_probabilities;
    decltype(&cpu::visible_probabilities<T>) visible_probabilities;
    decltype(&cpu::gibbs<T>) gibbs;
};
GIBBSITE_DECLARE_VARIANTS(SweepTable<float>, sweep_float)
GIBBSITE_DECLARE_VARIANTS(SweepTable<double>, sweep_double)

template <class T>
struct LearningTable {
    decltype(&cpu::gradient<T>) gradient;
    decltype(&cpu::update<T>) update;
};
GIBBSITE_DECLARE_VARIANTS(LearningTable<float>, learning_float)
GIBBSITE_DECLARE_VARIANTS(LearningTable<double>, learning_double)

template <class T>
struct LikelihoodTable {
    decltype(&cpu::free_energy<T>) free_energy;
    decltype(&cpu::ais_step<T>) ais_step;
    decltype(&cpu::exact_log_partition<T>) exact_log_partition;
};
GIBBSITE_DECLARE_VARIANTS(LikelihoodTable<float>, likelihood_float)
GIBBSITE_DECLARE_VARIANTS(LikelihoodTable<double>, likelihood_double)

}  // namespace gibbsite
