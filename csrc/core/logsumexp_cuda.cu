// log sum_i w_i exp(x_i) by the maximum. A long axis is cut in segments, each leaving its maximum and its sum; a second
// kernel joins them in order. Sums are float64.
#include "core/api.hpp"
#include "core/launch.cuh"
#include "core/scratch.cuh"
#include "core/warp.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;

// sum is relative to exp(shift(max)). `ignored` is NaN where an element of weight zero was NaN or +inf, else 0.
struct MaxSum {
    double max, sum, ignored;
};

// As scipy.special.logsumexp: an infinite maximum is not subtracted.
template <class T>
__device__ __forceinline__ T shift_of(T max) {
    return isfinite(max) ? max : T(0);
}

__device__ __forceinline__ MaxSum join(MaxSum a, MaxSum b) {
    const double max = fmax(a.max, b.max), shift = shift_of(max);
    // A sum of exactly zero stays out: its factor may be infinite.
    const double from_a = a.sum == 0 ? 0.0 : a.sum * exp(shift_of(a.max) - shift);
    const double from_b = b.sum == 0 ? 0.0 : b.sum * exp(shift_of(b.max) - shift);
    return {max, from_a + from_b, a.ignored + b.ignored};
}

// Where the result is not finite, SciPy takes the sum as it is written, and there 0 exp(inf) is NaN.
__device__ __forceinline__ double logarithm(MaxSum total) {
    const double value = log(total.sum) + shift_of(total.max);
    return isfinite(value) ? value : value + total.ignored;
}

// An element of weight zero adds nothing to a finite sum, even where x is infinite or NaN.
template <class T>
__device__ __forceinline__ T exponent(const LogSumExp<T>& job, std::int64_t at) {
    return job.weights != nullptr && job.weights[at] == T(0) ? T(-INFINITY) : job.x[at];
}

// What `first, first + step, ...` below `last` leave, relative to a maximum that is given.
template <class T>
__device__ __forceinline__ MaxSum sum_about(const LogSumExp<T>& job, std::int64_t base, std::int64_t stride,
                                            std::int64_t first, std::int64_t last, int step, T max) {
    const T shift = shift_of(max);
    MaxSum result{double(max), 0, 0};
#pragma unroll 2
    for (std::int64_t i = first; i < last; i += step) {
        const std::int64_t at = base + i * stride;
        const T weight = job.weights == nullptr ? T(1) : job.weights[at];
        if (weight == T(0)) result.ignored += job.x[at] < T(INFINITY) ? 0.0 : NAN;
        result.sum += double(weight) * double(exp(exponent(job, at) - shift));
    }
    return result;
}

template <class T>
__device__ __forceinline__ T max_of(const LogSumExp<T>& job, std::int64_t base, std::int64_t stride, std::int64_t first,
                                    std::int64_t last, int step) {
    T max = T(-INFINITY);
#pragma unroll 4
    for (std::int64_t i = first; i < last; i += step) max = fmax(max, exponent(job, base + i * stride));
    return max;
}

struct Segments {
    std::int64_t length;  // of the axis
    std::int64_t n_out;
    std::int64_t per_segment;
    int n_segments;
};

template <class T>
__device__ __forceinline__ void write(const LogSumExp<T>& job, MaxSum* partial, const Segments& segments,
                                      std::int64_t out, MaxSum value) {
    if (segments.n_segments == 1)
        job.out[out] = T(logarithm(value));
    else
        partial[blockIdx.y * segments.n_out + out] = value;
}

// The axis is contiguous: `lanes` neighbouring threads (a power of two up to 32) share a row.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 3)
    row_kernel(LogSumExp<T> job, MaxSum* partial, Segments segments, int lanes) {
    const int lane = int(threadIdx.x) % lanes;
    const std::int64_t row = std::int64_t(blockIdx.x) * (threads_per_block / lanes) + threadIdx.x / lanes;
    const std::int64_t base = row * segments.length;
    std::int64_t begin = blockIdx.y * segments.per_segment, end = begin + segments.per_segment;
    if (end > segments.length) end = segments.length;
    if (row >= segments.n_out) end = begin = 0;  // the whole warp takes part in the shuffles
    T max = max_of(job, base, 1, begin + lane, end, lanes);
    for (int offset = lanes / 2; offset > 0; offset /= 2) max = fmax(max, __shfl_xor_sync(all_lanes, max, offset));
    MaxSum total = sum_about(job, base, 1, begin + lane, end, lanes, max);
    for (int offset = lanes / 2; offset > 0; offset /= 2) {
        total.sum += __shfl_xor_sync(all_lanes, total.sum, offset);
        total.ignored += __shfl_xor_sync(all_lanes, total.ignored, offset);
    }
    if (lane == 0 && row < segments.n_out) write(job, partial, segments, row, total);
}

// The axis is strided: a block takes `width` neighbouring columns (a power of two up to 32), so that reads coalesce,
// and its threads split the segment's rows.
template <class T>
__global__ void __launch_bounds__(threads_per_block, 3)
    column_kernel(LogSumExp<T> job, MaxSum* partial, Segments segments, int width) {
    __shared__ MaxSum parts[threads_per_block];
    const int n_parts = threads_per_block / width, part = int(threadIdx.x) / width;
    const std::int64_t column = std::int64_t(blockIdx.x) * width + threadIdx.x % width;
    const std::int64_t begin = blockIdx.y * segments.per_segment;
    std::int64_t end = begin + segments.per_segment;
    if (end > segments.length) end = segments.length;
    MaxSum mine{-INFINITY, 0, 0};
    if (column < segments.n_out) {
        const T max = max_of(job, column, segments.n_out, begin + part, end, n_parts);
        mine = sum_about(job, column, segments.n_out, begin + part, end, n_parts, max);
    }
    parts[threadIdx.x] = mine;
    __syncthreads();
    for (int half = n_parts / 2; half > 0; half /= 2) {
        if (part < half) parts[threadIdx.x] = join(parts[threadIdx.x], parts[threadIdx.x + half * width]);
        __syncthreads();
    }
    if (part == 0 && column < segments.n_out) write(job, partial, segments, column, parts[threadIdx.x]);
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 3) join_kernel(const MaxSum* partial, Segments segments, T* out) {
    const std::int64_t i = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x;
    if (i >= segments.n_out) return;
    MaxSum total = partial[i];
    for (int s = 1; s < segments.n_segments; ++s) total = join(total, partial[s * segments.n_out + i]);
    out[i] = T(logarithm(total));
}

int power_of_two_up_to_32(std::int64_t n) {
    int power = 1;
    while (power < 32 && power < n) power *= 2;
    return power;
}

// Enough segments to fill a card when there are few outputs, none shorter than what is worth a block.
Segments cut(std::int64_t length, std::int64_t n_out, std::int64_t blocks, std::int64_t least) {
    const std::int64_t wanted = ceil_div<std::int64_t>(1024, blocks), most = length / least;
    const std::int64_t n_segments = wanted < most ? wanted : most > 1 ? most : 1;
    return {length, n_out, ceil_div<std::int64_t>(length > 0 ? length : 1, n_segments), int(n_segments)};
}

}  // namespace

template <class T>
void logsumexp(const LogSumExp<T>& job, Context context) {
    const bool along_rows = job.axis == 1;
    const std::int64_t length = along_rows ? job.n_columns : job.n_rows;
    const std::int64_t n_out = along_rows ? job.n_rows : job.n_columns;
    if (n_out == 0) return;
    const cudaStream_t stream = stream_of(context);
    const int width = power_of_two_up_to_32(along_rows ? length : n_out);
    const int per_block = along_rows ? threads_per_block / width : width;
    const std::int64_t blocks = ceil_div<std::int64_t>(n_out, per_block);
    const Segments segments = cut(length, n_out, blocks, along_rows ? 4096 : 16 * threads_per_block / width);
    const Scratch<MaxSum> partial(segments.n_segments > 1 ? n_out * segments.n_segments : 0, stream);
    launch(along_rows ? row_kernel<T> : column_kernel<T>,
           {dim3(unsigned(blocks), unsigned(segments.n_segments)), threads_per_block, stream}, job, partial.data(),
           segments, width);
    if (segments.n_segments > 1)
        launch(join_kernel<T>, {unsigned(ceil_div<std::int64_t>(n_out, threads_per_block)), threads_per_block, stream},
               partial.data(), segments, job.out);
}

template void logsumexp(const LogSumExp<float>&, Context);
template void logsumexp(const LogSumExp<double>&, Context);

}  // namespace gibbsite::cuda
