// Sufficient statistics, of a model's own responsibilities in one pass over X (em_step), or of given ones.
#include <optional>

#include "mixture/densities.cuh"
#include "mixture/finish.cuh"
#include "mixture/sums.cuh"

namespace gibbsite::cuda {
namespace {

// Adds chunks of rows, then turns the sums into statistics.
template <class T>
class Accumulation {
public:
    Accumulation(const Rows<T>& rows, const Shape& shape, const T* means, double* stats, std::int64_t rows_at_a_time,
                 cudaStream_t stream)
        : shape_(shape),
          means_(means),
          stats_(stats),
          stream_(stream),
          raw_(is(CovarianceType::spherical) ? Moments<T>::size(shape, true) : 0, stream),
          moments_(is(CovarianceType::spherical) ? raw_.data() : view().weight, shape, has_squares(), rows_at_a_time,
                   stream) {
        if (is(CovarianceType::full)) full_.emplace(view().scatter, shape, rows_at_a_time, stream);
        if (!is(CovarianceType::tied)) return;
        tied_.emplace(view().scatter, shape, rows_at_a_time, stream);
        centre_.emplace(shape.n_features, stream);
        row_totals_.emplace(rows_at_a_time, stream);
        centre_of(rows, centre_->data(), stream);
    }

    void add(const T* x, std::int64_t n_rows, const WeightedResponsibilities<T>& responsibilities) const {
        if (n_rows == 0) return;
        moments_.add(x, n_rows, means_, responsibilities);
        if (full_) full_->add(x, n_rows, means_, responsibilities);
        if (tied_) add_total_scatter(x, n_rows, responsibilities);
    }

    void finish() const {
        moments_.finish();
        if (full_) full_->finish();
        if (tied_) tied_->finish();
        finish_statistics(stats_, raw_.data(), shape_, means_, centre_ ? centre_->data() : nullptr, stream_);
    }

private:
    bool is(CovarianceType type) const { return shape_.covariance_type == type; }
    bool has_squares() const { return is(CovarianceType::diag) || is(CovarianceType::spherical); }
    StatisticsView view() const { return {stats_, shape_}; }

    // In float64: the scatter between the components is taken from it, and may be the larger part. For the same reason
    // a row counts with the sum of exactly the responsibilities that the moments saw.
    void add_total_scatter(const T* x, std::int64_t n_rows, const WeightedResponsibilities<T>& responsibilities) const {
        total_of_rows(responsibilities, n_rows, shape_.n_components, row_totals_->data(), stream_);
        WeightedResponsibilities<double> totals;
        totals.value = row_totals_->data();
        totals.row_stride = 1;
        tied_->add(x, n_rows, centre_->data(), totals);
    }

    Shape shape_;
    const T* means_;
    double* stats_;
    cudaStream_t stream_;
    Scratch<double> raw_;
    Moments<T> moments_;
    std::optional<Scatter<T, T>> full_;
    std::optional<Scatter<T, double>> tied_;
    std::optional<Scratch<T>> centre_;
    std::optional<Scratch<double>> row_totals_;
};

}  // namespace

// Each chunk's log densities stay in one tile; the moments are taken from it while it and the chunk of X are still
// near.
template <class T>
void em_step(const Rows<T>& rows, const Gaussians<T>& model, double* stats, Context context) {
    const cudaStream_t stream = stream_of(context);
    const Shape shape{model.n_components, rows.n_features, model.covariance_type};
    const std::int64_t stride = chunk_rows(rows.n_rows, shape.n_components, shape.n_features);
    const ComponentDensities<T> densities(model, rows, stride, stream);
    const Scratch<T> tile(stride * shape.n_components, stream);
    const Scratch<T> log_density(rows.n_rows, stream);
    const Accumulation<T> accumulation(rows, shape, model.means, stats, stride, stream);
    for (std::int64_t first = 0; first < rows.n_rows; first += stride) {
        const std::int64_t n = rows.n_rows - first < stride ? rows.n_rows - first : stride;
        const T* x = rows.x + first * rows.n_features;
        densities.evaluate(x, n, tile.data());
        log_sum_exp_of_rows(tile.data(), stride, n, shape.n_components, log_density.data() + first, stream);
        WeightedResponsibilities<T> responsibilities;
        responsibilities.value = tile.data();
        responsibilities.row_stride = 1;
        responsibilities.component_stride = stride;
        responsibilities.log_density = log_density.data() + first;
        responsibilities.weight = rows.weight != nullptr ? rows.weight + first : nullptr;
        accumulation.add(x, n, responsibilities);
    }
    accumulation.finish();
    const StatisticsView view(stats, shape);
    weighted_sums(rows.weight, log_density.data(), 1, rows.n_rows, view.log_likelihood, view.total_weight, stream);
}

template <class T>
void statistics(const Rows<T>& rows, const T* responsibilities, const std::int64_t* labels, const T* center,
                const Shape& shape, double* stats, Context context) {
    const cudaStream_t stream = stream_of(context);
    const Accumulation<T> accumulation(rows, shape, center, stats, rows.n_rows, stream);
    WeightedResponsibilities<T> given;
    given.value = responsibilities;
    given.row_stride = shape.n_components;
    given.component_stride = 1;
    given.labels = labels;
    given.weight = rows.weight;
    accumulation.add(rows.x, rows.n_rows, given);
    accumulation.finish();
    const StatisticsView view(stats, shape);
    check(cudaMemsetAsync(view.log_likelihood, 0, sizeof(double), stream));
    weighted_sums<T>(rows.weight, nullptr, 0, rows.n_rows, nullptr, view.total_weight, stream);
}

#define GIBBSITE_INSTANTIATE(T)                                                   \
    template void em_step(const Rows<T>&, const Gaussians<T>&, double*, Context); \
    template void statistics(const Rows<T>&, const T*, const std::int64_t*, const T*, const Shape&, double*, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda
