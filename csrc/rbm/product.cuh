// Products of a batch of states with W, each fused with what becomes of the sums (finishes.cuh).
//
// Which kernel runs and how it is cut depends on the sizes alone, and an output's sum is taken in the same order in all
// of them: a chain's states do not depend on how many others share its batch.
#pragma once

#include "core/launch.cuh"
#include "core/warp.cuh"
#include "rbm/finishes.cuh"

namespace gibbsite::cuda {

// sum over inputs of states[row, input] * weight(input, output), where W (H, D) is read along its rows or columns.
template <class T>
struct Product {
    States<T> states;
    const T* weights;
    std::int64_t n_hidden, n_visible;
    bool to_hidden;  // from visible states; else from hidden ones to visible units

    std::int64_t n_inputs() const { return to_hidden ? n_visible : n_hidden; }
    std::int64_t n_outputs() const { return to_hidden ? n_hidden : n_visible; }
    std::int64_t n_groups() const { return ceil_div<std::int64_t>(n_outputs(), units_per_group); }
};

// finish(UnitQuad, sums) for all rows and outputs. Finish: BinaryFinish<T>, or RealFinish<T> towards visible units.
template <class T, class Finish>
void multiply(const Product<T>& product, const Finish& finish, cudaStream_t stream);

// The same on the matrix unit, from states that are bytes.
template <class Finish>
void multiply_bytes(const Product<float>& product, const Finish& finish, cudaStream_t stream);

// Blocks that give each of 132 multiprocessors one. On the emulated card few, so that small tests run every kernel.
#if defined(GIBBSITE_CUDA_EMULATION)
constexpr std::int64_t one_block_each = 1;
#else
constexpr std::int64_t one_block_each = 132;
#endif

// The blocks of tiles of so many rows.
inline std::int64_t block_count(std::int64_t n_rows, int tile_rows, std::int64_t n_groups) {
    return ceil_div<std::int64_t>(n_rows, tile_rows) * n_groups;
}

}  // namespace gibbsite::cuda
