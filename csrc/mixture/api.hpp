// The kernels of the noun `mixture`, as each back end implements them. Every array is row-major and contiguous.
#pragma once

#include "core/context.hpp"
#include "random/api.hpp"

namespace gibbsite {

enum class CovarianceType { full, tied, diag, spherical };

// N rows of D features, and a weight for each row (null: all one).
template <class T>
struct Rows {
    const T* x;
    const T* weight;
    std::int64_t n_rows;
    std::int64_t n_features;
};

// K Gaussians: means (K, D) and precision Cholesky factors in scikit-learn's form, y = (x - mean) P with P upper
// triangular: full (K, D, D), tied (D, D), diag (K, D), spherical (K). `offsets` (K, or null) is added to the log
// densities: log weights, and the variational terms of a Bayesian mixture.
template <class T>
struct Gaussians {
    const T* offsets;
    const T* means;
    const T* precisions_cholesky;
    std::int64_t n_components;
    CovarianceType covariance_type;
};

// What an M step writes. status: 0 well defined, 1 starved, 2 covariance not positive definite.
template <class T>
struct Parameters {
    T* weights;
    T* means;
    T* covariances;
    T* precisions_cholesky;
    std::int32_t* status;
};

struct Shape {
    std::int64_t n_components;
    std::int64_t n_features;
    CovarianceType covariance_type;
};

namespace GIBBSITE_BACKEND {

template <class T>
void log_prob(const Rows<T>& rows, const Gaussians<T>& model, T* out, Context context);

// log_density may be null
template <class T>
void responsibilities(const Rows<T>& rows, const Gaussians<T>& model, bool logarithm, T* out, T* log_density,
                      Context context);

template <class T>
void log_density(const Rows<T>& rows, const Gaussians<T>& model, T* out, Context context);

template <class T>
void predict(const Rows<T>& rows, const Gaussians<T>& model, std::int64_t* out, Context context);

template <class T>
void em_step(const Rows<T>& rows, const Gaussians<T>& model, double* stats, Context context);

// exactly one of responsibilities (N, K) and labels (N) is given; moments are taken about center (K, D)
template <class T>
void statistics(const Rows<T>& rows, const T* responsibilities, const std::int64_t* labels, const T* center,
                const Shape& shape, double* stats, Context context);

void merge(double* into, const double* other, const Shape& shape, Context context);

template <class T>
void m_step(const double* stats, const Shape& shape, double reg_covar, const Parameters<T>& parameters,
            Context context);

template <class T>
void sample(const T* means, const T* covariance_cholesky, const Shape& shape, const std::int64_t* labels, T* out,
            std::int64_t n, const Place& place, Context context);

// sums: inertia, weight (K), new mean (K, D)
template <class T>
void kmeans_step(const Rows<T>& rows, const T* centers, std::int64_t n_components, std::int64_t* labels, double* sums,
                 Context context);

// out[c, n] = min(closest[n], |x_n - candidate_c|^2), potentials[c] = sum_n w_n out[c, n]; closest may be
// null
template <class T>
void candidate_distances(const Rows<T>& rows, const T* candidates, std::int64_t n_candidates, const T* closest, T* out,
                         double* potentials, Context context);

}  // namespace GIBBSITE_BACKEND

}  // namespace gibbsite
