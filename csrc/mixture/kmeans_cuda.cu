// One pass of Lloyd's algorithm, and the distances of greedy k-means++ (Arthur & Vassilvitskii 2007). Distances are
// sums of squared differences.
#include "mixture/densities.cuh"
#include "mixture/finish.cuh"
#include "mixture/sums.cuh"

namespace gibbsite::cuda {
namespace {

// The same kernel as the E step's, with the origin as centre and scale 1: each difference is rounded once, from x and
// the centre as they are.
template <class T>
class NearestCenters {
public:
    NearestCenters(const T* centers, std::int64_t n_centers, std::int64_t n_features, std::int64_t max_rows,
                   cudaStream_t stream)
        : n_centers_(n_centers),
          n_features_(n_features),
          padded_features_(round_up<std::int64_t>(n_features, distance_depth)),
          padded_centers_(round_up<std::int64_t>(n_centers, tile_rows)),
          max_rows_(max_rows),
          stream_(stream),
          scale_(padded_features_ * padded_centers_, stream),
          shift_(padded_features_ * padded_centers_, stream),
          z_(padded_features_ * max_rows, stream),
          tile_(n_centers * max_rows, stream) {
        const Gaussians<T> plain{nullptr, centers, nullptr, n_centers, CovarianceType::spherical};
        prepare_components<T>(plain, n_features, nullptr, scale_.data(), shift_.data(), padded_centers_,
                              padded_features_, stream);
    }

