#include "bindings/array.hpp"
#include "bindings/modules.hpp"
#include "mixture/api.hpp"
#include "mixture/layout.hpp"

#include <string_view>

namespace gibbsite::GIBBSITE_BACKEND {
namespace {

CovarianceType covariance_type_from(std::string_view name) {
    if (name == "full") return CovarianceType::full;
    if (name == "tied") return CovarianceType::tied;
    if (name == "diag") return CovarianceType::diag;
    if (name == "spherical") return CovarianceType::spherical;
    throw std::invalid_argument("covariance_type must be 'full', 'tied', 'diag' or 'spherical'");
}

template <class T>
Rows<T> rows_from(const In<T>& x, const In<T>& weight = {}) {
    require(x.n_dimensions == 2, "X must have two dimensions");
    require(!weight.given() || (weight.n_dimensions == 1 && weight.shape[0] == x.shape[0]),
            "sample_weight must have one value a row of X");
    return {x.data, weight.data, x.shape[0], x.shape[1]};
}

Shape shape_of(std::int64_t n_components, std::int64_t n_features, std::string_view covariance_type) {
    return {n_components, n_features, covariance_type_from(covariance_type)};
}

template <class T>
Gaussians<T> gaussians_from(const In<T>& x, const In<T>& offsets, const In<T>& means, const In<T>& precisions_cholesky,
                            std::string_view covariance_type) {
    require(means.n_dimensions == 2 && means.shape[1] == x.shape[1], "means must be (n_components, n_features)");
    const Shape shape = shape_of(means.shape[0], means.shape[1], covariance_type);
    require(!offsets.given() || offsets.size() == shape.n_components, "offsets must have one value a component");
    require(precisions_cholesky.given() && precisions_cholesky.size() == covariance_size(shape),
            "precisions_cholesky does not have the size that covariance_type asks for");
    return {offsets.data, means.data, precisions_cholesky.data, shape.n_components, shape.covariance_type};
}

void require_statistics(const Array<double>& stats, const Shape& shape) {
    require(stats.n_dimensions == 1 && stats.size() == statistics_size(shape), "stats does not have the right size");
}

void require_statistics(const Array<const double>& stats, const Shape& shape) {
    require(stats.n_dimensions == 1 && stats.size() == statistics_size(shape), "stats does not have the right size");
}

template <class T>
void bind_densities(py::module_& module) {
    module.def(
        "log_prob",
        [](In<T> x, In<T> offsets, In<T> means, In<T> precisions_cholesky, std::string_view covariance_type, Out<T> out,
           std::intptr_t context) {
            const auto rows = rows_from(x);
            const auto model = gaussians_from(x, offsets, means, precisions_cholesky, covariance_type);
            require(out.n_dimensions == 2 && out.shape[0] == rows.n_rows && out.shape[1] == model.n_components,
                    "out must be (n_rows, n_components)");
            const py::gil_scoped_release release;
            log_prob(rows, model, out.data, Context{context});
        },
        py::arg("X"), py::arg("offsets"), py::arg("means"), py::arg("precisions_cholesky"), py::arg("covariance_type"),
        py::arg("out"), py::arg(context_name));
    module.def(
        "responsibilities",
        [](In<T> x, In<T> offsets, In<T> means, In<T> precisions_cholesky, std::string_view covariance_type,
           bool logarithm, Out<T> out, Out<T> log_density, std::intptr_t context) {
            const auto rows = rows_from(x);
            const auto model = gaussians_from(x, offsets, means, precisions_cholesky, covariance_type);
            require(out.n_dimensions == 2 && out.shape[0] == rows.n_rows && out.shape[1] == model.n_components,
                    "out must be (n_rows, n_components)");
            require(!log_density.given() || log_density.size() == rows.n_rows, "log_density must have one value a row");
            const py::gil_scoped_release release;
            responsibilities(rows, model, logarithm, out.data, log_density.data, Context{context});
        },
        py::arg("X"), py::arg("offsets"), py::arg("means"), py::arg("precisions_cholesky"), py::arg("covariance_type"),
        py::arg("logarithm"), py::arg("out"), py::arg("log_density"), py::arg(context_name));
    module.def(
        "log_density",
        [](In<T> x, In<T> offsets, In<T> means, In<T> precisions_cholesky, std::string_view covariance_type, Out<T> out,
           std::intptr_t context) {
            const auto rows = rows_from(x);
            const auto model = gaussians_from(x, offsets, means, precisions_cholesky, covariance_type);
            require(out.n_dimensions == 1 && out.shape[0] == rows.n_rows, "out must have one value a row");
            const py::gil_scoped_release release;
            log_density(rows, model, out.data, Context{context});
        },
        py::arg("X"), py::arg("offsets"), py::arg("means"), py::arg("precisions_cholesky"), py::arg("covariance_type"),
        py::arg("out"), py::arg(context_name));
    module.def(
        "predict",
        [](In<T> x, In<T> offsets, In<T> means, In<T> precisions_cholesky, std::string_view covariance_type,
           Out<std::int64_t> out, std::intptr_t context) {
            const auto rows = rows_from(x);
            const auto model = gaussians_from(x, offsets, means, precisions_cholesky, covariance_type);
            require(out.n_dimensions == 1 && out.shape[0] == rows.n_rows, "out must have one value a row");
            const py::gil_scoped_release release;
            predict(rows, model, out.data, Context{context});
        },
        py::arg("X"), py::arg("offsets"), py::arg("means"), py::arg("precisions_cholesky"), py::arg("covariance_type"),
        py::arg("out"), py::arg(context_name));
}

template <class T>
void bind_steps(py::module_& module) {
    module.def(
        "em_step",
        [](In<T> x, In<T> sample_weight, In<T> offsets, In<T> means, In<T> precisions_cholesky,
           std::string_view covariance_type, Out<double> stats, std::intptr_t context) {
            const auto rows = rows_from(x, sample_weight);
            const auto model = gaussians_from(x, offsets, means, precisions_cholesky, covariance_type);
            require_statistics(stats, {model.n_components, rows.n_features, model.covariance_type});
            const py::gil_scoped_release release;
            em_step(rows, model, stats.data, Context{context});
        },
        py::arg("X"), py::arg("sample_weight"), py::arg("offsets"), py::arg("means"), py::arg("precisions_cholesky"),
        py::arg("covariance_type"), py::arg("stats"), py::arg(context_name));
    module.def(
        "statistics",
        [](In<T> x, In<T> sample_weight, In<T> given, In<std::int64_t> labels, In<T> center,
           std::string_view covariance_type, Out<double> stats, std::intptr_t context) {
            const auto rows = rows_from(x, sample_weight);
            require(center.n_dimensions == 2 && center.shape[1] == rows.n_features,
                    "center must be (n_components, n_features)");
            const Shape shape = shape_of(center.shape[0], center.shape[1], covariance_type);
            require(given.given() != labels.given(), "exactly one of responsibilities and labels must be given");
            require(!given.given() || (given.n_dimensions == 2 && given.shape[0] == rows.n_rows &&
                                       given.shape[1] == shape.n_components),
                    "responsibilities must be (n_rows, n_components)");
            require(!labels.given() || labels.size() == rows.n_rows, "labels must have one value a row");
            require_statistics(stats, shape);
            const py::gil_scoped_release release;
            statistics(rows, given.data, labels.data, center.data, shape, stats.data, Context{context});
        },
        py::arg("X"), py::arg("sample_weight"), py::arg("responsibilities"), py::arg("labels"), py::arg("center"),
        py::arg("covariance_type"), py::arg("stats"), py::arg(context_name));
    module.def(
        "m_step",
        [](In<double> stats, double reg_covar, std::string_view covariance_type, Out<T> weights, Out<T> means,
           Out<T> covariances, Out<T> precisions_cholesky, Out<std::int32_t> status, std::intptr_t context) {
            require(means.n_dimensions == 2, "means must be (n_components, n_features)");
            const Shape shape = shape_of(means.shape[0], means.shape[1], covariance_type);
            require_statistics(stats, shape);
            require(weights.size() == shape.n_components && status.size() == shape.n_components,
                    "weights and status must have one value a component");
            require(
                covariances.size() == covariance_size(shape) && precisions_cholesky.size() == covariance_size(shape),
                "covariances and precisions_cholesky do not have the size that covariance_type asks for");
            const py::gil_scoped_release release;
            const Parameters<T> parameters{weights.data, means.data, covariances.data, precisions_cholesky.data,
                                           status.data};
            m_step(stats.data, shape, reg_covar, parameters, Context{context});
        },
        py::arg("stats"), py::arg("reg_covar"), py::arg("covariance_type"), py::arg("weights"), py::arg("means"),
        py::arg("covariances"), py::arg("precisions_cholesky"), py::arg("status"), py::arg(context_name));
}

template <class T>
void bind_sample(py::module_& module) {
    module.def(
        "sample",
        [](In<T> means, In<T> covariance_cholesky, std::string_view covariance_type, In<std::int64_t> labels,
           Out<T> out, std::uint64_t seed, std::uint32_t stream, std::uint32_t draw, std::uint64_t offset,
           std::intptr_t context) {
            require(means.n_dimensions == 2, "means must be (n_components, n_features)");
            const Shape shape = shape_of(means.shape[0], means.shape[1], covariance_type);
            require(covariance_cholesky.size() == covariance_size(shape),
                    "covariance_cholesky does not have the size that covariance_type asks for");
            require(out.n_dimensions == 2 && out.shape[0] == labels.size() && out.shape[1] == shape.n_features,
                    "out must have one row a label");
            const py::gil_scoped_release release;
            sample(means.data, covariance_cholesky.data, shape, labels.data, out.data, out.shape[0],
                   Place{seed, stream, draw, offset}, Context{context});
        },
        py::arg("means"), py::arg("covariance_cholesky"), py::arg("covariance_type"), py::arg("labels"), py::arg("out"),
        py::arg("seed"), py::arg("stream"), py::arg("draw"), py::arg("offset"), py::arg(context_name));
}

template <class T>
void bind_kmeans(py::module_& module) {
    module.def(
        "kmeans_step",
        [](In<T> x, In<T> sample_weight, In<T> centers, Out<std::int64_t> labels, Out<double> sums,
           std::intptr_t context) {
            const auto rows = rows_from(x, sample_weight);
            require(centers.n_dimensions == 2 && centers.shape[1] == rows.n_features,
                    "centers must be (n_clusters, n_features)");
            require(labels.n_dimensions == 1 && labels.shape[0] == rows.n_rows, "labels must have one value a row");
            require(sums.size() == 1 + centers.shape[0] * (1 + rows.n_features), "sums has the wrong size");
            const py::gil_scoped_release release;
            kmeans_step(rows, centers.data, centers.shape[0], labels.data, sums.data, Context{context});
        },
        py::arg("X"), py::arg("sample_weight"), py::arg("centers"), py::arg("labels"), py::arg("sums"),
        py::arg(context_name));
    module.def(
        "candidate_distances",
        [](In<T> x, In<T> candidates, In<T> closest, In<T> sample_weight, Out<T> out, Out<double> potentials,
           std::intptr_t context) {
            const auto rows = rows_from(x, sample_weight);
            require(candidates.n_dimensions == 2 && candidates.shape[1] == rows.n_features,
                    "candidates must be (n_candidates, n_features)");
            require(!closest.given() || closest.size() == rows.n_rows, "closest must have one value a row");
            require(out.n_dimensions == 2 && out.shape[0] == candidates.shape[0] && out.shape[1] == rows.n_rows,
                    "out must be (n_candidates, n_rows)");
            require(potentials.size() == candidates.shape[0], "potentials must have one value a candidate");
            const py::gil_scoped_release release;
            candidate_distances(rows, candidates.data, candidates.shape[0], closest.data, out.data, potentials.data,
                                Context{context});
        },
        py::arg("X"), py::arg("candidates"), py::arg("closest"), py::arg("sample_weight"), py::arg("out"),
        py::arg("potentials"), py::arg(context_name));
}

}  // namespace

void bind_mixture(py::module_& module) {
    bind_densities<float>(module);
    bind_densities<double>(module);
    bind_steps<float>(module);
    bind_steps<double>(module);
    bind_sample<float>(module);
    bind_sample<double>(module);
    bind_kmeans<float>(module);
    bind_kmeans<double>(module);
    module.def(
        "merge",
        [](Out<double> into, In<double> other, std::int64_t n_components, std::int64_t n_features,
           std::string_view covariance_type, std::intptr_t context) {
            const Shape shape = shape_of(n_components, n_features, covariance_type);
            require_statistics(into, shape);
            require_statistics(other, shape);
            const py::gil_scoped_release release;
            merge(into.data, other.data, shape, Context{context});
        },
        py::arg("into"), py::arg("other"), py::arg("n_components"), py::arg("n_features"), py::arg("covariance_type"),
        py::arg(context_name));
}

}  // namespace gibbsite::GIBBSITE_BACKEND
