// Log densities and random-walk Metropolis of many chains: chains in lanes and over threads. Compiled once per
// instruction set.
#include "mcmc/metropolis.hpp"

#include "mcmc/draws.hpp"
#include "mcmc/prepared.hpp"
#include "mcmc/slices.hpp"
#include "mcmc/table.hpp"

namespace gibbsite {
namespace {

template <class S>
void log_density_of(const States<typename S::Element>& states, const Target<typename S::Element>& target,
                    std::int64_t* status, Context context) {
    using T = typename S::Element;
    const Prepared<S> prepared(target, states.n_chains);
    const std::int64_t size = S{target.dim}.vector_size();
    const auto advance = [&](const S& s, T* memory, std::int64_t, int& code) -> std::int64_t {
        T *q = memory, *grad = memory + size, *work = memory + 2 * size;
        load_rows(s, states.q, q);
        const auto logp = states.grad != nullptr ? log_density_at<true>(s, prepared.target(), q, grad, work, code)
                                                 : log_density_at<false>(s, prepared.target(), q, grad, work, code);
        store_numbers(s, logp, states.logp);
        if (states.grad != nullptr) store_rows(s, grad, states.grad);
        return code == 0 ? 1 : 0;
    };
    run_groups<S>(target.dim, states.n_chains, 1, 0, 2 * size + work_size(S{target.dim}, target), status, context,
                  advance);
}

template <class T>
void log_density(const States<T>& states, const Target<T>& target, std::int64_t* status, Context context) {
    if (one_chain_at_a_time(target.kind))
        log_density_of<DimensionLanes<T>>(states, target, status, context);
    else
        log_density_of<ChainLanes<T>>(states, target, status, context);
}

template <class S>
void metropolis_of(const States<typename S::Element>& states, const Target<typename S::Element>& target,
                   const Metropolis<typename S::Element>& given, const ChainPlace& place,
                   const Record<typename S::Element>& record, std::int64_t* status, Context context) {
    using T = typename S::Element;
    const Prepared<S> prepared(target, states.n_chains * record.n_draws);
    const PreparedMatrix<S> factor(given.factor, given.factor_is_dense ? target.dim : 1, target.dim);
    Metropolis<T> sampler = given;
    sampler.factor = factor.data();
    memset(given.acceptance, 0, std::size_t(states.n_chains) * sizeof(double));
    const std::int64_t size = S{target.dim}.vector_size();
    const auto advance = [&](const S& s, T* memory, std::int64_t begin, int& code) {
        const MetropolisMemory<T> vectors{memory, memory + size, memory + 2 * size, memory + metropolis_vectors * size};
        Clock clock(S::dimension_lanes ? 1 : 16);
        return metropolis_steps(s, states, prepared.target(), sampler, place, record, vectors, begin, record.n_draws,
                                code, clock);
    };
    run_groups<S>(target.dim, states.n_chains, record.n_draws, place.draw,
                  metropolis_vectors * size + work_size(S{target.dim}, target), status, context, advance);
}

template <class T>
void metropolis(const States<T>& states, const Target<T>& target, const Metropolis<T>& sampler, const ChainPlace& place,
                const Record<T>& record, std::int64_t* status, Context context) {
    if (one_chain_at_a_time(target.kind))
        metropolis_of<DimensionLanes<T>>(states, target, sampler, place, record, status, context);
    else
        metropolis_of<ChainLanes<T>>(states, target, sampler, place, record, status, context);
}

template <class T>
constexpr MetropolisTable<T> table{log_density<T>, metropolis<T>};

}  // namespace

namespace GIBBSITE_ISA {
constinit const MetropolisTable<float> metropolis_float = table<float>;
constinit const MetropolisTable<double> metropolis_double = table<double>;
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite
