// Products of centred rows with an upper triangular factor: y = (x - mean) P, the E step of full covariances, and the
// whitening of rows for a tied one.
//
// A block takes 128 rows and one component: the rows are centred on their way into shared memory, and every column
// panel of P meets only the features above its diagonal. A thread holds 8 rows x up to 4 columns; the next tiles are on
// their way to registers while the present ones are multiplied. N K D^2 / 2 multiply-adds, a little more for the
// panels' corners.
#include "core/shared.cuh"
#include "mixture/densities.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;
constexpr int depth = 16;
constexpr int rows_per_thread = 8;
static_assert(16 * rows_per_thread == tile_rows);

// A column of the transposed tile of rows, padded so that its writes spread over the banks.
template <class T>
constexpr int row_pitch = int(tile_rows) + vector_width<T>;

template <class T>
struct Rectangle {
    const T* x;
    std::int64_t n_rows;
    int n_features;
    std::int64_t first_row;
    const T* mean;
    const T* factor;  // (D, D), upper triangular
};

// The tiles at (features i0.., columns j0..) in registers, between global and shared memory.
template <class T, int columns>
struct Fetched {
    static constexpr int x_count = int(tile_rows) * depth / threads_per_block;
    static constexpr int p_count = columns;  // depth * 16 columns / 256 threads

    T x[x_count], p[p_count];

    __device__ __forceinline__ void load(const Rectangle<T>& r, int i0, int j0) {
        const int i = i0 + int(threadIdx.x) % depth;
        const T mean = i < r.n_features ? r.mean[i] : T(0);
        for (int s = 0; s < x_count; ++s) {
            const std::int64_t row = r.first_row + int(threadIdx.x) / depth + s * (threads_per_block / depth);
            x[s] = i < r.n_features && row < r.n_rows ? r.x[row * r.n_features + i] - mean : T(0);
        }
        for (int s = 0; s < p_count; ++s) {
            const int flat = int(threadIdx.x) + s * threads_per_block;
            const int pi = i0 + flat / (16 * columns), pj = j0 + flat % (16 * columns);
            p[s] = pi <= pj && pj < r.n_features ? r.factor[std::int64_t(pi) * r.n_features + pj] : T(0);
        }
    }

    __device__ __forceinline__ void store(T* x_tile, T* p_tile) const {
        for (int s = 0; s < x_count; ++s)
            x_tile[int(threadIdx.x) % depth * row_pitch<T> + int(threadIdx.x) / depth +
                   s * (threads_per_block / depth)] = x[s];
        for (int s = 0; s < p_count; ++s) p_tile[int(threadIdx.x) + s * threads_per_block] = p[s];
    }
};

// A thread's rows are vectors of 16 bytes, 16 of which make up a stretch of the tile.
template <class T>
__device__ __forceinline__ int row_of(int group, int r) {
    constexpr int width = vector_width<T>;
    return r / width * 16 * width + group * width + r % width;
}

template <class T, int columns>
__device__ __forceinline__ void multiply(const T* x_tile, const T* p_tile, int row_group, int column_group,
                                         T (&y)[rows_per_thread][columns]) {
#pragma unroll(sizeof(T) == 4 ? 2 : 1)
    for (int i = 0; i < depth; ++i) {
        T x[rows_per_thread], p[columns];
        for (int r = 0; r < rows_per_thread; r += vector_width<T>)
            load_vector(x_tile + i * row_pitch<T> + row_of<T>(row_group, r), x + r);
        for (int c = 0; c < columns; ++c) p[c] = p_tile[i * 16 * columns + c * 16 + column_group];
        for (int r = 0; r < rows_per_thread; ++r)
            for (int c = 0; c < columns; ++c) y[r][c] += x[r] * p[c];
    }
}

// Calls sink(first column of the panel, y) for every panel of 16 * columns columns.
template <class T, int columns, class Sink>
__device__ __forceinline__ void for_each_panel(const Rectangle<T>& r, T* x_tile, T* p_tile, int row_group,
                                               int column_group, const Sink& sink) {
    for (int j0 = 0; j0 < r.n_features; j0 += 16 * columns) {
        T y[rows_per_thread][columns] = {};
        const int last = j0 + 16 * columns < r.n_features ? j0 + 16 * columns : r.n_features;
        Fetched<T, columns> next;
        next.load(r, 0, j0);
        for (int i0 = 0; i0 < last; i0 += depth) {
            __syncthreads();
            next.store(x_tile, p_tile);
            __syncthreads();
            if (i0 + depth < last) next.load(r, i0 + depth, j0);
            multiply<T, columns>(x_tile, p_tile, row_group, column_group, y);
        }
        sink(j0, y);
    }
}

template <class T, int columns>
__global__ void __launch_bounds__(threads_per_block, 2)
    log_density_kernel(const T* x, std::int64_t n_rows, int n_features, const T* means, const T* factors,
                       const T* constant, T* out, std::int64_t out_stride) {
    __shared__ T x_tile[depth * row_pitch<T>];
    __shared__ T p_tile[depth * 16 * columns];
    const std::int64_t k = blockIdx.y, first_row = std::int64_t(blockIdx.x) * tile_rows;
    const Rectangle<T> r{
        x, n_rows, n_features, first_row, means + k * n_features, factors + k * n_features * n_features};
    const int row_group = threadIdx.x / 16, column_group = threadIdx.x % 16;
    T square[rows_per_thread] = {};
    for_each_panel<T, columns>(r, x_tile, p_tile, row_group, column_group, [&](int, const auto& y) {
#pragma unroll
        for (int n = 0; n < rows_per_thread; ++n)
            for (int c = 0; c < columns; ++c) square[n] += y[n][c] * y[n][c];
    });
#pragma unroll
    for (int n = 0; n < rows_per_thread; ++n) {
#pragma unroll
        for (int offset = 8; offset > 0; offset /= 2) square[n] += __shfl_xor_sync(all_lanes, square[n], offset, 16);
        if (column_group == n)
            out[k * out_stride + first_row + row_of<T>(row_group, n)] = constant[k] - T(0.5) * square[n];
    }
}

template <class T, int columns>
__global__ void __launch_bounds__(threads_per_block, 2)
    whiten_kernel(const T* x, std::int64_t n_rows, int n_features, const T* centre, const T* factor, T* z,
                  std::int64_t z_stride, int n_features_padded) {
    __shared__ T x_tile[depth * row_pitch<T>];
    __shared__ T p_tile[depth * 16 * columns];
    const Rectangle<T> r{x, n_rows, n_features, std::int64_t(blockIdx.x) * tile_rows, centre, factor};
    const int row_group = threadIdx.x / 16, column_group = threadIdx.x % 16;
    for_each_panel<T, columns>(r, x_tile, p_tile, row_group, column_group, [&](int j0, const auto& y) {
        for (int c = 0; c < columns; ++c) {
            const int j = j0 + c * 16 + column_group;
            if (j >= n_features_padded) continue;  // padding columns are zero, as their factor is
            for (int n = 0; n < rows_per_thread; ++n) z[j * z_stride + r.first_row + row_of<T>(row_group, n)] = y[n][c];
        }
    });
}

// The smallest panel that D fills, of those that the registers of two blocks hold.
template <class T, class Launch>
void with_columns(std::int64_t n_features, const Launch& launch_with) {
    constexpr int most = sizeof(T) == 4 ? 4 : 2;
    if (n_features <= 16)
        launch_with.template operator()<1>();
    else if (n_features <= 32)
        launch_with.template operator()<2>();
    else
        launch_with.template operator()<most>();
}

}  // namespace

template <class T>
void triangular_log_densities(const T* x, std::int64_t n_rows, std::int64_t n_features, const Gaussians<T>& model,
                              const T* constant, T* out, std::int64_t out_stride, cudaStream_t stream) {
    const dim3 blocks(unsigned(ceil_div<std::int64_t>(n_rows, tile_rows)), unsigned(model.n_components));
    with_columns<T>(n_features, [&]<int columns>() {
        launch(log_density_kernel<T, columns>, {blocks, threads_per_block, stream}, x, n_rows, int(n_features),
               model.means, model.precisions_cholesky, constant, out, out_stride);
    });
}

template <class T>
void whiten_rows(const T* x, std::int64_t n_rows, std::int64_t n_features, const T* centre, const T* precision_cholesky,
                 T* z, std::int64_t z_stride, std::int64_t n_features_padded, cudaStream_t stream) {
    with_columns<T>(n_features, [&]<int columns>() {
        launch(whiten_kernel<T, columns>,
               {unsigned(ceil_div<std::int64_t>(n_rows, tile_rows)), threads_per_block, stream}, x, n_rows,
               int(n_features), centre, precision_cholesky, z, z_stride, int(n_features_padded));
    });
}

#define GIBBSITE_INSTANTIATE(T)                                                                                     \
    template void triangular_log_densities(const T*, std::int64_t, std::int64_t, const Gaussians<T>&, const T*, T*, \
                                           std::int64_t, cudaStream_t);                                             \
    template void whiten_rows(const T*, std::int64_t, std::int64_t, const T*, const T*, T*, std::int64_t,           \
                              std::int64_t, cudaStream_t);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda
