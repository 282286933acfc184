// The M step. A component whose weight is at most 10 eps of the whole is starved: it keeps the mean it had and takes
// the pooled covariance. One whose covariance is not positive definite is reported by its status and gets a finite
// stand-in.
//
// Factors are float64. A block factorises one matrix, A = U^T U with U upper triangular, row by row: neighbouring
// threads hold neighbouring columns, so reads coalesce and a row costs two barriers. P = U^-1 needs none, since each
// thread solves for columns of its own. D^3 / 3 multiply-adds for both; the E step costs N times D^2 / 2.
#include "core/scratch.cuh"
#include "core/warp.cuh"
#include "mixture/api.hpp"
#include "mixture/layout.hpp"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;
constexpr std::int64_t most_blocks = 256;  // of factorisations at a time; each has scratch for two matrices
constexpr double epsilon = 2.220446049250313e-16, tiny = 2.2250738585072014e-308;
constexpr std::int32_t well_defined = 0, starved = 1, not_positive_definite = 2;

struct Totals {
    double effective, pooled;  // sum of (weight + 10 eps), sum of weights
};

template <class T>
struct MStepJob {
    const double *total_weight, *weight, *mean, *scatter;
    std::int64_t k, d;
    double reg_covar;
    Parameters<T> out;
    Totals* totals;
    double* scratch;  // (blocks, 2, D, D)
};

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) weights_kernel(MStepJob<T> job) {
    __shared__ double parts[2][threads_per_block / 32];
    double effective = 0, pooled = 0;
    for (std::int64_t k = threadIdx.x; k < job.k; k += threads_per_block) {
        effective += job.weight[k] + 10 * epsilon;
        pooled += job.weight[k];
    }
    effective = block_sum(effective, parts[0]);
    pooled = block_sum(pooled, parts[1]);
    if (threadIdx.x == 0) *job.totals = {effective, pooled};
    for (std::int64_t k = threadIdx.x; k < job.k; k += threads_per_block) {
        job.out.weights[k] = T((job.weight[k] + 10 * epsilon) / effective);
        job.out.status[k] = job.weight[k] > 10 * epsilon * *job.total_weight ? well_defined : starved;
    }
}

// Entry `at` of component k's scatter, as a covariance; the components' entries lie `stride` apart.
template <class T>
__device__ double covariance_entry(const MStepJob<T>& job, std::int64_t k, std::int64_t at, std::int64_t stride) {
    if (job.out.status[k] != starved) return job.scatter[k * stride + at] / (job.weight[k] + 10 * epsilon);
    double sum = 0;
    for (std::int64_t other = 0; other < job.k; ++other) sum += job.scatter[other * stride + at];
    return job.totals->pooled > 0 ? sum / job.totals->pooled : 0.0;
}

__device__ __forceinline__ double inverse_deviation(double variance) {
    return 1 / sqrt(variance > tiny ? variance : tiny);
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) means_kernel(const double* mean, std::int64_t n, T* out) {
    const std::int64_t stride = std::int64_t(gridDim.x) * threads_per_block;
    for (std::int64_t i = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x; i < n; i += stride)
        out[i] = T(mean[i]);
}

// Diagonal: `width` variances a component; spherical: one, a mean over `averaged` features. A block a component, so
// that the status is read by all before it is changed.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    variances_kernel(MStepJob<T> job, std::int64_t width, std::int64_t averaged) {
    const std::int64_t k = blockIdx.x;
    bool positive = true;
    for (std::int64_t i = threadIdx.x; i < width; i += threads_per_block) {
        const double variance = covariance_entry(job, k, i, width) / double(averaged) + job.reg_covar;
        positive = positive && variance > 0;
        job.out.covariances[k * width + i] = T(variance);
        job.out.precisions_cholesky[k * width + i] = T(inverse_deviation(variance));
    }
    __syncthreads();
    if (!positive) job.out.status[k] = not_positive_definite;
}

// u holds A on and above the diagonal, and becomes U. False, for all threads, when A is not positive definite.
__device__ bool factorise(double* u, std::int64_t d, double& pivot) {
    for (std::int64_t j = 0; j < d; ++j) {
        double* row = u + j * d;
        for (std::int64_t i = j + threadIdx.x; i < d; i += threads_per_block) {
            double value = row[i];
            for (std::int64_t t = 0; t < j; ++t) value -= u[t * d + j] * u[t * d + i];
            row[i] = value;
            if (i == j) pivot = value;
        }
        __syncthreads();
        const double square = pivot;
        if (!(square > 0)) return false;
        const double scale = 1 / sqrt(square);
        for (std::int64_t i = j + threadIdx.x; i < d; i += threads_per_block) row[i] *= scale;
        __syncthreads();
    }
    return true;
}

// p = U^-1, upper triangular, with zeros below the diagonal. Column j: U_ii p_ij = [i = j] - sum over t in (i, j] of
// U_it p_tj, from the last row up. The lanes of a warp go through the same rows, with zeros beyond their own diagonal.
__device__ void invert(const double* u, std::int64_t d, double* p) {
    for (std::int64_t j = threadIdx.x; j < d; j += threads_per_block) {
        const std::int64_t last = (j | 31) < d ? (j | 31) : d - 1;
        for (std::int64_t i = d - 1; i >= 0; --i) {
            double value = i == j ? 1.0 : 0.0;
            for (std::int64_t t = i + 1; t <= last; ++t) value -= u[i * d + t] * p[t * d + j];
            p[i * d + j] = i <= j ? value / u[i * d + i] : 0.0;
        }
    }
}

// covariance (D, D) on and above its diagonal is in u, float64; writes both results in T.
template <class T>
__device__ bool write_factors(double* u, double* p, std::int64_t d, T* covariance, T* precision, double& pivot) {
    const std::int64_t size = d * d;
    for (std::int64_t at = threadIdx.x; at < size; at += threads_per_block) {
        const std::int64_t i = at / d, j = at % d;
        covariance[at] = T(i <= j ? u[at] : u[j * d + i]);
    }
    __syncthreads();
    if (factorise(u, d, pivot)) {
        invert(u, d, p);
        __syncthreads();
        for (std::int64_t at = threadIdx.x; at < size; at += threads_per_block) precision[at] = T(p[at]);
        return true;
    }
    for (std::int64_t at = threadIdx.x; at < size; at += threads_per_block)
        precision[at] = at / d == at % d ? T(inverse_deviation(double(covariance[at]))) : T(0);
    return false;
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) full_kernel(MStepJob<T> job) {
    __shared__ double pivot;
    const std::int64_t size = job.d * job.d;
    double* u = job.scratch + std::int64_t(blockIdx.x) * 2 * size;
    for (std::int64_t k = blockIdx.x; k < job.k; k += gridDim.x) {
        for (std::int64_t at = threadIdx.x; at < size; at += threads_per_block)
            if (at / job.d <= at % job.d)
                u[at] = covariance_entry(job, k, at, size) + (at / job.d == at % job.d ? job.reg_covar : 0.0);
        __syncthreads();
        const bool ok = write_factors(u, u + size, job.d, job.out.covariances + k * size,
                                      job.out.precisions_cholesky + k * size, pivot);
        if (!ok && threadIdx.x == 0) job.out.status[k] = not_positive_definite;
        __syncthreads();
    }
}

// One block.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) tied_kernel(MStepJob<T> job) {
    __shared__ double pivot;
    const std::int64_t size = job.d * job.d;
    for (std::int64_t at = threadIdx.x; at < size; at += threads_per_block)
        job.scratch[at] = job.scatter[at] / job.totals->effective + (at / job.d == at % job.d ? job.reg_covar : 0.0);
    __syncthreads();
    if (write_factors(job.scratch, job.scratch + size, job.d, job.out.covariances, job.out.precisions_cholesky, pivot))
        return;
    for (std::int64_t k = threadIdx.x; k < job.k; k += threads_per_block) job.out.status[k] = not_positive_definite;
}

std::int64_t n_factorisations(const Shape& shape) {
    if (shape.covariance_type == CovarianceType::tied) return 1;
    if (shape.covariance_type != CovarianceType::full) return 0;
    return shape.n_components < most_blocks ? shape.n_components : most_blocks;
}

}  // namespace

template <class T>
void m_step(const double* stats, const Shape& shape, double reg_covar, const Parameters<T>& parameters,
            Context context) {
    const cudaStream_t stream = stream_of(context);
    const StatisticsView view(const_cast<double*>(stats), shape);
    const std::int64_t k = shape.n_components, d = shape.n_features, n_matrices = n_factorisations(shape);
    const Scratch<double> scratch(n_matrices * 2 * d * d, stream);
    const Scratch<Totals> totals(1, stream);
    const MStepJob<T> job{view.total_weight, view.weight, view.mean,     view.scatter,  k, d,
                          reg_covar,         parameters,  totals.data(), scratch.data()};
    launch(weights_kernel<T>, {1, threads_per_block, stream}, job);
    launch(means_kernel<T>, {blocks_for(k * d, threads_per_block), threads_per_block, stream}, view.mean, k * d,
           parameters.means);
    switch (shape.covariance_type) {
        case CovarianceType::full:
            launch(full_kernel<T>, {unsigned(n_matrices), threads_per_block, stream}, job);
            break;
        case CovarianceType::tied:
            launch(tied_kernel<T>, {1, threads_per_block, stream}, job);
            break;
        case CovarianceType::diag:
            launch(variances_kernel<T>, {unsigned(k), threads_per_block, stream}, job, d, 1);
            break;
        case CovarianceType::spherical:
            launch(variances_kernel<T>, {unsigned(k), threads_per_block, stream}, job, 1, d);
            break;
    }
}

template void m_step(const double*, const Shape&, double, const Parameters<float>&, Context);
template void m_step(const double*, const Shape&, double, const Parameters<double>&, Context);

}  // namespace gibbsite::cuda
