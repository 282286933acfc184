// Free energies, and annealed importance sampling: moves of the chains at growing (or falling) inverse temperatures,
// and the weights between them (Neal 2001; Salakhutdinov & Murray 2008; reversed: Burda, Grosse & Salakhutdinov 2015).
// Host only.
#pragma once

#include "rbm/batch.hpp"

namespace gibbsite {
namespace {

// The sum over 64 units of softplus(high a) - softplus(low a), with float64 for what does not stay near 0:
// softplus(x) = max(x, 0) + log(1 + e^-|x|), and one logarithm is taken of the product of all factors of a lane, which
// lie in (1, 2].
template <class T>
double softplus_difference(const T* a, T low, T high) {
    constexpr int lanes = lane_count<T>;
    Simd<T> linear{}, ratio = broadcast<Simd<T>>(T(1));
    for (std::int64_t unit = 0; unit < units_per_group; unit += lanes) {
        const Simd<T> x = load(a + unit);
        const Simd<T> magnitude = x < T(0) ? -x : x;
        linear += x > T(0) ? x : (x == x ? Simd<T>{} : x);
        const Simd<T> top = gibbsite::exp(Simd<T>(magnitude * -high)) + T(1);
        ratio *= top / (gibbsite::exp(Simd<T>(magnitude * -low)) + T(1));
    }
    return (double(high) - double(low)) * double(sum_of_lanes<T>(linear)) +
           double(sum_of_lanes<T>(gibbsite::log(ratio)));
}

// The sum over 64 units of softplus(a), right to rounding even where all terms are tiny.
template <class T>
double softplus_sum(const T* a) {
    Simd<T> total{};
    for (std::int64_t unit = 0; unit < units_per_group; unit += lane_count<T>) total += softplus(load(a + unit));
    double sum = 0;
    for (int lane = 0; lane < lane_count<T>; ++lane) sum += double(total[lane]);
    return sum;
}

// Activations of 64 hidden units of a row; `beyond` stands where there are no more units.
template <class T>
void hidden_activations(const GroupSums<T>& group, std::int64_t row, const T* bias, T beyond, T* x) {
    Activation<T>{bias, {nullptr, true}, false}.write(group, row, x);
    for (std::int64_t unit = group.n_units; unit < units_per_group; ++unit) x[unit] = beyond;
}

// Sums over groups of hidden units, one a row: each group's share first, so that the order never changes.
struct RowSums {
    double* part;  // (groups, rows)
    std::int64_t n_groups, n_rows;

    double of(std::int64_t row) const {
        double sum = 0;
        for (std::int64_t group = 0; group < n_groups; ++group) sum += part[group * n_rows + row];
        return sum;
    }
};

inline std::int64_t group_count(std::int64_t n_units) { return whole_groups(n_units) / units_per_group; }

// The part of a free energy that the visible units make alone: -b v, or sum (v - b)^2 / (2 s).
template <class T>
double visible_energy(const States<T>& states, std::int64_t row, const Machine<T>& machine) {
    const std::int64_t D = machine.n_visible;
    double sum = 0;
    if (states.bytes && !machine.variance) {
        for_each_active(states.bytes + row * D, 0, D, [&](std::int64_t j) { sum -= double(machine.visible[j]); });
        return sum;
    }
    for (std::int64_t j = 0; j < D; ++j) {
        const double v = states.bytes ? double(states.bytes[row * D + j]) : double(states.numbers[row * D + j]);
        const double b = double(machine.visible[j]);
        sum += machine.variance ? (v - b) * (v - b) / (2 * double(machine.variance[j])) : -b * v;
    }
    return sum;
}

template <class T>
void free_energy(const States<T>& visible, const Machine<T>& machine, T* out, Context context) {
    RowSums sums{nullptr, group_count(machine.n_hidden), 0};
    Batch<T> batch(machine, visible.n_rows, visible_inputs(visible, machine), Inputs::none, context,
                   [&](Pieces& pieces, std::int64_t rows) { sums.part = pieces.take<double>(sums.n_groups * rows); });
    for_batches(visible.n_rows, [&](std::int64_t first, std::int64_t n) {
        sums.n_rows = n;
        batch.for_hidden(visible, first, n, [&](const GroupSums<T>& group) {
            for (std::int64_t row = 0; row < group.n_rows; ++row) {
                alignas(64) T a[units_per_group];
                hidden_activations(group, row, batch.hidden_bias(), -std::numeric_limits<T>::infinity(), a);
                sums.part[group.group * n + group.first_row + row] = softplus_sum(a);
            }
        });
        parallel_for(n, batch.threads(), [&](std::int64_t row, int) {
            out[first + row] = T(visible_energy(visible, first + row, machine) - sums.of(row));
        });
    });
}

// log f_beta(v) = beta (delta v + constant) + sum of softplus(beta a) + what does not depend on beta, with
// delta = b - base; gaussian: (b - base) / s, constant = sum (base^2 - b^2) / (2 s).
template <class T>
struct VisibleWeight {
    T* delta;
    double constant = 0;

    void set(const Machine<T>& machine, const T* base) {
        for (std::int64_t j = 0; j < machine.n_visible; ++j) {
            const T s = machine.variance ? machine.variance[j] : T(1), b = machine.visible[j];
            delta[j] = (b - base[j]) / s;
            if (machine.variance)
                constant += (double(base[j]) * double(base[j]) - double(b) * double(b)) / (2 * double(s));
        }
    }

    double of(const States<T>& states, std::int64_t row, std::int64_t D) const {
        double sum = constant;
        if (states.bytes)
            for_each_active(states.bytes + row * D, 0, D, [&](std::int64_t j) { sum += double(delta[j]); });
        else
            for (std::int64_t j = 0; j < D; ++j) sum += double(delta[j]) * double(states.numbers[row * D + j]);
        return sum;
    }
};

// One half sweep of annealed chains: the weight from inverse temperature `from` to `to`, and hidden states at `move`.
template <class T>
struct AnnealedHidden {
    const T* bias;
    bool weighs, moves;
    double from, to, move;
    std::uint8_t* states;  // of the batch's first row
    std::int64_t stride;
    SweepPlace place;
    RowSums sums;

    void operator()(const GroupSums<T>& group) const {
        for (std::int64_t row = 0; row < group.n_rows; ++row) {
            alignas(64) T a[units_per_group];
            hidden_activations(group, row, bias, T(0), a);
            const std::int64_t batch_row = group.first_row + row;
            if (weighs) sums.part[group.group * sums.n_rows + batch_row] = softplus_difference(a, T(from), T(to));
            if (moves) draw(group, batch_row, a);
        }
    }

private:
    void draw(const GroupSums<T>& group, std::int64_t batch_row, const T* a) const {
        alignas(64) T uniform[units_per_group];
        alignas(64) std::uint8_t drawn[units_per_group];
        group_uniforms(group.group, place, place.chain + std::uint32_t(batch_row), Side::hidden, uniform);
        for (std::int64_t unit = 0; unit < group.n_units; unit += lane_count<T>)
            store_bytes(drawn + unit, unit_is_on(load(uniform + unit), Simd<T>(load(a + unit) * T(move))));
        copy_units(states + batch_row * stride + group.first_unit(), drawn, group.n_units);
    }
};

// The chains of one call.
template <class T>
class AnnealedChains {
public:
    AnnealedChains(const Annealing<T>& annealing, const Machine<T>& machine, Context context)
        : annealing_(annealing),
          machine_(machine),
          visible_{annealing.visible_bytes, annealing.visible_numbers, annealing.n_chains},
          sums_{nullptr, group_count(machine.n_hidden), 0},
          batch_(machine, annealing.n_chains, visible_inputs(visible_, machine), Inputs::ones, context,
                 [this](Pieces& pieces, std::int64_t rows) {
                     const std::int64_t D = whole_groups(machine_.n_visible);
                     sums_.part = pieces.take<double>(sums_.n_groups * rows);
                     hidden_ = pieces.take<std::uint8_t>(rows * machine_.n_hidden);
                     weight_.delta = pieces.take<T>(D);
                     bias_ = pieces.take<T>(D);
                 }) {
        weight_.set(machine, annealing.base);
        memset(bias_, 0, std::size_t(whole_groups(machine.n_visible)) * sizeof(T));
    }

    // Forward, step k weighs k -> k + 1 and moves at k + 1; reversed, it weighs k - 1 -> k and moves at k, up to the
    // last.
    void run(std::int64_t first, std::int64_t n, SweepPlace place) {
        const double* betas = annealing_.betas;
        const std::int64_t n_steps = annealing_.n_steps;
        place.chain += std::uint32_t(first);
        sums_.n_rows = n;
        for (std::int64_t k = 0; k < n_steps + (annealing_.reverse ? 1 : 0); ++k, ++place.sweep) {
            const bool weighs = !annealing_.reverse || k > 0, moves = !annealing_.reverse || k < n_steps;
            const std::int64_t from = annealing_.reverse ? k - 1 : k;
            AnnealedHidden<T> half{batch_.hidden_bias(), weighs, moves, 0, 0, 0, hidden_,
                                   machine_.n_hidden,    place,  sums_};
            if (weighs) half.from = betas[from], half.to = betas[from + 1];
            if (moves) half.move = betas[annealing_.reverse ? k : k + 1];
            batch_.for_hidden(visible_, first, n, half);
            if (weighs) add_weights(first, n, half.to - half.from);
            if (moves) move_visible(first, n, half.move, place);
        }
    }

private:
    void add_weights(std::int64_t first, std::int64_t n, double difference) {
        parallel_for((n + 15) / 16, batch_.threads(), [&](std::int64_t task, int) {
            for (std::int64_t row = task * 16; row < n && row < (task + 1) * 16; ++row)
                annealing_.log_weight[first + row] +=
                    difference * weight_.of(visible_, first + row, machine_.n_visible) + sums_.of(row);
        });
    }

    // x = (1 - beta) base + beta (b + h W)
    void move_visible(std::int64_t first, std::int64_t n, double beta, const SweepPlace& place) {
        const std::int64_t D = machine_.n_visible;
        for (std::int64_t j = 0; j < D; ++j)
            bias_[j] = T((1 - beta) * double(annealing_.base[j]) + beta * double(machine_.visible[j]));
        const T scale = T(beta);
        const VisibleOut<T> out{nullptr, row_of(annealing_.visible_bytes, first, D),
                                row_of(annealing_.visible_numbers, first, D), nullptr};
        const States<T> hidden{hidden_, nullptr, n};
        batch_.to_visible(hidden, 0, n, {bias_, {&scale, true}, true}, {nullptr, true}, out, place);
    }

    const Annealing<T>& annealing_;
    const Machine<T>& machine_;
    States<T> visible_;
    RowSums sums_;
    VisibleWeight<T> weight_{nullptr};
    std::uint8_t* hidden_ = nullptr;
    T* bias_ = nullptr;
    Batch<T> batch_;
};

template <class T>
void ais_step(const Annealing<T>& annealing, const Machine<T>& machine, const SweepPlace& place, Context context) {
    AnnealedChains<T> chains(annealing, machine, context);
    for_batches(annealing.n_chains, [&](std::int64_t first, std::int64_t n) { chains.run(first, n, place); });
}

}  // namespace
}  // namespace gibbsite
