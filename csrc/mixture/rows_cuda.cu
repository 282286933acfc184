// From a tile of log densities, component by component, to one value a row: a block takes 32 neighbouring rows, and its
// eight warps split the components, so that every read is one line.
#include "mixture/densities.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int rows_per_block = 32, parts = 8;
constexpr int threads_per_block = rows_per_block * parts;

// The running maximum and the sum relative to it, in one pass.
template <class T>
struct MaxSum {
    T max, sum;

    __device__ __forceinline__ void add(T value) {
        if (value > max) {
            sum = sum * exp(max - value) + T(1);  // exp(-inf) drops the empty start
            max = value;
        } else if (value > T(-INFINITY)) {
            sum += exp(value - max);
        } else if (!(value == value)) {
            sum = value;  // NaN stays
        }
    }

    __device__ __forceinline__ void join(const MaxSum& other) {
        const T larger = fmax(max, other.max);
        if (larger > T(-INFINITY))
            sum = sum * exp(max - larger) + other.sum * exp(other.max - larger);
        else
            sum += other.sum;
        max = larger;
    }
};

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    log_sum_exp_kernel(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components, T* out) {
    __shared__ T maxima[parts][rows_per_block], sums[parts][rows_per_block];
    const int lane = threadIdx.x % rows_per_block, part = threadIdx.x / rows_per_block;
    const std::int64_t n = std::int64_t(blockIdx.x) * rows_per_block + lane;
    MaxSum<T> mine{T(-INFINITY), T(0)};
    if (n < n_rows) {
#pragma unroll 4
        for (std::int64_t k = part; k < n_components; k += parts) mine.add(tile[k * stride + n]);
    }
    maxima[part][lane] = mine.max;
    sums[part][lane] = mine.sum;
    __syncthreads();
    if (part != 0 || n >= n_rows) return;
    for (int i = 1; i < parts; ++i) mine.join({maxima[i][lane], sums[i][lane]});
    out[n] = mine.max + log(mine.sum);
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    best_kernel(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components, T sign,
                std::int64_t* index, T* best) {
    __shared__ T values[parts][rows_per_block];
    __shared__ std::int64_t places[parts][rows_per_block];
    const int lane = threadIdx.x % rows_per_block, part = threadIdx.x / rows_per_block;
    const std::int64_t n = std::int64_t(blockIdx.x) * rows_per_block + lane;
    T value = T(-INFINITY);
    std::int64_t place = n_components;
    if (n < n_rows) {
#pragma unroll 4
        for (std::int64_t k = part; k < n_components; k += parts) {
            const T candidate = sign * tile[k * stride + n];
            if (candidate > value || place == n_components) {
                value = candidate;
                place = k;
            }
        }
    }
    values[part][lane] = value;
    places[part][lane] = place;
    __syncthreads();
    if (part != 0 || n >= n_rows) return;
    for (int i = 1; i < parts; ++i) {
        if (places[i][lane] == n_components) continue;
        if (values[i][lane] < value || (values[i][lane] == value && places[i][lane] > place)) continue;
        value = values[i][lane];
        place = places[i][lane];
    }
    index[n] = place;
    if (best != nullptr) best[n] = sign * value;
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    total_kernel(WeightedResponsibilities<T> responsibilities, std::int64_t n_rows, std::int64_t n_components,
                 double* out) {
    __shared__ double sums[parts][rows_per_block];
    const int lane = threadIdx.x % rows_per_block, part = threadIdx.x / rows_per_block;
    const std::int64_t n = std::int64_t(blockIdx.x) * rows_per_block + lane;
    double sum = 0;
    if (n < n_rows)
        for (std::int64_t k = part; k < n_components; k += parts) sum += double(responsibilities(n, k));
    sums[part][lane] = sum;
    __syncthreads();
    if (part != 0 || n >= n_rows) return;
    for (int i = 1; i < parts; ++i) sum += sums[i][lane];
    out[n] = sum;
}

// The tile turned, 32 x 32 at a time.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    write_kernel(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components,
                 const T* log_density, bool exponentiate, T* out) {
    __shared__ T square[32][33];
    const int lane = threadIdx.x % 32, line = threadIdx.x / 32;
    const std::int64_t first_row = std::int64_t(blockIdx.x) * 32, first_component = std::int64_t(blockIdx.y) * 32;
    for (int i = line; i < 32; i += parts)
        if (first_component + i < n_components && first_row + lane < n_rows)
            square[i][lane] = tile[(first_component + i) * stride + first_row + lane];
    __syncthreads();
    const std::int64_t k = first_component + lane;
    for (int i = line; i < 32; i += parts) {
        const std::int64_t n = first_row + i;
        if (n >= n_rows || k >= n_components) continue;
        const T value = square[lane][i] - (log_density != nullptr ? log_density[n] : T(0));
        out[n * n_components + k] = exponentiate ? exp(value) : value;
    }
}

unsigned row_blocks(std::int64_t n_rows) { return unsigned(ceil_div<std::int64_t>(n_rows, rows_per_block)); }

}  // namespace

template <class T>
void log_sum_exp_of_rows(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components, T* out,
                         cudaStream_t stream) {
    launch(log_sum_exp_kernel<T>, {row_blocks(n_rows), threads_per_block, stream}, tile, stride, n_rows, n_components,
           out);
}

template <class T>
void best_of_rows(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components, T sign,
                  std::int64_t* index, T* best, cudaStream_t stream) {
    launch(best_kernel<T>, {row_blocks(n_rows), threads_per_block, stream}, tile, stride, n_rows, n_components, sign,
           index, best);
}

template <class T>
void total_of_rows(const WeightedResponsibilities<T>& responsibilities, std::int64_t n_rows, std::int64_t n_components,
                   double* out, cudaStream_t stream) {
    launch(total_kernel<T>, {row_blocks(n_rows), threads_per_block, stream}, responsibilities, n_rows, n_components,
           out);
}

template <class T>
void write_rows(const T* tile, std::int64_t stride, std::int64_t n_rows, std::int64_t n_components,
                const T* log_density, bool exponentiate, T* out, cudaStream_t stream) {
    const dim3 blocks(row_blocks(n_rows), unsigned(ceil_div<std::int64_t>(n_components, 32)));
    launch(write_kernel<T>, {blocks, threads_per_block, stream}, tile, stride, n_rows, n_components, log_density,
           exponentiate, out);
}

#define GIBBSITE_INSTANTIATE(T)                                                                              \
    template void log_sum_exp_of_rows(const T*, std::int64_t, std::int64_t, std::int64_t, T*, cudaStream_t); \
    template void best_of_rows(const T*, std::int64_t, std::int64_t, std::int64_t, T, std::int64_t*, T*,     \
                               cudaStream_t);                                                                \
    template void total_of_rows(const WeightedResponsibilities<T>&, std::int64_t, std::int64_t, double*,     \
                                cudaStream_t);                                                               \
    template void write_rows(const T*, std::int64_t, std::int64_t, std::int64_t, const T*, bool, T*, cudaStream_t);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda
