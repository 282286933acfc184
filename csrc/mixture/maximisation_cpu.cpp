// The M step, and draws from a mixture. Compiled once per instruction set.
//
// Rules for components that the data left behind (documented for users): one whose weight is at most 10 eps of the
// whole is starved; it keeps the mean it had and takes the pooled covariance of the others. One whose covariance is not
// positive definite is reported by its status and gets a finite stand-in; nothing here is ever NaN.
#include "core/pool.hpp"
#include "mixture/block.hpp"
#include "mixture/cholesky.hpp"
#include "mixture/layout.hpp"
#include "mixture/table.hpp"
#include "random/fill.hpp"

namespace gibbsite {
namespace {

constexpr double epsilon = 2.220446049250313e-16;
constexpr double tiny = 2.2250738585072014e-308;
enum Status : std::int32_t { well_defined = 0, starved = 1, not_positive_definite = 2 };

template <class T>
class Maximisation {
public:
    Maximisation(const double* stats, const Shape& shape, double reg_covar, const Parameters<T>& out)
        : stats_(const_cast<double*>(stats), shape), shape_(shape), reg_covar_(reg_covar), out_(out) {}

    void run(Context context) {
        const bool any_starved = set_weights_and_means();
        const std::int64_t d = shape_.n_features, k = shape_.n_components;
        const std::int64_t size = covariance_size({1, d, shape_.covariance_type});
        const bool is_pooled = any_starved && shape_.covariance_type != CovarianceType::tied;
        const Buffer pooled(std::size_t(is_pooled ? size : 0) * sizeof(double));
        pooled_ = pooled.doubles();
        if (is_pooled) pool_scatter(size);
        switch (shape_.covariance_type) {
            case CovarianceType::full:
                parallel_for(k, threads(context), [&](std::int64_t c, int) { set_full(c); });
                break;
            case CovarianceType::tied:
                set_tied();
                break;
            case CovarianceType::diag:
                for (std::int64_t c = 0; c < k; ++c) set_variances(c);
                break;
            case CovarianceType::spherical:
                for (std::int64_t c = 0; c < k; ++c) {
                    const auto [scatter, weight] = source(c, 1);
                    if (!set_variance(c, *scatter / weight / double(d))) out_.status[c] = not_positive_definite;
                }
                break;
        }
    }

private:
    // Small models are done before a second thread would have woken up.
    int threads(Context context) const {
        const std::int64_t d = shape_.n_features;
        return shape_.n_components * d * d * d < 100000 ? 1 : int(context.value);
    }

    double effective_weight(std::int64_t c) const { return stats_.weight[c] + 10 * epsilon; }

    // Whether any component is starved.
    bool set_weights_and_means() {
        bool any_starved = false;
        for (std::int64_t c = 0; c < shape_.n_components; ++c) total_ += effective_weight(c);
        for (std::int64_t c = 0; c < shape_.n_components; ++c) {
            const bool left_behind = !(stats_.weight[c] > 10 * epsilon * *stats_.total_weight);
            any_starved = any_starved || left_behind;
            out_.status[c] = left_behind ? starved : well_defined;
            out_.weights[c] = T(effective_weight(c) / total_);
        }
        for (std::int64_t i = 0; i < shape_.n_components * shape_.n_features; ++i) out_.means[i] = T(stats_.mean[i]);
        return any_starved;
    }

    // The scatter of all components over their weight, `size` entries.
    void pool_scatter(std::int64_t size) {
        double weight = 0;
        for (std::int64_t i = 0; i < size; ++i) pooled_[i] = 0;
        for (std::int64_t c = 0; c < shape_.n_components; ++c) {
            weight += stats_.weight[c];
            for (std::int64_t i = 0; i < size; ++i) pooled_[i] += stats_.scatter[c * size + i];
        }
        for (std::int64_t i = 0; i < size; ++i) pooled_[i] = weight > 0 ? pooled_[i] / weight : 0.0;
    }

    // The covariance of component c before it is regularised: scatter / weight.
    struct Source {
        const double* scatter;
        double weight;
    };
    Source source(std::int64_t c, std::int64_t size) const {
        if (out_.status[c] == starved) return {pooled_, 1.0};
        return {stats_.scatter + c * size, effective_weight(c)};
    }

    // Regularised, at `at` of the variances. False if it is not positive: its factor is then a stand-in.
    bool set_variance(std::int64_t at, double variance) {
        variance += reg_covar_;
        out_.covariances[at] = T(variance);
        out_.precisions_cholesky[at] = T(1 / __builtin_sqrt(variance > tiny ? variance : tiny));
        return variance > 0;
    }

    // The same for all features of component c.
    void set_variances(std::int64_t c) {
        constexpr int lanes = lane_count<double>;
        const std::int64_t d = shape_.n_features;
        const auto [scatter, weight] = source(c, d);
        integer_of<Simd<double>> failed{};
        std::int64_t j = 0;
        for (; j + lanes <= d; j += lanes) {
            const Simd<double> variance = load(scatter + j) / weight + reg_covar_;
            const Simd<double> positive = variance > tiny ? variance : Simd<double>{} + tiny;
            store_rounded(out_.covariances + c * d + j, variance);
            store_rounded(out_.precisions_cholesky + c * d + j, 1.0 / square_root<double>(positive));
            failed |= !(variance > 0.0);
        }
        bool all_positive = true;
        for (int lane = 0; lane < lanes; ++lane) all_positive = all_positive && !failed[lane];
        for (; j < d; ++j) all_positive = set_variance(c * d + j, scatter[j] / weight) && all_positive;
        if (!all_positive) out_.status[c] = not_positive_definite;
    }

    static void store_rounded(T* to, Simd<double> value) {
        typedef T Part __attribute__((vector_size(lane_count<double> * sizeof(T)), aligned(alignof(T)), may_alias));
        *reinterpret_cast<Part*>(to) = __builtin_convertvector(value, Part);
    }

    void set_full(std::int64_t c) {
        const std::int64_t size = shape_.n_features * shape_.n_features;
        const auto [scatter, weight] = source(c, size);
        if (!factorise(scatter, weight, out_.covariances + c * size, out_.precisions_cholesky + c * size))
            out_.status[c] = not_positive_definite;
    }

    void set_tied() {
        if (factorise(stats_.scatter, total_, out_.covariances, out_.precisions_cholesky)) return;
        for (std::int64_t c = 0; c < shape_.n_components; ++c) out_.status[c] = not_positive_definite;
    }

    // scatter / weight + reg_covar I, and its precision Cholesky factor: the transposed inverse of L, upper triangular.
    bool factorise(const double* scatter, double weight, T* out_covariance, T* out_factor) {
        const std::int64_t d = shape_.n_features, stride = round_up(d, lane_count<double>);
        const std::size_t elements = std::size_t(2 * d * d + d * stride);
        double* covariance = static_cast<double*>(thread_scratch(elements * sizeof(double)));
        double *inverse = covariance + d * d, *transposed = inverse + d * d;
        for (std::int64_t i = 0; i < d * d; ++i) covariance[i] = scatter[i] / weight;
        for (std::int64_t i = 0; i < d; ++i) covariance[i * d + i] += reg_covar_;
        for (std::int64_t i = 0; i < d * d; ++i) out_covariance[i] = T(covariance[i]);
        if (!cholesky(covariance, d)) {
            set_stand_in(out_covariance, out_factor);
            return false;
        }
        invert_lower(covariance, d, inverse);
        transpose_rows(inverse, d, d, transposed, stride);
        for (std::int64_t i = 0; i < d; ++i)
            for (std::int64_t j = 0; j < d; ++j) out_factor[i * d + j] = T(transposed[i * stride + j]);
        return true;
    }

    // The factor of the variances alone.
    void set_stand_in(const T* covariance, T* out_factor) const {
        const std::int64_t d = shape_.n_features;
        for (std::int64_t i = 0; i < d * d; ++i) out_factor[i] = T(0);
        for (std::int64_t i = 0; i < d; ++i) {
            const double variance = double(covariance[i * d + i]);
            out_factor[i * d + i] = T(1 / __builtin_sqrt(variance > tiny ? variance : tiny));
        }
    }

    StatisticsView stats_;
    Shape shape_;
    double reg_covar_;
    Parameters<T> out_;
    double total_ = 0;
    double* pooled_ = nullptr;
};

template <class T>
void m_step(const double* stats, const Shape& shape, double reg_covar, const Parameters<T>& parameters,
            Context context) {
    Maximisation<T>(stats, shape, reg_covar, parameters).run(context);
}

// x = mean + L z
template <class T>
void transform_row(const T* mean, const T* factor, const Shape& shape, std::int64_t label, const T* z, T* x) {
    const std::int64_t d = shape.n_features;
    switch (shape.covariance_type) {
        case CovarianceType::full:
        case CovarianceType::tied: {
            const T* lower = shape.covariance_type == CovarianceType::full ? factor + label * d * d : factor;
            for (std::int64_t i = 0; i < d; ++i) {
                T sum = mean[i];
                for (std::int64_t j = 0; j <= i; ++j) sum += lower[i * d + j] * z[j];
                x[i] = sum;
            }
            break;
        }
        case CovarianceType::diag:
            for (std::int64_t i = 0; i < d; ++i) x[i] = mean[i] + factor[label * d + i] * z[i];
            break;
        case CovarianceType::spherical:
            for (std::int64_t i = 0; i < d; ++i) x[i] = mean[i] + factor[label] * z[i];
            break;
    }
}

template <class T>
void sample(const T* means, const T* covariance_cholesky, const Shape& shape, const std::int64_t* labels, T* out,
            std::int64_t n, const Place& place, Context context) {
    const std::int64_t d = shape.n_features;
    const std::int64_t rows = (std::int64_t(1) << 14) / d + 1;
    parallel_for(divide_up(n, rows), int(context.value), [&](std::int64_t task, int) {
        const std::int64_t begin = task * rows, count = smaller(rows, n - begin);
        T* z = static_cast<T*>(thread_scratch(std::size_t(count * d) * sizeof(T)));
        Place here = place;
        here.offset = (place.offset + std::uint64_t(begin)) * std::uint64_t(d);
        fill_range<NormalGroup>(z, count * d, here);
        for (std::int64_t i = 0; i < count; ++i) {
            const std::int64_t label = labels[begin + i];
            transform_row(means + label * d, covariance_cholesky, shape, label, z + i * d, out + (begin + i) * d);
        }
    });
}

}  // namespace

namespace GIBBSITE_ISA {
constinit const MaximisationTable<float> maximisation_float{m_step<float>, sample<float>};
constinit const MaximisationTable<double> maximisation_double{m_step<double>, sample<double>};
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite
