// One step of gradient ascent with momentum and weight decay, which keeps both copies of W current. Host only.
#pragma once

#include "rbm/workspace.hpp"

namespace gibbsite {
namespace {

struct StepNorms {
    double value = 0, step = 0;
};

// The rule of one step on any lane type; returns the step.
template <class T>
struct StepRule {
    T rate, momentum, l1, l2;

    StepRule(const Ascent<T>& by, bool decays)
        : rate(T(by.learning_rate)),
          momentum(T(by.momentum)),
          l1(decays ? T(by.l1) : T(0)),
          l2(decays ? T(by.l2) : T(0)) {}

    // velocity = momentum velocity + rate (gradient - l2 w - l1 sign w)
    template <class V>
    V step(V w, V velocity, V gradient) const {
        const V sign = (w > T(0) ? broadcast<V>(T(1)) : V{}) - (w < T(0) ? broadcast<V>(T(1)) : V{});
        return (gradient - w * l2 - sign * l1) * rate + velocity * momentum;
    }
};

// n neighbouring parameters. Squares are summed a lane at a time over short runs, then in float64.
template <class T>
StepNorms ascend(T* w, T* velocity, const T* gradient, std::int64_t n, const StepRule<T>& rule) {
    constexpr std::int64_t lanes = lane_count<T>, run = 16 * lanes;
    StepNorms norms;
    std::int64_t i = 0;
    while (i + lanes <= n) {
        Simd<T> value{}, step{};
        for (const std::int64_t end = i + run < n ? i + run : n; i + lanes <= end; i += lanes) {
            const auto v = velocity ? load(velocity + i) : Simd<T>{};
            const Simd<T> s = rule.step(load(w + i), v, load(gradient + i));
            const Simd<T> updated = load(w + i) + s;
            if (velocity) store(velocity + i, s);
            store(w + i, updated);
            value += updated * updated;
            step += s * s;
        }
        norms.value += double(sum_of_lanes<T>(value));
        norms.step += double(sum_of_lanes<T>(step));
    }
    for (; i < n; ++i) {
        const T s = rule.step(w[i], velocity ? velocity[i] : T(0), gradient[i]);
        if (velocity) velocity[i] = s;
        w[i] += s;
        norms.value += double(w[i]) * double(w[i]);
        norms.step += double(s) * double(s);
    }
    return norms;
}

// An updated weight counts as this many multiply-adds.
constexpr std::int64_t updates_for_one_product = 8;

// A task is 16 hidden units; the norms are added up in the order of the tasks.
template <class T>
void update(const Ascent<T>& ascent, const T* weights_gradient, const T* visible_gradient, const T* hidden_gradient,
            std::int64_t n_hidden, std::int64_t n_visible, double* norms, Context context) {
    const PanelLayout<T> layout(n_hidden, n_visible);
    const std::int64_t n_tasks = square_count(n_hidden);
    auto* parts = static_cast<StepNorms*>(thread_scratch(std::size_t(n_tasks) * sizeof(StepNorms) + 1));
    if (ascent.panels) clear_tile_ends(layout, ascent.panels);
    const int threads = threads_worth(context, updates_for_one_product, n_hidden, n_visible);
    parallel_for(n_tasks, threads, [&](std::int64_t task, int) {
        const std::int64_t first = task * square_width, at = first * n_visible;
        T* velocity = ascent.weights_velocity ? ascent.weights_velocity + at : nullptr;
        parts[task] = ascend(ascent.weights + at, velocity, weights_gradient + at,
                             units_left(first, n_hidden) * n_visible, StepRule<T>(ascent, true));
        if (ascent.panels) place_squares(ascent.weights, first, layout, ascent.panels);
    });
    StepNorms weights;
    for (std::int64_t task = 0; task < n_tasks; ++task) {
        weights.value += parts[task].value;
        weights.step += parts[task].step;
    }
    const StepRule<T> rule(ascent, false);
    const auto visible = ascend(ascent.visible, ascent.visible_velocity, visible_gradient, n_visible, rule);
    const auto hidden = ascend(ascent.hidden, ascent.hidden_velocity, hidden_gradient, n_hidden, rule);
    norms[0] = weights.value;
    norms[1] = weights.step;
    norms[2] = visible.value + hidden.value;
    norms[3] = visible.step + hidden.step;
}

}  // namespace
}  // namespace gibbsite
