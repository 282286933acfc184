// Random-walk Metropolis (Metropolis et al. 1953): proposal q + scale (L z), for every space.
#pragma once

#include "mcmc/chains.hpp"
#include "mcmc/placement.hpp"
#include "mcmc/targets.hpp"

namespace gibbsite {
namespace {

// min(1, e^difference); a difference that is not a number is a refusal.
template <class S>
GIBBSITE_HD typename S::Number acceptance_ratio(const S& s, typename S::Number difference) {
    using Number = typename S::Number;
    const Number low = s.choose(difference < 0.0, difference, s.number(0.0));
    return s.choose(difference == difference, Number(exp_nonpositive(low)), s.number(0.0));
}

// Vectors of a chain while it runs.
template <class T>
struct MetropolisMemory {
    T *q, *proposal, *z, *work;
};
constexpr int metropolis_vectors = 3;  // and work

template <class S>
GIBBSITE_HD void propose(const S& s, const Metropolis<typename S::Element>& sampler, typename S::Number scale,
                         const MetropolisMemory<typename S::Element>& memory) {
    const auto width = s.spread(scale);
    const auto *from = memory.q, *step = memory.z;
    auto* to = memory.proposal;
    if (sampler.factor != nullptr && sampler.factor_is_dense) {
        matrix_times<Part::lower>(s, s.dim, sampler.factor, Plain<S>{s, step}, to);
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(to, i, s.get(from, i) + s.get(to, i) * width);
    } else if (sampler.factor != nullptr) {
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i)
            s.put(to, i, s.get(from, i) + s.get(step, i) * s.datum(sampler.factor, i) * width);
    } else {
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(to, i, s.get(from, i) + s.get(step, i) * width);
    }
}

// Steps [begin, end) of the chains of a space, or fewer when the clock says so or the density stops with a code;
// returns the first that was not made. The factor is laid out as the space reads it.
template <class S, class T, class Clock>
GIBBSITE_HD std::int64_t metropolis_steps(const S& s, const States<T>& states, const Target<T>& target,
                                          const Metropolis<T>& sampler, const ChainPlace& start,
                                          const Record<T>& record, const MetropolisMemory<T>& memory,
                                          std::int64_t begin, std::int64_t end, int& code, Clock& clock) {
    using Number = typename S::Number;
    load_rows(s, states.q, memory.q);
    Number logp = load_numbers(s, states.logp), acceptance = load_numbers(s, sampler.acceptance);
    const Number scale = load_numbers(s, sampler.scale);
    std::int64_t step = begin;
    while (step < end && (step == begin || !clock.over())) {
        const ChainPlace place = place_of(s, start, step);
        draw_normals(s, place, memory.z);
        propose(s, sampler, scale, memory);
        const Number proposed =
            log_density_at<false>(s, target, memory.proposal, static_cast<T*>(nullptr), memory.work, code);
        if (code != 0) {
            copy_vector(s, memory.proposal, memory.q);
            break;
        }
        const Number ratio = acceptance_ratio(s, proposed - logp);
        const auto accepted = draw_uniform(s, place, 0, Purpose::accept) < ratio;
        s.keep(accepted, memory.proposal, memory.q);
        logp = s.choose(accepted, proposed, logp);
        acceptance += ratio;
        keep_draw(s, record, step, memory.q, logp, 0, [](std::int64_t, double*) {});
        ++step;
    }
    if (step == record.n_draws && step > 0) acceptance = acceptance / double(step);
    store_rows(s, memory.q, states.q);
    store_numbers(s, logp, states.logp);
    store_numbers(s, acceptance, sampler.acceptance);
    return step;
}

}  // namespace
}  // namespace gibbsite
