// sum_n r_n (x_n - centre)(x_n - centre)^T, for each component of a full covariance, or once for a tied one.
//
// A block takes one component, one tile of the matrix on or above the diagonal, and a split of the rows. It lists the
// rows whose responsibility is not negligible, and gathers those in groups of 32: on separated data most rows of X are
// never read for most components. A thread holds up to 4 x 4 sums; float32 ones go to float64 registers every 128 rows.
#include "mixture/sums.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256, group_rows = 32, groups_per_flush = 4;

template <class T, class A>
struct ScatterJob {
    const T* x;
    const T* centre;
    std::int64_t n_rows;
    int n_features;
    std::int64_t rows_per_split;
    WeightedResponsibilities<A> responsibilities;
    Partials sums;
};

// Rows found so far that wait to be gathered; fewer than a group after every batch.
template <class A>
struct RowList {
    std::int64_t row[threads_per_block + group_rows];
    A share[threads_per_block + group_rows];
    int found[threads_per_block / 32];
    A largest[threads_per_block / 32];
};

// Appends the rows of this batch whose share is above the cutoff, in order. Returns the new length, and the largest
// share in `largest`, known to all threads.
template <class A>
__device__ __forceinline__ int append(RowList<A>& list, int length, std::int64_t row, A share, A cutoff, A& largest) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const bool counts = !(share <= cutoff);  // NaN must reach the sums
    const unsigned hits = __ballot_sync(all_lanes, counts);
    const A most = warp_max_at_most(share);
    if (lane == 0) {
        list.found[warp] = __popc(hits);
        list.largest[warp] = most;
    }
    __syncthreads();
    int place = length + __popc(hits & ((1u << lane) - 1));
    for (int w = 0; w < threads_per_block / 32; ++w) {
        if (w < warp) place += list.found[w];
        length += list.found[w];
        largest = fmax(largest, list.largest[w]);
    }
    if (counts) {
        list.row[place] = row;
        list.share[place] = share;
    }
    __syncthreads();
    return length;
}

template <class T, class A, int per_thread>
struct TileSums {
    static constexpr int width = 16 * per_thread;

    A left[group_rows][width], right[group_rows][width];

    // Rows `first`.. of the list, centred; the left ones times their share. Zero beyond the list and beyond D.
    __device__ __forceinline__ void gather(const ScatterJob<T, A>& job, const RowList<A>& list, const T* centre,
                                           int first, int length, int i0, int j0) {
        for (int e = threadIdx.x; e < group_rows * width; e += threads_per_block) {
            const int n = e / width, column = e % width;
            const bool inside = first + n < length;
            const T* x = job.x + (inside ? list.row[first + n] : 0) * job.n_features;
            const A share = inside ? list.share[first + n] : A(0);
            const int i = i0 + column, j = j0 + column;
            left[n][column] = inside && i < job.n_features ? share * (A(x[i]) - A(centre[i])) : A(0);
            right[n][column] = inside && j < job.n_features ? A(x[j]) - A(centre[j]) : A(0);
        }
    }

    __device__ __forceinline__ void multiply(int i, int j, A (&sum)[per_thread][per_thread]) const {
#pragma unroll 4
        for (int n = 0; n < group_rows; ++n) {
            A a[per_thread], b[per_thread];
#pragma unroll
            for (int p = 0; p < per_thread; ++p) {
                a[p] = left[n][i * per_thread + p];
                b[p] = right[n][p * 16 + j];
            }
#pragma unroll
            for (int p = 0; p < per_thread; ++p) {
#pragma unroll
                for (int q = 0; q < per_thread; ++q) sum[p][q] += a[p] * b[q];
            }
        }
    }
};

template <class A, int per_thread>
__device__ __forceinline__ void flush(A (&sum)[per_thread][per_thread], double (&total)[per_thread][per_thread]) {
#pragma unroll
    for (int p = 0; p < per_thread; ++p) {
#pragma unroll
        for (int q = 0; q < per_thread; ++q) {
            total[p][q] += double(sum[p][q]);
            sum[p][q] = 0;
        }
    }
}

// The pair (row, column) of tiles, row <= column, that comes as number `index` of n (n + 1) / 2.
__device__ __forceinline__ void tile_pair(int index, int n_tiles, int& row, int& column) {
    row = 0;
    while (index >= n_tiles - row) {
        index -= n_tiles - row;
        ++row;
    }
    column = row + index;
}

template <class T, class A, int per_thread>
__global__ void __launch_bounds__(threads_per_block, 2) scatter_kernel(ScatterJob<T, A> job) {
    using Tile = TileSums<T, A, per_thread>;
    __shared__ Tile tile;
    __shared__ RowList<A> list;
    int tile_row, tile_column;
    tile_pair(int(blockIdx.x), (job.n_features + Tile::width - 1) / Tile::width, tile_row, tile_column);
    const std::int64_t k = blockIdx.y;
    const T* centre = job.centre + k * job.n_features;
    const int i = threadIdx.x / 16, j = threadIdx.x % 16;
    A sum[per_thread][per_thread] = {};
    double total[per_thread][per_thread] = {};
    int groups = 0;
    const auto take_group = [&](int first, int length) {
        tile.gather(job, list, centre, first, length, tile_row * Tile::width, tile_column * Tile::width);
        __syncthreads();
        tile.multiply(i, j, sum);
        if (++groups % groups_per_flush == 0) flush(sum, total);
        __syncthreads();
    };

    const std::int64_t begin = blockIdx.z * job.rows_per_split;
    const std::int64_t end = begin + job.rows_per_split < job.n_rows ? begin + job.rows_per_split : job.n_rows;
    const A negligible = job.responsibilities.share_to_pass_over();
    A largest = 0;
    int length = 0;
    for (std::int64_t batch = begin; batch < end; batch += threads_per_block) {
        const std::int64_t row = batch + threadIdx.x;
        const A share = row < end ? job.responsibilities(row, k) : A(0);
        length = append(list, length, row, share, negligible * largest, largest);
        int first = 0;
        for (; first + group_rows <= length; first += group_rows) take_group(first, length);
        // The rest moves to the front: fewer than one group, so one warp's threads, each its own entry.
        length -= first;
        if (first > 0 && int(threadIdx.x) < length) {
            list.row[threadIdx.x] = list.row[first + threadIdx.x];
            list.share[threadIdx.x] = list.share[first + threadIdx.x];
        }
        __syncthreads();
    }
    if (length > 0) take_group(0, length);
    flush(sum, total);

    double* scatter = job.sums.of(int(blockIdx.z)) + k * job.n_features * job.n_features;
#pragma unroll
    for (int p = 0; p < per_thread; ++p) {
#pragma unroll
        for (int q = 0; q < per_thread; ++q) {
            const int row = tile_row * Tile::width + i * per_thread + p;
            const int column = tile_column * Tile::width + q * 16 + j;
            if (row < job.n_features && column < job.n_features)
                scatter[std::int64_t(row) * job.n_features + column] += total[p][q];
        }
    }
}

std::int64_t components_of(const Shape& shape) {
    return shape.covariance_type == CovarianceType::full ? shape.n_components : 1;
}

int per_thread_for(std::int64_t n_features) { return n_features <= 16 ? 1 : n_features <= 32 ? 2 : 4; }

std::int64_t pairs_of(std::int64_t n_features) {
    const std::int64_t tiles = ceil_div<std::int64_t>(n_features, 16 * per_thread_for(n_features));
    return tiles * (tiles + 1) / 2;
}

int splits(const Shape& shape, std::int64_t n_rows) {
    // Four blocks for each of 132 multiprocessors.
    return splits_for(n_rows, pairs_of(shape.n_features) * components_of(shape), 528, covariance_size(shape));
}

}  // namespace

template <class T, class A>
Scatter<T, A>::Scatter(double* result, const Shape& shape, std::int64_t rows_at_a_time, cudaStream_t stream)
    : shape_(shape), stream_(stream), sums_(result, covariance_size(shape), splits(shape, rows_at_a_time), stream) {}

template <class T, class A>
void Scatter<T, A>::add(const T* x, std::int64_t n_rows, const T* centre,
                        const WeightedResponsibilities<A>& responsibilities) const {
    const Partials partials = sums_.view();
    const std::int64_t per_split =
        round_up<std::int64_t>(ceil_div<std::int64_t>(n_rows, partials.n_splits), threads_per_block);
    const ScatterJob<T, A> job{x, centre, n_rows, int(shape_.n_features), per_split, responsibilities, partials};
    const dim3 blocks(unsigned(pairs_of(shape_.n_features)), unsigned(components_of(shape_)),
                      unsigned(ceil_div<std::int64_t>(n_rows, per_split)));
    const int per_thread = per_thread_for(shape_.n_features);
    launch(per_thread == 1   ? scatter_kernel<T, A, 1>
           : per_thread == 2 ? scatter_kernel<T, A, 2>
                             : scatter_kernel<T, A, 4>,
           {blocks, threads_per_block, stream_}, job);
}

template class Scatter<float, float>;
template class Scatter<float, double>;
template class Scatter<double, double>;

}  // namespace gibbsite::cuda
