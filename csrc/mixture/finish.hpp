// From raw sums about the given means to central statistics: mean = given + first / weight, and the scatter is
// corrected by the mean's move. float64, K and D only. Host only.
#pragma once

#include "mixture/layout.hpp"

namespace gibbsite {
namespace {

// data holds raw sums in the layout of the statistics; `moved` (K, D) is scratch.
template <class T>
void finish_statistics(double* data, const Shape& shape, const T* means, const T* centre, double total_weight) {
    const StatisticsView stats(data, shape);
    const std::int64_t k = shape.n_components, d = shape.n_features;
    *stats.total_weight = total_weight;
    for (std::int64_t c = 0; c < k; ++c) {
        const double weight = stats.weight[c];
        double* move = stats.mean + c * d;
        if (weight > 0)
            for (std::int64_t j = 0; j < d; ++j) move[j] /= weight;
        switch (shape.covariance_type) {
            case CovarianceType::full: {
                double* scatter = stats.scatter + c * d * d;
                for (std::int64_t a = 0; a < d; ++a) {
                    for (std::int64_t b = a; b < d; ++b) scatter[a * d + b] -= weight * move[a] * move[b];
                    for (std::int64_t b = a; b < d; ++b) scatter[b * d + a] = scatter[a * d + b];
                }
                break;
            }
            case CovarianceType::tied: {
                // The total scatter about the centre, less what lies between the components.
                for (std::int64_t a = 0; a < d; ++a) {
                    const double from_centre = double(means[c * d + a]) - double(centre[a]) + move[a];
                    for (std::int64_t b = a; b < d; ++b)
                        stats.scatter[a * d + b] -=
                            weight * from_centre * (double(means[c * d + b]) - double(centre[b]) + move[b]);
                }
                break;
            }
            case CovarianceType::diag:
                for (std::int64_t j = 0; j < d; ++j) stats.scatter[c * d + j] -= weight * move[j] * move[j];
                break;
            case CovarianceType::spherical:
                for (std::int64_t j = 0; j < d; ++j) stats.scatter[c] -= weight * move[j] * move[j];
                break;
        }
        for (std::int64_t j = 0; j < d; ++j) move[j] += double(means[c * d + j]);
    }
    if (shape.covariance_type == CovarianceType::tied)
        for (std::int64_t a = 0; a < d; ++a)
            for (std::int64_t b = a + 1; b < d; ++b) stats.scatter[b * d + a] = stats.scatter[a * d + b];
    // What rounding leaves below zero is zero.
    if (shape.covariance_type == CovarianceType::diag || shape.covariance_type == CovarianceType::spherical) {
        const std::int64_t n = covariance_size(shape);
        for (std::int64_t i = 0; i < n; ++i)
            if (stats.scatter[i] < 0) stats.scatter[i] = 0;
    }
}

}  // namespace
}  // namespace gibbsite
