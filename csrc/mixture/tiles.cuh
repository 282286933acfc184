// How a pass over N rows and K components is cut for a card.
//
// Rows are taken in chunks. Of a chunk, the log densities lie component by component, tile[k * stride + n], so that
// neighbouring threads read neighbouring rows; the tile has a fixed bound of bytes, never N x K, and stays about in the
// second-level cache between the kernel that fills it and those that read it. X crosses the memory bus once: a chunk of
// it is a few megabytes. Everything here is a function of the sizes alone, so no result depends on the card.
#pragma once

#include <cuda_runtime.h>

#include "core/launch.cuh"
#include "core/warp.cuh"

namespace gibbsite::cuda {

// Strides of tiles and of prepared operands are multiples of this; the largest block of rows or components of any
// kernel.
constexpr std::int64_t tile_rows = 128;
// The elements of a chunk's tile, and the rows below which a split of a sum is not worth its block. On the emulated
// card both are small, so that tests of a thousand rows cross every seam.
#if defined(GIBBSITE_CUDA_EMULATION)
constexpr std::int64_t chunk_elements = std::int64_t(1) << 13, rows_worth_a_split = 64;
#else
constexpr std::int64_t chunk_elements = std::int64_t(1) << 24, rows_worth_a_split = 256;
#endif

// Rows of a chunk, a multiple of tile_rows: what keeps both K and D values a row within chunk_elements.
inline std::int64_t chunk_rows(std::int64_t n_rows, std::int64_t n_components, std::int64_t n_features) {
    const std::int64_t widest = n_components > n_features ? n_components : n_features;
    std::int64_t rows = chunk_elements / (widest < 16 ? 16 : widest) / tile_rows * tile_rows;
    if (rows < tile_rows) rows = tile_rows;
    const std::int64_t all = round_up<std::int64_t>(n_rows > 0 ? n_rows : 1, tile_rows);
    return rows < all ? rows : all;
}

// A model's responsibility below this share of the largest that a sum has seen adds nothing to it at working precision,
// not even N times: its row is passed over.
template <class T>
constexpr T negligible_share = sizeof(T) == 4 ? T(1e-14) : T(1e-24);

// w r of a row and a component, from whichever the caller holds: log densities and their log-sum-exp, responsibilities,
// or labels. Rows count from the chunk's first.
template <class T>
struct WeightedResponsibilities {
    const T* value = nullptr;  // log densities where log_density is given, responsibilities otherwise
    std::int64_t row_stride = 0, component_stride = 0;
    const T* log_density = nullptr;
    const std::int64_t* labels = nullptr;  // instead of value
    const T* weight = nullptr;             // null: all one

    // What of them may be passed over: nothing that the caller gave.
    __host__ __device__ T share_to_pass_over() const { return log_density != nullptr ? negligible_share<T> : T(0); }

    __device__ __forceinline__ T operator()(std::int64_t row, std::int64_t component) const {
        T r;
        if (labels != nullptr) {
            r = labels[row] == component ? T(1) : T(0);
        } else {
            r = value[row * row_stride + component * component_stride];
            if (log_density != nullptr) r = exp(r - log_density[row]);
        }
        return weight != nullptr ? r * weight[row] : r;
    }
};

template <class T>
bool is_aligned(const T* data, std::int64_t row_length) {
    return reinterpret_cast<std::uintptr_t>(data) % 16 == 0 && row_length % vector_width<T> == 0;
}

}  // namespace gibbsite::cuda
