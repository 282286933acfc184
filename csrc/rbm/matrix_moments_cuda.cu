// Moments of bytes and float32 numbers on the matrix unit: visible units are the rows of the product, data rows its
// inputs.
#include "rbm/matrix_product.cuh"
#include "rbm/moments.cuh"
#include "rbm/product.cuh"

namespace gibbsite::cuda {
namespace {

template <int m_tiles>
struct Slabs {
    alignas(16) unsigned words[2 * MatrixShape<m_tiles>::slab_words];
};

template <int m_tiles>
__device__ __forceinline__ void put_sums(const MomentsJob<float>& job, bool is_first, std::int64_t first_visible,
                                         std::int64_t first_hidden, const WarpSums<m_tiles>& sums) {
    const int lane = int(threadIdx.x) % 32;
    const std::int64_t hidden = first_hidden + threadIdx.x / 32 * 16 + lane % 4 * 4;
#pragma unroll
    for (int m = 0; m < m_tiles; ++m) {
#pragma unroll
        for (int i = 0; i < 8; ++i) {
            const std::int64_t visible = first_visible + 16 * m + lane / 4 + i / 4 * 8;
            job.put(int(blockIdx.z), is_first, hidden + i % 4, visible,
                    double(sum_scale * sums.value[m][i % 2][i / 4 * 2 + i % 4 / 2]));
        }
    }
}

template <int m_tiles>
__global__ void __launch_bounds__(matrix_threads, blocks_per_multiprocessor<m_tiles>)
    matrix_moments_kernel(MomentsJob<float> job, bool states_aligned, bool numbers_aligned) {
    using Shape = MatrixShape<m_tiles>;
    __shared__ Slabs<m_tiles> slabs;
    int split = int(blockIdx.z);
    const Phase<float>& phase = job.phase_of(split);
    const std::int64_t first_visible = std::int64_t(blockIdx.x) * Shape::rows;
    const std::int64_t first_hidden = std::int64_t(blockIdx.y) * units_per_group;
    const StateColumns states{phase.visible.bytes, job.n_visible, states_aligned};
    const NumberColumns numbers{phase.hidden, job.n_hidden, numbers_aligned, phase.weight, true};
    const std::int64_t begin = phase.begin(split), end = phase.end(split);
    for (std::int64_t row = begin; row < end; row += rows_per_flush) {
        const std::int64_t stop = row + rows_per_flush < end ? row + rows_per_flush : end;
        WarpSums<m_tiles> sums;
        add_inputs(states, numbers, first_visible, first_hidden, row, stop, slabs.words, sums);
        put_sums(job, row == begin, first_visible, first_hidden, sums);
    }
}

bool is_aligned_to(const void* data, std::uintptr_t bytes) {
    return reinterpret_cast<std::uintptr_t>(data) % bytes == 0;
}

template <int m_tiles>
void launch_moments(const MomentsJob<float>& job, cudaStream_t stream) {
    const bool states_aligned =
        job.n_visible % 4 == 0 && is_aligned_to(job.data.visible.bytes, 4) && is_aligned_to(job.model.visible.bytes, 4);
    const bool numbers_aligned =
        job.n_hidden % 2 == 0 && is_aligned_to(job.data.hidden, 8) && is_aligned_to(job.model.hidden, 8);
    const dim3 blocks(unsigned(ceil_div<std::int64_t>(job.n_visible + 1, MatrixShape<m_tiles>::rows)),
                      unsigned(ceil_div<std::int64_t>(job.n_hidden + 1, units_per_group)), unsigned(job.n_splits()));
    launch(matrix_moments_kernel<m_tiles>, {blocks, matrix_threads, stream}, job, states_aligned, numbers_aligned);
}

}  // namespace

void sum_moments_of_bytes(const MomentsJob<float>& job, cudaStream_t stream) {
    const std::int64_t n_groups = ceil_div<std::int64_t>(job.n_hidden + 1, units_per_group);
    if (job.n_visible >= MatrixShape<4>::rows &&
        block_count(job.n_visible + 1, MatrixShape<8>::rows, n_groups) * job.n_splits() >= 2 * one_block_each)
        launch_moments<8>(job, stream);
    else
        launch_moments<2>(job, stream);
}

}  // namespace gibbsite::cuda
