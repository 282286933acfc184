// Hamiltonian dynamics under a metric, for every space: momenta, kinetic energy, leapfrog trajectories.
#pragma once

#include "mcmc/chains.hpp"
#include "mcmc/placement.hpp"
#include "mcmc/targets.hpp"

namespace gibbsite {
namespace {

// The inverse mass as a space reads it: a vector (of ones where it is dense), or a matrix with its factor.
template <class T>
struct Mass {
    const T* diagonal;
    const T *matrix, *factor;  // null: diagonal
};

// p = L^-T z with M^-1 = L L^T
template <class S, class T>
GIBBSITE_HD void draw_momentum(const S& s, const ChainPlace& place, const Mass<T>& mass, T* p) {
    draw_normals(s, place, p);
    if (mass.matrix != nullptr) return solve_transposed(s, s.dim, mass.factor, p);
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(p, i, s.get(p, i) / s.root(s.get(mass.diagonal, i)));
}

// M^-1 p for a dense metric; a diagonal one multiplies where the velocity is used.
template <class S, class T>
GIBBSITE_HD void dense_velocity(const S& s, const Mass<T>& mass, const T* p, T* velocity) {
    if (mass.matrix != nullptr) matrix_times<Part::full>(s, s.dim, mass.matrix, Plain<S>{s, p}, velocity);
}

// p M^-1 p / 2, where `velocity` belongs to p
template <class S, class T>
GIBBSITE_HD typename S::Number kinetic_energy(const S& s, const Mass<T>& mass, const T* p, const T* velocity) {
    const T* sharp = mass.matrix != nullptr ? velocity : p;
    auto sum = s.no_sum();
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i)
        sum += s.widen(s.get(p, i) * s.get(sharp, i) * s.get(mass.diagonal, i));
    return s.total(sum) * 0.5;
}

// x += step M^-1 p
template <class S, class T>
GIBBSITE_HD void drift(const S& s, const Mass<T>& mass, typename S::Number step, const T* p, T* x, T* velocity) {
    dense_velocity(s, mass, p, velocity);
    const T* sharp = mass.matrix != nullptr ? velocity : p;
    const auto by = s.spread(step);
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i)
        s.put(x, i, s.get(x, i) + s.get(mass.diagonal, i) * s.get(sharp, i) * by);
}

// p += step grad in the chains of the mask
template <class S, class T>
GIBBSITE_HD void kick(const S& s, typename S::Mask moving, bool all_move, typename S::Number step, const T* grad,
                      T* p) {
    const auto by = s.spread(step);
    if (all_move)
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(p, i, s.get(p, i) + s.get(grad, i) * by);
    else
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i)
            s.put(p, i, s.blend(moving, s.get(p, i) + s.get(grad, i) * by, s.get(p, i)));
}

// Vectors of a trajectory; `velocity` is needed for a dense metric alone.
template <class T>
struct Trajectory {
    T *x, *p, *grad, *velocity, *work;
};

// `lengths` leapfrog steps (whole numbers; each chain its own) from a point whose log density is logp; returns the log
// density at the end. A chain whose density is not finite stops there.
template <class S, class T>
GIBBSITE_HD typename S::Number leapfrog_steps(const S& s, const Target<T>& target, const Mass<T>& mass,
                                              const Trajectory<T>& at, typename S::Number step,
                                              typename S::Number lengths, typename S::Number logp, int& code) {
    using Number = typename S::Number;
    constexpr double nowhere = -std::numeric_limits<double>::infinity();
    const Number none = s.number(0.0);
    Number left = lengths;
    bool all_move = !s.any(left <= 0.0);
    kick(s, left > 0.0, all_move, s.choose(left > 0.0, step * 0.5, none), at.grad, at.p);
    while (code == 0 && s.any(left > 0.0)) {
        const auto moving = left > 0.0;
        drift(s, mass, s.choose(moving, step, none), at.p, at.x, at.velocity);
        const Number there = log_density_at<true>(s, target, at.x, at.grad, at.work, code);
        logp = s.choose(moving, there, logp);
        left -= 1.0;
        left = s.choose(logp == nowhere, none, left);
        const auto goes_on = s.choose(moving, s.choose(logp == nowhere, none, s.number(1.0)), none) > 0.0;
        all_move = !s.any(s.choose(goes_on, none, s.number(1.0)) > 0.0);
        kick(s, goes_on, all_move, s.choose(left > 0.0, step, step * 0.5), at.grad, at.p);
    }
    return logp;
}

}  // namespace
}  // namespace gibbsite
