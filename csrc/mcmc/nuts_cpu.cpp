// NUTS: a chain is a task, its dimensions are lanes. Compiled once per instruction set.
#include "mcmc/nuts.hpp"

#include "mcmc/draws.hpp"
#include "mcmc/prepared.hpp"
#include "mcmc/slices.hpp"
#include "mcmc/table.hpp"

namespace gibbsite {
namespace {

template <class T>
void nuts(const States<T>& states, const Target<T>& target, const Hamiltonian<T>& given, std::int64_t max_depth,
          const ChainPlace& place, const Record<T>& record, T* divergence, std::int64_t* status, Context context) {
    using S = DimensionLanes<T>;
    const Prepared<S> prepared(target, states.n_chains * record.n_draws * 16);
    const PreparedMetric<S> metric(given.metric, target.dim);
    Hamiltonian<T> sampler = given;
    sampler.metric = metric.metric();
    const bool dense = given.metric.kind == MassKind::dense;
    const std::int64_t size = S{target.dim}.vector_size();
    const auto advance = [&](const S& s, T* memory, std::int64_t begin, int& code) {
        Clock clock(1);
        return nuts_draws(s, states, prepared.target(), sampler, max_depth, place, record, divergence,
                          NutsMemory<T>{memory, size, dense}, begin, record.n_draws, code, clock);
    };
    run_groups<S>(target.dim, states.n_chains, record.n_draws, place.draw,
                  nuts_vectors(max_depth, dense) * size + work_size(S{target.dim}, target), status, context, advance);
}

template <class T>
constexpr NutsTable<T> table{nuts<T>};

}  // namespace

namespace GIBBSITE_ISA {
constinit const NutsTable<float> nuts_float = table<float>;
constinit const NutsTable<double> nuts_double = table<double>;
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite
