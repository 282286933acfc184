// A target as the space of its chains reads it. Lanes of dimensions want every vector and every matrix row filled up
// with zeros to whole vectors, and the rows of a regression in blocks that lie together. Host only.
#pragma once

#include "core/pool.hpp"
#include "mcmc/functions.hpp"
#include "mcmc/logistic.hpp"

namespace gibbsite {
namespace {

// n_rows vectors of n elements, each filled up to `leading`.
template <class T>
T* copy_filled(const T* from, std::int64_t n_rows, std::int64_t n, std::int64_t leading, T* to) {
    for (std::int64_t row = 0; row < n_rows; ++row, to += leading) {
        memcpy(to, from + row * n, std::size_t(n) * sizeof(T));
        memset(to + n, 0, std::size_t(leading - n) * sizeof(T));
    }
    return to;
}

// Elements before the vectors, how many vectors (matrix rows among them) follow, and of what size.
struct Layout {
    std::int64_t n_numbers, n_vectors, n;
};

template <class T>
Layout layout_of(const Target<T>& target) {
    const std::int64_t D = target.dim, K = target.sizes[0];
    switch (target.kind) {
        case TargetKind::multivariate_normal:
            return {1, K != 0 ? 2 : 1 + D, D};
        case TargetKind::linear_regression:
            return {5, D, D - 1};
        case TargetKind::gaussian_mixture:
            return {K, K * (1 + D), D};
        case TargetKind::student_t:
            return {2, 1 + D, D};
        default:
            return {0, 0, 0};
    }
}

// Fewer evaluations than this do not pay for a copy of a regression's data; nor does one beyond the cache.
constexpr std::int64_t evaluations_worth_a_copy = 16, largest_copy_bytes = 1 << 22;

template <class S>
class Prepared {
public:
    using T = typename S::Element;

    Prepared(const Target<T>& target, std::int64_t n_evaluations)
        : target_(target), buffer_(std::size_t(elements(target, n_evaluations)) * sizeof(T)) {
        if constexpr (!S::dimension_lanes) return;
        const Layout layout = layout_of(target);
        const std::int64_t n_numbers = target.kind == TargetKind::logistic_regression ? 2 : layout.n_numbers;
        // What follows the numbers is aligned.
        T* const memory = static_cast<T*>(buffer_.get()) + (numbers_room(n_numbers) - n_numbers);
        if (layout.n_vectors > 0) {
            memcpy(memory, target.data, std::size_t(layout.n_numbers) * sizeof(T));
            copy_filled(target.data + layout.n_numbers, layout.n_vectors, layout.n, S{layout.n}.vector_size(),
                        memory + layout.n_numbers);
            target_.data = memory;
        }
        if (target.kind != TargetKind::logistic_regression) return;
        target_.sizes[1] = target.sizes[0];
        target_.sizes[2] = rows_per_block;
        if (elements(target, n_evaluations) > 0) copy_blocks(memory);
    }

    const Target<T>& target() const { return target_; }

private:
    static std::int64_t numbers_room(std::int64_t n) { return (n + 15) / 16 * 16; }

    static std::int64_t elements(const Target<T>& target, std::int64_t n_evaluations) {
        if constexpr (!S::dimension_lanes) return 0;
        if (target.kind == TargetKind::logistic_regression) {
            const std::int64_t n = numbers_room(2) + target.sizes[0] * (1 + target.dim);
            const bool pays = n_evaluations >= evaluations_worth_a_copy;
            return pays && n * std::int64_t(sizeof(T)) <= largest_copy_bytes ? n : 0;
        }
        const Layout layout = layout_of(target);
        return numbers_room(layout.n_numbers) + layout.n_vectors * S{layout.n}.vector_size();
    }

    void copy_blocks(T* memory) {
        const std::int64_t n = target_.sizes[0], D = target_.dim;
        memcpy(memory, target_.data, std::size_t(2 + n) * sizeof(T));
        const T* X = target_.data + 2 + n;
        T* to = memory + 2 + n;
        for (std::int64_t row = 0; row < n; row += rows_per_block)
            for (std::int64_t j = 0; j < D; ++j, to += rows_per_block)
                memcpy(to, X + j * n + row, std::size_t(rows_per_block) * sizeof(T));
        target_.data = memory;
        target_.sizes[1] = rows_per_block;
        target_.sizes[2] = D * rows_per_block;
    }

    Target<T> target_;
    Buffer buffer_;
};

// Rows of n elements, which may be null, as the space reads them.
template <class S>
class PreparedMatrix {
public:
    using T = typename S::Element;

    PreparedMatrix(const T* from, std::int64_t n_rows, std::int64_t n)
        : data_(from),
          buffer_(S::dimension_lanes && from != nullptr ? std::size_t(n_rows * S{n}.vector_size()) * sizeof(T) : 0) {
        if (!S::dimension_lanes || from == nullptr) return;
        copy_filled(from, n_rows, n, S{n}.vector_size(), static_cast<T*>(buffer_.get()));
        data_ = static_cast<T*>(buffer_.get());
    }
    const T* data() const { return data_; }

private:
    const T* data_;
    Buffer buffer_;
};

// A dense metric as the space reads it; a diagonal one is read from its array.
template <class S>
class PreparedMetric {
public:
    using T = typename S::Element;

    PreparedMetric(const Metric<T>& metric, std::int64_t dim)
        : metric_(metric),
          matrix_(metric.kind == MassKind::dense ? metric.inverse_mass : nullptr, dim, dim),
          factor_(metric.kind == MassKind::dense ? metric.factor : nullptr, dim, dim) {
        if (metric.kind != MassKind::dense) return;
        metric_.inverse_mass = const_cast<T*>(matrix_.data());
        metric_.factor = factor_.data();
    }
    const Metric<T>& metric() const { return metric_; }

private:
    Metric<T> metric_;
    PreparedMatrix<S> matrix_, factor_;
};

// Elements of T that log_density_at needs beside its arguments.
template <class S>
std::int64_t work_size(const S& s, const Target<typename S::Element>& target) {
    const std::int64_t vectors = 2 * s.vector_size();
    if (target.kind != TargetKind::logistic_regression) return vectors;
    const auto lanes = s.dim * pack_lanes * std::int64_t(sizeof(double) / sizeof(typename S::Element));
    return lanes > vectors ? lanes : vectors;
}

}  // namespace
}  // namespace gibbsite
