// Two sets of statistics as one, in place (Chan, Golub & LeVeque 1983): with d the distance between a component's two
// means, the scatter between them is ours * theirs / (ours + theirs) d d^T. Compiled once per instruction set.
#include "core/pool.hpp"
#include "mixture/cholesky.hpp"
#include "mixture/layout.hpp"
#include "mixture/table.hpp"

namespace gibbsite {
namespace {

class Merge {
public:
    Merge(double* into, const double* other, const Shape& shape)
        : ours_(into, shape), theirs_(const_cast<double*>(other), shape), shape_(shape), d_(shape.n_features) {}

    void run(Context context) const {
        *ours_.log_likelihood += *theirs_.log_likelihood;
        *ours_.total_weight += *theirs_.total_weight;
        switch (shape_.covariance_type) {
            case CovarianceType::full:
                parallel_for(shape_.n_components, threads(context), [&](std::int64_t c, int) { merge_full(c); });
                break;
            case CovarianceType::tied:
                merge_tied(context);
                break;
            case CovarianceType::diag:
                for (std::int64_t c = 0; c < shape_.n_components; ++c) merge_diag(c);
                break;
            case CovarianceType::spherical:
                for (std::int64_t c = 0; c < shape_.n_components; ++c) merge_spherical(c);
                break;
        }
        for (std::int64_t c = 0; c < shape_.n_components; ++c) merge_mean(c);
    }

private:
    // Small statistics are merged before a second thread would have woken up.
    int threads(Context context) const {
        return shape_.n_components * d_ * d_ < (std::int64_t(1) << 16) ? 1 : int(context.value);
    }

    double between(std::int64_t c) const {
        const double ours = ours_.weight[c], theirs = theirs_.weight[c], sum = ours + theirs;
        return sum > 0 ? ours * (theirs / sum) : 0.0;
    }

    void distance_between_means(std::int64_t c, double* distance) const {
        const double *from = ours_.mean + c * d_, *to = theirs_.mean + c * d_;
#pragma GCC ivdep
        for (std::int64_t j = 0; j < d_; ++j) distance[j] = to[j] - from[j];
    }

    void merge_full(std::int64_t c) const {
        double* distance = static_cast<double*>(thread_scratch(std::size_t(d_) * sizeof(double)));
        distance_between_means(c, distance);
        for (std::int64_t i = 0; i < d_; ++i) {
            const double factor = between(c) * distance[i];
            double* row = ours_.scatter + (c * d_ + i) * d_;
            const double* other = theirs_.scatter + (c * d_ + i) * d_;
#pragma GCC ivdep
            for (std::int64_t j = 0; j < d_; ++j) row[j] += factor * distance[j] + other[j];
        }
    }

    // Row by row, every component in turn.
    void merge_tied(Context context) const {
        const std::int64_t k = shape_.n_components;
        double* distances = static_cast<double*>(thread_scratch(std::size_t(k * d_) * sizeof(double)));
        for (std::int64_t c = 0; c < k; ++c) distance_between_means(c, distances + c * d_);
        parallel_for(d_, threads(context), [&](std::int64_t i, int) {
            double* row = ours_.scatter + i * d_;
            const double* other = theirs_.scatter + i * d_;
#pragma GCC ivdep
            for (std::int64_t j = 0; j < d_; ++j) row[j] += other[j];
            for (std::int64_t c = 0; c < k; ++c) {
                const double* distance = distances + c * d_;
                const double factor = between(c) * distance[i];
#pragma GCC ivdep
                for (std::int64_t j = 0; j < d_; ++j) row[j] += factor * distance[j];
            }
        });
    }

    void merge_diag(std::int64_t c) const {
        const double *mean = ours_.mean + c * d_, *their_mean = theirs_.mean + c * d_,
                     *other = theirs_.scatter + c * d_;
        double* scatter = ours_.scatter + c * d_;
        const double factor = between(c);
#pragma GCC ivdep
        for (std::int64_t j = 0; j < d_; ++j) {
            const double distance = their_mean[j] - mean[j];
            scatter[j] += other[j] + factor * distance * distance;
        }
    }

    void merge_spherical(std::int64_t c) const {
        double* distance = static_cast<double*>(thread_scratch(std::size_t(d_ + 8) * sizeof(double)));
        distance_between_means(c, distance);
        double square;
        dots<1>(distance, 0, distance, d_, &square);
        ours_.scatter[c] += theirs_.scatter[c] + between(c) * square;
    }

    void merge_mean(std::int64_t c) const {
        const double sum = ours_.weight[c] + theirs_.weight[c];
        if (sum > 0) {
            const double share = theirs_.weight[c] / sum;
            const double* other = theirs_.mean + c * d_;
            double* mean = ours_.mean + c * d_;
#pragma GCC ivdep
            for (std::int64_t j = 0; j < d_; ++j) mean[j] += (other[j] - mean[j]) * share;
        }
        ours_.weight[c] = sum;
    }

    StatisticsView ours_, theirs_;
    Shape shape_;
    std::int64_t d_;
};

void merge(double* into, const double* other, const Shape& shape, Context context) {
    Merge(into, other, shape).run(context);
}

}  // namespace

namespace GIBBSITE_ISA {
constinit const MergeTable merge_table{merge};
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite
