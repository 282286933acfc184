// Leapfrog trajectories and HMC of many chains: chains in lanes and over threads. Compiled once per instruction set.
#include "mcmc/hamiltonian.hpp"

#include "mcmc/draws.hpp"
#include "mcmc/prepared.hpp"
#include "mcmc/slices.hpp"
#include "mcmc/table.hpp"

namespace gibbsite {
namespace {

template <class S>
void leapfrog_of(const States<typename S::Element>& states, typename S::Element* p,
                 const Target<typename S::Element>& target, const Metric<typename S::Element>& given,
                 const double* step_size, const std::int64_t* n_steps, std::int64_t* status, Context context) {
    using T = typename S::Element;
    std::int64_t longest = 0;
    for (std::int64_t chain = 0; chain < states.n_chains; ++chain)
        longest = n_steps[chain] > longest ? n_steps[chain] : longest;
    const Prepared<S> prepared(target, states.n_chains * longest);
    const PreparedMetric<S> metric(given, target.dim);
    const std::int64_t size = S{target.dim}.vector_size();
    const auto advance = [&](const S& s, T* memory, std::int64_t, int& code) -> std::int64_t {
        leapfrog_chains(s, states, p, prepared.target(), metric.metric(), step_size, n_steps,
                        hamiltonian_memory(memory, size), code);
        return code == 0 ? 1 : 0;
    };
    run_groups<S>(target.dim, states.n_chains, 1, 0, hamiltonian_vectors * size + work_size(S{target.dim}, target),
                  status, context, advance);
}

template <class T>
void leapfrog(const States<T>& states, T* p, const Target<T>& target, const Metric<T>& metric, const double* step_size,
              const std::int64_t* n_steps, std::int64_t* status, Context context) {
    if (one_chain_at_a_time(target.kind))
        leapfrog_of<DimensionLanes<T>>(states, p, target, metric, step_size, n_steps, status, context);
    else
        leapfrog_of<ChainLanes<T>>(states, p, target, metric, step_size, n_steps, status, context);
}

template <class S>
void hmc_of(const States<typename S::Element>& states, const Target<typename S::Element>& target,
            const Hamiltonian<typename S::Element>& given, const Lengths& lengths, const ChainPlace& place,
            const Record<typename S::Element>& record, std::int64_t* status, Context context) {
    using T = typename S::Element;
    const Prepared<S> prepared(target, states.n_chains * record.n_draws * 8);
    const PreparedMetric<S> metric(given.metric, target.dim);
    Hamiltonian<T> sampler = given;
    sampler.metric = metric.metric();
    const std::int64_t size = S{target.dim}.vector_size();
    const auto advance = [&](const S& s, T* memory, std::int64_t begin, int& code) {
        Clock clock(1);
        return hmc_draws(s, states, prepared.target(), sampler, lengths, place, record,
                         hamiltonian_memory(memory, size), begin, record.n_draws, code, clock);
    };
    run_groups<S>(target.dim, states.n_chains, record.n_draws, place.draw,
                  hamiltonian_vectors * size + work_size(S{target.dim}, target), status, context, advance);
}

template <class T>
void hmc(const States<T>& states, const Target<T>& target, const Hamiltonian<T>& sampler, const Lengths& lengths,
         const ChainPlace& place, const Record<T>& record, std::int64_t* status, Context context) {
    if (one_chain_at_a_time(target.kind))
        hmc_of<DimensionLanes<T>>(states, target, sampler, lengths, place, record, status, context);
    else
        hmc_of<ChainLanes<T>>(states, target, sampler, lengths, place, record, status, context);
}

template <class T>
constexpr HamiltonianTable<T> table{leapfrog<T>, hmc<T>};

}  // namespace

namespace GIBBSITE_ISA {
constinit const HamiltonianTable<float> hamiltonian_float = table<float>;
constinit const HamiltonianTable<double> hamiltonian_double = table<double>;
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite
