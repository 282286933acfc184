// From raw sums about the given means to central statistics: mean = given + sum / weight, and the scatter is corrected
// by the mean's move.
#pragma once

#include "mixture/layout.hpp"
#include "mixture/tiles.cuh"

namespace gibbsite::cuda {

// `data` holds raw sums in the layout of the statistics; a full or tied scatter only on and above the diagonal. For
// spherical, `raw` holds weight (K), first (K, D) and second moments (K, D), and data is written from it. For tied, the
// scatter is the total one about `centre` (D).
template <class T>
void finish_statistics(double* data, const double* raw, const Shape& shape, const T* means, const T* centre,
                       cudaStream_t stream);

// mean[k, d] = centre[k, d] + sum[k, d] / weight[k], in place of the sums; the centre where the weight is zero.
template <class T>
void finish_means(const double* weight, double* sums, std::int64_t n_components, std::int64_t n_features,
                  const T* centre, cudaStream_t stream);

}  // namespace gibbsite::cuda
