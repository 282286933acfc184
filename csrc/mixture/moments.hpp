// Weighted sums over one block about the current means: sum r, sum r (x - mean), sum r (x - mean)^2, added to float64
// totals. Host only. r (K, block_rows) is responsibility times sample weight, 0 in idle lanes.
#pragma once

#include "mixture/block.hpp"
#include "mixture/double_sums.hpp"
#include "mixture/model.hpp"

namespace gibbsite {
namespace {

// Rows whose responsibility is below this share of the component's weight so far change none of its sums at working
// precision, a whole block of them included: they are passed over, which separated data repays.
template <class T>
constexpr double negligible_share = (sizeof(T) == 4 ? 5.96e-8 : 1.11e-16) / double(64 * block_rows<T>);

// Raw sums of a chunk of rows; layout of the flat statistics (layout.hpp), but about the given means.
struct Sums {
    double* log_likelihood;
    double* weight;  // (K)
    double* first;   // (K, D)
    double* second;  // as the scatter; tied: about the centre

    Sums(double* data, const Shape& shape) {
        const StatisticsView view(data, shape);
        log_likelihood = view.log_likelihood;
        weight = view.weight;
        first = view.mean;
        second = view.scatter;
    }
};

template <class T>
double sum_as_double(const T* values, std::int64_t n_vectors) {
    Simd<T> sum{};
    for (std::int64_t i = 0; i < n_vectors * lane_count<T>; i += lane_count<T>) sum += load(values + i);
    return double(sum_of_lanes<T>(sum));
}

template <class T>
void add_weights(const Block<T>& block, const T* r, std::int64_t k, double* weight) {
    for (std::int64_t c = 0; c < k; ++c) weight[c] += sum_as_double(r + c * block_rows<T>, block.vectors());
}

// Few features: rows stay lanes, two vectors of rows at a time.
template <bool with_second, class T>
void dense_moments_of_feature(const T* x, const T* r, T mean, std::int64_t n_vectors, double* first, double* second) {
    constexpr int lanes = lane_count<T>;
    Simd<T> s1[2] = {}, s2[2] = {};
    std::int64_t v = 0;
    const auto add = [&](int slot, std::int64_t at) __attribute__((always_inline)) {
        const Simd<T> t = load(x + at) - mean;
        const Simd<T> u = load(r + at) * t;
        s1[slot] += u;
        if (with_second) s2[slot] += u * t;
    };
    for (; v + 2 <= n_vectors; v += 2) {
        add(0, v * lanes);
        add(1, (v + 1) * lanes);
    }
    if (v < n_vectors) add(0, v * lanes);
    *first += double(sum_of_lanes<T>(s1[0] + s1[1]));
    if (with_second) *second += double(sum_of_lanes<T>(s2[0] + s2[1]));
}

template <bool with_second, class T>
void dense_moments(const Model<T>& model, const Block<T>& block, const T* r, const Sums& sums) {
    const std::int64_t d = model.shape.n_features;
    for (std::int64_t c = 0; c < model.shape.n_components; ++c)
        for (std::int64_t j = 0; j < d; ++j)
            dense_moments_of_feature<with_second>(block.centred + j * block_rows<T>, r + c * block_rows<T>,
                                                  model.shifted[c * d + j], block.vectors(), sums.first + c * d + j,
                                                  with_second ? sums.second + c * d + j : nullptr);
}

// sum r (x_a - mean_a)(x_b - mean_b) for one pair of features.
template <class T>
double dense_product(const Block<T>& block, const T* r, const T* mean, std::int64_t a, std::int64_t b) {
    constexpr std::int64_t size = block_rows<T>;
    Simd<T> sum[2] = {};
    std::int64_t slot = 0;
    for (std::int64_t i = 0; i < block.vectors() * lane_count<T>; i += lane_count<T>, slot ^= 1) {
        const Simd<T> left = load(block.centred + a * size + i) - mean[a];
        const Simd<T> right = load(block.centred + b * size + i) - mean[b];
        sum[slot] += load(r + i) * left * right;
    }
    return double(sum_of_lanes<T>(sum[0] + sum[1]));
}

// Full covariances of few features: every pair of them, upper triangle.
template <class T>
void dense_scatter(const Model<T>& model, const Block<T>& block, const T* r, double* second) {
    const std::int64_t d = model.shape.n_features;
    for (std::int64_t c = 0; c < model.shape.n_components; ++c)
        for (std::int64_t a = 0; a < d; ++a)
            for (std::int64_t b = a; b < d; ++b)
                second[(c * d + a) * d + b] += dense_product(block, r + c * block_rows<T>, model.shifted + c * d, a, b);
}

// Room for the rows of a block, and for a whole vector of them beyond the last.
template <class T>
constexpr std::int64_t row_list_size = block_rows<T> + 16;

// The rows of the block with r above the cutoff, in order: AVX-512 packs a vector of them at a time.
template <class T>
std::int64_t rows_above(const T* r, T cutoff, std::int64_t count, std::int32_t* rows) {
    std::int64_t n = 0;
#if defined(__AVX512F__) && defined(__AVX512VL__)
    for (std::int64_t i = 0; i < count; i += lane_count<T>) {
        const std::int64_t left = count - i;
        const std::uint32_t valid = left < lane_count<T> ? (1u << left) - 1 : 0xffffu;
        const auto values = load(r + i);
        const __m512i index = _mm512_add_epi32(_mm512_set1_epi32(int(i)), (__m512i)iota<std::int32_t>());
        std::uint32_t kept;
        if constexpr (sizeof(T) == 4)
            kept = valid & _mm512_cmp_ps_mask((__m512)values, _mm512_set1_ps(cutoff), _CMP_GT_OQ);
        else
            kept = valid & _mm512_cmp_pd_mask((__m512d)values, _mm512_set1_pd(cutoff), _CMP_GT_OQ);
        _mm512_storeu_si512(rows + n, _mm512_maskz_compress_epi32(__mmask16(kept), index));
        n += __builtin_popcount(kept);
    }
#else
    for (std::int32_t i = 0; i < count; ++i) {
        rows[n] = i;
        n += r[i] > cutoff;
    }
#endif
    return n;
}

// Many features: features become lanes, and only the rows that count are read. `width` vectors of features from
// column j on; two rows in flight.
template <bool with_second, int width, class T>
GIBBSITE_HD void listed_moments_tile(const Block<T>& block, std::int64_t d, const T* r, const T* mean,
                                     const std::int32_t* rows, std::int64_t n, double* first, double* second) {
    constexpr int lanes = lane_count<T>;
    Simd<T> centre[width], s1[2][width] = {}, s2[2][width] = {};
    for (int w = 0; w < width; ++w) centre[w] = load(mean + w * lanes);
    const auto add = [&](int slot, std::int32_t row) __attribute__((always_inline)) {
#pragma GCC unroll 4
        for (int w = 0; w < width; ++w) {
            const Simd<T> t = load(block.x + row * d + w * lanes) - centre[w];
            const Simd<T> u = t * r[row];
            s1[slot][w] += u;
            if (with_second) s2[slot][w] += u * t;
        }
    };
    std::int64_t i = 0;
    for (; i + 2 <= n; i += 2) {
        add(0, rows[i]);
        add(1, rows[i + 1]);
    }
    if (i < n) add(0, rows[i]);
    for (int w = 0; w < width; ++w) {
        add_to_doubles<T>(s1[0][w] + s1[1][w], first + w * lanes);
        if (with_second) add_to_doubles<T>(s2[0][w] + s2[1][w], second + w * lanes);
    }
}

// The features that do not fill a vector.
template <bool with_second, class T>
void listed_moments_scalar(const Block<T>& block, std::int64_t d, std::int64_t j, const T* r, T mean,
                           const std::int32_t* rows, std::int64_t n, double* first, double* second) {
    T s1 = 0, s2 = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        const T t = block.x[rows[i] * d + j] - mean;
        const T u = t * r[rows[i]];
        s1 += u;
        if (with_second) s2 += u * t;
    }
    *first += double(s1);
    if (with_second) *second += double(s2);
}

template <bool with_second, class T>
void listed_moments(const Model<T>& model, const Block<T>& block, const T* r, double share, const Sums& sums) {
    constexpr int lanes = lane_count<T>;
    const std::int64_t d = model.shape.n_features;
    std::int32_t rows[row_list_size<T>];
    for (std::int64_t c = 0; c < model.shape.n_components; ++c) {
        const T* weight = r + c * block_rows<T>;
        const std::int64_t n = rows_above(weight, T(share * sums.weight[c]), block.count, rows);
        const T* mean = model.means + c * d;
        double* to_first = sums.first + c * d;
        double* to_second = with_second ? sums.second + c * d : nullptr;
        Block<T> shifted = block;
        std::int64_t j = 0;
        for (; j + 2 * lanes <= d; j += 2 * lanes) {
            shifted.x = block.x + j;
            listed_moments_tile<with_second, 2>(shifted, d, weight, mean + j, rows, n, to_first + j, to_second + j);
        }
        for (; j + lanes <= d; j += lanes) {
            shifted.x = block.x + j;
            listed_moments_tile<with_second, 1>(shifted, d, weight, mean + j, rows, n, to_first + j, to_second + j);
        }
        for (; j < d; ++j)
            listed_moments_scalar<with_second>(block, d, j, weight, mean[j], rows, n, to_first + j, to_second + j);
    }
}

// sums.weight already holds this block; rows below `share` of it are passed over.
template <bool with_second, class T>
void feature_moments(const Model<T>& model, const Block<T>& block, const T* r, double share, const Sums& sums) {
    if (model.shape.n_features < lane_count<T>)
        dense_moments<with_second>(model, block, r, sums);
    else
        listed_moments<with_second>(model, block, r, share, sums);
}

// Spherical: the squared distances of the density pass, weighted.
template <class T>
void distance_moments(const Block<T>& block, const T* r, const T* distance, std::int64_t k, double* second) {
    for (std::int64_t c = 0; c < k; ++c) {
        Simd<T> sum{};
        for (std::int64_t i = 0; i < block.vectors() * lane_count<T>; i += lane_count<T>)
            sum += load(r + c * block_rows<T> + i) * load(distance + c * block_rows<T> + i);
        second[c] += double(sum_of_lanes<T>(sum));
    }
}

// Tied: sum over rows of (sum_k r) x x^T about the centre, in float64 and with the very responsibilities that the other
// sums use, so that the between part can be taken off it later without cancellation at float32. Upper triangle.
template <class T>
void total_scatter(const Model<T>& model, const Block<T>& block, const T* r, double* scratch, double* second) {
    const std::int64_t d = model.shape.n_features, k = model.shape.n_components, size = block_rows<T>;
    const std::int64_t n = block.vectors() * lane_count<T>;
    double* mass = scratch;
    double* x = mass + size;          // (D, size)
    double* weighted = x + d * size;  // (size), one feature at a time
    for (std::int64_t i = 0; i < n; ++i) mass[i] = 0;
    for (std::int64_t c = 0; c < k; ++c)
        for (std::int64_t i = 0; i < n; ++i) mass[i] += double(r[c * size + i]);
    for (std::int64_t j = 0; j < d; ++j)
        for (std::int64_t i = 0; i < n; ++i) x[j * size + i] = double(block.centred[j * size + i]);
    constexpr int lanes = lane_count<double>;
    for (std::int64_t a = 0; a < d; ++a) {
        for (std::int64_t i = 0; i < n; ++i) weighted[i] = mass[i] * x[a * size + i];
        for (std::int64_t b = a; b < d; ++b) {
            Simd<double> sum[2] = {};
            for (std::int64_t i = 0; i < n; i += lanes)
                sum[(i / lanes) % 2] += load(weighted + i) * load(x + b * size + i);
            second[a * d + b] += sum_of_lanes<double>(sum[0] + sum[1]);
        }
    }
}

template <class T>
std::int64_t moment_scratch_doubles(const Shape& shape) {
    return shape.covariance_type == CovarianceType::tied ? block_rows<T> * (shape.n_features + 2) : 0;
}

}  // namespace
}  // namespace gibbsite
