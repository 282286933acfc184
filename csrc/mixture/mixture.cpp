// The host's mixture kernels: the copy for the instruction set in use.
#include "mixture/table.hpp"

namespace gibbsite {
namespace {

template <class T, class Float, class Double>
const auto& pick(const Float& single_precision, const Double& double_precision) {
    if constexpr (sizeof(T) == 4)
        return single_precision;
    else
        return double_precision;
}

// From here on a component's scatter is worth register tiles; below, a loop for each pair of features is faster.
constexpr std::int64_t fewest_tiled_features = 8;

template <class T>
const StatisticsTable<T>& statistics_table(CovarianceType covariance_type, std::int64_t n_features) {
    if (covariance_type == CovarianceType::full && n_features >= fewest_tiled_features)
        return pick<T>(full_statistics_float(), full_statistics_double());
    return pick<T>(statistics_float(), statistics_double());
}

// With one feature, full covariances are diagonal ones in the same layout, and the diagonal kernels are faster.
CovarianceType simplest(CovarianceType covariance_type, std::int64_t n_features) {
    return covariance_type == CovarianceType::full && n_features == 1 ? CovarianceType::diag : covariance_type;
}

template <class T>
Gaussians<T> simplest(Gaussians<T> model, std::int64_t n_features) {
    model.covariance_type = simplest(model.covariance_type, n_features);
    return model;
}

}  // namespace

namespace cpu {

void merge(double* into, const double* other, const Shape& shape, Context context) {
    merge_table().merge(into, other, shape, context);
}

template <class T>
void log_prob(const Rows<T>& rows, const Gaussians<T>& model, T* out, Context context) {
    pick<T>(density_float(), density_double()).log_prob(rows, simplest(model, rows.n_features), out, context);
}

template <class T>
void responsibilities(const Rows<T>& rows, const Gaussians<T>& model, bool logarithm, T* out, T* log_density,
                      Context context) {
    pick<T>(density_float(), density_double())
        .responsibilities(rows, simplest(model, rows.n_features), logarithm, out, log_density, context);
}

template <class T>
void log_density(const Rows<T>& rows, const Gaussians<T>& model, T* out, Context context) {
    pick<T>(density_float(), density_double()).log_density(rows, simplest(model, rows.n_features), out, context);
}

template <class T>
void predict(const Rows<T>& rows, const Gaussians<T>& model, std::int64_t* out, Context context) {
    pick<T>(density_float(), density_double()).predict(rows, simplest(model, rows.n_features), out, context);
}

template <class T>
void em_step(const Rows<T>& rows, const Gaussians<T>& model, double* stats, Context context) {
    const auto simple = simplest(model, rows.n_features);
    statistics_table<T>(simple.covariance_type, rows.n_features).em_step(rows, simple, stats, context);
}

template <class T>
void statistics(const Rows<T>& rows, const T* responsibilities, const std::int64_t* labels, const T* center,
                const Shape& shape, double* stats, Context context) {
    const Shape simple{shape.n_components, shape.n_features, simplest(shape.covariance_type, shape.n_features)};
    statistics_table<T>(simple.covariance_type, rows.n_features)
        .statistics(rows, responsibilities, labels, center, simple, stats, context);
}

template <class T>
void m_step(const double* stats, const Shape& shape, double reg_covar, const Parameters<T>& parameters,
            Context context) {
    pick<T>(maximisation_float(), maximisation_double()).m_step(stats, shape, reg_covar, parameters, context);
}

template <class T>
void sample(const T* means, const T* covariance_cholesky, const Shape& shape, const std::int64_t* labels, T* out,
            std::int64_t n, const Place& place, Context context) {
    pick<T>(maximisation_float(), maximisation_double())
        .sample(means, covariance_cholesky, shape, labels, out, n, place, context);
}

template <class T>
void kmeans_step(const Rows<T>& rows, const T* centers, std::int64_t n_components, std::int64_t* labels, double* sums,
                 Context context) {
    pick<T>(kmeans_float(), kmeans_double()).kmeans_step(rows, centers, n_components, labels, sums, context);
}

template <class T>
void candidate_distances(const Rows<T>& rows, const T* candidates, std::int64_t n_candidates, const T* closest, T* out,
                         double* potentials, Context context) {
    pick<T>(kmeans_float(), kmeans_double())
        .candidate_distances(rows, candidates, n_candidates, closest, out, potentials, context);
}

#define GIBBSITE_INSTANTIATE(T)                                                                                        \
    template void log_prob(const Rows<T>&, const Gaussians<T>&, T*, Context);                                          \
    template void responsibilities(const Rows<T>&, const Gaussians<T>&, bool, T*, T*, Context);                        \
    template void log_density(const Rows<T>&, const Gaussians<T>&, T*, Context);                                       \
    template void predict(const Rows<T>&, const Gaussians<T>&, std::int64_t*, Context);                                \
    template void em_step(const Rows<T>&, const Gaussians<T>&, double*, Context);                                      \
    template void statistics(const Rows<T>&, const T*, const std::int64_t*, const T*, const Shape&, double*, Context); \
    template void m_step(const double*, const Shape&, double, const Parameters<T>&, Context);                          \
    template void sample(const T*, const T*, const Shape&, const std::int64_t*, T*, std::int64_t, const Place&,        \
                         Context);                                                                                     \
    template void kmeans_step(const Rows<T>&, const T*, std::int64_t, std::int64_t*, double*, Context);                \
    template void candidate_distances(const Rows<T>&, const T*, std::int64_t, const T*, T*, double*, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace cpu
}  // namespace gibbsite
