// NUTS: one thread a chain.
#include "core/scratch.cuh"
#include "mcmc/nuts.hpp"
#include "mcmc/spaces.cuh"

namespace gibbsite::cuda {
namespace {

template <class T>
__global__ void __launch_bounds__(chains_per_block)
    nuts_kernel(States<T> states, Target<T> target, Hamiltonian<T> sampler, std::int64_t max_depth, ChainPlace place,
                Record<T> record, T* divergence, T* scratch) {
    const auto s = this_chain<T>(target.dim, states.n_chains);
    if (s.first >= states.n_chains) return;
    const NutsMemory<T> memory{scratch + s.first, s.vector_size(), sampler.metric.kind == MassKind::dense};
    int code = 0;
    NoClock clock;
    nuts_draws(s, states, target, sampler, max_depth, place, record, divergence, memory, 0, record.n_draws, code,
               clock);
}

}  // namespace

template <class T>
void nuts(const States<T>& states, const Target<T>& target, const Hamiltonian<T>& sampler, std::int64_t max_depth,
          const ChainPlace& place, const Record<T>& record, T* divergence, std::int64_t* status, Context context) {
    clear_status(status, context);
    if (states.n_chains == 0) return;
    const std::int64_t vectors = nuts_vectors(max_depth, sampler.metric.kind == MassKind::dense) + 2;
    const Scratch<T> scratch(scratch_elements(vectors, target.dim, states.n_chains), stream_of(context));
    launch(nuts_kernel<T>, grid_of(states.n_chains, context), states, target, sampler, max_depth, place, record,
           divergence, scratch.data());
}

template void nuts(const States<float>&, const Target<float>&, const Hamiltonian<float>&, std::int64_t,
                   const ChainPlace&, const Record<float>&, float*, std::int64_t*, Context);
template void nuts(const States<double>&, const Target<double>&, const Hamiltonian<double>&, std::int64_t,
                   const ChainPlace&, const Record<double>&, double*, std::int64_t*, Context);

}  // namespace gibbsite::cuda
