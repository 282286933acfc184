// Log densities and gradients of the native targets, at the point of one chain (or of one chain a lane).
//
// `with_gradient` decides whether grad is written. `work` has room for two vectors. Where the lanes are dimensions, the
// target's vectors and matrices have been filled up with zeros (prepared.hpp), and so have q and grad.
#pragma once

#include "core/vecmath.hpp"
#include "mcmc/api.hpp"
#include "mcmc/linear.hpp"

namespace gibbsite {
namespace {

constexpr double log_two_pi = 1.8378770664093454836;

template <class S>
GIBBSITE_HD void scale_vector(const S& s, typename S::Number factor, typename S::Element* x) {
    const auto by = s.spread(factor);
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) s.put(x, i, s.get(x, i) * by);
}

// sizes: is_diagonal; data: constant, mean (D), 1 / deviation (D) or P (D, D) with Sigma^-1 = P P^T
template <bool with_gradient, class S, class T>
GIBBSITE_HD typename S::Number multivariate_normal(const S& s, const Target<T>& target, const T* q, T* grad, T* work) {
    const T *mean = target.data + 1, *factor = mean + s.leading(s.dim);
    const double constant = double(target.data[0]);
    if (target.sizes[0] == 0) {
        row_times_upper(s, s.dim, Centred<S>{s, q, mean}, factor, work);
        if (with_gradient) {
            matrix_times<Part::upper>(s, s.dim, factor, Plain<S>{s, work}, grad);
            scale_vector(s, s.number(-1.0), grad);
        }
        return squared_norm(s, s.dim, work) * -0.5 + constant;
    }
    auto sum = s.no_sum();
    for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) {
        const auto scale = s.datum(factor, i);
        const auto y = (s.get(q, i) - s.datum(mean, i)) * scale;
        if (with_gradient) s.put(grad, i, y * -scale);
        const auto wide = s.widen(y);
        sum += wide * wide;
    }
    return s.total(sum) * -0.5 + constant;
}

// data: constant, degrees of freedom, mean (D), P (D, D)
template <bool with_gradient, class S, class T>
GIBBSITE_HD typename S::Number student_t(const S& s, const Target<T>& target, const T* q, T* grad, T* work) {
    const T *mean = target.data + 2, *factor = mean + s.leading(s.dim);
    const double constant = double(target.data[0]), df = double(target.data[1]);
    const double power = df + double(s.dim);
    row_times_upper(s, s.dim, Centred<S>{s, q, mean}, factor, work);
    const typename S::Number distance = squared_norm(s, s.dim, work);
    if (with_gradient) {
        matrix_times<Part::upper>(s, s.dim, factor, Plain<S>{s, work}, grad);
        scale_vector(s, -power / (distance + df), grad);
    }
    return gibbsite::log1p(typename S::Number(distance / df)) * (-0.5 * power) + constant;
}

// sizes: K; data: constant (K), means (K, D), P (K, D, D). One pass: the sum so far is kept relative to its largest
// term, and the gradient with it.
template <bool with_gradient, class S, class T>
GIBBSITE_HD typename S::Number gaussian_mixture(const S& s, const Target<T>& target, const T* q, T* grad, T* work) {
    using Number = typename S::Number;
    const std::int64_t K = target.sizes[0], ld = s.leading(s.dim);
    const T *means = target.data + K, *factors = means + K * ld;
    T* pull = work + s.vector_size();
    Number highest = s.number(0.0), sum = s.number(0.0);
    for (std::int64_t k = 0; k < K; ++k) {
        const T* factor = factors + k * s.dim * ld;
        row_times_upper(s, s.dim, Centred<S>{s, q, means + k * ld}, factor, work);
        const Number term = squared_norm(s, s.dim, work) * -0.5 + double(target.data[k]);
        const Number top = k == 0 ? term : s.choose(term > highest, term, highest);
        const Number shrink = k == 0 ? s.number(0.0) : Number(exp_nonpositive(Number(highest - top)));
        const Number weight = exp_nonpositive(Number(term - top));
        sum = sum * shrink + weight;
        highest = top;
        if (!with_gradient) continue;
        matrix_times<Part::upper>(s, s.dim, factor, Plain<S>{s, work}, pull);
        const auto old_factor = s.spread(shrink), new_factor = s.spread(weight);
        for (std::int64_t i = 0; i < s.accesses(s.dim); ++i) {
            const auto add = s.get(pull, i) * new_factor;
            s.put(grad, i, k == 0 ? add : s.get(grad, i) * old_factor + add);
        }
    }
    if (with_gradient) scale_vector(s, -1.0 / sum, grad);
    return highest + gibbsite::log(sum);
}

// sizes: d = D - 1; data: constant, n, least sum of squares, 1 / prior_scale^2, 1 / noise_scale^2, b_hat (d), R (d, d).
// q = (b, log sigma).
template <bool with_gradient, class S, class T>
GIBBSITE_HD typename S::Number linear_regression(const S& s, const Target<T>& target, const T* q, T* grad, T* work) {
    using Number = typename S::Number;
    const std::int64_t d = s.dim - 1, ld = s.leading(d);
    const double constant = double(target.data[0]), n = double(target.data[1]), least = double(target.data[2]);
    const double prior = double(target.data[3]), noise = double(target.data[4]);
    const T *b_hat = target.data + 5, *R = b_hat + ld;
    matrix_times<Part::upper>(s, d, R, Centred<S>{s, q, b_hat}, work);
    if constexpr (S::dimension_lanes)
        for (std::int64_t i = d; i < ld; ++i) work[i] = 0;
    const Number log_sigma = s.number_at(q, d);
    const Number precision = gibbsite::exp(Number(log_sigma * -2.0));
    const Number variance = gibbsite::exp(Number(log_sigma * 2.0));
    const Number residual = squared_norm(s, d, work) + least;
    Number square = s.number(0.0);
    for (std::int64_t i = 0; i < d; ++i) square += s.number_at(q, i) * s.number_at(q, i);
    if (with_gradient) {
        row_times_upper(s, d, Plain<S>{s, work}, R, grad);
        const auto pull = s.spread(-precision), shrink = s.spread(s.number(-prior));
        for (std::int64_t i = 0; i < s.accesses(d); ++i) s.put(grad, i, s.get(grad, i) * pull + s.get(q, i) * shrink);
        s.put_number(grad, d, residual * precision - variance * noise + (1.0 - n));
    }
    return constant - residual * precision * 0.5 - square * (0.5 * prior) - variance * (0.5 * noise) +
           log_sigma * (1.0 - n);
}

// data: scale. v = q[0] ~ N(0, scale), q[i] ~ N(0, e^(v / 2)) (Neal 2003).
template <bool with_gradient, class S, class T>
GIBBSITE_HD typename S::Number funnel(const S& s, const Target<T>& target, const T* q, T* grad, T*) {
    using Number = typename S::Number;
    const double scale = double(target.data[0]), others = double(s.dim - 1);
    const Number v = s.number_at(q, 0), precision = gibbsite::exp(Number(-v));
    Number sum = s.number(0.0);
    for (std::int64_t i = 1; i < s.dim; ++i) {
        const Number x = s.number_at(q, i);
        sum += x * x;
        if (with_gradient) s.put_number(grad, i, -x * precision);
    }
    const Number pull = v / (scale * scale);
    if (with_gradient) s.put_number(grad, 0, sum * precision * 0.5 - pull - 0.5 * others);
    const double constant = -gibbsite::log(scale) - 0.5 * log_two_pi * double(s.dim);
    return constant - (pull * v + sum * precision + v * others) * 0.5;
}

// data: a, b, temperature. -(sum_i b (q[i + 1] - q[i]^2)^2 + (a - q[i])^2) / temperature
template <bool with_gradient, class S, class T>
GIBBSITE_HD typename S::Number rosenbrock(const S& s, const Target<T>& target, const T* q, T* grad, T*) {
    using Number = typename S::Number;
    const double a = double(target.data[0]), b = double(target.data[1]), cold = 1.0 / double(target.data[2]);
    Number sum = s.number(0.0), from_below = s.number(0.0), x = s.number_at(q, 0);
    for (std::int64_t i = 0; i + 1 < s.dim; ++i) {
        const Number next = s.number_at(q, i + 1), bend = next - x * x, left = a - x;
        sum += bend * bend * b + left * left;
        if (with_gradient) s.put_number(grad, i, (bend * x * (4.0 * b) + left * 2.0 - from_below) * cold);
        from_below = bend * (2.0 * b);
        x = next;
    }
    if (with_gradient) s.put_number(grad, s.dim - 1, from_below * -cold);
    return sum * -cold;
}

// sizes: n_padded; data: constant, 1 / prior_scale^2, sign (n_padded), X (D, n_padded). Rows in tiles, whose linear
// predictors stay in registers.
template <bool with_gradient, class S, class T>
GIBBSITE_HD typename S::Number logistic_regression(const S& s, const Target<T>& target, const T* q, T* grad, T*) {
    using Number = typename S::Number;
    using V = typename S::V;
    constexpr int tile = 8;
    const std::int64_t n = target.sizes[0];
    const double constant = double(target.data[0]), prior = double(target.data[1]);
    const T *sign = target.data + 2, *X = sign + n;
    Number square = s.number(0.0), loss = s.number(0.0);
    for (std::int64_t j = 0; j < s.dim; ++j) {
        const Number b = s.number_at(q, j);
        square += b * b;
        if (with_gradient) s.put_number(grad, j, b * -prior);
    }
    for (std::int64_t row = 0; row < n; row += tile) {
        V predictor[tile] = {};
        for (std::int64_t j = 0; j < s.dim; ++j) {
            const V b = s.get(q, j);
#pragma GCC unroll 8
            for (int i = 0; i < tile; ++i) predictor[i] += b * X[j * n + row + i];
        }
#pragma GCC unroll 8
        for (int i = 0; i < tile; ++i) {
            const V against = predictor[i] * -sign[row + i];
            const V tail = exp_nonpositive(V(against < T(0) ? against : -against));
            loss += s.widen(V((against > T(0) ? against : V{}) + gibbsite::log1p(tail)));
            const V probability = (against > T(0) ? V{} + T(1) : tail) / (tail + T(1));
            predictor[i] = probability * sign[row + i];
        }
        for (std::int64_t j = 0; with_gradient && j < s.dim; ++j) {
            V sum = s.get(grad, j);
#pragma GCC unroll 8
            for (int i = 0; i < tile; ++i) sum += predictor[i] * X[j * n + row + i];
            s.put(grad, j, sum);
        }
    }
    return constant - square * (0.5 * prior) - loss;
}

// A user's density needs a host: functions.hpp has it for a chain in float64.
template <class S, class T>
GIBBSITE_HD typename S::Number user_density(const S& s, const Target<T>&, const T*, T*, int&) {
    return s.number(-std::numeric_limits<double>::infinity());
}

// Minus infinity where the density is not a finite number. `code` becomes a user's density's negative code.
template <bool with_gradient, class S, class T>
GIBBSITE_HD typename S::Number log_density_at(const S& s, const Target<T>& target, const T* q, T* grad, T* work,
                                              int& code) {
    using Number = typename S::Number;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    Number logp = s.number(0.0);
    switch (target.kind) {
        case TargetKind::function:
            logp = user_density(s, target, q, with_gradient ? grad : work, code);
            break;
        case TargetKind::multivariate_normal:
            logp = multivariate_normal<with_gradient>(s, target, q, grad, work);
            break;
        case TargetKind::logistic_regression:
            logp = logistic_regression<with_gradient>(s, target, q, grad, work);
            break;
        case TargetKind::linear_regression:
            logp = linear_regression<with_gradient>(s, target, q, grad, work);
            break;
        case TargetKind::gaussian_mixture:
            logp = gaussian_mixture<with_gradient>(s, target, q, grad, work);
            break;
        case TargetKind::student_t:
            logp = student_t<with_gradient>(s, target, q, grad, work);
            break;
        case TargetKind::funnel:
            logp = funnel<with_gradient>(s, target, q, grad, work);
            break;
        case TargetKind::rosenbrock:
            logp = rosenbrock<with_gradient>(s, target, q, grad, work);
            break;
    }
    return s.choose(logp < infinity, logp, s.number(-infinity));
}

}  // namespace
}  // namespace gibbsite
