// Products in ordinary arithmetic: float64, and states that are numbers.
#include "rbm/product.cuh"
#include "rbm/tile_product.cuh"

namespace gibbsite::cuda {
namespace {

// Rows of a thread in a large batch: as many as leave two blocks a multiprocessor their registers.
template <class T>
constexpr int many_rows = sizeof(T) == 4 ? 8 : 4;
constexpr int few_rows = 2;

// Tiles of operands, and then the block's sums, from which the finish takes them one by one.
template <class T, int rows>
union ProductStorage {
    using Tiles = ProductTiles<T, rows>;
    Tiles tiles;
    T sums[Tiles::height][units_per_group + 2];
};

template <class T, class Finish, int rows>
__global__ void __launch_bounds__(product_threads, 2)
    product_kernel(Operand<T> states, Operand<T> weights, std::int64_t n_inputs, Finish finish) {
    using Tiles = ProductTiles<T, rows>;
    __shared__ ProductStorage<T, rows> storage;
    const std::int64_t first_row = std::int64_t(blockIdx.x) * Tiles::height, group = blockIdx.y;
    const int column = Tiles::column();
    T sum[rows][4] = {};
    storage.tiles.accumulate(states, weights, first_row, group * units_per_group, 0, n_inputs, sum);
    __syncthreads();
#pragma unroll
    for (int r = 0; r < rows; ++r) {
#pragma unroll
        for (int k = 0; k < 4; ++k) storage.sums[Tiles::row(r)][column + 16 * k] = sum[r][k];
    }
#pragma unroll 1
    for (int r = 0; r < rows; ++r) {
        const std::int64_t row = first_row + Tiles::row(r);
        if (row >= states.n_outer) break;
        T one[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) one[k] = storage.sums[Tiles::row(r)][column + 16 * k];
        finish(UnitQuad{row, group, column}, one);
    }
}

template <class T, class Finish, int rows>
void multiply_tiles(const Product<T>& product, const Finish& finish, cudaStream_t stream) {
    const std::int64_t n_inputs = product.n_inputs(), n_rows = product.states.n_rows, D = product.n_visible;
    const Operand<T> states{product.states.bytes, product.states.numbers, n_inputs, 1, n_rows};
    const Operand<T> weights{nullptr, product.weights, product.to_hidden ? D : 1, product.to_hidden ? 1 : D,
                             product.n_outputs()};
    const dim3 blocks(unsigned(ceil_div<std::int64_t>(n_rows, ProductTiles<T, rows>::height)),
                      unsigned(product.n_groups()));
    launch(product_kernel<T, Finish, rows>, {blocks, product_threads, stream}, states, weights, n_inputs, finish);
}

}  // namespace

template <class T, class Finish>
void multiply(const Product<T>& product, const Finish& finish, cudaStream_t stream) {
    if (product.states.n_rows == 0 || product.n_outputs() == 0) return;
    if constexpr (sizeof(T) == 4) {
        if (product.states.bytes != nullptr) return multiply_bytes(product, finish, stream);
    }
    constexpr int many = 16 * many_rows<T>, few = 16 * few_rows;
    const std::int64_t n_rows = product.states.n_rows;
    if (n_rows > few && block_count(n_rows, many, product.n_groups()) >= 2 * one_block_each)
        multiply_tiles<T, Finish, many_rows<T>>(product, finish, stream);
    else
        multiply_tiles<T, Finish, few_rows>(product, finish, stream);
}

template void multiply(const Product<float>&, const BinaryFinish<float>&, cudaStream_t);
template void multiply(const Product<float>&, const RealFinish<float>&, cudaStream_t);
template void multiply(const Product<double>&, const BinaryFinish<double>&, cudaStream_t);
template void multiply(const Product<double>&, const RealFinish<double>&, cudaStream_t);

}  // namespace gibbsite::cuda
