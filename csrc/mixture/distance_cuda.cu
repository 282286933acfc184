// Scaled squared distances of rows to components: the E step of diagonal, spherical and tied covariances, and k-means.
//
// q = sum_d (z_d a_kd - b_kd)^2 with z = x - c, a = 1 / sigma, b = (mean - c) a and a common centre c: two
// multiply-adds an element and component. Rounding b is rounding the mean relative to c, once; nothing of the order
// |x|^2 ever cancels. N = 10^6, D = 128, K = 1024 in float32 is 2.6e11 multiply-adds: 9 ms at the peak of an H200,
// against 0.1 ms for reading X, so registers and shared memory decide. A thread holds 8 rows x 8 components and reads
// 24 values from shared memory for 128 multiply-adds: a warp's 32 cycles of arithmetic need 8 of shared memory. Tiles
// are 16 features deep and arrive by asynchronous copies, one in flight behind the one in use.
#include "core/async_copy.cuh"
#include "core/shared.cuh"
#include "mixture/densities.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;
constexpr int depth = int(distance_depth);

// A thread's rows and components come as two vectors each, half a tile apart.
template <class T>
constexpr int per_thread = 2 * vector_width<T>;
template <class T>
constexpr int tile_width = 16 * per_thread<T>;

// Elements of one operand's tile; two of them lie one behind the other.
template <class T>
constexpr int panel_size = depth * tile_width<T>;

template <class T>
__device__ __forceinline__ void copy_panel(T* to, const T* from, std::int64_t stride) {
    constexpr int vectors = tile_width<T> / vector_width<T>;
    for (int i = threadIdx.x; i < depth * vectors; i += threads_per_block) {
        const int d = i / vectors, column = i % vectors * vector_width<T>;
        copy_async_16(to + d * tile_width<T> + column, from + d * stride + column);
    }
}

template <class T>
__device__ __forceinline__ void load_pair(const T* panel, int group, T* to) {
    load_vector(panel + group * vector_width<T>, to);
    load_vector(panel + tile_width<T> / 2 + group * vector_width<T>, to + vector_width<T>);
}

template <class T>
__device__ __forceinline__ void accumulate(const T* z_panel, const T* scale_panel, const T* shift_panel,
                                           T (&sum)[per_thread<T>][per_thread<T>], int row_group, int component_group) {
#pragma unroll 1
    for (int d = 0; d < depth; ++d) {
        T z[per_thread<T>], a[per_thread<T>], b[per_thread<T>];
        load_pair(z_panel + d * tile_width<T>, row_group, z);
        load_pair(scale_panel + d * tile_width<T>, component_group, a);
        load_pair(shift_panel + d * tile_width<T>, component_group, b);
        for (int k = 0; k < per_thread<T>; ++k) {
            for (int n = 0; n < per_thread<T>; ++n) {
                const T y = z[n] * a[k] - b[k];
                sum[k][n] += y * y;
            }
        }
    }
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 2)
    distance_kernel(DistanceOperands<T> operands, int n_components, const T* constant, T factor, T* out,
                    std::int64_t out_stride) {
    SharedMemory shared;
    T* const z = shared.take<T>(2 * panel_size<T>);
    T* const scale = shared.take<T>(2 * panel_size<T>);
    T* const shift = shared.take<T>(2 * panel_size<T>);

    const std::int64_t first_row = std::int64_t(blockIdx.x) * tile_width<T>;
    const std::int64_t first_component = std::int64_t(blockIdx.y) * tile_width<T>;
    const auto fetch = [&](int panel, int d) {
        copy_panel(z + panel, operands.z + d * operands.z_stride + first_row, operands.z_stride);
        copy_panel(scale + panel, operands.scale + d * operands.k_stride + first_component, operands.k_stride);
        copy_panel(shift + panel, operands.shift + d * operands.k_stride + first_component, operands.k_stride);
        commit_copies();
    };

    // A warp is 4 x 8 threads, the block 4 x 2 warps: what a warp reads at once fills one line of shared memory.
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int row_group = warp / 2 * 4 + lane / 8, component_group = warp % 2 * 8 + lane % 8;
    T sum[per_thread<T>][per_thread<T>] = {};
    fetch(0, 0);
    int panel = 0;
    for (int d = 0; d < operands.n_features; d += depth) {
        if (d + depth < operands.n_features) {
            fetch(panel_size<T> - panel, d + depth);
            wait_for_copies<1>();
        } else {
            wait_for_copies<0>();
        }
        __syncthreads();
        accumulate(z + panel, scale + panel, shift + panel, sum, row_group, component_group);
        __syncthreads();
        panel = panel_size<T> - panel;
    }

    constexpr int width = vector_width<T>;
    for (int k = 0; k < per_thread<T>; ++k) {
        const std::int64_t component =
            first_component + k / width * (tile_width<T> / 2) + component_group * width + k % width;
        if (component >= n_components) continue;
        const T base = constant != nullptr ? constant[component] : T(0);
        for (int n = 0; n < per_thread<T>; ++n) sum[k][n] = base + factor * sum[k][n];
        T* to = out + component * out_stride + first_row + row_group * width;
        store_vector(to, sum[k]);
        store_vector(to + tile_width<T> / 2, sum[k] + width);
    }
}

}  // namespace

template <class T>
void squared_distances(const DistanceOperands<T>& operands, std::int64_t n_rows, std::int64_t n_components,
                       const T* constant, T factor, T* out, std::int64_t out_stride, cudaStream_t stream) {
    const dim3 blocks(unsigned(ceil_div<std::int64_t>(n_rows, tile_width<T>)),
                      unsigned(ceil_div<std::int64_t>(n_components, tile_width<T>)));
    const std::size_t shared_bytes = 3 * shared_size<T>(2 * panel_size<T>);
    launch(distance_kernel<T>, {blocks, threads_per_block, stream, shared_bytes}, operands, int(n_components), constant,
           factor, out, out_stride);
}

template void squared_distances(const DistanceOperands<float>&, std::int64_t, std::int64_t, const float*, float, float*,
                                std::int64_t, cudaStream_t);
template void squared_distances(const DistanceOperands<double>&, std::int64_t, std::int64_t, const double*, double,
                                double*, std::int64_t, cudaStream_t);

}  // namespace gibbsite::cuda
