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
    T *diagonal, *deviation;   // of momenta: 1 / sqrt(diagonal)
    const T *matrix, *factor;  // null: diagonal
};

// After a change of the diagonal.
template <class S, class T>
GIBBSITE_HD void find_deviation(const S& s, const Mass<T>& mass) {
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i)
        s.put(mass.deviation, i, s.spread(s.number(1.0)) / s.root(s.get(mass.diagonal, i)));
}

// p = L^-T z with M^-1 = L L^T
template <class S, class T>
GIBBSITE_HD void draw_momentum(const S& s, const ChainPlace& place, const Mass<T>& mass, T* p) {
    draw_normals(s, place, p);
    if (mass.matrix != nullptr) return solve_transposed(s, s.dim, mass.factor, p);
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(p, i, s.get(p, i) * s.get(mass.deviation, i));
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

// Normals with independent elements under a diagonal metric: kick, drift and density are one loop, and the gradient is
// not kept between steps.
template <class T>
GIBBSITE_HD bool is_fused(const Target<T>& target, const Mass<T>& mass) {
    return target.kind == TargetKind::multivariate_normal && target.sizes[0] != 0 && mass.matrix == nullptr;
}

template <class S, class T>
GIBBSITE_HD typename S::Number fused_step(const S& s, const Target<T>& target, const Mass<T>& mass,
                                          const Trajectory<T>& at, typename S::Mask kicked, bool all_kicked,
                                          typename S::Number kick_by, typename S::Number step) {
    using V = typename S::V;
    const T *mean = target.data + 1, *factor = mean + s.leading(s.dim);
    const V by = s.spread(kick_by), forwards = s.spread(step);
    auto sum = s.no_sum();
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) {
        const V scale = s.datum(factor, i), middle = s.datum(mean, i), x = s.get(at.x, i), p = s.get(at.p, i);
        const V pushed = p + (x - middle) * scale * -scale * by;
        const V new_p = all_kicked ? pushed : s.blend(kicked, pushed, p);
        const V new_x = x + s.get(mass.diagonal, i) * new_p * forwards;
        s.put(at.p, i, new_p);
        s.put(at.x, i, new_x);
        const auto y = s.widen((new_x - middle) * scale);
        sum += y * y;
    }
    const typename S::Number logp = s.total(sum) * -0.5 + double(target.data[0]);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return s.choose(logp < infinity, logp, s.number(-infinity));
}

// What fused steps leave out.
template <class S, class T>
GIBBSITE_HD void fused_gradient(const S& s, const Target<T>& target, const Trajectory<T>& at) {
    const T *mean = target.data + 1, *factor = mean + s.leading(s.dim);
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) {
        const auto scale = s.datum(factor, i);
        s.put(at.grad, i, (s.get(at.x, i) - s.datum(mean, i)) * scale * -scale);
    }
}

// `lengths` leapfrog steps (whole numbers; each chain its own) from a point whose log density is logp; returns the log
// density at the end. A chain whose density is not finite stops there. Two half kicks in a row are one: a chain owes
// its last kick until the next step, or the end.
template <class S, class T>
GIBBSITE_HD typename S::Number leapfrog_steps(const S& s, const Target<T>& target, const Mass<T>& mass,
                                              const Trajectory<T>& at, typename S::Number step,
                                              typename S::Number lengths, typename S::Number logp, int& code) {
    using Number = typename S::Number;
    constexpr double nowhere = -std::numeric_limits<double>::infinity();
    const Number none = s.number(0.0), one = s.number(1.0);
    const bool fused = is_fused(target, mass);
    Number left = lengths, owed_by = step * 0.5, owing = s.choose(left > 0.0, one, none);
    if (!s.any(left > 0.0)) return logp;
    while (code == 0 && s.any(left > 0.0)) {
        const auto moving = left > 0.0;
        const Number forwards = s.choose(moving, step, none);
        const bool all_owe = !s.any(owing == 0.0);
        Number there;
        if (fused) {
            there = fused_step(s, target, mass, at, owing > 0.0, all_owe, owed_by, forwards);
        } else {
            kick(s, owing > 0.0, all_owe, owed_by, at.grad, at.p);
            drift(s, mass, forwards, at.p, at.x, at.velocity);
            there = log_density_at<true>(s, target, at.x, at.grad, at.work, code);
        }
        logp = s.choose(moving, there, logp);
        owing = s.choose(moving, s.choose(logp == nowhere, none, one), none);
        left = s.choose(logp == nowhere, none, left - 1.0);
        owed_by = s.choose(left > 0.0, step, step * 0.5);
    }
    if (fused) fused_gradient(s, target, at);
    kick(s, owing > 0.0, !s.any(owing == 0.0), owed_by, at.grad, at.p);
    return logp;
}

}  // namespace
}  // namespace gibbsite
