#pragma once

#include "core/variants.hpp"
#include "mcmc/api.hpp"

namespace gibbsite {

// The host kernels of one instruction set, one table a source file.
template <class T>
struct MetropolisTable {
    decltype(&cpu::log_density<T>) log_density;
    decltype(&cpu::metropolis<T>) metropolis;
};
GIBBSITE_DECLARE_VARIANTS(MetropolisTable<float>, metropolis_float)
GIBBSITE_DECLARE_VARIANTS(MetropolisTable<double>, metropolis_double)

template <class T>
struct HamiltonianTable {
    decltype(&cpu::leapfrog<T>) leapfrog;
    decltype(&cpu::hmc<T>) hmc;
};
GIBBSITE_DECLARE_VARIANTS(HamiltonianTable<float>, hamiltonian_float)
GIBBSITE_DECLARE_VARIANTS(HamiltonianTable<double>, hamiltonian_double)

template <class T>
struct NutsTable {
    decltype(&cpu::nuts<T>) nuts;
};
GIBBSITE_DECLARE_VARIANTS(NutsTable<float>, nuts_float)
GIBBSITE_DECLARE_VARIANTS(NutsTable<double>, nuts_double)

}  // namespace gibbsite
