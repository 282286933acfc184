// First and second moments about the components' centres: R^T (X - m) and R^T (X - m)^2 without either difference in
// memory.
//
// A warp holds a few components x 32 vectors of features: sums and centres stay in registers, a row costs one vector
// from shared memory and four operations an element and component. Data of fewer features leave lanes over; these take
// rows of their own, and the groups are added at the end. A block's warps share the rows that they read.
//
// Lane n looks at row n first: a row whose responsibilities for the warp's components are all zero is skipped, and is
// not even read when no warp of the block wants it. On separated data that is nearly all of N x K. float32 sums run
// over about 128 rows, then go to float64.
#include "core/shared.cuh"
#include "mixture/sums.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int rows_per_tile = 32, most_warps = 4, hits_per_flush = 128;

template <class T>
constexpr int components_per_warp = sizeof(T) == 4 ? 8 : 4;
template <class T>
constexpr int features_per_block = 32 * vector_width<T>;

template <class T>
struct MomentsJob {
    const T* x;
    const T* centre;
    std::int64_t n_rows, n_features, n_components;
    std::int64_t rows_per_split;
    int lanes_per_row;  // a power of two
    bool aligned;
    WeightedResponsibilities<T> responsibilities;
    Partials sums;
};

// The wanted ones of 32 rows at features d0.. into the tile, zero beyond D.
template <class T>
__device__ __forceinline__ void load_tile(const MomentsJob<T>& job, std::int64_t first, unsigned wanted,
                                          std::int64_t d0, int width, T* tile) {
    constexpr int vector = vector_width<T>;
    for (int i = int(threadIdx.x) * vector; i < rows_per_tile * width; i += int(blockDim.x) * vector) {
        const int n = i / width;
        if ((wanted >> n & 1) == 0) continue;
        const std::int64_t d = d0 + i % width;
        const T* from = job.x + (first + n) * job.n_features + d;
        T values[vector] = {};
        if (job.aligned && d < job.n_features) {
            load_vector(from, values);
        } else {
            for (int v = 0; v < vector; ++v)
                if (d + v < job.n_features) values[v] = from[v];
        }
        store_vector(tile + i, values);
    }
}

// What a thread holds: components x one vector of features.
template <class T, bool squares>
struct Registers {
    static constexpr int count = components_per_warp<T>, vector = vector_width<T>;
    T centre[count][vector], first[count][vector], second[squares ? count : 1][vector];

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int c = 0; c < count; ++c) {
#pragma unroll
            for (int v = 0; v < vector; ++v) {
                first[c][v] = 0;
                if constexpr (squares) second[c][v] = 0;
            }
        }
    }

    __device__ __forceinline__ void load_centres(const MomentsJob<T>& job, std::int64_t k0, std::int64_t d) {
#pragma unroll
        for (int c = 0; c < count; ++c) {
#pragma unroll
            for (int v = 0; v < vector; ++v)
                centre[c][v] = k0 + c < job.n_components && d + v < job.n_features
                                   ? job.centre[(k0 + c) * job.n_features + d + v]
                                   : T(0);
        }
    }

    __device__ __forceinline__ void add_row(const T* x_at, const T* r_at) {
        T x[vector], r[count];
        load_vector(x_at, x);
#pragma unroll
        for (int c = 0; c < count; c += vector) load_vector(r_at + c, r + c);
#pragma unroll
        for (int c = 0; c < count; ++c) {
#pragma unroll
            for (int v = 0; v < vector; ++v) {
                const T difference = x[v] - centre[c][v];
                if constexpr (squares) {
                    const T weighted = r[c] * difference;
                    first[c][v] += weighted;
                    second[c][v] += weighted * difference;
                } else {
                    first[c][v] += r[c] * difference;
                }
            }
        }
    }

    // Adds the groups of lanes that hold the same features, and leaves zeros.
    __device__ __forceinline__ void flush(const MomentsJob<T>& job, double* sums, std::int64_t k0, std::int64_t d,
                                          bool writes) {
        double* first_sums = sums + job.n_components;
        double* second_sums = first_sums + job.n_components * job.n_features;
#pragma unroll
        for (int c = 0; c < count; ++c) {
#pragma unroll
            for (int v = 0; v < vector; ++v) {
                for (int offset = job.lanes_per_row; offset < 32; offset *= 2) {
                    first[c][v] += __shfl_xor_sync(all_lanes, first[c][v], offset);
                    if constexpr (squares) second[c][v] += __shfl_xor_sync(all_lanes, second[c][v], offset);
                }
                if (!writes || k0 + c >= job.n_components || d + v >= job.n_features) continue;
                const std::int64_t at = (k0 + c) * job.n_features + d + v;
                first_sums[at] += double(first[c][v]);
                if constexpr (squares) second_sums[at] += double(second[c][v]);
            }
        }
        clear();
    }
};

