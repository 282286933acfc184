// Leapfrog trajectories, and Hamiltonian Monte Carlo of fixed or jittered length (Duane et al. 1987; Neal 2011), for
// every space.
#pragma once

#include "mcmc/adaptation.hpp"
#include "mcmc/dynamics.hpp"
#include "mcmc/metropolis.hpp"

namespace gibbsite {
namespace {

template <class T>
struct HamiltonianMemory {
    T *q, *grad, *inverse_mass, *deviation;
    Trajectory<T> trajectory;
};
constexpr int hamiltonian_vectors = 8;  // and work

template <class T>
GIBBSITE_HD HamiltonianMemory<T> hamiltonian_memory(T* at, std::int64_t size) {
    const auto v = [&](std::int64_t i) { return at + i * size; };
    return {v(0), v(1), v(2), v(3), {v(4), v(5), v(6), v(7), v(8)}};
}

// The inverse mass of the chains of a space, in two vectors; a dense one is laid out already.
template <class S, class T>
GIBBSITE_HD Mass<T> load_mass(const S& s, const Metric<T>& metric, T* to, T* deviation) {
    if (metric.kind == MassKind::own_diagonal) {
        load_rows(s, metric.inverse_mass, to, T(1));
    } else {
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(to, i, s.spread(s.number(1.0)));
        if (metric.kind == MassKind::shared_diagonal)
            for (std::int64_t i = 0; i < s.dim; ++i) s.put_number(to, i, s.number(double(metric.inverse_mass[i])));
    }
    const bool dense = metric.kind == MassKind::dense;
    const Mass<T> mass{to, deviation, dense ? metric.inverse_mass : nullptr, dense ? metric.factor : nullptr};
    find_deviation(s, mass);
    return mass;
}

// An infinite error is a divergence whatever the limit.
GIBBSITE_HD double largest_error(double limit) {
    constexpr double finite = std::numeric_limits<double>::max();
    return limit < finite ? limit : finite;
}

template <class S, class T>
GIBBSITE_HD void leapfrog_chains(const S& s, const States<T>& states, T* p, const Target<T>& target,
                                 const Metric<T>& metric, const double* step_size, const std::int64_t* n_steps,
                                 const HamiltonianMemory<T>& memory, int& code) {
    const Trajectory<T>& at = memory.trajectory;
    load_rows(s, states.q, at.x);
    load_rows(s, states.grad, at.grad);
    load_rows(s, p, at.p);
    const Mass<T> mass = load_mass(s, metric, memory.inverse_mass, memory.deviation);
    const auto logp = leapfrog_steps(s, target, mass, at, load_numbers(s, step_size), load_numbers(s, n_steps),
                                     load_numbers(s, states.logp), code);
    store_rows(s, at.x, states.q);
    store_rows(s, at.p, p);
    store_rows(s, at.grad, states.grad);
    store_numbers(s, logp, states.logp);
}

// adaptation.hpp for every lane of a space.
template <class S, class T>
GIBBSITE_HD typename S::Number adapt_lanes(const S& s, const Adaptation& adaptation, std::int64_t draw, const T* q,
                                           const T* grad, const Mass<T>& mass, typename S::Number acceptance,
                                           typename S::Number moved, typename S::Number step_size) {
    if (adaptation.state == nullptr || draw >= adaptation.n_warmup) return step_size;
    for (std::int64_t lane = 0; lane < s.n_lanes(); ++lane) {
        double* state = adaptation.state + (s.first + lane) * adaptation_values(s.dim);
        s.set_lane(
            step_size, lane,
            adapt(state, s.dim, q + lane, grad + lane, mass.diagonal + lane, s.element_stride(),
                  s.lane(acceptance, lane), s.lane(moved, lane) != 0, draw, s.lane(step_size, lane), adaptation));
    }
    if (draw < adaptation.late_begin) find_deviation(s, mass);
    return step_size;
}

template <class S>
GIBBSITE_HD typename S::Number trajectory_lengths(const S& s, const Lengths& lengths, const ChainPlace& place) {
    typename S::Number length = load_numbers(s, lengths.n_leapfrog);
    const typename S::Number u = draw_uniform(s, place, 0, Purpose::jitter);
    for (std::int64_t lane = 0; lane < s.n_lanes(); ++lane) {
        const double factor = lengths.jitter * (2.0 * s.lane(u, lane) - 1.0) + 1.0;
        const double rounded = __builtin_floor(s.lane(length, lane) * factor + 0.5);
        s.set_lane(length, lane, rounded > 1.0 ? rounded : 1.0);
    }
    return length;
}

// Draws [begin, end), or fewer; as metropolis_steps.
template <class S, class T, class Clock>
GIBBSITE_HD std::int64_t hmc_draws(const S& s, const States<T>& states, const Target<T>& target,
                                   const Hamiltonian<T>& sampler, const Lengths& lengths, const ChainPlace& start,
                                   const Record<T>& record, const HamiltonianMemory<T>& memory, std::int64_t begin,
                                   std::int64_t end, int& code, Clock& clock) {
    using Number = typename S::Number;
    const Trajectory<T>& at = memory.trajectory;
    const Number none = s.number(0.0), one = s.number(1.0);
    load_rows(s, states.q, memory.q);
    load_rows(s, states.grad, memory.grad);
    const Mass<T> mass = load_mass(s, sampler.metric, memory.inverse_mass, memory.deviation);
    Number logp = load_numbers(s, states.logp), step_size = load_numbers(s, sampler.step_size);
    std::int64_t draw = begin;
    while (draw < end && (draw == begin || !clock.over())) {
        const ChainPlace place = place_of(s, start, draw);
        copy_vector(s, memory.q, at.x);
        copy_vector(s, memory.grad, at.grad);
        draw_momentum(s, place, mass, at.p);
        dense_velocity(s, mass, at.p, at.velocity);
        const Number energy = kinetic_energy(s, mass, at.p, at.velocity) - logp;
        const Number lengths_now = trajectory_lengths(s, lengths, place);
        const Number proposed = leapfrog_steps(s, target, mass, at, step_size, lengths_now, logp, code);
        if (code != 0) {
            copy_vector(s, at.x, memory.q);
            break;
        }
        dense_velocity(s, mass, at.p, at.velocity);
        const Number new_energy = kinetic_energy(s, mass, at.p, at.velocity) - proposed;
        const Number error = new_energy - energy;
        const Number diverging = s.choose(error <= largest_error(sampler.max_energy_error), none, one);
        const Number ratio = s.choose(diverging > 0.0, none, acceptance_ratio(s, -error));
        const auto accepted = draw_uniform(s, place, 0, Purpose::accept) < ratio;
        s.keep(accepted, at.x, memory.q);
        s.keep(accepted, at.grad, memory.grad);
        logp = s.choose(accepted, proposed, logp);
        const Number energy_now = s.choose(accepted, new_energy, energy);
        keep_draw(s, record, draw, memory.q, logp, hmc_info_size, [&](std::int64_t lane, double* info) {
            info[0] = s.lane(ratio, lane);
            info[1] = s.lane(energy_now, lane);
            info[2] = s.lane(diverging, lane);
        });
        step_size = adapt_lanes(s, sampler.adaptation, std::int64_t(place.draw), memory.q, memory.grad, mass, ratio,
                                s.choose(accepted, one, none), step_size);
        ++draw;
    }
    store_rows(s, memory.q, states.q);
    store_rows(s, memory.grad, states.grad);
    store_numbers(s, logp, states.logp);
    store_numbers(s, step_size, sampler.step_size);
    if (sampler.adaptation.state != nullptr) store_rows(s, memory.inverse_mass, sampler.metric.inverse_mass);
    return draw;
}

}  // namespace
}  // namespace gibbsite