    void find(const T* x, std::int64_t n_rows, std::int64_t* labels, T* distance) const {
        transpose_rows<T>(x, n_rows, n_features_, nullptr, z_.data(), max_rows_, padded_features_, stream_);
        const DistanceOperands<T> operands{z_.data(),     max_rows_,       scale_.data(),
                                           shift_.data(), padded_centers_, int(padded_features_)};
        squared_distances<T>(operands, n_rows, n_centers_, nullptr, T(1), tile_.data(), max_rows_, stream_);
        best_of_rows<T>(tile_.data(), max_rows_, n_rows, n_centers_, T(-1), labels, distance, stream_);
    }

private:
    std::int64_t n_centers_, n_features_, padded_features_, padded_centers_, max_rows_;
    cudaStream_t stream_;
    Scratch<T> scale_, shift_, z_, tile_;
};

constexpr int threads_per_block = 256;
// A group of lanes takes several rows and candidates at a time, so that what it reads of either serves all of the
// other.
constexpr int rows_per_group = 4;
template <class T>
constexpr int candidates_at_a_time = sizeof(T) == 4 ? 8 : 4;

template <class T>
struct CandidateJob {
    const T* x;
    const T* candidates;
    const T* closest;
    T* out;
    std::int64_t n_rows, n_features, n_candidates;
    int lanes_per_row;  // a power of two
    bool aligned;
};

template <class T>
__device__ __forceinline__ void load_features(const CandidateJob<T>& job, const T* row, std::int64_t d, T* to) {
    if (job.aligned) return load_vector(row + d, to);
#pragma unroll
    for (int v = 0; v < vector_width<T>; ++v) to[v] = d + v < job.n_features ? row[d + v] : T(0);
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 2) candidate_kernel(CandidateJob<T> job) {
    constexpr int vector = vector_width<T>;
    const int groups = threads_per_block / job.lanes_per_row;
    const int group = int(threadIdx.x) / job.lanes_per_row, lane = int(threadIdx.x) % job.lanes_per_row;
    const std::int64_t first_row = std::int64_t(blockIdx.x) * groups * rows_per_group + group;
    const T* row[rows_per_group];
#pragma unroll
    for (int r = 0; r < rows_per_group; ++r) {
        const std::int64_t n = first_row + r * groups;
        row[r] =
            job.x + (n < job.n_rows ? n : 0) * job.n_features;  // beyond the end: any row, whose sums nobody writes
    }
    for (std::int64_t c0 = 0; c0 < job.n_candidates; c0 += candidates_at_a_time<T>) {
        T sum[rows_per_group][candidates_at_a_time<T>] = {};
        for (std::int64_t d = lane * vector; d < job.n_features; d += job.lanes_per_row * vector) {
            T x[rows_per_group][vector];
#pragma unroll
            for (int r = 0; r < rows_per_group; ++r) load_features(job, row[r], d, x[r]);
#pragma unroll
            for (int c = 0; c < candidates_at_a_time<T>; ++c) {
                const std::int64_t candidate = c0 + c < job.n_candidates ? c0 + c : c0;
                T y[vector];
                load_features(job, job.candidates + candidate * job.n_features, d, y);
#pragma unroll
                for (int r = 0; r < rows_per_group; ++r) {
#pragma unroll
                    for (int v = 0; v < vector; ++v) sum[r][c] += (x[r][v] - y[v]) * (x[r][v] - y[v]);
                }
            }
        }
#pragma unroll
        for (int r = 0; r < rows_per_group; ++r) {
            const std::int64_t n = first_row + r * groups;
            const T limit = job.closest != nullptr && n < job.n_rows ? job.closest[n] : T(INFINITY);
#pragma unroll
            for (int c = 0; c < candidates_at_a_time<T>; ++c) {
                T total = sum[r][c];
                for (int offset = job.lanes_per_row / 2; offset > 0; offset /= 2)
                    total += __shfl_xor_sync(all_lanes, total, offset);
                if (lane == c % job.lanes_per_row && n < job.n_rows && c0 + c < job.n_candidates)
                    job.out[(c0 + c) * job.n_rows + n] = limit < total ? limit : total;
            }
        }
    }
}

}  // namespace

template <class T>
void kmeans_step(const Rows<T>& rows, const T* centers, std::int64_t n_components, std::int64_t* labels, double* sums,
                 Context context) {
    const cudaStream_t stream = stream_of(context);
    const std::int64_t d = rows.n_features, stride = chunk_rows(rows.n_rows, n_components, d);
    const Scratch<T> distance(rows.n_rows, stream);
    if (rows.n_rows > 0) {
        const NearestCenters<T> nearest(centers, n_components, d, stride, stream);
        for (std::int64_t first = 0; first < rows.n_rows; first += stride) {
            const std::int64_t n = rows.n_rows - first < stride ? rows.n_rows - first : stride;
            nearest.find(rows.x + first * d, n, labels + first, distance.data() + first);
        }
    }
    weighted_sums<T>(rows.weight, distance.data(), 1, rows.n_rows, sums, nullptr, stream);
    const Moments<T> moments(sums + 1, {n_components, d, CovarianceType::spherical}, false, rows.n_rows, stream);
    WeightedResponsibilities<T> members;
    members.labels = labels;
    members.weight = rows.weight;
    if (rows.n_rows > 0) moments.add(rows.x, rows.n_rows, centers, members);
    moments.finish();
    finish_means(sums + 1, sums + 1 + n_components, n_components, d, centers, stream);
}

template <class T>
void candidate_distances(const Rows<T>& rows, const T* candidates, std::int64_t n_candidates, const T* closest, T* out,
                         double* potentials, Context context) {
    const cudaStream_t stream = stream_of(context);
    if (n_candidates == 0) return;
    if (rows.n_rows > 0) {
        int lanes = 1;
        while (lanes < 32 && lanes * vector_width<T> < rows.n_features) lanes *= 2;
        const bool aligned = is_aligned(rows.x, rows.n_features) && is_aligned(candidates, rows.n_features);
        const CandidateJob<T> job{rows.x,          candidates,   closest, out,    rows.n_rows,
                                  rows.n_features, n_candidates, lanes,   aligned};
        const std::int64_t rows_per_block = threads_per_block / lanes * rows_per_group;
        launch(candidate_kernel<T>,
               {unsigned(ceil_div<std::int64_t>(rows.n_rows, rows_per_block)), threads_per_block, stream}, job);
    }
    weighted_sums<T>(rows.weight, out, n_candidates, rows.n_rows, potentials, nullptr, stream);
}

#define GIBBSITE_INSTANTIATE(T)                                                                         \
    template void kmeans_step(const Rows<T>&, const T*, std::int64_t, std::int64_t*, double*, Context); \
    template void candidate_distances(const Rows<T>&, const T*, std::int64_t, const T*, T*, double*, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda
