#include "mixture/finish.cuh"

#include "mixture/sums.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;

struct View {
    const double* weight;  // (K)
    double* mean;          // sums, then means (K, D)
    double* scatter;
    std::int64_t k, d;
};

__device__ __forceinline__ double move_of(double sum, double weight) { return weight > 0 ? sum / weight : 0.0; }

// What rounding leaves below zero is zero.
__device__ __forceinline__ double non_negative(double x) { return x < 0 ? 0.0 : x; }

template <class Body>
__device__ __forceinline__ void for_each(std::int64_t n, const Body& body) {
    const std::int64_t stride = std::int64_t(gridDim.x) * blockDim.x;
    for (std::int64_t i = std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += stride) body(i);
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) means_kernel(View view, const T* centre) {
    for_each(view.k * view.d, [&](std::int64_t i) {
        view.mean[i] = double(centre[i]) + move_of(view.mean[i], view.weight[i / view.d]);
    });
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) diagonal_kernel(View view, const T* centre) {
    for_each(view.k * view.d, [&](std::int64_t i) {
        const double weight = view.weight[i / view.d], move = move_of(view.mean[i], weight);
        view.scatter[i] = non_negative(view.scatter[i] - weight * move * move);
        view.mean[i] = double(centre[i]) + move;
    });
}

// A block a component.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    spherical_kernel(View view, double* weight_out, const double* raw, const T* centre) {
    __shared__ double parts[threads_per_block / 32];
    const std::int64_t k = blockIdx.x;
    const double weight = raw[k];
    const double *first = raw + view.k + k * view.d, *second = first + view.k * view.d;
    double sum = 0;
    for (std::int64_t d = threadIdx.x; d < view.d; d += threads_per_block) {
        const double move = move_of(first[d], weight);
        sum += second[d] - weight * move * move;
        view.mean[k * view.d + d] = double(centre[k * view.d + d]) + move;
    }
    sum = block_sum(sum, parts);
    if (threadIdx.x != 0) return;
    view.scatter[k] = non_negative(sum);
    weight_out[k] = weight;
}

// Before the means: it needs their sums.
__global__ void __launch_bounds__(threads_per_block, 4) full_kernel(View view) {
    for_each(view.k * view.d * view.d, [&](std::int64_t at) {
        const std::int64_t k = at / (view.d * view.d), i = at / view.d % view.d, j = at % view.d;
        if (i > j) return;
        const double weight = view.weight[k], *sums = view.mean + k * view.d;
        const double value = view.scatter[at] - weight * move_of(sums[i], weight) * move_of(sums[j], weight);
        view.scatter[at] = i == j ? non_negative(value) : value;
        view.scatter[(k * view.d + j) * view.d + i] = view.scatter[at];
    });
}

// After the means: the total scatter about the centre, less what lies between the components.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) tied_kernel(View view, const T* centre) {
    for_each(view.d * view.d, [&](std::int64_t at) {
        const std::int64_t i = at / view.d, j = at % view.d;
        if (i > j) return;
        const double ci = double(centre[i]), cj = double(centre[j]);
        double between = 0;
        for (std::int64_t k = 0; k < view.k; ++k)
            between += view.weight[k] * (view.mean[k * view.d + i] - ci) * (view.mean[k * view.d + j] - cj);
        const double value = view.scatter[at] - between;
        view.scatter[at] = i == j ? non_negative(value) : value;
        view.scatter[j * view.d + i] = view.scatter[at];
    });
}

}  // namespace

template <class T>
void finish_means(const double* weight, double* sums, std::int64_t n_components, std::int64_t n_features,
                  const T* centre, cudaStream_t stream) {
    const View view{weight, sums, nullptr, n_components, n_features};
    launch(means_kernel<T>, {blocks_for(n_components * n_features, threads_per_block), threads_per_block, stream}, view,
           centre);
}

template <class T>
void finish_statistics(double* data, const double* raw, const Shape& shape, const T* means, const T* centre,
                       cudaStream_t stream) {
    const StatisticsView stats(data, shape);
    const std::int64_t k = shape.n_components, d = shape.n_features;
    const View view{stats.weight, stats.mean, stats.scatter, k, d};
    const auto grid = [&](std::int64_t n) { return Grid{blocks_for(n, threads_per_block), threads_per_block, stream}; };
    switch (shape.covariance_type) {
        case CovarianceType::full:
            launch(full_kernel, grid(k * d * d), view);
            finish_means(stats.weight, stats.mean, k, d, means, stream);
            break;
        case CovarianceType::tied:
            finish_means(stats.weight, stats.mean, k, d, means, stream);
            launch(tied_kernel<T>, grid(d * d), view, centre);
            break;
        case CovarianceType::diag:
            launch(diagonal_kernel<T>, grid(k * d), view, means);
            break;
        case CovarianceType::spherical:
            launch(spherical_kernel<T>, {unsigned(k), threads_per_block, stream}, view, stats.weight, raw, means);
            break;
    }
}

#define GIBBSITE_INSTANTIATE(T)                                                                              \
    template void finish_statistics(double*, const double*, const Shape&, const T*, const T*, cudaStream_t); \
    template void finish_means(const double*, double*, std::int64_t, std::int64_t, const T*, cudaStream_t);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda
