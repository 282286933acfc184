// Moments in ordinary arithmetic: float64, and visible states that are numbers.
#include "rbm/moments.cuh"
#include "rbm/tile_product.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int rows = 4;  // hidden units a thread

template <class T>
__global__ void __launch_bounds__(product_threads, 2) moments_kernel(MomentsJob<T> job) {
    using Tiles = ProductTiles<T, rows>;
    __shared__ Tiles tiles;
    int split = int(blockIdx.z);
    const Phase<T>& phase = job.phase_of(split);
    const std::int64_t H = job.n_hidden, D = job.n_visible;
    const std::int64_t first_hidden = std::int64_t(blockIdx.y) * Tiles::height;
    const std::int64_t first_visible = std::int64_t(blockIdx.x) * units_per_group;
    const Operand<T> hidden{nullptr, phase.hidden, 1, H, H, phase.weight, true};
    const Operand<T> visible{phase.visible.bytes, phase.visible.numbers, 1, D, D, nullptr, true};
    const std::int64_t begin = phase.begin(split), end = phase.end(split);
    for (std::int64_t row = begin; row < end; row += rows_per_flush) {
        const std::int64_t stop = row + rows_per_flush < end ? row + rows_per_flush : end;
        T sum[rows][4] = {};
        tiles.accumulate(hidden, visible, first_hidden, first_visible, row, stop, sum);
#pragma unroll
        for (int r = 0; r < rows; ++r) {
#pragma unroll
            for (int k = 0; k < 4; ++k)
                job.put(int(blockIdx.z), row == begin, first_hidden + Tiles::row(r),
                        first_visible + Tiles::column() + 16 * k, double(sum[r][k]));
        }
    }
}

}  // namespace

template <class T>
void sum_moments(const MomentsJob<T>& job, cudaStream_t stream) {
    if (job.n_splits() == 0) return;
    if constexpr (sizeof(T) == 4) {
        if ((job.data.n_splits > 0 ? job.data : job.model).visible.bytes != nullptr)
            return sum_moments_of_bytes(job, stream);
    }
    const dim3 blocks(unsigned(ceil_div<std::int64_t>(job.n_visible + 1, units_per_group)),
                      unsigned(ceil_div<std::int64_t>(job.n_hidden + 1, ProductTiles<T, rows>::height)),
                      unsigned(job.n_splits()));
    launch(moments_kernel<T>, {blocks, product_threads, stream}, job);
}

template void sum_moments(const MomentsJob<float>&, cudaStream_t);
template void sum_moments(const MomentsJob<double>&, cudaStream_t);

}  // namespace gibbsite::cuda
