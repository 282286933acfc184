#include "bindings/array.hpp"
#include "bindings/modules.hpp"
#include "rbm/api.hpp"

namespace gibbsite::GIBBSITE_BACKEND {
namespace {

using Bytes = In<std::uint8_t>;

template <class A>
bool has_shape(const A& array, std::int64_t rows, std::int64_t columns) {
    return array.n_dimensions == 2 && array.shape[0] == rows && array.shape[1] == columns;
}

// Not given, or one value for each of `size`.
template <class A>
bool one_each_or_none(const A& array, std::int64_t size) {
    return !array.given() || (array.n_dimensions == 1 && array.shape[0] == size);
}

// What describes a machine, in the order in which every function takes it.
template <class T>
struct Parameters {
    In<T> weights, visible, hidden, variance;
    In<std::int64_t> groups;
    In<T> panels;
};

template <class T>
Machine<T> machine_from(const Parameters<T>& p) {
    require(p.weights.n_dimensions == 2, "W must be (n_hidden, n_visible)");
    const std::int64_t n_hidden = p.weights.shape[0], n_visible = p.weights.shape[1];
    require(one_each_or_none(p.visible, n_visible), "b must have one value a visible unit");
    require(one_each_or_none(p.hidden, n_hidden), "c must have one value a hidden unit");
    require(one_each_or_none(p.variance, n_visible), "variance must have one value a visible unit");
    require(!p.groups.given() || (p.groups.n_dimensions == 1 && p.groups.shape[0] >= 2), "groups must hold offsets");
    require(!p.panels.given() || p.panels.size() == panels_size<T>(n_hidden, n_visible), "panels has the wrong size");
    const std::int64_t n_groups = p.groups.given() ? p.groups.shape[0] - 1 : 0;
    return {p.weights.data, p.visible.data, p.hidden.data, p.variance.data, p.groups.data,
            n_groups,       n_hidden,       n_visible,     p.panels.data};
}

template <class T>
Betas<T> betas_from(const In<T>& betas, std::int64_t n_rows) {
    require(!betas.given() || betas.n_dimensions == 1, "betas must have one dimension");
    require(!betas.given() || betas.shape[0] == 1 || betas.shape[0] == n_rows, "betas must have one value a row");
    return {betas.data, betas.given() && betas.shape[0] == 1 && n_rows != 1};
}

template <class T>
States<T> states_from(const Bytes& states, std::int64_t n_units) {
    require(states.n_dimensions == 2 && states.shape[1] == n_units, "states must have one column a unit");
    return {states.data, nullptr, states.shape[0]};
}

template <class T>
    requires std::is_floating_point_v<T>
States<T> states_from(const In<T>& states, std::int64_t n_units) {
    require(states.n_dimensions == 2 && states.shape[1] == n_units, "states must have one column a unit");
    return {nullptr, states.data, states.shape[0]};
}

// S: In<uint8> or In<T>
template <class T, class S>
void bind_probabilities(py::module_& module) {
    module.def(
        "hidden_probabilities",
        [](S v, In<T> weights, In<T> hidden, In<T> variance, In<T> betas, Out<T> out, In<T> panels,
           std::intptr_t context) {
            const auto machine = machine_from<T>({weights, {}, hidden, variance, {}, panels});
            const auto states = states_from<T>(v, machine.n_visible);
            require(has_shape(out, states.n_rows, machine.n_hidden), "out must be (n_rows, n_hidden)");
            const auto by_row = betas_from(betas, states.n_rows);
            const py::gil_scoped_release release;
            hidden_probabilities(states, machine, by_row, out.data, Context{context});
        },
        py::arg("v"), py::arg("W"), py::arg("c"), py::arg("variance"), py::arg("betas"), py::arg("out"),
        py::arg("panels"), py::arg(context_name));
    module.def(
        "visible_probabilities",
        [](S h, In<T> weights, In<T> visible, In<T> variance, In<std::int64_t> groups, In<T> betas, Out<T> out,
           In<T> panels, std::intptr_t context) {
            const auto machine = machine_from<T>({weights, visible, {}, variance, groups, panels});
            const auto states = states_from<T>(h, machine.n_hidden);
            require(has_shape(out, states.n_rows, machine.n_visible), "out must be (n_rows, n_visible)");
            const auto by_row = betas_from(betas, states.n_rows);
            const py::gil_scoped_release release;
            visible_probabilities(states, machine, by_row, out.data, Context{context});
        },
        py::arg("h"), py::arg("W"), py::arg("b"), py::arg("variance"), py::arg("groups"), py::arg("betas"),
        py::arg("out"), py::arg("panels"), py::arg(context_name));
    module.def(
        "free_energy",
        [](S v, In<T> weights, In<T> visible, In<T> hidden, In<T> variance, Out<T> out, In<T> panels,
           std::intptr_t context) {
            const auto machine = machine_from<T>({weights, visible, hidden, variance, {}, panels});
            const auto states = states_from<T>(v, machine.n_visible);
            require(out.n_dimensions == 1 && out.shape[0] == states.n_rows, "out must have one value a row");
            const py::gil_scoped_release release;
            free_energy(states, machine, out.data, Context{context});
        },
        py::arg("v"), py::arg("W"), py::arg("b"), py::arg("c"), py::arg("variance"), py::arg("out"), py::arg("panels"),
        py::arg(context_name));
}

// Chains and annealed chains keep bytes and numbers apart.
template <class To>
void place_visible(To& to, const Out<std::uint8_t>& v) {
    to.visible_bytes = v.data;
}
template <class To, class T>
    requires std::is_floating_point_v<T>
void place_visible(To& to, const Out<T>& v) {
    to.visible_numbers = v.data;
}

// S: Out<uint8>, or Out<T> for gaussian visible units
template <class T, class S>
void bind_chains(py::module_& module) {
    constexpr bool numbers = std::is_same_v<S, Out<T>>;
    module.def(
        "gibbs",
        [](S v, Out<std::uint8_t> h, Out<T> hidden_probabilities, Out<T> visible_probabilities, Bytes clamp,
           In<T> weights, In<T> visible, In<T> hidden, In<T> variance, In<std::int64_t> groups, In<T> betas,
           std::int64_t n_sweeps, bool from_hidden, std::uint64_t seed, std::uint32_t sweep, std::uint32_t chain,
           In<T> panels, std::intptr_t context) {
            const auto machine = machine_from<T>({weights, visible, hidden, variance, groups, panels});
            const std::int64_t n = v.shape[0];
            require(variance.given() == numbers, "v must hold numbers for gaussian units, bytes for others");
            require(has_shape(v, n, machine.n_visible), "v must be (n_chains, n_visible)");
            require(has_shape(h, n, machine.n_hidden), "h must be (n_chains, n_hidden)");
            require(!hidden_probabilities.given() || has_shape(hidden_probabilities, n, machine.n_hidden),
                    "hidden_probabilities must be (n_chains, n_hidden)");
            require(!visible_probabilities.given() || has_shape(visible_probabilities, n, machine.n_visible),
                    "visible_probabilities must be (n_chains, n_visible)");
            require(!clamp.given() || has_shape(clamp, n, machine.n_visible), "clamp must be (n_chains, n_visible)");
            require(n_sweeps >= 0, "n_sweeps must not be negative");
            Chains<T> chains{nullptr,
                             nullptr,
                             h.data,
                             hidden_probabilities.data,
                             visible_probabilities.data,
                             clamp.data,
                             betas_from(betas, n),
                             n,
                             n_sweeps,
                             from_hidden};
            place_visible(chains, v);
            const py::gil_scoped_release release;
            gibbs(chains, machine, SweepPlace{seed, sweep, chain}, Context{context});
        },
        py::arg("v"), py::arg("h"), py::arg("hidden_probabilities"), py::arg("visible_probabilities"), py::arg("clamp"),
        py::arg("W"), py::arg("b"), py::arg("c"), py::arg("variance"), py::arg("groups"), py::arg("betas"),
        py::arg("n_sweeps"), py::arg("from_hidden"), py::arg("seed"), py::arg("sweep"), py::arg("chain"),
        py::arg("panels"), py::arg(context_name));
    module.def(
        "ais_step",
        [](S v, Out<double> log_weight, In<T> weights, In<T> visible, In<T> hidden, In<T> variance,
           In<std::int64_t> groups, In<T> base, In<double> betas, bool reverse, std::uint64_t seed, std::uint32_t sweep,
           std::uint32_t chain, In<T> panels, std::intptr_t context) {
            const auto machine = machine_from<T>({weights, visible, hidden, variance, groups, panels});
            const std::int64_t n = v.shape[0];
            require(variance.given() == numbers, "v must hold numbers for gaussian units, bytes for others");
            require(has_shape(v, n, machine.n_visible), "v must be (n_chains, n_visible)");
            require(log_weight.n_dimensions == 1 && log_weight.shape[0] == n, "log_weight must have one value a chain");
            require(base.size() == machine.n_visible, "base must have one value a visible unit");
            require(betas.n_dimensions == 1 && betas.shape[0] >= 1, "betas must hold at least one value");
            Annealing<T> annealing{nullptr,    nullptr, log_weight.data,    base.data,
                                   betas.data, n,       betas.shape[0] - 1, reverse};
            place_visible(annealing, v);
            const py::gil_scoped_release release;
            ais_step(annealing, machine, SweepPlace{seed, sweep, chain}, Context{context});
        },
        py::arg("v"), py::arg("log_weight"), py::arg("W"), py::arg("b"), py::arg("c"), py::arg("variance"),
        py::arg("groups"), py::arg("base"), py::arg("betas"), py::arg("reverse"), py::arg("seed"), py::arg("sweep"),
        py::arg("chain"), py::arg("panels"), py::arg(context_name));
}

// S: In<uint8> or In<T>, the same for data and model
template <class T, class S>
void bind_gradient(py::module_& module) {
    module.def(
        "gradient",
        [](S v, In<T> h, In<T> sample_weight, S v_model, In<T> h_model, In<T> visible_center, In<T> hidden_center,
           In<T> weights, In<T> visible, In<T> variance, Out<T> weights_gradient, Out<T> visible_gradient,
           Out<T> hidden_gradient, Out<T> log_variance_gradient, std::intptr_t context) {
            const auto machine = machine_from<T>({weights, visible, {}, variance, {}, {}});
            const std::int64_t H = machine.n_hidden, D = machine.n_visible;
            const auto data = states_from<T>(v, D), model = states_from<T>(v_model, D);
            require(has_shape(h, data.n_rows, H), "h must be (n_rows, n_hidden)");
            require(has_shape(h_model, model.n_rows, H), "h_model must be (n_chains, n_hidden)");
            require(one_each_or_none(sample_weight, data.n_rows), "sample_weight must have one value a row");
            require(visible_center.given() == hidden_center.given(), "both centers must be given, or none");
            require(one_each_or_none(visible_center, D), "visible_center must have one value a visible unit");
            require(one_each_or_none(hidden_center, H), "hidden_center must have one value a hidden unit");
            require(has_shape(weights_gradient, H, D), "dW must be (n_hidden, n_visible)");
            require(visible_gradient.size() == D && hidden_gradient.size() == H,
                    "db and dc must have one value a unit");
            require(one_each_or_none(log_variance_gradient, D), "dlog_variance must have one value a visible unit");
            require(log_variance_gradient.given() == variance.given(), "dlog_variance belongs to gaussian units");
            const Phases<T> phases{
                data, h.data, sample_weight.data, model, h_model.data, visible_center.data, hidden_center.data};
            const Gradient<T> out{weights_gradient.data, visible_gradient.data, hidden_gradient.data,
                                  log_variance_gradient.data};
            const py::gil_scoped_release release;
            gradient(phases, machine, out, Context{context});
        },
        py::arg("v"), py::arg("h"), py::arg("sample_weight"), py::arg("v_model"), py::arg("h_model"),
        py::arg("visible_center"), py::arg("hidden_center"), py::arg("W"), py::arg("b"), py::arg("variance"),
        py::arg("dW"), py::arg("db"), py::arg("dc"), py::arg("dlog_variance"), py::arg(context_name));
}

template <class T>
void bind_update(py::module_& module) {
    module.def(
        "update",
        [](Out<T> weights, Out<T> visible, Out<T> hidden, In<T> dW, In<T> db, In<T> dc, Out<T> weights_velocity,
           Out<T> visible_velocity, Out<T> hidden_velocity, double learning_rate, double momentum, double l1, double l2,
           Out<T> panels, Out<double> norms, std::intptr_t context) {
            require(weights.n_dimensions == 2, "W must be (n_hidden, n_visible)");
            const std::int64_t H = weights.shape[0], D = weights.shape[1];
            require(visible.size() == D && hidden.size() == H, "b and c must have one value a unit");
            require(has_shape(dW, H, D) && db.size() == D && dc.size() == H, "the gradient does not fit W, b and c");
            require(!weights_velocity.given() || has_shape(weights_velocity, H, D), "W_velocity does not fit W");
            require(one_each_or_none(visible_velocity, D) && one_each_or_none(hidden_velocity, H),
                    "the velocities do not fit b and c");
            require(weights_velocity.given() == visible_velocity.given() &&
                        weights_velocity.given() == hidden_velocity.given(),
                    "all velocities must be given, or none");
            require(!panels.given() || panels.size() == panels_size<T>(H, D), "panels has the wrong size");
            require(norms.size() == 4, "norms must have four values");
            const Ascent<T> ascent{weights.data,
                                   visible.data,
                                   hidden.data,
                                   weights_velocity.data,
                                   visible_velocity.data,
                                   hidden_velocity.data,
                                   panels.data,
                                   learning_rate,
                                   momentum,
                                   l1,
                                   l2};
            const py::gil_scoped_release release;
            update(ascent, dW.data, db.data, dc.data, H, D, norms.data, Context{context});
        },
        py::arg("W"), py::arg("b"), py::arg("c"), py::arg("dW"), py::arg("db"), py::arg("dc"), py::arg("W_velocity"),
        py::arg("b_velocity"), py::arg("c_velocity"), py::arg("learning_rate"), py::arg("momentum"), py::arg("l1"),
        py::arg("l2"), py::arg("panels"), py::arg("norms"), py::arg(context_name));
}

template <class T>
void bind_weights(py::module_& module) {
    module.def(
        "pack",
        [](In<T> weights, Out<T> panels, std::intptr_t context) {
            require(weights.n_dimensions == 2, "W must be (n_hidden, n_visible)");
            const std::int64_t H = weights.shape[0], D = weights.shape[1];
            require(panels.size() == panels_size<T>(H, D), "panels has the wrong size");
            const py::gil_scoped_release release;
            pack(weights.data, H, D, panels.data, Context{context});
        },
        py::arg("W"), py::arg("panels"), py::arg(context_name));
    module.def(
        "exact_log_partition",
        [](In<T> weights, In<T> visible, In<T> hidden, In<T> variance, In<std::int64_t> groups, Out<double> out,
           std::intptr_t context) {
            const auto machine = machine_from<T>({weights, visible, hidden, variance, groups, {}});
            require(machine.n_hidden <= 30, "at most 30 hidden units can be enumerated");
            require(out.size() == 1, "out must have one value");
            const py::gil_scoped_release release;
            exact_log_partition(machine, out.data, Context{context});
        },
        py::arg("W"), py::arg("b"), py::arg("c"), py::arg("variance"), py::arg("groups"), py::arg("out"),
        py::arg(context_name));
}

template <class T>
void bind_all(py::module_& module) {
    bind_probabilities<T, Bytes>(module);
    bind_probabilities<T, In<T>>(module);
    bind_chains<T, Out<std::uint8_t>>(module);
    bind_chains<T, Out<T>>(module);
    bind_gradient<T, Bytes>(module);
    bind_gradient<T, In<T>>(module);
    bind_update<T>(module);
    bind_weights<T>(module);
}

}  // namespace

void bind_rbm(py::module_& module) {
    module.def(
        "panels_size",
        [](std::int64_t n_hidden, std::int64_t n_visible, std::int64_t itemsize) {
            require(itemsize == 4 || itemsize == 8, "itemsize must be 4 or 8");
            return itemsize == 4 ? panels_size<float>(n_hidden, n_visible) : panels_size<double>(n_hidden, n_visible);
        },
        py::arg("n_hidden"), py::arg("n_visible"), py::arg("itemsize"));
    bind_all<float>(module);
    bind_all<double>(module);
}

}  // namespace gibbsite::GIBBSITE_BACKEND
