#include "bindings/array.hpp"
#include "bindings/modules.hpp"
#include "mcmc/api.hpp"

#include <pybind11/stl.h>

namespace gibbsite::GIBBSITE_BACKEND {
namespace {

template <class A>
bool has_shape(const A& array, std::initializer_list<std::int64_t> shape) {
    if (array.n_dimensions != int(shape.size())) return false;
    int i = 0;
    for (const std::int64_t n : shape)
        if (array.shape[i++] != n) return false;
    return true;
}

template <class A>
bool has_shape_or_none(const A& array, std::initializer_list<std::int64_t> shape) {
    return !array.given() || has_shape(array, shape);
}

using Sizes = std::array<std::int64_t, 4>;
using Schedule = std::array<std::int64_t, 3>;
using Status = Out<std::int64_t>;

// The fewest elements that `data` may have.
std::int64_t data_size(TargetKind kind, const Sizes& sizes, std::int64_t D) {
    switch (kind) {
        case TargetKind::function:
            return 0;
        case TargetKind::multivariate_normal:
            return 1 + D + (sizes[0] != 0 ? D : D * D);
        case TargetKind::logistic_regression:
            return 2 + sizes[0] * (1 + D);
        case TargetKind::linear_regression:
            return 5 + (D - 1) * D;
        case TargetKind::gaussian_mixture:
            return sizes[0] * (1 + D + D * D);
        case TargetKind::student_t:
            return 2 + D + D * D;
        case TargetKind::funnel:
            return 1;
        case TargetKind::rosenbrock:
            return 3;
    }
    return 0;
}

// What describes a target, in the order in which every function takes it; then its dimension.
template <class T>
Target<T> target_from(int kind, const Sizes& sizes, const In<T>& data, std::uintptr_t function,
                      std::uintptr_t user_data, std::int64_t dim) {
    require(kind >= 0 && kind <= int(TargetKind::rosenbrock), "kind must be 0 to 7");
    const auto target_kind = TargetKind(kind);
    require(target_kind != TargetKind::logistic_regression || sizes[0] % 64 == 0, "n_padded must be a multiple of 64");
    require(target_kind != TargetKind::gaussian_mixture || sizes[0] > 0, "a mixture must have a component");
    require(data.size() >= data_size(target_kind, sizes, dim), "data has too few values for this kind of target");
    if (target_kind == TargetKind::function) {
        require(sizeof(T) == 8, "a function takes float64");
        require(function != 0, "function must be an address");
#ifdef GIBBSITE_CUDA_MODULE
        require(false, "a function cannot be called on the card");
#endif
    }
    return {target_kind,
            {sizes[0], sizes[1], sizes[2], sizes[3]},
            data.data,
            reinterpret_cast<LogDensityFunction>(function),
            reinterpret_cast<void*>(user_data),
            dim};
}

template <class T, class Q>
States<T> states_from(Q& q, const Out<double>& logp, const Out<T>& grad) {
    require(q.n_dimensions == 2 && q.shape[1] > 0, "q must be (n_chains, dim)");
    require(has_shape(logp, {q.shape[0]}), "logp must have one value a chain");
    require(has_shape_or_none(grad, {q.shape[0], q.shape[1]}), "grad must have the shape of q");
    return {const_cast<T*>(q.data), logp.data, grad.data, q.shape[0]};
}

template <class T>
Record<T> record_from(const Out<T>& draws, const Out<double>& lp, const Out<double>& info, int info_size,
                      const States<T>& states, std::int64_t dim, std::int64_t n_draws, std::int64_t thin) {
    require(n_draws >= 0 && thin >= 1, "the number of draws must not be negative, thin must be positive");
    const std::int64_t C = states.n_chains, n = n_draws / thin;
    require(has_shape_or_none(draws, {C, n, dim}), "draws must be (n_chains, n_kept, dim)");
    require(has_shape_or_none(lp, {C, n}), "lp must be (n_chains, n_kept)");
    require(has_shape_or_none(info, {C, n, info_size}), "info must be (n_chains, n_kept, size)");
    return {draws.data, lp.data, info.data, n_draws, thin};
}

void require_status(const Status& status) { require(has_shape(status, {status_size}), "status must have 4 values"); }

template <class T>
void bind_log_density(py::module_& module) {
    module.def(
        "log_density",
        [](In<T> q, int kind, const Sizes& sizes, In<T> data, std::uintptr_t function, std::uintptr_t user_data,
           Out<double> logp, Out<T> grad, Status status, std::intptr_t context) {
            const auto states = states_from<T>(q, logp, grad);
            const auto target = target_from<T>(kind, sizes, data, function, user_data, q.shape[1]);
            require_status(status);
            const py::gil_scoped_release release;
            log_density(states, target, status.data, Context{context});
        },
        py::arg("q"), py::arg("kind"), py::arg("sizes"), py::arg("data"), py::arg("function"), py::arg("user_data"),
        py::arg("logp"), py::arg("grad"), py::arg("status"), py::arg(context_name));
}

template <class T>
void bind_metropolis(py::module_& module) {
    module.def(
        "metropolis",
        [](Out<T> q, Out<double> logp, int kind, const Sizes& sizes, In<T> data, std::uintptr_t function,
           std::uintptr_t user_data, In<T> scale, In<T> factor, std::int64_t n_steps, std::int64_t thin,
           std::uint64_t seed, std::uint32_t chain, std::uint32_t draw, Out<T> draws, Out<double> lp,
           Out<double> acceptance, Status status, std::intptr_t context) {
            const auto states = states_from<T>(q, logp, {});
            const std::int64_t C = states.n_chains, D = q.shape[1];
            const auto target = target_from<T>(kind, sizes, data, function, user_data, D);
            require(has_shape(scale, {C}), "scale must have one value a chain");
            require(has_shape_or_none(factor, {D}) || has_shape(factor, {D, D}), "factor must be (dim) or (dim, dim)");
            require(has_shape(acceptance, {C}), "acceptance must have one value a chain");
            require_status(status);
            const auto record = record_from<T>(draws, lp, {}, 0, states, D, n_steps, thin);
            const Metropolis<T> sampler{scale.data, factor.data, factor.n_dimensions == 2, acceptance.data};
            const py::gil_scoped_release release;
            metropolis(states, target, sampler, ChainPlace{seed, chain, draw}, record, status.data, Context{context});
        },
        py::arg("q"), py::arg("logp"), py::arg("kind"), py::arg("sizes"), py::arg("data"), py::arg("function"),
        py::arg("user_data"), py::arg("scale"), py::arg("factor"), py::arg("n_steps"), py::arg("thin"), py::arg("seed"),
        py::arg("chain"), py::arg("draw"), py::arg("draws"), py::arg("lp"), py::arg("acceptance"), py::arg("status"),
        py::arg(context_name));
}

template <class T>
Metric<T> metric_from(int mass_kind, const In<T>& inverse_mass, const In<T>& factor, bool draws_momenta, std::int64_t C,
                      std::int64_t D) {
    require(mass_kind >= 0 && mass_kind <= 2, "mass_kind must be 0, 1 or 2");
    const auto kind = MassKind(mass_kind);
    if (kind == MassKind::shared_diagonal) require(has_shape(inverse_mass, {D}), "inverse_mass must be (dim)");
    if (kind == MassKind::own_diagonal)
        require(has_shape(inverse_mass, {C, D}), "inverse_mass must be (n_chains, dim)");
    if (kind == MassKind::dense) {
        require(has_shape(inverse_mass, {D, D}), "inverse_mass must be (dim, dim)");
        require(!draws_momenta || has_shape(factor, {D, D}), "inverse_mass_factor must be (dim, dim)");
    }
    return {kind, const_cast<T*>(inverse_mass.data), factor.data};
}

Adaptation adaptation_from(const Out<double>& state, const Schedule& schedule, double target_accept, int mass_kind,
                           std::int64_t C, std::int64_t D) {
    require(has_shape_or_none(state, {C, adaptation_size(D)}), "adaptation must be (n_chains, adaptation_size(dim))");
    require(!state.given() || MassKind(mass_kind) == MassKind::own_diagonal,
            "adaptation needs a diagonal inverse_mass for each chain");
    return {state.data, schedule[0], schedule[1], schedule[2], target_accept};
}

template <class T>
void bind_leapfrog(py::module_& module) {
    module.def(
        "leapfrog",
        [](Out<T> q, Out<T> p, Out<T> grad, Out<double> logp, int kind, const Sizes& sizes, In<T> data,
           std::uintptr_t function, std::uintptr_t user_data, int mass_kind, In<T> inverse_mass, In<T> factor,
           In<double> step_size, In<std::int64_t> n_steps, Status status, std::intptr_t context) {
            const auto states = states_from<T>(q, logp, grad);
            const std::int64_t C = states.n_chains, D = q.shape[1];
            const auto target = target_from<T>(kind, sizes, data, function, user_data, D);
            require(has_shape(p, {C, D}) && grad.given(), "p and grad must have the shape of q");
            require(has_shape(step_size, {C}) && has_shape(n_steps, {C}),
                    "step_size and n_steps must have one value a chain");
            require_status(status);
            const auto metric = metric_from<T>(mass_kind, inverse_mass, factor, false, C, D);
            const py::gil_scoped_release release;
            leapfrog(states, p.data, target, metric, step_size.data, n_steps.data, status.data, Context{context});
        },
        py::arg("q"), py::arg("p"), py::arg("grad"), py::arg("logp"), py::arg("kind"), py::arg("sizes"),
        py::arg("data"), py::arg("function"), py::arg("user_data"), py::arg("mass_kind"), py::arg("inverse_mass"),
        py::arg("inverse_mass_factor"), py::arg("step_size"), py::arg("n_steps"), py::arg("status"),
        py::arg(context_name));
}

template <class T>
void bind_hmc(py::module_& module) {
    module.def(
        "hmc",
        [](Out<T> q, Out<double> logp, Out<T> grad, int kind, const Sizes& sizes, In<T> data, std::uintptr_t function,
           std::uintptr_t user_data, int mass_kind, In<T> inverse_mass, In<T> factor, Out<double> step_size,
           In<std::int64_t> n_leapfrog, double jitter, double max_energy_error, std::int64_t n_draws, std::int64_t thin,
           std::uint64_t seed, std::uint32_t chain, std::uint32_t draw, Out<T> draws, Out<double> lp, Out<double> info,
           Out<double> adaptation, const Schedule& schedule, double target_accept, Status status,
           std::intptr_t context) {
            const auto states = states_from<T>(q, logp, grad);
            const std::int64_t C = states.n_chains, D = q.shape[1];
            const auto target = target_from<T>(kind, sizes, data, function, user_data, D);
            require(grad.given(), "grad must have the shape of q");
            require(has_shape(step_size, {C}) && has_shape(n_leapfrog, {C}),
                    "step_size and n_leapfrog must have one value a chain");
            require_status(status);
            const auto record = record_from<T>(draws, lp, info, hmc_info_size, states, D, n_draws, thin);
            const Hamiltonian<T> sampler{metric_from<T>(mass_kind, inverse_mass, factor, true, C, D), step_size.data,
                                         max_energy_error,
                                         adaptation_from(adaptation, schedule, target_accept, mass_kind, C, D)};
            const py::gil_scoped_release release;
            hmc(states, target, sampler, Lengths{n_leapfrog.data, jitter}, ChainPlace{seed, chain, draw}, record,
                status.data, Context{context});
        },
        py::arg("q"), py::arg("logp"), py::arg("grad"), py::arg("kind"), py::arg("sizes"), py::arg("data"),
        py::arg("function"), py::arg("user_data"), py::arg("mass_kind"), py::arg("inverse_mass"),
        py::arg("inverse_mass_factor"), py::arg("step_size"), py::arg("n_leapfrog"), py::arg("jitter"),
        py::arg("max_energy_error"), py::arg("n_draws"), py::arg("thin"), py::arg("seed"), py::arg("chain"),
        py::arg("draw"), py::arg("draws"), py::arg("lp"), py::arg("info"), py::arg("adaptation"), py::arg("schedule"),
        py::arg("target_accept"), py::arg("status"), py::arg(context_name));
}

template <class T>
void bind_nuts(py::module_& module) {
    module.def(
        "nuts",
        [](Out<T> q, Out<double> logp, Out<T> grad, int kind, const Sizes& sizes, In<T> data, std::uintptr_t function,
           std::uintptr_t user_data, int mass_kind, In<T> inverse_mass, In<T> factor, Out<double> step_size,
           std::int64_t max_depth, double max_energy_error, std::int64_t n_draws, std::int64_t thin, std::uint64_t seed,
           std::uint32_t chain, std::uint32_t draw, Out<T> draws, Out<double> lp, Out<double> info, Out<T> divergence,
           Out<double> adaptation, const Schedule& schedule, double target_accept, Status status,
           std::intptr_t context) {
            const auto states = states_from<T>(q, logp, grad);
            const std::int64_t C = states.n_chains, D = q.shape[1];
            const auto target = target_from<T>(kind, sizes, data, function, user_data, D);
            require(grad.given(), "grad must have the shape of q");
            require(has_shape(step_size, {C}), "step_size must have one value a chain");
            require(max_depth >= 0 && max_depth <= 30, "max_depth must be 0 to 30");
            require(has_shape_or_none(divergence, {C, 3, D}), "divergence must be (n_chains, 3, dim)");
            require_status(status);
            const auto record = record_from<T>(draws, lp, info, nuts_info_size, states, D, n_draws, thin);
            const Hamiltonian<T> sampler{metric_from<T>(mass_kind, inverse_mass, factor, true, C, D), step_size.data,
                                         max_energy_error,
                                         adaptation_from(adaptation, schedule, target_accept, mass_kind, C, D)};
            const py::gil_scoped_release release;
            nuts(states, target, sampler, max_depth, ChainPlace{seed, chain, draw}, record, divergence.data,
                 status.data, Context{context});
        },
        py::arg("q"), py::arg("logp"), py::arg("grad"), py::arg("kind"), py::arg("sizes"), py::arg("data"),
        py::arg("function"), py::arg("user_data"), py::arg("mass_kind"), py::arg("inverse_mass"),
        py::arg("inverse_mass_factor"), py::arg("step_size"), py::arg("max_depth"), py::arg("max_energy_error"),
        py::arg("n_draws"), py::arg("thin"), py::arg("seed"), py::arg("chain"), py::arg("draw"), py::arg("draws"),
        py::arg("lp"), py::arg("info"), py::arg("divergence"), py::arg("adaptation"), py::arg("schedule"),
        py::arg("target_accept"), py::arg("status"), py::arg(context_name));
}

template <class T>
void bind_for(py::module_& module) {
    bind_log_density<T>(module);
    bind_metropolis<T>(module);
    bind_leapfrog<T>(module);
    bind_hmc<T>(module);
    bind_nuts<T>(module);
}

}  // namespace

void bind_mcmc(py::module_& module) {
    bind_for<float>(module);
    bind_for<double>(module);
    module.def("adaptation_size", adaptation_size, py::arg("dim"), "float64 values of the warm-up state of a chain.");
}

}  // namespace gibbsite::GIBBSITE_BACKEND
