// Products of bytes with float32 weights on the matrix unit.
#include "rbm/matrix_product.cuh"
#include "rbm/product.cuh"

namespace gibbsite::cuda {
namespace {

// Rows of sums lie so far apart that a warp's writes and reads both spread over all banks.
constexpr int sums_pitch = units_per_group + 16;

// First two slabs of states, then the block's sums, (rows, 64) as the bits of float32.
template <int m_tiles>
struct Storage {
    static constexpr int slabs = 2 * MatrixShape<m_tiles>::slab_words, sums = MatrixShape<m_tiles>::rows * sums_pitch;
    alignas(16) unsigned words[slabs > sums ? slabs : sums];
};

template <int m_tiles>
__device__ __forceinline__ void store_sums(const WarpSums<m_tiles>& sums, unsigned* table) {
    const int lane = int(threadIdx.x) % 32, output = int(threadIdx.x) / 32 * 16 + lane % 4 * 4;
#pragma unroll
    for (int m = 0; m < m_tiles; ++m) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const int row = 16 * m + lane / 4 + 8 * half;
            unsigned bits[4];
#pragma unroll
            for (int i = 0; i < 4; ++i) bits[i] = __float_as_uint(sum_scale * sums.value[m][i % 2][2 * half + i / 2]);
            *reinterpret_cast<uint4*>(table + row * sums_pitch + output) =
                make_uint4(bits[0], bits[1], bits[2], bits[3]);
        }
    }
}

template <class Numbers, class Finish, int m_tiles>
__global__ void __launch_bounds__(matrix_threads, blocks_per_multiprocessor<m_tiles>)
    matrix_kernel(StateRows states, Numbers numbers, std::int64_t n_inputs, Finish finish) {
    using Shape = MatrixShape<m_tiles>;
    __shared__ Storage<m_tiles> storage;
    const std::int64_t first_row = std::int64_t(blockIdx.x) * Shape::rows, group = blockIdx.y;
    WarpSums<m_tiles> sums;
    add_inputs(states, numbers, first_row, group * units_per_group, 0, n_inputs, storage.words, sums);
    __syncthreads();
    store_sums(sums, storage.words);
    __syncthreads();
#pragma unroll 1
    for (int item = int(threadIdx.x); item < Shape::rows * 16; item += matrix_threads) {
        const int row = item / 16, column = item % 16;
        if (first_row + row >= states.n_rows) break;
        float sum[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) sum[k] = __uint_as_float(storage.words[row * sums_pitch + column + 16 * k]);
        finish(UnitQuad{first_row + row, group, column}, sum);
    }
}

bool is_aligned_to(const void* data, std::int64_t bytes) { return reinterpret_cast<std::uintptr_t>(data) % bytes == 0; }

template <class Numbers, class Finish, int m_tiles>
void multiply_rows(const Product<float>& product, const Numbers& numbers, const Finish& finish, cudaStream_t stream) {
    const std::int64_t n_rows = product.states.n_rows, n_inputs = product.n_inputs();
    const StateRows states{product.states.bytes, n_rows, n_inputs,
                           n_inputs % 4 == 0 && is_aligned_to(product.states.bytes, 4)};
    const dim3 blocks(unsigned(ceil_div<std::int64_t>(n_rows, MatrixShape<m_tiles>::rows)),
                      unsigned(product.n_groups()));
    launch(matrix_kernel<Numbers, Finish, m_tiles>, {blocks, matrix_threads, stream}, states, numbers, n_inputs,
           finish);
}

// The tallest tiles that rows fill and of which there are enough.
template <class Numbers, class Finish>
void multiply_with(const Product<float>& product, const Numbers& numbers, const Finish& finish, cudaStream_t stream) {
    const std::int64_t n_rows = product.states.n_rows, n_groups = product.n_groups();
    if (n_rows > MatrixShape<4>::rows && block_count(n_rows, MatrixShape<8>::rows, n_groups) >= 2 * one_block_each)
        multiply_rows<Numbers, Finish, 8>(product, numbers, finish, stream);
    else if (n_rows > MatrixShape<1>::rows && block_count(n_rows, MatrixShape<2>::rows, n_groups) >= one_block_each)
        multiply_rows<Numbers, Finish, 2>(product, numbers, finish, stream);
    else
        multiply_rows<Numbers, Finish, 1>(product, numbers, finish, stream);
}

}  // namespace

template <class Finish>
void multiply_bytes(const Product<float>& product, const Finish& finish, cudaStream_t stream) {
    const std::int64_t D = product.n_visible;
    if constexpr (std::is_same_v<Finish, BinaryFinish<float>>) {
        if (product.to_hidden) {
            const NumberRows rows{product.weights, D, product.n_hidden,
                                  D % 4 == 0 && is_aligned_to(product.weights, 16)};
            return multiply_with(product, rows, finish, stream);
        }
    }
    const NumberColumns columns{product.weights, D, D % 2 == 0 && is_aligned_to(product.weights, 8)};
    multiply_with(product, columns, finish, stream);
}

template void multiply_bytes(const Product<float>&, const BinaryFinish<float>&, cudaStream_t);
template void multiply_bytes(const Product<float>&, const RealFinish<float>&, cudaStream_t);

}  // namespace gibbsite::cuda