template <class T, bool squares>
__global__ void __launch_bounds__(32 * most_warps, 3) moments_kernel(MomentsJob<T> job) {
    constexpr int count = components_per_warp<T>;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, n_warps = blockDim.x / 32;
    const int width = job.lanes_per_row * vector_width<T>;
    __shared__ unsigned hits_of[2][most_warps];  // one being read while the next is written
    SharedMemory shared;
    T* tile = shared.take<T>(rows_per_tile * width);
    T* shares = shared.take<T>(n_warps * rows_per_tile * count) + warp * rows_per_tile * count;
    double* weights = shared.take<double>(n_warps * count * 32) + warp * count * 32 + lane;

    const std::int64_t k0 = (std::int64_t(blockIdx.x) * n_warps + warp) * count;
    const std::int64_t d0 = std::int64_t(blockIdx.y) * features_per_block<T>;
    const int group = lane / job.lanes_per_row, feature = lane % job.lanes_per_row * vector_width<T>;
    // Rows of this lane's group: every (32 / lanes_per_row)-th.
    unsigned my_rows = 0;
    for (int n = group; n < 32; n += 32 / job.lanes_per_row) my_rows |= 1u << n;

    double* sums = job.sums.of(int(blockIdx.z));
    Registers<T, squares> registers;
    registers.clear();
    registers.load_centres(job, k0, d0 + feature);
    for (int c = 0; c < count; ++c) weights[c * 32] = 0;
    const std::int64_t begin = blockIdx.z * job.rows_per_split;
    const std::int64_t end = begin + job.rows_per_split < job.n_rows ? begin + job.rows_per_split : job.n_rows;
    const T share = job.responsibilities.share_to_pass_over();
    T cutoff[count] = {};
    int pending = 0, turn = 0;
    for (std::int64_t first = begin; first < end; first += rows_per_tile, turn = 1 - turn) {
        T mine[count];
        bool any = false;
#pragma unroll
        for (int c = 0; c < count; ++c) {
            mine[c] =
                first + lane < end && k0 + c < job.n_components ? job.responsibilities(first + lane, k0 + c) : T(0);
            cutoff[c] = fmax(cutoff[c], share * warp_max_at_most(mine[c]));
            any = any || !(mine[c] <= cutoff[c]);  // NaN must reach the sums
            weights[c * 32] += double(mine[c]);
        }
        const unsigned hits = __ballot_sync(all_lanes, any);
        __syncwarp();  // the warp has read the last shares
#pragma unroll
        for (int c = 0; c < count; c += vector_width<T>) store_vector(shares + lane * count + c, mine + c);
        if (lane == 0) hits_of[turn][warp] = hits;
        __syncthreads();  // the block has read the last tile
        unsigned wanted = 0;
        for (int w = 0; w < n_warps; ++w) wanted |= hits_of[turn][w];
        if (wanted == 0) continue;
        load_tile(job, first, wanted, d0, width, tile);
        __syncthreads();
        for (unsigned left = hits & my_rows; left != 0; left &= left - 1) {
            const int n = __ffs(int(left)) - 1;
            registers.add_row(tile + n * width + feature, shares + n * count);
        }
        pending += __popc(hits);
        if (sizeof(T) == 4 && pending >= hits_per_flush * (32 / job.lanes_per_row)) {
            registers.flush(job, sums, k0, d0 + feature, group == 0);
            pending = 0;
        }
    }
    if (pending > 0) registers.flush(job, sums, k0, d0 + feature, group == 0);
    if (blockIdx.y != 0) return;
    for (int c = 0; c < count; ++c) {
        const double weight = warp_sum(weights[c * 32]);
        if (lane == 0 && k0 + c < job.n_components) sums[k0 + c] += weight;
    }
}

template <class T>
int warps_for(std::int64_t n_components) {
    const std::int64_t warps = ceil_div<std::int64_t>(n_components, components_per_warp<T>);
    return int(warps < most_warps ? warps : most_warps);
}

template <class T>
dim3 blocks_for(const Shape& shape) {
    return {
        unsigned(ceil_div<std::int64_t>(shape.n_components, warps_for<T>(shape.n_components) * components_per_warp<T>)),
        unsigned(ceil_div<std::int64_t>(shape.n_features, features_per_block<T>))};
}

template <class T>
int splits(const Shape& shape, bool with_squares, std::int64_t n_rows) {
    const dim3 blocks = blocks_for<T>(shape);
    // Three blocks of four warps on each of 132 multiprocessors, twice.
    return splits_for(n_rows, std::int64_t(blocks.x) * blocks.y * warps_for<T>(shape.n_components), 3168,
                      Moments<T>::size(shape, with_squares));
}

}  // namespace

template <class T>
Moments<T>::Moments(double* result, const Shape& shape, bool with_squares, std::int64_t rows_at_a_time,
                    cudaStream_t stream)
    : shape_(shape),
      with_squares_(with_squares),
      stream_(stream),
      sums_(result, size(shape, with_squares), splits<T>(shape, with_squares, rows_at_a_time), stream) {}

template <class T>
void Moments<T>::add(const T* x, std::int64_t n_rows, const T* centre,
                     const WeightedResponsibilities<T>& responsibilities) const {
    const Partials partials = sums_.view();
    const std::int64_t per_split =
        round_up<std::int64_t>(ceil_div<std::int64_t>(n_rows, partials.n_splits), rows_per_tile);
    int lanes = 1;
    while (lanes < 32 && lanes * vector_width<T> < shape_.n_features) lanes *= 2;
    const MomentsJob<T> job{x,
                            centre,
                            n_rows,
                            shape_.n_features,
                            shape_.n_components,
                            per_split,
                            lanes,
                            is_aligned(x, shape_.n_features),
                            responsibilities,
                            partials};
    const int warps = warps_for<T>(shape_.n_components), count = components_per_warp<T>;
    dim3 blocks = blocks_for<T>(shape_);
    blocks.z = unsigned(ceil_div<std::int64_t>(n_rows, per_split));
    const std::size_t shared_bytes = shared_size<T>(rows_per_tile * lanes * vector_width<T>) +
                                     shared_size<T>(warps * rows_per_tile * count) +
                                     shared_size<double>(warps * count * 32);
    launch(with_squares_ ? moments_kernel<T, true> : moments_kernel<T, false>,
           {blocks, unsigned(32 * warps), stream_, shared_bytes}, job);
}

template class Moments<float>;
template class Moments<double>;

}  // namespace gibbsite::cuda
