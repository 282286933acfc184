// What the density kernels read instead of the arrays that they are given: transposed, centred, padded to full tiles.
#include "mixture/densities.cuh"
#include "mixture/origin.hpp"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;
constexpr int transpose_tile = 32, transpose_lines = 8;

template <class T>
__global__ void __launch_bounds__(threads_per_block) centre_kernel(Rows<T> rows, T* centre) {
    const std::int64_t d = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x;
    if (d < rows.n_features) centre[d] = origin_of_feature(rows.x + d, rows.n_rows, rows.n_features);
}

template <class T>
__global__ void __launch_bounds__(transpose_tile* transpose_lines)
    transpose_kernel(const T* x, std::int64_t n_rows, std::int64_t n_features, const T* centre, T* z,
                     std::int64_t z_stride, std::int64_t n_features_padded) {
    __shared__ T tile[transpose_tile][transpose_tile + 1];
    const int column = threadIdx.x % transpose_tile, line = threadIdx.x / transpose_tile;
    const std::int64_t first_row = std::int64_t(blockIdx.x) * transpose_tile;
    const std::int64_t first_feature = std::int64_t(blockIdx.y) * transpose_tile;
    const std::int64_t d = first_feature + column;
    const T c = centre != nullptr && d < n_features ? centre[d] : T(0);
    for (int i = line; i < transpose_tile; i += transpose_lines) {
        const std::int64_t n = first_row + i;
        tile[i][column] = n < n_rows && d < n_features ? x[n * n_features + d] - c : T(0);
    }
    __syncthreads();
    for (int i = line; i < transpose_tile; i += transpose_lines)
        if (first_feature + i < n_features_padded)
            z[(first_feature + i) * z_stride + first_row + column] = tile[column][i];
}

template <class T>
__device__ __forceinline__ T scale_of(const Gaussians<T>& model, std::int64_t n_features, std::int64_t k,
                                      std::int64_t d) {
    if (model.precisions_cholesky == nullptr) return T(1);
    if (model.covariance_type == CovarianceType::diag) return model.precisions_cholesky[k * n_features + d];
    if (model.covariance_type == CovarianceType::spherical) return model.precisions_cholesky[k];
    return T(1);
}

// The scaled (tied: whitened) mean relative to the centre, rounded once.
template <class T>
__device__ __forceinline__ T shift_of(const Gaussians<T>& model, std::int64_t n_features, const T* centre,
                                      std::int64_t k, std::int64_t d) {
    const T* mean = model.means + k * n_features;
    if (model.covariance_type != CovarianceType::tied)
        return T((double(mean[d]) - (centre != nullptr ? double(centre[d]) : 0.0)) *
                 double(scale_of(model, n_features, k, d)));
    double sum = 0;
    for (std::int64_t i = 0; i <= d; ++i)
        sum += (double(mean[i]) - double(centre[i])) * double(model.precisions_cholesky[i * n_features + d]);
    return T(sum);
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    components_kernel(Gaussians<T> model, std::int64_t n_features, const T* centre, T* scale, T* shift,
                      std::int64_t k_stride, std::int64_t n_features_padded) {
    const std::int64_t n = k_stride * n_features_padded, stride = std::int64_t(gridDim.x) * threads_per_block;
    for (std::int64_t i = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x; i < n; i += stride) {
        const std::int64_t k = i / n_features_padded, d = i % n_features_padded;
        const bool inside = k < model.n_components && d < n_features;
        scale[d * k_stride + k] = inside ? scale_of(model, n_features, k, d) : T(0);
        shift[d * k_stride + k] = inside ? shift_of(model, n_features, centre, k, d) : T(0);
    }
}

template <class T>
__device__ __forceinline__ T precision_diagonal(const Gaussians<T>& model, std::int64_t n_features, std::int64_t k,
                                                std::int64_t d) {
    switch (model.covariance_type) {
        case CovarianceType::full:
            return model.precisions_cholesky[(k * n_features + d) * n_features + d];
        case CovarianceType::tied:
            return model.precisions_cholesky[d * n_features + d];
        case CovarianceType::diag:
            return model.precisions_cholesky[k * n_features + d];
        default:
            return model.precisions_cholesky[k];
    }
}

// A warp a component.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    constants_kernel(Gaussians<T> model, std::int64_t n_features, T* constant) {
    const std::int64_t k = (std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x) / 32;
    if (k >= model.n_components) return;
    constexpr double half_log_2_pi = 0.91893853320467274178;
    double sum = 0;
    for (std::int64_t d = threadIdx.x % 32; d < n_features; d += 32)
        sum += log(double(precision_diagonal(model, n_features, k, d))) - half_log_2_pi;
    sum = warp_sum(sum);
    if (threadIdx.x % 32 != 0) return;
    constant[k] = T(sum + (model.offsets != nullptr ? double(model.offsets[k]) : 0.0));
}

}  // namespace

template <class T>
void centre_of(const Rows<T>& rows, T* centre, cudaStream_t stream) {
    launch(centre_kernel<T>, {blocks_for(rows.n_features, threads_per_block), threads_per_block, stream}, rows, centre);
}

template <class T>
void transpose_rows(const T* x, std::int64_t n_rows, std::int64_t n_features, const T* centre, T* z,
                    std::int64_t z_stride, std::int64_t n_features_padded, cudaStream_t stream) {
    const dim3 blocks(unsigned(round_up<std::int64_t>(n_rows, tile_rows) / transpose_tile),
                      unsigned(ceil_div<std::int64_t>(n_features_padded, transpose_tile)));
    launch(transpose_kernel<T>, {blocks, transpose_tile * transpose_lines, stream}, x, n_rows, n_features, centre, z,
           z_stride, n_features_padded);
}

template <class T>
void prepare_components(const Gaussians<T>& model, std::int64_t n_features, const T* centre, T* scale, T* shift,
                        std::int64_t k_stride, std::int64_t n_features_padded, cudaStream_t stream) {
    launch(components_kernel<T>,
           {blocks_for(k_stride * n_features_padded, threads_per_block), threads_per_block, stream}, model, n_features,
           centre, scale, shift, k_stride, n_features_padded);
}

template <class T>
void prepare_constants(const Gaussians<T>& model, std::int64_t n_features, T* constant, cudaStream_t stream) {
    launch(constants_kernel<T>,
           {unsigned(ceil_div<std::int64_t>(model.n_components, threads_per_block / 32)), threads_per_block, stream},
           model, n_features, constant);
}

#define GIBBSITE_INSTANTIATE(T)                                                                                       \
    template void centre_of(const Rows<T>&, T*, cudaStream_t);                                                        \
    template void transpose_rows(const T*, std::int64_t, std::int64_t, const T*, T*, std::int64_t, std::int64_t,      \
                                 cudaStream_t);                                                                       \
    template void prepare_components(const Gaussians<T>&, std::int64_t, const T*, T*, T*, std::int64_t, std::int64_t, \
                                     cudaStream_t);                                                                   \
    template void prepare_constants(const Gaussians<T>&, std::int64_t, T*, cudaStream_t);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda
