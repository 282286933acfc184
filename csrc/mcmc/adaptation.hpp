// Warm-up of one chain: the step size by dual averaging (Nesterov 2009; Hoffman & Gelman 2014), the diagonal metric
// from draws and gradients as nutpie does (Seyboldt, Carlson & Carpenter 2024): the inverse mass of an element is
// sqrt(var(draws) / var(gradients)).
//
// A foreground pair of running variances gives the metric; a background pair, begun at every window, takes its place
// when it has seen a window of draws. All is float64. Zeros are the state of a chain that has not begun.
#pragma once

#include "core/vecmath.hpp"
#include "mcmc/api.hpp"

namespace gibbsite {
namespace {

constexpr double averaging_gamma = 0.05, averaging_t0 = 10.0, averaging_kappa = 0.75;
constexpr std::int64_t early_window = 10, late_window = 80;
constexpr double fewest_draws = 3, least_inverse_mass = 1e-20, largest_inverse_mass = 1e20;

// The state of a chain: this head, then means and sums of squares of draws and of gradients, foreground and background.
struct AdaptationHead {
    double log_step, log_averaged, error, count, target_log_step, foreground_count, background_count, unused;
};
constexpr std::int64_t adaptation_head_size = sizeof(AdaptationHead) / sizeof(double);

GIBBSITE_HD std::int64_t adaptation_values(std::int64_t dim) { return adaptation_head_size + 8 * dim; }

GIBBSITE_HD void average_step_size(AdaptationHead& head, double acceptance, double target, double step_size) {
    if (head.count == 0) head.target_log_step = gibbsite::log(10.0 * step_size);
    head.count += 1;
    const double weight = 1.0 / (head.count + averaging_t0);
    head.error += weight * (target - acceptance - head.error);
    head.log_step = head.target_log_step - __builtin_sqrt(head.count) / averaging_gamma * head.error;
    const double share = gibbsite::exp(-averaging_kappa * gibbsite::log(head.count));
    head.log_averaged += share * (head.log_step - head.log_averaged);
}

// Welford's update of mean and sum of squares; `weight` is one over the count.
GIBBSITE_HD void add_value(double value, double weight, double& mean, double& squares) {
    const double difference = value - mean;
    mean += weight * difference;
    squares += difference * (value - mean);
}

// One more draw for the metric. `stride` lies between the elements of q, grad and inverse_mass.
template <class T, class Stride>
GIBBSITE_HD void adapt_metric(double* state, std::int64_t dim, const T* q, const T* grad, T* inverse_mass,
                              Stride stride, std::int64_t draw, const Adaptation& adaptation) {
    auto& head = *reinterpret_cast<AdaptationHead*>(state);
    double* const foreground = state + adaptation_head_size;
    double* const background = foreground + 4 * dim;
    head.foreground_count += 1;
    head.background_count += 1;
    const double forwards = 1.0 / head.foreground_count, backwards = 1.0 / head.background_count;
    for (std::int64_t i = 0; i < dim; ++i) {
        const double x = double(q[i * stride]), g = double(grad[i * stride]);
        add_value(x, forwards, foreground[i], foreground[dim + i]);
        add_value(g, forwards, foreground[2 * dim + i], foreground[3 * dim + i]);
        add_value(x, backwards, background[i], background[dim + i]);
        add_value(g, backwards, background[2 * dim + i], background[3 * dim + i]);
    }
    const std::int64_t window = draw < adaptation.early_end ? early_window : late_window;
    if (head.background_count >= double(window) && draw + window <= adaptation.late_begin) {
        for (std::int64_t i = 0; i < 4 * dim; ++i) {
            foreground[i] = background[i];
            background[i] = 0;
        }
        head.foreground_count = head.background_count;
        head.background_count = 0;
    }
    if (head.foreground_count < fewest_draws) return;
    for (std::int64_t i = 0; i < dim; ++i) {
        const double scale = __builtin_sqrt(foreground[dim + i] / foreground[3 * dim + i]);
        const double at_least = scale > least_inverse_mass ? scale : least_inverse_mass;
        const double clamped = at_least < largest_inverse_mass ? at_least : largest_inverse_mass;
        const bool usable = scale > 0 && scale <= std::numeric_limits<double>::max();
        inverse_mass[i * stride] = usable ? T(clamped) : inverse_mass[i * stride];
    }
}

// After draw number `draw` of the chain, which is below n_warmup; returns the step size of the next one. `moved` says
// that the draw is another point than the one before.
template <class T, class Stride>
GIBBSITE_HD double adapt(double* state, std::int64_t dim, const T* q, const T* grad, T* inverse_mass, Stride stride,
                         double acceptance, bool moved, std::int64_t draw, double step_size,
                         const Adaptation& adaptation) {
    auto& head = *reinterpret_cast<AdaptationHead*>(state);
    average_step_size(head, acceptance, adaptation.target_accept, step_size);
    if (moved && draw < adaptation.late_begin)
        adapt_metric(state, dim, q, grad, inverse_mass, stride, draw, adaptation);
    return gibbsite::exp(draw == adaptation.n_warmup - 1 ? head.log_averaged : head.log_step);
}

}  // namespace
}  // namespace gibbsite
