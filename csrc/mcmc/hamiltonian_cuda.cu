// Leapfrog trajectories and HMC: one thread a chain.
#include "core/scratch.cuh"
#include "mcmc/hamiltonian.hpp"
#include "mcmc/spaces.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int all_vectors = hamiltonian_vectors + 2;  // the density's work too

template <class T>
__global__ void __launch_bounds__(chains_per_block)
    leapfrog_kernel(States<T> states, T* p, Target<T> target, Metric<T> metric, const double* step_size,
                    const std::int64_t* n_steps, T* scratch) {
    const auto s = this_chain<T>(target.dim, states.n_chains);
    if (s.first >= states.n_chains) return;
    int code = 0;
    leapfrog_chains(s, states, p, target, metric, step_size, n_steps,
                    hamiltonian_memory(scratch + s.first, s.vector_size()), code);
}

template <class T>
__global__ void __launch_bounds__(chains_per_block)
    hmc_kernel(States<T> states, Target<T> target, Hamiltonian<T> sampler, Lengths lengths, ChainPlace place,
               Record<T> record, T* scratch) {
    const auto s = this_chain<T>(target.dim, states.n_chains);
    if (s.first >= states.n_chains) return;
    int code = 0;
    NoClock clock;
    hmc_draws(s, states, target, sampler, lengths, place, record,
              hamiltonian_memory(scratch + s.first, s.vector_size()), 0, record.n_draws, code, clock);
}

}  // namespace

std::int64_t adaptation_size(std::int64_t dim) { return adaptation_values(dim); }

template <class T>
void leapfrog(const States<T>& states, T* p, const Target<T>& target, const Metric<T>& metric, const double* step_size,
              const std::int64_t* n_steps, std::int64_t* status, Context context) {
    clear_status(status, context);
    if (states.n_chains == 0) return;
    const Scratch<T> scratch(scratch_elements(all_vectors, target.dim, states.n_chains), stream_of(context));
    launch(leapfrog_kernel<T>, grid_of(states.n_chains, context), states, p, target, metric, step_size, n_steps,
           scratch.data());
}

template <class T>
void hmc(const States<T>& states, const Target<T>& target, const Hamiltonian<T>& sampler, const Lengths& lengths,
         const ChainPlace& place, const Record<T>& record, std::int64_t* status, Context context) {
    clear_status(status, context);
    if (states.n_chains == 0) return;
    const Scratch<T> scratch(scratch_elements(all_vectors, target.dim, states.n_chains), stream_of(context));
    launch(hmc_kernel<T>, grid_of(states.n_chains, context), states, target, sampler, lengths, place, record,
           scratch.data());
}

#define GIBBSITE_INSTANTIATE(T)                                                                                     \
    template void leapfrog(const States<T>&, T*, const Target<T>&, const Metric<T>&, const double*,                 \
                           const std::int64_t*, std::int64_t*, Context);                                            \
    template void hmc(const States<T>&, const Target<T>&, const Hamiltonian<T>&, const Lengths&, const ChainPlace&, \
                      const Record<T>&, std::int64_t*, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda
