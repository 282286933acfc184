// Log densities and random-walk Metropolis: one thread a chain.
#include "core/scratch.cuh"
#include "mcmc/metropolis.hpp"
#include "mcmc/spaces.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int work_vectors = 2;

template <class T>
__global__ void __launch_bounds__(chains_per_block) log_density_kernel(States<T> states, Target<T> target, T* scratch) {
    const auto s = this_chain<T>(target.dim, states.n_chains);
    if (s.first >= states.n_chains) return;
    T *q = scratch + s.first, *grad = q + s.vector_size(), *work = grad + s.vector_size();
    int code = 0;
    load_rows(s, states.q, q);
    if (states.grad == nullptr) {
        states.logp[s.first] = log_density_at<false>(s, target, q, grad, work, code);
        return;
    }
    states.logp[s.first] = log_density_at<true>(s, target, q, grad, work, code);
    store_rows(s, grad, states.grad);
}

template <class T>
__global__ void __launch_bounds__(chains_per_block)
    metropolis_kernel(States<T> states, Target<T> target, Metropolis<T> sampler, ChainPlace place, Record<T> record,
                      T* scratch) {
    const auto s = this_chain<T>(target.dim, states.n_chains);
    if (s.first >= states.n_chains) return;
    const std::int64_t size = s.vector_size();
    T* const at = scratch + s.first;
    const MetropolisMemory<T> memory{at, at + size, at + 2 * size, at + metropolis_vectors * size};
    sampler.acceptance[s.first] = 0;
    int code = 0;
    NoClock clock;
    metropolis_steps(s, states, target, sampler, place, record, memory, 0, record.n_draws, code, clock);
}

}  // namespace

template <class T>
void log_density(const States<T>& states, const Target<T>& target, std::int64_t* status, Context context) {
    clear_status(status, context);
    if (states.n_chains == 0) return;
    const Scratch<T> scratch(scratch_elements(2 + work_vectors, target.dim, states.n_chains), stream_of(context));
    launch(log_density_kernel<T>, grid_of(states.n_chains, context), states, target, scratch.data());
}

template <class T>
void metropolis(const States<T>& states, const Target<T>& target, const Metropolis<T>& sampler, const ChainPlace& place,
                const Record<T>& record, std::int64_t* status, Context context) {
    clear_status(status, context);
    if (states.n_chains == 0) return;
    const Scratch<T> scratch(scratch_elements(metropolis_vectors + work_vectors, target.dim, states.n_chains),
                             stream_of(context));
    launch(metropolis_kernel<T>, grid_of(states.n_chains, context), states, target, sampler, place, record,
           scratch.data());
}

#define GIBBSITE_INSTANTIATE(T)                                                                           \
    template void log_density(const States<T>&, const Target<T>&, std::int64_t*, Context);                \
    template void metropolis(const States<T>&, const Target<T>&, const Metropolis<T>&, const ChainPlace&, \
                             const Record<T>&, std::int64_t*, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda
