// Two sets of statistics as one, in place: Chan, Golub & LeVeque 1983. The scatter first, since it needs both means;
// then the means, and last the weights.
#include "core/launch.cuh"
#include "mixture/layout.hpp"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;

struct Pair {
    StatisticsView into, other;
    std::int64_t k, d;

    __device__ __forceinline__ double move(std::int64_t c, std::int64_t i) const {
        return other.mean[c * d + i] - into.mean[c * d + i];
    }
    // The weight of the scatter between the two means of component c.
    __device__ __forceinline__ double between(std::int64_t c) const {
        const double a = into.weight[c], b = other.weight[c];
        return a + b > 0 ? a * b / (a + b) : 0.0;
    }
};

__device__ double between_scatter(const Pair& pair, CovarianceType type, std::int64_t at) {
    const std::int64_t k = pair.k, d = pair.d;
    double sum = 0;
    switch (type) {
        case CovarianceType::full: {
            const std::int64_t c = at / (d * d);
            return pair.between(c) * pair.move(c, at / d % d) * pair.move(c, at % d);
        }
        case CovarianceType::tied:
            for (std::int64_t c = 0; c < k; ++c) sum += pair.between(c) * pair.move(c, at / d) * pair.move(c, at % d);
            return sum;
        case CovarianceType::diag:
            return pair.between(at / d) * pair.move(at / d, at % d) * pair.move(at / d, at % d);
        default:
            for (std::int64_t i = 0; i < d; ++i) sum += pair.move(at, i) * pair.move(at, i);
            return sum * pair.between(at);
    }
}

__global__ void __launch_bounds__(threads_per_block, 4)
    scatter_kernel(Pair pair, CovarianceType type, std::int64_t size) {
    const std::int64_t stride = std::int64_t(gridDim.x) * threads_per_block;
    for (std::int64_t at = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x; at < size; at += stride)
        pair.into.scatter[at] += pair.other.scatter[at] + between_scatter(pair, type, at);
}

// A block a component; the first also adds the totals.
__global__ void __launch_bounds__(threads_per_block, 4) means_kernel(Pair pair) {
    const std::int64_t c = blockIdx.x;
    const double weight = pair.into.weight[c] + pair.other.weight[c];
    const double share = weight > 0 ? pair.other.weight[c] / weight : 0.0;
    for (std::int64_t i = threadIdx.x; i < pair.d; i += threads_per_block)
        pair.into.mean[c * pair.d + i] += share * pair.move(c, i);
    __syncthreads();
    if (threadIdx.x != 0) return;
    pair.into.weight[c] = weight;
    if (c != 0) return;
    *pair.into.log_likelihood += *pair.other.log_likelihood;
    *pair.into.total_weight += *pair.other.total_weight;
}

}  // namespace

void merge(double* into, const double* other, const Shape& shape, Context context) {
    const Pair pair{StatisticsView(into, shape), StatisticsView(const_cast<double*>(other), shape), shape.n_components,
                    shape.n_features};
    const std::int64_t size = covariance_size(shape);
    launch(scatter_kernel, {blocks_for(size, threads_per_block), threads_per_block, stream_of(context)}, pair,
           shape.covariance_type, size);
    launch(means_kernel, {unsigned(shape.n_components), threads_per_block, stream_of(context)}, pair);
}

}  // namespace gibbsite::cuda
