// Draws from a mixture whose labels are given: x = mean + L z, with z where `normal` would put it.
#include "core/shared.cuh"
#include "mixture/api.hpp"
#include "random/draws.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;
constexpr std::int64_t shared_elements = 4096, most_rows = 64;

template <class T>
struct SampleJob {
    const T* means;
    const T* factor;
    Shape shape;
    const std::int64_t* labels;
    T* out;
    std::int64_t n, rows_per_block;
    Place place;
};

// Normals [begin, begin + count) of the draw, by the block's threads.
template <class T>
__device__ void fill_normals(const Place& place, std::uint64_t begin, std::int64_t count, T* z) {
    constexpr int size = elements_per_block<T>;
    const std::uint64_t end = begin + std::uint64_t(count);
    for (std::uint64_t block = begin / size + threadIdx.x; block * size < end; block += threads_per_block) {
        T values[size];
        normal_block(block, place, values);
#pragma unroll
        for (int i = 0; i < size; ++i) {
            const std::uint64_t element = block * size + i;
            if (element >= begin && element < end) z[element - begin] = values[i];
        }
    }
}

template <class T>
__device__ __forceinline__ T transformed(const SampleJob<T>& job, std::int64_t label, std::int64_t i, const T* z) {
    const std::int64_t d = job.shape.n_features;
    switch (job.shape.covariance_type) {
        case CovarianceType::diag:
            return job.factor[label * d + i] * z[i];
        case CovarianceType::spherical:
            return job.factor[label] * z[i];
        default: {
            const T* row = job.factor + (job.shape.covariance_type == CovarianceType::full ? label * d * d : 0) + i * d;
            T sum = 0;
            for (std::int64_t j = 0; j <= i; ++j) sum += row[j] * z[j];
            return sum;
        }
    }
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) sample_kernel(SampleJob<T> job) {
    const std::int64_t d = job.shape.n_features, first = std::int64_t(blockIdx.x) * job.rows_per_block;
    const std::int64_t count = job.n - first < job.rows_per_block ? job.n - first : job.rows_per_block;
    SharedMemory shared;
    T* z = shared.take<T>(job.rows_per_block * d);
    fill_normals(job.place, (job.place.offset + std::uint64_t(first)) * std::uint64_t(d), count * d, z);
    __syncthreads();
    for (std::int64_t at = threadIdx.x; at < count * d; at += threads_per_block) {
        const std::int64_t label = job.labels[first + at / d], i = at % d;
        job.out[first * d + at] = job.means[label * d + i] + transformed(job, label, i, z + at / d * d);
    }
}

}  // namespace

template <class T>
void sample(const T* means, const T* covariance_cholesky, const Shape& shape, const std::int64_t* labels, T* out,
            std::int64_t n, const Place& place, Context context) {
    if (n == 0) return;
    std::int64_t rows = shared_elements / shape.n_features;
    rows = rows < 1 ? 1 : rows < most_rows ? rows : most_rows;
    const SampleJob<T> job{means, covariance_cholesky, shape, labels, out, n, rows, place};
    launch(sample_kernel<T>,
           {unsigned(ceil_div<std::int64_t>(n, rows)), threads_per_block, stream_of(context),
            shared_size<T>(std::size_t(rows * shape.n_features))},
           job);
}

template void sample(const float*, const float*, const Shape&, const std::int64_t*, float*, std::int64_t, const Place&,
                     Context);
template void sample(const double*, const double*, const Shape&, const std::int64_t*, double*, std::int64_t,
                     const Place&, Context);

}  // namespace gibbsite::cuda
