#include "mixture/sums.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int gather_width = 32, gather_lines = 32;
constexpr int threads_per_block = 256;

// 32 neighbouring elements a block; 32 threads share the splits of each, and their sums are added in order.
__global__ void __launch_bounds__(gather_width* gather_lines) gather_kernel(Partials partials) {
    __shared__ double parts[gather_lines][gather_width];
    const int line = threadIdx.x / gather_width, column = threadIdx.x % gather_width;
    const std::int64_t i = std::int64_t(blockIdx.x) * gather_width + column;
    double sum = 0;
    if (i < partials.size)
        for (int s = line; s < partials.n_splits; s += gather_lines) sum += partials.of(s)[i];
    parts[line][column] = sum;
    __syncthreads();
    if (line != 0 || i >= partials.size) return;
    for (int other = 1; other < gather_lines; ++other) sum += parts[other][column];
    partials.first[i] = sum;
}

// Block (b, s) leaves the sum of its stretch of series s in part[s * gridDim.x + b]; the last series counts the
// weights.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    weighted_sums_kernel(const T* weight, const T* series, std::int64_t n_series, std::int64_t n_rows, double* part) {
    __shared__ double parts[threads_per_block / 32];
    const std::int64_t s = blockIdx.y, per_block = (n_rows + gridDim.x - 1) / gridDim.x;
    const std::int64_t begin = blockIdx.x * per_block;
    const std::int64_t end = begin + per_block < n_rows ? begin + per_block : n_rows;
    double sum = 0;
    for (std::int64_t n = begin + threadIdx.x; n < end; n += threads_per_block) {
        const double w = weight != nullptr ? double(weight[n]) : 1.0;
        sum += s < n_series ? w * double(series[s * n_rows + n]) : w;
    }
    sum = block_sum(sum, parts);
    if (threadIdx.x == 0) part[s * gridDim.x + blockIdx.x] = sum;
}

__global__ void __launch_bounds__(threads_per_block, 4)
    finish_sums_kernel(const double* part, int n_parts, std::int64_t n_series, double* sums, double* total) {
    __shared__ double parts[threads_per_block / 32];
    const std::int64_t s = blockIdx.x;
    double sum = 0;
    for (int i = threadIdx.x; i < n_parts; i += threads_per_block) sum += part[s * n_parts + i];
    sum = block_sum(sum, parts);
    if (threadIdx.x == 0) *(s < n_series ? sums + s : total) = sum;
}

}  // namespace

PartialSums::PartialSums(double* result, std::int64_t size, int n_splits, cudaStream_t stream)
    : result_(result), size_(size), n_splits_(n_splits), stream_(stream), rest_((n_splits - 1) * size, stream) {
    check(cudaMemsetAsync(result_, 0, std::size_t(size_) * sizeof(double), stream_));
    check(cudaMemsetAsync(rest_.data(), 0, std::size_t((n_splits_ - 1) * size_) * sizeof(double), stream_));
}

void PartialSums::gather() const {
    if (n_splits_ == 1 || size_ == 0) return;
    launch(gather_kernel, {unsigned(ceil_div<std::int64_t>(size_, gather_width)), gather_width * gather_lines, stream_},
           view());
}

template <class T>
void weighted_sums(const T* weight, const T* series, std::int64_t n_series, std::int64_t n_rows, double* sums,
                   double* total, cudaStream_t stream) {
    const std::int64_t all_series = n_series + (total != nullptr ? 1 : 0),
                       wanted = ceil_div<std::int64_t>(n_rows, 1024);
    if (all_series == 0) return;
    const int n_parts = int(wanted < 1 ? 1 : wanted < 256 ? wanted : 256);
    const Scratch<double> part(n_parts * all_series, stream);
    launch(weighted_sums_kernel<T>, {dim3(unsigned(n_parts), unsigned(all_series)), threads_per_block, stream}, weight,
           series, n_series, n_rows, part.data());
    launch(finish_sums_kernel, {unsigned(all_series), threads_per_block, stream}, part.data(), n_parts, n_series, sums,
           total);
}

template void weighted_sums(const float*, const float*, std::int64_t, std::int64_t, double*, double*, cudaStream_t);
template void weighted_sums(const double*, const double*, std::int64_t, std::int64_t, double*, double*, cudaStream_t);

}  // namespace gibbsite::cuda
