// The No-U-Turn sampler (Hoffman & Gelman 2014) with multinomial sampling and the generalised criterion (Betancourt
// 2017), as Stan has it with its two checks across subtrees. A subtree is walked leaf by leaf with checkpoints in place
// of recursion (Phan, Pradhan & Jankowiak 2019): memory grows with the depth alone. One chain, for every space whose
// numbers are plain float64.
#pragma once

#include "mcmc/hamiltonian.hpp"

namespace gibbsite {
namespace {

template <class T>
struct End {
    T *q, *p, *grad, *velocity;
};

// Of an even leaf n: p_n, the sum of momenta of its subtree up to it, and p_(n - 1); velocities where the mass is
// dense.
template <class T>
struct Checkpoint {
    T *p, *sum, *before, *velocity, *velocity_before;
};

constexpr int nuts_fixed_vectors = 18, checkpoint_vectors = 3, dense_checkpoint_vectors = 5;

GIBBSITE_HD std::int64_t nuts_vectors(std::int64_t max_depth, bool dense) {
    return nuts_fixed_vectors +
           (max_depth > 0 ? max_depth : 1) * (dense ? dense_checkpoint_vectors : checkpoint_vectors);
}

template <class T>
struct NutsMemory {
    T* at;
    std::int64_t size;
    bool dense;
};

template <class T>
GIBBSITE_HD T* nuts_vector(const NutsMemory<T>& m, std::int64_t i) {
    return m.at + i * m.size;
}

// The chain's point, which becomes the tree's choice; the choice of a subtree; where the last step began.
template <class T>
struct NutsVectors {
    T *q, *grad, *inverse_mass, *subtree_q, *subtree_grad, *rho, *subtree_rho, *start_q, *start_p, *deviation;
    End<T> end[2];
    T* work;
};

template <class T>
GIBBSITE_HD NutsVectors<T> nuts_vectors_of(const NutsMemory<T>& m, std::int64_t max_depth) {
    const auto v = [&](std::int64_t i) { return nuts_vector(m, i); };
    return {v(0),
            v(1),
            v(2),
            v(3),
            v(4),
            v(5),
            v(6),
            v(7),
            v(8),
            v(17),
            {{v(9), v(10), v(11), v(12)}, {v(13), v(14), v(15), v(16)}},
            v(nuts_vectors(max_depth, m.dense))};
}

template <class T>
GIBBSITE_HD Checkpoint<T> checkpoint_of(const NutsMemory<T>& m, std::int64_t level) {
    const std::int64_t first = nuts_fixed_vectors + level * (m.dense ? dense_checkpoint_vectors : checkpoint_vectors);
    const auto v = [&](std::int64_t i) { return nuts_vector(m, first + i); };
    return {v(0), v(1), v(2), m.dense ? v(3) : nullptr, m.dense ? v(4) : nullptr};
}

// A momentum as the criterion wants it: M^-1 p is the metric's diagonal times `sharp`.
template <class S, class T>
GIBBSITE_HD bool turns(const S& s, const T* diagonal, const T* sharp_a, const T* sharp_b, const auto& rho_at) {
    auto a = s.no_sum(), b = s.no_sum();
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) {
        const auto rho = rho_at(i) * s.get(diagonal, i);
        a += s.widen(s.get(sharp_a, i) * rho);
        b += s.widen(s.get(sharp_b, i) * rho);
    }
    return !(s.total(a) > 0.0 && s.total(b) > 0.0);
}

// Whether a subtree that ends at an end's momentum turns. Its first leaf is checkpoint `first`; the second half begins
// at checkpoint `half` (not read where the subtree has two leaves).
template <class S, class T>
GIBBSITE_HD bool subtree_turns(const S& s, const Mass<T>& mass, const Checkpoint<T>& first, const Checkpoint<T>& half,
                               bool has_halves, const End<T>& end, const T* sum) {
    const bool dense = mass.matrix != nullptr;
    const T *a = dense ? first.velocity : first.p, *b = dense ? end.velocity : end.p;
    const auto whole = [&](std::int64_t i) { return s.get(sum, i) - s.get(first.sum, i) + s.get(first.p, i); };
    if (turns(s, mass.diagonal, a, b, whole)) return true;
    if (!has_halves) return false;
    const T *m = dense ? half.velocity : half.p, *l = dense ? half.velocity_before : half.before;
    const auto left = [&](std::int64_t i) { return s.get(half.sum, i) - s.get(first.sum, i) + s.get(first.p, i); };
    const auto right = [&](std::int64_t i) {
        return s.get(sum, i) - s.get(half.sum, i) + s.get(half.p, i) + s.get(half.before, i);
    };
    return turns(s, mass.diagonal, a, m, left) || turns(s, mass.diagonal, l, b, right);
}

// The same for the whole tree, which a new subtree (its first leaf is checkpoint 0) extends at `end`.
template <class S, class T>
GIBBSITE_HD bool tree_turns(const S& s, const Mass<T>& mass, const End<T>& far, const Checkpoint<T>& first,
                            const End<T>& end, const T* old_sum, const T* new_sum) {
    const bool dense = mass.matrix != nullptr;
    const T *a = dense ? far.velocity : far.p, *b = dense ? end.velocity : end.p;
    const T *m = dense ? first.velocity : first.p, *l = dense ? first.velocity_before : first.before;
    const auto whole = [&](std::int64_t i) { return s.get(old_sum, i) + s.get(new_sum, i); };
    const auto left = [&](std::int64_t i) { return s.get(old_sum, i) + s.get(first.p, i); };
    const auto right = [&](std::int64_t i) { return s.get(new_sum, i) + s.get(first.before, i); };
    return turns(s, mass.diagonal, a, b, whole) || turns(s, mass.diagonal, a, m, left) ||
           turns(s, mass.diagonal, l, b, right);
}

GIBBSITE_HD double log_sum(double a, double b) {
    const double high = a > b ? a : b, low = a > b ? b : a;
    if (!(low > -std::numeric_limits<double>::infinity())) return high;
    return high + gibbsite::log1p(exp_nonpositive(low - high));
}

// One leapfrog step of an end, in place; returns the energy there. The momentum is added to `sum`, or begins it.
template <class S, class T>
GIBBSITE_HD double step_end(const S& s, const Target<T>& target, const Mass<T>& mass, double step, const End<T>& end,
                            bool begins, T* sum, T* work, double& logp, int& code) {
    const auto half = s.spread(0.5 * step);
    const bool dense = mass.matrix != nullptr;
    if (dense) {
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i)
            s.put(end.p, i, s.get(end.p, i) + s.get(end.grad, i) * half);
        drift(s, mass, step, end.p, end.q, end.velocity);
    } else {
        const auto whole = s.spread(step);
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) {
            const auto p = s.get(end.p, i) + s.get(end.grad, i) * half;
            s.put(end.p, i, p);
            s.put(end.q, i, s.get(end.q, i) + p * s.get(mass.diagonal, i) * whole);
        }
    }
    logp = log_density_at<true>(s, target, end.q, end.grad, work, code);
    auto kinetic = s.no_sum();
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) {
        const auto p = s.get(end.p, i) + s.get(end.grad, i) * half;
        s.put(end.p, i, p);
        s.put(sum, i, begins ? p : s.get(sum, i) + p);
        if (!dense) kinetic += s.widen(p * p * s.get(mass.diagonal, i));
    }
    if (!dense) return s.total(kinetic) * 0.5 - logp;
    dense_velocity(s, mass, end.p, end.velocity);
    return kinetic_energy(s, mass, end.p, end.velocity) - logp;
}

// What a draw has seen so far.
struct NutsTally {
    double first_energy, acceptance = 0;
    std::int64_t n_steps = 0, depth = 0;
    bool diverging = false;
};

// The choice of a tree or subtree, and its weight.
struct Choice {
    double log_weight, logp, energy;
};

// How many levels of checkpoints an odd leaf closes, and the level of an even leaf: bits of its number.
GIBBSITE_HD int trailing_ones(std::int64_t n) {
    int count = 0;
    for (; (n & 1) != 0; n >>= 1) ++count;
    return count;
}
GIBBSITE_HD int level_of(std::int64_t n) {
    int count = 0;
    for (n >>= 1; n != 0; n >>= 1) count += int(n & 1);
    return count;
}

// 2^depth leaves from an end outwards; false when they turned, diverged or met a code.
template <class S, class T>
GIBBSITE_HD bool grow_subtree(const S& s, const Target<T>& target, const Mass<T>& mass, const NutsMemory<T>& memory,
                              const NutsVectors<T>& v, const End<T>& end, double step, double max_energy_error,
                              const ChainPlace& place, bool keep_start, Choice& choice, NutsTally& tally, int& code) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    choice.log_weight = -infinity;
    for (std::int64_t n = 0; n < std::int64_t(1) << tally.depth; ++n) {
        const int level = level_of(n);
        const Checkpoint<T> here = checkpoint_of(memory, level);
        if (n % 2 == 0) {
            copy_vector(s, end.p, here.before);
            if (memory.dense) copy_vector(s, end.velocity, here.velocity_before);
        }
        if (keep_start) {
            copy_vector(s, end.q, v.start_q);
            copy_vector(s, end.p, v.start_p);
        }
        double logp = 0;
        const double energy = step_end(s, target, mass, step, end, n == 0, v.subtree_rho, v.work, logp, code);
        if (code != 0) return false;
        const double error = energy - tally.first_energy;
        const double ratio = error > 0 ? exp_nonpositive(-error) : 1.0;
        tally.acceptance += error == error && logp > -infinity ? ratio : 0.0;
        const std::int64_t leaf = tally.n_steps++;
        if (!(error <= largest_error(max_energy_error))) {
            tally.diverging = true;
            return false;
        }
        const double log_weight = log_sum(choice.log_weight, -error);
        if (n == 0 || draw_uniform(s, place, std::uint64_t(leaf), Purpose::leaf) < gibbsite::exp(-error - log_weight)) {
            copy_vector(s, end.q, v.subtree_q);
            copy_vector(s, end.grad, v.subtree_grad);
            choice.logp = logp;
            choice.energy = energy;
        }
        choice.log_weight = log_weight;
        if (n % 2 == 0) {
            copy_vector(s, end.p, here.p);
            copy_vector(s, v.subtree_rho, here.sum);
            if (memory.dense) copy_vector(s, end.velocity, here.velocity);
            continue;
        }
        const int lowest = level - trailing_ones(n) + 1;
        for (int at = level; at >= lowest; --at)
            if (subtree_turns(s, mass, checkpoint_of(memory, at), checkpoint_of(memory, at < level ? at + 1 : at),
                              at < level, end, v.subtree_rho))
                return false;
    }
    return true;
}

// One draw: v.q and v.grad move, logp with them; returns its energy.
template <class S, class T>
GIBBSITE_HD double nuts_draw(const S& s, const Target<T>& target, const Mass<T>& mass, const NutsMemory<T>& memory,
                             const NutsVectors<T>& v, double step_size, std::int64_t max_depth, double max_energy_error,
                             const ChainPlace& place, bool keep_start, double& logp, bool& moved, NutsTally& tally,
                             int& code) {
    draw_momentum(s, place, mass, v.rho);
    dense_velocity(s, mass, v.rho, v.end[0].velocity);
    for (int side = 0; side < 2; ++side) {
        copy_vector(s, v.q, v.end[side].q);
        copy_vector(s, v.rho, v.end[side].p);
        copy_vector(s, v.grad, v.end[side].grad);
    }
    if (memory.dense) copy_vector(s, v.end[0].velocity, v.end[1].velocity);
    tally.first_energy = kinetic_energy(s, mass, v.rho, v.end[0].velocity) - logp;
    Choice tree{0.0, logp, tally.first_energy}, subtree{};
    while (tally.depth < max_depth) {
        const int side = goes_forwards(place, std::uint64_t(tally.depth)) ? 1 : 0;
        const End<T>&end = v.end[side], &far = v.end[1 - side];
        if (!grow_subtree(s, target, mass, memory, v, end, side == 1 ? step_size : -step_size, max_energy_error, place,
                          keep_start, subtree, tally, code)) {
            if (code != 0) copy_vector(s, end.q, v.q);
            break;
        }
        const double u = draw_uniform(s, place, std::uint64_t(tally.depth), Purpose::top);
        ++tally.depth;
        if (u < gibbsite::exp(subtree.log_weight - tree.log_weight)) {
            copy_vector(s, v.subtree_q, v.q);
            copy_vector(s, v.subtree_grad, v.grad);
            tree.logp = subtree.logp;
            tree.energy = subtree.energy;
            moved = true;
        }
        tree.log_weight = log_sum(tree.log_weight, subtree.log_weight);
        if (tree_turns(s, mass, far, checkpoint_of(memory, 0), end, v.rho, v.subtree_rho)) break;
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(v.rho, i, s.get(v.rho, i) + s.get(v.subtree_rho, i));
    }
    logp = tree.logp;
    return tree.energy;
}

// Draws [begin, end) of one chain, or fewer; as metropolis_steps.
template <class S, class T, class Clock>
GIBBSITE_HD std::int64_t nuts_draws(const S& s, const States<T>& states, const Target<T>& target,
                                    const Hamiltonian<T>& sampler, std::int64_t max_depth, const ChainPlace& start,
                                    const Record<T>& record, T* divergence, const NutsMemory<T>& memory,
                                    std::int64_t begin, std::int64_t end, int& code, Clock& clock) {
    const NutsVectors<T> v = nuts_vectors_of(memory, max_depth);
    load_rows(s, states.q, v.q);
    load_rows(s, states.grad, v.grad);
    const Mass<T> mass = load_mass(s, sampler.metric, v.inverse_mass, v.deviation);
    double logp = states.logp[s.first], step_size = sampler.step_size[s.first];
    std::int64_t draw = begin;
    while (draw < end && (draw == begin || !clock.over())) {
        const ChainPlace place = place_of(s, start, draw);
        NutsTally tally;
        bool moved = false;
        const double energy = nuts_draw(s, target, mass, memory, v, step_size, max_depth, sampler.max_energy_error,
                                        place, divergence != nullptr, logp, moved, tally, code);
        if (code != 0) break;
        const double acceptance = tally.n_steps > 0 ? tally.acceptance / double(tally.n_steps) : 1.0;
        if (tally.diverging && divergence != nullptr) {
            const End<T>& at = v.end[goes_forwards(place, std::uint64_t(tally.depth)) ? 1 : 0];
            T* to = divergence + 3 * s.first * s.dim;
            for (std::int64_t i = 0; i < s.dim; ++i) {
                to[i] = v.start_q[i * s.stride];
                to[s.dim + i] = at.q[i * s.stride];
                to[2 * s.dim + i] = v.start_p[i * s.stride];
            }
        }
        keep_draw(s, record, draw, v.q, logp, nuts_info_size, [&](std::int64_t, double* info) {
            info[0] = acceptance;
            info[1] = energy;
            info[2] = tally.diverging ? 1.0 : 0.0;
            info[3] = double(tally.depth);
            info[4] = double(tally.n_steps);
        });
        step_size = adapt_lanes(s, sampler.adaptation, std::int64_t(place.draw), v.q, v.grad, mass, acceptance,
                                moved ? 1.0 : 0.0, step_size);
        ++draw;
    }
    store_rows(s, v.q, states.q);
    store_rows(s, v.grad, states.grad);
    states.logp[s.first] = logp;
    sampler.step_size[s.first] = step_size;
    if (sampler.adaptation.state != nullptr) store_rows(s, v.inverse_mass, sampler.metric.inverse_mass);
    return draw;
}

}  // namespace
}  // namespace gibbsite
