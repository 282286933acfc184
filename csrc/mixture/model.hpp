// K Gaussians made ready for blocks of centred rows. Host only.
//
// Everything is taken relative to a centre amid the data: what is subtracted is then of the size of the clusters'
// distances, not of the data's distance from the origin, and a component that has strayed far away spoils nothing.
#pragma once

#include "core/pool.hpp"
#include "core/simd.hpp"
#include "core/vecmath.hpp"
#include "mixture/block.hpp"
#include "mixture/layout.hpp"
#include "mixture/origin.hpp"

namespace gibbsite {
namespace {

// Columns of a triangular factor that are worked on together.
constexpr std::int64_t panel_columns = 4;

// Elements of an upper triangular factor in panels: panel g holds columns 4g .. 4g + 3, rows 0 .. 4g + 3.
inline std::int64_t packed_size(std::int64_t n_features) {
    const std::int64_t panels = divide_up(n_features, panel_columns);
    return panels * (panels + 1) / 2 * panel_columns * panel_columns;
}

// Columns beyond D are zero, so that their products add nothing.
template <class T>
void pack_factor(const T* factor, std::int64_t d, T* packed) {
    for (std::int64_t first = 0; first < d; first += panel_columns)
        for (std::int64_t i = 0; i < first + panel_columns; ++i)
            for (std::int64_t j = first; j < first + panel_columns; ++j)
                *packed++ = i <= j && j < d && i < d ? factor[i * d + j] : T(0);
}

template <class T>
struct Model {
    Shape shape;
    const T* centre;    // (D)
    const T* means;     // (K, D), as given
    const T* shifted;   // (K, D), means - centre
    const T* constant;  // (K), log density at the mean, offset included
    const T* factor;    // diag (K, D); spherical (K); tied, full: packed panels, one or K
    const T* target;    // diag: shifted * factor (K, D); tied: shifted times the factor (K, D); else null
};

template <class T>
double log_determinant(const T* factor, std::int64_t n, std::int64_t stride) {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += log(double(factor[i * stride]));
    return sum;
}

template <class T>
void origin_of_rows(const Rows<T>& rows, T* origin) {
    for (std::int64_t j = 0; j < rows.n_features; ++j)
        origin[j] = origin_of_feature(rows.x + j, rows.n_rows, rows.n_features);
}

// Owns the memory of a Model for one call.
template <class T>
class PreparedModel {
public:
    PreparedModel(const Gaussians<T>& given, const Rows<T>& rows)
        : k_(given.n_components),
          d_(rows.n_features),
          shape_{k_, d_, given.covariance_type},
          memory_(std::size_t(d_ + 2 * k_ * d_ + k_ + factor_size()) * sizeof(T)) {
        T* centre = static_cast<T*>(memory_.get());
        T* shifted = centre + d_;
        T* target = shifted + k_ * d_;
        T* constant = target + k_ * d_;
        T* factor = constant + k_;
        origin_of_rows(rows, centre);
        for (std::int64_t k = 0; k < k_; ++k)
            for (std::int64_t j = 0; j < d_; ++j)
                shifted[k * d_ + j] = T(double(given.means[k * d_ + j]) - double(centre[j]));
        for (std::int64_t k = 0; k < k_; ++k) prepare_component(given, k, shifted, target, constant, factor);
        model_ = {shape_, centre, given.means, shifted, constant, factor, target};
    }

    const Model<T>& operator*() const { return model_; }
    const Model<T>* operator->() const { return &model_; }

private:
    std::int64_t factor_size() const {
        switch (shape_.covariance_type) {
            case CovarianceType::full:
                return k_ * packed_size(d_);
            case CovarianceType::tied:
                return packed_size(d_);
            default:
                return covariance_size(shape_);
        }
    }

    void prepare_component(const Gaussians<T>& given, std::int64_t k, const T* shifted, T* target, T* constant,
                           T* factor) const {
        const T* p = given.precisions_cholesky;
        double log_det = 0;
        switch (shape_.covariance_type) {
            case CovarianceType::full:
                pack_factor(p + k * d_ * d_, d_, factor + k * packed_size(d_));
                log_det = log_determinant(p + k * d_ * d_, d_, d_ + 1);
                break;
            case CovarianceType::tied:
                if (k == 0) pack_factor(p, d_, factor);
                whiten(p, shifted + k * d_, target + k * d_);
                log_det = log_determinant(p, d_, d_ + 1);
                break;
            case CovarianceType::diag:
                for (std::int64_t j = k * d_; j < (k + 1) * d_; ++j) {
                    factor[j] = p[j];
                    target[j] = T(double(shifted[j]) * double(p[j]));
                }
                log_det = log_determinant(p + k * d_, d_, 1);
                break;
            case CovarianceType::spherical:
                factor[k] = p[k];
                log_det = double(d_) * log(double(p[k]));
                break;
        }
        constexpr double half_log_2_pi = 0.91893853320467274178;
        const double offset = given.offsets ? double(given.offsets[k]) : 0.0;
        constant[k] = T(offset + log_det - double(d_) * half_log_2_pi);
    }

    void whiten(const T* factor, const T* shifted, T* target) const {
        for (std::int64_t j = 0; j < d_; ++j) {
            double sum = 0;
            for (std::int64_t i = 0; i <= j; ++i) sum += double(shifted[i]) * double(factor[i * d_ + j]);
            target[j] = T(sum);
        }
    }

    std::int64_t k_, d_;
    Shape shape_;
    Buffer memory_;
    Model<T> model_;
};

}  // namespace
}  // namespace gibbsite
