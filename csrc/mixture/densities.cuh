// log densities of all components, for chunks of rows.
#pragma once

#include "core/scratch.cuh"
#include "mixture/api.hpp"
#include "mixture/tiles.cuh"

namespace gibbsite::cuda {

// z[d * z_stride + n] for rows, scale and shift [d * k_stride + k] for components: zero beyond N, D and K up to full
// tiles.
template <class T>
struct DistanceOperands {
    const T* z;
    std::int64_t z_stride;
    const T* scale;
    const T* shift;
    std::int64_t k_stride;
    int n_features;  // a multiple of distance_depth
};
constexpr std::int64_t distance_depth = 16;

// out[k * out_stride + n] = constant[k] + factor * sum_d (z scale - shift)^2; constant may be null.
template <class T>
void squared_distances(const DistanceOperands<T>& operands, std::int64_t n_rows, std::int64_t n_components,
                       const T* constant, T factor, T* out, std::int64_t out_stride, cudaStream_t stream);

// The origin that rows are taken relative to (origin.hpp).
template <class T>
void centre_of(const Rows<T>& rows, T* centre, cudaStream_t stream);

// z[d * z_stride + n] = x[n, d] - centre[d] (centre may be null), zero up to n_features_padded and z_stride.
template <class T>
void transpose_rows(const T* x, std::int64_t n_rows, std::int64_t n_features, const T* centre, T* z,
                    std::int64_t z_stride, std::int64_t n_features_padded, cudaStream_t stream);

// scale and shift of every component for distances of rows that were centred (and, tied: whitened) alike. No centre:
// the origin. No precisions: scale 1, plain distances.
template <class T>
void prepare_components(const Gaussians<T>& model, std::int64_t n_features, const T* centre, T* scale, T* shift,
                        std::int64_t k_stride, std::int64_t n_features_padded, cudaStream_t stream);

// constant[k] = offset + log det P_k - D/2 log 2 pi
template <class T>
void prepare_constants(const Gaussians<T>& model, std::int64_t n_features, T* constant, cudaStream_t stream);

// Full covariance: out[k * out_stride + n] = constant[k] - |(x_n - mean_k) P_k|^2 / 2
template <class T>
void triangular_log_densities(const T* x, std::int64_t n_rows, std::int64_t n_features, const Gaussians<T>& model,
                              const T* constant, T* out, std::int64_t out_stride, cudaStream_t stream);

// Tied covariance: z[j * z_stride + n] = ((x_n - centre) P)_j
template <class T>
void whiten_rows(const T* x, std::int64_t n_rows, std::int64_t n_features, const T* centre, const T* precision_cholesky,
                 T* z, std::int64_t z_stride, std::int64_t n_features_padded, cudaStream_t stream);

// What a model's log densities need, prepared once a call; evaluated a chunk of at most max_rows at a time.
template <class T>
class ComponentDensities {
public:
    ComponentDensities(const Gaussians<T>& model, const Rows<T>& rows, std::int64_t max_rows, cudaStream_t stream);

    // out[k * stride + n]; stride is max_rows, of which whole tiles are written.
    void evaluate(const T* x, std::int64_t n_rows, T* out) const;

private:
    Gaussians<T> model_;
    std::int64_t n_features_, padded_features_, padded_components_, max_rows_;
    cudaStream_t stream_;
    Scratch<T> constant_, centre_, scale_, shift_, z_;
};

// What is taken from each row of a tile of log densities.
template <class T>
void log_sum_exp_of_rows(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components, T* out,
                         cudaStream_t stream);
// The first component at which sign * tile is largest; its value too where `best` is not null.
template <class T>
void best_of_rows(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components, T sign,
                  std::int64_t* index, T* best, cudaStream_t stream);
// out[n] = sum over components of w r, as the moments see them.
template <class T>
void total_of_rows(const WeightedResponsibilities<T>& responsibilities, std::int64_t n_rows, std::int64_t n_components,
                   double* out, cudaStream_t stream);
// out[n, k] = tile - log_density[n], or its exponential; log_density null: the tile itself.
template <class T>
void write_rows(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components,
                const T* log_density, bool exponentiate, T* out, cudaStream_t stream);

}  // namespace gibbsite::cuda
