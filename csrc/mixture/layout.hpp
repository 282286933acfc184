// The flat statistics of a mixture, float64:
//   [ log likelihood, total weight, weight (K), mean (K, D), scatter ]
// scatter is central, about each component's mean: full (K, D, D), tied (D, D) summed over components, diag (K, D),
// spherical (K) summed over features.
#pragma once

#include "mixture/api.hpp"

namespace gibbsite {

// Entries of a covariance, of its Cholesky factors, and of the scatter.
inline std::int64_t covariance_size(const Shape& shape) {
    const std::int64_t k = shape.n_components, d = shape.n_features;
    switch (shape.covariance_type) {
        case CovarianceType::full:
            return k * d * d;
        case CovarianceType::tied:
            return d * d;
        case CovarianceType::diag:
            return k * d;
        default:
            return k;
    }
}

inline std::int64_t statistics_size(const Shape& shape) {
    return 2 + shape.n_components * (1 + shape.n_features) + covariance_size(shape);
}

struct StatisticsView {
    double* log_likelihood;
    double* total_weight;
    double* weight;   // (K)
    double* mean;     // (K, D)
    double* scatter;  // see above

    StatisticsView(double* data, const Shape& shape)
        : log_likelihood(data),
          total_weight(data + 1),
          weight(data + 2),
          mean(weight + shape.n_components),
          scatter(mean + shape.n_components * shape.n_features) {}
};

}  // namespace gibbsite
